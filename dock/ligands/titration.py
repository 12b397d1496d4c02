"""Titration: the groups of a molecule that take or give a proton, each with its pKa when it stands alone.

Which groups those are, and their pKa, is data (`pka.yaml`, whose head says how it is read): families of
acids and bases, Hammett's equation for what stands at aromatic rings, and the effects of groups near an
amine, an imidazole or a carboxylic acid. The charges of groups on each other are no part of it; see
`dock.ligands.protonation`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdkit.Chem import Mol

TABLE = Path(__file__).with_name("pka.yaml")
MOST_MATCHES = 10_000
SIX = 6
POSITIONS = {1: "ortho", 2: "meta", 3: "para"}  # by the distance in the ring


@dataclass(frozen=True)
class Site:
    """A group that titrates.

    Attributes
    ----------
    atom : int
        The atom that takes or gives the proton.
    basic : bool
    pka : float
        Of the group, or of its conjugate acid, with no other group charged.
    kind : str
        ``amine``; ``amidine`` of what shares one proton with another such group near it; or nothing.
    enolate : tuple of int
        Of an acid C-H, its neighbour and the oxygen that takes the charge.
    """

    atom: int
    basic: bool
    pka: float
    kind: str = ""
    enolate: tuple[int, ...] = ()


@dataclass(frozen=True)
class Effect:
    """What a group nearby does to a pKa: for each match, or each group at the match's end, up to `most`."""

    pattern: Mol
    change: float
    most: int
    by_ends: bool


@dataclass(frozen=True)
class Family:
    """A family of groups, as in the table."""

    key: Mol
    basic: bool
    pka: float | None
    special: tuple[tuple[Mol, float | None], ...] = ()
    effects: tuple[Effect, ...] = ()
    rho: float = 0.0
    para: str = ""
    ortho: str = ""
    kind: str = ""
    enolate: Mol | None = None


@dataclass(frozen=True)
class Section:
    """Families that are looked for only in molecules with a group of `where`."""

    where: Mol
    families: tuple[Family, ...]


@dataclass(frozen=True)
class Table:
    """The table, its patterns compiled.

    Attributes
    ----------
    sections : tuple of Section
    substituents : tuple
        Pattern and sigma by position, the first that matches an atom bound to the ring.
    ring, fused : tuple
        Pattern and sigma ortho, meta and para of an atom of the ring itself, or of a ring fused to it.
    """

    sections: tuple[Section, ...]
    substituents: tuple[tuple[Mol, dict[str, float]], ...]
    ring: tuple[tuple[Mol, tuple[float, ...]], ...]
    fused: tuple[tuple[Mol, tuple[float, ...]], ...]


@dataclass
class _Matches:
    """Where patterns match a molecule; each is looked for once."""

    mol: Mol
    known: dict[int, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    atoms: dict[int, frozenset[int]] = field(default_factory=dict)

    def of(self, pattern: Mol) -> tuple[tuple[int, ...], ...]:
        """Return every match of a pattern, also those of the same atoms in another order."""
        if id(pattern) not in self.known:
            self.known[id(pattern)] = self.mol.GetSubstructMatches(
                pattern, uniquify=False, maxMatches=MOST_MATCHES
            )
        return self.known[id(pattern)]

    def first_atoms(self, pattern: Mol) -> frozenset[int]:
        """Return the atoms that are the first of a match."""
        if id(pattern) not in self.atoms:
            self.atoms[id(pattern)] = frozenset(match[0] for match in self.of(pattern))
        return self.atoms[id(pattern)]


def sites(mol: Mol) -> list[Site]:
    """Return the groups of a molecule that titrate, in the order of its atoms.

    Parameters
    ----------
    mol
        Without explicit hydrogens, its groups in their neutral form.
    """
    matches = _Matches(mol)
    found: dict[tuple[int, bool], Site | None] = {}
    for section in table().sections:
        if not matches.of(section.where):
            continue
        for family in section.families:
            for atom in matches.first_atoms(family.key):
                if (atom, family.basic) not in found:
                    found[atom, family.basic] = _site(atom, family, matches)
    return [site for _, site in sorted(found.items()) if site is not None]


def _site(atom: int, family: Family, matches: _Matches) -> Site | None:
    """Return an atom of a family as a site, None if it does not titrate."""
    enolate: tuple[int, ...] = ()
    if family.enolate is not None:
        way = next((match for match in matches.of(family.enolate) if match[0] == atom), None)
        if way is None:
            return None
        enolate = (way[1], way[-1])
    for pattern, pka in family.special:
        if atom in matches.first_atoms(pattern):
            return None if pka is None else Site(atom, family.basic, pka, family.kind, enolate)
    if family.pka is None:
        return None
    pka = family.pka + sum(_change(atom, effect, matches) for effect in family.effects)
    if family.rho:
        pka -= family.rho * _sigma(atom, family, matches)
    return Site(atom, family.basic, pka, family.kind, enolate)


def _change(atom: int, effect: Effect, matches: _Matches) -> float:
    """Return what an effect's groups do to the pKa of an atom."""
    ends = [match[-1] for match in matches.of(effect.pattern) if match[0] == atom]
    return effect.change * min(len(set(ends) if effect.by_ends else ends), effect.most)


def _sigma(atom: int, family: Family, matches: _Matches) -> float:
    """Return the sum of Hammett's sigma over what stands at the ring of a group."""
    mol = matches.mol
    anchor = _anchor(mol, atom)
    rings = mol.GetRingInfo().AtomRings()
    ring = next((r for r in rings if anchor in r and len(r) == SIX and _is_aromatic(mol, r)), None)
    if ring is None:
        return 0.0
    at = ring.index(anchor)
    total = 0.0
    for place, member in enumerate(ring):
        distance = min(abs(place - at), SIX - abs(place - at))
        if not distance:
            continue
        total += _of_place(table().ring, member, distance, matches)
        for bond in mol.GetAtomWithIdx(member).GetBonds():
            other = bond.GetOtherAtomIdx(member)
            if other in ring:
                continue
            if bond.GetIsAromatic():
                total += _of_place(table().fused, other, distance, matches)
            else:
                total += _of_substituent(other, POSITIONS[distance], family, matches)
    return total


def _of_place(
    rows: Sequence[tuple[Mol, tuple[float, ...]]], atom: int, distance: int, matches: _Matches
) -> float:
    return next((sigma[distance - 1] for pattern, sigma in rows if atom in matches.first_atoms(pattern)), 0.0)


def _of_substituent(atom: int, position: str, family: Family, matches: _Matches) -> float:
    """Return sigma of a substituent, 0 where the table has none."""
    sigma = next((row for pattern, row in table().substituents if atom in matches.first_atoms(pattern)), {})
    if position == "ortho":
        return sigma.get(family.ortho, 0.0)
    if position == "meta":
        return sigma.get("m", 0.0)
    return sigma.get(family.para, sigma.get("p", 0.0))


def _anchor(mol: Mol, atom: int) -> int:
    """Return the aromatic atom nearest to an atom, or the atom itself if it is one or none is near."""
    seen, edge = {atom}, [atom]
    while edge:
        aromatic = [index for index in edge if mol.GetAtomWithIdx(index).GetIsAromatic()]
        if aromatic:
            return aromatic[0]
        near = [n.GetIdx() for index in edge for n in mol.GetAtomWithIdx(index).GetNeighbors()]
        edge = [index for index in dict.fromkeys(near) if index not in seen]
        seen.update(edge)
    return atom


def _is_aromatic(mol: Mol, ring: Sequence[int]) -> bool:
    return all(mol.GetAtomWithIdx(index).GetIsAromatic() for index in ring)


@cache
def table() -> Table:
    """Return the table of groups."""
    content = yaml.load(TABLE.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    effects = {name: tuple(map(_effect, rows)) for name, rows in content["effects"].items()}
    return Table(
        tuple(
            Section(_at_atom(part["where"]), tuple(_family(row, effects) for row in part["families"]))
            for part in (*content["acids"], *content["bases"])
        ),
        tuple((_at_atom(smarts), sigma) for _, smarts, sigma in content["substituents"]),
        tuple((_at_atom(smarts), tuple(sigma)) for smarts, sigma in content["ring"]),
        tuple((_at_atom(smarts), tuple(sigma)) for smarts, sigma in content["fused"]),
    )


def _family(row: dict[str, Any], effects: dict[str, tuple[Effect, ...]]) -> Family:
    return Family(
        key=_at_atom(row.get("acid") or row["base"]),
        basic="base" in row,
        pka=row["pka"],
        special=tuple((_at_atom(smarts), pka) for smarts, pka, _ in row.get("special", ())),
        effects=effects[row["effects"]] if "effects" in row else (),
        rho=row.get("rho", 0.0),
        para=row.get("para", ""),
        ortho=row.get("ortho", ""),
        kind=row.get("group", ""),
        enolate=_pattern(row["enolate"]) if "enolate" in row else None,
    )


def _effect(row: list[Any]) -> Effect:
    smarts, change, most, _ = row
    by_ends, _, number = str(most).rpartition(" ")
    return Effect(_pattern(smarts), change, int(number), by_ends == "ends")


def _at_atom(smarts: str) -> Mol:
    """Return a pattern of one atom, which stands for the first atom of another."""
    return _pattern(f"[$({smarts})]")


def _pattern(smarts: str) -> Mol:
    """Compile a pattern.

    Raises
    ------
    ValueError
        If it is no SMARTS, which a test of the table would show.
    """
    from rdkit import Chem

    pattern = Chem.MolFromSmarts(smarts)
    if pattern is None:
        raise ValueError(f"{TABLE.name}: {smarts} is no SMARTS")
    return pattern
