"""AmberTools programs, run in a scratch folder: antechamber with sqm, parmchk2, tleap."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from dock.core.ambertools import find_data, find_program, fingerprint
from dock.core.errors import ParameterError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

__all__ = ["find_data", "find_program", "fingerprint", "run", "untitled_block"]

TIME_LIMIT = 3600  # seconds; sqm takes minutes for a drug-sized cation on one core
TAIL = 3  # lines of a failed program's output that are shown


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
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired as error:
        raise ParameterError(subject, f"{program} took more than {TIME_LIMIT} s") from error
    output = done.stdout + done.stderr
    if done.returncode != 0:
        tail = " / ".join(line.strip() for line in output.strip().splitlines()[-TAIL:])
        raise ParameterError(subject, f"{program} failed ({tail})", "check charge and valences")
    return output


def untitled_block(mol: Mol) -> str:
    """Return a molecule as the programs read it: without its title, which may be of any length and script."""
    from rdkit import Chem

    untitled = Chem.Mol(mol)
    untitled.ClearProp("_Name")
    return str(Chem.MolToMolBlock(untitled))
