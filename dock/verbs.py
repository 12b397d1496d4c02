"""The verbs of the Python interface: pose, simulate, compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from dock.core import errors
from dock.core.arguments import require, several
from dock.core.errors import StoppedError, TaskError
from dock.core.files import output_folder, write_text
from dock.core.keys import content_key
from dock.core.workers import available_cores
from dock.docking.pose import Pose
from dock.docking.search import Search, search_site
from dock.docking.settings import DockingSettings
from dock.dynamics.protocol import SimulationSettings
from dock.dynamics.receptor_models import open_receptor
from dock.ligands import Ligand
from dock.receptors import Receptor, Site
from dock.receptors.receptor import RECORD_FILE

if TYPE_CHECKING:
    import pandas as pd

    from dock.analysis.comparison import MeasuredComplex
    from dock.analysis.complexes import ComplexAnalysis
    from dock.analysis.statistics import Average


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated and measured complex.

    Attributes
    ----------
    pose : Pose
        The pose it started from.
    analysis : ComplexAnalysis
        Series, contacts and hydrogen bonds.
    folder : Path
        The run folder, with trajectories and tables.
    receptor : str
        The receptor's name.
    """

    pose: Pose
    analysis: ComplexAnalysis
    folder: Path
    receptor: str = ""

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

    def measured(self) -> MeasuredComplex:
        """Return the simulation as something to be compared."""
        return self.analysis.measured(self.pose, self.receptor)


def pose(
    receptor: Receptor | str,
    ligand: Ligand | str,
    site: Site | str,
    settings: DockingSettings | None = None,
) -> Search:
    """Dock a ligand into a site, as the docking step of a campaign does.

    Parameters
    ----------
    receptor
        An object, or what `dock.open_receptor` takes, as a name of the catalogue.
    ligand
        An object, a name of the catalogue, or a SMILES, which is protonated at pH 7.4.
    site
        A site of the receptor, or its name.

    Raises
    ------
    InputError
        If a name is unknown, or an argument is no such thing.
    DockingError
        If no pose lies in the site.
    """
    require(settings, (DockingSettings, NoneType), "settings", "make them with dock.DockingSettings(...)")
    receptor = _opened(receptor)
    ligand = ligand if isinstance(ligand, Ligand) else Ligand.named(ligand)
    require(site, (Site, str), "site", f"name one of {receptor.name}: {', '.join(receptor.sites)}")
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

    It is a campaign of a pose that is given: the folder is a run folder, as ``dock simulate`` makes it.

    Parameters
    ----------
    receptor
        With the ligands in its other sites, if any (`Receptor.with_occupant`).
    folder
        The run folder.
    platform, device
        OpenMM platform, or ``auto``, and the index of the card.
    deadline
        The time (`time.time()`) at which to save and stop.
    accept_changes
        Go on although software is another than at the start.
    compared_with
        The poses in the same receptor that the simulation is to be compared with: a site system is of the same
        atoms for all of them.

    Raises
    ------
    InputError
        If an argument is no such thing, the pose does not lie in a site, or the folder holds something else.
    ParameterError, SimulationError, AnalysisError
        If the complex cannot be simulated or measured.
    StoppedError
        At the deadline.
    """
    from dock.campaign import Campaign
    from dock.campaign.plan import steps_of
    from dock.campaign.settings import CampaignSettings
    from dock.steps.analyse import Analyse

    require(receptor, (Receptor, str), "receptor", "give a name or a dock.Receptor")
    require(
        settings, (SimulationSettings, NoneType), "settings", "make them with dock.SimulationSettings(...)"
    )
    require(folder, (Path, str), "folder", "name the folder that is written")
    for each in (pose, *several(compared_with)):
        require(each, (Pose,), "pose", "dock.pose(receptor, ligand, site).best is one")
    given = _written(receptor, pose, output_folder(folder), compared_with)
    wanted = CampaignSettings(**given, simulation=settings or SimulationSettings())
    campaign = Campaign(wanted, folder, platform, accept_changes)
    campaign.run("inline", device=device, deadline=deadline)
    for step in campaign.failed:
        failure = campaign.store.failure(step)
        if failure is not None:
            raise getattr(errors, failure.reason, TaskError)(step.label, failure.message)
    if not campaign.complete:
        raise StoppedError(pose.ligand.name, "time was up", "the same command continues it")
    (analysis,) = steps_of(campaign.steps, Analyse)
    best, measured = analysis.search.best(campaign.store), analysis.analysis(campaign.store)
    return Simulation(best, measured, Path(folder), analysis.search.home.name)


def compare(simulations: Sequence[Simulation]) -> pd.DataFrame:
    """Compare simulations that differ in site or in enantiomer only; see `dock.analysis.comparison`.

    Raises
    ------
    InputError
        If they are no simulations.
    """
    from dock.analysis.comparison import compare as compare_complexes

    for each in several(simulations):
        require(each, (Simulation,), "simulation", "dock.simulate(...) gives one")
    return compare_complexes([simulation.measured() for simulation in simulations])


def _opened(receptor: Receptor | str) -> Receptor:
    """Return a receptor that is an object, or named."""
    return receptor if isinstance(receptor, Receptor) else open_receptor(receptor)


def _written(
    receptor: Receptor | str, pose: Pose, folder: Path, compared_with: Sequence[Pose]
) -> dict[str, Any]:
    """Write what is simulated to the run folder, and return the settings of a campaign that say so."""
    from rdkit import Chem

    texts = {"file": pose.sdf_record(), "alike": "".join(other.sdf_record() for other in compared_with)}
    if isinstance(receptor, str):
        source: dict[str, Any] = {"receptor": receptor}
    else:
        texts["beside"] = "".join(map(Chem.SDWriter.GetText, receptor.occupants.values()))
        place = folder / "given" / receptor.structure_key
        if not (place / RECORD_FILE).exists():
            replace(receptor, occupants={}).save(output_folder(place))
        source = {"receptors": [{"name": receptor.name, "source": str(place)}]}
    # Named by what they hold: another call must not change what this one reads.
    files = {field: folder / "given" / f"{content_key(text)}.sdf" for field, text in texts.items() if text}
    for field, path in files.items():
        write_text(path, texts[field])
    return source | {"poses": {field: str(path) for field, path in files.items()}}
