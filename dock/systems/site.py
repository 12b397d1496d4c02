"""Site systems: the neighbourhood of the ligand in native OBC2, its outer shell frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ParameterError
from dock.receptors.hetero import ION_CHARGES
from dock.systems.complexes import ComplexSystem, SystemSettings
from dock.systems.implicit import implicit_system
from dock.systems.region import Region, region_around

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

    from dock.docking.pose import Pose
    from dock.receptors import Receptor

BACKBONE = frozenset(
    {"N", "CA", "C", "O", "OXT", "P", "O5'", "C5'", "C4'", "C3'", "O3'"}
)  # of nucleic acid, too


def site_system(
    receptor: Receptor,
    pose: Pose,
    settings: SystemSettings,
    hold_backbone: bool = False,
    region: Region | None = None,
) -> ComplexSystem:
    """Build the `site` system of a pose: native OBC2, outer shell frozen.

    The part of the receptor that is left out neither screens nor interacts, and atoms at the
    rim see more solvent than they should, which is worth several kcal/mol of interaction energy:
    `dock.systems.energies.cut_corrections` takes it out again.
    Where other sites are occupied, it is the neighbourhood of all the ligands.

    Parameters
    ----------
    hold_backbone
        Freeze the backbone and the ions too, so that nothing of the receptor but side chains moves.
    region
        That of all poses it is to be compared with; that of the pose alone if None.

    Raises
    ------
    ParameterError
        As of `build_system`, or if the region is too small for the pose.
    """
    own = region_around([(receptor, pose)], settings)
    region = region or own
    if not set(own.kept) <= set(region.kept) or not set(own.mobile) <= set(region.mobile):
        raise ParameterError(
            pose.ligand.name, "its pose reaches beyond the region", "draw it around the pose, too"
        )
    kept, mobile = region.atoms(receptor.topology)
    if hold_backbone:
        mobile &= _in_side_chain(receptor.topology)[kept]
    return implicit_system("site", receptor, pose, kept, mobile, settings)


def _in_side_chain(topology: Topology) -> NDArray[np.bool_]:
    """Tell of each atom whether it is neither backbone, with its hydrogens, nor an ion."""
    held = np.array([a.name in BACKBONE or a.residue.name in ION_CHARGES for a in topology.atoms()])
    for first, second in topology.bonds():
        hydrogen, heavy = (first, second) if first.element.symbol == "H" else (second, first)
        if hydrogen.element.symbol == "H":
            held[hydrogen.index] = held[heavy.index]
    return ~held
