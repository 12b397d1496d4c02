"""The settings of a campaign, as people write them in YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    StringConstraints,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema

from dock.core import catalogue
from dock.core.errors import UnknownNameError
from dock.core.files import is_there
from dock.core.records import Record, alone_too, read_yaml, settings_error, text_alone_too, text_too
from dock.core.units import Quantity
from dock.docking.settings import DockingSettings
from dock.dynamics.protocol import SimulationSettings
from dock.dynamics.refinement import RefinementSettings
from dock.ligands.library import file_format
from dock.ligands.states import PreparationSettings
from dock.ligands.written import smiles_name, written_smiles
from dock.receptors.settings import ReceptorSettings, SiteName
from dock.receptors.source import SUFFIXES

TEMPLATES = Path(__file__).with_name("templates")
NAME = r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,79}$"


def _nameable(value: Any) -> Any:
    if isinstance(value, str) and not re.search(NAME, value):
        raise ValueError(
            f"'{value}' cannot name files: 1 to 80 characters without / and \\, and no dot in front"
        )
    return value


# Names become file names: no separators, no leading dot, not too long.
Name = Annotated[str, StringConstraints(pattern=NAME), BeforeValidator(_nameable)]


def _only_what_was_set(value: ReceptorSettings) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_unset=True)


# A target of the catalogue has settings of its own, which a default must not override.
Preparation = Annotated[ReceptorSettings, PlainSerializer(_only_what_was_set)]


class ReceptorEntry(Record):
    """A receptor of several.

    Attributes
    ----------
    source : str
        See `CampaignSettings.receptor`.
    name : str
        What tables and files call it; of a file its name, if not given.
    sites : dict
        Sites of one's own, by name.
    preparation : ReceptorSettings
        How it is prepared, where it is to be otherwise than by default.
    """

    source: str = Field(min_length=1)
    name: Name = ""
    sites: dict[SiteName, catalogue.SiteEntry] = Field(default_factory=dict)
    preparation: Preparation = ReceptorSettings()

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        value = {"source": value} if isinstance(value, str) else value
        if not isinstance(value, dict) or value.get("name") or not isinstance(value.get("source"), str):
            return value
        return value | {"name": receptor_name(value["source"])}

    @property
    def changes(self) -> dict[str, Any]:
        """What its preparation does otherwise than by default."""
        changes = _only_what_was_set(self.preparation)
        sites = {**self.preparation.sites, **self.sites}
        dumped = {name: site.model_dump(mode="json") for name, site in sites.items()}
        return {**changes, "sites": dumped} if sites else changes

    @property
    def place(self) -> str:
        """What `dock.open_receptor` takes: of a file its whole path."""
        if self.source.strip().lower() not in catalogue.targets() and is_there(self.source):
            return str(Path(self.source).resolve())
        return self.source


def _by_name_or_smiles(schema: dict[str, Any]) -> None:
    """Let a JSON schema ask for the one or the other."""
    schema["anyOf"] = [{"required": schema.pop("required")}, {"required": ["smiles"]}]


class LigandSettings(Record):
    """A ligand: a name of the catalogue, or a SMILES, with a name of one's own or without.

    Attributes
    ----------
    name : str
        Of one that is given by its SMILES alone, that, as far as it can name files.
    smiles : str, optional
        None of the catalogue's.
    """

    model_config = ConfigDict(json_schema_extra=_by_name_or_smiles)

    name: Name
    smiles: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, dict) or (value.get("name") and value.get("smiles")):
            return value
        text = value.get("smiles") or value.get("name")
        if not isinstance(text, str) or set(value) - {"name", "smiles"}:
            return value
        try:
            smiles = text if value.get("smiles") else written_smiles(text)
        except UnknownNameError:  # which is said when it is planned
            return value
        return value if smiles is None else {"name": smiles_name(smiles), "smiles": smiles}


class LibrarySettings(Record):
    """A file of ligands: .smi, .smiles, .txt, .csv, .tsv or .sdf, gzipped or not.

    Attributes
    ----------
    file : str
        Its path; a relative one is relative to the campaign file.
    smiles_column, name_column : str, optional
        Columns of a table; found by their usual names if None.
    preparation : PreparationSettings
        The pH is the campaign's.
    """

    file: str
    smiles_column: str | None = None
    name_column: str | None = None
    preparation: PreparationSettings = PreparationSettings()

    @field_validator("preparation")
    @classmethod
    def _of_a_campaign(cls, value: PreparationSettings) -> PreparationSettings:
        if "ph" in value.model_fields_set and value.ph != PreparationSettings().ph:
            raise ValueError("set ph for the whole campaign")
        if value.keep_coordinates:
            raise ValueError("keep_coordinates: docking starts from a generated conformer")
        return value


class PosesSettings(Record):
    """Poses that are simulated as they are, instead of docking.

    Attributes
    ----------
    file : str
        An SDF file with hydrogens, in the frame of the receptor.
    beside : str, optional
        An SDF file of what lies in other sites meanwhile.
    alike : str, optional
        An SDF file of poses that they are to be compared with: a site system is of the same atoms for all of them.
    every : bool
        Whether every pose of the file is simulated, not the first of each ligand and site.
    """

    file: str
    beside: str | None = None
    alike: str | None = None
    every: bool = False


def _entry_kind(value: Any) -> str:
    with_file = "file" in value if isinstance(value, dict) else isinstance(value, LibrarySettings)
    return FILE if with_file else LIGAND


SAME = "same"
LIGAND, FILE = "(ligand)", "(file)"
LigandEntries = Annotated[
    Annotated[LigandSettings, Tag(LIGAND)] | Annotated[LibrarySettings, Tag(FILE)],
    Discriminator(_entry_kind),
]


class CampaignSettings(Record):
    """Everything that one run does.

    Attributes
    ----------
    receptor : str
        A target of the catalogue, a folder that `dock receptor` wrote, a PDB code, or a .pdb or
        .cif file. What is not complete and protonated is prepared.
    receptors : tuple of ReceptorEntry
        Several of these, in place of `receptor`, `receptor_sites` and `preparation`. What is compared are
        complexes of the same receptor.
    receptor_sites : dict
        Sites of one's own, by name.
    preparation : ReceptorSettings
        How the receptor is prepared, where it is to be otherwise than by default.
    sites : tuple of str
        The sites to dock into; every site of a receptor if empty.
    ligands : tuple of LigandSettings and LibrarySettings
        Also written as text alone: a name, a SMILES or a file.
    poses : PosesSettings, optional
        Nothing is docked where there are any.
    ph : float
        At which ligands given by SMILES are protonated.
    docking : DockingSettings
    occupied_by : tuple of str
        What lies in each other site while a ligand is docked once more, besides into the empty
        receptor: ``same`` for the ligand's own best pose there, or the name or SMILES of a ligand, whose
        best pose there it is. Nothing but the empty receptor is docked into if it is empty.
    refinement : RefinementSettings, optional
        Refines the kept poses with flexible side chains and ranks them anew, before the best is simulated.
    simulation : SimulationSettings
    cross_docking : bool
        Whether known ligands of other structures of the protein that the catalogue ships are docked into this
        one, and the other way round, with the first seed: how much better does each fare in its own structure?
    accept_failed_gate : bool
        Whether to simulate although a known pose was not found again.
    """

    receptor: str = "sert"
    receptors: tuple[ReceptorEntry, ...] = Field(default=(), json_schema_extra=text_alone_too)
    receptor_sites: dict[SiteName, catalogue.SiteEntry] = Field(default_factory=dict)
    preparation: Preparation = ReceptorSettings()
    sites: tuple[str, ...] = Field(default=(), json_schema_extra=alone_too)
    ligands: tuple[LigandEntries, ...] = Field(
        default=(LigandSettings(name="escitalopram"), LigandSettings(name="r-citalopram")),
        min_length=1,
        json_schema_extra=text_alone_too,
    )
    poses: PosesSettings | None = Field(default=None, json_schema_extra=text_too)
    ph: float = Field(default=7.4, ge=0, le=14)
    docking: DockingSettings = DockingSettings()
    occupied_by: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(SAME,), json_schema_extra=alone_too
    )
    refinement: RefinementSettings | None = None
    simulation: SimulationSettings = SimulationSettings()
    cross_docking: bool = True
    accept_failed_gate: bool = False

    @field_validator("ligands", mode="before")
    @classmethod
    def _texts_alone(cls, value: Any) -> Any:
        """Take a name, a SMILES or a file for an entry, and one entry for a list of it."""
        listed = _listed(value)
        return listed if listed is None else [_entry(item) for item in listed]

    @field_validator("ligands")
    @classmethod
    def _told_apart(cls, value: tuple[LigandEntries, ...]) -> tuple[LigandEntries, ...]:
        """Give numbers to SMILES without names that would be called the same, as of cis and trans isomers."""
        taken: dict[str, str | None] = {}
        entries = []
        for entry in value:
            if isinstance(entry, LigandSettings):
                entry = _numbered(entry, taken)
                taken.setdefault(entry.name, entry.smiles)
            entries.append(entry)
        return tuple(entries)

    @field_validator("poses", mode="before")
    @classmethod
    def _file_alone(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value

    @field_validator("occupied_by", "sites", "receptors", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return _listed(value)

    @model_validator(mode="after")
    def _of_one_or_of_several(self) -> CampaignSettings:
        for field, excluded in (
            ("receptors", ("receptor", "receptor_sites", "preparation")),
            ("poses", ("ligands",)),
        ):
            given = [name for name in excluded if getattr(self, name) != _default(name)]
            if getattr(self, field) and given:
                raise ValueError(f"{field}: {' and '.join(given)} cannot be given, too")
        names = [entry.name for entry in self.receptors]
        if len(set(names)) < len(names):
            raise ValueError("receptors: each needs a name of its own")
        return self

    @property
    def every_receptor(self) -> tuple[ReceptorEntry, ...]:
        """The receptors, be they several or one."""
        alone = ReceptorEntry(source=self.receptor, sites=self.receptor_sites, preparation=self.preparation)
        return self.receptors or (alone,)


def _numbered(entry: LigandSettings, taken: Mapping[str, str | None]) -> LigandSettings:
    """Return a ligand whose name, where it is made of its SMILES, is that of no other."""
    if entry.smiles is None or entry.name != smiles_name(entry.smiles):
        return entry
    name, number = entry.name, 1
    while taken.get(name, entry.smiles) != entry.smiles:
        number += 1
        name = f"{entry.name[:74]}_{number}"
    return entry.model_copy(update={"name": name})


def _listed(value: Any) -> Any:
    """Return one entry as a list of it."""
    return value if value is None or isinstance(value, list | tuple) else [value]


def _entry(item: Any) -> Any:
    """Return what a name, a SMILES or a file stands for in a list of ligands."""
    if isinstance(item, bool):
        raise ValueError(f"YAML reads a word of it as {item}: put names and SMILES into quotes")
    if not isinstance(item, str):
        return item
    return {"file": item} if file_format(Path(item)) else {"name": item}


def _default(name: str) -> Any:
    return CampaignSettings.model_fields[name].get_default(call_default_factory=True)


def receptor_name(source: str) -> str:
    """Return what a receptor is called by default: as in the catalogue, by its code, or as its file or folder."""
    if source.strip().lower() in catalogue.targets():
        return source.strip().lower()
    name = Path(source.strip()).name
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), "")
    return name.removesuffix(name[len(name) - len(suffix) :]).lstrip(".") or "receptor"


def settings_schema() -> dict[str, Any]:
    """Return the JSON schema of a campaign file."""
    return CampaignSettings.model_json_schema(schema_generator=_Schema)


class _Schema(GenerateJsonSchema):
    """JSON schemas with quantities as people write them."""

    def encode_default(self, default: Any) -> Any:
        """Return a default value as JSON has it."""
        return str(default) if isinstance(default, Quantity) else super().encode_default(default)


def templates() -> list[str]:
    """Return the names of the campaign files to start from."""
    return sorted(path.stem for path in TEMPLATES.glob("*.yaml"))


def template(name: str) -> str:
    """Return a commented campaign file to start from, as text."""
    return (TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8")


def read_settings(path: Path | str) -> CampaignSettings:
    """Read a campaign file.

    Raises
    ------
    SettingsError
        If the file is missing, is no YAML, or holds unknown or impossible settings.
    """
    path = Path(path)
    content = read_yaml(path)
    try:
        return CampaignSettings.model_validate(_beside(path, content))
    except (ValidationError, TypeError) as error:
        raise settings_error(path, error, hidden=(LIGAND, FILE)) from error


def _beside(path: Path, content: dict[Any, Any]) -> dict[Any, Any]:
    """Return settings whose files are looked for beside the campaign file, and made absolute."""

    def absolute(value: Any) -> Any:
        there = isinstance(value, str) and value and is_there(path.parent / value)
        return str((path.parent / value).resolve()) if there else value

    found = dict(content)
    if isinstance(found.get("poses"), str):
        found["poses"] = {"file": found["poses"]}
    if isinstance(found.get("poses"), dict):
        files = {name: found["poses"][name] for name in ("file", "beside", "alike") if name in found["poses"]}
        found["poses"] = found["poses"] | {name: absolute(value) for name, value in files.items()}
    if "receptor" in found:
        found["receptor"] = absolute(found["receptor"])
    if isinstance(found.get("receptors"), list):
        found["receptors"] = [
            item | {"source": absolute(item["source"])}
            if isinstance(item, dict) and "source" in item
            else absolute(item)
            for item in found["receptors"]
        ]
    if isinstance(found.get("ligands"), str | dict | list):
        found["ligands"] = [
            item | {"file": str((path.parent / item["file"]).resolve())}
            if isinstance(item, dict) and isinstance(item.get("file"), str)
            else item
            for item in (
                _entry(each) if isinstance(each, str) else each for each in _listed(found["ligands"])
            )
        ]
    return found
