"""Refinement: docked poses relaxed in the site system, nearby side chains giving way, and ranked anew.

A docking engine holds the receptor rigid. Here ligand and side chains are heated and cooled
together in ff14SB, GAFF2 and native OBC2, while backbone, ions and everything further off stand
still. `benchmarks/refinement.py` measures what that is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from dock.core.errors import ChemistryError, SimulationError
from dock.core.records import Record
from dock.core.units import Duration, Quantity, Temperature, Time
from dock.docking.checks import check_poses
from dock.docking.pose import Pose, heavy_rmsd
from dock.dynamics.energies import KJ_PER_KCAL, interaction_energies, potential_energies
from dock.dynamics.minimisation import minimise
from dock.dynamics.platforms import Processor, choose_processor
from dock.dynamics.systems import A_TO_NM, SystemSettings, ligand_system, site_system
from dock.ligands.placement import place_atoms
from dock.receptors.site import assign_site

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System
    from rdkit.Chem import Mol

    from dock.ligands import Ligand
    from dock.receptors import Receptor

ENERGY = "refined_energy_kcal_mol"
STAGES = 10  # temperatures of the annealing, evenly spaced down to a tenth of the first
FRICTION = 5.0  # 1/ps
CLEARING = 200  # iterations that take overlaps out before the atoms are given velocities


class RefinementSettings(Record):
    """How poses are refined.

    Attributes
    ----------
    poses : int
        How many of the poses given, from the first, are refined at most.
    annealing : Duration
        Simulated time of heating and cooling between two minimisations; none if 0 ps.
    temperature : Temperature
        At which the annealing starts.
    timestep : Time
    system : SystemSettings
        How much of the receptor is kept, and which residues have side chains that move.
    """

    poses: int = Field(default=5, ge=1)
    annealing: Duration = Quantity("1.5 ps")
    temperature: Temperature = Quantity("400 K")
    timestep: Time = Quantity("4 fs")
    system: SystemSettings = SystemSettings()

    @property
    def steps(self) -> int:
        """Steps of the annealing at each temperature."""
        return round(self.annealing.value_in("fs") / self.timestep.value_in("fs") / STAGES)


@dataclass(frozen=True, eq=False)
class Refinement:
    """A refined pose and the receptor that gave way to it.

    Attributes
    ----------
    pose : Pose
        With its energies and PoseBusters checks, see `refine_poses`.
    receptor : Receptor
        The whole receptor, the side chains near the pose at their new places.
    """

    pose: Pose
    receptor: Receptor


def refine_poses(
    receptor: Receptor,
    poses: Sequence[Pose],
    settings: RefinementSettings | None = None,
    processor: Processor | None = None,
) -> list[Pose]:
    """Refine the first poses of a search and rank them anew; `refine` gives the receptors as well.

    Returns
    -------
    list of Pose
        Lowest ``refined_energy_kcal_mol`` first, which is ``interaction_kcal_mol`` (van der Waals,
        Coulomb and solvation between ligand and site, see `dock.dynamics.energies`) plus
        ``strain_kcal_mol`` (the ligand's own energy in OBC2 less that of its prepared conformer,
        minimised alone). It is no free energy, and compares poses of one ligand only.
        ``refinement_shift_A`` is how far the heavy atoms moved (RMSD). Checks are made against
        the receptor that moved; the engine's score and properties stay what they were.

    Raises
    ------
    ParameterError
        If the ligand or the receptor cannot be parametrised.
    SimulationError
        If a pose cannot be refined: it lies on top of the receptor, or loses its configuration.
    """
    return [refinement.pose for refinement in refine(receptor, poses, settings, processor)]


def refine(
    receptor: Receptor,
    poses: Sequence[Pose],
    settings: RefinementSettings | None = None,
    processor: Processor | None = None,
) -> list[Refinement]:
    """Do what `refine_poses` does, and keep for each pose the receptor that gave way to it."""
    settings = settings or RefinementSettings()
    processor = processor or choose_processor()
    refined = [_refine(receptor, pose, settings, processor) for pose in poses[: settings.poses]]
    refined.sort(key=lambda refinement: refinement.pose.properties[ENERGY])
    return [
        replace(refinement, pose=replace(refinement.pose, rank=rank))
        for rank, refinement in enumerate(refined, start=1)
    ]


def _refine(receptor: Receptor, pose: Pose, settings: RefinementSettings, processor: Processor) -> Refinement:
    complex_system = site_system(receptor, pose, settings.system, hold_backbone=True)
    places = complex_system.positions
    if settings.steps:
        places, _ = minimise(complex_system.system, places, processor, CLEARING)
        places = _anneal(complex_system.system, places, settings, pose.seed, processor)
    places, _ = minimise(complex_system.system, places, processor)
    mol = _place(pose, places[complex_system.ligand] / A_TO_NM)
    between = interaction_energies(complex_system, places[None], processor).iloc[0]
    if between["vdw"] > 0.0:
        raise SimulationError(pose.ligand.name, "its pose overlaps the receptor still after minimisation")
    interaction = float(between["total"])
    strain = _strain(pose.ligand, places[complex_system.ligand], processor)
    energies = {"interaction_kcal_mol": interaction, "strain_kcal_mol": strain, ENERGY: interaction + strain}
    shift = {"refinement_shift_A": heavy_rmsd(mol, pose.mol)}
    positions = receptor.positions.copy()
    positions[complex_system.kept] = places[complex_system.receptor]
    moved = replace(receptor, positions=positions)
    refined = replace(pose, mol=mol, properties={**pose.properties, **energies, **shift})
    if receptor.sites:
        refined = replace(refined, site=assign_site(refined.heavy_coordinates, receptor.sites))
    return Refinement(check_poses(moved, [refined])[0], moved)


def _anneal(
    system: System,
    positions: NDArray[np.float64],
    settings: RefinementSettings,
    seed: int,
    processor: Processor,
) -> NDArray[np.float64]:
    """Heat a minimised system and cool it in stages; return the positions, in nanometres."""
    from openmm import LangevinMiddleIntegrator, OpenMMException, unit

    start = settings.temperature.value_in("K")
    integrator = LangevinMiddleIntegrator(start, FRICTION, settings.timestep.value_in("ps"))
    integrator.setRandomNumberSeed(seed)
    context = processor.context(system, integrator)
    context.setPositions(positions)
    context.setVelocitiesToTemperature(start, seed)
    try:
        for temperature in np.linspace(start, 0.0, STAGES, endpoint=False):
            integrator.setTemperature(temperature)
            integrator.step(settings.steps)
        state = context.getState(positions=True)
    except OpenMMException as error:
        raise SimulationError("annealing", f"OpenMM stopped ({error})", "shorten the timestep") from error
    return np.asarray(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))


def _place(pose: Pose, coordinates: NDArray[np.float64]) -> Mol:
    """Return the pose's molecule at new coordinates, in angstrom, its configuration checked."""
    try:
        return place_atoms(pose.mol, coordinates)
    except ChemistryError as error:
        raise SimulationError(
            pose.ligand.name, f"the refined pose has another configuration ({error.problem})"
        ) from error


def _strain(ligand: Ligand, places: NDArray[np.float64], processor: Processor) -> float:
    """Return the ligand's energy less that of its prepared conformer, minimised, in kcal/mol."""
    system = ligand_system(ligand)
    _, (_, relaxed) = minimise(system, ligand.mol.GetConformer().GetPositions() * A_TO_NM, processor)
    return float((potential_energies(system, places[None], processor)[0] - relaxed) / KJ_PER_KCAL)
