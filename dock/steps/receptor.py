"""A receptor of a campaign, prepared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from dock.core.errors import SettingsError
from dock.core.keys import content_key
from dock.core.records import Record
from dock.dynamics.receptor_models import open_receptor, source_key
from dock.receptors import Receptor
from dock.receptors.outline import ReceptorOutline
from dock.workflow.step import Context, Resources, Step
from dock.workflow.store import Store


class ReceptorResult(Record):
    """Its outline, how many atoms it has, and a hash of what results depend on of it."""

    outline: ReceptorOutline
    atoms: int
    content: str


class PrepareReceptor(Step[ReceptorResult]):
    """Opens a receptor, prepared where it is not yet, and keeps it in the run folder.

    Attributes
    ----------
    name : str
        What tables and files call it.
    source : str
        What `dock.open_receptor` takes.
    changes : dict
        Settings of the preparation that differ from the default.
    content : str
        Of what is to be opened, see `dock.dynamics.receptor_models.source_key`.
    sites : tuple of str
        Which it must have.
    """

    kind: ClassVar = "receptor"
    revision: ClassVar = 5
    result_type: ClassVar = ReceptorResult
    unkeyed: ClassVar = frozenset({"source", "sites"})
    expands: ClassVar = True

    name: str
    source: str
    changes: dict[str, Any]
    content: str
    sites: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, name: str, source: str, changes: dict[str, Any] | None = None, sites: tuple[str, ...] = ()
    ) -> PrepareReceptor:
        """Plan the preparation of a receptor from what `dock.open_receptor` takes.

        Raises
        ------
        InputError
            If the source or the settings are wrong.
        """
        changes = changes or {}
        return cls(
            name=name, source=source, changes=changes, content=source_key(source, changes), sites=sites
        )

    @property
    def label(self) -> str:
        """What people call it."""
        return f"receptor {self.name}"

    @property
    def subject(self) -> dict[str, str]:
        """The receptor."""
        return {"receptor": self.name}

    @property
    def resources(self) -> Resources:
        """What it takes, once it is in the cache."""
        return Resources(cost=2.0, disk=3.0)

    def run(self, context: Context) -> ReceptorResult:
        """Open it and save it."""
        receptor = replace(open_receptor(self.source, self.changes), name=self.name)
        outline = ReceptorOutline.of(receptor)
        if not outline.chosen(self.sites):
            raise no_sites(self.name)
        receptor.save(context.folder)
        content = content_key(receptor.content)
        return ReceptorResult(outline=outline, atoms=receptor.topology.getNumAtoms(), content=content)

    def receptor(self, store: Store) -> Receptor:
        """Return the receptor once it is prepared."""
        return Receptor.from_folder(store.folder(self))


def no_sites(name: str) -> SettingsError:
    """Return the error for a receptor without a site."""
    return SettingsError("receptor_sites", f"{name} has no sites", "name at least one")
