"""What every docking engine must do, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dock.core.errors import DockingError

if TYPE_CHECKING:
    from dock.docking.settings import DockingSettings
    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site


@dataclass(frozen=True)
class Network:
    """What GNINA's convolutional network says of a pose.

    Attributes
    ----------
    probability : float
        That the pose is within 2 A of the truth.
    affinity : float
        The pK that it predicts.
    """

    probability: float
    affinity: float


@dataclass(frozen=True)
class Placement:
    """One answer of an engine.

    Attributes
    ----------
    pdbqt : str
        The ligand's atoms where the engine put them.
    score : float
        The engine's own, in kcal/mol.
    network : Network, optional
        What GNINA's network says of the pose, where the engine asked it.
    """

    pdbqt: str
    score: float
    network: Network | None = None


class Engine(Protocol):
    """What every docking engine must do."""

    name: str

    def __init__(self, receptor: Receptor, site: Site, threads: int) -> None: ...

    def place(self, ligand: Ligand, seed: int, settings: DockingSettings) -> Sequence[Placement]:
        """Search the site for one ligand, from its first conformer; best placement first.

        Raises
        ------
        DockingError
            If the engine fails or finds nothing.
        """
        ...


def fitting(ligand: Ligand, found: Sequence[Placement], site: Site) -> list[Placement]:
    """Return the placements with a favourable score: where the box is too small, engines leave clashes.

    Raises
    ------
    DockingError
        If there is none.
    """
    fits = [placement for placement in found if placement.score < 0]
    if not fits:
        raise DockingError(ligand.name, f"no pose fits the box of the {site.name} site", "enlarge the box")
    return fits
