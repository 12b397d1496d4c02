"""One simulated complex, measured over its replicas: series, contacts, hydrogen bonds, energies, averages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.analysis.comparison import MeasuredComplex
from dock.analysis.geometry import contacts, hydrogen_bonds
from dock.analysis.ions import ion_distances, ion_summary
from dock.analysis.measures import energies, measured, measures
from dock.analysis.statistics import MIN_SAMPLES, Average, average_replicas
from dock.core.errors import AnalysisError
from dock.core.keys import content_key
from dock.dynamics.frames import degrees_of_freedom
from dock.dynamics.settling import mean_temperature_error
from dock.forcefield.parameters import parameter_penalties
from dock.systems.energies import cut_corrections

if TYPE_CHECKING:
    import pandas as pd

    from dock.analysis.trajectory import ComplexTrajectory
    from dock.docking.pose import Pose
    from dock.dynamics.protocol import SimulationSettings
    from dock.forcefield.parameters import Penalty
    from dock.forcefield.platforms import Processor
    from dock.systems.complexes import ComplexSystem

# By how many standard errors, and by what share, a mean temperature must be off to be told.
HEAT_SIGMAS, HEAT_SHARE = 4.0, 0.02
# What the part of the receptor outside a site system adds to.
CORRECTED = tuple(quantity.name for quantity in energies.MEASURE.measured)


@dataclass(frozen=True)
class ComplexAnalysis:
    """What was measured of one simulated complex.

    Attributes
    ----------
    series : pandas.DataFrame
        A row a frame: ``replica``, ``time_ps`` and the quantities, each named with its unit. Energies are
        those between the ligand and what was simulated.
    contacts : pandas.DataFrame
        Columns residue, occupancy, error, samples; by falling occupancy.
    hydrogen_bonds : pandas.DataFrame
        Columns donor, acceptor, occupancy.
    ions : pandas.DataFrame
        Column ``replica`` and those of `dock.analysis.ions.ion_distances`.
    corrections : pandas.DataFrame
        Of a site system, a row for each frame that was put back into the whole receptor: ``replica``,
        ``time_ps``, and what the energies change by. Empty for systems that hold the whole receptor.
    atoms : str
        Content key of the receptor's atoms that were simulated, of which of them moved, and of how ligands got
        their charges.
    penalties : list of Penalty
        Terms of the ligand's parameters that were borrowed from unlike atom types; see `HIGH_PENALTY`.
    kind : str
        Of the system.
    heat : str
        In words, if the mean temperature is not that of the bath; empty if it is.
    """

    series: pd.DataFrame
    contacts: pd.DataFrame
    hydrogen_bonds: pd.DataFrame
    ions: pd.DataFrame
    corrections: pd.DataFrame
    atoms: str = ""
    penalties: Sequence[Penalty] = ()
    heat: str = ""
    kind: str = ""

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table by name."""
        return {
            "series": self.series,
            "contacts": self.contacts,
            "hydrogen_bonds": self.hydrogen_bonds,
            "ions": self.ions,
            "corrections": self.corrections,
        }

    def averages(self) -> dict[str, Average]:
        """Return the average of each measured quantity; energies are those with the whole receptor."""
        series = self.series.set_index("replica")
        if len(self.corrections):
            # Each replica's own: what the site and the rest of the receptor give rise and fall together.
            change = self.corrections.groupby("replica")[list(CORRECTED)].mean()
            series[list(CORRECTED)] += change.reindex(series.index).astype(float).to_numpy()
        replicas = [replica for _, replica in series.groupby(level="replica")]
        return {
            name: average_replicas([replica[name] for replica in replicas])
            for name in measured()
            if name in series
        }

    @property
    def left(self) -> list[str]:
        """The ions that left their place."""
        summary = ion_summary(self.ions)
        return list(summary.loc[summary["left"], "ion"])

    @property
    def doubt(self) -> str:
        """Why the complex is not credible; empty if nothing speaks against it."""
        ions = f"{', '.join(self.left)} left its place" if self.left else ""
        return "; ".join(filter(None, (ions, self.heat)))

    def measured(self, pose: Pose, receptor: str = "") -> MeasuredComplex:
        """Return the complex, whose simulation in a receptor started from `pose`, as something to be compared."""
        return MeasuredComplex.from_pose(
            pose, self.averages(), self.contacts, self.atoms, self.doubt, self.kind, receptor
        )

    def summary(self) -> dict[str, Any]:
        """Return what was measured as plain values; a number that is not known is None.

        Errors are those of this complex alone: `dock.analysis.comparison.with_known_spread` is to follow.
        """
        averages = {name: value.to_record() for name, value in self.averages().items()}
        return {
            "frames": len(self.series),
            "replicas": int(self.series["replica"].nunique()),
            "averages": averages,
            "ions": ion_summary(self.ions).to_dict("records"),
            "doubt": self.doubt,
            "heat": self.heat,
            "atoms": self.atoms,
            "kind": self.kind,
            "penalties": [asdict(penalty) for penalty in self.penalties],
        }


def analyse_complex(
    replicas: Sequence[ComplexTrajectory],
    system: ComplexSystem,
    processor: Processor,
    settings: SimulationSettings,
) -> ComplexAnalysis:
    """Measure a simulated complex.

    Parameters
    ----------
    replicas
        The trajectory of each replica, one at least.
    system
        The system that was simulated, for its energies.
    settings
        Those that it was simulated with.

    Raises
    ------
    AnalysisError
        If a trajectory and the system are not of the same atoms, or a value is not finite.
    """
    pose, method = replicas[0].pose, settings.system.charges
    touching = [contacts(trajectory) for trajectory in replicas]
    bonds = [hydrogen_bonds(trajectory) for trajectory in replicas]
    weights = [trajectory.frames.n_frames for trajectory in replicas]
    return ComplexAnalysis(
        _numbered([_series(trajectory, system, processor) for trajectory in replicas]),
        _occupancies(touching),
        _pooled_bonds(bonds, weights),
        _numbered([ion_distances(trajectory) for trajectory in replicas]),
        _corrections(replicas, system, processor, settings),
        content_key([system.atoms_key, method]),
        parameter_penalties(pose.ligand, method),
        _heat(replicas, system, settings),
        system.kind,
    )


def _heat(replicas: Sequence[ComplexTrajectory], system: ComplexSystem, settings: SimulationSettings) -> str:
    """Say if the mean temperature is off: by more than four standard errors, and by more than 2 %."""
    temperatures = np.concatenate([trajectory.temperatures for trajectory in replicas])
    if not len(temperatures):
        return ""
    bath, mean = settings.temperature.value_in("K"), float(temperatures.mean())
    error = mean_temperature_error(
        bath,
        degrees_of_freedom(system),
        settings.friction.value_in("1/ps"),
        settings.production.value_in("ps"),
        settings.frames,
    ) / sqrt(len(replicas))
    if abs(mean - bath) <= max(HEAT_SIGMAS * error, HEAT_SHARE * bath):
        return ""
    return f"its temperature is {mean:.0f} K, not {bath:.0f} K"


def _numbered(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of the replicas into one, with their number in front."""
    import pandas as pd

    for number, table in enumerate(tables, start=1):
        table.insert(0, "replica", number)
    return pd.concat(tables, ignore_index=True)


def _corrections(
    replicas: Sequence[ComplexTrajectory],
    system: ComplexSystem,
    processor: Processor,
    settings: SimulationSettings,
) -> pd.DataFrame:
    """Return what the rest of the receptor adds to the energies, for some frames of each replica."""
    import pandas as pd

    if system.kind != "site":
        return pd.DataFrame(columns=["replica", "time_ps", *CORRECTED])
    # The last of each of as many equal parts, as far apart as they can be; three at least in all, for an error.
    fewest, beyond = divmod(max(MIN_SAMPLES, settings.whole_frames * len(replicas)), len(replicas))
    chosen = [
        (number, round(count * part / of) - 1)
        for number, trajectory in enumerate(replicas, start=1)
        for count in [trajectory.frames.n_frames]
        for of in [min(fewest + (number <= beyond), count)]
        for part in range(1, of + 1)
    ]
    frames = np.stack([replicas[number - 1].frames.xyz[frame] for number, frame in chosen])
    first = replicas[0]
    change = cut_corrections(first.receptor, first.pose, system, frames, processor, settings.system.charges)
    return pd.DataFrame(
        {
            "replica": [number for number, _ in chosen],
            "time_ps": [replicas[number - 1].times[frame] for number, frame in chosen],
            **energies.named(change),
        }
    )


def _series(trajectory: ComplexTrajectory, system: ComplexSystem, processor: Processor) -> pd.DataFrame:
    """Measure one replica, a row a frame."""
    import pandas as pd

    if trajectory.frames.n_atoms != len(system.partner) + len(system.ligand):
        raise AnalysisError(trajectory.pose.ligand.name, "trajectory and system differ in atoms")
    series = pd.DataFrame({"time_ps": trajectory.times})
    for measure in measures():
        series = series.assign(**measure.values(trajectory, system, processor))
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
