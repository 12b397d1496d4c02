"""Occupancy: a ligand in a site with another site empty, against the same with it occupied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dock.docking.pose import Pose

COLUMNS = (
    "occupied", "empty_vinardo_kcal_mol", "occupied_vinardo_kcal_mol", "difference_kcal_mol", "error_kcal_mol", "seeds",
    "empty_cnn_probability", "occupied_cnn_probability", "shift_A",
)  # fmt: skip


def compare_occupancy(
    empty: Pose, empty_energies: Sequence[float], occupied: Pose, occupied_energies: Sequence[float]
) -> dict[str, Any]:
    """Return how docking into a site changes when another site is occupied, as plain values.

    Parameters
    ----------
    empty, occupied
        The best poses of a ligand in one site.
    empty_energies, occupied_energies
        The Vinardo energy of the top pose of each seed, in kcal/mol.

    Returns
    -------
    dict
        Means over the seeds, their difference (occupied less empty) with its standard error, which is
        None for fewer than two seeds or if every seed gave the same: it tells of the search alone,
        not of the scoring function. Energies in kcal/mol, the shift between the best poses in angstrom.
    """
    means = [float(np.mean(energies)) for energies in (empty_energies, occupied_energies)]
    error = _standard_error(empty_energies, occupied_energies)
    return {
        "ligand": occupied.ligand.name,
        "site": occupied.searched,
        "occupied": occupied.occupied,
        "empty_vinardo_kcal_mol": round(means[0], 2),
        "occupied_vinardo_kcal_mol": round(means[1], 2),
        "difference_kcal_mol": round(means[1] - means[0], 2),
        "error_kcal_mol": None if error is None else round(error, 2),
        "seeds": len(occupied_energies),
        "empty_cnn_probability": round(empty.properties["cnn_probability"], 3),
        "occupied_cnn_probability": round(occupied.properties["cnn_probability"], 3),
        "shift_A": round(occupied.rmsd(empty.mol), 2),
    }


def _standard_error(*samples: Sequence[float]) -> float | None:
    """Return the standard error of the difference of two means, or None where it is not known."""
    if any(len(sample) < 2 for sample in samples):
        return None
    square = sum(float(np.var(sample, ddof=1)) / len(sample) for sample in samples)
    return square**0.5 or None
