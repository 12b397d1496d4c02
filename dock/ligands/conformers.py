"""Three-dimensional conformers, generated and never taken from a crystal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import EmbeddingError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

EMBEDDING_TIME_LIMIT = 15  # seconds, for each of two attempts
RELAXATION_STEPS = 2000
SDF_DECIMALS = 4


def embed(name: str, mol: Mol, seed: int) -> Mol:
    """Return `mol` with explicit hydrogens and one relaxed ETKDGv3 conformer.

    Parameters
    ----------
    mol
        A molecule without explicit hydrogens.
    seed
        Seed of the embedding; the same seed gives the same conformer.

    Raises
    ------
    EmbeddingError
        If RDKit finds no conformer in two attempts of 15 s.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

    full = Chem.AddHs(mol)
    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed = seed
    parameters.timeout = EMBEDDING_TIME_LIMIT
    with rdBase.BlockLogs():
        failed = rdDistGeom.EmbedMolecule(full, parameters) < 0
        if failed:
            parameters.useRandomCoords = True
            failed = rdDistGeom.EmbedMolecule(full, parameters) < 0
        if failed:
            raise EmbeddingError(
                name, "no conformer could be generated", "check that the stereochemistry is possible"
            )
        if rdForceFieldHelpers.MMFFHasAllMoleculeParams(full):
            rdForceFieldHelpers.MMFFOptimizeMolecule(full, maxIters=RELAXATION_STEPS)
        else:
            rdForceFieldHelpers.UFFOptimizeMolecule(full, maxIters=RELAXATION_STEPS)
    # As an SDF file has them, so that a ligand read back from one docks in just the same way.
    conformer = full.GetConformer()
    conformer.SetPositions(np.round(conformer.GetPositions(), SDF_DECIMALS))
    return full
