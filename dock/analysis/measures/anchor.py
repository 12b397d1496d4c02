"""How far the ligand's amine is from the residue that anchors amines in its site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.analysis.measures.base import Measure, Measured
from dock.analysis.statistics import Spread
from dock.core.quantities import ANGSTROM
from dock.core.units import NM_TO_A

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dock.analysis.trajectory import ComplexTrajectory
    from dock.forcefield.platforms import Processor
    from dock.systems.complexes import ComplexSystem

ANCHOR = Measured(
    "anchor_distance_A",
    "amine to anchor",
    ANGSTROM,
    "amine to anchor",
    of_a_site=True,
    from_zero=True,
    replicas_differ_by=Spread(0.42, 5.0),
    cut_error=0.15,
)


def anchor_distance(trajectory: ComplexTrajectory) -> NDArray[np.float64] | None:
    """Return the smallest distance from an amine nitrogen to the site's anchor, over time.

    Returns
    -------
    numpy.ndarray of shape (n_frames,), or None
        In angstrom; None where the ligand has no protonated amine, or the site no anchor.
    """
    places = trajectory.anchor_places()
    if places is None or not len(trajectory.amines):
        return None
    amines = trajectory.frames.xyz[:, trajectory.amines]
    gaps = np.linalg.norm(amines[:, :, None] - places[:, None], axis=3)
    return np.asarray(gaps.min(axis=(1, 2)) * NM_TO_A, dtype=float)


def _values(trajectory: ComplexTrajectory, _: ComplexSystem, __: Processor) -> dict[str, NDArray[np.float64]]:
    distances = anchor_distance(trajectory)
    return {} if distances is None else {ANCHOR.name: distances}


MEASURE = Measure(2, (ANCHOR,), _values)
