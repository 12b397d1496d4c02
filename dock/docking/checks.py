"""Physical checks of poses, by PoseBusters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.docking.pdbqt import OCCUPANT
from dock.receptors.hetero import ION_CHARGES

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from dock.docking.pose import Pose
    from dock.receptors import Receptor

# PoseBusters looks at clashes and overlapping volumes; beyond this there can be neither.
SHELL = 8.0  # angstrom
ENSEMBLE = 10  # conformers
# Ions that PoseBusters would take for organic, which must keep further off, and the like that it knows.
JUDGED_AS = {"Sr": "Ca", "Ba": "Ca", "Cs": "Rb", "Hg": "Cd", "I": "Br"}


def check_poses(receptor: Receptor, poses: Sequence[Pose]) -> list[Pose]:
    """Return the poses with the verdicts of PoseBusters' docking checks.

    What PoseBusters cannot measure counts as failed. The receptor is cropped to the residues
    near the poses, which changes none of the checks and saves most of the time. The mean energy that a
    pose's is held against, and may exceed a hundredfold, is that of 10 conformers, not of 50: it
    differs by a few percent (tested) and takes a fifth of the time.
    """
    from posebusters import PoseBusters

    if not poses:
        return []
    surroundings = _surroundings(receptor, poses)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = PoseBusters(_configuration(), max_workers=0).bust(
            [pose.mol for pose in poses], None, surroundings
        )
    checks = [
        {str(name): bool(value == np.True_) for name, value in row.items()}
        for row in table.to_dict("records")
    ]
    return [pose.with_checks(verdict) for pose, verdict in zip(poses, checks, strict=True)]


@cache
def _configuration() -> dict[str, Any]:
    """Return PoseBusters' own configuration for docking, with a smaller ensemble."""
    from posebusters import PoseBusters

    configuration: dict[str, Any] = PoseBusters("dock", max_workers=0).config
    for module in configuration["modules"]:
        if module["function"] == "energy_ratio":
            module["parameters"]["ensemble_number_conformations"] = ENSEMBLE
    return configuration


def forget_ensembles() -> None:
    """Empty PoseBusters' memory of conformer energies, which grows with every ligand."""
    from posebusters.modules import energy_ratio

    energy_ratio.get_energies.cache_clear()


def valid_first(receptor: Receptor, poses: Sequence[Pose], keep: int) -> list[Pose]:
    """Return the first `keep` poses with their checks, those that pass all of them in front.

    If none of the first `keep` passes, the next ones are looked at until one does, and it comes first.
    Ranks are given anew. Poses that have checks already keep them.
    """
    unchecked = iter(check_poses(receptor, [pose for pose in poses[:keep] if not pose.checks]))
    checked = [pose if pose.checks else next(unchecked) for pose in poses[:keep]]
    for pose in poses[keep:]:
        if any(other.valid for other in checked):
            break
        checked += [pose] if pose.checks else check_poses(receptor, [pose])
    ordered = sorted(checked, key=lambda pose: not pose.valid)[:keep]
    return [replace(pose, rank=rank) for rank, pose in enumerate(ordered, start=1)]


def _surroundings(receptor: Receptor, poses: Sequence[Pose]) -> Mol:
    """Return the residues within 8 A of any pose as an RDKit molecule without bond perception."""
    from rdkit import Chem

    near = receptor.residues_within(np.vstack([pose.heavy_coordinates for pose in poses]), SHELL)
    mol = Chem.RWMol()
    conformer = Chem.Conformer()
    for atom in receptor.topology.atoms():
        if atom.residue.index not in near:
            continue
        ion = atom.residue.name in ION_CHARGES
        symbol = atom.element.symbol
        new = Chem.Atom(JUDGED_AS.get(symbol, symbol) if ion else symbol)
        new.SetNoImplicit(True)
        information = Chem.AtomPDBResidueInfo(
            atom.name.ljust(4), residueName=atom.residue.name, residueNumber=int(atom.residue.id)
        )
        # Hetero atoms are judged as ions by PoseBusters, the others as protein.
        information.SetIsHeteroAtom(ion)
        new.SetMonomerInfo(information)
        index = mol.AddAtom(new)
        conformer.SetAtomPosition(index, receptor.positions[atom.index] * 10.0)
    mol.AddConformer(conformer)
    whole = mol.GetMol()
    for occupant in receptor.occupants.values():
        whole = Chem.CombineMols(whole, _cofactor(occupant))
    return whole


def _cofactor(occupant: Mol) -> Mol:
    """Return a ligand in another site as PoseBusters knows an organic cofactor: hetero atoms."""
    from rdkit import Chem

    mol = Chem.Mol(occupant)
    for atom in mol.GetAtoms():
        name = f"{atom.GetSymbol()}{atom.GetIdx()}".ljust(4)
        information = Chem.AtomPDBResidueInfo(name, residueName=OCCUPANT, residueNumber=1)
        information.SetIsHeteroAtom(True)
        atom.SetMonomerInfo(information)
    return mol
