"""The region of a site: which residues of the receptor its systems hold, and which of them move.

What is compared must be made of the same atoms, so a region is drawn once around all the poses that are
compared. It is closed in three ways, without which a cut does damage that no average shows:

- what is bonded to a residue that moves is kept, so that none of its bonded terms is missing;
- an ion is kept with every residue that holds it, and one that a moving residue holds is kept;
- an ion moves if a residue that holds it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import ParameterError
from dock.core.keys import content_key
from dock.core.units import A_TO_NM
from dock.receptors.receptor import residue_labels
from dock.systems.coordination import ion_neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

    from dock.docking.pose import Pose
    from dock.receptors import Receptor
    from dock.systems.complexes import SystemSettings


@dataclass(frozen=True)
class Region:
    """Residues of a receptor, by their indices in its topology.

    Attributes
    ----------
    kept : tuple of int
        Those that are in the system.
    mobile : tuple of int
        Those of them that move.
    """

    kept: tuple[int, ...]
    mobile: tuple[int, ...]

    @property
    def key(self) -> str:
        """Content key: systems of one receptor with the same key are of the same receptor atoms."""
        return content_key([self.kept, self.mobile])

    def to_record(self, receptor: Receptor) -> dict[str, Any]:
        """Return the region as plain values, with names for people to read."""
        labels = residue_labels(receptor.topology)
        return {
            "kept": list(self.kept),
            "mobile": list(self.mobile),
            "kept_residues": [labels[index] for index in self.kept],
            "mobile_residues": [labels[index] for index in self.mobile],
            "key": self.key,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Region:
        """Read what `to_record` returned."""
        return cls(tuple(record["kept"]), tuple(record["mobile"]))

    def atoms(self, topology: Topology) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the indices of the atoms that are kept, and of each of these whether it moves."""
        residue = np.array([atom.residue.index for atom in topology.atoms()])
        kept = np.flatnonzero(np.isin(residue, self.kept))
        return kept, np.isin(residue[kept], self.mobile)


def region_around(places: Sequence[tuple[Receptor, Pose]], settings: SystemSettings) -> Region:
    """Return the region of poses that are to be compared: the union over them, closed.

    Parameters
    ----------
    places
        Each pose with the receptor that it lies in: the same receptor, its side chains moved or not, with
        the ligands that lie in its other sites.

    Raises
    ------
    ParameterError
        If there is no pose, or the receptors are of different residues.
    """
    if not places:
        raise ParameterError("region", "there is no pose to draw it around")
    topology = places[0][0].topology
    if any(receptor.topology.getNumAtoms() != topology.getNumAtoms() for receptor, _ in places):
        raise ParameterError("region", "the receptors of the poses are of different atoms")
    near = np.min([residue_distances(receptor, pose) for receptor, pose in places], axis=0)
    kept = set(np.flatnonzero(near <= settings.kept_within.value_in("nm")).tolist())
    mobile = set(np.flatnonzero(near <= settings.mobile_within.value_in("nm")).tolist())
    return close([receptor for receptor, _ in places], kept, mobile)


def close(receptors: Sequence[Receptor], kept: Iterable[int], mobile: Iterable[int]) -> Region:
    """Return the smallest region that holds these residues and is closed as this module tells.

    Parameters
    ----------
    receptors
        The receptor in each of the shapes that it takes: what holds an ion in one of them is kept in all.
    """
    inside, moving = set(kept) | set(mobile), set(mobile)
    bonded = _bonded(receptors[0].topology)
    holders: dict[int, set[int]] = {}
    for shape in {id(receptor): receptor for receptor in receptors}.values():
        for ion, atoms in ion_neighbours(shape).items():
            holders.setdefault(ion, set()).update(atom.residue.index for atom in atoms)
    grown = True
    while grown:
        before = len(inside) + len(moving)
        for ion, held_by in holders.items():
            if held_by & moving:
                moving.add(ion)
            inside |= held_by if ion in inside | moving else set()
        inside |= moving.union(*(bonded.get(index, set()) for index in moving))
        grown = len(inside) + len(moving) > before
    return Region(tuple(sorted(inside)), tuple(sorted(moving)))


def residue_distances(receptor: Receptor, pose: Pose) -> NDArray[np.float64]:
    """Return each residue's smallest distance to a ligand.

    Returns
    -------
    numpy.ndarray, shape (n_residues,)
        In nanometres, over all atoms of the pose and of what lies in other sites.
    """
    from scipy.spatial import cKDTree

    mols = [pose.mol, *receptor.occupants.values()]
    places = np.vstack([mol.GetConformer().GetPositions() for mol in mols]) * A_TO_NM
    distances, _ = cKDTree(places).query(receptor.positions)
    smallest = np.full(receptor.topology.getNumResidues(), np.inf)
    np.minimum.at(smallest, [atom.residue.index for atom in receptor.topology.atoms()], distances)
    return smallest


def _bonded(topology: Topology) -> dict[int, set[int]]:
    """Return the residues that each residue is bonded to."""
    bonded: dict[int, set[int]] = {}
    for first, second in topology.bonds():
        a, b = first.residue.index, second.residue.index
        if a != b:
            bonded.setdefault(a, set()).add(b)
            bonded.setdefault(b, set()).add(a)
    return bonded
