"""`dock simulate` and `dock.simulate`, as a user calls them."""

import pandas as pd
import pytest
from planning import planned
from rdkit import Chem

import dock
from dock.analysis.comparison import CUT_ERROR
from dock.campaign.plan import steps_of
from dock.core.errors import ChemistryError, StructureError
from dock.docking.given import read_poses
from dock.docking.pose import Pose, load_poses, write_poses
from dock.steps.analyse import Analyse
from dock.steps.dock import Dock
from dock.steps.given import GivenPose
from dock.steps.region import DrawRegion

SETTINGS = """
minimisation_steps: 20
equilibration: 0.04 ps
production: 0.2 ps
frame_interval: 40 fs
system: {kind: site, kept_within: 5 angstrom, mobile_within: 4 angstrom}
"""


@pytest.fixture
def poses(redocked, tmp_path):
    write_poses(tmp_path / "poses.sdf", redocked.kept[:2])
    (tmp_path / "short.yaml").write_text(SETTINGS)
    (tmp_path / "scalar.yaml").write_text("system: site\n")
    return tmp_path


def test_a_pose_is_simulated_and_continued(poses, dock_command):
    command = ("simulate", "poses.sdf", "-o", "out", "--settings", "short.yaml", "--platform", "CPU")
    stopped = dock_command(*command, "--replicas", "2", "--time-limit", "1 ms", cwd=poses)
    assert stopped.code == 3
    assert "the same command continues it" in stopped.err
    done = dock_command(*command, "--replicas", "2", cwd=poses)
    assert done.code == 0, done.err
    out = poses / "out"
    runs = pd.read_csv(out / "tables" / "runs.csv")
    assert runs["replica"].tolist() == [1, 2]
    assert set(runs["frames"]) == {5}
    series = pd.read_csv(out / "series" / "sert-escitalopram-orthosteric.csv")
    assert series.groupby("replica").size().tolist() == [5, 5]
    simulations = pd.read_csv(out / "tables" / "simulations.csv")
    assert set(simulations["replicas"]) == {2}
    for row in simulations.itertuples():  # the errors that are printed are those of the file
        assert row.error >= CUT_ERROR.get(row.quantity, 0.0)
        assert f"{row.quantity:24} {row.mean:9.2f} +- {row.error:.2f} (" in done.out
    assert (out / "report.html").exists()
    changed = dock_command(*command, "--replicas", "2", "--production", "0.4 ps", cwd=poses)
    assert changed.code == 0, changed.err
    assert "simulation.production: 0.4 ps instead of 0.2 ps" in changed.err
    assert set(pd.read_csv(out / "tables" / "runs.csv")["frames"]) == {10}
    assert dock_command("status", "out", cwd=poses).code == 0


def test_what_lies_beside_is_simulated_too(poses, allosteric, dock_command):
    write_poses(poses / "beside.sdf", allosteric.kept[:1])
    done = dock_command(
        "simulate", "poses.sdf", "--beside", "beside.sdf", "-o", "out", "--settings", "short.yaml",
        "--replicas", "1", cwd=poses,
    )  # fmt: skip
    assert done.code == 0, done.err
    topology = (poses / "out" / "trajectories" / "sert-escitalopram-orthosteric-1.cif").read_text()
    assert " OCC " in topology
    wrong = dock_command("simulate", "poses.sdf", "--beside", "poses.sdf", "-o", "no", cwd=poses)
    assert wrong.code == 1
    assert "lies in the orthosteric site, which is occupied" in wrong.err


def test_poses_come_back_as_they_were_written(poses, redocked, receptor, tmp_path):
    """With everything that is known of them; those of another program with what a file of theirs holds."""
    for read, pose in zip(read_poses(poses / "poses.sdf", receptor), redocked.kept[:2], strict=True):
        assert read.to_record() == pose.to_record()
        assert read.ligand.record() == pose.ligand.record()
        assert read.row() == pose.row()
        assert read.rmsd(pose.mol) < 1e-3
        assert read.ligand.charge == 1
        assert Pose.from_record(pose.ligand, pose.mol, pose.to_record()).to_record() == pose.to_record()
    bare = Chem.Mol(redocked.best.mol)
    bare.SetProp("_Name", "mine")
    with Chem.SDWriter(str(tmp_path / "bare.sdf")) as writer:
        writer.write(bare)
    (read,) = read_poses(tmp_path / "bare.sdf", receptor)
    assert (read.ligand.name, read.site, read.engine, dict(read.properties)) == (
        "mine",
        "orthosteric",
        "file",
        {},
    )
    with pytest.raises(StructureError, match="has not written"):
        load_poses(tmp_path / "bare.sdf", redocked.best.ligand)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (Chem.RemoveHs, "lacks 22 hydrogens"),
        (lambda mol: moved(mol, 100.0), "lies in no site of sert"),
        (lambda mol: flattened(mol), "has no coordinates in space"),
    ],
)
def test_what_is_no_pose_is_refused(change, problem, poses, redocked, receptor):
    mol = change(Chem.Mol(redocked.best.mol))
    mol.SetProp("_Name", "mine")
    with Chem.SDWriter(str(poses / "wrong.sdf")) as writer:
        writer.write(mol)
    with pytest.raises(ChemistryError, match=f"mine: {problem}"):
        read_poses(poses / "wrong.sdf", receptor)


def moved(mol, by):
    mol.GetConformer().SetPositions(mol.GetConformer().GetPositions() + by)
    return mol


def flattened(mol):
    from rdkit.Chem import AllChem

    AllChem.Compute2DCoords(mol)
    return mol


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("absent.sdf",), "absent.sdf: no such file"),
        (("poses.sdf", "--production", "20 kg"), "cannot be expressed in ps"),
        (("poses.sdf", "--production", "0.3331 ps"), "must be a multiple"),
        (("poses.sdf", "--receptor", "nothing"), "nothing"),
        (("poses.sdf", "--settings", "absent.yaml"), "absent.yaml: cannot be read"),
        (("poses.sdf", "--settings", "scalar.yaml", "--system", "site"), "scalar.yaml: "),
        (("poses.sdf", "--platform", "CPU", "--device", "1"), "device 1"),
    ],
)
def test_wrong_input_is_one_line(arguments, problem, poses, dock_command):
    done = dock_command("simulate", *arguments, "-o", "out", cwd=poses)
    assert done.code == 2, done.err
    (error,) = [
        line
        for line in done.err.splitlines()
        if "OpenCL implementation" not in line and "--every" not in line
    ]
    assert problem in error


def test_an_unreadable_file_is_refused(tmp_path, receptor):
    (tmp_path / "x.sdf").write_text("no molecule")
    with pytest.raises(ChemistryError, match=r"x\.sdf#1 no molecule: is no readable SDF record"):
        read_poses(tmp_path / "x.sdf", receptor)


def test_simulating_from_python_compares_complexes(receptor, redocked, tmp_path):
    settings = dock.SimulationSettings(
        minimisation_steps=20, equilibration="0.04 ps", production="0.2 ps", frame_interval="40 fs", replicas=2,
        system={"kind": "site", "kept_within": "5 angstrom", "mobile_within": "4 angstrom"},
    )  # fmt: skip
    simulation = dock.simulate(receptor, redocked.best, tmp_path / "one", settings, "CPU")
    assert simulation.analysis.summary()["replicas"] == 2
    assert len(simulation.to_dataframe()) == 10
    again = dock.simulate(receptor, redocked.best, tmp_path / "one", settings, "CPU")
    assert again.to_dataframe().equals(simulation.to_dataframe())


def test_given_poses_of_a_site_share_a_region(redocked, allosteric, tmp_path):
    write_poses(tmp_path / "poses.sdf", [*redocked.kept[:2], *allosteric.kept[:1]])
    write_poses(tmp_path / "alike.sdf", redocked.kept[1:2])
    given = {"file": str(tmp_path / "poses.sdf"), "alike": str(tmp_path / "alike.sdf")}
    steps, _ = planned(poses=given)
    assert not steps_of(steps, Dock)
    assert [analysis.search.place for analysis in steps_of(steps, Analyse)] == [
        "escitalopram in orthosteric of sert",
        "r-citalopram in allosteric of sert",
    ]
    regions = {region.site: region for region in steps_of(steps, DrawRegion)}
    assert len(regions["orthosteric"].searches) == 2
    every, _ = planned(poses=given | {"every": True, "alike": None})
    assert [step.name for step in steps_of(every, GivenPose)] == [
        "escitalopram-1", "escitalopram-2", "r-citalopram-3",
    ]  # fmt: skip
