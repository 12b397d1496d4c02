"""The interaction energy between the ligand and what is simulated, and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.analysis.measures.base import Measure, Measured
from dock.analysis.statistics import Spread
from dock.core.quantities import KCAL
from dock.systems.energies import interaction_energies

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dock.analysis.trajectory import ComplexTrajectory
    from dock.forcefield.platforms import Processor
    from dock.systems.complexes import ComplexSystem

INTERACTION = Measured(
    "interaction_kcal_mol",
    "interaction energy",
    KCAL,
    "interaction energy",
    digits=1,
    replicas_differ_by=Spread(3.4, 5.0),
    cut_error=1.4,
)
VDW = Measured(
    "vdw_kcal_mol",
    "of which van der Waals",
    KCAL,
    "van der Waals part",
    part=True,
    digits=1,
    replicas_differ_by=Spread(1.4, 5.0),
    cut_error=1.3,
)
# Their sum alone: either changes by up to 150 kcal/mol with the residues that are kept, the sum by less than 5.
ELECTROSTATIC = Measured(
    "electrostatic_kcal_mol",
    "of which Coulomb and solvation (OBC2)",
    KCAL,
    "Coulomb and solvation part",
    part=True,
    digits=1,
    replicas_differ_by=Spread(3.9, 5.0),
    cut_error=0.6,
)


def named(energies: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return what `dock.systems.energies` computes, or changes thereof, by the names of the quantities."""
    return {
        INTERACTION.name: energies["total"].to_numpy(),
        VDW.name: energies["vdw"].to_numpy(),
        ELECTROSTATIC.name: (energies["coulomb"] + energies["solvation"]).to_numpy(),
    }


def _values(
    trajectory: ComplexTrajectory, system: ComplexSystem, processor: Processor
) -> dict[str, NDArray[np.float64]]:
    return named(interaction_energies(system, trajectory.frames.xyz, processor))


MEASURE = Measure(3, (INTERACTION, VDW, ELECTROSTATIC), _values)
