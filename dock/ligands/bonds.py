"""Bonds of SDF records whose type leaves their order open: aromatic, or one of a query.

MDL's types 5 to 8 (single or double, single or aromatic, double or aromatic, any) are meant for queries, but
programs write aromatic rings with them, as with type 4. A ring of them is read as the aromatic ring that it
can be; anything else is refused, for its order and its hydrogens are not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ChemistryError

if TYPE_CHECKING:
    from rdkit.Chem import Atom, Mol

QUERY_TYPES = {5: "single or double", 6: "single or aromatic", 7: "double or aromatic", 8: "any"}
AROMATIC_TYPE = 4
MAX_ADDED = 4  # hydrogens on aromatic nitrogens of one molecule
MAX_TRIES = 2000
FLAT = 0.1  # angstrom that an atom of an aromatic ring lies off its plane at most
TOO_SHORT = {"CC": 1.44, "CN": 1.39}  # angstrom; below a single bond (1.53, 1.47), above an aromatic one


def with_bond_orders(name: str, block: str) -> str:
    """Return a record with single and double bonds in the place of those of open order.

    A block that cannot be read as text, and one without such bonds, comes back as it is.

    Raises
    ------
    ChemistryError
        If a bond's order is open that is in no ring, or that is no aromatic ring.
    """
    lines = block.splitlines()
    places = list(_bond_lines(lines))
    types = [_type(lines[line], first) for line, first in places]
    queried = [n for n, kind in enumerate(types) if kind in QUERY_TYPES]
    if not queried and AROMATIC_TYPE not in types:
        return block
    for n in queried:
        lines[places[n][0]] = _with_type(*_at(lines, places[n]), AROMATIC_TYPE)
    mol = _unsanitised("\n".join(lines) + "\n")
    if mol is None or mol.GetNumBonds() != len(places):
        return block
    outside = next((n for n in queried if not mol.GetBondWithIdx(n).IsInRing()), None)
    if outside is not None:
        raise _open(name, outside, types[outside])
    kekulised = _kekulised(mol)
    if kekulised is None:
        if queried:
            raise _open(name, queried[0], types[queried[0]])
        return block
    for n, place in enumerate(places):
        if types[n] == AROMATIC_TYPE or types[n] in QUERY_TYPES:
            order = int(kekulised.GetBondWithIdx(n).GetBondTypeAsDouble())
            lines[place[0]] = _with_type(*_at(lines, place), order)
    return "\n".join(lines) + "\n"


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


def _kekulised(mol: Mol) -> Mol | None:
    """Return an aromatic molecule with single and double bonds, its nitrogens given the hydrogens that they lack.

    Of several places for these, the best by RDKit's score of tautomers is taken.
    """
    from rdkit.Chem.MolStandardize import rdMolStandardize

    plain = _with_hydrogens_on(mol, ())
    if plain is not None:
        return plain
    lacking = [
        atom.GetIdx()
        for atom in mol.GetAtoms()
        if atom.GetSymbol() in ("N", "P")
        and atom.GetDegree() == 2
        and not atom.GetFormalCharge()
        and all(bond.GetIsAromatic() for bond in atom.GetBonds())
    ]
    tries = 0
    for number in range(1, MAX_ADDED + 1):
        made = []
        for chosen in combinations(lacking, number):
            tries += 1
            if tries > MAX_TRIES:
                return None
            made += [each for each in (_with_hydrogens_on(mol, chosen),) if each is not None]
        if made:
            return max(made, key=rdMolStandardize.TautomerEnumerator.ScoreTautomer)
    return None


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
