import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from rdkit import Chem

from dock.campaign.screen import Screen
from dock.core.errors import GateError, OutputError, StructureError
from dock.core.units import Quantity
from dock.docking.pose import read_mols
from dock.docking.screening import SCREENING
from dock.docking.settings import DockingSettings
from dock.ligands.library import Library
from dock.ligands.states import PreparationSettings

LIBRARY = """NCCc1ccccc1 amine
xxxx broken
CC(N)Cc1ccccc1 mixture
B(O)(O)c1ccccc1 boron
NCCc1ccccc1 amine
"""
RESULTS = ("poses/allosteric.sdf", "tables/poses.csv", "tables/ranking.csv", "tables/failures.csv")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("library") / "library.smi"
    path.write_text(LIBRARY)
    return path


@pytest.fixture(scope="session")
def screened(dock_command, library, tmp_path_factory):
    """A screen of the allosteric site, which has no known pose, by two workers."""
    folder = tmp_path_factory.mktemp("screen") / "run"
    done = dock_command("screen", library, "--site", "S2", "-o", folder, "--workers", 2)
    assert done.code == 1, done.out + done.err
    return folder, done


def rows(folder, table):
    with (folder / "tables" / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_entry_is_docked_or_failed_with_its_reason(screened):
    folder, done = screened
    assert "5 entries read: 4 ligands docked, 2 failed (2 ChemistryError)" in done.out
    assert "library.smi:2" in done.err
    assert [row["ligand"] for row in rows(folder, "poses")] == ["amine", "mixture_S", "mixture_R", "amine_2"]
    assert [row["origin"] for row in rows(folder, "failures")] == ["library.smi:2", "library.smi:4"]
    ranking = [float(row["merit"]) for row in rows(folder, "ranking")]
    assert ranking == sorted(ranking, reverse=True)
    assert len(ranking) == 4


def test_poses_come_out_with_bonds_hydrogens_and_records(screened):
    mols = read_mols(screened[0] / "poses" / "allosteric.sdf")
    assert [mol.GetProp("_Name") for mol in mols] == ["amine", "mixture_S", "mixture_R", "amine_2"]
    for mol in mols:
        seen = Chem.Mol(mol)
        Chem.AssignStereochemistryFrom3D(seen)
        assert Chem.MolToSmiles(Chem.RemoveHs(seen)) == mol.GetProp("smiles")
        assert mol.GetProp("site") == "allosteric"
        assert float(mol.GetProp("vinardo_kcal_mol")) < 0
        assert mol.GetProp("checks_failed") == ""


def test_the_same_molecule_is_docked_in_the_same_way_wherever_it_stands(screened):
    first, _, _, last = read_mols(screened[0] / "poses" / "allosteric.sdf")
    assert np.array_equal(first.GetConformer().GetPositions(), last.GetConformer().GetPositions())


def test_killed_and_continued_with_another_number_of_workers_it_gives_the_same_bytes(
    screened, library, tmp_path, dock_command
):
    folder = tmp_path / "run"
    arguments = ["screen", str(library), "--site", "allosteric", "-o", str(folder), "--workers", "1"]
    process = subprocess.Popen([sys.executable, "-m", "dock.cli.main", *arguments], env=os.environ)
    database = folder / "screen.sqlite"
    while entries_done(database) < 1:
        assert process.poll() is None
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "poses").exists()
    before = entries_done(database)
    done = dock_command(*arguments)
    assert done.code == 1
    assert before >= 1
    for name in RESULTS:
        assert (folder / name).read_bytes() == (screened[0] / name).read_bytes(), name


def entries_done(database):
    import sqlite3

    if not database.exists():
        return 0
    with sqlite3.connect(database) as connection:
        try:
            return connection.execute("select count(distinct entry) from ligands").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def test_a_finished_screen_does_nothing_again(screened, library, dock_command):
    folder, _ = screened
    before = {name: (folder / name).read_bytes() for name in RESULTS}
    done = dock_command("screen", library, "--site", "S2", "-o", folder)
    assert done.code == 1
    assert "5 entries read: 4 ligands docked, 2 failed" in done.out
    assert {name: (folder / name).read_bytes() for name in RESULTS} == before


def test_a_folder_with_another_screen_is_refused(screened, library, dock_command):
    for other in (["--seeds", "2"], ["--ph", "9"]):
        done = dock_command("screen", library, "--site", "S2", "-o", screened[0], *other)
        assert done.code == 2
        assert "holds a screen with other" in done.err
    for inputs in (["sertraline"], [library, "sertraline"], [library, "--smiles-column", "smi"]):
        done = dock_command("screen", *inputs, "--site", "S2", "-o", screened[0])
        assert done.code == 2
        assert "other library" in done.err
    done = dock_command("run", "-o", screened[0])
    assert done.code == 2
    assert "holds a screen" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sertraline", "--seeds", "0"], "--seeds"),
        (["sertraline", "--engines", "glide"], "--engines"),
        (["sertraline", "--time-limit", "5"], "--time-limit"),
        (["sertraline", "--site", "S9"], "S9"),
        (["nowhere.smi"], "nowhere.smi"),
        (["empty.smi"], "holds no molecules"),
        (["sertraline", "--engines", "vina", "--gpu"], "name it among the engines"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(arguments, says, tmp_path, dock_command):
    (tmp_path / "empty.smi").write_text("# nothing\n")
    done = dock_command("screen", *arguments, "-o", "run", cwd=tmp_path)
    assert done.code == 2
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_ligand_beyond_its_time_is_recorded_and_the_next_is_docked(tmp_path, receptor):
    settings = SCREENING.model_copy(update={"time_limit": Quantity("0.05 s")})
    todo = Screen(tmp_path / "run", receptor, "S2", settings, PreparationSettings())
    counts = todo.run(Library(["NCCc1ccccc1", "NCCc1ccc(O)cc1"]), workers=1)
    assert counts.failed == 2
    assert counts.reasons == {"WorkerError": 2}
    assert "took longer than 0.05 s" in rows(tmp_path / "run", "failures")[1]["message"]
    # with more time the same folder takes them up again, and only them
    longer = Screen(tmp_path / "run", receptor, "S2", SCREENING, PreparationSettings())
    counts = longer.run(Library(["NCCc1ccccc1", "NCCc1ccc(O)cc1"]), workers=1)
    assert (counts.entries, counts.docked, counts.failed) == (2, 2, 0)
    assert [row["origin"] for row in rows(tmp_path / "run", "poses")] == ["argument 1", "argument 2"]
    assert rows(tmp_path / "run", "failures") == []
    again = longer.run(Library(["NCCc1ccccc1", "NCCc1ccc(O)cc1"]), workers=1)
    assert (again.entries, again.docked) == (2, 2)


def test_a_ligand_that_no_engine_can_type_or_fit_is_recorded(tmp_path, receptor):
    tight = replace(receptor.site("S2"), box=(3.0, 3.0, 3.0))
    narrow = replace(receptor, sites={"allosteric": tight})
    todo = Screen(tmp_path / "run", narrow, "S2", SCREENING, PreparationSettings())
    counts = todo.run(Library(["sertraline"]), workers=1)
    assert counts.reasons == {"DockingError": 1}
    assert (tmp_path / "run" / "tables" / "poses.csv").read_text().startswith("ligand,input_name,origin")


def test_a_known_pose_that_is_not_found_again_stops_the_screen(tmp_path, receptor):
    away = Chem.Mol(receptor.references["orthosteric"])
    away.GetConformer().SetPositions(away.GetConformer().GetPositions() + np.array([4.0, 0, 0]))
    wrong = replace(receptor, references={"orthosteric": away})
    settings = DockingSettings(seeds=(1,), ring_conformers=1, keep=1)
    todo = Screen(tmp_path / "run", wrong, "S1", settings, PreparationSettings())
    with pytest.raises(GateError, match="accept-failed-gate"):
        todo.run(Library(["NCCc1ccccc1"]))
    assert rows(tmp_path / "run", "gate")[0]["passed"] == "False"
    counts = todo.run(Library(["NCCc1ccccc1"]), accept_failed_gate=True)
    assert counts.docked == 1
    assert todo.run(Library(["NCCc1ccccc1"])).docked == 1  # what was accepted stays so
    assert "accept_failed_gate: true" in (tmp_path / "run" / "screen.lock.yaml").read_text()


def test_a_known_ligand_that_cannot_be_docked_fails_the_gate_and_can_be_accepted(tmp_path, receptor):
    tight = replace(receptor.site("S1"), box=(3.0, 3.0, 3.0))
    narrow = replace(receptor, sites={"orthosteric": tight})
    todo = Screen(tmp_path / "run", narrow, "S1", SCREENING, PreparationSettings())
    with pytest.raises(GateError, match="a seed found no pose"):
        todo.run(Library(["NCCc1ccccc1"]))
    counts = todo.run(Library(["NCCc1ccccc1"]), accept_failed_gate=True)
    assert counts.reasons == {"DockingError": 1}


def test_a_campaigns_folder_is_left_alone(tmp_path, receptor):
    (tmp_path / "campaign.lock.yaml").write_text("settings: {}\n")
    with pytest.raises(OutputError, match="holds a campaign"):
        Screen(tmp_path, receptor, "S2", SCREENING, PreparationSettings()).run(Library(["NCCO"]))
    assert not (tmp_path / "receptors").exists()


def test_an_occupied_receptor_is_not_screened_as_if_it_were_empty(tmp_path, receptor, escitalopram):
    occupied = receptor.with_occupant("S1", "escitalopram", escitalopram.mol)
    with pytest.raises(StructureError, match="is occupied"):
        Screen(tmp_path / "run", occupied, "S2", SCREENING, PreparationSettings()).run(Library(["NCCO"]))


@pytest.mark.parametrize("content", ["a: [", "just text"])
def test_a_damaged_lock_or_database_is_one_line(content, tmp_path, dock_command):
    (tmp_path / "screen.lock.yaml").write_text(content)
    done = dock_command("screen", "NCCO", "--site", "S2", "-o", tmp_path)
    assert done.code == 2
    assert "is damaged" in done.err
    assert len(done.err.strip().splitlines()) == 1
    (tmp_path / "screen.lock.yaml").unlink()
    (tmp_path / "screen.sqlite").write_text(content * 100)
    done = dock_command("screen", "NCCO", "--site", "S2", "-o", tmp_path)
    assert done.code == 2
    assert "screen.sqlite: is damaged" in done.err
