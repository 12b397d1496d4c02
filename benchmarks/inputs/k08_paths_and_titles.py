"""Paths, names and titles that are not ASCII, in any locale."""

# ruff: noqa: RUF001 (letters of other alphabets are what it is about)

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case

FOLDERS = (
    "Zoë Müller/данные/расчёт", "研究/配体 №1", "بيانات/עברית", "e\u0301te\u0301 NFD", "it's \"q\" $HOME `x`", "100% #1 & co; (a) [b]",
    "😀/ a  b ",
)  # fmt: skip
TITLES = ("этанол", "Zoë’s “amine” №1", "化合物 7", "α-methyl β", "acide benzoïque", "😀")
SMILES = ("CCO", "CCN", "CCCN", "CC(C)C", "OC(=O)c1ccccc1", "CCCC")
LOCALES: dict[str, dict[str, str]] = {
    "C, UTF-8 mode off": {"LC_ALL": "C", "PYTHONUTF8": "0"},
    "POSIX": {"LC_ALL": "POSIX"},
    "output in ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    "output in Latin-1": {"PYTHONIOENCODING": "latin-1"},
}


def cases(folder: Path) -> Iterator[Case]:
    """Yield what becomes of libraries, models, trajectories and charges in odd folders."""
    for name in FOLDERS:
        yield _library(f"library in {name}", _made(folder / name), {})
    for name, environment in LOCALES.items():
        yield _library(f"library, {name}", _made(folder / "расчёт" / name), environment)
    yield from _encodings(_made(folder / "кодировки"))
    yield _bytes(folder)
    place = _made(folder / FOLDERS[0])
    yield _trajectory(place)
    yield _model(place)
    for name, environment in {"UTF-8": {}, **LOCALES}.items():
        yield _charges(f"charges, {name}", _made(place / name), environment)
    yield _plan(place)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _dock(
    *arguments: str | bytes, cwd: Path | bytes, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "dock.cli.main", *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, check=False)


def _judged(name: str, done: subprocess.CompletedProcess[bytes], right: bool) -> Case:
    note = done.stderr.decode(errors="replace").strip()
    if right:
        return Case(name, "right")
    refused = done.returncode == 2 and len(note.splitlines()) == 1 and "Traceback" not in note
    return Case(name, "refused" if refused else "wrong", note or f"exit code {done.returncode}")


def _library(name: str, folder: Path, environment: dict[str, str]) -> Case:
    lines = zip(SMILES, TITLES, strict=True)
    text = "".join(f"{smiles}\t{title}\n" for smiles, title in lines)
    (folder / "лиганды.smi").write_text(text, encoding="utf-8")
    done = _dock("ligand", "лиганды.smi", "-o", "выход é.sdf", "--workers", "1", cwd=folder, **environment)
    return _judged(name, done, done.returncode == 0 and _titles(folder / "выход é.csv") == list(TITLES))


def _titles(table: Path) -> list[str]:
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return [row["input_name"] for row in csv.DictReader(file)]


def _encodings(folder: Path) -> Iterator[Case]:
    """Yield titles in the encodings that other programs write."""
    for encoding, title in (("utf-8-sig", "расчёт"), ("latin-1", "Zoë"), ("cp1252", "Müller")):
        for suffix, text in (("smi", f"CCO {title}\n"), ("csv", f"name,smiles\n{title},CCO\n")):
            path = folder / f"{encoding}.{suffix}"
            path.write_bytes(text.encode(encoding))
            done = _dock("ligand", path.name, "-o", "out.sdf", "--workers", "1", cwd=folder)
            yield _judged(f"{suffix} in {encoding}", done, _titles(folder / "out.csv") == [title])


def _bytes(folder: Path) -> Case:
    """Return what becomes of a folder whose name is no UTF-8."""
    place = os.fsencode(folder) + b"/Zo\xeb"
    os.mkdir(place)  # noqa: PTH102
    return _judged("folder in Latin-1", _dock("ligand", "CCO", "-o", "a.sdf", cwd=place), right=False)


def _trajectory(folder: Path) -> Case:
    import mdtraj
    import numpy as np
    from openmm import unit
    from openmm.app import Topology, XTCFile, element

    from dock.analysis.trajectory import _read_xtc

    topology = Topology()
    topology.addAtom("NA", element.sodium, topology.addResidue("NA", topology.addChain("A")))
    writer = XTCFile(str(folder / "trajectory.xtc"), topology, 0.4, 1, 1)
    for number in range(3):
        writer.writeModel(np.full((1, 3), float(number)) * unit.nanometer)
    frames = _read_xtc(folder / "trajectory.xtc", mdtraj.Topology.from_openmm(topology), None)
    right = frames.xyz[:, 0, 0].tolist() == [0, 1, 2] and np.allclose(frames.time, [0.4, 0.8, 1.2])
    return Case("trajectory", "right" if right else "wrong")


def _model(folder: Path) -> Case:
    from dock import Receptor
    from dock.core.catalogue import SiteEntry, structures_folder

    shutil.copytree(structures_folder() / "sert", folder / "мо дель")
    receptor = Receptor.from_folder(folder / "мо дель")
    center = receptor.site("orthosteric").center
    receptor.with_sites({"карман": SiteEntry(center=(center[0] + 12, *center[1:]))}).save(folder / "ещё")
    again = Receptor.from_folder(folder / "ещё")
    right = again.key == receptor.key and "карман" in again.sites and "orthosteric" in again.references
    return Case("prepared model", "right" if right else "wrong")


CHARGES = """
from dock import Ligand
from dock.forcefield.parameters import ligand_parameters
ligand = Ligand.from_smiles("CN", "расчёт é " * 30)
ligand.mol.SetProp("_Name", "расчёт é " * 30)
print(ligand_parameters(ligand).getNumParticles())
"""


def _charges(name: str, folder: Path, environment: dict[str, str]) -> Case:
    """Return what sqm, antechamber and tleap make of a title and of folders."""
    places = {"TMPDIR": str(folder), "DOCK_CACHE": str(folder / "ca ché"), **environment}
    script = folder / "charges.py"
    script.write_text(CHARGES, encoding="utf-8")
    command = [sys.executable, script]
    done = subprocess.run(command, env=os.environ | places, capture_output=True, check=False)
    return _judged(name, done, done.stdout.strip() == b"8")


def _plan(folder: Path) -> Case:
    """Return whether a campaign file, its receptor and its library are found beside it."""
    text = "receptor: мо дель\nligands: [лиганды.smi, {name: Zoë “№1”, smiles: CCO}]\n"
    (folder / "кампания.yaml").write_text(text, encoding="utf-8")
    environment = LOCALES["C, UTF-8 mode off"]
    done = _dock("run", "кампания.yaml", "-o", "выход", "--dry-run", cwd=folder, **environment)
    return _judged("plan of a campaign", done, done.returncode == 0 and "лиганды.smi".encode() in done.stdout)
