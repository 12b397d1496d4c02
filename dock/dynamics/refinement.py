"""Refinement: docked poses relaxed in the site system, nearby side chains giving way, and ranked anew.

A docking engine holds the receptor rigid. Here the energy of ligand and side chains is minimised
in ff14SB, GAFF2 and native OBC2, while backbone, ions and everything further off stand still.
`benchmarks/refinement.py` measures what that is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from dock.core.errors import ChemistryError, SimulationError
from dock.core.records import Record
from dock.core.units import A_TO_NM
from dock.docking.checks import check_poses
from dock.docking.pose import Pose, heavy_rmsd
from dock.dynamics.strain import strain_energy
from dock.forcefield.minimisation import minimise_with_springs
from dock.forcefield.platforms import Processor, choose_processor
from dock.ligands.placement import place_atoms
from dock.receptors.hetero import ION_CHARGES, TOUCHING
from dock.receptors.site import assign_site
from dock.systems.complexes import SystemSettings
from dock.systems.energies import cut_corrections, interaction_energies
from dock.systems.site import site_system

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

    from dock.docking.search import Search
    from dock.receptors import Receptor

ENERGY = "refined_energy_kcal_mol"
# The same binding mode, minimised from other starts, differs by about this much in energy: less than
# that is no evidence against the order that the engine gave.
RESOLUTION = 10.0  # kcal/mol


class RefinementSettings(Record):
    """How poses are refined.

    Attributes
    ----------
    poses : int
        How many of the poses given, from the first, are refined at most.
    iterations : int
        Of the minimiser, at most; no limit if 0.
    system : SystemSettings
        How much of the receptor is kept, and which residues have side chains that move.
    """

    poses: int = Field(default=5, ge=1)
    iterations: int = Field(default=0, ge=0)
    system: SystemSettings = SystemSettings()


@dataclass(frozen=True, eq=False)
class Refinement:
    """A refined pose and the receptor that gave way to it.

    Attributes
    ----------
    pose : Pose
        With its energies and PoseBusters checks, see `refine_poses`.
    receptor : Receptor
        The whole receptor, the side chains near the pose at their new places.
    left : bool
        Whether the pose lies in another place, a site or outside, than it did before.
    """

    pose: Pose
    receptor: Receptor
    left: bool = False

    @property
    def sound(self) -> bool:
        """Whether the pose passes the checks and is where it was."""
        return self.pose.valid is not False and not self.left


def refine_poses(
    receptor: Receptor,
    poses: Sequence[Pose],
    settings: RefinementSettings | None = None,
    processor: Processor | None = None,
) -> list[Pose]:
    """Refine the first poses of a search and rank them anew; `refine` gives the receptors as well.

    Returns
    -------
    list of Pose
        First those that pass PoseBusters' checks and are still in the place they were in; of these, those
        within `RESOLUTION` of the lowest energy in the order given, then the others by their energy. It is
        ``refined_energy_kcal_mol``: ``refined_interaction_kcal_mol`` (van der Waals, Coulomb and solvation
        between ligand and the whole receptor, see `dock.systems.energies`) plus ``refined_strain_kcal_mol``
        (see `dock.dynamics.strain.strain_energy`); no free energy, and for poses of one ligand only.
        ``refinement_shift_A`` is how far the heavy atoms moved (RMSD). Checks are made against
        the receptor that moved; the engine's score and properties stay what they were. A pose that
        cannot be refined comes last, as it was, without these energies.

    Raises
    ------
    ParameterError
        If the ligand or the receptor cannot be parametrised.
    SimulationError
        If no pose can be refined: they lie on top of the receptor, or lose their configuration.
    """
    return [refinement.pose for refinement in refine(receptor, poses, settings, processor)]


def refine(
    receptor: Receptor,
    poses: Sequence[Pose],
    settings: RefinementSettings | None = None,
    processor: Processor | None = None,
) -> list[Refinement]:
    """Do what `refine_poses` does, and keep for each pose the receptor that gave way to it."""
    settings = settings or RefinementSettings()
    processor = processor or choose_processor()
    refined, left, problem = list[Refinement](), list[Refinement](), None
    for pose in poses[: settings.poses]:
        try:
            refined.append(_refine(receptor, pose, settings, processor))
        except SimulationError as error:
            left.append(Refinement(pose, receptor))
            problem = problem or error
    if problem and not refined:
        raise problem
    ordered = [*rank_refinements(refined), *left]
    return [
        replace(refinement, pose=replace(refinement.pose, rank=rank))
        for rank, refinement in enumerate(ordered, start=1)
    ]


def refine_search(
    receptor: Receptor,
    search: Search,
    settings: RefinementSettings | None = None,
    processor: Processor | None = None,
) -> Search:
    """Return a search whose poses are refined: those kept, and the first of each seed, wherever they lie.

    Raises
    ------
    ParameterError, SimulationError
        As of `refine_poses`.
    """
    found = {seed: refine_poses(receptor, poses, settings, processor) for seed, poses in search.found.items()}
    return replace(search, found=found, kept=refine_poses(receptor, search.kept, settings, processor))


def rank_refinements(refinements: Sequence[Refinement], resolution: float = RESOLUTION) -> list[Refinement]:
    """Return refined poses in their new order: those first that pass the checks and are where they were.

    Of these, those whose energy is within the resolution, in kcal/mol, of the lowest keep the order in
    which they are given; the others follow, lowest energy first.
    """
    energies = [refinement.pose.properties[ENERGY] for refinement in refinements if refinement.sound]
    tied = min(energies, default=0.0) + resolution
    return sorted(
        refinements,
        key=lambda refinement: (not refinement.sound, max(refinement.pose.properties[ENERGY], tied)),
    )


def _refine(receptor: Receptor, pose: Pose, settings: RefinementSettings, processor: Processor) -> Refinement:
    complex_system = site_system(receptor, pose, settings.system, hold_backbone=True)
    places, _ = minimise_with_springs(
        complex_system.system, complex_system.positions, processor, settings.iterations
    )
    mol = _place(pose, places[complex_system.ligand] / A_TO_NM)
    between = interaction_energies(complex_system, places[None], processor).iloc[0]
    if between["vdw"] > 0.0 and not _at_a_metal(receptor, mol):
        raise SimulationError(pose.ligand.name, "its pose overlaps the receptor still after minimisation")
    charges = settings.system.charges
    outside = cut_corrections(receptor, pose, complex_system, places[None], processor, charges).iloc[0]
    interaction = float(between["total"] + outside["total"])
    strain = strain_energy(pose.ligand, places[complex_system.ligand], charges, processor)
    energies = {
        "refined_interaction_kcal_mol": interaction,
        "refined_strain_kcal_mol": strain,
        ENERGY: interaction + strain,
    }
    shift = {"refinement_shift_A": heavy_rmsd(mol, pose.mol)}
    positions = receptor.positions.copy()
    positions[complex_system.kept] = places[complex_system.receptor]
    moved = replace(receptor, positions=positions)
    refined = replace(pose, mol=mol, properties={**pose.properties, **energies, **shift})
    if receptor.sites:
        place = assign_site(refined.heavy_coordinates, receptor.sites, refined.searched)
        refined = replace(refined, site=place)
    return Refinement(check_poses(moved, [refined])[0], moved, left=refined.site != pose.site)


def _at_a_metal(receptor: Receptor, mol: Mol) -> bool:
    """Return whether a pose coordinates a metal: fixed charges press it far into the ion's Lennard-Jones wall."""
    metals = [atom.index for atom in receptor.topology.atoms() if ION_CHARGES.get(atom.residue.name, 0) > 1]
    apart = np.linalg.norm(
        receptor.positions[metals][:, None] / A_TO_NM - mol.GetConformer().GetPositions()[None], axis=2
    )
    return bool((apart <= TOUCHING).any())


def _place(pose: Pose, coordinates: NDArray[np.float64]) -> Mol:
    """Return the pose's molecule at new coordinates, in angstrom, its configuration checked."""
    try:
        return place_atoms(pose.mol, coordinates)
    except ChemistryError as error:
        raise SimulationError(
            pose.ligand.name, f"the refined pose has another configuration ({error.problem})"
        ) from error
