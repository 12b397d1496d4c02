"""Three-dimensional conformers, generated and never taken from a crystal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import EmbeddingError
from dock.ligands.axes import require_hands, shows_hands
from dock.ligands.cages import inside_out, tight_centres
from dock.ligands.stereo import forget_false_centres, seen_in_coordinates, skeleton

if TYPE_CHECKING:
    from rdkit.Chem import Mol

EMBEDDING_TIME_LIMIT = 15  # seconds, for each of two attempts
INSIDE_OUT_TRIES = 30  # of embedding a bicyclobutane, which comes out wrong in one of four
TRIALS_OF_A_CAGE = 40  # embeddings without labels, of which few configurations come out
RELAXATION_STEPS = 2000
SDF_DECIMALS = 4

# Ring conformers: how many are tried for each that is wanted, and what makes two of them different.
TRIED = 10
TRIED_OF_A_MACROCYCLE = 30
MACROCYCLE = 12  # atoms of a ring
BATCH = 10
RING_TIME_LIMIT = 300  # seconds; a limit that is met makes the result depend on the machine
ENERGY_WINDOW = 7.0  # kcal/mol; a twist-boat of cyclohexane lies 6 above the chair
RING_RMSD = 0.3  # angstrom
DIELECTRIC = 80.0
RELAXED_OF_EACH = 4
MAX_SYMMETRIES = 1000


def embed(name: str, mol: Mol, seed: int, iterations: int = 0) -> Mol:
    """Return `mol` with explicit hydrogens and one relaxed ETKDGv3 conformer.

    Parameters
    ----------
    mol
        A molecule without explicit hydrogens.
    seed
        Seed of the embedding; the same seed gives the same conformer.
    iterations
        How often RDKit tries in each of two attempts; 0 for ten times the number of atoms.

    Raises
    ------
    EmbeddingError
        If RDKit finds no conformer in two attempts of 15 s, or none with the hand of an axis.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

    full = Chem.AddHs(mol)
    parameters = rdDistGeom.ETKDGv3()  # with the torsions and 1-4 distances of macrocycles
    parameters.randomSeed = seed
    parameters.timeout = EMBEDDING_TIME_LIMIT
    parameters.maxIterations = iterations
    with rdBase.BlockLogs():
        failed = _attempt(full, parameters)
        while not failed and inside_out(full) and parameters.randomSeed < seed + INSIDE_OUT_TRIES:
            parameters.randomSeed += 1
            failed = _attempt(full, parameters)
        if failed:
            failed = not _embed_by_trial(full, parameters)
        if failed:
            parameters.useRandomCoords = True
            failed = _attempt(full, parameters)
        if failed:
            raise EmbeddingError(
                name, "no conformer could be generated", "check that the stereochemistry is possible"
            )
        relaxed = Chem.Mol(full)  # MMFF puts its own aromaticity in the place of RDKit's
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(relaxed):
            rdForceFieldHelpers.MMFFOptimizeMolecule(relaxed, maxIters=RELAXATION_STEPS)
        else:
            rdForceFieldHelpers.UFFOptimizeMolecule(relaxed, maxIters=RELAXATION_STEPS)
    full.GetConformer().SetPositions(relaxed.GetConformer().GetPositions())
    require_hands(name, full)
    return rounded(full)


def ring_conformers(mol: Mol, number: int, seed: int) -> Mol:
    """Return an embedded molecule with up to `number` conformers that differ in their rings.

    The lowest in energy comes first. Two are different if the atoms of the rings that can bend
    and the heavy atoms attached to them, superposed by the best of the molecule's symmetries,
    are more than 0.3 A apart (RMSD): chairs with an axial or an equatorial substituent, boats,
    mirror-image puckers. Those more than 7 kcal/mol above the lowest (MMFF94, or UFF where it
    lacks parameters) are left out. Chains are not sampled: that is the docking's work.

    Parameters
    ----------
    mol
        As `embed` returns it. Without rings that can bend it comes back with its one conformer.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDistGeom

    atoms = bending_atoms(mol)
    if not atoms:
        return mol
    largest = max(len(ring) for ring in mol.GetRingInfo().AtomRings())
    wanted = number * (TRIED_OF_A_MACROCYCLE if largest >= MACROCYCLE else TRIED)
    pool = Chem.Mol(mol)
    parameters = rdDistGeom.ETKDGv3()
    parameters.clearConfs = False
    parameters.timeout = EMBEDDING_TIME_LIMIT
    started = time.monotonic()
    with rdBase.BlockLogs():
        for batch in range(0, wanted, BATCH):
            if time.monotonic() - started > RING_TIME_LIMIT:
                break
            parameters.randomSeed = seed + 1 + batch
            rdDistGeom.EmbedMultipleConfs(pool, min(BATCH, wanted - batch), parameters)
        energies = _relaxed(pool, _sample(pool, atoms))
    ranked = sorted(energies, key=lambda conformer: energies[conformer])
    within = [conformer for conformer in ranked if energies[conformer] - energies[ranked[0]] <= ENERGY_WINDOW]
    within = [conformer for conformer in within if shows_hands(pool, conformer)]
    chosen = _distinct(pool, within, atoms, number)
    kept = Chem.Mol(mol)
    kept.RemoveAllConformers()
    for conformer in chosen:
        kept.AddConformer(pool.GetConformer(conformer), assignId=True)
    return rounded(kept)


def bending_atoms(mol: Mol) -> list[int]:
    """Return the atoms of rings that can bend, the heavy atoms attached to them, and those of acyl groups on them.

    No engine turns an acyl group on a nitrogen of a ring that is alike on both sides: its oxygen tells a chair from
    the mirror image, of which only one fits (`benchmarks/RESULTS.md`, 2BM2).
    """
    from rdkit import Chem

    ring = {
        atom
        for atoms, bonds in zip(mol.GetRingInfo().AtomRings(), mol.GetRingInfo().BondRings(), strict=True)
        if len(atoms) > 3 and not all(mol.GetBondWithIdx(bond).GetIsAromatic() for bond in bonds)
        for atom in atoms
    }
    attached = {
        neighbour.GetIdx()
        for atom in ring
        for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()
        if neighbour.GetAtomicNum() > 1
    }
    acyl = Chem.MolFromSmarts("[NX3;R]-!@[CX3](=[OX1,SX1])[*]")
    held = {
        atom
        for nitrogen, *group in mol.GetSubstructMatches(acyl)
        if nitrogen in ring
        for atom in group
        if mol.GetAtomWithIdx(atom).GetAtomicNum() > 1
    }
    return sorted(ring | attached | held)


def rounded(mol: Mol) -> Mol:
    """Round coordinates, in place, as an SDF file has them, and return `mol`.

    A ligand that is read back from a file then docks in just the same way.
    """
    for conformer in mol.GetConformers():
        conformer.SetPositions(np.round(conformer.GetPositions(), SDF_DECIMALS))
    return mol


def _attempt(mol: Mol, parameters: object) -> bool:
    """Try to embed; return whether it failed."""
    from rdkit.Chem import rdDistGeom

    try:
        return bool(rdDistGeom.EmbedMolecule(mol, parameters) < 0)
    except (RuntimeError, ValueError):  # bounds that RDKit cannot reconcile
        return True


def _embed_by_trial(mol: Mol, parameters: Any) -> bool:
    """Embed a molecule with a tight cage without the labels of that, until it comes out as labelled.

    Returns
    -------
    bool
        Whether it did, so that the molecule has a conformer; one without such a cage is not tried.
    """
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    tight = tight_centres(mol)
    if not tight:
        return False
    free = Chem.Mol(mol)
    for atom in tight:
        free.GetAtomWithIdx(atom).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    wanted = Chem.MolToSmiles(forget_false_centres(Chem.Mol(mol)))
    try:
        numbers = list(rdDistGeom.EmbedMultipleConfs(free, TRIALS_OF_A_CAGE, parameters))
    except (RuntimeError, ValueError):  # bounds that RDKit cannot reconcile
        return False
    for number in numbers:
        seen = seen_in_coordinates(Chem.Mol(free, False, number))
        if not inside_out(free, number) and Chem.MolToSmiles(seen) == wanted:
            mol.AddConformer(free.GetConformer(number), assignId=True)
            return True
    return False


def force_fields(
    mol: Mol, conformers: Iterable[int] | None = None
) -> Iterator[tuple[Any, Callable[[int, float, float], None]]]:
    """Yield a force field for each conformer: MMFF94, or UFF where that lacks parameters.

    The dielectric constant is 80: in a vacuum a charged amine would fold back on its own molecule.

    Parameters
    ----------
    mol
        Its aromaticity becomes that of MMFF: not fit for anything else afterwards.
    conformers
        Their ids; all if None.

    Yields
    ------
    field
        RDKit's; minimising it moves the conformer.
    tether
        Holds an atom, by its index, within a distance in angstrom with a force constant in kcal/mol/A^2.
    """
    from rdkit.Chem import rdForceFieldHelpers

    properties = (
        rdForceFieldHelpers.MMFFGetMoleculeProperties(mol)
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol)
        else None
    )
    if properties is not None:
        properties.SetMMFFDielectricConstant(DIELECTRIC)
    for number in (
        [conformer.GetId() for conformer in mol.GetConformers()] if conformers is None else conformers
    ):
        if properties is not None:
            field = rdForceFieldHelpers.MMFFGetMoleculeForceField(mol, properties, confId=number)
            yield field, field.MMFFAddPositionConstraint
        else:
            field = rdForceFieldHelpers.UFFGetMoleculeForceField(mol, confId=number)
            yield field, field.UFFAddPositionConstraint


def _relaxed(mol: Mol, conformers: Sequence[int]) -> dict[int, float]:
    """Relax conformers in place; return their energies, in kcal/mol."""
    energies = {}
    for number, (field, _) in zip(conformers, force_fields(mol, conformers), strict=True):
        field.Minimize(maxIts=RELAXATION_STEPS)
        energies[number] = float(field.CalcEnergy())
    return energies


def _sample(mol: Mol, atoms: list[int]) -> list[int]:
    """Return the first few conformers of each shape of the rings: relaxing them takes most of the time."""
    different = _difference(mol, atoms)
    groups: list[list[int]] = []
    for conformer in mol.GetConformers():
        number = conformer.GetId()
        group = next((group for group in groups if not different(number, group[0])), None)
        if group is None:
            groups.append([number])
        elif len(group) < RELAXED_OF_EACH:
            group.append(number)
    return [number for group in groups for number in group]


def _distinct(mol: Mol, ranked: list[int], atoms: list[int], number: int) -> list[int]:
    """Return the first `number` conformers, in order, of which no two have the same rings."""
    different = _difference(mol, atoms)
    chosen: list[int] = []
    for conformer in ranked:
        if all(different(conformer, other) for other in chosen):
            chosen.append(conformer)
        if len(chosen) == number:
            break
    return chosen


def _difference(mol: Mol, atoms: list[int]) -> Callable[[int, int], bool]:
    """Return a function that says whether two conformers have different rings."""
    from rdkit import Chem
    from rdkit.Chem import rdMolAlign

    images = {tuple(image[a] for a in atoms) for image in symmetries(mol)}
    maps = [list(zip(atoms, image, strict=True)) for image in images]
    probe = Chem.Mol(mol)  # is moved about
    return lambda first, second: rdMolAlign.GetBestRMS(probe, mol, first, second, map=maps) > RING_RMSD


def symmetries(mol: Mol) -> list[tuple[int, ...]]:
    """Return the ways to map a molecule's heavy atoms, which come first, onto themselves.

    At most 1000 are returned; of the molecule's `dock.ligands.stereo.skeleton`.
    """
    heavy = skeleton(mol)
    return list(heavy.GetSubstructMatches(heavy, uniquify=False, maxMatches=MAX_SYMMETRIES))
