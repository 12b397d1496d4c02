"""Bilayers: the membrane, water and salt around a receptor, built once and kept.

A bilayer knows no poses: ligands displace what they overlap when a system is assembled.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from dock.core.catalogue import MembraneEntry
from dock.core.errors import ParameterError, SimulationError
from dock.core.files import atomic_path, cache_folder, waited_for
from dock.core.keys import content_key
from dock.core.records import Record
from dock.core.revisions import revision
from dock.core.units import A_TO_NM, Concentration, Length, Quantity
from dock.forcefield.minimisation import minimise_with_springs
from dock.forcefield.parameters import RECEPTOR_FORCE_FIELD, SURROUNDINGS_FORCE_FIELD
from dock.forcefield.parts import combine
from dock.systems.assembly import make_periodic, soften, surrounding_parts
from dock.systems.membrane.cholesterol import with_cholesterol
from dock.systems.membrane.lipids import CHOLESTEROL, held_in_shape
from dock.systems.membrane.patches import cut_patch, midplane, with_room, without_lipids, without_misshapen
from dock.systems.membrane.rings import pierced
from dock.systems.membrane.surroundings import ANION, CATION, WATER_MOLAR, Surroundings, molecules_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from openmm.app import Topology

    from dock.forcefield.platforms import Processor
    from dock.receptors import Receptor

LOG = logging.getLogger(__name__)
ANGLES = 90  # directions of the receptor about the normal that are tried, one degree apart
ATTEMPTS = 3
DISPLACED = 0.26  # nm between heavy atoms of a ligand and what makes room for it
UNCHARGED = 1e-3  # e by which the charges of a complex may miss a whole number
RELAXING_CUTOFF = 0.9  # nm
RELAXING_STEPS = 200  # of minimisation; what overlaps at the seam is apart after some thirty


class MembraneSettings(Record):
    """The bilayer around a receptor.

    Attributes
    ----------
    padding : Length
        Smallest distance of the receptor from an edge of the box.
    salt : Concentration
        Of sodium chloride in the water, beside the ions that neutralise the complex.
    cholesterol : float
        Mole fraction of the lipids, 0 to 0.5, that is cholesterol; the others are POPC. Spread evenly, in
        each leaflet within a molecule or two of what is asked: the receptor displaces lipids. The box is
        cut for areas that add up (0.66 nm^2 and 0.38); cholesterol condenses POPC, so the barostat makes
        it smaller.
    """

    padding: Length = Quantity("15 angstrom")
    salt: Concentration = Quantity("0.15 mol/l")
    cholesterol: float = Field(default=0.0, ge=0.0, le=0.5)


@dataclass(frozen=True, eq=False)
class Bilayer:
    """Lipids, water and salt around the place of a receptor.

    Attributes
    ----------
    content : Surroundings
        Lipids, then water, then salt.
    rotation : numpy.ndarray, shape (3, 3)
    translation : numpy.ndarray, shape (3,)
        From the receptor's frame into the box: ``x' = rotation @ x + translation``, in nanometres.
    """

    content: Surroundings
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    @cached_property
    def topology(self) -> Topology:
        """Of lipids, water and salt."""
        return self.content.topology()

    @property
    def positions(self) -> NDArray[np.float64]:
        """Of lipids, water and salt, shape (n_atoms, 3), in nanometres."""
        return self.content.positions

    @property
    def box(self) -> NDArray[np.float64]:
        """Edges of the box, in nanometres; the normal is along the last."""
        return self.content.box

    @classmethod
    def load(cls, path: Path) -> Bilayer:
        """Read a bilayer that `save` wrote."""
        surroundings, frame = Surroundings.load(path)
        return cls(surroundings, frame["rotation"], frame["translation"])

    def save(self, path: Path) -> None:
        """Write it to a file, atomically."""
        with atomic_path(path) as temporary:
            self.content.save(temporary, {"rotation": self.rotation, "translation": self.translation})

    def place(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions of the receptor's frame in the frame of the box, both in nanometres."""
        return positions @ self.rotation.T + self.translation


def build_bilayer(receptor: Receptor, settings: MembraneSettings, processor: Processor) -> Bilayer:
    """Return the bilayer of a receptor, from the cache where it is there.

    The receptor is turned about the normal so that its box is the smallest, a POPC bilayer of that
    size, with cholesterol where it is asked for, is minimised, and OpenMM's membrane builder lets it
    relax around the growing receptor.

    Raises
    ------
    ParameterError
        If the place of the receptor in a membrane is not known, or the box is too small for its salt.
    SimulationError
        If the membrane breaks whenever it is put around the receptor.
    """
    if not receptor.record.get("membrane"):
        raise ParameterError(
            receptor.name,
            "its place in a membrane is not known",
            "prepare it with dock receptor, which looks for it, or simulate it in implicit solvent",
        )
    membrane = MembraneEntry(**receptor.record["membrane"])
    content = [receptor.structure_key, settings.model_dump(mode="json"), membrane.model_dump(mode="json")]
    software = [revision("bilayer"), RECEPTOR_FORCE_FIELD, SURROUNDINGS_FORCE_FIELD, version("openmm")]
    kept = cache_folder() / "bilayers" / f"{content_key([content, software])}.npz"
    with waited_for(kept.with_suffix(".lock")):  # one worker builds it for all
        if not kept.exists():
            start = time.monotonic()
            LOG.info("the membrane around %s takes minutes; it is kept in %s", receptor.name, kept.parent)
            _built(receptor, settings, membrane, processor).save(kept)
            LOG.info("the membrane around %s took %.0f s", receptor.name, time.monotonic() - start)
    return Bilayer.load(kept)


def displaced(surroundings: Surroundings, ligands: NDArray[np.float64], name: str) -> Surroundings:
    """Return the surroundings without the molecules that overlap ligands.

    Parameters
    ----------
    ligands : numpy.ndarray, shape (n, 3)
        Heavy atoms, in nanometres, in the frame of the box.
    name
        Of the ligand, to tell of lipids by.
    """
    dropped = surroundings.near(ligands, DISPLACED)
    for n in sorted(dropped & set(surroundings.lipids)):
        LOG.warning(
            "%s takes the place of a lipid (%s), which is left out", name, surroundings.molecules[n].name
        )
    return surroundings.without(dropped)


def neutralised(
    surroundings: Surroundings, charge: float, solute: NDArray[np.float64], name: str
) -> Surroundings:
    """Return the surroundings with ions, in the place of bulk water, against the charge of a complex.

    Parameters
    ----------
    charge
        Of the complex; the surroundings themselves may carry one too.
    solute : numpy.ndarray, shape (n, 3)
        Atoms to keep ions away from, in nanometres, in the frame of the box.

    Raises
    ------
    ParameterError
        If the charge is no whole number, or there is too little water.
    """
    whole = round(charge)
    if abs(charge - whole) > UNCHARGED:
        raise ParameterError(name, f"the complex has a charge of {charge:.4f}, no whole number")
    names = [molecule.name for molecule in surroundings.molecules]
    whole += names.count(CATION) - names.count(ANION)
    try:
        return surroundings.with_ions({ANION: max(whole, 0), CATION: max(-whole, 0)}, solute)
    except ValueError as error:
        raise ParameterError(name, str(error), "give the membrane more padding") from error


def _built(
    receptor: Receptor, settings: MembraneSettings, membrane: MembraneEntry, processor: Processor
) -> Bilayer:
    """Build a bilayer, its midplane at half the height of its box."""
    from openmm import OpenMMException

    rotation, translation = _frame(receptor.positions, membrane)
    solute = receptor.positions @ rotation.T + translation
    padding = settings.padding.value_in("nm")
    width, depth, _ = np.ptp(solute, axis=0) + 2 * padding
    heavy = [atom.index for atom in receptor.topology.atoms() if atom.element.symbol != "H"]
    patch = cut_patch(width, depth)
    if settings.cholesterol:
        patch = with_cholesterol(_centred(patch, solute), settings.cholesterol, solute, np.array(heavy))
    for attempt in range(ATTEMPTS):
        patch = _centred(_relaxed(patch, processor), solute)
        try:
            around = _membrane_around(
                receptor.topology, solute, with_room(patch, solute[heavy]), padding, processor
            )
            break
        except OpenMMException as error:  # a coordinate that is no number, by an unlucky velocity
            if attempt + 1 == ATTEMPTS:
                raise SimulationError(
                    receptor.name, f"no membrane could be put around it ({error})"
                ) from error
            LOG.info("the membrane broke (%s); once more, with a patch minimised further", error)
    if settings.cholesterol:
        around = _without_pierced(around, receptor.topology, solute)
    pairs = round(len(around.water) * settings.salt.value_in("mol/l") / WATER_MOLAR)
    try:
        salted = around.with_ions({CATION: pairs, ANION: pairs}, solute)
    except ValueError as error:
        raise ParameterError(
            receptor.name, str(error), "give the membrane less salt, more padding"
        ) from error
    bottom = np.array([solute[:, 0].min(), solute[:, 1].min(), -salted.box[2] / 2])
    shift = np.array([padding, padding, 0.0]) - bottom
    return Bilayer(salted.moved(salted.positions + shift), rotation, translation + shift)


def _frame(
    positions: NDArray[np.float64], membrane: MembraneEntry
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the membrane's frame, turned about the normal so that the receptor's box is the smallest."""
    rotation = np.array(membrane.rotation)
    translation = np.array(membrane.translation) * A_TO_NM
    flat = positions @ rotation.T[:, :2]

    def turn(angle: float) -> NDArray[np.float64]:
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])

    angles = np.radians(np.arange(ANGLES))
    areas = [np.prod(np.ptp(flat @ turn(angle)[:2, :2].T, axis=0) + 3.0) for angle in angles]
    best = turn(angles[int(np.argmin(areas))])
    return best @ rotation, best @ translation


def _relaxed(patch: Surroundings, processor: Processor) -> Surroundings:
    """Minimise a patch, so that nothing at its seam overlaps, nor cholesterol where it was put."""
    mixed = any(molecule.name == CHOLESTEROL for molecule in patch.molecules)
    positions = patch.positions
    if mixed:  # rings among chains overlap too much for the real forces
        system = combine(surrounding_parts(patch))
        soften(system, patch.box)
        with held_in_shape(system, patch):
            positions, _ = minimise_with_springs(system, positions, processor, RELAXING_STEPS)
    system = combine(surrounding_parts(patch))
    make_periodic(system, patch.box, RELAXING_CUTOFF, pme=False)
    with held_in_shape(system, patch):
        positions, _ = minimise_with_springs(system, positions, processor, RELAXING_STEPS)
    relaxed = without_misshapen(patch.moved(positions))
    return _without_pierced(relaxed) if mixed else relaxed


def _without_pierced(
    patch: Surroundings, topology: Topology | None = None, solute: NDArray[np.float64] | None = None
) -> Surroundings:
    """Remove lipids with a ring that something passes through or that pass through one of the solute."""
    found = pierced(patch, topology, solute)
    if not found:
        return patch
    rest = without_lipids(patch, found)
    LOG.info(
        "%d molecules in a ring or with one that is pierced; %d are left out, some for the balance",
        len(found),
        len(patch.molecules) - len(rest.molecules),
    )
    return rest


def _centred(patch: Surroundings, solute: NDArray[np.float64]) -> Surroundings:
    """Move a patch to where the builder will put it: its extent in the middle of the solute's."""
    extents = [(places.min(axis=0) + places.max(axis=0)) / 2 for places in (solute, patch.positions)]
    shift = extents[0] - extents[1]
    return patch.moved(patch.positions + np.array([shift[0], shift[1], -midplane(patch)]))


def _membrane_around(
    topology: Topology,
    solute: NDArray[np.float64],
    patch: Surroundings,
    padding: float,
    processor: Processor,
) -> Surroundings:
    """Return lipids and water around a solute, in its frame, by OpenMM's membrane builder."""
    from openmm import Vec3, app, unit

    class _Structure:
        """What the builder wants a patch to be."""

        def __init__(self) -> None:
            self.topology = patch.topology()
            self.positions = [Vec3(*place) for place in patch.positions] * unit.nanometer

    # The builder takes the middle of the patch's extent for the midplane.
    center = (patch.positions[:, 2].min() + patch.positions[:, 2].max()) / 2 - midplane(patch)
    modeller = app.Modeller(topology, [Vec3(*place) for place in solute] * unit.nanometer)
    with processor.as_default() as platform:
        modeller.addMembrane(
            app.ForceField(*RECEPTOR_FORCE_FIELD, SURROUNDINGS_FORCE_FIELD[0]),
            lipidType=_Structure(),
            membraneCenterZ=center,
            # The patch is exactly as large as the padding asks for; a rounding error more makes it two.
            minimumPadding=padding - 1e-6,
            neutralize=False,
            platform=platform,
        )
    found: Any = modeller.getPositions().value_in_unit(unit.nanometer)
    box = np.array(modeller.topology.getUnitCellDimensions().value_in_unit(unit.nanometer))
    around = molecules_of(modeller.topology, np.array(found), box, topology.getNumAtoms())
    return without_misshapen(around.part([*around.lipids, *around.water]))
