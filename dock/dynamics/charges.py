"""AM1-BCC charges, derived once per constitution and mapped to every isomer of it.

Charges depend a little on the conformer they are derived from. Two enantiomers whose charges
were derived apart would differ by that noise; so one conformer of one isomer is used, the
charges of equivalent atoms are averaged, and every isomer takes the same numbers.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from dock.core.catalogue import structures_folder
from dock.core.errors import ParameterError
from dock.core.files import cache_folder, read_json, write_json
from dock.core.keys import content_key
from dock.dynamics import ambertools

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

    from dock.ligands import Ligand

METHOD = "AM1-BCC (sqm and antechamber)"
CONFORMER_SEED = 11
DECIMALS = 12


def charges(ligand: Ligand) -> NDArray[np.float64]:
    """Return the AM1-BCC charges of a ligand: shipped, cached, or computed with sqm.

    Parameters
    ----------
    ligand
        Its stereochemistry plays no part.

    Returns
    -------
    numpy.ndarray, shape (n_atoms,)
        In units of e, in the order of `ligand.mol`; their sum is the formal charge.

    Raises
    ------
    ParameterError
        If sqm fails.
    """
    shipped = shipped_charges(ligand.constitution)
    cached = cache_folder() / "charges" / shipped.name
    if shipped.exists():
        record = read_json(shipped)
    elif cached.exists():
        record = read_json(cached)
    else:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(cached.with_suffix(".lock")):  # sqm takes minutes; one worker runs it for all
            record = read_json(cached) if cached.exists() else derive(ligand)
            write_json(cached, record)
    return map_charges(ligand, record)


def shipped_charges(constitution: str) -> Path:
    """Return the file that holds a constitution's charges if the catalogue ships them."""
    return structures_folder() / "charges" / f"{content_key(constitution)}.json"


def derive(ligand: Ligand) -> dict[str, object]:
    """Compute AM1-BCC charges of a ligand's constitution with sqm.

    Returns
    -------
    dict
        ``constitution``, ``mapped_smiles`` (every atom numbered from 1), ``charges`` in e by
        atom number, ``method`` and the ``conformer_seed``.

    Raises
    ------
    ParameterError
        If antechamber or sqm fails.
    """
    from rdkit import Chem

    from dock.ligands import stereo
    from dock.ligands.conformers import embed

    flat = stereo.read_smiles(ligand.name, ligand.constitution)
    mol = embed(ligand.name, stereo.isomers(flat)[0], CONFORMER_SEED)
    with tempfile.TemporaryDirectory(prefix="sertdock-sqm-") as scratch:
        folder = Path(scratch)
        Chem.MolToMolFile(mol, str(folder / "in.sdf"))
        ambertools.run(
            ligand.name, folder, "antechamber", "-i", "in.sdf", "-fi", "sdf", "-o", "out.mol2",
            "-fo", "mol2", "-c", "bcc", "-nc", str(ligand.charge), "-at", "gaff2", "-dr", "no",
            "-pf", "n",
        )  # fmt: skip
        raw = _mol2_charges(folder / "out.mol2")
    if len(raw) != mol.GetNumAtoms():
        raise ParameterError(ligand.name, "antechamber changed the number of atoms")
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(atom.GetIdx() + 1)
    Chem.RemoveStereochemistry(mol)
    return {
        "constitution": ligand.constitution,
        "mapped_smiles": Chem.MolToSmiles(mol),
        "charges": _symmetric(mol, raw, ligand.charge).tolist(),
        "method": METHOD,
        "conformer_seed": CONFORMER_SEED,
    }


def map_charges(ligand: Ligand, record: dict[str, object]) -> NDArray[np.float64]:
    """Put recorded charges into the order of `ligand.mol`.

    Any of the matches will do, since equivalent atoms carry equal charges.

    Raises
    ------
    ParameterError
        If the record is of another molecule.
    """
    from rdkit import Chem

    options = Chem.SmilesParserParams()
    options.removeHs = False
    template = Chem.MolFromSmiles(str(record["mapped_smiles"]), options)
    match = ligand.mol.GetSubstructMatch(template)
    if len(match) != ligand.mol.GetNumAtoms():
        raise ParameterError(ligand.name, f"is not {record['constitution']}, whose charges are recorded")
    by_number = np.asarray(record["charges"], dtype=float)
    values = np.empty(len(match))
    for atom, index in zip(template.GetAtoms(), match, strict=True):
        values[index] = by_number[atom.GetAtomMapNum() - 1]
    return values


def _symmetric(mol: Mol, raw: NDArray[np.float64], total: int) -> NDArray[np.float64]:
    """Average over equivalent atoms and spread what rounding leaves of the total charge."""
    from rdkit import Chem

    bare = Chem.Mol(mol)
    for atom in bare.GetAtoms():
        atom.SetAtomMapNum(0)
    classes = np.array(Chem.CanonicalRankAtoms(bare, breakTies=False, includeChirality=False))
    values = np.empty_like(raw)
    for label in np.unique(classes):
        values[classes == label] = raw[classes == label].mean()
    values += (total - values.sum()) / len(values)
    return np.asarray(values.round(DECIMALS))


def _mol2_charges(path: Path) -> NDArray[np.float64]:
    block = path.read_text().split("@<TRIPOS>ATOM")[1].split("@<TRIPOS>")[0]
    return np.array([float(line.split()[8]) for line in block.strip().splitlines()])
