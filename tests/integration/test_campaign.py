import numpy as np
import pytest
import yaml
from planning import FAST, QUICKEST, keys

from dock.campaign import Campaign
from dock.campaign.plan import steps_of
from dock.campaign.settings import CampaignSettings
from dock.core.errors import GateError, OutputError, UnknownNameError
from dock.core.units import Quantity
from dock.receptors import Receptor
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.refine import Refine
from dock.workflow.execution import execute
from dock.workflow.executors import make_executor
from dock.workflow.step import Conditions
from dock.workflow.store import RESULT


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


def test_a_failed_gate_stops_what_depends_on_it(short_run, tmp_path, monkeypatch):
    """With a known pose that lies elsewhere, the gate fails loudly and nothing is simulated."""
    monkeypatch.setattr("dock.docking.redocking.LIMIT", 0.01)
    settings = CampaignSettings(**yaml.safe_load(FAST), sites=["orthosteric"], ligands=["escitalopram"])
    campaign = Campaign(settings, tmp_path / "run").run("inline")
    failures = campaign.table("failures").set_index("kind")
    assert failures.loc["gate", "reason"] == GateError.__name__
    assert "accept_failed_gate" in failures.loc["gate", "message"]
    assert len(failures.loc[["simulate"]]) == 1
    assert campaign.table("simulations").empty
    accepting = settings.model_copy(update={"accept_failed_gate": True})
    again = Campaign(accepting, tmp_path / "run").run("inline")
    assert again.complete
    assert not again.failed
    (gate,) = steps_of(again.steps, Gate)
    assert again.store.result(gate).model_dump() == {"passed": False, "accepted": True}
    assert short_run.table("gate")["passed"].all()


def test_a_refined_pose_is_simulated_in_the_receptor_that_gave_way(tmp_path):
    content = yaml.safe_load(QUICKEST) | {"refinement": {"poses": 1, "iterations": 20}}
    settings = CampaignSettings(**content, ligands=["serotonin"])
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
    assert "refined_energy" in (tmp_path / "run" / "poses" / "sert-allosteric.sdf").read_text()


def test_a_run_says_how_far_it_is(short_run, dock_command):
    status = dock_command("status", short_run.folder)
    assert status.code == 0, status.err
    rows = {line.split()[0]: line.split()[1:] for line in status.out.splitlines()}
    assert rows["all"][:4] == ["28", "28", "0", "0"]
    assert dock_command("status", short_run.folder / "tables").code == 2


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
