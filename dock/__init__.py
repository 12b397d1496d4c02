"""sertdock: docking and short simulations in named sites, compared, from SMILES to report.

The nouns and verbs below are imported at first use, so that `import dock` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dock.campaign import Campaign as Campaign
    from dock.campaign.settings import CampaignSettings as CampaignSettings
    from dock.docking.engine import DockingSettings as DockingSettings
    from dock.docking.pose import Pose as Pose
    from dock.docking.redocking import redock as redock
    from dock.docking.redocking import redocking_gate as redocking_gate
    from dock.dynamics.model import build_receptor as build_receptor
    from dock.dynamics.model import open_receptor as open_receptor
    from dock.dynamics.protocol import SimulationSettings as SimulationSettings
    from dock.dynamics.refinement import RefinementSettings as RefinementSettings
    from dock.dynamics.refinement import refine_poses as refine_poses
    from dock.ligands import Ligand as Ligand
    from dock.ligands.library import Library as Library
    from dock.ligands.preparation import PreparationSettings as PreparationSettings
    from dock.ligands.preparation import prepare_library as prepare_library
    from dock.receptors import Receptor as Receptor
    from dock.receptors import Site as Site
    from dock.report.view import view as view
    from dock.verbs import compare as compare
    from dock.verbs import pose as pose
    from dock.verbs import simulate as simulate

_HOMES = {
    "Campaign": "dock.campaign",
    "CampaignSettings": "dock.campaign.settings",
    "DockingSettings": "dock.docking.engine",
    "Library": "dock.ligands.library",
    "Ligand": "dock.ligands",
    "Pose": "dock.docking.pose",
    "PreparationSettings": "dock.ligands.preparation",
    "Receptor": "dock.receptors",
    "RefinementSettings": "dock.dynamics.refinement",
    "SimulationSettings": "dock.dynamics.protocol",
    "Site": "dock.receptors",
    "build_receptor": "dock.dynamics.model",
    "compare": "dock.verbs",
    "open_receptor": "dock.dynamics.model",
    "pose": "dock.verbs",
    "prepare_library": "dock.ligands.preparation",
    "redock": "dock.docking.redocking",
    "redocking_gate": "dock.docking.redocking",
    "refine_poses": "dock.dynamics.refinement",
    "simulate": "dock.verbs",
    "view": "dock.report.view",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'dock' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
