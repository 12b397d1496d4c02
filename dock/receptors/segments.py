"""Segments: the unbroken stretches of a chain, and what is to be built in them and at their ends."""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dock.receptors.entry import ResidueKey
from dock.receptors.names import HEAVY_ATOMS
from dock.receptors.polymer import Polymer

if TYPE_CHECKING:
    import gemmi

    from dock.receptors.settings import ReceptorSettings

CHAIN_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits


@dataclass
class Segment:
    """An unbroken stretch of a chain.

    Attributes
    ----------
    residues : list of gemmi.Residue
        Those with coordinates.
    keys : list of ResidueKey
        Of every residue of the finished segment: caps and built loops included.
    additions : dict of int to list of str
        Names of the residues to be built before the residue of that index.
    """

    residues: list[gemmi.Residue]
    keys: list[ResidueKey]
    additions: dict[int, list[str]] = field(default_factory=dict)

    def numbers(self) -> list[int]:
        """Return the place of each residue with coordinates among all of the finished segment, from 1."""
        before = 0
        numbers = []
        for index in range(len(self.residues)):
            before += len(self.additions.get(index, ()))
            numbers.append(index + before + 1)
        return numbers


def make_segments(
    polymer: Polymer, taken: Iterable[ResidueKey], settings: ReceptorSettings, notes: dict[str, Any]
) -> list[Segment]:
    """Split a chain where it is broken, short gaps excepted; note gaps, loops and caps.

    Parameters
    ----------
    taken
        Addresses that what is built must not have: those of ions, waters and nucleotides.
    """
    used = {*taken, *polymer.keys}
    found = _pieces(polymer, used, settings, notes)
    known = polymer.compared_with_its_own
    starts_whole = known and polymer.places[0] == 1
    ends_whole = known and polymer.places[-1] == len(polymer.sequence)
    for number, segment in enumerate(found):
        first, last = segment.keys[0], segment.keys[-1]
        if number > 0 or (settings.cap_termini and not starts_whole):
            segment.additions = {0: ["ACE"], **segment.additions}
            segment.keys.insert(0, _free(first._replace(number=first.number - 1, insertion=""), used))
            notes.setdefault("caps", []).append(f"ACE before {first.label('', True)}")
        if number < len(found) - 1 or (settings.cap_termini and not ends_whole):
            segment.additions[len(segment.residues)] = ["NME"]
            segment.keys.append(_free(last._replace(number=last.number + 1, insertion=""), used))
            notes.setdefault("caps", []).append(f"NME after {last.label('', True)}")
    return found


def _pieces(
    polymer: Polymer, used: set[ResidueKey], settings: ReceptorSettings, notes: dict[str, Any]
) -> list[Segment]:
    keys = polymer.keys
    pieces = polymer.segments()
    found = [Segment([polymer.residues[i] for i in pieces[0]], [keys[i] for i in pieces[0]])]
    for before, piece in pairwise(pieces):
        start, end = before[-1], piece[0]
        missing = polymer.missing_between(start, end)
        between = f"{keys[start].label('', True)}-{keys[end].label('')}"
        residues, own = [polymer.residues[i] for i in piece], [keys[i] for i in piece]
        loop = _loop_keys(keys[start], keys[end], missing, used, settings)
        if missing and loop:
            notes.setdefault("built_loops", []).append(f"{between}: {' '.join(missing)}")
            used |= set(loop)
            last = found[-1]
            last.additions[len(last.residues)] = missing
            last.residues += residues
            last.keys += [*loop, *own]
            continue
        count = keys[end].number - keys[start].number - 1
        size = f"{count} residues missing" if count > 0 else "no residue missing by number"
        notes.setdefault("gaps", []).append(f"{between}: {size}, capped")
        found.append(Segment(residues, own))
    return found


def _loop_keys(
    before: ResidueKey,
    after: ResidueKey,
    missing: Sequence[str] | None,
    used: set[ResidueKey],
    settings: ReceptorSettings,
) -> list[ResidueKey]:
    """Return addresses for the residues of a gap; none if it cannot or should not be built."""
    if not missing or len(missing) > settings.max_loop or not set(missing) <= set(HEAVY_ATOMS):
        return []
    free = [before._replace(number=number, insertion="") for number in range(before.number + 1, after.number)]
    if len(free) != len(missing):
        letters = [letter for letter in string.ascii_uppercase if letter > before.insertion]
        free = [before._replace(insertion=letter) for letter in letters]
    free = [key for key in free if key not in used]
    return free[: len(missing)] if len(free) >= len(missing) else []


def _free(wanted: ResidueKey, used: set[ResidueKey]) -> ResidueKey:
    """Return an address that no residue has: the one wanted, or with an insertion code."""
    choices = (wanted._replace(insertion=letter) for letter in ("", *string.ascii_uppercase))
    key = next((choice for choice in choices if choice not in used), wanted)
    used.add(key)
    return key
