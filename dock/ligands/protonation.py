"""Protonation: the protomers of a molecule at a pH, each with its share.

The groups that titrate and the pKa of each come from `dock.ligands.titration`. What their charges do to
each other is added here (`LIKE_CATIONS`, `LIKE_ANIONS`, `UNLIKE`), the charges that never change among
them, and the shares follow from Henderson and Hasselbalch for all groups together. How often that is
right is measured in `benchmarks/pka.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import ChemistryError
from dock.ligands.titration import Site, sites

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Atom, Mol

MAX_SITES = 12
FAR = 4.0  # pH units; a group this far from its pKa does not titrate
NEGLIGIBLE = 1e-3  # a share below this is not followed up

# By how much the pKa of a cationic group falls if another at this distance in bonds carries a charge,
# beyond what it does uncharged. Ethylenediamine 9.9 and 6.9, 1,3-diaminopropane 10.6 and 8.9,
# 1,4-diaminobutane 10.8 and 9.4; within a charged group: none is charged twice.
LIKE_CATIONS = {1: 8.0, 2: 5.0, 3: 2.1, 4: 1.7, 5: 1.0, 6: 0.5}
SECOND_PATH = 1.0  # a second way of three bonds: 1,4-dimethylpiperazine 8.4 and 3.8
# The same for anionic groups: phosphate 2.1 and 7.2, malonate 2.8 and 5.7, succinate 4.2 and 5.6.
LIKE_ANIONS = {1: 8.0, 2: 5.1, 3: 2.5, 4: 2.2, 5: 0.8, 6: 0.4}
# By how much an anion and a cation hold each other: glycine 2.35 and 9.78, where acetic acid has 4.76 and
# glycine's ethyl ester 7.7; beta-alanine 3.6 and 10.2, 4-aminobutyric acid 4.0 and 10.6; betaine 1.8. Two
# bonds apart they would be the tautomer of a neutral group, which is what is written.
UNLIKE = {3: 2.2, 4: 1.1, 5: 0.7, 6: 0.4}
TAUTOMER = 5.0

PERMANENT = "permanent"  # the kind of a charge that never changes
IN_CONJUGATION = 4  # bonds; two amidines or guanidines this near, as in a biguanide, share one charge
CONJUGATED = 8.0


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


def protomers(
    name: str, mol: Mol, ph: float, min_share: float = 0.0, limit: int = 1, pka: float | None = None
) -> list[Protomer]:
    """Return the protomers of a molecule at a pH, the largest share first.

    Parameters
    ----------
    mol
        Without explicit hydrogens. If it is written with charges that titrate, it is taken as it is;
        see `written_charged`.
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
    states = _states(name, neutral(mol), ph, pka)
    return [
        Protomer(state, round(share, 4))
        for number, (share, _, state) in enumerate(states)
        if number == 0 or share >= min_share
    ][:limit] or [Protomer(Chem.Mol(mol), 1.0)]


def written_charged(mol: Mol) -> bool:
    """Return whether a molecule is written with a charge that a proton more or less would take away.

    Such are an ammonium's and a carboxylate's, but not a nitro group's or an ylide's, which a neighbour
    balances, nor a quaternary nitrogen's. An inner salt, in which anions balance such permanent charges,
    is the one way of writing the neutral compound, so it says nothing either.
    """
    from rdkit import Chem

    titrating = [atom.GetFormalCharge() for atom in _charged(mol) if _titrates(atom)]
    inner_salt = all(charge < 0 for charge in titrating) and Chem.GetFormalCharge(mol) == 0
    return bool(titrating) and not inner_salt


def neutral(mol: Mol) -> Mol:
    """Return a molecule with every charge that titrates taken away, each atom where it was.

    Where that cannot be written it comes back as it is.
    """
    from rdkit import Chem, rdBase

    titrating = [atom for atom in _charged(mol) if _titrates(atom)]
    if not titrating:
        return mol
    made = Chem.RWMol(mol)
    for atom in titrating:
        _set_charge(made.GetAtomWithIdx(atom.GetIdx()), -atom.GetFormalCharge())
    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(made)
        except (ValueError, RuntimeError):
            return mol
    return made.GetMol()


def _charged(mol: Mol) -> list[Atom]:
    """Return the atoms with a formal charge."""
    return [mol.GetAtomWithIdx(match[0]) for match in mol.GetSubstructMatches(_charge_pattern())]


@cache
def _charge_pattern() -> Mol:
    from rdkit import Chem

    return Chem.MolFromSmarts("[!+0]")


def _titrates(atom: Atom) -> bool:
    """Return whether an atom has a charge that nothing balances and that a proton takes away."""
    charge = atom.GetFormalCharge()
    if any(n.GetFormalCharge() for n in atom.GetNeighbors()):
        return False
    if charge < 0:
        return atom.GetSymbol() in ("N", "O", "S", "Se", "C") and not _is_mesoionic(atom)
    return charge == 1 and atom.GetTotalNumHs() > 0 and atom.GetSymbol() in ("N", "O", "S", "P")


def _is_mesoionic(atom: Atom) -> bool:
    """Return whether an anion belongs to an aromatic ring that holds a permanent cation, as in a sydnone."""
    mol = atom.GetOwningMol()
    near = {atom.GetIdx(), *(n.GetIdx() for n in atom.GetNeighbors() if n.GetIsAromatic())}
    return any(
        near & set(ring) and any(_is_permanent(mol.GetAtomWithIdx(index)) for index in ring)
        for ring in mol.GetRingInfo().AtomRings()
        if all(mol.GetAtomWithIdx(index).GetIsAromatic() for index in ring)
    )


def _is_permanent(atom: Atom) -> bool:
    """Return whether an atom has a positive charge that no proton takes away and no neighbour balances."""
    return bool(
        atom.GetFormalCharge() > 0
        and not atom.GetTotalNumHs()
        and not any(n.GetFormalCharge() < 0 for n in atom.GetNeighbors())
    )


def _share_of(name: str, mol: Mol, ph: float) -> float | None:
    """Return the share of a protomer as it is written, None where the rules do not make it."""
    from rdkit import Chem

    wanted = Chem.MolToSmiles(mol)
    try:
        states = _states(name, neutral(mol), ph, None)
    except ChemistryError:
        return None
    return next((round(share, 4) for share, smiles, _ in states if smiles == wanted), None)


def _states(name: str, mol: Mol, ph: float, pka: float | None) -> list[tuple[float, str, Mol]]:
    """Return share, canonical SMILES and molecule of every state that counts, in order."""
    from rdkit import Chem

    found = [site for site in _measured(sites(mol), pka) if not _is_settled(site, ph)]
    if len(found) > MAX_SITES:
        raise ChemistryError(
            name, f"has {len(found)} groups that titrate, more than {MAX_SITES}", "write the charged SMILES"
        )
    charged, shares = _shares(mol, found, ph)
    merged: dict[str, tuple[float, Mol]] = {}
    for state, share in zip(charged, shares, strict=True):
        if share >= min(NEGLIGIBLE, float(shares.max())):
            made = _charge(name, mol, [site for site, on in zip(found, state, strict=True) if on])
            smiles = str(Chem.MolToSmiles(made))
            merged[smiles] = (merged[smiles][0] + float(share), merged[smiles][1]) if smiles in merged else (
                float(share), made)  # fmt: skip
    return sorted(
        ((share, smiles, made) for smiles, (share, made) in merged.items()),
        key=lambda row: (-round(row[0], 6), row[1]),
    )


def _measured(found: list[Site], pka: float | None) -> list[Site]:
    """Return sites with a measured pKa for the most basic amine."""
    amines = [site for site in found if site.kind == "amine"]
    if pka is None or not amines:
        return found
    strongest = max(amines, key=lambda site: site.pka)
    return [replace(site, pka=pka) if site is strongest else site for site in found]


def _is_settled(site: Site, ph: float) -> bool:
    """Return whether a group is neutral at the pH whatever its neighbours are."""
    return site.pka < ph - FAR if site.basic else site.pka > ph + FAR


def _shares(mol: Mol, found: list[Site], ph: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return the states and their shares.

    Returns
    -------
    charged : numpy.ndarray, shape (n_states, n_sites)
        Which sites carry their charge.
    shares : numpy.ndarray, shape (n_states,)
    """
    number = len(found)
    charged = np.array(
        [[bool(state >> n & 1) for n in range(number)] for state in range(2**number)], dtype=bool
    )
    charged = charged.reshape(2**number, number)
    permanent = [Site(atom.GetIdx(), True, 0.0, PERMANENT) for atom in _charged(mol) if _is_permanent(atom)]
    gains = np.array(
        [
            (ph - site.pka if site.basic else site.pka - ph)
            + sum(_interaction(mol, site, other) for other in permanent)
            for site in found
        ]
    )
    costs = charged @ gains if number else np.zeros(1)
    for first, second in combinations(range(number), 2):
        costs = costs + (charged[:, first] & charged[:, second]) * _interaction(
            mol, found[first], found[second]
        )
    weights = 10.0 ** (costs.min() - costs)
    return charged, weights / weights.sum()


def _interaction(mol: Mol, first: Site, second: Site) -> float:
    """Return by how many pH units the charge of one group keeps the other from its own."""
    from rdkit import Chem

    distance = int(Chem.GetDistanceMatrix(mol)[first.atom][second.atom])
    if first.basic != second.basic:
        if distance <= 2 and PERMANENT not in (first.kind, second.kind):
            return TAUTOMER
        return -UNLIKE.get(max(distance, min(UNLIKE)), 0.0)
    if not first.basic:
        return LIKE_ANIONS.get(distance, 0.0)
    if first.kind == second.kind == "amidine" and distance <= IN_CONJUGATION:
        return CONJUGATED
    cost = LIKE_CATIONS.get(distance, 0.0)
    if distance == 3:
        bonded = Chem.GetAdjacencyMatrix(mol)
        paths = int((bonded @ bonded @ bonded)[first.atom][second.atom])
        cost += SECOND_PATH * (paths - 1)
    return cost


def _charge(name: str, mol: Mol, charged: list[Site]) -> Mol:
    """Return the molecule with these groups charged, every atom where it was."""
    from rdkit import Chem, rdBase

    made = Chem.RWMol(mol)
    for site in charged:
        atom = made.GetAtomWithIdx(site.atom)
        if site.enolate:
            _make_enolate(made, site)
        else:
            _set_charge(atom, 1 if site.basic else -1)
    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(made)
        except (ValueError, RuntimeError) as error:
            raise ChemistryError(
                name, "a protonation state could not be written", "write the charged SMILES"
            ) from error
    return made.GetMol()


def _set_charge(atom: Atom, step: int) -> None:
    """Give an atom so many protons, or take them."""
    hydrogens = atom.GetTotalNumHs() + step
    atom.SetFormalCharge(atom.GetFormalCharge() + step)
    atom.SetNumExplicitHs(hydrogens)
    atom.SetNoImplicit(True)


def _make_enolate(made: Mol, site: Site) -> None:
    """Take the proton of an acid C-H and move the charge to the oxygen."""
    from rdkit import Chem

    carbon, oxygen = made.GetAtomWithIdx(site.atom), made.GetAtomWithIdx(site.enolate[1])
    carbon.SetNumExplicitHs(carbon.GetTotalNumHs() - 1)
    carbon.SetNoImplicit(True)
    carbon.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    made.GetBondBetweenAtoms(site.atom, site.enolate[0]).SetBondType(Chem.BondType.DOUBLE)
    made.GetBondBetweenAtoms(*site.enolate).SetBondType(Chem.BondType.SINGLE)
    oxygen.SetFormalCharge(-1)
    oxygen.SetNoImplicit(True)
