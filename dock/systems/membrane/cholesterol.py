"""Cholesterol in a patch of POPC.

The same number is put into each leaflet, upright, hydroxyl at the height of the esters, in the place of
lipids. How many of those make room follows from the area of each kind; areas are taken to add up, though
cholesterol condenses POPC: the box is at first somewhat too wide, and the barostat makes it smaller.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from dock.core.units import A_TO_NM
from dock.forcefield.parameters import SURROUNDINGS_FORCE_FIELD
from dock.systems.membrane.lipids import AREAS, CHOLESTEROL, POPC
from dock.systems.membrane.patches import (
    at_half_width,
    buried_lipids,
    crossing_lipids,
    without_overlapping_water,
)
from dock.systems.membrane.rings import piercings, rings_of
from dock.systems.membrane.surroundings import Molecule, Surroundings, periodic_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

SMILES = "C[C@H](CCCC(C)C)[C@H]1CC[C@@H]2[C@@]1(CC[C@H]3[C@H]2CC=C4[C@@]3(CC[C@@H](C4)O)C)C"
CONFORMERS, SEED = 20, 7
STRAIN = 3.0  # kcal/mol over the best conformer; of those, the longest is taken
OXYGEN = "O3"
STEROL = ("C3", "C17")  # its axis is put along the normal, and the tail follows it
GLYCEROL = "C2"  # of POPC; its mean height, 1.56 nm in OpenMM's patch, is that of the hydroxyls
ANGLES = 12  # rotations about the normal that are tried
ALONE, PAIRED = (0.0, 0.1, 0.2), (0.15, 0.25, 0.35)  # nm from the middle of what is replaced
DIRECTIONS = 8  # in which that distance is gone
CROWDED = 0.4  # nm between heavy atoms; nearer ones count the more, the nearer they are


@cache
def cholesterol() -> tuple[Molecule, NDArray[np.float64]]:
    """Return natural cholesterol with Lipid21's names, and its places: oxygen at 0, tail straight down."""
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

    kind = _template()
    mol = Chem.AddHs(Chem.MolFromSmiles(SMILES))
    order = mol.GetSubstructMatch(_graph(kind))  # regardless of bond orders and chirality
    assert len(order) == mol.GetNumAtoms() == len(kind.atoms)
    conformers = list(rdDistGeom.EmbedMultipleConfs(mol, CONFORMERS, randomSeed=SEED))
    energies = [energy for _, energy in rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(mol)]
    names = [name for name, _ in kind.atoms]
    oxygen, low, high = (names.index(name) for name in (OXYGEN, *reversed(STEROL)))
    best = np.empty((0, 3))
    for conformer, energy in zip(conformers, energies, strict=True):
        places = mol.GetConformer(conformer).GetPositions()[list(order)] * A_TO_NM
        upright = (places - places[oxygen]) @ _turn_up(places[high] - places[low]).T
        if energy <= min(energies) + STRAIN and (not len(best) or upright[:, 2].min() < best[:, 2].min()):
            best = upright
    return kind, best


def with_cholesterol(
    patch: Surroundings, fraction: float, solute: NDArray[np.float64], heavy: NDArray[np.int64]
) -> Surroundings:
    """Return a patch with cholesterol in the place of POPC, the same number in each leaflet.

    Lipids that will make room for the solute are left as they are; the fraction is that of the others.

    Parameters
    ----------
    fraction
        Of the lipids beside the solute that shall be cholesterol.
    solute : numpy.ndarray, shape (n, 3)
        All atoms, in nanometres, in the frame of the patch.
    heavy : numpy.ndarray of int
        Which of them are no hydrogens.
    """
    kind, _ = cholesterol()
    going = buried_lipids(patch, solute[heavy])
    numbers = [n for n in range(len(patch.molecules)) if n not in going]
    going |= {numbers[n] for n in crossing_lipids(patch.part(numbers), solute)}
    narrow = at_half_width(solute[heavy])
    dropped: set[int] = set()
    jobs: list[tuple[int, int]] = []
    for leaf in patch.leaflets:
        free = [n for n in leaf if n not in going]
        wanted, room = counts(len(free), fraction)
        chosen = _spread(patch, free, room)
        dropped |= set(chosen)
        pairs = wanted - room
        jobs += [(n, 2 if number < pairs else 1) for number, n in enumerate(chosen)]
    lipids = patch.part([n for n in patch.lipids if n not in dropped])
    sides = {n: side for leaf, side in zip(patch.leaflets, (1.0, -1.0), strict=True) for n in leaf}
    heights = {
        side: float(np.mean([_glycerol(patch, n) for n in leaf]))
        for leaf, side in zip(patch.leaflets, (1.0, -1.0), strict=True)
    }
    for n, number in jobs:
        for _ in range(number):
            middle = np.array([*patch.places[n][:, :2].mean(axis=0), heights[sides[n]]])
            place = _placed(lipids, narrow, middle, sides[n], number > 1)
            lipids = Surroundings([*lipids.molecules, kind], [*lipids.places, place], patch.box)
    water = patch.part(patch.water)
    return without_overlapping_water(
        Surroundings([*lipids.molecules, *water.molecules], [*lipids.places, *water.places], patch.box)
    )


def counts(lipids: int, fraction: float) -> tuple[int, int]:
    """Return how many cholesterols make up a fraction of a leaflet, and how many of its POPC they replace."""
    best, miss = (0, 0), fraction
    for wanted in range(1, 2 * lipids):
        room = int(np.clip(round(wanted * AREAS[CHOLESTEROL] / AREAS[POPC]), (wanted + 1) // 2, wanted))
        if room > lipids:
            break
        found = abs(wanted / (lipids - room + wanted) - fraction)
        if found < miss:
            best, miss = (wanted, room), found
    return best


def _template() -> Molecule:
    """Return Lipid21's cholesterol: names, elements and bonds."""
    from openmm import app

    root = ElementTree.parse(Path(app.__file__).parent / "data" / SURROUNDINGS_FORCE_FIELD[0]).getroot()
    elements = {kind.get("name"): kind.get("element", "") for kind in root.iter("Type")}
    residue = next(entry for entry in root.iter("Residue") if entry.get("name") == CHOLESTEROL)
    atoms = tuple((atom.get("name", ""), elements[atom.get("type")]) for atom in residue.iter("Atom"))
    index = {name: n for n, (name, _) in enumerate(atoms)}
    pairs = [
        sorted(index[bond.get(end, "")] for end in ("atomName1", "atomName2"))
        for bond in residue.iter("Bond")
    ]
    return Molecule(CHOLESTEROL, atoms, tuple(sorted((first, second) for first, second in pairs)))


def _graph(kind: Molecule) -> Mol:
    """Return a query of elements and bonds that fits whatever the bond orders."""
    from rdkit import Chem

    query = Chem.RWMol()
    for _, element in kind.atoms:
        number = Chem.GetPeriodicTable().GetAtomicNumber(element)
        query.AddAtom(Chem.AtomFromSmarts(f"[#{number}]"))
    for first, second in kind.bonds:
        query.AddBond(first, second, Chem.BondType.SINGLE)
        query.ReplaceBond(query.GetNumBonds() - 1, Chem.BondFromSmarts("~"))
    return query.GetMol()


def _turn_up(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a rotation that turns an axis to +z."""
    up = axis / np.linalg.norm(axis)
    side = np.cross([0.0, 1.0, 0.0] if abs(up[1]) < 0.9 else [1.0, 0.0, 0.0], up)
    side /= np.linalg.norm(side)
    return np.array([side, np.cross(up, side), up])


def _spread(patch: Surroundings, candidates: list[int], count: int) -> list[int]:
    """Return lipids of a leaflet that lie far from each other: always the one farthest from those chosen."""
    chosen: list[int] = []
    middles = np.array([patch.places[n][:, :2].mean(axis=0) for n in candidates])
    nearest = np.full(len(candidates), np.inf)
    for _ in range(count):
        farthest = int(np.argmax(nearest))
        chosen.append(candidates[farthest])
        apart = middles - middles[farthest]
        apart -= patch.box[:2] * np.round(apart / patch.box[:2])
        nearest = np.minimum(nearest, np.linalg.norm(apart, axis=1))
        nearest[farthest] = -1.0
    return chosen


def _glycerol(patch: Surroundings, lipid: int) -> float:
    """Return the height of the middle carbon of a POPC's glycerol."""
    names = [name for name, _ in patch.molecules[lipid].atoms]
    return float(patch.places[lipid][names.index(GLYCEROL), 2])


def _placed(
    lipids: Surroundings,
    solute: NDArray[np.float64],
    middle: NDArray[np.float64],
    side: float,
    paired: bool,
) -> NDArray[np.float64]:
    """Return the places of a cholesterol where a lipid was: where it is the least crowded, none pierced.

    Parameters
    ----------
    solute : numpy.ndarray, shape (n, 3)
        What it keeps away from as well.
    middle : numpy.ndarray, shape (3,)
        Where its oxygen would be if it stood in the middle of that lipid.
    side
        1 in the upper leaflet, -1 in the lower.
    paired
        Whether two take that lipid's place.
    """
    from scipy.spatial import cKDTree

    kind, straight = cholesterol()
    if side < 0:  # turned over, about x
        straight = straight * [1.0, -1.0, -1.0]
    tree, wrap = periodic_tree(lipids.positions[lipids.heavy], lipids.box)
    solid = cKDTree(solute)
    candidates: list[tuple[float, int, NDArray[np.float64]]] = []
    for distance in PAIRED if paired else ALONE:
        for direction in np.arange(DIRECTIONS if distance else 1) * 2 * np.pi / DIRECTIONS:
            shift = distance * np.array([np.cos(direction), np.sin(direction), 0.0])
            for angle in np.arange(ANGLES) * 2 * np.pi / ANGLES:
                cosine, sine = np.cos(angle), np.sin(angle)
                turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
                found = straight @ turn.T + middle + shift
                nearest, _ = tree.query(wrap(found[kind.heavy]), k=8, distance_upper_bound=CROWDED)
                crowding = np.square(CROWDED - np.minimum(nearest, CROWDED)).sum()
                # Near the solute the builder would take it out again: rather crowded among lipids.
                crowding += (solid.query(found)[0] < CROWDED).sum()
                candidates.append((float(crowding), len(candidates), found))
    candidates.sort(key=lambda candidate: candidate[:2])
    for _, _, found in candidates:
        if not _passes(lipids, kind, found):
            return found
    return candidates[0][2]  # it is looked at again when all is minimised


def _passes(lipids: Surroundings, kind: Molecule, place: NDArray[np.float64]) -> bool:
    """Tell whether a bond of a lipid passes through a ring of a molecule, or one of its through theirs."""
    bonds = np.concatenate(
        [
            where[np.array(molecule.bonds)]
            for molecule, where in zip(lipids.molecules, lipids.places, strict=True)
        ]
    )
    mine = [place[ring] for ring in rings_of(kind.bonds)]
    same = [
        where for molecule, where in zip(lipids.molecules, lipids.places, strict=True) if molecule == kind
    ]
    theirs = [where[ring] for where in same for ring in rings_of(kind.bonds)]
    return bool(
        piercings(mine, bonds, lipids.box) or piercings(theirs, place[np.array(kind.bonds)], lipids.box)
    )
