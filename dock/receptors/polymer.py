"""The polymer: the protein residues that are kept, chain by chain, and why the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core import catalogue
from dock.core.errors import StructureError
from dock.receptors.entry import Entry, ResidueKey, residue_key
from dock.receptors.names import BACKBONE, HEAVY_ATOMS
from dock.receptors.sequence import align, identity, mutations, one_letter, positions, three_letter
from dock.receptors.source import find_sequence

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray

    from dock.receptors.settings import ReceptorSettings

PEPTIDE_BOND = 2.5  # angstrom from C to N: what is farther is a gap
LIGAND_REACH = 5.0  # angstrom from a site's ligand to the chains that form the site
SIMILAR = 0.4  # identity from which a sequence that the user names is taken for a chain's
SAME_PROTEIN = 0.9  # identity by which a chain is recognised as a target of the catalogue
MIN_ALIGNED = 100  # residues, for the same


@dataclass
class Polymer:
    """A protein chain as it is prepared.

    Attributes
    ----------
    name : str
        The author's name of the chain.
    residues : list of gemmi.Residue
        Standard residues without hydrogens.
    sequence : str
        The sequence it is compared with; empty if none is known.
    places : list of int or None
        Position of each residue in the sequence.
    accession : str
        UniProt accession, where the file or the catalogue gives one.
    named : dict of ResidueKey to str
        What the file calls residues by their state, as ``HIE``.
    notes : dict
        What was dropped or renamed, for the record.
    """

    name: str
    residues: list[gemmi.Residue]
    sequence: str = ""
    places: list[int | None] = field(default_factory=list)
    accession: str = ""
    named: dict[ResidueKey, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def keys(self) -> list[ResidueKey]:
        """The author's address of each residue."""
        return [residue_key(self.name, residue) for residue in self.residues]

    @property
    def letters(self) -> str:
        """One-letter codes of the residues."""
        return "".join(one_letter(residue.name) for residue in self.residues)

    @property
    def compared_with_its_own(self) -> bool:
        """Whether the sequence is the protein's, and not just that of the construct in the file."""
        return bool(self.sequence) and "sequence" not in self.notes

    def segments(self) -> list[list[int]]:
        """Return the indices of the residues, split where the backbone is broken."""
        found: list[list[int]] = []
        for index, residue in enumerate(self.residues):
            if index and _bond_length(self.residues[index - 1], residue) <= PEPTIDE_BOND:
                found[-1].append(index)
            else:
                found.append([index])
        return found

    def missing_between(self, before: int, after: int) -> list[str] | None:
        """Return the names of the residues missing between two; None where they are not known."""
        first, last = self.places[before], self.places[after]
        if first is None or last is None or last <= first:
            return None
        return [three_letter(letter) for letter in self.sequence[first : last - 1]]


def choose_chains(entry: Entry, settings: ReceptorSettings, marker: NDArray[np.float64] | None) -> list[str]:
    """Return the names of the chains to keep.

    Parameters
    ----------
    marker : numpy.ndarray of shape (n_atoms, 3), or None
        Atoms of the ligands that name sites, in angstrom.

    Raises
    ------
    StructureError
        If a chain that the settings name is not there.
    """
    if settings.chains:
        absent = [name for name in settings.chains if name not in entry.polymers]
        if absent:
            raise StructureError(
                entry.path, f"has no protein chain {absent[0]}", f"chains: {' '.join(entry.polymers)}"
            )
        return list(settings.chains)
    targets = {name: recognised(entry, name) for name in entry.polymers}
    known = {name: catalogue.target(target).uniprot for name, target in targets.items() if target is not None}
    asked = catalogue.target(settings.target).uniprot if settings.target else ""
    wanted = [name for name, protein in known.items() if asked in ("", protein)] or list(known)
    candidates = wanted or list(entry.polymers)
    near = [] if marker is None else [name for name in entry.polymers if _reaches(entry, name, marker)]
    at_marker = [name for name in candidates if name in near]
    first = max(at_marker or candidates, key=lambda name: len(entry.polymers[name]))
    return [name for name in entry.polymers if name == first or name in near]


def recognised(entry: Entry, chain: str) -> str | None:
    """Return the name of the catalogue's target that a chain is, by accession or by sequence."""
    for reference in entry.references:
        target = catalogue.target_of(reference.accession)
        if reference.chain == chain and target is not None:
            return target.name
    if any(reference.chain == chain and reference.database == "UNP" for reference in entry.references):
        return None
    if len(entry.polymers[chain]) < MIN_ALIGNED:
        return None
    for target in catalogue.targets().values():
        placed, same = _compared(entry, chain, target.sequence)
        if placed >= MIN_ALIGNED and same >= SAME_PROTEIN:
            return target.name
    return None


def make_polymer(entry: Entry, chain: str, settings: ReceptorSettings) -> Polymer:
    """Return a chain without expression tags, fusion proteins and residues that cannot be used.

    Raises
    ------
    StructureError
        If nothing is left.
    """
    notes: dict[str, Any] = {}
    residues = [residue.clone() for residue in entry.polymers[chain]]
    accession = _main_accession(entry, chain, settings)
    residues = _within_protein(entry, chain, residues, accession, settings, notes)
    residues = _standardised(entry, chain, residues, notes)
    if entry.predicted and settings.first_residue is None and settings.last_residue is None:
        residues = _confident(chain, residues, settings.min_plddt, notes)
    if not residues:
        unusable = len(notes.get("unusable", ()))
        why = f": {unusable} lack backbone atoms, or nothing is known of them" if unusable else ""
        raise StructureError(
            entry.path, f"no residue of chain {chain} is left{why}", "choose other residues or chains"
        )
    polymer = Polymer(chain, residues, accession=accession, named=entry.named, notes=notes)
    polymer.sequence, whose = _sequence(entry, chain, accession, settings)
    if not polymer.sequence:
        polymer.places = [None] * len(residues)
    else:
        polymer.places = positions(polymer.keys, polymer.letters, polymer.sequence)
    if whose:
        notes["sequence"] = whose
    else:
        found = mutations(polymer.keys, polymer.letters, polymer.places, polymer.sequence)
        notes["mutations"] = [str(change) for change in found]
    return polymer


def _sequence(entry: Entry, chain: str, accession: str, settings: ReceptorSettings) -> tuple[str, str]:
    """Return the sequence to compare a chain with, and what is wrong with it if it is not the protein's own."""
    if settings.sequence and _is_like(entry, chain, settings.sequence):
        return settings.sequence, ""
    problem = "the file names no UniProt entry"
    if accession:
        try:
            return find_sequence(accession), ""
        except StructureError as error:
            problem = f"the sequence of {accession} could not be had ({error.advice})"
    own = "".join(one_letter(name) for name in entry.sequences.get(chain, ()))
    return own, f"mutations were not looked for: {problem}"


def _main_accession(entry: Entry, chain: str, settings: ReceptorSettings) -> str:
    """Return the accession of the protein that a chain is mainly made of."""
    if settings.target and _is_like(entry, chain, catalogue.target(settings.target).sequence):
        return catalogue.target(settings.target).uniprot
    named = recognised(entry, chain)
    if named:
        return catalogue.target(named).uniprot
    lengths: dict[str, int] = {}
    for reference in _uniprot(entry, chain):
        lengths[reference.accession] = (
            lengths.get(reference.accession, 0) + reference.last - reference.first + 1
        )
    return max(lengths, key=lambda accession: lengths[accession]) if lengths else ""


def _is_like(entry: Entry, chain: str, sequence: str) -> bool:
    """Return whether a chain can be compared with a sequence: most of it aligns, half of that is the same."""
    placed, same = _compared(entry, chain, sequence)
    return 2 * placed >= len(entry.polymers[chain]) and same >= SIMILAR


def _compared(entry: Entry, chain: str, sequence: str) -> tuple[int, float]:
    """Return how many residues of a chain align with a sequence, and which fraction of them is the same."""
    letters = "".join(one_letter(residue.name) for residue in entry.polymers[chain])
    places = align(letters, sequence)
    return sum(place is not None for place in places), identity(letters, places, sequence)


def _uniprot(entry: Entry, chain: str) -> list[Any]:
    return [r for r in entry.references if r.chain == chain and r.database == "UNP"]


def _within_protein(
    entry: Entry,
    chain: str,
    residues: list[gemmi.Residue],
    accession: str,
    settings: ReceptorSettings,
    notes: dict[str, Any],
) -> list[gemmi.Residue]:
    """Keep the residues asked for, or those that the file maps to the main protein."""
    first, last = settings.first_residue, settings.last_residue
    if first is not None or last is not None:
        low, high = first if first is not None else -(10**6), last if last is not None else 10**6
        return [residue for residue in residues if low <= residue_key(chain, residue).number <= high]
    mapped = [r for r in _uniprot(entry, chain) if r.accession == accession]
    if not mapped:
        return residues
    others = [r for r in _uniprot(entry, chain) if r.accession != accession]
    kept, tags = [], []
    fused: dict[str, list[gemmi.Residue]] = {}
    for residue in residues:
        number = residue_key(chain, residue).number
        if any(r.first <= number <= r.last for r in mapped):
            kept.append(residue)
            continue
        foreign = next((r.accession for r in others if r.first <= number <= r.last), None)
        if foreign is None:
            tags.append(residue_key(chain, residue).label(residue.name))
        else:
            fused.setdefault(foreign, []).append(residue)
    if tags:
        notes["tags"] = tags
    if fused:
        notes["fusion_proteins"] = [
            f"{other}: {len(part)} residues, {part[0].seqid} to {part[-1].seqid}"
            for other, part in fused.items()
        ]
    return kept


def _standardised(
    entry: Entry, chain: str, residues: list[gemmi.Residue], notes: dict[str, Any]
) -> list[gemmi.Residue]:
    """Turn modified residues into their parents; drop those that are unknown or lack backbone."""
    kept = []
    for residue in residues:
        key = residue_key(chain, residue)
        label = key.label(residue.name)
        if key in entry.named and entry.named[key] != residue.name:
            notes.setdefault("renamed", []).append(f"{key.label(entry.named[key])} to {residue.name}")
        parent = residue.name
        if parent not in HEAVY_ATOMS:
            parent = three_letter(one_letter(residue.name))
        if parent not in HEAVY_ATOMS or not all(name in residue for name in BACKBONE):
            notes.setdefault("unusable", []).append(label)
            continue
        if parent != residue.name:
            notes.setdefault("modified", []).append(f"{label} to {parent}")
            _become(residue, parent)
        kept.append(residue)
    return kept


def _become(residue: gemmi.Residue, parent: str) -> None:
    import gemmi

    if residue.name == "MSE":
        for atom in residue:
            if atom.name == "SE":
                atom.name, atom.element = "SD", gemmi.Element("S")
    residue.name = parent
    for index in reversed(range(len(residue))):
        if residue[index].name not in HEAVY_ATOMS[parent]:
            del residue[index]


def _confident(
    chain: str, residues: list[gemmi.Residue], least: float, notes: dict[str, Any]
) -> list[gemmi.Residue]:
    """Drop the ends of a predicted model that it has no confidence in."""
    sure = [i for i, residue in enumerate(residues) if residue["CA"][0].b_iso >= least]
    if not sure:
        return []
    kept = residues[sure[0] : sure[-1] + 1]
    ends = [part for part in (residues[: sure[0]], residues[sure[-1] + 1 :]) if part]
    if ends:
        notes["low_confidence_ends"] = [f"{part[0].seqid} to {part[-1].seqid}" for part in ends]
    inner = [
        residue_key(chain, residue).label(residue.name) for residue in kept if residue["CA"][0].b_iso < least
    ]
    if inner:
        notes["low_confidence_kept"] = inner
    return kept


def _reaches(entry: Entry, chain: str, marker: NDArray[np.float64]) -> bool:
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(coordinates(entry.polymers[chain])).query(marker)
    return bool(distances.min() <= LIGAND_REACH)


def coordinates(residues: Sequence[gemmi.Residue]) -> NDArray[np.float64]:
    """Return the places of all atoms, shape (n_atoms, 3), in angstrom."""
    return np.array([atom.pos.tolist() for residue in residues for atom in residue], dtype=float).reshape(
        -1, 3
    )


def _bond_length(before: gemmi.Residue, after: gemmi.Residue) -> float:
    return float(before["C"][0].pos.dist(after["N"][0].pos))
