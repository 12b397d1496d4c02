import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import yaml
from rdkit import Chem

from dock.campaign import Campaign
from dock.campaign.executor import execute
from dock.campaign.plan import plan_campaign, tasks_of_kind
from dock.campaign.reporting import report
from dock.campaign.settings import CampaignSettings, read_settings
from dock.campaign.tasks import RESULT, Conditions, is_done, load_receptor, read_result
from dock.core.errors import DockingError, GateError, InputError, OutputError, SettingsError, UnknownNameError
from dock.dynamics.platforms import choose_processor
from dock.receptors import Receptor

FAST = "cross_docking: false\ndocking: {seeds: [1], ring_conformers: 1}\nsimulation: {equilibration: 0 ps, production: 80 fs, frame_interval: 8 fs, minimisation_steps: 5, replicas: 1, system: {kind: site}}\n"

SITE = {"system": {"kind": "site"}}  # where a card works, the default is a membrane


def test_the_default_plan_is_both_enantiomers_in_both_sites():
    tasks = plan_campaign(CampaignSettings(simulation=SITE))
    assert Counter(task.kind for task in tasks) == {
        "receptor": 1, "ligand": 2, "dock": 8, "gate": 1, "crossdock": 2, "region": 2, "simulate": 12, "analyse": 4,
    }  # fmt: skip
    known: set[str] = set()
    for task in tasks:
        assert set(task.needs.values()) <= known, task.label
        known.add(task.key)
    assert len(known) == len(tasks)
    protocol = CampaignSettings().simulation
    assert protocol.replicas * protocol.production.value_in("ps") >= 12
    assert protocol.equilibration.value_in("ps") >= 5
    # Whatever is compared in a site is simulated with the same atoms, which depend on every pose there.
    for region in tasks_of_kind(tasks, "region"):
        simulated = [task for task in tasks_of_kind(tasks, "simulate") if task.needs["region"] == region.key]
        assert {task.inputs["ligand"] for task in simulated} == {"escitalopram", "r-citalopram"}
        assert {task.needs["search"] for task in simulated} == {region.needs[role] for role in region.enough}


def test_the_gate_is_planned_where_the_reference_ligand_is_no_guest():
    tasks = plan_campaign(CampaignSettings(ligands=["sertraline"], sites=["S1"]))
    assert [task.label for task in tasks_of_kind(tasks, "dock")] == [
        "dock escitalopram in orthosteric",
        "dock sertraline in orthosteric",
    ]
    assert len(tasks_of_kind(tasks, "simulate")) == 3


def test_a_membrane_is_built_once_for_every_complex():
    tasks = plan_campaign(CampaignSettings(simulation={"system": {"kind": "membrane"}}))
    (membrane,) = tasks_of_kind(tasks, "membrane")
    for task in [*tasks_of_kind(tasks, "simulate"), *tasks_of_kind(tasks, "analyse")]:
        assert task.needs["membrane"] == membrane.key
    saltier = {"kind": "membrane", "membrane": {"salt": "0.3 mol/l"}}
    other = plan_campaign(CampaignSettings(simulation={"system": saltier}))
    assert tasks_of_kind(other, "membrane")[0].key != membrane.key
    assert not tasks_of_kind(plan_campaign(CampaignSettings(simulation=SITE)), "membrane")


def test_how_often_is_saved_and_how_many_replicas_there_are_changes_no_key():
    one = {task.label: task.key for task in plan_campaign(CampaignSettings(simulation=SITE))}
    often = {**SITE, "checkpoint_interval": "1 s", "replicas": 2}
    two = plan_campaign(CampaignSettings(simulation=often))
    first = {task.label.replace(" of 2", " of 3"): task.key for task in two if task.kind == "simulate"}
    assert first.items() <= one.items()
    assert len(first) == 8


def test_keys_depend_on_what_matters_and_on_nothing_else():
    one = {task.label: task.key for task in plan_campaign(CampaignSettings(simulation=SITE))}
    longer = CampaignSettings(simulation={**SITE, "production": "40 ps"})
    two = {task.label: task.key for task in plan_campaign(longer)}
    changed = {label.split()[0] for label in one if one[label] != two[label]}
    assert changed == {"simulate", "analyse"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("ligand: [x]", "'ligand' is an unknown setting"),
        ("docking: {seeds: [0]}", "greater than 0"),
        ("simulation: {production: 20}", "has no unit"),
        ("simulation: {system: {kept: 3 nm}}", "'simulation.system.kept' is an unknown setting"),
        ("preparation: {chian: A}", "unknown setting"),
        ("ligands: [{name: ../x, smiles: CCO}]", "'ligands.0.name'"),
        ("ligands: [{name: .x, smiles: CCO}]", "'ligands.0.name'"),
        ("receptor: x.pdb\nreceptor_sites: {a/b: {center: [0, 0, 0]}}", "receptor_sites"),
        ("receptor: x.pdb\nreceptor_sites: {a: {center: [0, 0, 0], box: [0, 1, 1]}}", "greater than 0"),
        ("receptor: x.pdb\nreceptor_sites: {a: {center: [0, 0, 0], residues: [HEM]}}", "pattern"),
        ("ligands: []", "at least 1"),
        ("- a\n- b", "is no mapping"),
        ("a: [", "is no YAML"),
        ("5: x", "cannot be read as settings"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_in_one_line(content, problem, tmp_path):
    path = tmp_path / "campaign.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=problem) as caught:
        read_settings(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"ligands": ["escitaloprm"]}, UnknownNameError),
        ({"ligands": [{"name": "x", "smiles": "CC("}]}, InputError),
        ({"ligands": ["citalopram"]}, InputError),
        ({"receptor": "absent.pdb"}, InputError),
        ({"receptor": "serd"}, UnknownNameError),
        ({"sites": ["S3"]}, UnknownNameError),
        ({"sites": ["S1", "orthosteric"]}, SettingsError),
        ({"ligands": ["escitalopram", "s-citalopram"]}, SettingsError),
        ({"ligands": [{"name": "escitalopram", "smiles": "CCO"}]}, SettingsError),
        ({"ligands": [{"name": "platinum", "smiles": "C[Pt]C"}]}, InputError),
        ({"receptor": "/"}, InputError),
    ],
)
def test_a_plan_checks_its_inputs_before_any_work(settings, error):
    with pytest.raises(error):
        plan_campaign(CampaignSettings(**settings))


def test_settings_survive_the_lock(short_run):
    locked = yaml.safe_load((short_run.folder / "campaign.lock.yaml").read_text())
    assert CampaignSettings(**locked["settings"]) == short_run.settings
    assert locked["versions"]["openmm"] != "absent"
    assert list(locked["inputs"]) == ["sert"]


def test_a_folder_keeps_its_campaign(short_run):
    with pytest.raises(OutputError, match="other settings"):
        Campaign(CampaignSettings(ligands=["sertraline"]), short_run.folder).run("inline")
    with pytest.raises(OutputError, match="holds no campaign"):
        Campaign.open(short_run.folder / "tables")


def test_every_task_is_accounted_for(short_run):
    assert short_run.complete
    assert len(short_run.succeeded) == len(short_run.tasks) == 28
    assert not short_run.failed
    for name in ("poses", "gate", "occupancy", "simulations", "runs", "contacts", "comparisons", "stages"):
        assert len(short_run.table(name)), name
        assert (short_run.folder / "tables" / f"{name}.csv").exists()
    for name in ("poses/orthosteric.sdf", "poses/allosteric.sdf", "receptors/model.cif", "ligands/escitalopram.sdf",
                 "trajectories/r-citalopram-allosteric-1.xtc", "trajectories/r-citalopram-allosteric-2.cif"):  # fmt: skip
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
    before = {
        task.key: (task.folder(short_run.folder) / RESULT).stat().st_mtime_ns for task in short_run.tasks
    }
    events = list(
        execute(short_run.tasks, short_run.folder, "inline", 1, Conditions(choose_processor("CPU")))
    )
    assert {event.what for event in events} == {"kept"}
    after = {
        task.key: (task.folder(short_run.folder) / RESULT).stat().st_mtime_ns for task in short_run.tasks
    }
    assert before == after


def test_an_old_run_is_read_as_it_was_planned(short_run, dock_command, monkeypatch):
    """After an update of the software the tasks have other keys; a report must still find them."""
    monkeypatch.setattr("dock.campaign.plan.software_versions", lambda: {"openmm": "9.9"})
    now = {task.key for task in plan_campaign(short_run.settings)}
    assert not now & {task.key for task in short_run.tasks}
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


def test_a_site_moved_is_another_task():
    before = {task.label: task.key for task in plan_campaign(CampaignSettings(simulation=SITE))}
    moved = CampaignSettings(
        simulation=SITE, receptor_sites={"orthosteric": {"residues": ["ASP98", "TYR95"]}}
    )
    after = {task.label: task.key for task in plan_campaign(moved)}
    assert before["dock escitalopram in orthosteric"] != after["dock escitalopram in orthosteric"]


def test_a_known_pose_moved_is_another_cross_docking(monkeypatch):
    """Of the other structure: its atoms alone do not say where the pose and the site are."""

    def keys():
        tasks = plan_campaign(CampaignSettings(simulation=SITE))
        return {task.label: task.key for task in tasks if task.kind == "crossdock"}

    before, whole = keys(), Receptor.from_catalogue

    def moved(name):
        receptor = whole(name)
        if name == "sert":
            return receptor
        known = Chem.Mol(receptor.references["orthosteric"])
        known.GetConformer().SetPositions(known.GetConformer().GetPositions() + 3.0)
        return replace(receptor, references={"orthosteric": known})

    monkeypatch.setattr(Receptor, "from_catalogue", moved)
    after = keys()
    assert before.keys() == after.keys() != set()
    assert not set(before.values()) & set(after.values())


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


def children(parent):
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(pid) for pid in listing.stdout.split()]


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


def test_a_stopped_run_is_continued_by_the_same_command(dock_command, tmp_path):
    """Stopped by Ctrl-C once something is docked, then killed, then let to its end."""
    docked, kept = tmp_path / "run" / "tasks" / "dock", {}
    for blow in (signal.SIGINT, signal.SIGKILL):
        process = start(tmp_path, FAST + "sites: [orthosteric]\n")
        done = len(kept)
        assert wait_for(lambda least=done: len(list(docked.glob(f"*/{RESULT}"))) > least, 120)
        workers = children(process.pid)
        assert workers
        os.kill(process.pid, blow)
        out, err = process.communicate(timeout=30)
        assert process.returncode == (130 if blow == signal.SIGINT else -9), out + err
        if blow == signal.SIGINT:
            assert err.strip().endswith("the same command continues where this one left off")
            assert "Traceback" not in err
        gone = wait_for(lambda pids=workers: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 15)  # noqa: PTH110
        assert gone, "workers outlived their parent"
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
        kept = {path: path.stat().st_mtime_ns for path in docked.glob(f"*/{RESULT}")}
    done = dock_command("run", "c.yaml", "-o", "run", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert Campaign.open(tmp_path / "run").complete
    assert "kept: dock" in done.out


def group_members(groups, program):
    """Process ids of a program that runs in one of the process groups."""
    listing = subprocess.run(["ps", "-eo", "pid=,pgid=,comm="], capture_output=True, text=True).stdout
    rows = [line.split(maxsplit=2) for line in listing.splitlines()]
    return [int(pid) for pid, group, name in rows if int(group) in groups and program in name]


def test_programs_that_a_worker_started_end_with_the_run(tmp_path):
    content = (
        FAST
        + 'sites: [orthosteric]\nligands: [{name: amine, smiles: "CCCCCCN(C)Cc1ccccc1OC"}]\naccept_failed_gate: true\n'
    )
    process = start(tmp_path, content)
    workers: list[int] = []

    def sqm_runs():
        workers[:] = children(process.pid)
        return bool(group_members(workers, "sqm"))

    try:
        assert wait_for(sqm_runs, 150)
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 130, err
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
    content = (
        FAST
        + 'sites: [orthosteric]\nligands: [serotonin, {name: impossible, smiles: "C[C@]12CC[C@@](C)(CC1)C2"}]\n'
    )
    (tmp_path / "c.yaml").write_text(content)
    done = dock_command("run", "c.yaml", "-o", "run", "--executor", "inline", cwd=tmp_path)
    assert done.code == 1
    campaign = Campaign.open(tmp_path / "run")
    assert campaign.complete
    failures = campaign.table("failures")
    assert set(failures["ligand"]) == {"impossible"}
    assert failures.iloc[0]["reason"] == "EmbeddingError"
    assert len(failures) == 4  # the ligand, and the docking, simulation and analysis that needed it
    assert set(campaign.table("simulations")["ligand"]) == {"serotonin"}
    assert len(campaign.succeeded) + len(campaign.failed) == len(campaign.tasks)
    assert "impossible" in (tmp_path / "run" / "report.html").read_text()
    assert done.err.count("failed: ") == 4
    assert "Traceback" not in done.err


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_that_dies_takes_only_its_task_along(workers, tmp_path):
    settings = CampaignSettings(**yaml.safe_load(FAST), sites=["orthosteric"], ligands=["escitalopram"])
    campaign = Campaign(settings, tmp_path / "run")
    killed = []

    def kill_a_worker(event):
        if event.what == "started" and event.task.kind == "dock" and not killed:
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
    assert len(campaign.succeeded) == len(campaign.tasks), campaign.table("failures")


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
    gate = tasks_of_kind(plan_campaign(accepting), "gate")[0]
    again = Campaign(accepting, tmp_path / "run").run("inline")
    assert again.complete
    assert not again.failed
    assert is_done(gate, tmp_path / "run")
    assert read_result(gate, tmp_path / "run")["result"] | {"seeds": None} == {
        "passed": False, "accepted": True, "seeds": None,
    }  # fmt: skip
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
    assert {task.kind for task in campaign.succeeded} == {"receptor", "ligand"}


def labels(**settings):
    return [task.label for task in plan_campaign(CampaignSettings(**settings)) if task.kind == "dock"]


def test_every_site_is_docked_into_empty_and_beside_every_other():
    alone = ["dock sertraline in orthosteric", "dock sertraline in allosteric"]
    same = [f"{alone[0]} beside sertraline in allosteric", f"{alone[1]} beside sertraline in orthosteric"]
    gate = "dock escitalopram in orthosteric"
    assert set(labels(ligands=["sertraline"], occupied_by=[])) == {gate, *alone}
    assert set(labels(ligands=["sertraline"])) == {gate, *alone, *same}
    other = labels(ligands=["sertraline"], occupied_by="escitalopram")
    assert "dock sertraline in allosteric beside escitalopram in orthosteric" in other
    assert "dock sertraline in orthosteric beside escitalopram in allosteric" in other
    assert not set(same) & set(other)
    third = {"back": {"center": [-32.7, -20.7, 25.0]}}
    three = labels(ligands=["sertraline"], receptor_sites=third)
    assert sum("beside" in label for label in three) == 6
    assert len(labels(ligands=["sertraline"], sites=["S1"])) == 2  # one site, nothing to be occupied
    with pytest.raises(UnknownNameError):
        labels(ligands=["sertraline"], occupied_by="escitaloprm")


def test_the_time_limit_is_no_part_of_what_a_result_depends_on():
    keys = [
        [task.key for task in plan_campaign(CampaignSettings(docking={"time_limit": limit}))]
        for limit in ("1 min", "1 hour")
    ]
    assert keys[0] == keys[1]


def test_a_known_ligand_that_cannot_be_docked_is_a_failed_gate_and_loud(tmp_path, monkeypatch):
    def nothing(*_, **__):
        raise DockingError("escitalopram", "no pose fits the box")

    monkeypatch.setattr("dock.docking.rustina_engine.RustinaEngine.place", nothing)
    settings = CampaignSettings(**yaml.safe_load(FAST), sites=["orthosteric"], ligands=["serotonin"])
    campaign = Campaign(settings, tmp_path / "run").run("inline")
    gate = campaign.table("gate")
    assert list(gate["passed"]) == [False]
    assert "no pose fits the box" in gate.iloc[0]["checks"]
    page = report(campaign).read_text()
    assert "<b>Failed.</b>" in page
    assert "<b>Passed.</b>" not in page


def test_with_a_failed_gate_accepted_simulations_need_no_gate():
    tasks = plan_campaign(CampaignSettings(accept_failed_gate=True))
    assert tasks_of_kind(tasks, "gate")
    assert not any(
        role.startswith("gate") for task in tasks_of_kind(tasks, "simulate") for role in task.needs
    )


def test_a_refined_pose_is_simulated_in_the_receptor_that_gave_way(tmp_path):
    content = yaml.safe_load(FAST) | {"refinement": {"poses": 1, "iterations": 20}}
    settings = CampaignSettings(**content, sites=["orthosteric"], ligands=["escitalopram"])
    campaign = Campaign(settings, tmp_path / "run").run("inline")
    assert not len(campaign.table("failures")), campaign.table("failures")["message"].to_list()
    refined = tasks_of_kind(campaign.tasks, "refine")[0]
    poses = campaign.table("poses")
    assert poses["refined"].sum() == 1
    assert poses.loc[poses["refined"], "simulated"].all()
    assert "refined_energy_kcal_mol" in poses
    before = Receptor.from_catalogue("sert")
    after = load_receptor(refined.folder(tmp_path / "run"))
    moved = np.linalg.norm(after.positions - before.positions, axis=1)
    assert 0 < (moved > 0.001).sum() < 500
    assert "refined_energy" in (tmp_path / "run" / "poses" / "orthosteric.sdf").read_text()
