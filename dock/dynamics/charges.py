"""Charges of a ligand, derived once per constitution and mapped to every isomer of it.

AM1-BCC charges depend a little on the conformer they are derived from. Two enantiomers whose
charges were derived apart would differ by that noise; so one conformer of one isomer is used, the
charges of equivalent atoms are averaged, and every isomer takes the same numbers. NAGL predicts
AM1-BCC charges without a conformer, in less than a second; benchmarks/RESULTS.md says how well.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from filelock import FileLock

from dock.core.catalogue import structures_folder
from dock.core.errors import ParameterError, SettingsError
from dock.core.files import cache_folder, read_json, write_json
from dock.core.keys import content_key
from dock.dynamics import ambertools, nagl

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

    from dock.ligands import Ligand

ChargeMethod = Literal["am1-bcc", "nagl"]

METHOD = "AM1-BCC (sqm and antechamber)"
CONFORMER_SEED = 11
DECIMALS = 12


def charges(ligand: Ligand, method: ChargeMethod = "am1-bcc") -> NDArray[np.float64]:
    """Return the charges of a ligand: shipped, cached, or computed.

    Parameters
    ----------
    ligand
        Its stereochemistry plays no part.
    method
        ``am1-bcc``, with sqm where the catalogue ships no charges, or ``nagl``.

    Returns
    -------
    numpy.ndarray, shape (n_atoms,)
        In units of e, in the order of `ligand.mol`; their sum is the formal charge.

    Raises
    ------
    SettingsError
        If there is no such method.
    ParameterError
        If sqm fails, or NAGL does not know the like of the molecule.
    MissingDependencyError
        If AmberTools is not there and the charges are not cached, or NAGL is not there.
    """
    if method not in get_args(ChargeMethod):
        raise SettingsError(method, "is no charge method", f"known: {', '.join(get_args(ChargeMethod))}")
    shipped = shipped_charges(ligand.constitution)
    if method == "am1-bcc" and shipped.exists():
        return map_charges(ligand, read_json(shipped))
    cached = cached_charges(ligand.constitution, method)
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(cached.with_suffix(".lock")):  # sqm takes minutes; one worker runs it for all
            if not cached.exists():
                write_json(cached, derive(ligand, method))
    return map_charges(ligand, read_json(cached))


def shipped_charges(constitution: str) -> Path:
    """Return the file that holds a constitution's AM1-BCC charges if the catalogue ships them."""
    return structures_folder() / "charges" / f"{content_key(constitution)}.json"


def cached_charges(constitution: str, method: ChargeMethod = "am1-bcc") -> Path:
    """Return the file that holds a constitution's charges once they have been computed.

    Those of another model, or version, of NAGL lie in another file.

    Raises
    ------
    MissingDependencyError
        If NAGL is asked for and not installed.
    """
    folder = cache_folder() / "charges"
    if method == "nagl":
        return folder / f"nagl-{content_key([constitution, nagl.describe()])}.json"
    return folder / f"{content_key(constitution)}.json"


def derive(ligand: Ligand, method: ChargeMethod = "am1-bcc") -> dict[str, object]:
    """Compute the charges of a ligand's constitution.

    Returns
    -------
    dict
        ``constitution``, ``mapped_smiles`` (every atom numbered from 1), ``charges`` in e by
        atom number, ``method`` and, for AM1-BCC, the ``conformer_seed``.

    Raises
    ------
    ParameterError
        If antechamber or sqm fails, or NAGL does not know the like of the molecule.
    MissingDependencyError
        If the programs or packages of the method are not there.
    """
    from rdkit import Chem

    from dock.ligands import stereo
    from dock.ligands.conformers import embed

    flat = stereo.read_smiles(ligand.name, ligand.constitution)
    if method == "nagl":
        mol = Chem.AddHs(flat)
        raw = nagl.predict(ligand.name, mol)
        origin: dict[str, object] = {"method": nagl.describe()}
    else:
        mol = embed(ligand.name, stereo.isomers(flat)[0], CONFORMER_SEED)
        raw = _run_sqm(ligand, mol)
        origin = {"method": METHOD, "conformer_seed": CONFORMER_SEED}
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(atom.GetIdx() + 1)
    Chem.RemoveStereochemistry(mol)
    return {
        "constitution": ligand.constitution,
        "mapped_smiles": Chem.MolToSmiles(mol),
        "charges": _symmetric(mol, raw, ligand.charge).tolist(),
        **origin,
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


def _run_sqm(ligand: Ligand, mol: Mol) -> NDArray[np.float64]:
    """Return the AM1-BCC charges of a conformer, by atom."""
    from rdkit import Chem

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
    return raw


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
