"""The model: a receptor prepared and relaxed from a raw structure, written to a folder."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dock.core import catalogue
from dock.core.arguments import require
from dock.core.errors import ParameterError, StructureError
from dock.core.files import (
    cache_folder,
    is_there,
    output_folder,
    read_json,
    waited_for,
    writable_cache,
    write_text,
)
from dock.core.keys import content_key, file_sha256
from dock.core.records import settings_error, software_versions
from dock.core.revisions import revision
from dock.dynamics.relaxation import relax
from dock.forcefield.parameters import parametrise_receptor
from dock.forcefield.platforms import Processor, choose_processor
from dock.receptors import Receptor
from dock.receptors.entry import read_entry
from dock.receptors.preparation import prepare, source_settings
from dock.receptors.receptor import MODEL_FILE, RECORD_FILE
from dock.receptors.settings import ReceptorSettings
from dock.receptors.source import check_source, find_source

PDB_FILE = "model.pdb"
LOG = logging.getLogger(__name__)


def build_receptor(
    source: str | Path,
    folder: Path | str,
    changes: Mapping[str, Any] | None = None,
    processor: Processor | None = None,
) -> Receptor:
    """Prepare a receptor from a raw structure and write it to a folder.

    Written are ``model.cif`` and ``model.pdb``, ``reference_SITE.sdf`` for each bound ligand
    whose chemistry is known, and ``record.json``, which is written last.

    Parameters
    ----------
    source
        A target of the catalogue, a PDB code, the code of an AlphaFold model, or a file.
    folder
        Where the files go.
    changes
        Settings that differ from the default; see `dock.receptors.settings.ReceptorSettings`.

    Raises
    ------
    StructureError, SettingsError, OutputError
        If the source, the settings or the folder are wrong.
    ParameterError, SimulationError
        If the structure does not fit the force field, or cannot be relaxed.
    """
    require(source, (str, Path), "structure", "give a name, a PDB code or a path")
    require(folder, (str, Path), "folder", "name the folder that is written")
    source, folder = str(source), Path(folder)
    raw, settings = _settings(source, changes or {})
    output_folder(folder)
    writable_cache()
    preparation = prepare(raw, settings)
    LOG.info("%s is complete; relaxing it takes a minute or two on two cores", preparation.name)
    positions, relaxation = relax(preparation, processor or choose_processor())
    target = catalogue.targets().get(preparation.record["target"])
    entry = preparation.record["source"]["entry"]
    problems = relaxation.pop("problems")
    record = {
        "title": f"{target.title}, from {entry}" if target else entry,
        **preparation.record,
        **relaxation,
        "warnings": [*problems, *preparation.record["warnings"]],
        "atoms": preparation.topology.getNumAtoms(),
        "computed": datetime.date.today().isoformat(),
        "versions": software_versions(),
    }
    receptor = Receptor(
        preparation.name,
        preparation.topology,
        positions,
        preparation.sites,
        preparation.bound.references,
        record,
    )
    if receptor.fits_pdb:
        write_text(folder / PDB_FILE, receptor.to_pdb())
    else:
        record["warnings"].append("no model.pdb: its chain names or residue numbers do not fit that format")
    receptor.save(folder)
    return Receptor.from_folder(folder)


def open_receptor(source: str | Path, changes: Mapping[str, Any] | None = None) -> Receptor:
    """Return a receptor, prepared where it is not yet.

    Parameters
    ----------
    source
        What `build_receptor` takes, or the folder that it wrote. A target of the catalogue whose
        model is shipped, and a file that the force field fits as it is, are taken as they are.
        What is prepared is kept in the cache.
    changes
        Settings of the preparation that differ from the default. Where nothing is prepared there
        can only be ``sites``, which are added.

    Raises
    ------
    InputError
        If the source or the settings are wrong.
    ParameterError, SimulationError
        If the structure cannot be prepared.
    """
    require(source, (str, Path), "receptor", "give a name, a path or a dock.Receptor")
    source, changes = str(source), dict(changes or {})
    ready = prepared_receptor(source, changes) or _complete(source, changes)
    if ready is not None:
        return ready
    raw, settings = _settings(source, changes)
    path = find_source(raw)
    parts = [
        file_sha256(path),
        path.name,
        settings.model_dump(mode="json"),
        shipped_models(),
        software_versions(),
    ]
    folder = cache_folder() / "receptors" / content_key([revision("prepared receptor"), *parts])
    with waited_for(folder / ".lock"):
        if not (folder / RECORD_FILE).exists():
            build_receptor(source, folder, changes)
    return Receptor.from_folder(folder)


def prepared_receptor(source: str, changes: Mapping[str, Any]) -> Receptor | None:
    """Return a receptor if that takes no more than to read it: one that is shipped, or a folder.

    Raises
    ------
    StructureError
        If a folder is to be prepared otherwise than it is.
    """
    folder = _folder(source)
    if folder is None or (folder != Path(source) and not set(changes) <= {"sites"}):
        return None
    if not set(changes) <= {"sites"}:
        raise StructureError(source, "is prepared already", "change the settings where it is prepared")
    return Receptor.from_folder(folder).with_sites(_settings(source, changes)[1].sites)


def source_key(source: str, changes: Mapping[str, Any]) -> str:
    """Return a hash of what a receptor depends on besides revisions and versions, as far as it is at hand.

    Of an entry that may have to be downloaded, that is its code.

    Raises
    ------
    InputError
        If there is no such source, its file cannot be read, or the settings are wrong.
    """
    raw, settings = _settings(source, changes)
    folder, path = _folder(source), Path(raw)
    if folder is not None:
        files = [*sorted(folder.glob("reference_*")), folder / RECORD_FILE, folder / MODEL_FILE]
    else:
        check_source(raw)
        files = [path] if path.is_file() else []
        if files:
            read_entry(path)  # which says what is wrong with it
    hashes = {each.name: file_sha256(each) for each in files if each.is_file()}
    return content_key([hashes or raw, settings.model_dump(mode="json"), shipped_models()])


def _folder(source: str) -> Path | None:
    """Return the folder of a receptor that is prepared, if the source names one."""
    entry = catalogue.targets().get(source.strip().lower())
    if entry is not None:
        return catalogue.structures_folder() / entry.model if entry.model else None
    return path if is_there(source) and (path := Path(source)).is_dir() else None


def _complete(source: str, changes: Mapping[str, Any]) -> Receptor | None:
    """Return the receptor of a file that the force field fits as it is."""
    path = Path(source)
    if not is_there(path) or not set(changes) <= {"sites"} or catalogue.targets().get(source.strip().lower()):
        return None
    if not path.is_file() or path.suffix.lower() not in (".pdb", ".cif"):
        return None
    try:
        receptor = Receptor.from_file(path)
        parametrise_receptor(receptor.name, receptor.topology)
    except (StructureError, ParameterError):
        return None
    return receptor.with_sites(_settings(source, changes)[1].sites)


def _settings(source: str, changes: Mapping[str, Any]) -> tuple[str, ReceptorSettings]:
    try:
        return source_settings(source, changes)
    except ValidationError as error:
        raise settings_error(source, error) from error


def shipped_models() -> dict[str, dict[str, str]]:
    """Return the hashes of the models that sites are carried over from."""
    return {
        name: read_json(catalogue.structures_folder() / entry.model / RECORD_FILE)["sha256"]
        for name, entry in catalogue.targets().items()
        if entry.model and entry.sites
    }
