"""A search that fails is written down wherever results are shown."""

import csv

import pytest
from click.testing import CliRunner

from dock.campaign import Campaign
from dock.campaign.screen import Screen
from dock.cli import redock, run
from dock.cli.screen import _summary
from dock.core.errors import DockingError
from dock.core.workers import Outcome
from dock.docking.engines.vina import VinaEngine
from dock.docking.search import lost_searches
from dock.docking.settings import DockingSettings
from dock.ligands import Ligand
from dock.ligands.library import Library
from dock.ligands.states import PreparationSettings

MESSAGE = "Vina failed (out of luck)"
CAMPAIGN = """
docking: {seeds: [1, 2], ring_conformers: 1, engines: [rustina, vina]}
cross_docking: false
simulation: {equilibration: 0 ps, production: 80 fs, frame_interval: 8 fs, minimisation_steps: 5, replicas: 1,
  system: {kind: site}}
sites: [orthosteric]
ligands: [escitalopram]
"""


@pytest.fixture
def no_vina(monkeypatch):
    def broken(_, ligand, *__):
        raise DockingError(ligand.name, MESSAGE)

    monkeypatch.setattr(VinaEngine, "place", broken)


@pytest.mark.usefixtures("no_vina")
def test_a_campaign_shows_the_searches_that_failed(tmp_path):
    (tmp_path / "c.yaml").write_text(CAMPAIGN)
    folder = tmp_path / "run"
    done = CliRunner().invoke(
        run.command,
        [str(tmp_path / "c.yaml"), "-o", str(folder), "--executor", "inline", "--platform", "CPU"],
    )
    assert done.exit_code == 0, done.output
    assert f"2 of 2 searches by vina failed, the first: escitalopram: {MESSAGE}" in done.output
    assert "by rustina failed" not in done.output
    campaign = Campaign.open(folder)
    assert len(campaign.succeeded) == len(campaign.steps)  # a search is no step
    assert not len(campaign.table("failures"))
    table = campaign.table("searches").set_index("engine")
    assert table[["searches", "made", "failed"]].loc["vina"].tolist() == [2, 0, 2]
    assert table[["searches", "made", "failed"]].loc["rustina"].tolist() == [2, 2, 0]
    assert MESSAGE in table.loc["vina", "first_failure"]
    assert (folder / "tables" / "searches.csv").exists()
    assert set(campaign.table("poses")["searches_failed"]) == {2}
    page = (folder / "report.html").read_text()
    assert "2 of 4 searches failed" in page
    assert MESSAGE in page


@pytest.mark.usefixtures("no_vina")
def test_redock_says_what_failed():
    arguments = ["sert", "--engines", "rustina,vina", "--seeds", "1", "--ring-conformers", "1"]
    done = CliRunner().invoke(redock.command, arguments)
    assert f"1 of 1 searches by vina failed, the first: escitalopram: {MESSAGE}" in done.output
    assert "gate" in done.output


@pytest.mark.usefixtures("no_vina")
def test_a_screen_counts_the_searches_that_failed(receptor, tmp_path, monkeypatch):
    def here(entries, screener, *_):
        from dock.docking.screening import Job

        for number, entry in entries:
            job = Job(number, True, entry.origin, entry.name, Ligand.from_catalogue(entry.name))
            yield Outcome(job, screener(job))

    monkeypatch.setattr("dock.campaign.screen.screen", here)
    settings = DockingSettings(seeds=(1,), ring_conformers=1, keep=1, engines=("rustina", "vina"))
    library = Library(["serotonin", "dopamine"])
    counts = []
    for _ in range(2):  # the second time nothing is left to do, and the count is the same
        screen = Screen(tmp_path, receptor, "allosteric", settings, PreparationSettings())
        counts.append(screen.run(library))
    assert [(one.docked, one.failed) for one in counts] == [(2, 0), (2, 0)]
    for one in counts:
        assert lost_searches(one.outcomes.values()) == [
            f"2 of 2 searches by vina failed, the first: serotonin: {MESSAGE}"
        ]
        assert "2 ligands docked" in _summary(one)
    with (tmp_path / "tables" / "searches.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["ligand"], row["engine"], row["failed"]) for row in rows] == [
        ("serotonin", "rustina", "0"),
        ("serotonin", "vina", "1"),
        ("dopamine", "rustina", "0"),
        ("dopamine", "vina", "1"),
    ]
