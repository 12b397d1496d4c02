"""Rings that something passes through: no simulation gets a bond out of a ring again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dock.systems.membrane.surroundings import WATER, Surroundings, periodic_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

LARGEST = 6  # atoms of a ring that is looked at
NEAR = 0.3  # nm from the middle of a ring to that of a bond; one farther off cannot pass through


def rings_of(bonds: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the smallest ring through each bond, its atoms in order, if it has six atoms or fewer."""
    neighbours: dict[int, set[int]] = {}
    for first, second in bonds:
        neighbours.setdefault(first, set()).add(second)
        neighbours.setdefault(second, set()).add(first)
    ends = [atom for atom, others in neighbours.items() if len(others) == 1]
    while ends:  # what hangs on a ring is not in it
        atom = ends.pop()
        for other in neighbours.pop(atom):
            neighbours[other].discard(atom)
            if len(neighbours[other]) == 1:
                ends.append(other)
    rings: dict[frozenset[int], list[int]] = {}
    for first, others in neighbours.items():
        for second in sorted(others):
            ring = _ring(neighbours, first, second) if first < second else None
            if ring:
                rings.setdefault(frozenset(ring), ring)
    return list(rings.values())


def piercings(
    rings: Sequence[NDArray[np.float64]], bonds: NDArray[np.float64], box: NDArray[np.float64]
) -> list[tuple[int, int]]:
    """Return the pairs of a ring and a bond that passes through it.

    Parameters
    ----------
    rings : sequence of numpy.ndarray, shape (n, 3)
        Places of their atoms, in order, in nanometres.
    bonds : numpy.ndarray, shape (n, 2, 3)
        Both ends of each, in nanometres.
    box : numpy.ndarray, shape (3,)
        Edges of the periodic box.
    """
    if not rings or not len(bonds):
        return []
    middles = bonds.mean(axis=1)
    centres = np.array([ring.mean(axis=0) for ring in rings])
    tree, wrap = periodic_tree(middles, box)
    found = []
    for n, near in enumerate(tree.query_ball_point(wrap(centres), NEAR)):
        for m in sorted(near):
            apart = middles[m] - centres[n]
            image = box * np.round(apart / box)
            if _through(rings[n] - centres[n], bonds[m] - centres[n] - image):
                found.append((n, m))
    return found


def pierced(
    surroundings: Surroundings, topology: Topology | None = None, solute: NDArray[np.float64] | None = None
) -> set[int]:
    """Return the molecules with a ring that another's bond passes through, or in a ring of the solute.

    Parameters
    ----------
    topology : openmm.app.Topology, optional
        Of the solute.
    solute : numpy.ndarray, shape (n, 3), optional
        Places of its atoms, in nanometres, in the frame of the box.
    """
    rings, ring_owners = [], []
    bonds, bond_owners = [], []
    known = {kind: rings_of(kind.bonds) for kind in dict.fromkeys(surroundings.molecules)}
    for n, (kind, place) in enumerate(zip(surroundings.molecules, surroundings.places, strict=True)):
        if kind.bonds and kind.name != WATER:
            rings += [place[ring] for ring in known[kind]]
            ring_owners += [n] * len(known[kind])
            bonds.append(place[np.array(kind.bonds)])
            bond_owners += [n] * len(kind.bonds)
    if topology is not None and solute is not None:
        pairs = [(first.index, second.index) for first, second in topology.bonds()]
        inside = rings_of(pairs)
        rings += [solute[ring] for ring in inside]
        ring_owners += [-1] * len(inside)
        bonds.append(solute[np.array(pairs)])
        bond_owners += [-1] * len(pairs)
    if not bonds:
        return set()
    found = set()
    for ring, bond in piercings(rings, np.concatenate(bonds), surroundings.box):
        of_ring, of_bond = ring_owners[ring], bond_owners[bond]
        if of_ring != of_bond:
            found.add(of_bond if of_ring < 0 else of_ring)
    return found


def _ring(neighbours: dict[int, set[int]], first: int, second: int) -> list[int] | None:
    """Return the smallest ring in which two bound atoms are, if there is one."""
    paths = [[first]]
    seen = {first}
    for _ in range(LARGEST - 1):
        longer = []
        for path in paths:
            for atom in sorted(neighbours[path[-1]]):
                if atom == second and len(path) > 1:
                    return [*path, second]
                if atom not in seen and atom != second:
                    seen.add(atom)
                    longer.append([*path, atom])
        paths = longer
    return None


def _through(ring: NDArray[np.float64], bond: NDArray[np.float64]) -> bool:
    """Tell whether a bond (2, 3) passes the polygon of a ring (n, 3) in its mean plane, its middle at 0."""
    _, _, axes = np.linalg.svd(ring)
    heights = bond @ axes[2]
    if heights[0] * heights[1] >= 0:
        return False
    place = bond[0] + heights[0] / (heights[0] - heights[1]) * (bond[1] - bond[0])
    corners = (ring - place) @ axes[:2].T
    following = np.roll(corners, -1, axis=0)
    crossed = corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]
    # Seen from inside, the corners go round once; from outside, not at all.
    return abs(float(np.arctan2(crossed, (corners * following).sum(axis=1)).sum())) > np.pi
