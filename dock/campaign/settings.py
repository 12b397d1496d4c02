"""The settings of a campaign, as people write them in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    field_serializer,
    field_validator,
)

from dock.core import catalogue
from dock.core.records import Record, read_yaml, settings_error
from dock.docking.engine import DockingSettings
from dock.dynamics.protocol import SimulationSettings
from dock.dynamics.refinement import RefinementSettings
from dock.ligands.preparation import PreparationSettings
from dock.receptors.settings import ReceptorSettings, SiteName

# Names become file names: no separators, no leading dot, not too long.
LigandName = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,79}$")]


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
    receptor_sites : dict
        Sites of one's own, by name.
    preparation : ReceptorSettings
        How the receptor is prepared, where it is to be otherwise than by default.
    sites : tuple of str
        The sites to dock into; every site of the receptor if empty.
    ligands : tuple of LigandSettings and LibrarySettings
    ph : float
        At which ligands given by SMILES are protonated.
    docking : DockingSettings
    occupied_by : tuple of str
        What lies in each other site while a ligand is docked once more, besides into the empty
        receptor: ``same`` for the ligand's own best pose there, or the name of a ligand, whose best pose
        there it is. Nothing but the empty receptor is docked into if it is empty.
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
    receptor_sites: dict[SiteName, catalogue.SiteEntry] = Field(default_factory=dict)
    preparation: ReceptorSettings = ReceptorSettings()
    sites: tuple[str, ...] = ()
    ligands: tuple[LigandEntries, ...] = Field(
        default=(LigandSettings(name="escitalopram"), LigandSettings(name="r-citalopram")),
        min_length=1,
    )
    ph: float = Field(default=7.4, ge=0, le=14)
    docking: DockingSettings = DockingSettings()
    occupied_by: tuple[LigandName, ...] = (SAME,)
    refinement: RefinementSettings | None = None
    simulation: SimulationSettings = SimulationSettings()
    cross_docking: bool = True
    accept_failed_gate: bool = False

    @field_validator("ligands", mode="before")
    @classmethod
    def _names_alone(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return [{"name": item} if isinstance(item, str) else item for item in value]

    @field_validator("occupied_by", mode="before")
    @classmethod
    def _one_alone(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

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
        return CampaignSettings(**_beside(path, content))
    except (ValidationError, TypeError) as error:
        raise settings_error(path, error, hidden=(LIGAND, FILE)) from error


def _beside(path: Path, content: dict[Any, Any]) -> dict[Any, Any]:
    """Return settings whose files are looked for beside the campaign file, and made absolute."""
    receptor = content.get("receptor")
    if isinstance(receptor, str) and receptor and (path.parent / receptor).exists():
        content = content | {"receptor": str((path.parent / receptor).resolve())}
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
