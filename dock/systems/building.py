"""The system of a pose that its settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.systems.complexes import ComplexSystem, SystemSettings
from dock.systems.implicit import whole_system
from dock.systems.membrane.bilayer import Bilayer
from dock.systems.membrane.system import membrane_system
from dock.systems.region import Region
from dock.systems.site import site_system

if TYPE_CHECKING:
    from dock.docking.pose import Pose
    from dock.forcefield.platforms import Processor
    from dock.receptors import Receptor


def build_system(
    receptor: Receptor,
    pose: Pose,
    settings: SystemSettings,
    bilayer: Bilayer | None = None,
    processor: Processor | None = None,
    region: Region | None = None,
) -> ComplexSystem:
    """Build the system of a pose that the settings name.

    Ligands that lie in other sites of the receptor (`Receptor.with_occupant`) are in it as well.

    Parameters
    ----------
    region
        Of a site system: that of all poses it is to be compared with; that of the pose alone if None.
    bilayer
        Of a membrane system; that of the receptor, which is built where it is not kept, if None.
    processor
        That a bilayer is built on; the fastest if None.

    Raises
    ------
    ParameterError
        If the ligand or the receptor cannot be parametrised, or the pose was docked beside a ligand
        that the receptor lacks.
    """
    if settings.kind == "membrane":
        return membrane_system(receptor, pose, settings, bilayer, processor)
    if settings.kind == "site":
        return site_system(receptor, pose, settings, region=region)
    return whole_system(receptor, pose, settings)
