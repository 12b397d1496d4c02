"""The settings of a campaign, as people write them in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from dock.core import catalogue
from dock.core.errors import SettingsError
from dock.core.records import Record
from dock.docking.engine import DockingSettings
from dock.dynamics.engine import SimulationSettings

# Names become file names: no separators, no leading dot, not too long.
LigandName = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,79}$")]
SiteName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class LigandSettings(Record):
    """A ligand: a name of the catalogue, or a name of one's own with a SMILES."""

    name: LigandName
    smiles: str | None = None


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
    ligands : tuple of LigandSettings
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
    ligands: tuple[LigandSettings, ...] = Field(
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
        return CampaignSettings(**content)
    except (ValidationError, TypeError) as error:
        raise settings_error(path, error) from error


def settings_error(subject: object, error: ValidationError | TypeError) -> SettingsError:
    """Return the first problem that pydantic found as an error of one line."""
    if isinstance(error, TypeError):
        return SettingsError(subject, f"cannot be read as settings ({error})")
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] == "extra_forbidden":
        return SettingsError(subject, f"'{where}' is an unknown setting", "check its spelling")
    return SettingsError(subject, f"'{where}': {first['msg']}")
