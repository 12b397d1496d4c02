"""The catalogue: targets, their sites and ligands, kept as data in `structures/`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from dock.core.errors import ChemistryError, UnknownNameError
from dock.core.keys import content_key, file_sha256
from dock.core.records import Record, similar

# A residue by name and author number, as ``ASP98``, ``A:ASP98`` or, with an insertion code, ``ASP98A``.
ResidueLabel = Annotated[str, StringConstraints(pattern=r"^([^\s:,]{1,16}:)?[A-Za-z]{1,3}-?\d+[A-Za-z]?$")]
# A component's code: of the PDB, or as force fields and structure predictors write it (``LIG_B``, ``LIG1``, ``NA+``).
COMPONENT = r"[A-Za-z0-9][A-Za-z0-9_+.*/'-]{0,39}"
COMPONENT_IN_WORDS = "a code has up to 40 letters, digits and _ + - . ' * /"
# A hetero residue: ``68P``, ``68P:701`` or, with its chain, ``A:68P:701`` or ``A:68P:*``.
HETERO = rf"^(([^\s:]{{1,16}}:)?{COMPONENT}:(-?\d+[A-Za-z]?|\*)|{COMPONENT})$"
HeteroLabel = Annotated[str, StringConstraints(pattern=HETERO)]
OWN_LIGAND = "one of your own is given by its SMILES"
MAX_EDGE = 126.0  # angstrom: at this edge, Vina's grid of 0.375 A takes 0.3 GB for each of its atom types


def _edge(value: float) -> float:
    if value <= 0:
        raise ValueError(f"an edge of {value:g} A; each of the three must be greater than 0")
    if value > MAX_EDGE:
        raise ValueError(
            f"an edge of {value:g} A: the engines' grids end at {MAX_EDGE:g} A; dock into several boxes"
        )
    return value


BoxEdge = Annotated[float, AfterValidator(_edge)]
BOX = (24.0, 24.0, 24.0)  # of a site that is given without one
RADIUS = 7.0  # angstrom, the same


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
    """The residue whose distance to the ligand's amine is followed, as ``ASP98``.

    `source` says how it is known to hold the amine.
    """

    residue: ResidueLabel
    atoms: tuple[str, ...]
    source: str = ""


class SiteEntry(Record):
    """A named site: by a centre, by a bound ligand, or by the residues that line it.

    Lengths in angstrom. What is given comes first: the centre, then the ligand's centroid, then
    that of the residues. A box that comes with a centre is the site itself, unless a radius is given: a
    pose lies in the site if its centroid lies in the box. Other sites reach as far as their radius.
    """

    center: tuple[float, float, float] | None = None
    ligand: HeteroLabel | None = None
    residues: tuple[ResidueLabel, ...] = ()
    box: tuple[BoxEdge, BoxEdge, BoxEdge] | None = None
    radius: float | None = Field(default=None, gt=0)
    synonyms: tuple[str, ...] = ()
    anchor: AnchorEntry | None = None
    source: str = ""

    @model_validator(mode="after")
    def _somewhere(self) -> SiteEntry:
        if self.center is None and self.ligand is None and not self.residues:
            raise ValueError("a site needs a center, a ligand or residues")
        return self

    @property
    def edges(self) -> tuple[float, float, float]:
        """Edges of the search box: 24 A where none are given."""
        return self.box or BOX

    @property
    def reach(self) -> float | None:
        """How far from the centre a pose may lie, in angstrom; None where the box is the site."""
        whole = self.radius is None and self.center is not None and self.box is not None
        return None if whole else self.radius or RADIUS


class MembraneEntry(Record):
    """Where the membrane is: ``x' = rotation @ x + translation``, its normal along z.

    The extracellular side is at positive z, the midplane at 0. Lengths in angstrom.
    """

    rotation: tuple[tuple[float, float, float], ...] = Field(min_length=3, max_length=3)
    translation: tuple[float, float, float]
    half_thickness: float = Field(gt=0)
    source: str = ""


class TargetEntry(Record):
    """A protein with named sites.

    Attributes
    ----------
    source : str
        The raw entry that its model is prepared from.
    preparation : dict
        What the preparation of the model does otherwise than by default; settings of
        `dock.receptors.settings.ReceptorSettings`.
    model : str
        Folder of the prepared model that is shipped; empty if none is.
    sites_from : str
        The target whose sites, ions and membrane are carried over by superposition.
    sites : dict
        In the frame of the shipped model; empty where they come from another target.
    ions : dict
        The ions of the shipped model, by role, as ``{"Na1": "NA:707"}``.
    entries : dict
        What is known of its entries in the PDB, by code.
    """

    name: str
    title: str
    uniprot: str
    sequence: str
    source: str
    preparation: dict[str, Any] = Field(default_factory=dict)
    model: str = ""
    sites_from: str = ""
    sites: dict[str, SiteEntry] = Field(default_factory=dict)
    ions: dict[str, HeteroLabel] = Field(default_factory=dict)
    membrane: MembraneEntry | None = None
    entries: dict[str, str] = Field(default_factory=dict)

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


@cache
def charges_key() -> str:
    """Return a hash of all the charges of ligands that are shipped."""
    files = sorted((structures_folder() / "charges").glob("*.json"))
    return content_key({path.stem: file_sha256(path) for path in files})


def target(name: str) -> TargetEntry:
    """Return the target called `name`.

    Raises
    ------
    UnknownNameError
        If the catalogue has no such target.
    """
    found = targets().get(_folded(name))
    if found is None:
        raise unknown_name(name, "receptor", list(targets()))
    return found


def other_models(name: str, entry: str) -> list[str]:
    """Return the targets that are other structures of the same protein and whose model is shipped.

    Parameters
    ----------
    name
        Of a target; there are none of an unknown one.
    entry
        The raw entry that is left out: the structure itself, whatever it is called.
    """
    known = targets().get(name)
    alike = [] if known is None else [other for other in targets().values() if other.uniprot == known.uniprot]
    return [
        other.name for other in alike if other.model and not entry.upper().startswith(other.source.upper())
    ]


def target_of(accession: str) -> TargetEntry | None:
    """Return the target with a UniProt accession, if the catalogue has it.

    Of several models of a protein it is the one that has its sites of itself.
    """
    found = [entry for entry in targets().values() if entry.uniprot == accession]
    return min(found, key=lambda entry: bool(entry.sites_from), default=None)


def ligand_of(code: str) -> LigandEntry | None:
    """Return the ligand with a component code of the PDB, if the catalogue has it."""
    return next((entry for entry in ligands().values() if code in entry.pdb_codes), None)


def ligand(name: str) -> LigandEntry:
    """Return the ligand called `name`, by its own name or a synonym, in any case.

    Raises
    ------
    UnknownNameError
        If the catalogue has no such ligand.
    """
    found = find_ligand(name)
    if found is None:
        raise unknown_ligand(name)
    return found


def unknown_ligand(name: str, kind: str = "ligand") -> UnknownNameError:
    """Return the error for a ligand that the catalogue does not have, which says how to give one's own."""
    return unknown_name(name, kind, list(ligands()), OWN_LIGAND, list(_ligands_by_any_name()))


def similar_ligands(name: str) -> str:
    """Return in words which ligands a text may be a misspelling of; nothing if none is like it."""
    return similar(name, _ligands_by_any_name())


def single_ligand(name: str) -> LigandEntry:
    """Return the ligand called `name`, which is no mixture of isomers.

    Raises
    ------
    UnknownNameError
        If the catalogue has no such ligand.
    ChemistryError
        If it is a mixture.
    """
    entry = ligand(name)
    isomers = [isomer.name for isomer in isomers_of(entry.name)]
    if isomers:
        raise ChemistryError(name, "is a mixture of isomers", f"name {' or '.join(isomers)}")
    return entry


def find_ligand(name: str) -> LigandEntry | None:
    """Return the ligand called `name`, or None: to be asked of every line of a library."""
    return _ligands_by_any_name().get(_folded(name))


def isomers_of(name: str) -> list[LigandEntry]:
    """Return the entries that are isomers of the entry called `name`: of a mixture, its parts."""
    return [entry for entry in ligands().values() if entry.isomer_of == name]


def _folded(name: str) -> str:
    if not isinstance(name, str):
        raise UnknownNameError(repr(name), "is no name", "write it as text")
    return name.strip().lower()


@cache
def _ligands_by_any_name() -> dict[str, LigandEntry]:
    return {name: entry for entry in ligands().values() for name in (entry.name, *entry.synonyms)}


def unknown_name(
    name: str, kind: str, known: Sequence[str], own: str = "", also: Sequence[str] = ()
) -> UnknownNameError:
    """Return the error for a name that is not known, with the nearest ones that are.

    Parameters
    ----------
    own
        How to give one's own.
    also
        Further names that it may be a misspelling of, but that are not listed.
    """
    near = similar(name, [*known, *also])
    meant = f"did you mean {near}? " if near else ""
    own = f"{own}; " if own else ""
    return UnknownNameError(
        name if name.strip() else f"'{name}'", f"is no known {kind}", f"{meant}{own}known: {', '.join(known)}"
    )


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((structures_folder() / name).read_text("utf-8"))
    return content
