"""Membrane systems: the whole receptor in a bilayer, water and salt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.forcefield.parts import combine
from dock.systems.assembly import make_periodic, repartition, surrounding_parts, total_charge
from dock.systems.complexes import ComplexSystem, SystemSettings
from dock.systems.membrane.bilayer import Bilayer, build_bilayer, displaced, neutralised
from dock.systems.membrane.surroundings import WATER
from dock.systems.solutes import assembled

if TYPE_CHECKING:
    from dock.docking.pose import Pose
    from dock.forcefield.platforms import Processor
    from dock.receptors import Receptor


def membrane_system(
    receptor: Receptor,
    pose: Pose,
    settings: SystemSettings,
    bilayer: Bilayer | None = None,
    processor: Processor | None = None,
) -> ComplexSystem:
    """Build the `membrane` system of a pose: the whole receptor in a bilayer, water and salt, all mobile.

    Non-bonded forces are particle-mesh Ewald's. There is no barostat in it: that belongs to the
    ensemble. What overlaps a ligand is taken out of the bilayer, which was built without.

    Raises
    ------
    ParameterError
        As of `build_system`, or if the receptor's place in a membrane is not known.
    """
    from dock.forcefield.platforms import choose_processor

    bilayer = bilayer or build_bilayer(receptor, settings.membrane, processor or choose_processor())
    everything = np.arange(receptor.topology.getNumAtoms())
    assembly = assembled(receptor, pose, everything, settings.charges)
    topology, positions = assembly.topology, bilayer.place(assembly.positions)
    heavy = [a.index for a in topology.atoms() if a.index >= len(everything) and a.element.symbol != "H"]
    around = displaced(bilayer.content, positions[heavy], pose.ligand.name)
    around = neutralised(around, total_charge(assembly.parts), positions, pose.ligand.name)
    around.add_to(topology)
    system = combine([*assembly.parts, *surrounding_parts(around)])
    make_periodic(system, around.box, settings.cutoff.value_in("nm"))
    repartition(system, topology, settings.hydrogen_mass.value_in("amu"), skip=(WATER,))
    # A barostat scales the places of molecules from the origin: there it does not pull the receptor
    # against what holds it.
    positions = np.vstack([positions, around.positions]) - positions[everything].mean(axis=0)
    moves = np.ones(len(positions), dtype=bool)
    return ComplexSystem(
        "membrane", topology, system, positions, assembly.ligand, moves, everything, assembly.occupants
    )
