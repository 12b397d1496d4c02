"""What goes wrong in a campaign: stopped, killed, bad ligands, dead workers."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from planning import FAST, QUICKEST
from processes import INTERRUPTED, children, group_members, wait_for

from dock.campaign import Campaign
from dock.campaign.reporting import report
from dock.campaign.settings import CampaignSettings
from dock.core.errors import DockingError
from dock.workflow.store import RESULT


@pytest.mark.parametrize("content", ["foo", "settings: {unknown: 1}", "a: ["])
def test_a_damaged_lock_is_one_line(content, tmp_path, dock_command):
    (tmp_path / "campaign.lock.yaml").write_text(content)
    (tmp_path / "plan.json").write_text("[]")
    for command in (("report", tmp_path), ("run", "-o", tmp_path)):
        done = dock_command(*command)
        assert done.code == 2
        assert len(done.err.strip().splitlines()) == 1


def start(folder, content):
    (folder / "c.yaml").write_text(content)
    return subprocess.Popen(
        [sys.executable, "-m", "dock.cli.main", "run", "c.yaml", "-o", "run"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_stopped_run_is_continued_by_the_same_command(dock_command, tmp_path):
    """Stopped by Ctrl-C once something is docked, killed once there is more, then let to its end."""
    kept = {}

    def results():
        docked, simulated = (
            (tmp_path / "run" / "tasks" / kind).glob(f"*/{RESULT}") for kind in ("dock", "simulate")
        )
        return [*docked, *simulated]

    for blow in (signal.SIGINT, signal.SIGKILL):
        process = start(tmp_path, QUICKEST + "ligands: [serotonin, {name: amine, smiles: NCCc1ccccc1}]\n")
        before = len(kept)
        assert wait_for(lambda before=before: len(results()) > before, 300)
        workers = children(process.pid)
        assert workers
        os.kill(process.pid, blow)
        out, err = process.communicate(timeout=30)
        assert process.returncode in (INTERRUPTED if blow == signal.SIGINT else [-9]), out + err
        if blow == signal.SIGINT:
            assert err.strip().endswith("the same command continues where this one left off")
            assert "Traceback" not in err
        gone = wait_for(lambda pids=workers: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 15)  # noqa: PTH110
        assert gone, "workers outlived their parent"
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
        kept = {path: path.stat().st_mtime_ns for path in results()}
    done = dock_command("run", "c.yaml", "-o", "run", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert Campaign.open(tmp_path / "run").complete
    assert "kept: dock" in done.out


def test_programs_that_a_worker_started_end_with_the_run(tmp_path):
    content = QUICKEST + 'ligands: [{name: amine, smiles: "CCCCCCN(C)Cc1ccccc1OC"}]\n'
    process = start(tmp_path, content)
    workers: list[int] = []

    def sqm_runs():
        workers[:] = children(process.pid)
        return bool(group_members(workers, "sqm"))

    try:
        assert wait_for(sqm_runs, 300)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode in INTERRUPTED, err
        assert wait_for(lambda: not group_members(workers, ""), 10), "sqm outlived the run"
    finally:
        process.kill()


def test_two_runs_do_not_share_a_folder(tmp_path, dock_command):
    process = start(tmp_path, FAST)
    try:
        assert wait_for((tmp_path / "run" / "campaign.lock.yaml").exists, 60)
        second = dock_command("run", "c.yaml", "-o", "run", cwd=tmp_path)
        assert second.code == 2
        assert "another 'dock' command is at work here" in second.err
    finally:
        process.kill()
        process.communicate()


def test_one_bad_ligand_does_not_stop_the_others(tmp_path, dock_command):
    """In a folder, with names, that no ASCII and no shell takes, and under a locale that knows neither."""
    folder = tmp_path / "Zoë Müller" / "дан'ные" / 'расчёт "1"'
    (folder / "tmp é").mkdir(parents=True)
    serotonin = "“серотонин” №1"
    ligands = [
        {"name": serotonin, "smiles": "[NH3+]CCc1c[nH]c2ccc(O)cc12"},
        {"name": "impossible", "smiles": "O[C@@H]1C[C@@H]2CC[C@@H]1C2"},
    ]
    content = QUICKEST + yaml.safe_dump({"ligands": ligands}, allow_unicode=True)
    (folder / "файл.yaml").write_text(content, encoding="utf-8")
    places = {"TMPDIR": str(folder / "tmp é"), "DOCK_CACHE": str(folder / "ca ché")}
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    command = ("run", "файл.yaml", "-o", "выход", "--executor", "inline")
    done = dock_command(*command, cwd=folder, **places, **locale)
    assert done.code == 1, done.err
    campaign = Campaign.open(folder / "выход")
    assert campaign.complete
    for name in (f"ligands/{serotonin}.sdf", f"trajectories/sert-{serotonin}-allosteric-1.xtc"):
        assert (folder / "выход" / name).stat().st_size > 0
    report_text = (folder / "выход" / "report.html").read_text(encoding="utf-8")
    assert serotonin in report_text
    assert "impossible" in report_text
    failures = campaign.table("failures")
    assert set(failures["ligand"]) == {"impossible"}
    assert failures.iloc[0]["reason"] == "EmbeddingError"
    assert len(failures) == 4  # the ligand, and the docking, simulation and analysis that needed it
    assert set(campaign.table("simulations")["ligand"]) == {serotonin}
    assert len(campaign.succeeded) + len(campaign.failed) == len(campaign.steps)
    assert done.err.count("failed: ") == 4
    assert "Traceback" not in done.err


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_dies_takes_only_its_task_along(workers, tmp_path):
    settings = CampaignSettings(**yaml.safe_load(QUICKEST), ligands=["serotonin"])
    campaign = Campaign(settings, tmp_path / "run")
    killed = []

    def kill_a_worker(event):
        if event.kind == "started" and event.step.kind == "dock" and not killed:
            assert wait_for(lambda: children(os.getpid()), 20)
            time.sleep(2)
            for pid in children(os.getpid()):
                command = open(f"/proc/{pid}/cmdline").read()  # noqa: PTH123, SIM115
                if "spawn_main" in command:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    break

    campaign.run("local", workers=workers, watch=kill_a_worker)
    assert killed
    assert len(campaign.succeeded) == len(campaign.steps), campaign.table("failures")


def test_a_docking_that_exceeds_its_time_is_ended_and_counted(tmp_path):
    content = yaml.safe_load(FAST)
    content["docking"]["time_limit"] = "0.2 s"
    settings = CampaignSettings(**content, sites=["orthosteric"])
    campaign = Campaign(settings, tmp_path / "run").run("local", workers=1)
    failures = campaign.table("failures")
    assert campaign.complete
    docked = failures[failures["kind"] == "dock"]
    assert len(docked) == 2
    assert set(docked["reason"]) == {"WorkerError"}
    assert docked["message"].str.contains("took longer than 0.2 s").all()
    assert {step.kind for step in campaign.succeeded} == {"receptor", "ligand"}


def test_a_known_ligand_that_cannot_be_docked_is_a_failed_gate_and_loud(tmp_path, monkeypatch):
    def nothing(*_, **__):
        raise DockingError("escitalopram", "no pose fits the box")

    monkeypatch.setattr("dock.docking.engines.rustina.RustinaEngine.place", nothing)
    settings = CampaignSettings(**yaml.safe_load(FAST), sites=["orthosteric"], ligands=["serotonin"])
    campaign = Campaign(settings, tmp_path / "run").run("inline")
    gate = campaign.table("gate")
    assert list(gate["passed"]) == [False]
    assert "no pose fits the box" in gate.iloc[0]["checks"]
    page = report(campaign).read_text()
    assert "<b>Failed.</b>" in page
    assert "<b>Passed.</b>" not in page


def test_a_receptor_that_cannot_be_prepared_is_counted(mirror, tmp_path, dock_command):
    shutil.copy(mirror / "5I71.pdb", tmp_path / "broken.pdb")
    site = "{source: broken.pdb, preparation: {sites: {s: {ligand: XYZ}}}}"
    (tmp_path / "c.yaml").write_text(FAST + f"receptors: [{site}]\nligands: [serotonin]\n")
    done = dock_command("run", "c.yaml", "-o", "run", cwd=tmp_path)
    assert done.code == 1, done.err
    assert "XYZ" in done.err
    campaign = Campaign.open(tmp_path / "run")
    assert (len(campaign.succeeded), len(campaign.failed), campaign.complete) == (1, 1, True)
    assert campaign.table("failures")["receptor"].tolist() == ["broken"]
    assert "receptor broken" in (tmp_path / "run" / "report.html").read_text()
