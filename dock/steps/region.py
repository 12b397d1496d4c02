"""The region of a site that is simulated: one for all that is compared in it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import InstanceOf

from dock.core.records import Record
from dock.steps.poses import PoseStep
from dock.systems.complexes import SystemSettings
from dock.systems.region import Region, region_around
from dock.workflow.step import Context, Step
from dock.workflow.store import Store


class RegionResult(Record):
    """The region, as `dock.systems.region.Region.to_record` writes it."""

    region: dict[str, Any]


class DrawRegion(Step[RegionResult]):
    """Draws a region around the best pose of every search in a site that found one.

    Attributes
    ----------
    searches : tuple of PoseStep
    settings : SystemSettings
    """

    kind: ClassVar = "region"
    revision: ClassVar = 2
    result_type: ClassVar = RegionResult
    any_of: ClassVar = "searches"

    searches: tuple[InstanceOf[PoseStep[Any]], ...]
    settings: SystemSettings

    @property
    def site(self) -> str:
        """The site."""
        return self.searches[0].site

    @property
    def label(self) -> str:
        """What people call it."""
        return f"region of the {self.site} site of {self.searches[0].home.name}"

    @property
    def subject(self) -> dict[str, str]:
        """Receptor and site."""
        return {**self.searches[0].home.subject, "site": self.site}

    def run(self, context: Context) -> RegionResult:
        """Draw it."""
        store = context.store
        places = [(search.receptor_of(store), search.best(store)) for search in store.done(self.searches)]
        region = region_around(places, self.settings)
        return RegionResult(region=region.to_record(places[0][0]))

    def region(self, store: Store) -> Region:
        """Return the region once it is drawn."""
        return Region.from_record(store.result(self).region)
