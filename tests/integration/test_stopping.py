"""A campaign that is stopped, continued, continued by other software, or loses a replica."""

import shutil
import time
from typing import ClassVar

import numpy as np
import pytest
import yaml

from dock.campaign import Campaign
from dock.campaign.campaign import LOCK
from dock.campaign.plan import steps_of
from dock.campaign.reporting import report
from dock.campaign.settings import CampaignSettings
from dock.cli.options import LARGEST_SHARE, MARGIN, deadline
from dock.core.errors import ChangedError, SimulationError
from dock.core.records import SOFTWARE, Record, software_versions
from dock.dynamics.checkpoint import BEGUN
from dock.dynamics.frames import STATE
from dock.steps.analyse import Analyse
from dock.steps.simulate import SHARES, Simulate
from dock.workflow.cards import Cards
from dock.workflow.execution import execute
from dock.workflow.executors import make_executor
from dock.workflow.step import Conditions, Step
from dock.workflow.store import Store


@pytest.fixture
def run(short_run, tmp_path):
    """A copy of the finished short campaign."""
    folder = tmp_path / "run"
    shutil.copytree(short_run.folder, folder)
    return folder


def forget(campaign, *kinds):
    """Make steps of some kinds undone, as if they had never been begun."""
    for kind in kinds:
        for step in steps_of(campaign.steps, kind):
            shutil.rmtree(campaign.store.folder(step))


def test_a_campaign_stops_in_time_and_goes_on(run, dock_command):
    campaign = Campaign.open(run)
    store, analysis = campaign.store, steps_of(campaign.steps, Analyse)[0]
    replicas = analysis.replicas
    needed = sum(store.completion(replica).seconds for replica in replicas)
    for step in (analysis, *replicas):
        shutil.rmtree(store.folder(step))
    stopped = dock_command("run", run.parent / "short.yaml", "-o", run, "--time-limit", "1s", cwd=run.parent)
    assert stopped.code == 2  # there is no such file: the settings are those of the folder's lock
    settings = yaml.safe_load((run / LOCK).read_text())["settings"]
    (run.parent / "short.yaml").write_text(yaml.safe_dump(settings))
    stopped = dock_command("run", "short.yaml", "-o", run, "--time-limit", "1s", cwd=run.parent)
    assert stopped.code == 3, stopped.err
    assert stopped.err.strip().endswith("the same command continues it")
    assert "25 done, 0 failed of 28 steps" in stopped.out
    events = []
    campaign.run("local", workers=2, watch=events.append, deadline=time.time() + 0.3 * needed)
    assert not campaign.failed
    assert not campaign.complete
    assert {event.kind for event in events} <= {"kept", "started", "progress", "stopped", "done"}
    campaign.run("local", workers=2)
    assert campaign.complete
    assert not campaign.failed
    for replica in replicas:
        record = store.result(replica).record
        assert record["steps"] == sum(session["steps"] for session in record["sessions"]) == 250
        assert (store.folder(replica) / STATE).exists()


def test_a_run_that_other_software_began_is_refused_or_continued_openly(run, dock_command):
    locked = yaml.safe_load((run / LOCK).read_text())
    locked["versions"]["openmm"] = "8.0.0"
    (run / LOCK).write_text(yaml.safe_dump(locked))
    (run.parent / "short.yaml").write_text(yaml.safe_dump(locked["settings"]))
    refused = dock_command("run", "short.yaml", "-o", run, cwd=run.parent)
    assert refused.code == 2
    assert "was begun with openmm 8.0.0, not 8." in refused.err
    assert "--accept-changes" in refused.err
    with pytest.raises(ChangedError):
        Campaign.read(run.parent / "short.yaml", run).steps  # noqa: B018
    keys = keys_of(Campaign.open(run))
    accepted = dock_command("run", "short.yaml", "-o", run, "--accept-changes", cwd=run.parent)
    assert accepted.code == 0, accepted.err
    assert accepted.out.count("kept:") == 28
    again = yaml.safe_load((run / LOCK).read_text())
    assert again["begun_with"]["openmm"] == locked["begun_with"]["openmm"]
    assert again["versions"]["openmm"] != "8.0.0"
    assert keys_of(Campaign.open(run)) == keys


def keys_of(campaign):
    return [campaign.store.key(step) for step in campaign.steps]


@pytest.fixture
def update(monkeypatch):
    """Install a newer OpenMM, as far as the campaign can see."""

    def newer(names=SOFTWARE):
        return software_versions(names) | {"openmm": "9.9"}

    def install():
        for module in ("campaign.campaign", "dynamics.checkpoint"):
            monkeypatch.setattr(f"dock.{module}.software_versions", newer)

    return install


def test_a_change_once_accepted_is_accepted_for_good(run, update):
    begun = Campaign.open(run)
    replica = steps_of(begun.steps, Simulate)[0]
    for path in begun.store.folder(replica).iterdir():  # killed before it saved
        if path.name != BEGUN:
            path.unlink()
    update()
    Campaign(begun.settings, run, accept_changes=True).run("inline", deadline=0.0)
    events = []
    again = Campaign(begun.settings, run).run("inline", watch=events.append)
    assert keys_of(again) == keys_of(begun)
    done = [event.step for event in events if event.kind == "done"]
    assert done[0].label == replica.label
    assert {step.kind for step in done[1:]} <= {"analyse"}  # where it has gone another way
    assert not again.failed
    assert again.complete


def test_a_run_continued_by_newer_software_heeds_its_gate(tmp_path, update):
    accepting = CampaignSettings(accept_failed_gate=True)
    Campaign(None, tmp_path).run("inline", deadline=0.0)
    accepted = keys_of(Campaign(accepting, tmp_path / "other"))
    update()
    Campaign(None, tmp_path, accept_changes=True).run("inline", deadline=0.0)
    Campaign(accepting, tmp_path).run("inline", deadline=0.0)
    assert keys_of(Campaign.open(tmp_path)) == accepted


def test_a_replica_that_breaks_down_does_not_take_the_others_along(run, monkeypatch):
    campaign = Campaign.open(run)
    store = campaign.store
    analysis = next(step for step in steps_of(campaign.steps, Analyse) if step.site == "allosteric")
    lost = analysis.replicas[1]
    for step in (lost, analysis):
        shutil.rmtree(store.folder(step))

    def broken(*_, **__):
        raise SimulationError("step 7", "broke down 4 times")

    monkeypatch.setattr("dock.steps.simulate.simulate", broken)
    campaign.run("inline")
    assert [step.label for step in campaign.failed] == [lost.label]
    assert campaign.complete
    result = store.result(analysis)
    assert (result.replicas, result.lost) == (1, 1)
    page = report(campaign).read_text()
    assert "1 of 2 replicas broke down and are not in the averages" in page
    monkeypatch.undo()
    comparisons = campaign.table("comparisons")
    for event in execute(
        lambda _: campaign.steps, store, make_executor("inline", store, Conditions("CPU")), np.inf
    ):
        if event.kind == "done":
            assert event.step.label == lost.label
            break  # killed between the replica and its analysis
    assert store.is_done(lost)
    assert not campaign.complete
    events = []
    campaign.run("inline", watch=events.append)
    assert [event.step.label for event in events if event.kind == "done"] == [analysis.label]
    result = store.result(analysis)
    assert (result.replicas, result.lost) == (2, 0)
    assert not campaign.table("comparisons").equals(comparisons)
    assert "broke down" not in report(campaign).read_text()


def test_a_complex_all_of_whose_replicas_are_lost_fails(run, monkeypatch):
    campaign = Campaign.open(run)
    forget(campaign, Simulate, Analyse)

    def broken(*_, **__):
        raise SimulationError("step 7", "broke down 4 times")

    monkeypatch.setattr("dock.steps.simulate.simulate", broken)
    campaign.run("inline")
    assert len(campaign.failed) == 8 + 4
    assert campaign.complete
    assert not campaign.store.done(steps_of(campaign.steps, Analyse))


def test_results_say_what_software_made_them(short_run):
    for step in short_run.steps:
        assert short_run.store.completion(step).versions["openmm"].startswith("8.")


def test_the_deadline_leaves_time_to_save():
    assert deadline(3600.0, {}, now=0.0) == 3600 - MARGIN
    assert deadline(10.0, {}, now=0.0) == 10 - LARGEST_SHARE * 10
    assert deadline(None, {}, now=0.0) == float("inf")
    assert deadline(None, {"SLURM_JOB_END_TIME": "7200"}, now=3600.0) == 7200 - MARGIN
    assert deadline(600.0, {"SLURM_JOB_END_TIME": "7200"}, now=0.0) == 600 - MARGIN


class Nothing(Record):
    pass


class Waits(Step[Nothing]):
    kind: ClassVar = "waits"
    revision: ClassVar = 1
    result_type: ClassVar = Nothing

    @property
    def label(self):
        return "waits"

    def run(self, context):  # noqa: ARG002
        time.sleep(3600)


def test_what_does_not_stop_at_the_deadline_is_ended_within_the_limit(tmp_path):
    limit, begun, store = 10.0, time.time(), Store(tmp_path, {})
    until = deadline(limit, {})
    executor = make_executor("local", store, Conditions("CPU", deadline=until), 1)
    events = [event.kind for event in execute(lambda _: [Waits()], store, executor, until)]
    assert events == ["started"]
    assert time.time() - begun < 10 * limit  # rather than in an hour


@pytest.mark.parametrize("limit", ["5", "5 kg", "-3 min", "soon"])
def test_a_time_limit_without_a_time_is_refused(limit, dock_command, tmp_path):
    done = dock_command("run", "-o", tmp_path / "run", "--time-limit", limit)
    assert done.code == 2
    assert limit in done.err
    assert not (tmp_path / "run").exists()


def test_small_simulations_share_a_card_and_large_ones_do_not():
    cards = Cards(["0", "1"])
    site, implicit, membrane = (SHARES[kind] for kind in ("site", "implicit", "membrane"))
    assert [cards.take(f"s{n}", site) for n in range(4)] == ["0", "1", "0", "1"]
    assert cards.take("m", membrane) is None
    for n in range(4):
        cards.release(f"s{n}")
    assert cards.take("m", membrane) == "0"
    assert cards.take("s", site) == "1"
    assert cards.take("i", implicit) == "1"
    assert cards.take("j", implicit) is None
    assert cards.take("d", 0.0) is not None
    cards.release("m")
    assert cards.take("j", implicit) == "0"
    assert not Cards([])
