"""Protonation: the protomers of a molecule at a pH, each with its share.

The groups that titrate, and the pKa of most of them, come from molscrub's table of rules, which
knows nothing of a group's neighbours. For aliphatic amines three things are added here: pKa values by
the number of substituents, the effect of electron-withdrawing groups nearby (`SHIFTS`), and the
repulsion of like charges (`REPULSION`). The shares then follow from Henderson and Hasselbalch for
all groups together. Known drugs come out within about one unit; amines beside what no rule
covers (several fluorine atoms, strained rings, aminopyridines) may be further off. Unlike charges are
taken not to feel each other: a zwitterion is stabler than its share says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ChemistryError, MissingDependencyError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

MAX_SITES = 12
FAR = 4.0  # pH units; a group this far from its pKa does not titrate
NEGLIGIBLE = 1e-3  # a share below this is not followed up

# Ethylamine 10.65, piperidine 11.1 and dimethylamine 10.7, trimethylamine 9.80 and
# N-methylpiperidine 10.1: CRC Handbook of Chemistry and Physics, dissociation constants of bases.
AMINES = {"amine0": 9.2, "amine1": 10.6, "amine2": 10.9, "amine3": 9.9}
AMIDINES = ("amidine", "guanidine")


@dataclass(frozen=True)
class Shift:
    """What a group near an amine does to its pKa, for each of at most `most` such groups."""

    smarts: str
    change: float
    most: int
    evidence: str


SHIFTS = (
    Shift("[N]-[CX4]-[c,n,o,s,$([CX3]=[CX3])]", -1.0, 2, "benzylamine 9.34, allylamine 9.49; ethylamine 10.65"),
    Shift(
        "[N]-[CX4]-[CX4]-[#7,#8,#9,#17,#35]",
        -1.1,
        2,
        "ethanolamine 9.50; 1,4-dimethylpiperazine 8.38 and N-methylmorpholine 7.4; N-methylpiperidine 10.1",
    ),
    Shift("[N]-[CX4]-[CX3](=[OX1])[!$([OH]);!$([O-])]", -2.3, 1, "glycine ethyl ester 7.7, glycinamide 8.0; lidocaine 7.9"),
    Shift("[N]-[CX4]-[CX4]-[CX3](=[OX1])[!$([OH]);!$([O-])]", -1.3, 1, "beta-alanine ethyl ester 9.1; cocaine 8.6"),
    Shift("[N]-[CX4]-[$(C#N),$(C(F)(F)F)]", -5.0, 1, "aminoacetonitrile 5.3, 2,2,2-trifluoroethylamine 5.7"),
    Shift("[N]-[CX4]-C#[CX2]", -2.4, 1, "propargylamine 8.2"),
)  # fmt: skip

# By how much the pKa of a cationic group falls if another at this distance in bonds carries a
# charge, beyond what `SHIFTS` says of it uncharged. Ethylenediamine 9.9 and 6.9, 1,3-diaminopropane
# 10.6 and 8.9, 1,4-diaminobutane 10.8 and 9.4; within a charged group: none is charged twice.
REPULSION = {1: 8.0, 2: 5.0, 3: 2.1, 4: 1.7, 5: 1.0, 6: 0.5}
SECOND_PATH = 1.0  # a second way of three bonds: 1,4-dimethylpiperazine 8.4 and 3.8
# The same for anionic groups: phosphate 2.1 and 7.2, malonate 2.8 and 5.7, succinate 4.2 and 5.6.
ANION_REPULSION = {1: 8.0, 2: 5.1, 3: 2.5, 4: 2.2, 5: 0.8, 6: 0.4}

IN_CONJUGATION = 4  # bonds; two amidines or guanidines this near, as in a biguanide, share one charge
CONJUGATED = 8.0

# Groups that molscrub's table does not tell apart, by the first atom, the most special first: the ring
# amidine between two aryl groups of clozapine (3.7), purine (2.4), benzimidazole (5.5).
CORRECTED = (
    ("[NX2](-[c])=[CX3](-[c])-[NX3]", 3.7),
    ("[nX2]1cnc2ncncc12", 2.4),
    ("[nX2]1cnc2aaaac12", 5.5),
)
# Amides and sulfonamides are no bases, though the table takes them for anilines.
NO_BASE = "[#7;$([#7]-[#6,#16,#15]=[O,S]),$([#7]-C#N)]"


@dataclass(frozen=True)
class Protomer:
    """A protonation state of a molecule.

    Attributes
    ----------
    mol : rdkit.Chem.Mol
        Without explicit hydrogens; the atoms in the order they came in.
    share : float or None
        Of all protomers at the pH; None where the rules know no such state.
    """

    mol: Mol
    share: float | None


@dataclass(frozen=True)
class Site:
    """A group that titrates: the atom that takes or gives a proton."""

    atom: int
    basic: bool
    pka: float
    amine: bool
    amidine: bool = False


@dataclass(frozen=True)
class Rule:
    """A row of molscrub's table: the neutral group, and which of its atoms titrates."""

    pattern: Mol
    position: int
    basic: bool
    pka: float
    name: str


def protomers(
    name: str, mol: Mol, ph: float, min_share: float = 0.0, limit: int = 1, pka: float | None = None
) -> list[Protomer]:
    """Return the protomers of a molecule at a pH, the largest share first.

    Parameters
    ----------
    mol
        Without explicit hydrogens. If it is written with charges that nothing balances, it is taken
        as it is.
    min_share
        The least share of a protomer; the first is returned whatever its share.
    limit
        How many are returned at most.
    pka
        Measured pKa of the most basic amine, which wins over the rules.

    Raises
    ------
    ChemistryError
        If more than 12 groups titrate, or a state cannot be written.
    """
    from rdkit import Chem

    if written_charged(mol):
        return [Protomer(mol, _share_of(name, mol, ph))]
    states = _states(name, mol, ph, pka)
    return [
        Protomer(state, round(share, 4))
        for number, (share, _, state) in enumerate(states)
        if number == 0 or share >= min_share
    ][:limit] or [Protomer(Chem.Mol(mol), 1.0)]


def written_charged(mol: Mol) -> bool:
    """Return whether an atom has a charge that no neighbour balances, as in a nitro group."""
    return any(
        atom.GetFormalCharge() and not any(n.GetFormalCharge() for n in atom.GetNeighbors())
        for atom in mol.GetAtoms()
    )


def _share_of(name: str, mol: Mol, ph: float) -> float | None:
    """Return the share of a protomer as it is written, None where the rules do not make it."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    with rdBase.BlockLogs():
        neutral = rdMolStandardize.Uncharger().uncharge(mol)
    if written_charged(neutral):
        return None
    wanted = Chem.MolToSmiles(mol)
    try:
        states = _states(name, neutral, ph, None)
    except ChemistryError:
        return None
    return next((round(share, 4) for share, smiles, _ in states if smiles == wanted), None)


def _states(name: str, mol: Mol, ph: float, pka: float | None) -> list[tuple[float, str, Mol]]:
    """Return share, canonical SMILES and molecule of every state that counts, in order."""
    from rdkit import Chem

    sites = [site for site in _sites(mol, pka) if not _is_settled(site, ph)]
    if len(sites) > MAX_SITES:
        raise ChemistryError(
            name, f"has {len(sites)} groups that titrate, more than {MAX_SITES}", "write the charged SMILES"
        )
    charged, shares = _shares(mol, sites, ph)
    merged: dict[str, tuple[float, Mol]] = {}
    for state, share in zip(charged, shares, strict=True):
        if share >= min(NEGLIGIBLE, float(shares.max())):
            made = _charge(name, mol, [site for site, on in zip(sites, state, strict=True) if on])
            smiles = str(Chem.MolToSmiles(made))
            merged[smiles] = (merged[smiles][0] + float(share), merged[smiles][1]) if smiles in merged else (
                float(share), made)  # fmt: skip
    return sorted(
        ((share, smiles, made) for smiles, (share, made) in merged.items()),
        key=lambda row: (-round(row[0], 6), row[1]),
    )


def _is_settled(site: Site, ph: float) -> bool:
    """Return whether a group is neutral at the pH whatever its neighbours are."""
    return site.pka < ph - FAR if site.basic else site.pka > ph + FAR


def _shares(mol: Mol, sites: list[Site], ph: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the states and their shares.

    Returns
    -------
    charged : numpy.ndarray, shape (n_states, n_sites)
        Which sites carry their charge.
    shares : numpy.ndarray, shape (n_states,)
    """
    number = len(sites)
    charged = np.array(
        [[bool(state >> n & 1) for n in range(number)] for state in range(2**number)], dtype=bool
    )
    charged = charged.reshape(2**number, number)
    gains = np.array([ph - site.pka if site.basic else site.pka - ph for site in sites])
    costs = charged @ gains if number else np.zeros(1)
    for first, second in combinations(range(number), 2):
        costs = costs + (charged[:, first] & charged[:, second]) * _repulsion(
            mol, sites[first], sites[second]
        )
    weights = 10.0 ** (costs.min() - costs)
    return charged, weights / weights.sum()


def _repulsion(mol: Mol, first: Site, second: Site) -> float:
    """Return by how many pH units the charge of one group keeps the other from its own."""
    from rdkit import Chem

    if first.basic != second.basic:
        return 0.0
    distance = int(Chem.GetDistanceMatrix(mol)[first.atom][second.atom])
    if not first.basic:
        return ANION_REPULSION.get(distance, 0.0)
    if first.amidine and second.amidine and distance <= IN_CONJUGATION:
        return CONJUGATED
    cost = REPULSION.get(distance, 0.0)
    if distance == 3:
        bonded = Chem.GetAdjacencyMatrix(mol)
        paths = int((bonded @ bonded @ bonded)[first.atom][second.atom])
        cost += SECOND_PATH * (paths - 1)
    return cost


def _sites(mol: Mol, pka: float | None) -> list[Site]:
    """Return the groups that titrate, by molscrub's rules and those of this module."""
    corrected: dict[int, float] = {}
    for smarts, value in CORRECTED:
        for match in mol.GetSubstructMatches(_smarts(smarts)):
            corrected.setdefault(match[0], value)
    no_base = {match[0] for match in mol.GetSubstructMatches(_smarts(NO_BASE))}
    found: dict[int, Site] = {}
    for rule in _rules():
        for match in mol.GetSubstructMatches(rule.pattern, uniquify=False, maxMatches=10_000):
            atom = match[rule.position]
            if atom in found or (rule.basic and atom in no_base):
                continue
            amine = rule.name in AMINES
            value = AMINES[rule.name] + _shift(mol, atom) if amine else corrected.get(atom, rule.pka)
            found[atom] = Site(atom, rule.basic, value, amine, rule.name in AMIDINES)
    sites = [found[atom] for atom in sorted(found)]
    amines = [site for site in sites if site.amine]
    if pka is None or not amines:
        return sites
    strongest = max(amines, key=lambda site: site.pka)
    return [replace(site, pka=pka) if site is strongest else site for site in sites]


def _shift(mol: Mol, atom: int) -> float:
    """Return what the groups near an amine do to its pKa."""
    total = 0.0
    for shift in SHIFTS:
        number = sum(
            match[0] == atom for match in mol.GetSubstructMatches(_smarts(shift.smarts), uniquify=False)
        )
        total += shift.change * min(number, shift.most)
    return total


def _charge(name: str, mol: Mol, sites: list[Site]) -> Mol:
    """Return the molecule with these groups charged, every atom where it was."""
    from rdkit import Chem, rdBase

    made = Chem.RWMol(mol)
    for site in sites:
        atom = made.GetAtomWithIdx(site.atom)
        step = 1 if site.basic else -1
        hydrogens = atom.GetTotalNumHs() + step
        atom.SetFormalCharge(atom.GetFormalCharge() + step)
        atom.SetNumExplicitHs(hydrogens)
        atom.SetNoImplicit(True)
    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(made)
        except (ValueError, RuntimeError) as error:
            raise ChemistryError(
                name, "a protonation state could not be written", "write the charged SMILES"
            ) from error
    return made.GetMol()


@cache
def _smarts(text: str) -> Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts(text)


@cache
def _rules() -> tuple[Rule, ...]:
    """Read molscrub's table without importing molscrub, which takes a second and pandas."""
    from rdkit import Chem

    package = find_spec("molscrub")
    if package is None or package.origin is None:
        raise MissingDependencyError("molscrub", "is not installed", "pip install molscrub")
    table = Path(package.origin).parent / "data" / "pka_reactions.txt"
    rules = []
    for line in table.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or "<<>>" not in line:
            continue
        acid, base, rule_name, value = line.replace("<<>>", " ").split()
        number = _titrating(acid, base)
        basic = "+1" in _mapped_atoms(acid)[number]
        pattern = Chem.MolFromSmarts(base if basic else acid)
        position = next(atom.GetIdx() for atom in pattern.GetAtoms() if atom.GetAtomMapNum() == number)
        rules.append(Rule(pattern, position, basic, float(value), rule_name))
    return tuple(rules)


def _mapped_atoms(smarts: str) -> dict[int, str]:
    return {int(number): text for text, number in re.findall(r"\[([^\]]+):(\d+)\]", smarts)}


def _titrating(acid: str, base: str) -> int:
    """Return the map number of the atom that differs between acid and base."""
    before, after = _mapped_atoms(acid), _mapped_atoms(base)
    return next(n for n, text in before.items() if text != after[n] and text[0] not in "Cc#!")
