"""One simulated complex, measured over its replicas: series, contacts, hydrogen bonds, energies, averages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.analysis.comparison import MeasuredComplex
from dock.analysis.geometry import anchor_distance, contacts, hydrogen_bonds, ligand_rmsd
from dock.analysis.statistics import Average, average_replicas
from dock.core.errors import AnalysisError
from dock.dynamics.energies import interaction_energies

if TYPE_CHECKING:
    import pandas as pd

    from dock.analysis.trajectory import ComplexTrajectory
    from dock.docking.pose import Pose
    from dock.dynamics.platforms import Processor
    from dock.dynamics.systems import ComplexSystem

# What is averaged, with its unit in the name.
QUANTITIES = (
    "ligand_rmsd_A",
    "anchor_distance_A",
    "interaction_kcal_mol",
    "vdw_kcal_mol",
    "electrostatic_kcal_mol",
)


@dataclass(frozen=True)
class ComplexAnalysis:
    """What was measured of one simulated complex.

    Attributes
    ----------
    series : pandas.DataFrame
        A row a frame: ``replica``, ``time_ps`` and the quantities, each named with its unit.
    contacts : pandas.DataFrame
        Columns residue, occupancy, error, samples; by falling occupancy.
    hydrogen_bonds : pandas.DataFrame
        Columns donor, acceptor, occupancy.
    """

    series: pd.DataFrame
    contacts: pd.DataFrame
    hydrogen_bonds: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table by name."""
        return {
            "series": self.series,
            "contacts": self.contacts,
            "hydrogen_bonds": self.hydrogen_bonds,
        }

    def averages(self) -> dict[str, Average]:
        """Return the average of each measured quantity."""
        replicas = [replica for _, replica in self.series.groupby("replica")]
        return {
            name: average_replicas([replica[name] for replica in replicas])
            for name in QUANTITIES
            if name in self.series
        }

    def measured(self, pose: Pose) -> MeasuredComplex:
        """Return the complex, whose simulation started from `pose`, as something to be compared."""
        return MeasuredComplex.from_pose(pose, self.averages(), self.contacts)

    def summary(self) -> dict[str, Any]:
        """Return the averages: mean, standard error and independent samples by quantity.

        The error of too few samples is None.
        """
        averages = {
            name: {
                "mean": value.mean,
                "error": value.error if np.isfinite(value.error) else None,
                "samples": value.samples,
            }
            for name, value in self.averages().items()
        }
        replicas = int(self.series["replica"].nunique())
        return {"frames": len(self.series), "replicas": replicas, "averages": averages}


def analyse_complex(
    replicas: Sequence[ComplexTrajectory], system: ComplexSystem, processor: Processor
) -> ComplexAnalysis:
    """Measure a simulated complex.

    Parameters
    ----------
    replicas
        The trajectory of each replica, one at least.
    system
        The system that was simulated, for its energies.

    Raises
    ------
    AnalysisError
        If a trajectory and the system are not of the same atoms, or a value is not finite.
    """
    import pandas as pd

    series = [_series(trajectory, system, processor) for trajectory in replicas]
    for number, table in enumerate(series, start=1):
        table.insert(0, "replica", number)
    touching = [contacts(trajectory) for trajectory in replicas]
    bonds = [hydrogen_bonds(trajectory) for trajectory in replicas]
    weights = [trajectory.frames.n_frames for trajectory in replicas]
    return ComplexAnalysis(
        pd.concat(series, ignore_index=True), _occupancies(touching), _pooled_bonds(bonds, weights)
    )


def _series(trajectory: ComplexTrajectory, system: ComplexSystem, processor: Processor) -> pd.DataFrame:
    """Measure one replica, a row a frame."""
    import pandas as pd

    if trajectory.frames.n_atoms != len(system.partner) + len(system.ligand):
        raise AnalysisError(trajectory.pose.ligand.name, "trajectory and system differ in atoms")
    energies = interaction_energies(system, trajectory.frames.xyz, processor)
    series = pd.DataFrame({"time_ps": trajectory.times, "ligand_rmsd_A": ligand_rmsd(trajectory)})
    anchor = anchor_distance(trajectory)
    if anchor is not None:
        series["anchor_distance_A"] = anchor
    series["interaction_kcal_mol"] = energies["total"]
    series["vdw_kcal_mol"] = energies["vdw"]
    # Their sum alone: either changes by up to 150 kcal/mol with the residues that are kept, the sum by less than 5.
    series["electrostatic_kcal_mol"] = energies["coulomb"] + energies["solvation"]
    return series


def _occupancies(touching: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return how often each residue is touched; one that a replica never touches counts as never there."""
    import pandas as pd

    rows = []
    for residue in dict.fromkeys(name for table in touching for name in table):
        flags = [
            table[residue].astype(float) if residue in table else pd.Series(0.0, index=table.index)
            for table in touching
        ]
        value = average_replicas(flags)
        rows.append(
            {
                "residue": residue,
                "occupancy": value.mean,
                "error": value.error,
                "samples": value.samples,
            }
        )
    table = pd.DataFrame(rows, columns=["residue", "occupancy", "error", "samples"])
    return table.sort_values("occupancy", ascending=False, kind="stable", ignore_index=True)


def _pooled_bonds(bonds: Sequence[pd.DataFrame], weights: Sequence[int]) -> pd.DataFrame:
    """Return the hydrogen bonds of all replicas, their occupancies averaged over all frames."""
    import pandas as pd

    shares = [weight / sum(weights) for weight in weights]
    parts = [
        table.assign(occupancy=table["occupancy"] * share) for table, share in zip(bonds, shares, strict=True)
    ]
    pooled = pd.concat(parts).groupby(["donor", "acceptor"], sort=False)["occupancy"].sum().reset_index()
    return pooled.sort_values("occupancy", ascending=False, kind="stable", ignore_index=True)
