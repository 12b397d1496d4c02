"""Copies: molecules of one address that a file does not tell apart, seen by the names of atoms that come again."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from itertools import combinations, count, product
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.receptors.names import BACKBONE, is_water

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray

# Angstrom between atoms of one name, on the mean: two places of one molecule. Two molecules cannot be so near.
SAME_PLACE = 1.5
BONDED = 2.2  # angstrom, as of iodine to carbon
BOUND_METAL = 3.0  # the same of a metal and what coordinates it
MANY = 6  # atoms: two fragments of so many that are made up alike are two molecules
APART = 5.0  # angstrom: a molecule of which some atoms are missing has no wider gap


def separate_copies(model: gemmi.Model, notes: dict[str, Any]) -> int:
    """Give each copy an address of its own; return how many atoms were left out, being given twice.

    A copy of a chain becomes another chain, that of any other residue gets the next free number. What lies where
    the first copy lies is left out.

    Parameters
    ----------
    notes
        What was done is added to it.
    """
    import gemmi

    told: list[str] = []
    loose: list[str] = []
    waters = 0
    left_out, twice = _drop_chains_given_twice(model)
    taken = {chain.name for chain in model}
    new_chains = []
    for chain in model:
        again: dict[int, list[gemmi.Residue]] = {}
        last = max((residue.seqid.num or 0 for residue in chain), default=0)
        for place in reversed(range(len(chain))):
            others = []
            doubtful: list[list[int]] = []
            for number, copy in enumerate(_split(chain[place], doubtful), start=2):
                if _lies_on(copy, chain[place]):
                    left_out += len(copy)
                    twice.append(_label(chain.name, copy))
                elif _is_polymer(copy):
                    again.setdefault(number, []).insert(0, copy)
                else:
                    others.append(copy)
            for copy in others:  # only now, since they move the residues of the chain
                old = _label(chain.name, copy)
                last += 1
                copy.seqid = gemmi.SeqId(last, " ")
                chain.add_residue(copy)
                if is_water(copy):
                    waters += 1
                else:
                    told.append(f"another {old} was called {copy.seqid}")
            loose += [_label(chain.name, chain[place])] if doubtful else []
        for residues in again.values():
            name = next(free_names(taken))
            taken.add(name)
            new_chains.append(gemmi_chain(name, residues))
            told.append(
                f"another copy of {len(residues)} residues of chain {chain.name} was called chain {name}"
            )
    for chain in new_chains:  # only now, since they move the chains of the model
        model.add_chain(chain)
    if waters:
        told.append(f"{waters} waters whose numbers come again were numbered on")
    if told:
        notes["copies"] = told
    if loose:
        notes["loose"] = loose
    if twice:
        notes["given_twice"] = f"{left_out} atoms, of which the first are kept: {', '.join(twice)}"
    return left_out


def _drop_chains_given_twice(model: gemmi.Model) -> tuple[int, list[str]]:
    """Remove chains that are another's residues at the same places; return how many atoms, and their names."""
    seen: dict[tuple[tuple[str, str], ...], list[gemmi.Chain]] = {}
    twice = []
    for chain in model:
        residues = tuple((str(residue.seqid), residue.name) for residue in chain)
        same = seen.setdefault(residues, [])
        if any(all(map(_lies_on, chain, first)) for first in same):
            twice.append((chain.name, sum(map(len, chain))))
        else:
            same.append(chain)
    for name, _ in twice:
        model.remove_chain(name)
    return sum(count for _, count in twice), [f"chain {name}" for name, _ in twice]


def free_names(taken: set[str]) -> Iterator[str]:
    """Yield names for chains that are not taken: letters first, digits, then two of them."""
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits
    for length in count(1):
        for parts in product(letters, repeat=length):
            if (name := "".join(parts)) not in taken:
                yield name


def gemmi_chain(name: str, residues: Sequence[gemmi.Residue]) -> gemmi.Chain:
    """Return a chain of residues."""
    import gemmi

    chain = gemmi.Chain(name)
    for residue in residues:
        chain.add_residue(residue)
    return chain


def _split(residue: gemmi.Residue, doubtful: list[list[int]]) -> list[gemmi.Residue]:
    """Cut all copies but the first out of a residue and return them.

    Parameters
    ----------
    doubtful
        Parts of one molecule, or several that lie side by side, are added to it.
    """
    names = [(atom.name, atom.altloc) for atom in residue]
    places = np.array([atom.pos.tolist() for atom in residue])
    if len(set(names)) < len(names):
        chosen = _in_order(names) if is_water(residue) else _copies(names, places)
    elif _may_hold_several(residue):
        chosen = _separate_molecules(residue, places, doubtful)
    else:
        return []
    copies = [_part(residue, indices) for indices in chosen[1:]]
    kept = set(chosen[0])
    for index in reversed(range(len(residue))):
        if index not in kept:
            del residue[index]
    return copies


def _may_hold_several(residue: gemmi.Residue) -> bool:
    """Return whether a residue whose atoms have names of their own can be several molecules."""
    import gemmi

    known = gemmi.find_tabulated_residue(residue.name)
    polymer = _is_polymer(residue) or known.is_amino_acid() or known.is_nucleic_acid() or "C1'" in residue
    return len(residue) > 1 and not polymer and all(atom.altloc == "\0" for atom in residue)


def _separate_molecules(
    residue: gemmi.Residue, places: NDArray[np.float64], doubtful: list[list[int]]
) -> list[list[int]]:
    """Return the indices of the atoms of each molecule, where names are numbered on from one to the next.

    Molecules are what lies too far from the rest to be a part of it, and what is made up of the same atoms as a
    neighbour to which it has no bond.
    """
    parts = _molecules(places, np.array([atom.element.is_metal for atom in residue]))
    if len(parts) == 1:
        return parts
    made_of = [sorted(residue[index].element.name for index in part) for part in parts]
    found: list[list[int]] = []
    joined: list[set[int]] = [{number} for number in range(len(parts))]
    for first, second in combinations(range(len(parts)), 2):
        gaps = places[parts[first]][:, None] - places[parts[second]][None]
        same = made_of[first] == made_of[second] and len(parts[first]) >= MANY
        if not same and np.linalg.norm(gaps, axis=2).min() <= APART:
            together = joined[first] | joined[second]
            for number in together:
                joined[number] = together
    for number, together in enumerate(joined):
        if number == min(together):
            found.append(sorted(index for part in together for index in parts[part]))
            doubtful += [found[-1]] if len(together) > 1 else []
    return found


def _copies(names: Sequence[tuple[str, str]], places: NDArray[np.float64]) -> list[list[int]]:
    """Return the indices of the atoms of each molecule; names may be the same within one, as of converted files."""
    for chosen in (_in_order(names), _in_turns(names)):
        if len({len(indices) for indices in chosen}) > 1:
            continue
        if len(chosen) == len(names):  # atoms alone, as waters, or one molecule of atoms that have one name
            whole = 2 * len(_molecules(places)) > len(names)
        else:
            whole = all(len(_molecules(places[indices])) == 1 for indices in chosen)
        if whole:
            return chosen
    molecules = _molecules(places)
    in_order = _in_order(names)
    owner = {index: number for number, indices in enumerate(in_order) for index in indices}
    if all(len({owner[index] for index in indices}) == 1 for indices in molecules):
        return in_order
    return molecules


def _molecules(places: NDArray[np.float64], metallic: NDArray[np.bool_] | None = None) -> list[list[int]]:
    """Return the indices of atoms that are bonded, by their distances.

    Parameters
    ----------
    metallic
        Which of them are metals, whose bonds are longer.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    tree = cKDTree(places)
    pairs = tree.query_pairs(BONDED, output_type="ndarray")
    if metallic is not None and metallic.any():
        longer = tree.query_pairs(BOUND_METAL, output_type="ndarray")
        pairs = np.vstack([pairs, longer[metallic[longer].any(axis=1)]])
    bonds = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(places),) * 2)
    _, labels = connected_components(bonds, directed=False)
    found: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        found.setdefault(int(label), []).append(index)
    return list(found.values())


def _in_order(names: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Return the indices of each copy, where one follows the other."""
    found: list[list[int]] = [[]]
    seen: set[tuple[str, str]] = set()
    for index, name in enumerate(names):
        if name in seen:
            found.append([])
            seen = set()
        seen.add(name)
        found[-1].append(index)
    return found


def _in_turns(names: Sequence[tuple[str, str]]) -> list[list[int]]:
    """Return the indices of each copy, where the atoms of one stand between those of the other."""
    found: list[list[int]] = []
    times: dict[tuple[str, str], int] = {}
    for index, name in enumerate(names):
        turn = times.get(name, 0)
        times[name] = turn + 1
        if turn == len(found):
            found.append([])
        found[turn].append(index)
    return found


def _part(residue: gemmi.Residue, indices: Sequence[int]) -> gemmi.Residue:
    """Return a residue with some of the atoms of another."""
    import gemmi

    part = gemmi.Residue()
    part.name, part.seqid, part.het_flag = residue.name, residue.seqid, residue.het_flag
    part.subchain = residue.subchain
    for index in indices:
        part.add_atom(residue[index])
    return part


def _lies_on(copy: gemmi.Residue, first: gemmi.Residue) -> bool:
    places = {atom.name: atom.pos for atom in first}
    apart = [atom.pos.dist(places[atom.name]) for atom in copy if atom.name in places]
    return bool(apart) and sum(apart) < SAME_PLACE * len(apart)


def _is_polymer(residue: gemmi.Residue) -> bool:
    return all(name in residue for name in BACKBONE)


def _label(chain: str, residue: gemmi.Residue) -> str:
    return f"{residue.name} {residue.seqid} of chain {chain}"
