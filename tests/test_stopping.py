"""A campaign that is stopped, continued, continued by other software, or loses a replica."""

import os
import shutil
import time

import pytest
import yaml

from dock.campaign import Campaign
from dock.campaign.campaign import LOCK
from dock.campaign.cards import Cards
from dock.campaign.executor import execute, find_cards
from dock.campaign.plan import Task, tasks_of_kind
from dock.campaign.reporting import report
from dock.campaign.settings import CampaignSettings
from dock.campaign.tasks import RESULT, Conditions, is_done, read_result
from dock.cli.options import LARGEST_SHARE, MARGIN, deadline
from dock.core.errors import ChangedError, SimulationError
from dock.core.records import SOFTWARE, software_versions
from dock.dynamics import engine
from dock.dynamics.checkpoint import BEGUN
from dock.dynamics.frames import STATE
from dock.dynamics.platforms import Processor, choose_processor


@pytest.fixture
def run(short_run, tmp_path):
    """A copy of the finished short campaign."""
    folder = tmp_path / "run"
    shutil.copytree(short_run.folder, folder)
    return folder


def forget(campaign, *kinds):
    """Make tasks of some kinds undone, as if they had never been begun."""
    for kind in kinds:
        for task in tasks_of_kind(campaign.tasks, kind):
            shutil.rmtree(task.folder(campaign.folder))


def test_a_campaign_stops_in_time_and_goes_on(run, dock_command):
    campaign = Campaign.open(run)
    needed = sum(read_result(task, run)["seconds"] for task in tasks_of_kind(campaign.tasks, "simulate"))
    forget(campaign, "simulate", "analyse")
    stopped = dock_command("run", run.parent / "short.yaml", "-o", run, "--time-limit", "1s", cwd=run.parent)
    assert stopped.code == 2  # there is no such file: the settings are those of the folder's lock
    settings = yaml.safe_load((run / LOCK).read_text())["settings"]
    (run.parent / "short.yaml").write_text(yaml.safe_dump(settings))
    stopped = dock_command("run", "short.yaml", "-o", run, "--time-limit", "1s", cwd=run.parent)
    assert stopped.code == 3, stopped.err
    assert stopped.err.strip().endswith("the same command continues it")
    assert "20 done, 0 failed of 28 tasks" not in stopped.out  # 12 of them are left
    assert "16 done, 0 failed of 28 tasks" in stopped.out
    events = []
    campaign.run("local", workers=2, watch=events.append, deadline=time.time() + 0.3 * needed)
    assert not campaign.failed
    assert not campaign.complete
    assert {event.what for event in events} <= {"kept", "started", "progress", "stopped", "done"}
    campaign.run("local", workers=2)
    assert campaign.complete
    assert not campaign.failed
    for task in tasks_of_kind(campaign.tasks, "simulate"):
        result = read_result(task, run)["result"]
        assert result["steps"] == sum(session["steps"] for session in result["sessions"]) == 250
        assert (task.folder(run) / STATE).exists()


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
        Campaign.read(run.parent / "short.yaml", run).tasks  # noqa: B018
    keys = {task.key for task in Campaign.open(run).tasks}
    accepted = dock_command("run", "short.yaml", "-o", run, "--accept-changes", cwd=run.parent)
    assert accepted.code == 0, accepted.err
    assert accepted.out.count("kept:") == 28
    again = yaml.safe_load((run / LOCK).read_text())
    assert again["versions_before"][0]["openmm"] == "8.0.0"
    assert again["versions"]["openmm"] != "8.0.0"
    assert {task.key for task in Campaign.open(run).tasks} == keys


@pytest.fixture
def update(monkeypatch):
    """Install a newer OpenMM, as far as the campaign can see."""

    def newer(names=SOFTWARE):
        return software_versions(names) | {"openmm": "9.9"}

    def install():
        for module in ("campaign.campaign", "campaign.plan", "dynamics.checkpoint"):
            monkeypatch.setattr(f"dock.{module}.software_versions", newer)

    return install


def test_a_change_once_accepted_is_accepted_for_good(run, update):
    begun = Campaign.open(run)
    simulation = tasks_of_kind(begun.tasks, "simulate")[0]
    for path in simulation.folder(run).iterdir():  # killed before it saved
        if path.name != BEGUN:
            path.unlink()
    update()
    Campaign(begun.asked, run, accept_changes=True).run("inline", deadline=0.0)
    events = []
    again = Campaign(begun.asked, run).run("inline", watch=events.append)
    assert [task.key for task in again.tasks] == [task.key for task in begun.tasks]
    assert [event.task.key for event in events if event.what == "done"] == [simulation.key]
    assert not again.failed
    assert again.complete


def test_a_run_continued_by_newer_software_knows_its_settings_and_heeds_its_gate(tmp_path, update):
    asked = CampaignSettings()
    accepting = asked.model_copy(update={"accept_failed_gate": True})
    Campaign(asked, tmp_path).run("inline", deadline=0.0)
    accepted = Campaign(accepting, tmp_path / "other").tasks
    locked = yaml.safe_load((tmp_path / LOCK).read_text())
    for name in ("asked", "settings"):
        del locked[name]["occupied_by"]  # as if it were a setting that only the newer version has
    (tmp_path / LOCK).write_text(yaml.safe_dump(locked))
    update()
    Campaign(asked, tmp_path, accept_changes=True).run("inline", deadline=0.0)
    Campaign(accepting, tmp_path).run("inline", deadline=0.0)
    assert Campaign.open(tmp_path).tasks == accepted


def test_a_replica_that_breaks_down_does_not_take_the_others_along(run, monkeypatch):
    campaign = Campaign.open(run)
    lost = next(
        task
        for task in tasks_of_kind(campaign.tasks, "simulate")
        if task.inputs["replica"] == 2 and task.inputs["site"] == "allosteric"
    )
    analysis = next(
        task for task in tasks_of_kind(campaign.tasks, "analyse") if lost.key in task.needs.values()
    )
    for task in (lost, analysis):
        shutil.rmtree(task.folder(run))

    def broken(*_, **__):
        raise SimulationError("step 7", "broke down 4 times")

    monkeypatch.setattr(engine, "simulate", broken)
    campaign.run("inline")
    assert [task.key for task in campaign.failed] == [lost.key]
    assert campaign.complete
    result = read_result(analysis, run)["result"]
    assert (result["replicas"], result["lost"]) == (1, 1)
    page = report(campaign).read_text()
    assert "1 of 2 replicas broke down and are not in the averages" in page
    monkeypatch.undo()
    comparisons = campaign.table("comparisons")
    for event in execute(campaign.tasks, run, "inline", 1, Conditions(choose_processor("CPU"))):
        if event.what == "done":
            assert event.task.key == lost.key
            break  # killed between the replica and its analysis
    assert is_done(lost, run)
    assert not campaign.complete
    events = []
    campaign.run("inline", watch=events.append)
    assert [event.task.key for event in events if event.what == "done"] == [analysis.key]
    result = read_result(analysis, run)["result"]
    assert (result["replicas"], result["lost"]) == (2, 0)
    assert not campaign.table("comparisons").equals(comparisons)
    assert "broke down" not in report(campaign).read_text()


def test_a_complex_all_of_whose_replicas_are_lost_fails(run, monkeypatch):
    campaign = Campaign.open(run)
    forget(campaign, "simulate", "analyse")

    def broken(*_, **__):
        raise SimulationError("step 7", "broke down 4 times")

    monkeypatch.setattr(engine, "simulate", broken)
    campaign.run("inline")
    assert len(campaign.failed) == 8 + 4
    assert campaign.complete
    assert not any(is_done(task, run) for task in tasks_of_kind(campaign.tasks, "analyse"))


def test_results_say_what_software_made_them(short_run):
    for task in short_run.tasks:
        assert read_result(task, short_run.folder)["versions"]["openmm"].startswith("8.")
        assert (task.folder(short_run.folder) / RESULT).exists()


def test_the_deadline_leaves_time_to_save():
    assert deadline(3600.0, {}, now=0.0) == 3600 - MARGIN
    assert deadline(10.0, {}, now=0.0) == 10 - LARGEST_SHARE * 10
    assert deadline(None, {}, now=0.0) == float("inf")
    assert deadline(None, {"SLURM_JOB_END_TIME": "7200"}, now=3600.0) == 7200 - MARGIN
    assert deadline(600.0, {"SLURM_JOB_END_TIME": "7200"}, now=0.0) == 600 - MARGIN


def test_what_does_not_stop_at_the_deadline_is_ended_within_the_limit(tmp_path):
    search = Task("dock", "search", {}, key="s")
    gate = Task("gate", "gate", {}, {"search": "s"}, {"search": "dock"}, key="g")
    search.folder(tmp_path).mkdir(parents=True)
    os.mkfifo(search.folder(tmp_path) / RESULT)  # whoever reads it waits for ever
    limit, begun = 10.0, time.time()
    conditions = Conditions(Processor("CPU"), deadline=deadline(limit, {}))
    events = [event.what for event in execute([search, gate], tmp_path, "local", 1, conditions)]
    assert events == ["kept", "started"]
    assert time.time() - begun < limit + 5  # for ending the worker on a busy machine


@pytest.mark.parametrize("limit", ["5", "5 kg", "-3 min", "soon"])
def test_a_time_limit_without_a_time_is_refused(limit, dock_command, tmp_path):
    done = dock_command("run", "-o", tmp_path / "run", "--time-limit", limit)
    assert done.code == 2
    assert limit in done.err
    assert not (tmp_path / "run").exists()


def test_cards_are_looked_for_where_the_processor_is_one():
    assert find_cards(Conditions(Processor("CPU"), device="0")) == []
    assert find_cards(Conditions(Processor("CUDA"), device="0,1")) == ["0", "1"]


def simulation(kind, name):
    return Task("simulate", name, {"settings": {"system": {"kind": kind}}}, key=name)


def test_small_simulations_share_a_card_and_large_ones_do_not():
    cards = Cards(["0", "1"])
    assert [cards.take(simulation("site", f"s{n}")) for n in range(4)] == ["0", "1", "0", "1"]
    assert cards.take(simulation("membrane", "m")) is None
    for n in range(4):
        cards.release(simulation("site", f"s{n}"))
    assert cards.take(simulation("membrane", "m")) == "0"
    assert cards.take(simulation("site", "s")) == "1"
    assert cards.take(simulation("implicit", "i")) == "1"
    assert cards.take(simulation("implicit", "j")) is None
    assert cards.take(Task("dock", "d", {}, key="d")) is not None
    cards.release(simulation("membrane", "m"))
    assert cards.take(simulation("implicit", "j")) == "0"
    assert not Cards([])
