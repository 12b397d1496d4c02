"""Where the ligand is and what it touches, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import AnalysisError
from dock.core.units import NM_TO_A

if TYPE_CHECKING:
    import pandas as pd

    from dock.analysis.trajectory import ComplexTrajectory

CONTACT_CUTOFF = 4.0  # angstrom between heavy atoms, as for the contacts of 6VRH


def contacts(trajectory: ComplexTrajectory) -> pd.DataFrame:
    """Return which residues touch the ligand in each frame.

    Returns
    -------
    pandas.DataFrame
        Rows are frames, columns are residues (``ASP98``) that touch it at least once; True
        where a heavy atom of the residue lies within 4 A of one of the ligand.
    """
    import pandas as pd
    from scipy.spatial.distance import cdist

    heavy = {
        trajectory.labels[residue.index]: [a.index for a in residue.atoms if a.element.symbol != "H"]
        for residue in trajectory.receptor_residues()
    }
    atoms = np.concatenate([np.array(indices) for indices in heavy.values()])
    starts = np.cumsum([0, *(len(indices) for indices in heavy.values())])[:-1]
    touching = np.empty((trajectory.frames.n_frames, len(heavy)), dtype=bool)
    for number, frame in enumerate(trajectory.frames.xyz):
        nearest = cdist(frame[atoms], frame[trajectory.ligand_heavy]).min(axis=1)
        touching[number] = np.minimum.reduceat(nearest, starts) * NM_TO_A <= CONTACT_CUTOFF
    table = pd.DataFrame(touching, columns=list(heavy))
    return table.loc[:, table.any()]


def hydrogen_bonds(trajectory: ComplexTrajectory) -> pd.DataFrame:
    """Return how often each hydrogen bond between ligand and receptor is there.

    The criterion is that of Wernet and Nilsson (Science 304, 995, 2004), by mdtraj: a cone
    around the donor's hydrogen.

    Returns
    -------
    pandas.DataFrame
        Columns donor, acceptor, occupancy (fraction of frames), by falling occupancy.

    Raises
    ------
    AnalysisError
        If the trajectory has no frames.
    """
    import mdtraj
    import pandas as pd

    if trajectory.frames.n_frames == 0:
        raise AnalysisError("hydrogen bonds", "the trajectory has no frames")
    ligand = set(trajectory.ligand.tolist())
    counts: dict[tuple[str, str], int] = {}
    for frame in mdtraj.wernet_nilsson(trajectory.frames, periodic=False):
        found = {
            (_label(trajectory, int(donor)), _label(trajectory, int(acceptor)))
            for donor, _, acceptor in frame
            if (donor in ligand) != (acceptor in ligand)
        }
        for pair in found:
            counts[pair] = counts.get(pair, 0) + 1
    rows = [
        {"donor": donor, "acceptor": acceptor, "occupancy": n / trajectory.frames.n_frames}
        for (donor, acceptor), n in sorted(counts.items(), key=lambda item: -item[1])
    ]
    return pd.DataFrame(rows, columns=["donor", "acceptor", "occupancy"])


def _label(trajectory: ComplexTrajectory, index: int) -> str:
    atom = trajectory.frames.topology.atom(index)
    return f"{trajectory.labels[atom.residue.index]} {atom.name}"
