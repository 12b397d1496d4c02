"""Strain: what it costs a ligand to take the shape of a pose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dock.ligands.conformers import RELAXATION_STEPS, force_fields

if TYPE_CHECKING:
    from rdkit.Chem import Mol

TETHER = 0.3  # angstrom that a heavy atom may move at no cost: docked bonds and angles are not exact
TETHER_CONSTANT = 100.0  # kcal/mol/A^2
TETHERED_STEPS = 200


def strain_energies(ligand: Mol, poses: Sequence[Mol]) -> list[float]:
    """Return the strain of each pose, in kcal/mol.

    The energy (MMFF94 with a dielectric constant of 80, or UFF where that lacks parameters) of the
    pose, relaxed with its heavy atoms tethered within 0.3 A, above the lowest energy seen: that of
    the ligand's conformers and of the least strained pose, both relaxed without tethers. The lowest
    conformer of all may lie deeper, so the strain is a lower bound; differences between the poses of
    one call do not depend on it.

    Parameters
    ----------
    ligand
        With hydrogens and its generated conformers.
    poses
        The same molecule, each with one conformer; they are not changed.
    """
    from rdkit import Chem

    if not poses:
        return []
    pool = Chem.Mol(ligand)
    pool.RemoveAllConformers()
    for conformer in [*(mol.GetConformer() for mol in poses), *ligand.GetConformers()]:
        pool.AddConformer(conformer, assignId=True)
    heavy = [atom.GetIdx() for atom in pool.GetAtoms() if atom.GetAtomicNum() > 1]
    fields = list(force_fields(pool))
    for field, tether in fields[: len(poses)]:
        for atom in heavy:
            tether(atom, TETHER, TETHER_CONSTANT)
        field.Minimize(maxIts=TETHERED_STEPS)
    tethered = [float(field.CalcEnergy()) for field, _ in force_fields(pool, range(len(poses)))]
    least = tethered.index(min(tethered))
    free = [field for field, _ in force_fields(pool, [least, *range(len(poses), len(fields))])]
    for field in free:
        field.Minimize(maxIts=RELAXATION_STEPS)
    lowest = min(float(field.CalcEnergy()) for field in free)
    return [energy - lowest for energy in tethered]
