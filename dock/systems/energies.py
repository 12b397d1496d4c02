"""Energies frame by frame: of a system, and between ligand and receptor (single-trajectory MM/GBSA)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.units import KJ_PER_KCAL
from dock.forcefield.parameters import force_of
from dock.forcefield.solvent import COULOMB

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from openmm import System

    from dock.docking.pose import Pose
    from dock.forcefield.charges import ChargeMethod
    from dock.forcefield.platforms import Processor
    from dock.receptors import Receptor
    from dock.systems.complexes import ComplexSystem


def interaction_energies(
    complex_system: ComplexSystem, frames: NDArray[np.float64], processor: Processor
) -> pd.DataFrame:
    """Return the interaction energy of ligand and receptor in each frame.

    van der Waals and Coulomb terms are sums over pairs of ligand and receptor atoms; the
    solvation term is what OBC2 and its surface term give for the complex less receptor less
    ligand, all in the same coordinates. It is no free energy: nobody's entropy or strain is
    in it, and the part of the receptor outside a site system is not either: see `cut_corrections`. Coulomb
    and solvation nearly cancel, and each depends on how many charged residues a site system keeps: compare
    complexes by their sum.

    Parameters
    ----------
    frames : numpy.ndarray, shape (n_frames, n_atoms, 3)
        In nanometres.

    Returns
    -------
    pandas.DataFrame
        Columns ``vdw``, ``coulomb``, ``solvation`` and ``total``, in kcal/mol, a row a frame.
    """
    import pandas as pd

    table = pd.DataFrame(_pair_energies(complex_system, frames), columns=["vdw", "coulomb"])
    partner, ligand = complex_system.partner, complex_system.ligand
    whole, receptor, alone = (
        potential_energies(complex_system.solvent(indices), frames[:, indices], processor)
        for indices in (np.union1d(partner, ligand), partner, ligand)
    )
    table["solvation"] = whole - receptor - alone
    table["total"] = table.sum(axis=1)
    return table / KJ_PER_KCAL


def cut_corrections(
    receptor: Receptor,
    pose: Pose,
    site: ComplexSystem,
    frames: NDArray[np.float64],
    processor: Processor,
    charges: ChargeMethod = "am1-bcc",
) -> pd.DataFrame:
    """Return what the part of the receptor outside a site system adds to the interaction energy.

    The frames are put back into the whole receptor, whose other atoms lie where they were prepared, and
    evaluated without a cutoff: the energies of different site systems are then of the same atoms. What the
    rest would have done had it moved, or had the ligand felt it while it was simulated, is not in it.

    Parameters
    ----------
    receptor, pose
        Those that the site system was built of.
    frames : numpy.ndarray, shape (n_frames, n_atoms, 3)
        Of the site system, in nanometres; a frame costs as much as some 300 steps of the site.
    charges
        The method by which ligands got their charges.

    Returns
    -------
    pandas.DataFrame
        As of `interaction_energies`: whole less part, in kcal/mol, a row a frame.
    """
    from dock.systems.complexes import SystemSettings
    from dock.systems.implicit import whole_system

    whole = whole_system(receptor, pose, SystemSettings(kind="implicit", charges=charges))
    count = receptor.topology.getNumAtoms()
    places = np.repeat(whole.positions[None], len(frames), axis=0)
    places[:, site.kept] = frames[:, site.receptor]
    places[:, count:] = frames[:, len(site.kept) :]
    inside, outside = (
        interaction_energies(system, xyz, processor) for system, xyz in ((site, frames), (whole, places))
    )
    return outside - inside


def _pair_energies(complex_system: ComplexSystem, frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lennard-Jones and Coulomb energy over ligand-receptor pairs, shape (n_frames, 2), kJ/mol."""
    from openmm import NonbondedForce
    from scipy.spatial.distance import cdist

    force = force_of(complex_system.system, NonbondedForce)
    parameters = np.array(
        [[p._value for p in force.getParticleParameters(i)] for i in range(force.getNumParticles())]
    )
    ligand, partner = complex_system.ligand, complex_system.partner
    charges = COULOMB * np.outer(parameters[ligand, 0], parameters[partner, 0])
    sigma = (parameters[ligand, 1][:, None] + parameters[partner, 1]) / 2
    epsilon = np.sqrt(np.outer(parameters[ligand, 2], parameters[partner, 2]))
    energies = np.empty((len(frames), 2))
    for number, frame in enumerate(frames):
        distances = cdist(frame[ligand], frame[partner])
        sixth = (sigma / distances) ** 6
        energies[number] = (4 * epsilon * (sixth**2 - sixth)).sum(), (charges / distances).sum()
    return energies


def potential_energies(
    system: System, frames: NDArray[np.float64], processor: Processor
) -> NDArray[np.float64]:
    """Return the potential energy of a system in each frame, in kJ/mol.

    Parameters
    ----------
    frames : numpy.ndarray, shape (n_frames, n_atoms, 3)
        In nanometres.
    """
    from openmm import VerletIntegrator, unit

    context = processor.context(system, VerletIntegrator(0.001))
    energies = []
    for frame in frames:
        context.setPositions(frame)
        energy = context.getState(energy=True).getPotentialEnergy()
        energies.append(energy.value_in_unit(unit.kilojoule_per_mole))
    return np.array(energies)
