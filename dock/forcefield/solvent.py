"""The implicit solvent: native OBC2 with mbondi2 radii, and radii of its own for what these leave out.

mbondi2 knows neither bromine and iodine nor ions; OpenMM, as tleap, gives them 1.5 A without a word.
Bromine and iodine get Bondi's van der Waals radii (J. Phys. Chem. 68, 441, 1964), on which mbondi2 rests.
An ion gets the radius at which it, alone in water, has its measured free energy of hydration by Born's
equation: those of monovalent ions are what the Lennard-Jones parameters used here were fitted to (Joung
and Cheatham, J. Phys. Chem. B 112, 9020, 2008), those of more charges Marcus' (J. Chem. Soc. Faraday
Trans. 87, 2995, 1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dock.core.units import KJ_PER_KCAL
from dock.forcefield.parameters import force_of
from dock.receptors.hetero import ION_CHARGES

if TYPE_CHECKING:
    from openmm import GBSAOBCForce, System
    from openmm.app import Topology
    from openmm.app.topology import Atom

SOLVENT_DIELECTRIC = 78.5
COULOMB = 138.935456  # 1/(4 pi eps0) in kJ mol^-1 nm e^-2, as in OpenMM's reference code
OFFSET = 0.009  # nm, by which OBC2 makes every radius smaller
HALOGEN_RADII = {"Br": 0.185, "I": 0.198}  # nm
HYDRATION = {  # kcal/mol
    "NA": -88.7, "K": -71.2, "CL": -89.1, "MG": -437.4, "CA": -359.7, "ZN": -467.3, "LI": -113.8,
    "RB": -66.0, "CS": -60.5, "BR": -82.7, "IOD": -74.3, "SR": -329.8, "BA": -298.8, "MN": -420.7,
    "FE2": -439.8, "FE": -1019.4, "CO": -457.7, "NI": -473.2, "CU": -480.4, "CD": -419.5, "HG": -420.7,
}  # fmt: skip


def ion_radius(name: str) -> float:
    """Return the radius of an ion, in nm, at which OBC2 gives it its free energy of hydration.

    Parameters
    ----------
    name
        Of its residue, such as ``NA``.
    """
    born = 0.5 * COULOMB * (1 - 1 / SOLVENT_DIELECTRIC) * ION_CHARGES[name] ** 2
    return OFFSET - born / (HYDRATION[name] * KJ_PER_KCAL)


def solvent_force(charges: Sequence[Any], topology: Topology) -> GBSAOBCForce:
    """Return native OBC2 with its surface term (ACE), without cutoff.

    Parameters
    ----------
    charges
        Of every atom, in e.
    """
    import openmm
    from openmm.app.internal.customgbforces import GBSAOBC2Force

    solvent = openmm.GBSAOBCForce()
    solvent.setNonbondedMethod(openmm.GBSAOBCForce.NoCutoff)
    solvent.setSolventDielectric(SOLVENT_DIELECTRIC)
    parameters = GBSAOBC2Force.getStandardParameters(topology)
    for charge, (radius, screen), atom in zip(charges, parameters, topology.atoms(), strict=True):
        solvent.addParticle(charge, _own_radius(atom) or radius, screen)
    return solvent


def add_solvent(system: System, topology: Topology) -> None:
    """Put a system into native OBC2, without cutoff; charges are those of its non-bonded force."""
    import openmm

    nonbonded = force_of(system, openmm.NonbondedForce)
    charges = [nonbonded.getParticleParameters(index)[0] for index in range(system.getNumParticles())]
    system.addForce(solvent_force(charges, topology))


def set_cutoff(system: System, cutoff: float) -> None:
    """Cut off the non-bonded forces of a system that is not periodic, at a distance in nanometres."""
    import openmm

    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce | openmm.GBSAOBCForce):
            force.setNonbondedMethod(force.CutoffNonPeriodic)
            force.setCutoffDistance(cutoff)
        if isinstance(force, openmm.NonbondedForce):
            # Solvent screening is the business of OBC2, not of a reaction field.
            force.setReactionFieldDielectric(1.0)


def _own_radius(atom: Atom) -> float | None:
    if atom.residue.name in HYDRATION:
        return ion_radius(atom.residue.name)
    return HALOGEN_RADII.get(atom.element.symbol)
