"""The settings of a campaign, as people write them in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from dock.core import catalogue
from dock.core.errors import SettingsError
from dock.core.records import Record
from dock.docking.engine import DockingSettings
from dock.dynamics.engine import SimulationSettings
from dock.ligands.preparation import PreparationSettings

# Names become file names: no separators, no leading dot, not too long.
LigandName = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,79}$")]
SiteName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class LigandSettings(Record):
    """A ligand: a name of the catalogue, or a name of one's own with a SMILES."""

    name: LigandName
    smiles: str | None = None


class LibrarySettings(Record):
    """A file of ligands: .smi, .csv, .tsv or .sdf, gzipped or not.

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


def _entry_kind(value: Any) -> str:
    with_file = "file" in value if isinstance(value, dict) else isinstance(value, LibrarySettings)
    return FILE if with_file else LIGAND


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
        A target of the catalogue, or a complete, protonated .pdb or .cif file.
    receptor_sites : dict
        The sites of a receptor file, by name; a target of the catalogue has its own.
    sites : tuple of str
        The sites to dock into; every site of the receptor if empty.
    ligands : tuple of LigandSettings and LibrarySettings
    ph : float
        At which ligands given by SMILES are protonated.
    docking : DockingSettings
    simulation : SimulationSettings
    accept_failed_gate : bool
        Whether to simulate although a known pose was not found again.
    """

    receptor: str = "sert"
    receptor_sites: dict[SiteName, catalogue.SiteEntry] = Field(default_factory=dict)
    sites: tuple[str, ...] = ()
    ligands: tuple[LigandEntries, ...] = Field(
        default=(LigandSettings(name="escitalopram"), LigandSettings(name="r-citalopram")),
        min_length=1,
    )
    ph: float = Field(default=7.4, ge=0, le=14)
    docking: DockingSettings = DockingSettings()
    simulation: SimulationSettings = SimulationSettings()
    accept_failed_gate: bool = False

    @field_validator("ligands", mode="before")
    @classmethod
    def _names_alone(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return [{"name": item} if isinstance(item, str) else item for item in value]

    @model_validator(mode="after")
    def _sites_of_one_kind(self) -> CampaignSettings:
        if self.receptor_sites and self.receptor.lower() in catalogue.targets():
            raise ValueError(f"receptor_sites: {self.receptor} has its own sites")
        return self


def read_settings(path: Path) -> CampaignSettings:
    """Read a campaign file.

    Raises
    ------
    SettingsError
        If the file is missing, is no YAML, or holds unknown or impossible settings.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(path, f"cannot be read ({error.strerror})", "check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(path, f"is no YAML ({error})", "check quotes and indentation") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise SettingsError(path, "is no mapping of settings", "write lines such as 'receptor: sert'")
    try:
        return CampaignSettings(**_beside(path, content))
    except (ValidationError, TypeError) as error:
        raise settings_error(path, error) from error


def _beside(path: Path, content: dict[Any, Any]) -> dict[Any, Any]:
    """Return settings whose ligand files are relative to the campaign file made absolute."""
    ligands = content.get("ligands")
    if not isinstance(ligands, list):
        return content
    found = [
        item | {"file": str((path.parent / item["file"]).resolve())}
        if isinstance(item, dict) and isinstance(item.get("file"), str)
        else item
        for item in ligands
    ]
    return content | {"ligands": found}


def settings_error(subject: object, error: ValidationError | TypeError) -> SettingsError:
    """Return the first problem that pydantic found as an error of one line."""
    if isinstance(error, TypeError):
        return SettingsError(subject, f"cannot be read as settings ({error})")
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in (LIGAND, FILE)) or "settings"
    if first["type"] == "extra_forbidden":
        return SettingsError(subject, f"'{where}' is an unknown setting", "check its spelling")
    return SettingsError(subject, f"'{where}': {first['msg']}")
