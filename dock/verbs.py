"""The verbs of the Python interface: pose, simulate, compare."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from dock.core.errors import StoppedError
from dock.core.files import output_folder, write_json, write_text
from dock.core.workers import available_cores
from dock.docking.engine import DockingSettings
from dock.docking.search import Search, search_site
from dock.dynamics.model import open_receptor
from dock.dynamics.protocol import SimulationSettings
from dock.ligands import Ligand
from dock.receptors import Receptor, Site

if TYPE_CHECKING:
    import pandas as pd

    from dock.analysis.comparison import MeasuredComplex
    from dock.analysis.complexes import ComplexAnalysis
    from dock.analysis.statistics import Average
    from dock.docking.pose import Pose


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated and measured complex.

    Attributes
    ----------
    pose : Pose
        The docked pose it started from.
    analysis : ComplexAnalysis
        Series, contacts and hydrogen bonds.
    folder : Path
        Holds a folder for each replica, with trajectory, topology, energies and final state.
    """

    pose: Pose
    analysis: ComplexAnalysis
    folder: Path

    def to_dataframe(self) -> pd.DataFrame:
        """Return the series, a row a frame."""
        return self.analysis.series

    def _repr_html_(self) -> str:
        return str(self.analysis.series.describe().to_html())

    @cached_property
    def averages(self) -> Mapping[str, Average]:
        """Averages of what was measured, their errors as `compare` takes them."""
        from dock.analysis.comparison import with_known_spread

        return with_known_spread([self.measured()])[0].averages

    def write(self) -> None:
        """Write the tables, as CSV, and the averages, as JSON, to the folder: their errors as `compare` takes them."""
        averages = {name: value.to_record() for name, value in self.averages.items()}
        for name, table in self.analysis.tables().items():
            write_text(self.folder / f"{name}.csv", table.to_csv(index=False))
        write_json(self.folder / "averages.json", self.analysis.summary() | {"averages": averages})

    def measured(self) -> MeasuredComplex:
        """Return the simulation as something to be compared."""
        return self.analysis.measured(self.pose)


def pose(
    receptor: Receptor | str,
    ligand: Ligand | str,
    site: Site | str,
    settings: DockingSettings | None = None,
) -> Search:
    """Dock a ligand into a site.

    Parameters
    ----------
    receptor, ligand
        Objects, or names of the catalogue.
    site
        A site of the receptor, or its name.

    Raises
    ------
    InputError
        If a name is unknown.
    DockingError
        If no pose lies in the site.
    """
    receptor = open_receptor(receptor) if isinstance(receptor, str) else receptor
    ligand = Ligand.from_catalogue(ligand) if isinstance(ligand, str) else ligand
    site = receptor.site(site) if isinstance(site, str) else site
    return search_site(receptor, ligand, site, settings, available_cores())


def simulate(
    receptor: Receptor | str,
    pose: Pose,
    folder: Path | str,
    settings: SimulationSettings | None = None,
    platform: str = "auto",
    device: str | None = None,
    deadline: float = inf,
    accept_changes: bool = False,
    compared_with: Sequence[Pose] = (),
) -> Simulation:
    """Simulate a pose in its site and measure the trajectories; go on where it was stopped.

    Parameters
    ----------
    receptor
        With the ligands in its other sites, if any (`Receptor.with_occupant`).
    folder
        Where a folder for each replica goes.
    platform, device
        OpenMM platform, or ``auto``, and the index of the card.
    deadline
        The time (`time.time()`) at which to save and stop.
    accept_changes
        Go on although software, settings or system are others than at the start.
    compared_with
        The poses in the same receptor that the simulation is to be compared with: a site system is of the same
        atoms for all of them.

    Raises
    ------
    ParameterError, SimulationError
        If the ligand has no parameters, or the simulation breaks down.
    StoppedError
        At the deadline.
    ChangedError, OutputError
        If the folder holds something else, or cannot be written to.
    """
    from dock.analysis.complexes import analyse_complex
    from dock.analysis.trajectory import ComplexTrajectory
    from dock.dynamics import engine
    from dock.dynamics.platforms import choose_processor
    from dock.dynamics.region import region_around
    from dock.dynamics.systems import build_system

    receptor = open_receptor(receptor) if isinstance(receptor, str) else receptor
    settings = settings or SimulationSettings()
    processor = choose_processor(platform, precision=settings.precision, device=device)
    settings = settings.resolved(receptor, processor)
    region = None
    if settings.system.kind == "site":
        region = region_around([(receptor, one) for one in (pose, *compared_with)], settings.system)
    system = build_system(receptor, pose, settings.system, processor=processor, region=region)
    trajectories = []
    for replica in range(1, settings.replicas + 1):
        if time.time() >= deadline:  # rather than minimise for minutes, of which nothing would be kept
            problem = f"time is up before replica {replica} of {settings.replicas}"
            raise StoppedError(pose.ligand.name, problem, "the same command continues it")
        place = output_folder(Path(folder) / f"replica-{replica}")
        engine.simulate(
            system, settings, processor, place, replica, deadline=deadline, accept_changes=accept_changes
        )
        trajectories.append(ComplexTrajectory.load(place, pose, receptor, system.kind))
    simulated = replace(pose, occupied=receptor.occupied)
    return Simulation(simulated, analyse_complex(trajectories, system, processor, settings), Path(folder))


def compare(simulations: Sequence[Simulation]) -> pd.DataFrame:
    """Compare simulations that differ in site or in enantiomer only; see `dock.analysis.comparison`."""
    from dock.analysis.comparison import compare as compare_complexes

    return compare_complexes([simulation.measured() for simulation in simulations])
