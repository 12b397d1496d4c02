"""Ranking: poses of all engines, seeds and ring conformers by one measure, freed of repeats.

The measure of a pose is

    logit(p) - (E - median E) / (4 max(IQR E, 1 kcal/mol)) - strain / (20 kcal/mol)

with the network's probability p that the pose is right, the Vinardo energy E, whose median and
interquartile range (IQR) are those of the poses that are ranked together, and the ligand's strain.
The first two terms and their weights are rustina's own (rustina 0.9.0, README); the strain makes up
for what the energy of a rigid ring does not hold. What it gains is measured in
benchmarks/RESULTS.md, by `benchmarks/redocking.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dock.ligands.conformers import symmetries

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dock.docking.pose import Pose

DISTINCT = 1.0  # angstrom; poses nearer to a better one are the same pose
ENERGY_WEIGHT = 0.25
STRAIN_WEIGHT = 0.05  # per kcal/mol
MIN_SPREAD = 1.0  # kcal/mol
CERTAINTY = 1e-3  # the network never says 0 or 1


def rank_scores(
    probabilities: ArrayLike,
    energies: ArrayLike,
    strains: ArrayLike,
    energy_weight: float = ENERGY_WEIGHT,
    strain_weight: float = STRAIN_WEIGHT,
) -> NDArray[np.float64]:
    """Return the measure of each pose; higher is better.

    Parameters
    ----------
    probabilities, energies, strains : array_like, shape (n_poses,)
        Energies and strains in kcal/mol.
    energy_weight
        Of the energy, in units of its spread.
    strain_weight
        Of the strain, per kcal/mol.

    Returns
    -------
    numpy.ndarray, shape (n_poses,)
        Without a unit.
    """
    p = np.clip(np.asarray(probabilities, dtype=float), CERTAINTY, 1 - CERTAINTY)
    energy = np.asarray(energies, dtype=float)
    low, median, high = np.percentile(energy, (25, 50, 75))
    spread = max(high - low, MIN_SPREAD)
    strain = np.asarray(strains, dtype=float)
    values = np.log(p / (1 - p)) - energy_weight * (energy - median) / spread - strain_weight * strain
    return np.asarray(values)


def ranked(poses: Sequence[Pose], searches: int) -> list[Pose]:
    """Return the poses of one ligand, best first, without repeats.

    Of poses within 1 A of each other (heavy atoms, symmetry-aware) the best one stays. It carries
    its ``rank_score``, and as ``found_by`` the share of the searches that came upon it.

    Parameters
    ----------
    poses
        As engines found them, with their own ranks.
    searches
        How many searches they come from.
    """
    if not poses:
        return []
    probabilities, energies, strains = np.array([_terms(pose) for pose in poses]).T
    values = rank_scores(probabilities, energies, strains)
    order = sorted(range(len(poses)), key=lambda index: (-values[index], poses[index].origin))
    coordinates = np.array([pose.heavy_coordinates for pose in poses])
    images = np.array(symmetries(poses[0].ligand.mol))
    chosen: list[Pose] = []
    while order:
        best = order[0]
        same = _within(coordinates[order], coordinates[best], images)
        group = [index for index, near in zip(order, same, strict=True) if near]
        found = len({poses[index].origin[:-1] for index in group}) / searches
        measures = {"rank_score": float(values[best]), "found_by": found}
        chosen.append(
            replace(poses[best], rank=len(chosen) + 1, properties={**poses[best].properties, **measures})
        )
        order = [index for index, near in zip(order, same, strict=True) if not near]
    return chosen


def _terms(pose: Pose) -> tuple[float, float, float]:
    properties = pose.properties
    return properties["cnn_probability"], properties["vinardo_kcal_mol"], properties["strain_kcal_mol"]


def _within(
    coordinates: NDArray[np.float64], reference: NDArray[np.float64], images: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which poses are within 1 A of a reference under any symmetry; no pose is moved."""
    closest = [
        min(np.square(pose[image] - reference).sum() for image in images) / len(reference)
        for pose in coordinates
    ]
    return np.array(closest) <= DISTINCT**2
