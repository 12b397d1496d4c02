"""The catalogue: targets, their sites and ligands, kept as data in `structures/`."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, StringConstraints, field_validator

from dock.core.errors import UnknownNameError
from dock.core.records import Record

ResidueLabel = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9]*-?\d+$")]
BoxEdge = Annotated[float, Field(gt=0, le=60)]


class PkaEntry(Record):
    """A measured pKa: of the conjugate acid of a ligand's dominant amine."""

    value: float
    source: str


class LigandEntry(Record):
    """A ligand: its own SMILES, or the isomer of another with the given CIP labels.

    The labels are R/S of the stereo centres in the order of the atoms, then E/Z of the
    double bonds. `pdb_codes` are the ligand's component codes in the Protein Data Bank.
    """

    name: str
    smiles: str | None = None
    isomer_of: str | None = None
    cip: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    pdb_codes: tuple[str, ...] = ()
    source: str
    measured: str = ""
    pka: PkaEntry | None = None
    note: str = ""


class AnchorEntry(Record):
    """The residue whose distance to the ligand's amine is followed, as ``ASP98``."""

    residue: ResidueLabel
    atoms: tuple[str, ...]


class SiteEntry(Record):
    """A named site: centre and box in angstrom, and the residues that line it."""

    center: tuple[float, float, float]
    box: tuple[BoxEdge, BoxEdge, BoxEdge] = (24.0, 24.0, 24.0)
    radius: float = Field(default=7.0, gt=0)
    residues: tuple[ResidueLabel, ...] = ()
    synonyms: tuple[str, ...] = ()
    anchor: AnchorEntry | None = None
    source: str = ""


class KeptEntry(Record):
    """A hetero residue of the raw entry that the model keeps."""

    name: str
    number: int
    role: str


class GraftEntry(Record):
    """A hetero residue carried over from another entry.

    `within` is the radius in angstrom, around the residue, of the C-alpha atoms that are
    superposed.
    """

    entry: str
    chain: str
    name: str
    number: int
    role: str
    number_here: int
    within: float


class DonorEntry(Record):
    """The chain of another entry that lends the side chains which the raw entry lacks."""

    entry: str
    chain: str


class NeutralEntry(Record):
    """An acidic residue that is protonated at the recipe's pH, as ``GLU508``."""

    residue: str


class ReferenceEntry(Record):
    """The ligand of the raw entry whose relaxed pose the model is judged by."""

    site: str
    ligand: str
    name: str
    number: int


class Recipe(Record):
    """How a target's prepared model is computed from raw entries."""

    entry: str
    chain: str
    first_residue: int
    last_residue: int
    ph: float
    side_chains: DonorEntry | None = None
    neutral: tuple[NeutralEntry, ...] = ()
    keep: tuple[KeptEntry, ...] = ()
    graft: tuple[GraftEntry, ...] = ()
    reference: ReferenceEntry


class TargetEntry(Record):
    """A protein with named sites."""

    name: str
    title: str
    uniprot: str
    sequence: str
    model: str
    recipe: Recipe
    sites: dict[str, SiteEntry] = Field(min_length=1)

    @field_validator("sequence")
    @classmethod
    def _without_spaces(cls, value: str) -> str:
        return "".join(value.split())


def structures_folder() -> Path:
    """Return the folder of shipped data: inside the installed package, or beside its source."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "structures"
    return installed if installed.is_dir() else package.parent / "structures"


@cache
def targets() -> dict[str, TargetEntry]:
    """Return every target of the catalogue by name."""
    content = _read("targets.yaml")
    return {name: TargetEntry(name=name, **fields) for name, fields in content.items()}


@cache
def ligands() -> dict[str, LigandEntry]:
    """Return every ligand of the catalogue by name."""
    content = _read("ligands.yaml")
    return {name: LigandEntry(name=name, **fields) for name, fields in content.items()}


def target(name: str) -> TargetEntry:
    """Return the target called `name`.

    Raises
    ------
    UnknownNameError
        If the catalogue has no such target.
    """
    found = targets().get(name.strip().lower())
    if found is None:
        raise unknown_name(name, "receptor", list(targets()))
    return found


def ligand(name: str) -> LigandEntry:
    """Return the ligand called `name`, by its own name or a synonym, in any case.

    Raises
    ------
    UnknownNameError
        If the catalogue has no such ligand.
    """
    found = find_ligand(name)
    if found is None:
        raise unknown_name(name, "ligand", list(ligands()))
    return found


def find_ligand(name: str) -> LigandEntry | None:
    """Return the ligand called `name`, or None: to be asked of every line of a library."""
    return _ligands_by_any_name().get(name.strip().lower())


def isomers_of(name: str) -> list[LigandEntry]:
    """Return the entries that are isomers of the entry called `name`: of a mixture, its parts."""
    return [entry for entry in ligands().values() if entry.isomer_of == name]


@cache
def _ligands_by_any_name() -> dict[str, LigandEntry]:
    return {name: entry for entry in ligands().values() for name in (entry.name, *entry.synonyms)}


def unknown_name(name: str, kind: str, known: list[str]) -> UnknownNameError:
    """Return the error for a name that is not known, with the nearest ones that are."""
    near = difflib.get_close_matches(name.strip().lower(), known, n=1)
    advice = f"did you mean '{near[0]}'? " if near else ""
    return UnknownNameError(name, f"is no known {kind}", f"{advice}known: {', '.join(known)}")


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((structures_folder() / name).read_text("utf-8"))
    return content
