"""Hetero residues: ions, waters, lipids, glycans and ligands, and which of them are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import StructureError
from dock.receptors.entry import Entry, ResidueKey, residue_key, split_hetero
from dock.receptors.polymer import coordinates

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray

    from dock.receptors.settings import ReceptorSettings

# Ions with parameters here, and their charge in units of e.
ION_CHARGES = {"NA": 1, "CL": -1, "K": 1, "MG": 2, "CA": 2, "ZN": 2}
COORDINATION = 3.4  # angstrom from an ion to a protein N, O or S
MIN_DONORS = 3
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
        ``water``, ``ion``, ``glycan``, ``lipid``, ``additive``, ``nucleotide``, ``ligand`` or ``small``.
    places : numpy.ndarray, shape (n_atoms, 3)
        In angstrom.
    residue : gemmi.Residue
    donors : int
        Protein N, O and S atoms within 3.4 A.
    """

    key: ResidueKey
    name: str
    kind: str
    places: NDArray[np.float64]
    residue: gemmi.Residue
    donors: int

    def __str__(self) -> str:
        return f"{self.name} {self.key.number}{self.key.insertion} of chain {self.key.chain}"

    @property
    def oxygen_or_ion(self) -> NDArray[np.float64]:
        """Place of the ion, or of a water's oxygen, in angstrom."""
        return np.asarray(self.places[0])

    def matches(self, label: str) -> bool:
        """Return whether ``CODE``, ``CODE:NUMBER`` or ``CHAIN:CODE:NUMBER`` means this residue."""
        chain, code, number = split_hetero(label)
        own_number = f"{self.key.number}{self.key.insertion}"
        return self.name == code and chain in ("", self.key.chain) and number in ("", own_number)

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
            donors = len(tree.query_ball_point(places.mean(axis=0), COORDINATION))
            key = residue_key(chain, residue)
            found.append(Hetero(key, _name(residue), _kind(residue), places, residue, donors))
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
    kept = [
        group
        for group in hetero
        if group not in unwanted and (group in chosen or (group.kind == "ion" and group.donors >= MIN_DONORS))
    ]
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
    found = [group for group in hetero if group.matches(label)]
    if not found:
        have = sorted({str(group) for group in hetero if group.kind != "water"})
        raise StructureError(entry.path, f"has no residue {label}", f"it has {', '.join(have) or 'none'}")
    return found


def _named(hetero: Sequence[Hetero], labels: tuple[str, ...], entry: Entry) -> list[Hetero]:
    return [group for label in labels for group in find_hetero(hetero, label, entry)]


def _name(residue: gemmi.Residue) -> str:
    """Return the component code; HOH for water, whatever it is called."""
    return "HOH" if residue.is_water() else str(residue.name.upper())


def _kind(residue: gemmi.Residue) -> str:
    import gemmi

    name = residue.name.upper()
    if residue.is_water():
        return "water"
    if name in ION_CHARGES and len(residue) == 1:
        return "ion"
    if gemmi.find_tabulated_residue(name).is_nucleic_acid():
        return "nucleotide"
    for kind, names in (("glycan", GLYCANS), ("lipid", LIPIDS), ("additive", ADDITIVES)):
        if name in names:
            return kind
    return "ligand" if len(residue) >= MIN_LIGAND_ATOMS else "small"
