"""The settings of a preparation: every decision that is taken for the user, and can be overridden."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError, field_validator

from dock.core.catalogue import COMPONENT, COMPONENT_IN_WORDS, HeteroLabel, ResidueLabel, SiteEntry
from dock.core.errors import SettingsError
from dock.core.records import Record
from dock.receptors.names import HEAVY_ATOMS, NUCLEOTIDES

MAX_SITE_NAME = 40  # bytes as UTF-8; the name of a file also holds those of receptor and ligand


def _site_name(text: str) -> str:
    name = unicodedata.normalize("NFC", text)
    kinds = [unicodedata.category(character)[0] for character in name]  # letters, marks on them, numbers
    plain = all(kind in "LMN" or character in "-_" for kind, character in zip(kinds, name, strict=True))
    if not (plain and name and kinds[0] in "LN" and len(name.encode()) <= MAX_SITE_NAME):
        raise ValueError(
            f"'{text}' cannot name a site: letters, digits, - and _, a letter or digit in front, "
            f"at most {MAX_SITE_NAME} bytes (a letter that is not Latin takes two or more)"
        )
    return name


SiteName = Annotated[str, AfterValidator(_site_name)]
ComponentCode = Annotated[str, StringConstraints(pattern=rf"^{COMPONENT}$")]
State = Literal["ASP", "ASH", "GLU", "GLH", "HID", "HIE", "HIP", "LYS", "LYN"]

NUMBER = r"-?\d+(\.\d*)?"
NUMBERS = re.compile(rf"{NUMBER},{NUMBER},{NUMBER}(:{NUMBER},{NUMBER},{NUMBER})?")
RESIDUE = re.compile(r"(?P<chain>[^\s:,]{1,16}:)?(?P<name>[A-Za-z]{1,3})-?\d+[A-Za-z]?")


class GraftEntry(Record):
    """A hetero residue carried over from another entry.

    `within` is the radius in angstrom, around the residue, of the C-alpha atoms that are
    superposed; `number_here` is its number in the prepared structure.
    """

    entry: str
    chain: str
    name: str
    number: int
    number_here: int
    within: float = Field(default=12.0, gt=0)


class DonorEntry(Record):
    """The chain of another entry of the same protein that lends side chains."""

    entry: str
    chain: str


class ReceptorSettings(Record):
    """How a raw structure becomes a receptor.

    Attributes
    ----------
    target : str
        The catalogue's target that it is; by default found by the file's UniProt accession.
    sites_from : str
        The catalogue's target whose sites, ions and membrane are placed on it by
        superposition; by default the target itself.
    chains : tuple of str
        Author's names of the chains to keep. By default the target's chain, or the longest, and
        every protein chain within 5 A of the ligand that names a site, or of the protein's atom that is
        nearest to a site's centre.
    first_residue, last_residue : int
        Author's numbers. By default the residues that the file maps to the main protein of the
        chain, without expression tags and fusion proteins.
    min_plddt : float
        Residues of a predicted model that come before the first and after the last one of this
        confidence (pLDDT, 0-100) are dropped.
    sequence : str
        The sequence to compare with, its first letter being residue 1 of UniProt's numbering; by
        default the catalogue's.
    revert_mutations : bool
        Whether residues that differ from the sequence are turned back.
    side_chain_donor : DonorEntry
        Lends the side chains that are missing; what it lacks too is rebuilt by PDBFixer.
    max_loop : int
        The longest internal gap, in residues, that is built; longer ones are capped.
    cap_termini : bool
        Whether chain ends that are no ends of the protein get ACE and NME.
    keep, drop : tuple of str
        Ions and waters kept or dropped against the rule (ions with three donors of protein or nucleic
        acid within 3.4 A are kept, metals of two charges or more also with two within 2.8 A; all else is
        dropped). A nucleotide that is dropped takes its strand with it; others that the protein binds are kept.
    graft : tuple of GraftEntry
        Ions carried over from other entries.
    add_ions : bool
        Whether the ions of the target's model that are missing are placed by superposition.
    ph : float
        At which titratable residues are protonated, by PROPKA.
    protonation : dict
        States that override PROPKA's, by residue, as ``{"GLU508": "GLH"}``.
    flips : dict
        Whether an Asn, Gln or His is turned against the file, its ends exchanged, whatever its
        hydrogen bonds and ions say, as ``{"ASN101": false}``.
    sites : dict
        The user's sites by name.
    smiles : dict
        Chemistry of bound ligands, by component code.
    """

    target: str = ""
    sites_from: str = ""
    chains: tuple[str, ...] = ()
    first_residue: int | None = None
    last_residue: int | None = None
    min_plddt: float = Field(default=70.0, ge=0, le=100)
    sequence: str = ""
    revert_mutations: bool = False
    side_chain_donor: DonorEntry | None = None
    max_loop: int = Field(default=8, ge=0, le=30)
    cap_termini: bool = True
    keep: tuple[HeteroLabel, ...] = ()
    drop: tuple[HeteroLabel, ...] = ()
    graft: tuple[GraftEntry, ...] = ()
    add_ions: bool = True
    ph: float = Field(default=7.4, ge=0, le=14)
    protonation: dict[ResidueLabel, State] = Field(default_factory=dict)
    flips: dict[ResidueLabel, bool] = Field(default_factory=dict)
    sites: dict[SiteName, SiteEntry] = Field(default_factory=dict)
    smiles: dict[ComponentCode, str] = Field(default_factory=dict)

    @field_validator("sequence", mode="after")
    @classmethod
    def _plain_sequence(cls, value: str) -> str:
        letters = "".join(value.split()).upper()
        if letters and not letters.isalpha():
            raise ValueError("a sequence is one-letter codes and nothing else")
        return letters

    @field_validator("chains", "keep", "drop", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("smiles", mode="after")
    @classmethod
    def _codes_in_capitals(cls, value: dict[str, str]) -> dict[str, str]:
        return {code.upper(): smiles for code, smiles in value.items()}


def parse_site(text: str) -> tuple[str, SiteEntry]:
    """Read a site as the command line has it: ``NAME=WHERE``.

    WHERE is a bound ligand (``68P``, ``68P:701``, ``A:68P:701``, ``A:68P:*``), residues (``ASP98,TYR95``), or a
    centre, with the edges of its box in angstrom (``1.0,2.5,-3`` or ``1.0,2.5,-3:24,24,24``). A box that is
    given is the site; without one, a pose may lie up to 7 A from the centre.

    Raises
    ------
    SettingsError
        If it is none of these.
    """
    name, _, where = text.partition("=")
    where = re.sub(r"\s*([,:])\s*", r"\1", where.strip())
    fields: dict[str, Any]
    if NUMBERS.fullmatch(where):
        center, _, box = where.partition(":")
        fields = {"center": center.split(",")} | ({"box": box.split(",")} if box else {})
    elif all(_is_residue(item, several="," in where) for item in where.split(",")):
        fields = {"residues": where.split(",")}
    else:
        fields = {"ligand": where}
    try:
        return TypeAdapter(SiteName).validate_python(name.strip()), SiteEntry.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"][:1] in (("box",), ()):  # of the box, or of the name
            raise SettingsError(text, f"is no site: {first['msg'].removeprefix('Value error, ')}") from error
        raise SettingsError(
            text,
            "is no site",
            "write NAME=68P:701 (a bound ligand), NAME=ASP98,TYR95 (residues) or NAME=x,y,z:a,b,c (angstrom);"
            f" {COMPONENT_IN_WORDS}",
        ) from error


def _is_residue(text: str, several: bool) -> bool:
    """Return whether a text is the label of an amino acid, or of a nucleotide.

    ``LIG1`` is the code of a ligand, and so is ``DG5``, unless it is one of several or has a chain.
    """
    found = RESIDUE.fullmatch(text)
    if found is None:
        return False
    name = found["name"].upper()
    return name in HEAVY_ATOMS or (name in NUCLEOTIDES and (several or found["chain"] is not None))
