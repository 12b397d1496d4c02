"""Cages: bridgeheads that have a configuration on paper, and none in space.

A bridgehead of a small cage can point outwards only. Where two of its three ways through the cage are alike, its
configuration says nothing that the other centres do not say: 1-fluorobicyclo[1.1.1]pentane is one molecule. RDKit
takes such atoms for stereo centres, and cannot embed some of them with either label. Which these are is found by
experiment: a cage is embedded many times without any label, and the configurations that come out are counted. A centre
says nothing if all of them stay different without it.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rdkit.Chem import Mol

TRIALS = 40  # embeddings; of four configurations equally likely, one is missed in 1 of 25,000 cages
TRIAL_SEED = 5
TIME_LIMIT = 10  # seconds for the embeddings of one cage
LARGEST = (
    8  # atoms of a ring of a cage that holds its bridgeheads outwards; larger ones can turn them inwards
)
FUSED = 4  # atoms of two rings that share a bond and can only be folded one way
MOST_CENTRES = 8  # of a cage of several configurations, of which every choice is tried
CACHED = 4096


def false_centres(mol: Mol) -> tuple[int, ...]:
    """Return the bridgeheads whose configuration says nothing, by atom."""
    found: list[int] = []
    for system in _ring_systems(mol):
        candidates = _bridgeheads(mol, system)
        if candidates and _has_equal_ways(mol, candidates):
            found += _false_of(mol, system)
    return tuple(sorted(found))


def _ring_systems(mol: Mol) -> Iterator[set[int]]:
    """Yield the atoms of each set of rings that share atoms."""
    left = [set(ring) for ring in mol.GetRingInfo().AtomRings()]
    while left:
        system = left.pop()
        while touching := [ring for ring in left if ring & system]:
            system = system.union(*touching)
            left = [ring for ring in left if not ring <= system]
        yield system


def _bridgeheads(mol: Mol, system: set[int]) -> list[int]:
    """Return the atoms where small rings of a system part in three: of a bridge, of three rings or two tiny ones."""
    rings = [set(ring) for ring in mol.GetRingInfo().AtomRings() if system.issuperset(ring)]
    rings = [ring for ring in rings if len(ring) <= LARGEST]
    bridged = set[int]()
    for first, second in combinations(rings, 2):
        fused = len(first & second) == 2 and max(len(first), len(second)) <= FUSED
        if len(first & second) > 2 or fused:
            bridged |= first & second
    return [
        atom
        for atom in sorted(system)
        if _ways_out(mol, atom) >= 3 and (atom in bridged or sum(atom in ring for ring in rings) >= 3)
    ]


def _ways_out(mol: Mol, atom: int) -> int:
    """Return how many single ring bonds an atom has that has single bonds only; 0 for others."""
    from rdkit.Chem import BondType

    bonds = mol.GetAtomWithIdx(atom).GetBonds()
    if any(bond.GetBondType() != BondType.SINGLE for bond in bonds):
        return 0
    return sum(bond.IsInRing() for bond in bonds)


def _has_equal_ways(mol: Mol, atoms: Iterable[int]) -> bool:
    """Return whether any of these atoms has two ring neighbours that the constitution does not tell apart."""
    return any(_equal_ways(mol, atom, ranks) for ranks in (_ranks(mol),) for atom in atoms)


def _equal_ways(mol: Mol, atom: int, ranks: list[int]) -> bool:
    ways = [
        ranks[bond.GetOtherAtomIdx(atom)] for bond in mol.GetAtomWithIdx(atom).GetBonds() if bond.IsInRing()
    ]
    return len(set(ways)) < len(ways)


def _ranks(mol: Mol) -> list[int]:
    from rdkit import Chem

    flat = Chem.Mol(mol)
    Chem.RemoveStereochemistry(flat)
    return list(Chem.CanonicalRankAtoms(flat, breakTies=False, includeChirality=False))


def _false_of(mol: Mol, system: set[int]) -> list[int]:
    """Return the false centres of a system of rings, by atom of the molecule."""
    from rdkit import Chem

    cage, atoms = _cut_out(mol, system)
    smiles = Chem.MolToSmiles(cage)
    order = list(cage.GetPropsAsDict(includePrivate=True, includeComputed=True)["_smilesAtomOutputOrder"])
    return [atoms[order[place]] for place in _false_in(smiles)]


def _cut_out(mol: Mol, system: set[int]) -> tuple[Mol, list[int]]:
    """Return a system of rings with the atoms beside it, labelled by what hangs there, and where its atoms come from.

    The labels are isotopes: what is alike in the molecule stays alike, and what is not is told apart.
    """
    from rdkit import Chem

    ranks = _ranks(mol)
    beside = {
        neighbour.GetIdx()
        for atom in system
        for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()
        if neighbour.GetIdx() not in system and neighbour.GetAtomicNum() > 1
    }
    atoms = sorted(system | beside)
    place = {atom: number for number, atom in enumerate(atoms)}
    cut = Chem.RWMol()
    for atom in atoms:
        old = mol.GetAtomWithIdx(atom)
        new = Chem.Atom(old.GetAtomicNum())
        new.SetIsotope(ranks[atom] + 1)
        if atom in system:
            new.SetFormalCharge(old.GetFormalCharge())
            new.SetNumExplicitHs(old.GetTotalNumHs(includeNeighbors=True))
            new.SetNoImplicit(True)
            new.SetIsAromatic(old.GetIsAromatic())
        cut.AddAtom(new)
    for bond in mol.GetBonds():
        begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if begin in place and end in place and (begin in system or end in system):
            cut.AddBond(place[begin], place[end], bond.GetBondType())
    return cut.GetMol(), atoms


@lru_cache(maxsize=CACHED)
def _false_in(smiles: str) -> tuple[int, ...]:
    """Return the false centres of a cage that was cut out, by atom of its SMILES."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        cage = Chem.MolFromSmiles(smiles)
        if cage is None:
            return ()
        system = {atom for ring in cage.GetRingInfo().AtomRings() for atom in ring}
        bridgeheads, seen = _bridgeheads(cage, system), _configurations(cage)
        if not seen:
            return ()
        if len(seen) == 1:
            return tuple(bridgeheads)
        ranks, unset = _ranks(cage), Chem.ChiralType.CHI_UNSPECIFIED
        left = {atom.GetIdx() for mol in seen for atom in mol.GetAtoms() if atom.GetChiralTag() != unset}
        if len(left) > MOST_CENTRES:
            return ()
        false = []
        for atom in bridgeheads:
            if _equal_ways(cage, atom, ranks) and _says_nothing(atom, left - {atom}, seen):
                false.append(atom)
                left.discard(atom)
    return tuple(false)


def _configurations(cage: Mol) -> list[Mol]:
    """Return the different configurations that a cage takes when it is embedded without any label."""
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    full = Chem.AddHs(cage)
    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed = TRIAL_SEED
    parameters.timeout = TIME_LIMIT
    try:
        numbers = list(rdDistGeom.EmbedMultipleConfs(full, TRIALS, parameters))
    except (RuntimeError, ValueError):  # bounds that RDKit cannot reconcile
        return []
    found: dict[str, Mol] = {}
    for number in numbers:
        if inside_out(full, number):
            continue
        copy = Chem.Mol(full, False, number)
        Chem.AssignStereochemistryFrom3D(copy)
        bare = Chem.RemoveHs(copy)
        found.setdefault(Chem.MolToSmiles(bare), bare)
    return list(found.values())


def inside_out(mol: Mol, conformer: int = -1) -> bool:
    """Return whether a bicyclobutane has what hangs at its bridgeheads on both sides, where RDKit can put it.

    The two lie on the same side, opposite to the wings; the other form is 18 kcal/mol above (MMFF94).
    """
    small = [set(ring) for ring in mol.GetRingInfo().AtomRings() if len(ring) == 3]
    pairs = [pair for pair in combinations(small, 2) if len(pair[0] & pair[1]) == 2]
    if not pairs:
        return False
    places = mol.GetConformer(conformer).GetPositions()
    for first, second in pairs:
        heads = sorted(first & second)
        axis = places[heads[1]] - places[heads[0]]
        sides = []
        for head in heads:
            for neighbour in mol.GetAtomWithIdx(head).GetNeighbors():
                if neighbour.GetIdx() not in first | second:
                    out = places[neighbour.GetIdx()] - places[head]
                    sides.append(out - axis * (out @ axis) / (axis @ axis))
        if len(sides) == 2 and sides[0] @ sides[1] < 0:
            return True
    return False


def tight_centres(mol: Mol) -> tuple[int, ...]:
    """Return the atoms of cages with bridged rings of three and four, which RDKit fails to embed with labels."""
    found = set[int]()
    for system in _ring_systems(mol):
        tight = any(
            len(first & second) > 2 or len(first) == len(second) == 3
            for first, second in combinations(
                [
                    set(ring)
                    for ring in mol.GetRingInfo().AtomRings()
                    if len(ring) <= FUSED and system.issuperset(ring)
                ],
                2,
            )
            if len(first & second) > 1
        )
        found |= system if tight else set()
    return tuple(sorted(found))


def _says_nothing(atom: int, others: set[int], seen: list[Mol]) -> bool:
    """Return whether an atom's configuration adds nothing to that of others, however many of those are told."""
    return all(
        _classes({atom, *told}, seen) == _classes(set(told), seen)
        for number in range(len(others) + 1)
        for told in combinations(sorted(others), number)
    )


def _classes(told: set[int], seen: list[Mol]) -> list[int]:
    """Return for each configuration the first that is the same where only some atoms' are told."""
    from rdkit import Chem

    texts = []
    for mol in seen:
        copy = Chem.Mol(mol)
        for atom in copy.GetAtoms():
            if atom.GetIdx() not in told:
                atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        texts.append(Chem.CanonSmiles(Chem.MolToSmiles(copy)))
    return [texts.index(text) for text in texts]
