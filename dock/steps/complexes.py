"""What the steps of a complex have in common: its pose, its receptor, and the system that is simulated."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import InstanceOf

from dock.core.files import file_stem
from dock.core.records import Record
from dock.docking.pose import Pose
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield.platforms import Processor, choose_processor
from dock.receptors import Receptor
from dock.steps.membrane import BuildMembrane
from dock.steps.poses import PoseStep
from dock.steps.region import DrawRegion
from dock.systems.building import build_system
from dock.systems.complexes import ComplexSystem, Kind
from dock.workflow.step import Conditions, Step
from dock.workflow.store import Store

Result = TypeVar("Result", bound=Record, covariant=True)


class ComplexStep(Step[Result], Generic[Result]):
    """A step about the best pose of a search, simulated.

    Attributes
    ----------
    search : PoseStep
    settings : SimulationSettings
        Without what changes no result, as how often the state is saved, and without how long it is simulated.
    region : DrawRegion, optional
        Of a site system.
    membrane : BuildMembrane, optional
        Of a membrane system.
    charge_model : str
        What a result depends on besides the method of the charges: the model of NAGL that is installed.
    """

    search: InstanceOf[PoseStep[Any]]
    settings: SimulationSettings
    region: DrawRegion | None = None
    membrane: BuildMembrane | None = None
    charge_model: str = ""

    @property
    def ligand_name(self) -> str:
        """The ligand's name."""
        return self.search.ligand_name

    @property
    def site(self) -> str:
        """The site."""
        return self.search.site

    @property
    def subject(self) -> dict[str, str]:
        """Receptor, ligand and site."""
        return self.search.subject

    @property
    def stem(self) -> str:
        """What names its files."""
        return file_stem("-".join(self.subject.values()))

    @property
    def system_kind(self) -> Kind:
        """What is simulated: ``site``, ``implicit`` or ``membrane``."""
        return self.settings.system.kind

    def system(self, store: Store) -> tuple[ComplexSystem, Pose, Receptor]:
        """Build the system that is simulated, and return it with its pose and receptor."""
        pose, receptor = self.search.best(store), self.search.receptor_of(store)
        system = build_system(
            receptor,
            pose,
            self.settings.system,
            None if self.membrane is None else self.membrane.bilayer(store),
            region=None if self.region is None else self.region.region(store),
        )
        return system, pose, receptor

    def processor(self, conditions: Conditions) -> Processor:
        """Return the processor that it is simulated on."""
        return choose_processor(
            conditions.platform, conditions.threads, self.settings.precision, conditions.device
        )
