"""Ions: whether each stays where it is held, frame by frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.units import NM_TO_A
from dock.receptors.receptor import residue_labels
from dock.systems.coordination import holding, ion_holders

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dock.analysis.trajectory import ComplexTrajectory

LEAVES = 1.0  # angstrom from where it was, against what holds it
HALF = 0.5  # of the frames
WINDOW = 5  # frames whose median counts: an ion that rattles has not left
SUMMARY = ("ion", "atoms", "first_A", "mean_A", "shift_A", "left", "lost", "gained")
COLUMNS = ("time_ps", "ion", "shift_A", "atom", "distance_A", "holds_at", "prepared")


def ion_distances(trajectory: ComplexTrajectory) -> pd.DataFrame:
    """Return the distances of each ion to the atoms that hold it, in every frame.

    Returns
    -------
    pandas.DataFrame
        Columns time_ps, ion (``NA707``), shift_A, atom (``ASN101 OD1``), distance_A, holds_at (the distance, in
        angstrom, within which an atom holds the ion) and prepared (whether it did in the prepared receptor); a row
        for each frame, ion and atom that holds it there or in any frame. The shift is how far the ion is, against
        the centroid of the atoms that held it in the prepared receptor, from where it was there. Ions that are
        not in the system are not in the table.
    """
    import pandas as pd

    receptor = trajectory.receptor
    labels, residues = residue_labels(receptor.topology), list(receptor.topology.residues())
    parts = []
    for index, atoms in ion_holders(receptor).items():
        (ion,) = residues[index].atoms()
        at = trajectory.residue_atoms(labels[index], (ion.name,))
        before = [trajectory.residue_atoms(labels[atom.residue.index], (atom.name,)) for atom in atoms]
        if not len(at) or not before or not all(len(found) for found in before):
            continue
        held_by = np.concatenate(before)
        shift = _shift(
            trajectory, int(at[0]), held_by, receptor.positions[[ion.index, *(a.index for a in atoms)]]
        )
        reach, holds = holding(ion)
        others = np.array([a.index for a in trajectory.frames.topology.atoms if holds(a)], dtype=int)
        apart = _apart(trajectory, int(at[0]), others)
        coming = [other for other, gaps in zip(others, apart.T, strict=True) if gaps.min() <= reach * NM_TO_A]
        for number in dict.fromkeys([*held_by.tolist(), *coming]):
            atom = trajectory.frames.topology.atom(number)
            columns = (
                trajectory.times,
                labels[index],
                shift,
                f"{trajectory.labels[atom.residue.index]} {atom.name}",
                _apart(trajectory, int(at[0]), np.array([number]))[:, 0],
                reach * NM_TO_A,
                number in held_by,
            )
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
        Columns ion, atoms, first_A and mean_A (distance to the atoms that held it when prepared, on average, in the
        first frames and in all), shift_A (the largest median of five successive frames), left (whether that exceeds
        1 A), lost and gained: atoms that held it when prepared and in less than half of the frames do, and
        the other way round. The centroid hides the loss of one of several holders, these do not.
    """
    import pandas as pd

    rows = []
    for ion, table in distances.groupby("ion", sort=False):
        before = table[table["prepared"].astype(bool)]
        by_frame = before.groupby(["replica", "time_ps"], sort=False).agg(
            {"shift_A": "first", "distance_A": "mean"}
        )
        shift = max(
            series.rolling(min(WINDOW, len(series))).median().max()
            for _, series in by_frame["shift_A"].groupby("replica")
        )
        # An atom that comes near in one replica only is not in the tables of the others: it does not hold there.
        near = table["distance_A"] <= table["holds_at"]
        share = near.groupby(table["atom"], sort=False).sum() / len(by_frame)
        first = set(before["atom"])
        rows.append(
            {
                "ion": ion,
                "atoms": ", ".join(dict.fromkeys(before["atom"])),
                "first_A": by_frame["distance_A"].groupby("replica").first().mean(),
                "mean_A": by_frame["distance_A"].mean(),
                "shift_A": shift,
                "left": bool(shift > LEAVES),
                "lost": ", ".join(atom for atom in share.index if atom in first and share[atom] < HALF),
                "gained": ", ".join(
                    atom for atom in share.index if atom not in first and share[atom] >= HALF
                ),
            }
        )
    return pd.DataFrame(rows, columns=list(SUMMARY))


def _shift(
    trajectory: ComplexTrajectory, ion: int, held_by: NDArray[np.int64], prepared: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far an ion is from where it was, against the centroid of the atoms given, in angstrom by frame."""
    places = trajectory.frames.xyz[:, [ion, *held_by.tolist()]] * NM_TO_A
    off, before = (xyz[..., 0, :] - xyz[..., 1:, :].mean(axis=-2) for xyz in (places, prepared * NM_TO_A))
    return np.asarray(np.linalg.norm(off - before, axis=1))


def _apart(trajectory: ComplexTrajectory, ion: int, others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the distances from an ion to atoms, in angstrom, shape (n_frames, n_atoms)."""
    xyz = trajectory.frames.xyz
    return np.asarray(np.linalg.norm(xyz[:, others] - xyz[:, [ion]], axis=2) * NM_TO_A)
