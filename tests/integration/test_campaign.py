import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml
from planning import keys
from processes import INTERRUPTED, children, group_members, wait_for

from dock.campaign import Campaign
from dock.campaign.plan import steps_of
from dock.campaign.reporting import report
from dock.campaign.settings import CampaignSettings
from dock.core.errors import DockingError, GateError, OutputError, UnknownNameError
from dock.core.units import Quantity
from dock.receptors import Receptor
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.refine import Refine
from dock.workflow.execution import execute
from dock.workflow.executors import make_executor
from dock.workflow.step import Conditions
from dock.workflow.store import RESULT

FAST = "cross_docking: false\ndocking: {seeds: [1], ring_conformers: 1}\nsimulation: {equilibration: 0 ps, production: 80 fs, frame_interval: 40 fs, minimisation_steps: 5, replicas: 1, system: {kind: site}}\n"
QUICKEST = FAST + "sites: [allosteric]\n"  # which has no redocking gate


def test_settings_survive_the_lock(short_run):
    locked = yaml.safe_load((short_run.folder / "campaign.lock.yaml").read_text())
    assert CampaignSettings(**locked["settings"]) == short_run.settings
    assert locked["versions"]["openmm"] != "absent"
    assert list(locked["receptors"]) == ["sert"]


def test_a_folder_keeps_its_campaign(short_run):
    other = CampaignSettings(receptor="sert-6vrh", ligands=["sertraline"])
    with pytest.raises(OutputError, match=r"none of its 28 results would be used .*receptor: sert-6vrh"):
        Campaign(other, short_run.folder).run("inline")
    with pytest.raises(OutputError, match="holds no campaign"):
        Campaign.open(short_run.folder / "tables")


def test_every_task_is_accounted_for(short_run):
    assert short_run.complete
    assert len(short_run.succeeded) == len(short_run.steps) == 28
    assert not short_run.failed
    for name in ("poses", "gate", "occupancy", "simulations", "runs", "contacts", "comparisons", "stages"):
        assert len(short_run.table(name)), name
        assert (short_run.folder / "tables" / f"{name}.csv").exists()
    for name in ("poses/sert-orthosteric.sdf", "poses/sert-allosteric.sdf", "receptors/sert/model.cif",
                 "ligands/escitalopram.sdf", "series/sert-escitalopram-orthosteric.csv",
                 "trajectories/sert-r-citalopram-allosteric-1.xtc",
                 "trajectories/sert-r-citalopram-allosteric-2.cif"):  # fmt: skip
        assert (short_run.folder / name).stat().st_size > 0
    with pytest.raises(UnknownNameError):
        short_run.table("nothing")


def test_the_short_campaign_says_what_it_should(short_run):
    gate = short_run.table("gate")
    assert (gate["top_rmsd_A"] < 2.0).all()
    poses = short_run.table("poses")
    assert (poses["site"] == poses["searched"]).all()
    assert (poses["checks_made"] > 20).all()
    empty = poses["occupied"].fillna("").eq("")
    assert set(poses.loc[~empty, "occupied"]) == {
        f"{site}: {ligand}"
        for site in ("orthosteric", "allosteric")
        for ligand in ("escitalopram", "r-citalopram")
    }
    assert not poses.loc[~empty, "simulated"].any()
    poses = poses[empty]
    assert poses.groupby(["ligand", "site"])["simulated"].sum().eq(1).all()
    searches = short_run.table("searches")
    assert searches["failed"].sum() == 0
    assert searches["searches"].sum() == len(short_run.table("cross_docking")) + 8
    assert sorted(searches["cross_docked_into"]) == [""] * 8 + ["sert", "sert-6vrh"]
    occupancy = short_run.table("occupancy")
    assert len(occupancy) == 4
    assert occupancy["error_kcal_mol"].isna().all()  # of one seed
    shift = occupancy["occupied_vinardo_kcal_mol"] - occupancy["empty_vinardo_kcal_mol"]
    assert occupancy["difference_kcal_mol"].to_numpy() == pytest.approx(shift.to_numpy(), abs=0.011)
    simulations = short_run.table("simulations").set_index(["ligand", "site", "quantity"])["mean"]
    assert simulations["escitalopram", "orthosteric", "anchor_distance_A"] < 6
    assert simulations["escitalopram", "allosteric", "anchor_distance_A"] < 6  # each site has its own anchor
    assert (simulations[:, :, "interaction_kcal_mol"] < -15).all()
    assert (simulations[:, :, "ligand_rmsd_A"] < 3).all()
    comparisons = short_run.table("comparisons")
    assert set(comparisons["kind"]) == {"site", "enantiomer"}
    order = comparisons["quantity"].drop_duplicates().tolist()
    whole, *parts = (order.index(f"{name}_kcal_mol") for name in ("interaction", "vdw", "electrostatic"))
    assert parts == [whole + 1, whole + 2]
    assert comparisons.groupby("kind")[["first", "second"]].nunique().to_numpy().min() == 2
    runs = short_run.table("runs")
    assert (runs["frozen_drift_nm"] < 1e-6).all()
    assert (runs["constraint_error"] < 1e-5).all()


def test_a_second_run_does_nothing_again(short_run):
    steps, store = short_run.steps, short_run.store

    def times():
        return {store.key(step): (store.folder(step) / RESULT).stat().st_mtime_ns for step in steps}

    before = times()
    events = list(execute(lambda _: steps, store, make_executor("inline", store, Conditions("CPU")), np.inf))
    assert {event.kind for event in events} == {"kept"}
    assert before == times()


def test_an_old_run_is_read_as_it_was_planned(short_run, dock_command, monkeypatch):
    """After an update of the software the steps have other keys; a report must still find them."""
    now = set(keys(short_run.settings, {"openmm": "9.9"}).values())
    assert not now & {short_run.store.key(step) for step in short_run.steps}
    monkeypatch.setattr(Dock, "revision", Dock.revision + 1)
    opened = Campaign.open(short_run.folder)
    assert len(opened.succeeded) == 28
    assert opened.locked()["versions"]["openmm"] != "9.9"
    assert dock_command("report", short_run.folder).code == 0


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
        process = start(tmp_path, QUICKEST + "ligands: [serotonin, escitalopram]\n")
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


def test_a_failed_gate_stops_what_depends_on_it(short_run, tmp_path, monkeypatch):
    """With a known pose that lies elsewhere, the gate fails loudly and nothing is simulated."""
    monkeypatch.setattr("dock.docking.redocking.LIMIT", 0.01)
    settings = CampaignSettings(**yaml.safe_load(FAST), sites=["orthosteric"])
    campaign = Campaign(settings, tmp_path / "run").run("inline")
    failures = campaign.table("failures").set_index("kind")
    assert failures.loc["gate", "reason"] == GateError.__name__
    assert "accept_failed_gate" in failures.loc["gate", "message"]
    assert len(failures.loc[["simulate"]]) == 2
    assert campaign.table("simulations").empty
    accepting = settings.model_copy(update={"accept_failed_gate": True})
    again = Campaign(accepting, tmp_path / "run").run("inline")
    assert again.complete
    assert not again.failed
    (gate,) = steps_of(again.steps, Gate)
    assert again.store.result(gate).model_dump() == {"passed": False, "accepted": True}
    assert short_run.table("gate")["passed"].all()


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


def test_a_refined_pose_is_simulated_in_the_receptor_that_gave_way(tmp_path):
    content = yaml.safe_load(FAST) | {"refinement": {"poses": 1, "iterations": 20}}
    settings = CampaignSettings(**content, sites=["orthosteric"], ligands=["escitalopram"])
    campaign = Campaign(settings, tmp_path / "run").run("inline")
    assert not len(campaign.table("failures")), campaign.table("failures")["message"].to_list()
    (refined,) = steps_of(campaign.steps, Refine)
    poses = campaign.table("poses")
    assert poses["refined"].sum() == 1
    assert poses.loc[poses["refined"], "simulated"].all()
    assert "refined_energy_kcal_mol" in poses
    before = Receptor.from_catalogue("sert")
    after = refined.receptor_of(campaign.store)
    moved = np.linalg.norm(after.positions - before.positions, axis=1)
    assert 0 < (moved > 0.001).sum() < 500
    assert "refined_energy" in (tmp_path / "run" / "poses" / "sert-orthosteric.sdf").read_text()


def test_a_run_says_how_far_it_is(short_run, dock_command):
    status = dock_command("status", short_run.folder)
    assert status.code == 0, status.err
    rows = {line.split()[0]: line.split()[1:] for line in status.out.splitlines()}
    assert rows["all"][:4] == ["28", "28", "0", "0"]
    assert dock_command("status", short_run.folder / "tables").code == 2


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


def test_a_second_folder_takes_what_is_shared(tmp_path, dock_command):
    (tmp_path / "c.yaml").write_text(QUICKEST + "ligands: [serotonin]\n")
    outputs = []
    for folder in ("a", "b"):
        done = dock_command("run", "c.yaml", "-o", folder, "--share", cwd=tmp_path)
        assert done.code == 0, done.err
        outputs.append(done.out)
    assert "kept" not in outputs[0]
    assert "done: " not in outputs[1]
    pages = [(tmp_path / folder / "tables" / "simulations.csv").read_text() for folder in ("a", "b")]
    assert pages[0] == pages[1]
    assert (tmp_path / "b" / "trajectories" / "sert-serotonin-allosteric-1.xtc").stat().st_size > 0


def test_production_is_not_lowered_in_a_folder_that_holds_more(short_run):
    protocol = short_run.settings.simulation.model_copy(update={"production": Quantity("0.4 ps")})
    shorter = short_run.settings.model_copy(update={"simulation": protocol})
    with pytest.raises(OutputError, match=r"longer than 0.4 ps"):
        Campaign(shorter, short_run.folder).changes  # noqa: B018


def test_with_a_lock_there_is_a_plan(short_run, tmp_path, monkeypatch):
    """Killed before anything is done, the same command begins."""

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("dock.campaign.campaign.execute", killed)
    with pytest.raises(KeyboardInterrupt):
        Campaign(short_run.settings, tmp_path / "run").run("inline")
    assert not Campaign(short_run.settings, tmp_path / "run").changes
    assert len(Campaign.open(tmp_path / "run").steps) == 28


def test_a_receptor_under_two_names_gives_the_same_numbers_twice(tmp_path):
    """The same against itself: nothing of one receptor is shown of the other, and no difference is made of a name."""
    content = yaml.safe_load(FAST) | {
        "receptors": ["sert", {"source": "sert", "name": "twin"}],
        "sites": ["orthosteric"],
        "ligands": ["escitalopram"],
    }
    campaign = Campaign(CampaignSettings(**content), tmp_path / "run").run("local", workers=2)
    assert not len(campaign.table("failures")), campaign.table("failures")["message"].to_list()
    for name in ("poses", "gate", "simulations", "ions", "contacts"):
        table = campaign.table(name)
        ours, twins = (table[table["receptor"] == receptor] for receptor in ("sert", "twin"))
        assert len(ours), name
        ours, twins = (each.drop(columns="receptor").reset_index(drop=True) for each in (ours, twins))
        assert ours.equals(twins), name
    assert campaign.table("comparisons").empty


def test_a_run_takes_the_disk_that_was_foreseen(short_run):
    """Within a factor of two, of what is more than records: poses, trajectories, tables."""
    foreseen = sum(step.resources.disk for step in short_run.steps)
    files = [path for path in (short_run.folder / "tasks").rglob("*") if path.is_file()]
    taken = sum(path.stat().st_size for path in files) / 1e6
    assert foreseen / 2 < taken < 2 * foreseen
