"""How far the ligand is from where it was docked."""

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

RMSD = Measured(
    "ligand_rmsd_A",
    "ligand RMSD from the docked pose",
    ANGSTROM,
    "ligand RMSD",
    from_zero=True,
    replicas_differ_by=Spread(0.26, 5.0),
    cut_error=0.17,
)


def ligand_rmsd(trajectory: ComplexTrajectory) -> NDArray[np.float64]:
    """Return the heavy-atom RMSD of the ligand from its docked pose, over time.

    Symmetry-equivalent atoms are matched to give the smallest value in each frame; nothing
    is fitted, so that moving and turning count.

    Returns
    -------
    numpy.ndarray, shape (n_frames,)
        In angstrom.
    """
    from rdkit import Chem
    from rdkit.Chem import rdMolAlign

    docked = Chem.RemoveHs(trajectory.pose.mol)
    moving = Chem.Mol(docked)
    moving.RemoveAllConformers()
    for places in trajectory.frames.xyz[:, trajectory.ligand_heavy] * NM_TO_A:
        conformer = Chem.Conformer(len(places))
        conformer.SetPositions(np.ascontiguousarray(places, dtype=float))
        moving.AddConformer(conformer, assignId=True)
    return np.array([rdMolAlign.CalcRMS(moving, docked, prbId=c.GetId()) for c in moving.GetConformers()])


MEASURE = Measure(1, (RMSD,), lambda trajectory, *_: {RMSD.name: ligand_rmsd(trajectory)})
