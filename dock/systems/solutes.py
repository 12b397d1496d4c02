"""Solutes: receptor, ligand and what lies in other sites, put together before they are in any solvent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ParameterError
from dock.core.units import A_TO_NM
from dock.forcefield.charges import ChargeMethod
from dock.forcefield.parameters import LIGAND_RESIDUE, ligand_parameters, receptor_parameters
from dock.forcefield.parts import Part
from dock.ligands import Ligand
from dock.systems.assembly import add_ligand, subset_topology

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.receptors import Receptor

OCCUPANT_RESIDUE = "OCC"


@dataclass(frozen=True, eq=False)
class Assembly:
    """Receptor, ligand and occupants, not yet in any solvent.

    Attributes
    ----------
    parts : list of Part
        Their parameters.
    topology : openmm.app.Topology
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    ligand : numpy.ndarray of int
        Indices of the ligand's atoms.
    occupants : dict of str to numpy.ndarray of int
        Those of the ligands in other sites, by site.
    """

    parts: list[Part]
    topology: Topology
    positions: NDArray[np.float64]
    ligand: NDArray[np.int64]
    occupants: dict[str, NDArray[np.int64]]


def assembled(receptor: Receptor, pose: Pose, kept: NDArray[np.int64], charges: ChargeMethod) -> Assembly:
    """Put receptor atoms, the ligand and what lies in other sites one after the other.

    Raises
    ------
    ParameterError
        If the pose does not go with the receptor or its ligand, or one cannot be parametrised.
    """
    _check_occupants(receptor, pose)
    _check_order(pose)
    parts = [(receptor_parameters(receptor), kept)]
    topology = subset_topology(receptor.topology, kept)
    positions = [receptor.positions[kept]]
    indices = []
    others = [Ligand(mol.GetProp("_Name"), mol) for mol in receptor.occupants.values()]
    for ligand, mol in [(pose.ligand, pose.mol), *((other, other.mol) for other in others)]:
        atoms = np.arange(mol.GetNumAtoms())
        indices.append(atoms + topology.getNumAtoms())
        add_ligand(topology, mol, OCCUPANT_RESIDUE if len(indices) > 1 else LIGAND_RESIDUE, len(indices))
        parts.append((ligand_parameters(ligand, charges), atoms))
        positions.append(mol.GetConformer().GetPositions() * A_TO_NM)
    occupants = dict(zip(receptor.occupants, indices[1:], strict=True))
    return Assembly(parts, topology, np.vstack(positions), indices[0], occupants)


def _check_occupants(receptor: Receptor, pose: Pose) -> None:
    if pose.occupied and pose.occupied != receptor.occupied:
        raise ParameterError(
            pose.ligand.name,
            f"was docked beside {pose.occupied}, which the receptor lacks",
            "give the receptor with that ligand in it (Receptor.with_occupant)",
        )
    if pose.site in receptor.occupants:
        raise ParameterError(
            pose.ligand.name, f"lies in the {pose.site} site, which is occupied ({receptor.occupied})"
        )


def _check_order(pose: Pose) -> None:
    """Refuse a pose whose atoms come in another order than the ligand's: it would get others' parameters."""

    def order(mol: Mol) -> tuple[list[int], set[frozenset[int]]]:
        bonds = {frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) for bond in mol.GetBonds()}
        return [atom.GetAtomicNum() for atom in mol.GetAtoms()], bonds

    if order(pose.mol) != order(pose.ligand.mol):
        raise ParameterError(
            pose.ligand.name,
            "its pose has the atoms in another order than the ligand",
            "renumber the atoms of one",
        )
