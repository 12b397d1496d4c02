"""The membrane around a receptor, with water and salt."""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

from dock.core.records import Record
from dock.forcefield.platforms import choose_processor
from dock.steps.receptor import PrepareReceptor
from dock.systems.membrane.bilayer import Bilayer, MembraneSettings, build_bilayer
from dock.systems.membrane.lipids import CHOLESTEROL
from dock.workflow.step import Context, Resources, Step
from dock.workflow.store import Store

BILAYER = "bilayer.npz"


class MembraneResult(Record):
    """What was built, and a hash of it."""

    lipids: int
    cholesterol: int
    water: int
    atoms: int
    box_nm: tuple[float, ...]
    positions: str


class BuildMembrane(Step[MembraneResult]):
    """Builds the membrane, once for a receptor.

    Attributes
    ----------
    receptor : PrepareReceptor
    settings : MembraneSettings
    """

    kind: ClassVar = "membrane"
    revision: ClassVar = 5
    result_type: ClassVar = MembraneResult

    receptor: PrepareReceptor
    settings: MembraneSettings

    @property
    def label(self) -> str:
        """What people call it."""
        return f"membrane around {self.receptor.name}"

    @property
    def subject(self) -> dict[str, str]:
        """The receptor."""
        return self.receptor.subject

    @property
    def resources(self) -> Resources:
        """Twenty minutes of one core, or a whole card."""
        return Resources(cost=1200.0, card=1.0, disk=1.0)

    def run(self, context: Context) -> MembraneResult:
        """Build it."""
        conditions = context.conditions
        processor = choose_processor(conditions.platform, conditions.threads, device=conditions.device)
        bilayer = build_bilayer(self.receptor.receptor(context.store), self.settings, processor)
        bilayer.save(context.folder / BILAYER)
        content = bilayer.content
        return MembraneResult(
            lipids=len(content.lipids),
            cholesterol=sum(molecule.name == CHOLESTEROL for molecule in content.molecules),
            water=len(content.water),
            atoms=len(content.positions),
            box_nm=tuple(round(float(edge), 3) for edge in content.box),
            positions=sha256(content.positions.tobytes()).hexdigest(),
        )

    def bilayer(self, store: Store) -> Bilayer:
        """Return the membrane once it is built."""
        return Bilayer.load(store.folder(self) / BILAYER)
