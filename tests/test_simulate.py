"""`dock simulate` and `dock.simulate`, as a user calls them."""

import json

import pandas as pd
import pytest
from rdkit import Chem

import dock
from dock.analysis.comparison import CUT_ERROR
from dock.core.errors import ChemistryError, StructureError
from dock.docking.pose import read_poses, write_poses
from dock.dynamics.engine import RECORD

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
    folder = poses / "out" / "escitalopram-orthosteric"
    records = [json.loads((folder / f"replica-{n}" / RECORD).read_text()) for n in (1, 2)]
    assert [record["replica"] for record in records] == [1, 2]
    assert {record["frames"] for record in records} == {5}
    series = pd.read_csv(folder / "series.csv")
    assert series.groupby("replica").size().tolist() == [5, 5]
    averages = json.loads((folder / "averages.json").read_text())
    assert averages["replicas"] == 2
    for name, value in averages["averages"].items():  # the errors that are printed are those of the file
        assert value["error"] >= CUT_ERROR.get(name, 0.0)
        assert f"{name:24} {value['mean']:9.2f} +- {value['error']:.2f} (" in done.out
    changed = dock_command(*command, "--replicas", "2", "--production", "0.4 ps", cwd=poses)
    assert changed.code == 0, changed.err
    assert json.loads((folder / "replica-1" / RECORD).read_text())["frames"] == 10


def test_what_lies_beside_is_simulated_too(poses, allosteric, dock_command):
    write_poses(poses / "beside.sdf", allosteric.kept[:1])
    done = dock_command(
        "simulate", "poses.sdf", "--beside", "beside.sdf", "-o", "out", "--settings", "short.yaml",
        "--replicas", "1", cwd=poses,
    )  # fmt: skip
    assert done.code == 0, done.err
    topology = (poses / "out" / "escitalopram-orthosteric" / "replica-1" / "topology.cif").read_text()
    assert " OCC " in topology
    wrong = dock_command("simulate", "poses.sdf", "--beside", "poses.sdf", "-o", "no", cwd=poses)
    assert wrong.code == 1
    assert "lies in the orthosteric site, which is occupied" in wrong.err


def test_poses_come_back_as_they_were_written(poses, redocked, receptor):
    for one, two in zip(read_poses(poses / "poses.sdf", receptor), redocked.kept, strict=False):
        assert one.site == two.site
        assert one.ligand.smiles == two.ligand.smiles
        assert one.rmsd(two.mol) < 1e-3
        assert one.ligand.charge == 1


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
        (("poses.sdf", "--production", "0.3 ps"), "must be a multiple"),
        (("poses.sdf", "--receptor", "nothing"), "nothing"),
        (("poses.sdf", "--settings", "absent.yaml"), "absent.yaml: cannot be read"),
        (("poses.sdf", "--settings", "scalar.yaml", "--system", "site"), "scalar.yaml: "),
        (("poses.sdf", "--platform", "CPU", "--device", "1"), "device 1"),
    ],
)
def test_wrong_input_is_one_line(arguments, problem, poses, dock_command):
    done = dock_command("simulate", *arguments, "-o", "out", cwd=poses)
    assert done.code == 2, done.err
    assert problem in done.err
    assert len([line for line in done.err.splitlines() if "OpenCL implementation" not in line]) == 1


def test_an_unreadable_file_is_refused(tmp_path, receptor):
    (tmp_path / "x.sdf").write_text("no molecule")
    with pytest.raises(StructureError, match="cannot be read"):
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
