"""Systems in native OBC2: the whole receptor, part of it, or a ligand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ParameterError
from dock.forcefield.charges import ChargeMethod
from dock.forcefield.parameters import LIGAND_RESIDUE, ligand_parameters, receptor_parameters
from dock.forcefield.parts import combine, severed
from dock.forcefield.solvent import add_solvent, set_cutoff
from dock.systems.assembly import add_ligand, drop_frozen_constraints, repartition
from dock.systems.complexes import ComplexSystem, Kind, SystemSettings
from dock.systems.coordination import add_walls
from dock.systems.solutes import assembled

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System

    from dock.docking.pose import Pose
    from dock.ligands import Ligand
    from dock.receptors import Receptor


def whole_system(receptor: Receptor, pose: Pose, settings: SystemSettings) -> ComplexSystem:
    """Build the `implicit` system of a pose: the whole receptor in native OBC2, all mobile.

    Raises
    ------
    ParameterError
        As of `build_system`.
    """
    everything = np.arange(receptor.topology.getNumAtoms())
    mobile = np.ones(len(everything), dtype=bool)
    return implicit_system("implicit", receptor, pose, everything, mobile, settings)


def implicit_system(
    kind: Kind,
    receptor: Receptor,
    pose: Pose,
    kept: NDArray[np.int64],
    mobile: NDArray[np.bool_],
    settings: SystemSettings,
) -> ComplexSystem:
    """Put part of a receptor and its ligands into native OBC2; ligands always move.

    Parameters
    ----------
    kept : numpy.ndarray of int
        Indices of the receptor's atoms that are in it.
    mobile : numpy.ndarray of bool, shape (n_kept,)

    Raises
    ------
    ParameterError
        As of `dock.systems.building.build_system`, or if a bonded term of an atom that moves would be cut.
    """
    lost = severed(receptor_parameters(receptor), kept, mobile)
    if lost:
        names = [f"{a.residue.name}{a.residue.id} {a.name}" for a in receptor.topology.atoms()]
        raise ParameterError(
            receptor.name,
            f"{len(lost)} bonded terms of atoms that move would be cut, as {' - '.join(names[i] for i in lost[0])}",
            "keep their neighbours (dock.systems.region.close)",
        )
    assembly = assembled(receptor, pose, kept, settings.charges)
    topology = assembly.topology
    system = combine(assembly.parts)
    add_solvent(system, topology)
    add_walls(system, receptor, kept)
    set_cutoff(system, settings.cutoff.value_in("nm"))
    moves = np.ones(len(assembly.positions), dtype=bool)
    moves[: len(kept)] = mobile
    repartition(system, topology, settings.hydrogen_mass.value_in("amu"))
    for index in np.flatnonzero(~moves):
        system.setParticleMass(int(index), 0.0)
    drop_frozen_constraints(system)
    return ComplexSystem(
        kind, topology, system, assembly.positions, assembly.ligand, moves, kept, assembly.occupants
    )


def ligand_system(ligand: Ligand, charges: ChargeMethod = "am1-bcc") -> System:
    """Build a ligand alone in native OBC2, without cutoff.

    Raises
    ------
    ParameterError
        If the ligand cannot be parametrised.
    """
    from openmm.app import Topology

    topology = Topology()
    add_ligand(topology, ligand.mol, LIGAND_RESIDUE)
    system = combine([(ligand_parameters(ligand, charges), np.arange(topology.getNumAtoms()))])
    add_solvent(system, topology)
    return system
