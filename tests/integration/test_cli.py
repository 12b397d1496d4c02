import json
import os

import pytest

from dock.campaign.settings import settings_schema

TRACE = "Traceback"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "absent.yaml"], "absent.yaml: cannot be read"),
        (["run", "unknown.yaml"], "'ligand' is an unknown setting"),
        (["run", "name.yaml"], "did you mean 'escitalopram'"),
        (["run", "smiles.yaml"], "is not a valid SMILES"),
        (["run", "receptor.yaml"], "broken.pdb: is no atom"),
        (["run", "-o", "a-file/below"], "cannot be written to"),
        (["run", "--platform", "TPU"], "TPU"),
        (["run", "--workers", "0"], "--workers"),
        (["ligand", "escitaloprm", "-o", "x.sdf"], "did you mean 'escitalopram'"),
        (["ligand", "CC(C", "-o", "x.sdf"], "is not a valid SMILES"),
        (["ligand", "sertraline", "-o", "a-file/x.sdf"], "cannot be written to"),
        (["redock", "sert", "--seeds", "0"], "--seeds"),
        (["redock", "sert", "--seeds", "one"], "--seeds"),
        (["redock", "sert", "--site", "allosteric"], "has no known pose"),
        (["redock", "sert", "--smiles", "CCO"], "add --ligand CODE"),
        (["redock", "sart"], "did you mean 'sert'"),
        (["receptor", "sart", "-o", "x"], "did you mean 'sert'"),
        (["report", "nothing"], "holds no campaign"),
        (["nonsense"], "No such command"),
        (["scren", "CCO"], "Did you mean 'screen'"),
        (["redock", "sert", "--ligand", "sertraline"], "has no known pose of sertraline"),
        (["run", "--nonsense"], "--nonsense"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(arguments, said, dock_command, tmp_path):
    (tmp_path / "unknown.yaml").write_text("ligand: [escitalopram]\n")
    (tmp_path / "name.yaml").write_text("ligands: [escitaloprm]\n")
    (tmp_path / "smiles.yaml").write_text('ligands: [{name: x, smiles: "C1CC"}]\n')
    (tmp_path / "receptor.yaml").write_text("receptor: broken.pdb\n")
    (tmp_path / "broken.pdb").write_text("ATOM  this is no structure\n")
    (tmp_path / "a-file").write_text("")
    before = set(tmp_path.iterdir())
    done = dock_command(*arguments, cwd=tmp_path)
    assert done.code == 2, done.out + done.err
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert TRACE not in done.err + done.out
    assert set(tmp_path.iterdir()) <= before | {tmp_path / "x"}


def test_ligands_are_prepared(dock_command, tmp_path):
    done = dock_command("ligand", "r-citalopram", "NCCO", "-o", "out.sdf", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "charge +1, R" in done.out
    assert "[NH3+]CCO" in done.out
    assert (tmp_path / "out.sdf").read_text().count("$$$$") == 2


def test_redocking_passes_from_the_command_line(dock_command):
    done = dock_command("redock", "sert", "--seeds", "7")
    assert done.code == 0, done.out + done.err
    assert "gate (every seed's top pose within 2 A of the known one): passed" in done.out
    assert "of 18" in done.out
    assert "22 passed" in done.out


def test_the_doctor_finds_this_machine_fit(dock_command):
    done = dock_command("doctor")
    assert done.code == 0, done.err
    assert "openmm" in done.out


def test_a_report_can_be_written_again(short_run, dock_command):
    path = short_run.folder / "report.html"
    path.unlink(missing_ok=True)
    done = dock_command("report", short_run.folder)
    assert done.code == 0, done.err
    assert path.stat().st_size > 500_000


def test_plain_lines_where_there_is_no_terminal(short_run, dock_command):
    done = dock_command("run", short_run.folder.parent / "short.yaml", "-o", short_run.folder)
    assert done.code == 0
    lines = done.out.splitlines()
    assert sum("kept: " in line for line in lines) == 28
    assert "\x1b" not in done.out
    assert lines[-1].startswith("report: ")


def test_help_is_quick_and_names_every_command(dock_command):
    done = dock_command("--help")
    for name in ("run", "ligand", "receptor", "redock", "screen", "report", "doctor"):
        assert name in done.out


def test_a_file_is_written_once_and_runs_dry(dock_command, tmp_path):
    written = dock_command("init", "-o", "mine.yaml", cwd=tmp_path)
    assert written.code == 0, written.err
    again = dock_command("init", "-o", "mine.yaml", cwd=tmp_path)
    assert (again.code, "is there already" in again.err) == (2, True)
    assert dock_command("init", "nothing", cwd=tmp_path).code == 2
    dry = dock_command("run", "mine.yaml", "-o", "run", "--dry-run", cwd=tmp_path)
    assert dry.code == 0, dry.err
    rows = {line.split()[0]: line.split()[1:] for line in dry.out.splitlines()}
    assert rows["simulate"][:4] == ["12", "0", "0", "12"]
    assert rows["all"][:4] == ["32", "0", "0", "32"]
    assert {path.name for path in tmp_path.iterdir()} == {"mine.yaml"}
    assert json.loads(dock_command("schema").out) == settings_schema()


@pytest.mark.parametrize(
    "command", [["run"], ["screen", "CCO", "-o", "x"], ["redock", "sert", "--seeds", "1"]]
)
def test_a_closed_cache_is_one_line_that_names_it(command, dock_command, tmp_path):
    done = dock_command(*command, cwd=tmp_path, DOCK_CACHE="/proc/none")
    assert done.code == 2
    assert "the cache cannot be written to" in done.err
    assert "DOCK_CACHE" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_folder_whose_name_is_no_text_is_refused(dock_command, tmp_path):
    place = os.fsencode(tmp_path) + b"/Zo\xeb"
    os.mkdir(place)  # noqa: PTH102
    done = dock_command("ligand", "CCO", "-o", "a.sdf", cwd=place, LC_ALL="C", PYTHONUTF8="0")
    assert done.code == 2
    assert done.err.strip().endswith("is a name that is not UTF-8; rename it")
