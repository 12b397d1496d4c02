"""Strain: a ligand's energy in a pose, above that of the ligand alone, from one zero for both mirror images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.units import A_TO_NM, KJ_PER_KCAL
from dock.forcefield.charges import ChargeMethod
from dock.forcefield.minimisation import minimise_with_springs
from dock.ligands import Ligand, stereo
from dock.systems.energies import potential_energies
from dock.systems.implicit import ligand_system

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dock.forcefield.platforms import Processor

FREE_CONFORMERS = 100  # from as many seeds; minimised, the lowest of them is the zero
_ZEROS: dict[tuple[str, ChargeMethod], float] = {}  # kJ/mol, of each molecule that this process has seen


def strain_energy(
    ligand: Ligand, places: NDArray[np.float64], charges: ChargeMethod, processor: Processor
) -> float:
    """Return the energy of a ligand at some coordinates above its lowest, in OBC2, in kcal/mol.

    The zero is the lowest of a hundred generated conformers, each minimised. The lowest of all may lie deeper:
    the strain is a lower bound, and differences between poses of a ligand do not depend on it. Conformers are
    generated of one of two mirror images for both, which then have the same zero; other stereoisomers are
    other compounds, each with its own.

    Parameters
    ----------
    places : numpy.ndarray, shape (n_atoms, 3)
        In nanometres, in the order of `ligand.mol`.

    Raises
    ------
    ParameterError
        If the ligand cannot be parametrised.
    EmbeddingError
        If it cannot be embedded.
    """
    system = ligand_system(ligand, charges)
    (energy,) = potential_energies(system, places[None], processor)
    one_of_both = min(ligand.smiles, stereo.mirror_image(ligand.smiles))
    if (one_of_both, charges) not in _ZEROS:
        _ZEROS[one_of_both, charges] = _lowest(one_of_both, ligand.name, charges, processor)
    return float(energy - _ZEROS[one_of_both, charges]) / KJ_PER_KCAL


def _lowest(smiles: str, name: str, charges: ChargeMethod, processor: Processor) -> float:
    """Return the lowest energy of a molecule alone, in kJ/mol."""
    molecule = Ligand(name, stereo.parse_smiles(name, smiles))
    conformers = [molecule.embedded(seed) for seed in range(1, FREE_CONFORMERS + 1)]
    system = ligand_system(conformers[0], charges)  # all of them have their atoms in canonical order
    places = [ligand.mol.GetConformer().GetPositions() * A_TO_NM for ligand in conformers]
    return min(minimise_with_springs(system, positions, processor)[1] for positions in places)
