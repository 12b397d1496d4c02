"""Hetero residues: ions, waters, lipids, glycans and ligands, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import StructureError
from dock.receptors.entry import Entry, ResidueKey, residue_key, split_hetero
from dock.receptors.names import WATER, is_water
from dock.receptors.polymer import coordinates

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray

    from dock.receptors.settings import ReceptorSettings

# Ions with parameters here (amber14/tip3p.xml names them so, too), and their charge in units of e.
ION_CHARGES = {
    "NA": 1, "CL": -1, "K": 1, "MG": 2, "CA": 2, "ZN": 2, "LI": 1, "RB": 1, "CS": 1, "BR": -1, "IOD": -1,
    "SR": 2, "BA": 2, "MN": 2, "FE2": 2, "FE": 3, "CO": 2, "NI": 2, "CU": 2, "CD": 2, "HG": 2,
}  # fmt: skip
# What force fields call them. Components of the PDB that share a name have more than one atom.
ION_NAMES = {
    "SOD": "NA", "NA+": "NA", "CLA": "CL", "CL-": "CL", "POT": "K", "K+": "K", "LIT": "LI", "LI+": "LI",
    "RUB": "RB", "CES": "CS", "CAL": "CA", "CA2": "CA", "MG2": "MG", "ZN2": "ZN", "MN2": "MN", "FE3": "FE",
    "CU2": "CU", "NI2": "NI", "CD2": "CD", "BAR": "BA", "IOD": "IOD", "I-": "IOD", "BR-": "BR",
}  # fmt: skip
# What force fields and old entries call nucleotides; A, C and G without O2' are of DNA, too.
NUCLEOTIDE_NAMES = {
    **{f"D{base}{end}": f"D{base}" for base in "ACGT" for end in "35N"},
    **{f"{prefix}{base}{end}": base for prefix in ("", "R") for base in "ACGU" for end in ("", "3", "5", "N")},
    "ADE": "A", "CYT": "C", "GUA": "G", "THY": "T", "URA": "U",
}  # fmt: skip
ANOMERIC, RIBOSE = frozenset({"C1'", "C1*"}), frozenset({"O2'", "O2*"})
COORDINATION = 3.4  # angstrom from an ion to a protein N, O or S
MIN_DONORS = 3
# A metal of two charges or more is at its place with two donors that touch it: the others are of a ligand or water.
TOUCHING, MIN_TOUCHING = 2.8, 2
WELL_HELD = 3  # protein atoms within a hydrogen bond of a water that is part of the structure
MIN_LIGAND_ATOMS = 6
# Lipids, detergents and crystallisation additives of membrane proteins that bind where there is room.
LIPIDS = frozenset([
    "CLR", "Y01", "CHS", "OLA", "OLB", "OLC", "OLM", "PLM", "PAM", "STE", "MYR", "D10", "D12", "HEX",
    "UND", "C14", "R16", "OCT", "LMT", "LMN", "BOG", "BNG", "BGL", "LDA", "DMU", "UMQ", "MC3", "PC1",
    "PCW", "PEE", "PEF", "PGV", "PGT", "PTY", "POV", "PX4", "CDL", "LPE", "LPP", "1PE", "P5S", "PSF",
    "DGA", "SQD", "LHG", "3PE", "PIO",
])  # fmt: skip
GLYCANS = frozenset([
    "NAG", "NDG", "BMA", "MAN", "FUC", "FUL", "GAL", "BGC", "GLC", "SIA", "XYP",
])  # fmt: skip
ADDITIVES = frozenset([
    "GOL", "EDO", "PEG", "PGE", "PG4", "PE4", "P6G", "1PG", "2PE", "MPD", "DMS", "ACT", "ACY", "FMT",
    "SO4", "PO4", "CIT", "FLC", "MES", "TRS", "EPE", "IMD", "BME", "NO3", "TLA", "MLI", "UNX", "UNL",
    "IPA", "EOH", "MOH", "ACN", "TMO",
])  # fmt: skip


@dataclass(frozen=True)
class Hetero:
    """A residue outside the kept protein chains.

    Attributes
    ----------
    key : ResidueKey
    name : str
        Component code.
    kind : str
        ``water``, ``ion``, ``glycan``, ``lipid``, ``additive``, ``nucleotide``, ``ligand``, ``small`` or, where it
        has no parameters, ``metal``.
    places : numpy.ndarray, shape (n_atoms, 3)
        In angstrom.
    residue : gemmi.Residue
    donors : int
        Protein N, O and S atoms within 3.4 A.
    touching : int
        Those within 2.8 A.
    file_chain : str
        What the file calls its chain, where that name was taken; else empty.
    """

    key: ResidueKey
    name: str
    kind: str
    places: NDArray[np.float64]
    residue: gemmi.Residue
    donors: int
    touching: int = 0
    file_chain: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.key.number}{self.key.insertion} of chain {self.key.chain}"

    @property
    def metals(self) -> NDArray[np.float64]:
        """Places of its metal atoms, shape (n, 3), in angstrom."""
        return coordinates_of(atom for atom in self.residue if atom.element.is_metal)

    @property
    def in_place(self) -> bool:
        """Whether it is an ion that the protein holds: with three atoms, or a metal with two that touch it."""
        if self.kind != "ion":
            return False
        touched = ION_CHARGES[self.name] > 1 and self.touching >= MIN_TOUCHING
        return self.donors >= MIN_DONORS or touched

    @property
    def oxygen_or_ion(self) -> NDArray[np.float64]:
        """Place of the ion, or of a water's oxygen, in angstrom."""
        return np.asarray(self.places[0])

    def matches(self, label: str) -> bool:
        """Return whether ``CODE``, ``CODE:NUMBER`` or ``CHAIN:CODE:NUMBER`` means this residue."""
        return self._answers(label, self.key.chain)

    def matches_in_file(self, label: str) -> bool:
        """Return the same, of the name that its chain has in the file."""
        return bool(self.file_chain) and self._answers(label, self.file_chain)

    def _answers(self, label: str, own_chain: str) -> bool:
        chain, code, number = split_hetero(label)
        own_number = f"{self.key.number}{self.key.insertion}"
        return (
            code in (self.name, self.residue.name.upper())
            and chain in ("", own_chain)
            and number in ("", own_number)
        )

    @property
    def centroid(self) -> NDArray[np.float64]:
        """Mean place of its atoms, in angstrom."""
        return np.asarray(self.places.mean(axis=0))


def list_hetero(entry: Entry, protein: list[gemmi.Residue]) -> list[Hetero]:
    """Return every residue of an entry that is in no protein chain.

    Parameters
    ----------
    protein
        The protein residues that are kept, whose N, O and S atoms may hold an ion.
    """
    from scipy.spatial import cKDTree

    polar = [atom.pos.tolist() for r in protein for atom in r if atom.element.name in ("N", "O", "S")]
    tree = cKDTree(np.array(polar).reshape(-1, 3))
    members = {(n, str(r.seqid), r.name) for n, residues in entry.polymers.items() for r in residues}
    found = []
    for chain, residues in entry.chains.items():
        for residue in residues:
            if (chain, str(residue.seqid), residue.name) in members:
                continue
            places = coordinates([residue])
            donors, touching = (
                len(tree.query_ball_point(places.mean(axis=0), reach)) for reach in (COORDINATION, TOUCHING)
            )
            key = residue_key(chain, residue)
            called = entry.renamed.get(chain, "")
            found.append(
                Hetero(key, _name(residue), _kind(residue), places, residue, donors, touching, called)
            )
    return found


def keep_hetero(
    hetero: Sequence[Hetero], settings: ReceptorSettings, entry: Entry
) -> tuple[list[Hetero], dict[str, list[str]]]:
    """Return the ions and waters that are kept, and what is dropped, by kind.

    Raises
    ------
    StructureError
        If the settings name a residue that is not there, or want to keep one that there are no
        parameters for.
    """
    chosen = _named(hetero, settings.keep, entry)
    unwanted = _named(hetero, settings.drop, entry)
    for group in chosen:
        if group.kind not in ("ion", "water"):
            raise StructureError(
                group,
                f"is a {group.kind}, which cannot be kept",
                "ions and waters can; the rest has no parameters here",
            )
    kept = [group for group in hetero if group not in unwanted and (group in chosen or group.in_place)]
    dropped: dict[str, list[str]] = {}
    waters = 0
    for group in hetero:
        if group in kept:
            continue
        if group.kind == "water":
            waters += 1
            continue
        reason = f" ({group.donors} protein donors within {COORDINATION} A)" if group.kind == "ion" else ""
        dropped.setdefault(group.kind, []).append(f"{group}{reason}")
    if waters:
        dropped["water"] = [f"{waters}"]
    return kept, dropped


def find_hetero(hetero: Sequence[Hetero], label: str, entry: Entry) -> list[Hetero]:
    """Return the residues that ``CODE``, ``CODE:NUMBER`` or ``CHAIN:CODE:NUMBER`` means.

    Raises
    ------
    StructureError
        If there is none.
    """
    found = answering(hetero, label)
    if not found:
        have = sorted({str(group) for group in hetero if group.kind != "water"})
        raise StructureError(entry.path, f"has no residue {label}", f"it has {', '.join(have) or 'none'}")
    return found


def answering(hetero: Sequence[Hetero], label: str) -> list[Hetero]:
    """Return the residues that a label means, by the names of chains here, or else by those of the file."""
    found = [group for group in hetero if group.matches(label)]
    return found or [group for group in hetero if group.matches_in_file(label)]


def _named(hetero: Sequence[Hetero], labels: tuple[str, ...], entry: Entry) -> list[Hetero]:
    return [group for label in labels for group in find_hetero(hetero, label, entry)]


def _name(residue: gemmi.Residue) -> str:
    """Return the component code; HOH for water, and the PDB's for an ion or nucleotide, whatever they are called."""
    name = residue.name.upper()
    if is_water(residue):
        return WATER
    if len(residue) == 1:
        return ION_NAMES.get(name, name)
    return _nucleotide(name, {atom.name for atom in residue})


def _nucleotide(name: str, atoms: Set[str]) -> str:
    """Return the PDB's name of a nucleotide, and that of anything else as it is."""
    if not atoms & ANOMERIC:
        return name
    base = NUCLEOTIDE_NAMES.get(name, name)
    return f"D{base}" if base == "T" or (base in ("A", "C", "G") and not atoms & RIBOSE) else base


def _kind(residue: gemmi.Residue) -> str:
    import gemmi

    name = _name(residue)
    if is_water(residue):
        return "water"
    if name in ION_CHARGES and len(residue) == 1:
        return "ion"
    if gemmi.find_tabulated_residue(name).is_nucleic_acid():
        return "nucleotide"
    for kind, names in (("glycan", GLYCANS), ("lipid", LIPIDS), ("additive", ADDITIVES)):
        if name in names:
            return kind
    if len(residue) == 1 and residue[0].element.is_metal:
        return "metal"
    return "ligand" if len(residue) >= MIN_LIGAND_ATOMS else "small"


def coordinates_of(atoms: Iterable[gemmi.Atom]) -> NDArray[np.float64]:
    """Return the places of atoms, shape (n, 3), in angstrom."""
    return np.array([atom.pos.tolist() for atom in atoms], dtype=float).reshape(-1, 3)
