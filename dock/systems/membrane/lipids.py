"""The shape of lipids: which way round they are at their stereo centres, double bonds and esters.

A minimisation that pulls overlapping lipids apart can turn them over there, and no simulation turns them
back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from dock.systems.membrane.surroundings import Surroundings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System

POPC, CHOLESTEROL = "POP", "CHL1"
# nm^2 that one takes of its leaflet: POPC as in OpenMM's patch, cholesterol as in its own monolayer. That
# they add up is an approximation.
AREAS = {POPC: 0.66, CHOLESTEROL: 0.38}
# By residue: torsions, of which the first is the improper one of a stereo centre, with their right angles
# in degrees. POPC: sn-glycerol C2 (R, as in nature), the cis double bond of the oleoyl chain, two Z esters.
# Cholesterol: its eight stereo centres, all improper (3S, 8S, 9S, 10R, 13R, 14S, 17R, 20R).
SHAPES = {
    POPC: (
        (("C2", "C1", "C3", "O21"), -35.0),
        (("C28", "C29", "C210", "C211"), 0.0),
        (("C2", "O21", "C21", "C22"), 180.0),
        (("C3", "O31", "C31", "C32"), 180.0),
    ),
    CHOLESTEROL: (
        (("C3", "O3", "C4", "C2"), 35.0),
        (("C8", "C7", "C14", "C9"), -35.0),
        (("C9", "C8", "C11", "C10"), 35.0),
        (("C10", "C5", "C9", "C19"), 35.0),
        (("C13", "C14", "C17", "C18"), 35.0),
        (("C14", "C8", "C15", "C13"), 35.0),
        (("C17", "C16", "C13", "C20"), -35.0),
        (("C20", "C17", "C21", "C22"), 35.0),
    ),
}
WRONG = 60.0  # degrees off; beyond, the torsion is another
HOLD = 500.0  # kJ/mol, half of the height of the barrier that keeps a torsion from turning over


def misshapen(surroundings: Surroundings) -> list[int]:
    """Return the lipids with a torsion that is turned over."""
    wrong = []
    for n in surroundings.lipids:
        indices = {name: i for i, (name, _) in enumerate(surroundings.molecules[n].atoms)}
        for names, right in SHAPES.get(surroundings.molecules[n].name, ()):
            found = torsion(surroundings.places[n][[indices[name] for name in names]])
            if abs((found - right + 180.0) % 360.0 - 180.0) > WRONG:
                wrong.append(n)
                break
    return wrong


def torsion(places: NDArray[np.float64]) -> float:
    """Return the dihedral angle of four places, shape (4, 3), in degrees, with OpenMM's sign."""
    first, middle, last = np.diff(places, axis=0)
    normal, other = np.cross(first, middle), np.cross(middle, last)
    return float(np.degrees(np.arctan2(np.linalg.norm(middle) * (first @ other), normal @ other)))


def mirrored(place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mirror image of a molecule, shape (n, 3), in the upright plane that it lies in best."""
    flat = place[:, :2] - place[:, :2].mean(axis=0)
    _, directions = np.linalg.eigh(flat.T @ flat)
    across = np.append(directions[:, 0], 0.0)  # the direction it reaches out the least
    return np.asarray(place - 2 * np.outer((place - place.mean(axis=0)) @ across, across))


@contextmanager
def held_in_shape(system: System, surroundings: Surroundings) -> Iterator[None]:
    """Keep the torsions of lipids right while the block runs; the system is that of the surroundings."""
    import openmm

    force = openmm.CustomTorsionForce("hold*(1-cos(theta-right))")
    force.addGlobalParameter("hold", HOLD)
    force.addPerTorsionParameter("right")
    starts = np.cumsum([0, *(len(place) for place in surroundings.places)])
    for n in surroundings.lipids:
        indices = {name: int(starts[n]) + i for i, (name, _) in enumerate(surroundings.molecules[n].atoms)}
        for names, right in SHAPES.get(surroundings.molecules[n].name, ()):
            force.addTorsion(*(indices[name] for name in names), [np.radians(right)])
    number = system.addForce(force)
    try:
        yield
    finally:
        system.removeForce(number)
