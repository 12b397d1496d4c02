"""Patches: a piece of lipid bilayer in water, of the size that a protein needs.

It is cut from the equilibrated POPC bilayer that OpenMM brings. Whole copies of that (64 by 67 A)
would make the box of a transporter twice as large as its padding asks for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dock.systems.membrane.lipids import AREAS, CHOLESTEROL, POPC, mirrored, misshapen
from dock.systems.membrane.surroundings import OVERLAP, Surroundings, molecules_of

ORIGINS = 24  # places along each edge of OpenMM's patch at which it may be cut
BURIED = 0.35  # nm from a heavy atom of a solute; a lipid atom nearer to one is in its way
CORE, SLICE = 1.5, 0.3  # nm; the core of the membrane on each side of the midplane, looked at in slices
GRID, REACH = 0.05, 0.19  # nm; half of the distance at which heavy atoms touch is an atom's reach
TOO_NEAR = 0.16  # nm between heavy atoms; water that near to anything at the seam is left out
TRIED = 40  # of them, those that give the best number of lipids, are looked at for overlaps


@cache
def popc_patch() -> Surroundings:
    """Return OpenMM's POPC bilayer: 128 lipids and their water, the midplane at z = 0.

    One of its lipids is the mirror image of what occurs in nature, and is put right.
    """
    from openmm import app, unit

    structure = app.PDBFile(str(Path(app.__file__).parent / "data" / "POPC.pdb"))
    positions = np.array(structure.positions.value_in_unit(unit.nanometer))
    box = np.array(structure.topology.getUnitCellDimensions().value_in_unit(unit.nanometer))
    patch = molecules_of(structure.topology, positions, box)
    wrong = set(misshapen(patch))
    places = [mirrored(place) if n in wrong else place for n, place in enumerate(patch.places)]
    return patch.moved(np.vstack(places) - [0.0, 0.0, midplane(patch)])


def midplane(patch: Surroundings) -> float:
    """Return the height, in nanometres, halfway between the mean heights of the leaflets."""
    return float(np.mean([np.mean([patch.places[n][:, 2].mean() for n in leaf]) for leaf in patch.leaflets]))


def cut_patch(width: float, depth: float) -> Surroundings:
    """Return a POPC bilayer of a given size, cut from the endless tiling of OpenMM's patch.

    Of the cuts whose number of lipids suits the area, the one with the fewest overlaps at the seam is
    taken. The leaflets hold the same number of lipids. Lipids at the seam overlap until the patch is minimised;
    water that does is left out.

    Parameters
    ----------
    width, depth
        Along x and y, in nanometres.
    """
    source = popc_patch()
    box = np.array([width, depth, source.box[2]])
    wanted = len(source.lipids) * width * depth / np.prod(source.box[:2])
    cuts = []
    for origin in np.ndindex(ORIGINS, ORIGINS):
        leaflets = _window(source.part(source.lipids), box, origin).leaflets
        cuts.append((abs(2 * min(len(leaf) for leaf in leaflets) - wanted), origin))
    best, fewest = None, float("inf")
    for _, origin in sorted(cuts)[:TRIED]:
        window = _balanced(_window(source, box, origin))
        overlaps = len(window.part(window.lipids).overlapping())
        if overlaps < fewest:
            best, fewest = window, overlaps
    assert best is not None
    return without_overlapping_water(best)


def with_room(patch: Surroundings, solute: NDArray[np.float64]) -> Surroundings:
    """Return a patch without as many lipids as a solute takes the area of.

    They are those that overlap it the most, the same number from each leaflet. OpenMM's builder
    removes only what half of the solute's width overlaps, and the rest would be packed too densely.

    Parameters
    ----------
    solute : numpy.ndarray, shape (n, 3)
        Heavy atoms, in nanometres, in the frame of the patch.
    """
    return patch.without(buried_lipids(patch, solute))


def buried_lipids(patch: Surroundings, solute: NDArray[np.float64]) -> set[int]:
    """Return the lipids that `with_room` leaves out; no cholesterol, which is put beside the solute."""
    from scipy.spatial import cKDTree

    tree = cKDTree(solute)
    share = cross_section(solute) / np.prod(patch.box[:2])
    dropped: set[int] = set()
    for leaf in patch.leaflets:
        sterols = [n for n in leaf if patch.molecules[n].name == CHOLESTEROL]
        others = [n for n in leaf if patch.molecules[n].name != CHOLESTEROL]
        buried = {
            n: int((tree.query(patch.places[n][patch.molecules[n].heavy])[0] < BURIED).sum()) for n in others
        }
        deepest = sorted(others, key=lambda n: (-buried[n], n))
        whole = len(others) + len(sterols) * AREAS[CHOLESTEROL] / AREAS[POPC]
        dropped |= set(deepest[: round(share * whole)])
    return dropped


def crossing_lipids(patch: Surroundings, solute: NDArray[np.float64]) -> set[int]:
    """Return the lipids that OpenMM's builder will leave out: near the solute at half of its width.

    It takes as many from the other leaflet, the first that it finds.

    Parameters
    ----------
    solute : numpy.ndarray, shape (n, 3)
        All atoms, in nanometres, in the frame of the patch.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(at_half_width(solute))
    found = {n for n in patch.lipids if tree.query(patch.places[n])[0].min() < OVERLAP}
    most = max(len(found & set(leaf)) for leaf in patch.leaflets)
    for leaf in patch.leaflets:
        others = [n for n in leaf if n not in found]
        found |= set(others[: most - (len(leaf) - len(others))])
    return found


def at_half_width(solute: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a solute, shape (n, 3), as OpenMM's builder lets it grow from: half as wide, no less high."""
    middle = (solute.min(axis=0) + solute.max(axis=0)) / 2 * [1.0, 1.0, 0.0]
    return np.asarray((solute - middle) * [0.5, 0.5, 1.0] + middle)


def without_misshapen(patch: Surroundings) -> Surroundings:
    """Remove lipids that are turned over somewhere, and as many of the other leaflet: those across."""
    return without_lipids(patch, set(misshapen(patch)))


def without_lipids(patch: Surroundings, wrong: set[int]) -> Surroundings:
    """Remove lipids, and as many of each kind of the other leaflet: those across."""
    upper, lower = (set(leaf) for leaf in patch.leaflets)
    dropped = set(wrong)
    for leaf, other in ((upper, lower), (lower, upper)):
        for name in sorted({patch.molecules[n].name for n in wrong}):
            same = {n for n in leaf | other if patch.molecules[n].name == name}
            surplus = len(wrong & leaf & same) - len(wrong & other & same)
            for n in sorted(wrong & leaf & same)[: max(surplus, 0)]:
                middle = patch.places[n][:, :2].mean(axis=0)
                apart = {
                    m: patch.places[m][:, :2].mean(axis=0) - middle for m in sorted(other & same - dropped)
                }
                box = patch.box[:2]
                across = {m: float(np.linalg.norm(d - box * np.round(d / box))) for m, d in apart.items()}
                if across:
                    dropped.add(min(across, key=across.__getitem__))
    return patch.without(dropped)


def cross_section(solute: NDArray[np.float64]) -> float:
    """Return the mean area, in nm^2, that heavy atoms (n, 3) take in the core of a membrane."""
    from scipy.ndimage import binary_closing, binary_fill_holes
    from scipy.spatial import cKDTree

    areas = []
    for height in np.arange(-CORE, CORE, SLICE):
        flat = solute[(solute[:, 2] >= height) & (solute[:, 2] < height + SLICE), :2]
        if not len(flat):
            areas.append(0.0)
            continue
        low, high = flat.min(axis=0) - 1.0, flat.max(axis=0) + 1.0
        x, y = (np.arange(a, b, GRID) for a, b in zip(low, high, strict=True))
        points = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
        near = cKDTree(flat).query(points)[0] < REACH
        filled = binary_fill_holes(binary_closing(near, iterations=round(REACH / GRID)))
        areas.append(float(filled.sum()) * GRID**2)
    return float(np.mean(areas))


def without_overlapping_water(patch: Surroundings) -> Surroundings:
    """Remove water that overlaps anything, and put what is left behind the lipids."""
    wet = set(patch.water)
    dropped: set[int] = set()
    for first, second in patch.overlapping(TOO_NEAR).tolist():
        if first in dropped or second in dropped:
            continue
        dropped |= {second} & wet or {first} & wet
    return patch.part([*patch.lipids, *sorted(wet - dropped)])


def _window(source: Surroundings, box: NDArray[np.float64], origin: tuple[int, ...]) -> Surroundings:
    """Return the molecules whose middle lies in a window of the tiling, from one of the origins on."""
    edges = source.box[:2]
    corner = np.array(origin) / ORIGINS * edges
    middles = np.array([place[:, :2].mean(axis=0) for place in source.places])
    home = np.mod(middles, edges)
    counts = np.ceil(box[:2] / edges).astype(int) + 1
    molecules, places = [], []
    for tile in np.ndindex(*counts):
        shift = np.array(tile) * edges - corner
        inside = ((home + shift >= 0) & (home + shift < box[:2])).all(axis=1)
        for n in np.flatnonzero(inside).tolist():
            molecules.append(source.molecules[n])
            places.append(source.places[n] + [*(home[n] + shift - middles[n]), 0.0])
    return Surroundings(molecules, places, box)


def _balanced(patch: Surroundings) -> Surroundings:
    """Take lipids from the fuller leaflet, those that overlap the most first."""
    upper, lower = patch.leaflets
    counts = np.bincount(patch.overlapping().ravel(), minlength=len(patch.molecules))
    fuller = sorted(upper if len(upper) > len(lower) else lower, key=lambda n: (-counts[n], n))
    return patch.without(set(fuller[: abs(len(upper) - len(lower))]))
