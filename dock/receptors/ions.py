"""Ions that a structure lacks: carried over from other entries, or placed as in the catalogue's target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import StructureError
from dock.receptors.entry import Entry, ResidueKey, read_entry
from dock.receptors.hetero import COORDINATION, ION_CHARGES, MIN_DONORS, Hetero, find_hetero, list_hetero
from dock.receptors.names import WATER
from dock.receptors.polymer import Polymer, make_polymer
from dock.receptors.settings import GraftEntry, ReceptorSettings
from dock.receptors.source import find_entry
from dock.receptors.superposition import Homologue, superpose

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALIKE = 1.0  # angstrom, the RMSD of an ion's surroundings up to which it can be placed
ATOM_NAMES = {"FE2": "FE", "IOD": "I"}  # of ions that are called otherwise than their element
ANION_COORDINATION = 3.8  # angstrom; chloride is larger than the cations by 0.4 to 0.8
SAME_ION = 2.5  # angstrom: an ion that is already there


@dataclass(frozen=True)
class Ion:
    """An ion or a water that is kept, placed or carried over.

    Attributes
    ----------
    key : ResidueKey
    name : str
        Component code.
    place : numpy.ndarray, shape (3,)
        Of the ion, or of the oxygen, in angstrom.
    charge : int
        In units of e.
    seen : bool
        Whether the entry itself has it there.
    """

    key: ResidueKey
    name: str
    place: NDArray[np.float64]
    charge: int
    seen: bool = False

    @property
    def atom(self) -> str:
        """Name of the atom at the place: that of the ion's element, or the oxygen of a water."""
        return "O" if self.name == WATER else ATOM_NAMES.get(self.name, self.name)


def graft_ions(
    polymers: Mapping[str, Polymer],
    settings: ReceptorSettings,
    record: dict[str, Any],
    inputs: dict[str, str],
) -> list[Ion]:
    """Carry over ions of other entries by superposing their neighbourhood."""
    ions = []
    for graft in settings.graft:
        other = read_entry(find_entry(graft.entry))
        inputs[other.name] = other.sha256
        ions.append(_graft(next(iter(polymers.values())), other, graft, record))
    return ions


def _graft(polymer: Polymer, other: Entry, graft: GraftEntry, record: dict[str, Any]) -> Ion:
    if graft.name not in ION_CHARGES:
        raise StructureError(
            graft.name, "is no ion that can be carried over", f"ions: {', '.join(ION_CHARGES)}"
        )
    found = find_hetero(list_hetero(other, []), f"{graft.chain}:{graft.name}:{graft.number}", other)[0]
    lender = make_polymer(other, graft.chain, ReceptorSettings(sequence=polymer.sequence))
    here = {place: residue for place, residue in zip(polymer.places, polymer.residues, strict=True) if place}
    pairs = [
        (there["CA"][0].pos.tolist(), here[place]["CA"][0].pos.tolist())
        for place, there in zip(lender.places, lender.residues, strict=True)
        if place in here
        and np.linalg.norm(np.array(there["CA"][0].pos.tolist()) - found.centroid) <= graft.within
    ]
    if len(pairs) < 3:
        raise StructureError(other.name, f"has no surroundings of {found} in common with the receptor")
    onto = superpose(*(np.array(side) for side in zip(*pairs, strict=True)))
    record.setdefault("ions_placed", []).append(
        f"{found} of {other.name} as {graft.name} {graft.number_here}, by {onto}"
    )
    key = ResidueKey(polymer.name, graft.number_here)
    return Ion(key, graft.name, onto(found.centroid), ION_CHARGES[graft.name])


def place_ions(
    homologue: Homologue | None,
    polymers: Mapping[str, Polymer],
    ions: Sequence[Ion],
    unwanted: Sequence[Hetero],
    settings: ReceptorSettings,
    record: dict[str, Any],
) -> list[Ion]:
    """Place the target's ions that the structure lacks, where its atoms can hold them.

    Parameters
    ----------
    ions
        Those that are there.
    unwanted
        Those that the user dropped.
    """
    if homologue is None or not settings.add_ions:
        return []
    polar = np.array(
        [a.pos.tolist() for p in polymers.values() for r in p.residues for a in r if a.element.name in "NOS"]
    )
    chain = homologue.polymer.name
    number = max([0, *(key.number for key in homologue.polymer.keys), *(ion.key.number for ion in ions)])
    placed: list[Ion] = []
    for role, (code, place, transform) in homologue.ions().items():
        if any(ion.name == code and np.linalg.norm(ion.place - place) <= SAME_ION for ion in ions):
            continue
        reach = COORDINATION if ION_CHARGES[code] > 0 else ANION_COORDINATION
        donors = int((np.linalg.norm(polar - place, axis=1) <= reach).sum())
        text = f"{role} ({code}) of {homologue.target.name}, by {transform}, {donors} protein donors"
        dropped = any(np.linalg.norm(group.centroid - place) <= SAME_ION for group in unwanted)
        if dropped or donors < MIN_DONORS or transform.rmsd > ALIKE:
            why = "dropped by the settings" if dropped else "no place for it"
            record.setdefault("ions_not_placed", []).append(f"{text}: {why}")
            continue
        number += 1
        record.setdefault("ions_placed", []).append(f"{text}, as {code} {number}")
        placed.append(Ion(ResidueKey(chain, number), code, place, ION_CHARGES[code]))
    return placed
