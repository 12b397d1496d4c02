"""Systems: what is simulated, put together from parametrised parts.

A `site` system is a region of the receptor (`dock.systems.region`) cut out of the whole parametrised
receptor: the particles chosen, with every bonded term, exception and constraint that lies inside. No caps
are needed, since the residues at the rim are frozen and keep their charges; that no atom which moves
has lost a term is checked whenever a system is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import model_validator

from dock.core.keys import content_key
from dock.core.records import Record
from dock.core.units import Length, Mass, Quantity
from dock.forcefield.charges import ChargeMethod
from dock.forcefield.parameters import force_of
from dock.forcefield.solvent import solvent_force
from dock.systems.assembly import (
    subset_topology,
)
from dock.systems.membrane.bilayer import MembraneSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System
    from openmm.app import Topology


Kind = Literal["site", "implicit", "membrane"]
MEMBRANE_CUTOFF = Quantity("10 angstrom")  # of the real-space part of PME, unless another is set


class SystemSettings(Record):
    """What is simulated, what of the receptor is kept and what of it moves.

    Attributes
    ----------
    kind : str
        ``site`` (neighbourhood of the ligand in OBC2, its outer shell frozen), ``implicit`` (the whole
        receptor in OBC2) or ``membrane`` (the whole receptor in a bilayer, water and salt).
    kept_within : Length
        Of a site system: receptor residues with an atom this near to a ligand are in it, and what their
        bonds and ions ask for (`dock.systems.region`).
    mobile_within : Length
        Of a site system: those with an atom this near move; the rest are frozen.
    cutoff : Length
        Of the non-bonded forces while simulating; interaction energies are computed without.
    hydrogen_mass : Mass
        Mass of hydrogens, taken from the heavy atoms they sit on; rigid water keeps its own.
    membrane : MembraneSettings
        Of a membrane system: the bilayer and its salt.
    charges : str
        How those of ligands are found: ``am1-bcc``, or ``nagl``, which is fast and an extra.
    """

    kind: Kind = "site"
    kept_within: Length = Quantity("8 angstrom")
    mobile_within: Length = Quantity("5 angstrom")
    cutoff: Length = Quantity("12 angstrom")
    hydrogen_mass: Mass = Quantity("3 amu")
    charges: ChargeMethod = "am1-bcc"
    membrane: MembraneSettings = MembraneSettings()

    @model_validator(mode="before")
    @classmethod
    def _suited(cls, given: Any) -> Any:
        wet = isinstance(given, Mapping) and given.get("kind") == "membrane"
        return {"cutoff": MEMBRANE_CUTOFF, **given} if wet else given

    @model_validator(mode="after")
    def _possible(self) -> SystemSettings:
        if self.mobile_within.value_in("nm") > self.kept_within.value_in("nm"):
            raise ValueError("mobile_within must not exceed kept_within")
        if not 1.0 <= self.hydrogen_mass.value_in("amu") <= 4.0:
            raise ValueError("hydrogen_mass must lie between 1 and 4 amu")
        return self


@dataclass(frozen=True, eq=False)
class ComplexSystem:
    """A parametrised system of receptor and ligand.

    Its atoms come in this order: receptor, ligand, occupants of other sites, surroundings.

    Attributes
    ----------
    kind : str
        ``site``, ``implicit`` or ``membrane``.
    topology : openmm.app.Topology
        Author's chain letters and residue numbers; the ligand is residue LIG 1 of chain L, occupants of
        other sites are residues OCC 2 and following.
    system : openmm.System
        Frozen atoms have mass zero.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    ligand : numpy.ndarray of int
        Indices of the ligand's atoms, in the order of the pose's molecule.
    mobile : numpy.ndarray of bool, shape (n_atoms,)
    kept : numpy.ndarray of int
        Indices, in the whole receptor, of the receptor's atoms of the system.
    occupants : mapping of str to numpy.ndarray of int
        Indices of the ligands that lie in other sites, by site.
    """

    kind: Kind
    topology: Topology
    system: System
    positions: NDArray[np.float64]
    ligand: NDArray[np.int64]
    mobile: NDArray[np.bool_]
    kept: NDArray[np.int64]
    occupants: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def frozen(self) -> NDArray[np.int64]:
        """Indices of the atoms that do not move."""
        return np.flatnonzero(~self.mobile)

    @property
    def receptor(self) -> NDArray[np.int64]:
        """Indices of the receptor's atoms."""
        return np.arange(len(self.kept))

    @property
    def atoms_key(self) -> str:
        """Content key of the receptor's atoms that are in the system, and of which of them move."""
        return content_key(
            [self.kind, self.kept.tolist(), np.flatnonzero(self.mobile[self.receptor]).tolist()]
        )

    @property
    def partner(self) -> NDArray[np.int64]:
        """Indices of what binds the ligand: the receptor's atoms and those of occupants of other sites."""
        return np.concatenate([self.receptor, *self.occupants.values()])

    @property
    def surroundings(self) -> NDArray[np.int64]:
        """Indices of lipids, water and salt, which only a membrane system has."""
        complex_atoms = len(self.partner) + len(self.ligand)
        return np.arange(complex_atoms, len(self.positions))

    def solvent(self, indices: NDArray[np.int64]) -> System:
        """Return a system of a part of the atoms that feels nothing but the solvent, without cutoff."""
        import openmm

        system = openmm.System()
        for _ in indices:
            system.addParticle(1.0)
        nonbonded = force_of(self.system, openmm.NonbondedForce)
        charges = [nonbonded.getParticleParameters(int(index))[0] for index in indices]
        system.addForce(solvent_force(charges, subset_topology(self.topology, indices)))
        return system
