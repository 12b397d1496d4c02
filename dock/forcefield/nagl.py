"""OpenFF NAGL: a graph network that predicts the AM1-BCC charges of a molecule from its constitution."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import MissingDependencyError, ParameterError
from dock.core.records import software_versions

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

PACKAGES = ("acellera-openff-nagl", "openff-nagl")  # its names on PyPI and on conda-forge
DECIMALS = 6  # the network's single precision holds no more


def model_file() -> Path:
    """Return the newest AM1-BCC model that openff-nagl-models holds, release candidates left out.

    Raises
    ------
    MissingDependencyError
        If the package is not installed.
    """
    with _imports():
        from openff.nagl_models import get_models_by_type
    return Path(get_models_by_type("am1bcc", production_only=True)[-1])


def describe() -> str:
    """Return the name of the model's file and the version of the package that runs it.

    Both stand in the record of the charges. The version of torch does not: what it changes is
    rounded away.

    Raises
    ------
    MissingDependencyError
        If openff-nagl-models is not installed.
    """
    installed = [
        f"{name} {number}" for name, number in software_versions(PACKAGES).items() if number != "absent"
    ]
    return f"NAGL ({', '.join([model_file().name, *installed])})"


def predict(name: str, mol: Mol) -> NDArray[np.float64]:
    """Return the charges that the model predicts, in e, by atom.

    Parameters
    ----------
    name
        The molecule that an error should name.
    mol
        With explicit hydrogens. Neither its stereochemistry nor a conformer is looked at.

    Raises
    ------
    MissingDependencyError
        If NAGL, or a package it needs, is not installed.
    ParameterError
        If the molecule is unlike those that the model was trained on.
    """
    from rdkit import Chem

    model = _load(model_file())
    with _imports():
        from openff.toolkit import Molecule
        from openff.toolkit.utils.exceptions import OpenFFToolkitException
    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    try:
        with _one_thread(), _logs_kept():
            molecule = Molecule.from_rdkit(flat, allow_undefined_stereo=True, hydrogens_are_explicit=True)
            values = model.compute_property(molecule, check_domains=True, error_if_unsupported=True)
    except (ValueError, OpenFFToolkitException) as error:
        raise ParameterError(name, f"NAGL has no charges for it ({error})", "use am1-bcc charges") from error
    return np.asarray(values, dtype=float).round(DECIMALS)


@cache
def _load(path: Path) -> Any:
    """Load a model, which takes seconds, once in a process."""
    with _imports():
        from openff.nagl import GNNModel
    return GNNModel.load(path)


@contextmanager
def _imports() -> Iterator[None]:
    """Say how to install what cannot be imported."""
    try:
        yield
    except ImportError as error:
        raise MissingDependencyError(
            "NAGL", f"cannot be imported ({error})", "pip install 'sertdock[nagl]' brings it"
        ) from error


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: it would fight the workers beside this one."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _logs_kept() -> Iterator[None]:
    """Leave RDKit's logs as they were: NAGL switches every one of them on, debugging too."""
    from rdkit import RDLogger, rdBase

    before = rdBase.LogStatus().split()
    try:
        yield
    finally:
        for log, state in (line.split(":") for line in before):
            if state == "disabled":
                RDLogger.DisableLog(log)
