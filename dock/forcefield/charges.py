"""Charges of a ligand, derived once per constitution and mapped to every isomer of it.

AM1-BCC charges depend a little on the conformer they are derived from. Two enantiomers whose
charges were derived apart would differ by that noise; so one conformer of one isomer is used, the
charges of equivalent atoms are averaged, and every isomer takes the same numbers. NAGL predicts
AM1-BCC charges without a conformer, in less than a second; benchmarks/RESULTS.md says how well.

AM1-BCC corrects AM1's charges by atom type, and in its types only rings of five and six are aromatic
(Jakalian et al. 2002, doi:10.1002/jcc.10128; tropylium apart). antechamber takes planar rings of seven for
aromatic, too, as those of amoxapine, clozapine and carbamazepine, and doubles the charge of an ether
oxygen there. Its types are therefore assigned by its own definitions with that one condition added.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from dock.core.catalogue import structures_folder
from dock.core.errors import ParameterError, SettingsError
from dock.core.files import cache_folder, read_json, waited_for, write_json, write_text
from dock.core.keys import content_key
from dock.core.revisions import revision
from dock.forcefield import ambertools, nagl

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

    from dock.ligands import Ligand

ChargeMethod = Literal["am1-bcc", "nagl"]

METHOD = "AM1-BCC (sqm and antechamber, rings of five and six aromatic)"
CONFORMER_SEED = 11
DECIMALS = 12
# How AmberTools' definitions of AM1-BCC's atom types name an atom of an aromatic ring, and how they should.
AROMATIC, SMALL_AROMATIC = "[AR1.AR2]", "[RG5.RG6,AR1.AR2]"
AC_CHARGE, AC_TYPE = slice(54, 64), slice(64, None)  # columns of an atom in antechamber's own format


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
        with waited_for(cached.with_suffix(".lock")):  # sqm takes minutes; one worker runs it for all
            if not cached.exists():
                write_json(cached, derive(ligand, method))
    return map_charges(ligand, read_json(cached))


def shipped_charges(constitution: str) -> Path:
    """Return the file that holds a constitution's AM1-BCC charges if the catalogue ships them."""
    return structures_folder() / "charges" / f"{content_key(constitution)}.json"


def charge_model(method: ChargeMethod) -> str:
    """Return what charges depend on besides the method and AmberTools: the model of NAGL that is installed."""
    return nagl.describe() if method == "nagl" else ""


def cached_charges(constitution: str, method: ChargeMethod = "am1-bcc") -> Path:
    """Return the file that holds a constitution's charges once they have been computed.

    Those of another method, of another AmberTools, or of another model or version of NAGL, lie in another file.

    Raises
    ------
    MissingDependencyError
        If NAGL is asked for and not installed.
    """
    folder = cache_folder() / "charges"
    if method == "nagl":
        return folder / f"nagl-{content_key([revision('charges'), constitution, nagl.describe()])}.json"
    key = content_key([revision("charges"), constitution, METHOD, ambertools.fingerprint()])
    return folder / f"{key}.json"


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
        possible = stereo.isomers(flat) or stereo.every_isomer(ligand.name, flat, stereo.PAPER_ISOMERS)
        mol = embed(ligand.name, possible[0], CONFORMER_SEED)
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
    with tempfile.TemporaryDirectory(prefix="sertdock-sqm-") as scratch:
        folder = Path(scratch)
        write_text(folder / "in.sdf", ambertools.untitled_block(mol))
        ambertools.run(
            ligand.name, folder, "antechamber", "-i", "in.sdf", "-fi", "sdf", "-o", "own.ac",
            "-fo", "ac", "-c", "bcc", "-nc", str(ligand.charge), "-at", "gaff2", "-dr", "no",
            "-pf", "n",
        )  # fmt: skip
        # What antechamber corrects itself: AM1's charges, equal where resonance makes atoms equivalent.
        (folder / "ANTECHAMBER_AM1BCC_PRE.AC").rename(folder / "am1.ac")
        _write_types(folder / "am1.ac", _bcc_types(ligand.name, folder))
        ambertools.run(ligand.name, folder, "am1bcc", "-i", "am1.ac", "-o", "bcc.ac", "-f", "ac", "-j", "0")
        raw = np.array([float(line[AC_CHARGE]) for line in _ac_atoms(folder / "bcc.ac")])
    if len(raw) != mol.GetNumAtoms():
        raise ParameterError(ligand.name, "antechamber changed the number of atoms")
    return raw


def _bcc_types(subject: str, folder: Path) -> list[str]:
    """Return AM1-BCC's types of the atoms of ``am1.ac``: antechamber's, but for rings of seven and more.

    antechamber goes beyond its definitions (a ring of five beside one of six is not aromatic), so its
    own types are changed only where a definition that minds the size of rings finds another type
    than the one it was made from.
    """
    definition = ambertools.find_data("antechamber/ATOMTYPE_BCC.DEF").read_text(encoding="utf-8")
    if AROMATIC not in definition:
        raise ParameterError(subject, "AmberTools defines AM1-BCC's atom types in words unknown here")
    (folder / "any.def").write_text(definition, encoding="utf-8")
    (folder / "small.def").write_text(definition.replace(AROMATIC, SMALL_AROMATIC), encoding="utf-8")
    found = []
    for options in (("-p", "bcc"), ("-d", "any.def"), ("-d", "small.def")):
        ambertools.run(subject, folder, "atomtype", "-i", "am1.ac", "-o", "typed.ac", *options)
        found.append([line[AC_TYPE].strip() for line in _ac_atoms(folder / "typed.ac")])
    return [own if any_ring == small else small for own, any_ring, small in zip(*found, strict=True)]


def _write_types(path: Path, types: list[str]) -> None:
    """Put atom types into a file in antechamber's own format."""
    left = iter(types)
    lines = path.read_text(encoding="utf-8").splitlines()
    typed = [
        f"{line[: AC_TYPE.start]}{next(left):>10}" if line.startswith("ATOM") else line for line in lines
    ]
    path.write_text("\n".join(typed) + "\n", encoding="utf-8")


def _ac_atoms(path: Path) -> list[str]:
    """Return the lines of the atoms of a file in antechamber's own format."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("ATOM")]


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
