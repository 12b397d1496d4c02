"""Physical checks of poses, by PoseBusters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dock.receptors.hetero import ION_CHARGES

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.receptors import Receptor

# PoseBusters looks at clashes and overlapping volumes; beyond this there can be neither.
SHELL = 0.8  # nm


def check_poses(receptor: Receptor, poses: Sequence[Pose]) -> list[Pose]:
    """Return the poses with the verdicts of PoseBusters' docking checks.

    What PoseBusters cannot measure counts as failed. The receptor is cropped to the residues
    near the poses, which changes none of the checks and saves most of the time.
    """
    from posebusters import PoseBusters

    if not poses:
        return []
    surroundings = _surroundings(receptor, poses)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = PoseBusters("dock", max_workers=0).bust([pose.mol for pose in poses], None, surroundings)
    checks = [
        {str(name): bool(value == np.True_) for name, value in row.items()}
        for row in table.to_dict("records")
    ]
    return [pose.with_checks(verdict) for pose, verdict in zip(poses, checks, strict=True)]


def _surroundings(receptor: Receptor, poses: Sequence[Pose]) -> Mol:
    """Return the residues within 8 A of any pose as an RDKit molecule without bond perception."""
    from rdkit import Chem
    from scipy.spatial import cKDTree

    places = np.vstack([pose.heavy_coordinates for pose in poses]) / 10.0
    distances, _ = cKDTree(places).query(receptor.positions)
    near = {
        atom.residue.index
        for atom, distance in zip(receptor.topology.atoms(), distances, strict=True)
        if distance <= SHELL
    }
    mol = Chem.RWMol()
    conformer = Chem.Conformer()
    for atom in receptor.topology.atoms():
        if atom.residue.index not in near:
            continue
        new = Chem.Atom(atom.element.symbol)
        new.SetNoImplicit(True)
        information = Chem.AtomPDBResidueInfo(
            atom.name.ljust(4), residueName=atom.residue.name, residueNumber=int(atom.residue.id)
        )
        # Hetero atoms are judged as ions by PoseBusters, the others as protein.
        information.SetIsHeteroAtom(atom.residue.name in ION_CHARGES)
        new.SetMonomerInfo(information)
        index = mol.AddAtom(new)
        conformer.SetAtomPosition(index, receptor.positions[atom.index] * 10.0)
    mol.AddConformer(conformer)
    return mol.GetMol()
