"""Bonds of SDF records whose type leaves their order open: aromatic, or one of a query.

MDL's types 5 to 8 (single or double, single or aromatic, double or aromatic, any) are meant for queries, but
programs write aromatic rings with them, as with type 4. A ring of them is read as the aromatic ring that it
can be, with the hydrogens on nitrogen that it then has; anything else is refused, for its order and its hydrogens are
not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ChemistryError
from dock.ligands.delocalised import localised

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol

QUERY_TYPES = {5: "single or double", 6: "single or aromatic", 7: "double or aromatic", 8: "any"}
AROMATIC_TYPE = 4
MAX_ADDED = 4  # hydrogens on aromatic nitrogens of one molecule
MAX_TRIES = 2000
CHARGES_A_LINE = 8  # of V2000
# What sets tautomers of equal score apart: NH that is a lactam's, that stands between two nitrogens (of benzotriazole
# 1H is more than 99 % in water), that is in the place of an amidine's bare nitrogen, and that is next to a substituent,
# of its ring or of the ring beside.
LACTAM, BETWEEN, AMIDINE = "[nH]~c=[O,S]", "[nX2]~[nH]~[nX2]", "[nH]~c~[#7X3]"
CROWDED = "[nH]~[$(c-[#6;!r]),$([cx3]~c~[!r])]"
FLAT = 0.1  # angstrom that an atom of an aromatic ring lies off its plane at most
TOO_SHORT = {"CC": 1.44, "CN": 1.39}  # angstrom; below a single bond (1.53, 1.47), above an aromatic one


def with_bond_orders(name: str, block: str) -> tuple[str, str]:
    """Return a record with single and double bonds in the place of those of open order, and what had to be decided.

    Aromatic nitrogens get the hydrogens that their ring needs, where the record has none as atoms. A block that
    cannot be read as text, and one without such bonds, comes back as it is.

    Returns
    -------
    tuple of str
        The record, and a note, empty where the record leaves nothing open.

    Raises
    ------
    ChemistryError
        If a bond's order is open that is no part of an aromatic ring or of a known group (`dock.ligands.delocalised`).
    """
    from rdkit.Chem import BondType

    lines = block.splitlines()
    places = list(_bond_lines(lines))
    types = [_type(lines[line], first) for line, first in places]
    queried = [n for n, kind in enumerate(types) if kind in QUERY_TYPES]
    if not queried and AROMATIC_TYPE not in types:
        return block, ""
    for n in queried:
        lines[places[n][0]] = _with_type(*_at(lines, places[n]), AROMATIC_TYPE)
    mol = _unsanitised("\n".join(lines) + "\n")
    if mol is None or mol.GetNumBonds() != len(places):
        return block, ""
    outside = next((n for n in queried if not mol.GetBondWithIdx(n).IsInRing()), None)
    if outside is not None:
        raise _open(name, outside, types[outside])
    written = [atom.GetFormalCharge() for atom in mol.GetAtoms()]
    mol = localised(name, mol)
    made = _kekulised(mol)
    if not made and queried:
        raise _open(name, queried[0], types[queried[0]])
    best = made[0] if made else mol  # RDKit says what is wrong with it
    for n, place in enumerate(places):
        kind = best.GetBondWithIdx(n).GetBondType()
        if types[n] in (AROMATIC_TYPE, *QUERY_TYPES) and kind != BondType.AROMATIC:
            lines[place[0]] = _with_type(*_at(lines, place), int(kind))
    charges = [atom.GetFormalCharge() for atom in mol.GetAtoms()]
    if charges != written:
        lines = _with_charges(lines, {number: charge for number, charge in enumerate(charges, 1) if charge})
    return "\n".join(lines) + "\n", _tautomer_note(made)


def _tautomer_note(made: Sequence[Mol]) -> str:
    """Say which of several tautomers was taken, the first; empty where there is one alone."""
    from rdkit import Chem

    smiles = list(dict.fromkeys(Chem.MolToSmiles(Chem.RemoveHs(mol)) for mol in made))
    if len(smiles) < 2:
        return ""
    return f"tautomer left open by its aromatic bonds, taken as {smiles[0]} of {len(smiles)}"


def flat_single_ring(mol: Mol) -> bool:
    """Return whether the coordinates show an aromatic ring where single bonds alone are written.

    In a flat ring of five or six, a bond between two atoms without double bonds is as short as aromatic ones are.
    """
    if not mol.GetNumConformers() or not mol.GetConformer().Is3D():
        return False
    rings = [ring for ring in mol.GetRingInfo().AtomRings() if len(ring) in (5, 6)]
    return any(_looks_aromatic(mol, ring) for ring in rings)


def _is_saturated(atom: Atom) -> bool:
    from rdkit.Chem import BondType

    return all(bond.GetBondType() == BondType.SINGLE for bond in atom.GetBonds())


def _looks_aromatic(mol: Mol, ring: Sequence[int]) -> bool:
    places = mol.GetConformer().GetPositions()[list(ring)]
    centred = places - places.mean(axis=0)
    if np.abs(centred @ np.linalg.svd(centred)[2][-1]).max() > FLAT:
        return False
    lengths = np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1)
    atoms = [mol.GetAtomWithIdx(atom) for atom in ring]
    for number, (atom, length) in enumerate(zip(atoms, lengths, strict=True)):
        before = atoms[number - 1]
        pair = "".join(sorted((atom.GetSymbol(), before.GetSymbol())))
        if _is_saturated(atom) and _is_saturated(before) and length < TOO_SHORT.get(pair, 0.0):
            return True
    return False


def _open(name: str, bond: int, kind: int) -> ChemistryError:
    what = QUERY_TYPES[kind]
    return ChemistryError(
        name,
        f"its bond {bond + 1} is of type {kind} ({what}), no order",
        "write it as single, double or aromatic",
    )


def _bond_lines(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the line of each bond and where its type stands: a column of V2000, a word of V3000."""
    counts = next((n for n, line in enumerate(lines) if "V3000" in line or "V2000" in line), 3)
    if counts >= len(lines):
        return
    if "V3000" not in lines[counts]:
        try:
            atoms, bonds = int(lines[counts][:3]), int(lines[counts][3:6])
        except ValueError:
            return
        first = counts + 1 + atoms
        yield from ((line, 6) for line in range(first, min(first + bonds, len(lines))))
        return
    within = False
    for number, line in enumerate(lines):
        words = line.split()
        if words[2:4] == ["BEGIN", "BOND"]:
            within = True
        elif words[2:4] == ["END", "BOND"]:
            return
        elif within:
            yield number, -1


def _at(lines: list[str], place: tuple[int, int]) -> tuple[str, int]:
    return lines[place[0]], place[1]


def _type(line: str, column: int) -> int:
    text = line[column : column + 3] if column >= 0 else " ".join(line.split()[3:4])
    return int(text) if text.strip().isdigit() else 0


def _with_type(line: str, column: int, kind: int) -> str:
    if column >= 0:
        return f"{line[:column]}{kind:3d}{line[column + 3 :]}"
    words = line.split()
    return f"M  V30 {' '.join([words[2], str(kind), *words[4:]])}"


def _with_charges(lines: list[str], charges: Mapping[int, int]) -> list[str]:
    """Return the lines of a molecule with formal charges by the atom's number, in the place of those that it has."""
    if any("V3000" in line for line in lines):
        return list(_with_v3000_charges(lines, charges))
    kept = [line for line in lines if not line.startswith("M  CHG")]
    pairs = [f"{atom:4d}{charge:4d}" for atom, charge in charges.items()]
    chunks = [pairs[start : start + CHARGES_A_LINE] for start in range(0, len(pairs), CHARGES_A_LINE)]
    end = next((n for n, line in enumerate(kept) if line.startswith("M  END")), len(kept))
    return [*kept[:end], *(f"M  CHG{len(chunk):3d}{''.join(chunk)}" for chunk in chunks), *kept[end:]]


def _with_v3000_charges(lines: list[str], charges: Mapping[int, int]) -> Iterator[str]:
    within, continued, atom = False, False, 0
    for line in lines:
        words = line.split()
        if words[2:4] in (["BEGIN", "ATOM"], ["END", "ATOM"]):
            within = words[2] == "BEGIN"
        elif within:
            atom += not continued
            kept = [word for word in words if not word.startswith("CHG=")]
            charge = [f"CHG={charges[atom]}"] if atom in charges and not continued else []
            # After number, element, place and mapping of an atom come its properties.
            line = f"M  V30 {' '.join([*kept[2:8], *charge, *kept[8:]])}"
            continued = line.endswith("-")
        yield line


def _unsanitised(block: str) -> Mol | None:
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        try:
            mol = Chem.MolFromMolBlock(block, sanitize=False, removeHs=False)
        except (RuntimeError, ValueError):
            return None
    if mol is not None:
        Chem.FastFindRings(mol)
    return mol


def _kekulised(mol: Mol) -> list[Mol]:
    """Return an aromatic molecule with single and double bonds, its nitrogens given the hydrogens that they lack.

    Returns
    -------
    list of rdkit.Chem.Mol
        Every way of placing as few hydrogens as make all of it aromatic, the best by RDKit's score of tautomers first;
        none where there is no way. With no hydrogen more a lactam would be read as a quinoid ring.
    """
    plain = _with_hydrogens_on(mol, ())
    if plain is not None:
        return [plain]
    lacking = (
        [] if _shows_hydrogens(mol) else [atom.GetIdx() for atom in mol.GetAtoms() if _may_lack_one(atom)]
    )
    tries = 0
    for number in range(1, MAX_ADDED + 1):
        made = []
        for chosen in combinations(lacking, number):
            tries += 1
            if tries > MAX_TRIES:
                return []
            made += [each for each in (_with_hydrogens_on(mol, chosen),) if each is not None]
        if made:
            return sorted(made, key=_preference)
    return []


def _preference(mol: Mol) -> tuple[float, int, int, int, int, str]:
    """Return what sorts tautomers, the best first, in whatever order their atoms are.

    Where the score leaves several equal, lactams are before their vinylogues, as in guanine and quinazolin-4-one; an
    amidine keeps its nitrogen bare, as in cytosine and theophylline (7H), and of purines else 9H is taken.
    """
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    lactams, between, amidines, crowded = (
        len(mol.GetSubstructMatches(Chem.MolFromSmarts(pattern)))
        for pattern in (LACTAM, BETWEEN, AMIDINE, CROWDED)
    )
    score = rdMolStandardize.TautomerEnumerator.ScoreTautomer(mol)
    return -score, -lactams, between, amidines, crowded, Chem.MolToSmiles(mol)


def _may_lack_one(atom: Atom) -> bool:
    return bool(
        atom.GetSymbol() in ("N", "P")
        and atom.GetDegree() == 2
        and not atom.GetFormalCharge()
        and all(bond.GetIsAromatic() for bond in atom.GetBonds())
    )


def _shows_hydrogens(mol: Mol) -> bool:
    """Return whether a record has its hydrogens as atoms: a drawing shows some that mean a configuration."""
    spatial = mol.GetNumConformers() and mol.GetConformer().Is3D()
    return bool(spatial and any(atom.GetAtomicNum() == 1 for atom in mol.GetAtoms()))


def _with_hydrogens_on(mol: Mol, atoms: tuple[int, ...]) -> Mol | None:
    """Return a molecule with single and double bonds and a hydrogen more on some atoms, or None if it cannot be."""
    from rdkit import Chem, rdBase

    made = Chem.RWMol(mol)
    for index in atoms:
        made.GetAtomWithIdx(index).SetNumExplicitHs(1)
    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(made)
            aromatic = [bond.GetIsAromatic() for bond in made.GetBonds()]
            Chem.Kekulize(made, clearAromaticFlags=False)
        except (ValueError, RuntimeError):
            return None
    meant = (bond.GetIdx() for bond in mol.GetBonds() if bond.GetIsAromatic())
    return made.GetMol() if all(aromatic[index] for index in meant) else None
