"""Ions: whether each stays where it is held, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.dynamics.region import ion_holders
from dock.receptors.receptor import residue_labels

if TYPE_CHECKING:
    import pandas as pd

    from dock.analysis.trajectory import ComplexTrajectory

NM_TO_A = 10.0
LEAVES = 1.0  # angstrom from where it was, against what holds it
WINDOW = 5  # frames whose median counts: an ion that rattles has not left
SUMMARY = ("ion", "atoms", "first_A", "mean_A", "shift_A", "left")
COLUMNS = ("time_ps", "ion", "shift_A", "atom", "distance_A")


def ion_distances(trajectory: ComplexTrajectory) -> pd.DataFrame:
    """Return the distances of each ion to the atoms that hold it, in every frame.

    Returns
    -------
    pandas.DataFrame
        Columns time_ps, ion (``NA707``), shift_A, atom (``ASN101 OD1``), distance_A; a row for each frame, ion
        and atom that held it in the prepared receptor. The shift is how far the ion is, against the centroid
        of these atoms, from where it was there. Ions that are not in the system are not in the table.
    """
    import pandas as pd

    receptor = trajectory.receptor
    labels, residues = residue_labels(receptor.topology), list(receptor.topology.residues())
    parts = []
    for index, atoms in ion_holders(receptor).items():
        (ion,) = residues[index].atoms()
        at = trajectory.residue_atoms(labels[index], (ion.name,))
        held_by = {
            f"{labels[atom.residue.index]} {atom.name}": trajectory.residue_atoms(
                labels[atom.residue.index], (atom.name,)
            )
            for atom in atoms
        }
        if not len(at) or not held_by or not all(len(found) for found in held_by.values()):
            continue
        places = trajectory.frames.xyz[:, np.concatenate([at, *held_by.values()])] * NM_TO_A
        before = receptor.positions[[ion.index, *(atom.index for atom in atoms)]] * NM_TO_A
        off, off_before = (xyz[..., 0, :] - xyz[..., 1:, :].mean(axis=-2) for xyz in (places, before))
        shift = np.linalg.norm(off - off_before, axis=1)
        for number, name in enumerate(held_by, start=1):
            distances = np.linalg.norm(places[:, 0] - places[:, number], axis=1)
            columns = (trajectory.times, labels[index], shift, name, distances)
            parts.append(pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def ion_summary(distances: pd.DataFrame) -> pd.DataFrame:
    """Return how each ion fared over all replicas.

    Parameters
    ----------
    distances
        As `ion_distances` returns, with a column replica.

    Returns
    -------
    pandas.DataFrame
        Columns ion, atoms, first_A and mean_A (distance to those atoms on average, in the first frames and in
        all), shift_A (the largest median of five successive frames), left (whether that exceeds 1 A).
    """
    import pandas as pd

    rows = []
    for ion, table in distances.groupby("ion", sort=False):
        by_frame = table.groupby(["replica", "time_ps"], sort=False).agg(
            {"shift_A": "first", "distance_A": "mean"}
        )
        shift = max(
            series.rolling(min(WINDOW, len(series))).median().max()
            for _, series in by_frame["shift_A"].groupby("replica")
        )
        rows.append(
            {
                "ion": ion,
                "atoms": ", ".join(dict.fromkeys(table["atom"])),
                "first_A": by_frame["distance_A"].groupby("replica").first().mean(),
                "mean_A": by_frame["distance_A"].mean(),
                "shift_A": shift,
                "left": bool(shift > LEAVES),
            }
        )
    return pd.DataFrame(rows, columns=list(SUMMARY))
