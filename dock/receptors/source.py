"""Where a raw structure comes from: a file, the user's mirror, the cache, or the wwPDB."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dock.core import catalogue
from dock.core.errors import StructureError
from dock.core.files import cache_folder, is_there
from dock.receptors.download import download

SUFFIXES = (".pdb", ".cif", ".pdb.gz", ".cif.gz", ".ent", ".ent.gz", ".mmcif", ".mmcif.gz")
PDB_CODE = re.compile(r"(?:pdb_0000)?([1-9][a-z0-9]{3})", re.IGNORECASE)
PREDICTED_CODE = re.compile(r"(AF-[A-Z0-9]{6,10})(?:-F1)?(?:-model_v\d+)?", re.IGNORECASE)
# The wwPDB's partners: when one is down or wrong, another is asked.
ENTRY_SITES = (
    "https://files.rcsb.org/download/{upper}.cif.gz",
    "https://ftp.ebi.ac.uk/pub/databases/pdb/data/structures/divided/mmCIF/{middle}/{lower}.cif.gz",
    "https://data.pdbj.org/pub/pdb/data/structures/divided/mmCIF/{middle}/{lower}.cif.gz",
)
PREDICTION_SITES = (
    "https://alphafold.ebi.ac.uk/files/{upper}-F1-model_v6.cif",
    "https://alphafold.ebi.ac.uk/files/{upper}-F1-model_v4.cif",
)
SEQUENCE_SITES = (
    "https://rest.uniprot.org/uniprotkb/{accession}.fasta",
    "https://www.uniprot.org/uniprot/{accession}.fasta",
)
MAX_NAME = 4096  # characters, as in a path
ADVICE = "check the code, or set DOCK_STRUCTURES to a folder that holds it"


def mirrors() -> list[Path]:
    """Return the folders named by `DOCK_STRUCTURES`."""
    named = os.environ.get("DOCK_STRUCTURES", "")
    return [Path(folder) for folder in named.split(os.pathsep) if folder]


def find_source(source: str) -> Path:
    """Return the file of a raw structure, downloading it where it is not at hand.

    Parameters
    ----------
    source
        A .pdb, .ent, .cif or .mmcif file, gzipped or not; a PDB code such as ``5I71``; or the
        code of an AlphaFold model such as ``AF-P31645-F1``.

    Raises
    ------
    StructureError
        If the file is missing or the entry is not to be had.
    UnknownNameError
        If it is none of these.
    """
    check_source(source)
    path = Path(source)
    return path if is_there(path) and path.is_file() else find_entry(source)


def check_source(source: str) -> None:
    """Make sure that a source is a file that is there, or may be a code; what is raised is that of `find_source`."""
    if len(source) > MAX_NAME:
        raise StructureError(f"{source[:40]}...", "is too long for a name")
    path = Path(source)
    if is_there(path) and path.is_file():
        return
    if is_there(path) and path.is_dir():
        raise StructureError(source, "is a folder", f"name a {', '.join(SUFFIXES[:4])} file")
    if source.lower().endswith(SUFFIXES):
        raise StructureError(source, "no such file", "check the path")
    _codes(source)


def _codes(text: str) -> tuple[str, str]:
    """Return the code of a PDB entry, or else that of an AlphaFold model; the other is empty."""
    pdb, predicted = PDB_CODE.fullmatch(text.strip()), PREDICTED_CODE.fullmatch(text.strip())
    if pdb is None and predicted is None:
        raise catalogue.unknown_name(text, "file, PDB code or receptor", list(catalogue.targets()))
    return pdb[1].upper() if pdb else "", predicted[1].upper() if predicted else ""


def find_entry(code: str) -> Path:
    """Return the file of a PDB entry or an AlphaFold model, from mirrors, cache or the network.

    Raises
    ------
    StructureError
        If it is neither at hand nor to be had.
    UnknownNameError
        If `code` is no such code.
    """
    pdb, predicted = _codes(code)
    upper = pdb or predicted
    lower = upper.lower()
    patterns = _entry_files(lower) if pdb else [f"{upper}-F1-model_v*{suffix}" for suffix in SUFFIXES]
    for folder in _folders():
        for pattern in patterns:
            if found := sorted(folder.glob(pattern)):
                return found[-1]  # of a model, the latest version
    sites = ENTRY_SITES if pdb else PREDICTION_SITES
    urls = [url.format(upper=upper, lower=lower, middle=lower[1:3]) for url in sites]
    name = f"{upper}.cif" if pdb else f"{upper}-F1-model_vlatest.cif"
    target = _folders()[-1] / name

    def check(content: bytes) -> None:
        _check_entry(content, upper)

    return download(upper, urls, target, check, ADVICE)


def find_sequence(accession: str) -> str:
    """Return the sequence of a UniProt accession: the catalogue's, a mirror's, or UniProt's.

    Raises
    ------
    StructureError
        If it is neither at hand nor to be had.
    """
    target = catalogue.target_of(accession)
    if target is not None:
        return target.sequence
    name = f"{accession}.fasta"
    path = next((folder / name for folder in _folders() if (folder / name).is_file()), None)
    if path is None:
        urls = [url.format(accession=accession) for url in SEQUENCE_SITES]
        advice = f"set DOCK_STRUCTURES to a folder with {name}"
        path = download(accession, urls, _folders()[-1] / name, _check_sequence, advice)
    return "".join(path.read_text("ascii", errors="replace").split("\n")[1:]).replace("\r", "").strip()


def _folders() -> list[Path]:
    """Return where files are looked for, the cache last."""
    return [*mirrors(), cache_folder() / "structures"]


def _check_sequence(content: bytes) -> None:
    header, _, letters = content.decode("ascii").partition("\n")
    if not header.startswith(">") or not "".join(letters.split()).isalpha():
        raise ValueError("what arrived is no FASTA file")


def _entry_files(lower: str) -> list[str]:
    """Return the names that mirrors give an entry: flat, and as in the wwPDB's own archive."""
    flat = [f"{name}{suffix}" for name in (lower.upper(), lower) for suffix in SUFFIXES]
    archive = [f"pdb{lower}.ent", f"pdb{lower}.ent.gz", f"{lower}.cif.gz"]
    return [*flat, *archive[:2], *(f"{lower[1:3]}/{name}" for name in archive)]


def _check_entry(content: bytes, upper: str) -> None:
    """Raise ValueError unless the content is the complete mmCIF file of an entry."""
    from gemmi import cif

    try:
        text = content.decode("utf-8")
        block = cif.read_string(text).sole_block()
    except (ValueError, RuntimeError, IndexError) as error:
        raise ValueError(f"what arrived is no mmCIF file ({' '.join(str(error).split())})") from error
    found = (block.find_value("_entry.id") or "").strip("'\"").upper()
    if not found.startswith(upper):
        raise ValueError(f"what arrived is entry {found or '(unnamed)'}")
    if not len(block.find(["_atom_site.id"])):
        raise ValueError("what arrived has no atoms")
    if not text.rstrip().endswith("#"):  # as every file of the archive does
        raise ValueError("what arrived is truncated")
