"""The settings of a campaign, as people write them in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, field_serializer, field_validator

from dock.core import catalogue
from dock.core.records import Record, read_yaml, settings_error
from dock.docking.engine import DockingSettings
from dock.dynamics.engine import SimulationSettings
from dock.receptors.settings import ReceptorSettings, SiteName

# Names become file names: no separators, no leading dot, not too long.
LigandName = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,79}$")]


class LigandSettings(Record):
    """A ligand: a name of the catalogue, or a name of one's own with a SMILES."""

    name: LigandName
    smiles: str | None = None


class CampaignSettings(Record):
    """Everything that one run does.

    Attributes
    ----------
    receptor : str
        A target of the catalogue, a folder that `dock receptor` wrote, a PDB code, or a .pdb or
        .cif file. What is not complete and protonated is prepared.
    receptor_sites : dict
        Sites of one's own, by name.
    preparation : ReceptorSettings
        How the receptor is prepared, where it is to be otherwise than by default.
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
    preparation: ReceptorSettings = ReceptorSettings()
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

    @field_serializer("preparation")
    def _only_what_was_set(self, value: ReceptorSettings) -> dict[str, Any]:
        # A target of the catalogue has settings of its own, which a default must not override.
        return value.model_dump(mode="json", exclude_unset=True)

    @property
    def preparation_changes(self) -> dict[str, Any]:
        """What the preparation of the receptor does otherwise than by default."""
        changes = self.preparation.model_dump(mode="json", exclude_unset=True)
        sites = {**self.preparation.sites, **self.receptor_sites}
        dumped = {name: site.model_dump(mode="json") for name, site in sites.items()}
        return {**changes, "sites": dumped} if sites else changes


def read_settings(path: Path) -> CampaignSettings:
    """Read a campaign file.

    Raises
    ------
    SettingsError
        If the file is missing, is no YAML, or holds unknown or impossible settings.
    """
    content = read_yaml(path)
    try:
        return CampaignSettings(**content)
    except (ValidationError, TypeError) as error:
        raise settings_error(path, error) from error
