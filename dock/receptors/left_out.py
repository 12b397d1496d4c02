"""What a structure file has and its receptor lacks, and what of that lies in or near a site's box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.units import NM_TO_A
from dock.receptors.entry import residue_key
from dock.receptors.hetero import TOUCHING, WELL_HELD, Hetero, coordinates_of
from dock.receptors.names import HEAVY_ATOMS, NUCLEOTIDES
from dock.receptors.polymer import coordinates

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray
    from openmm.app import Topology

    from dock.receptors.entry import Entry
    from dock.receptors.polymer import Polymer
    from dock.receptors.site import Site

NEAR = 6.0  # angstrom around a search box: what is farther off does not touch a ligand in it
BESIDE = 4.0  # angstrom between polar atoms: what a protonation may depend on
WIDE = 27_000.0  # cubic angstrom: beyond this, Vina's authors say, a search of the usual length is too short
WATER, PROTEIN, NUCLEIC, MODIFICATION = "water", "protein", "nucleic acid", "modification"
SELENOMETHIONINE = "MSE"  # which is kept whole, as methionine
# The atoms that take or give protons, by residue.
TITRATABLE = {
    "ASP": ("OD1", "OD2"), "GLU": ("OE1", "OE2"), "HIS": ("ND1", "NE2"), "CYS": ("SG",), "LYS": ("NZ",),
    "TYR": ("OH",),
}  # fmt: skip


@dataclass(frozen=True)
class LeftOut:
    """Something that a structure file has and its receptor lacks.

    Attributes
    ----------
    name : str
        As ``HEM 500 of chain A``.
    kind : str
        As of `dock.receptors.hetero.Hetero`; also ``protein``, ``nucleic acid`` and ``modification``.
    places : numpy.ndarray, shape (n_atoms, 3)
        In angstrom.
    polar : numpy.ndarray, shape (n, 3)
        Those of nitrogen, oxygen, sulfur and metals.
    part : bool
        Whether it is a water that belongs to the structure: a metal or three atoms of the protein hold it.
    """

    name: str
    kind: str
    places: NDArray[np.float64]
    polar: NDArray[np.float64]
    part: bool = False

    def to_record(self) -> dict[str, Any]:
        """Return it as plain values, its place as that of a sphere around it."""
        center = self.places.mean(axis=0)
        radius = float(np.linalg.norm(self.places - center, axis=1).max())
        place = [round(float(value), 1) for value in center]
        return {"name": self.name, "kind": self.kind, "center": place, "radius": round(radius, 1)}


def find_left_out(
    entry: Entry,
    hetero: Sequence[Hetero],
    kept: Iterable[Hetero],
    polymers: Mapping[str, Polymer],
    metals: NDArray[np.float64],
) -> list[LeftOut]:
    """Return everything of an entry that its receptor lacks.

    Parameters
    ----------
    hetero
        All that is no protein.
    kept
        What of it the receptor has, or was told to be without.
    polymers
        The chains that the receptor has.
    metals : numpy.ndarray, shape (n, 3)
        The receptor's own, in angstrom.
    """
    found: list[LeftOut] = []
    strands: dict[str, list[gemmi.Residue]] = {}
    known = {id(group) for group in kept}
    for group in hetero:
        if id(group) in known:
            continue
        if group.name in NUCLEOTIDES:
            strands.setdefault(group.key.chain, []).append(group.residue)
            continue
        part = group.kind == WATER and (group.donors >= WELL_HELD or _touches(group, metals))
        found.append(LeftOut(str(group), group.kind, group.places, _polar([group.residue]), part))
    found += [_chain(name, residues, NUCLEIC) for name, residues in strands.items()]
    for name, residues in entry.polymers.items():
        used = (
            {str(residue.seqid): residue for residue in polymers[name].residues} if name in polymers else {}
        )
        rest = [residue for residue in residues if str(residue.seqid) not in used]
        found += [_chain(name, rest, PROTEIN)] if rest else []
        for residue in residues:
            if str(residue.seqid) in used and residue.name not in (*HEAVY_ATOMS, SELENOMETHIONINE):
                found += _modification(name, residue, used[str(residue.seqid)])
    return found


def _modification(chain: str, residue: gemmi.Residue, parent: gemmi.Residue) -> list[LeftOut]:
    """Return what a modified residue has and its parent lacks."""
    atoms = [atom for atom in residue if atom.name not in parent]
    if not atoms:
        return []
    places = coordinates_of(atoms)
    polar = coordinates_of(atom for atom in atoms if _is_polar(atom))
    name = f"what {residue_key(chain, residue).label(residue.name)} of chain {chain} has beyond {parent.name}"
    return [LeftOut(name, MODIFICATION, places, polar)]


def _chain(name: str, residues: Sequence[gemmi.Residue], kind: str) -> LeftOut:
    count = f"{len(residues)} residue{'s' if len(residues) > 1 else ''}"
    return LeftOut(f"{count} of chain {name}", kind, coordinates(residues), _polar(residues))


def _polar(residues: Iterable[gemmi.Residue]) -> NDArray[np.float64]:
    return coordinates_of(atom for residue in residues for atom in residue if _is_polar(atom))


def _is_polar(atom: gemmi.Atom) -> bool:
    return atom.element.name in ("N", "O", "S") or bool(atom.element.is_metal)


def _touches(group: Hetero, metals: NDArray[np.float64]) -> bool:
    return bool((np.linalg.norm(metals - group.oxygen_or_ion, axis=1) <= TOUCHING).any())


def near_site(left_out: Iterable[LeftOut], site: Site) -> list[tuple[LeftOut, float]]:
    """Return what lies in a site's box or within 6 A of it, and how far from it in angstrom, nearest first."""
    gaps = [(each, site.gap(each.places)) for each in left_out]
    return sorted(((each, gap) for each, gap in gaps if gap <= NEAR), key=lambda pair: pair[1])


def recorded_near(records: Iterable[Mapping[str, Any]], site: Site) -> list[tuple[LeftOut, float]]:
    """Return the same from what `LeftOut.to_record` wrote, which knows of a sphere around each alone."""
    found = []
    for record in records:
        place = np.array([record["center"]], dtype=float)
        each = LeftOut(record["name"], record["kind"], place, np.zeros((0, 3)), record["kind"] == WATER)
        gap = max(0.0, site.gap(place) - record["radius"])
        found += [(each, gap)] if gap <= NEAR else []
    return sorted(found, key=lambda pair: pair[1])


def describe(near: Iterable[tuple[LeftOut, float]]) -> list[str]:
    """Say what each is and where it lies; of waters how many, and which belong to the structure."""
    texts, waters, part = [], 0, []
    for each, gap in near:
        if each.kind == WATER:
            waters += 1
            part += [each.name] if each.part else []
            continue
        texts.append(f"{each.name} ({each.kind}, {f'{gap:.1f} A from it' if gap else 'in it'})")
    if waters:
        well_held = f", well held among them {', '.join(part)}" if part else ""
        texts.append(f"{waters} water{'s' if waters > 1 else ''}{well_held}")
    return texts


def site_warnings(site: Site, texts: Sequence[str]) -> list[str]:
    """Return what a person should know of a site's box.

    Parameters
    ----------
    texts
        What was left out there, as of `describe`.
    """
    found = []
    if texts:
        found.append(f"left out in or near the box of the {site.name} site: {', '.join(texts)}")
    volume = float(np.prod(site.box))
    if volume > WIDE and site.radius is None:
        found.append(
            f"the box of the {site.name} site is {volume / WIDE:.1f} times as large as one search covers well:"
            " raise runs (rustina), exhaustiveness (Vina) or the number of seeds"
        )
    return found


def guessed(
    near: Iterable[LeftOut], topology: Topology, positions: NDArray[np.float64], labels: Sequence[str]
) -> list[str]:
    """Return the residues whose protonation may depend on something that was left out.

    Parameters
    ----------
    topology, positions
        Of the receptor; positions of shape (n_atoms, 3) in nanometres.
    labels
        Name of each residue, in the order of the topology.
    """
    from scipy.spatial import cKDTree

    polar = [each.polar for each in near if each.kind != WATER and len(each.polar)]
    if not polar:
        return []
    tree = cKDTree(np.vstack(polar))
    ends = [
        atom
        for atom in topology.atoms()
        if atom.name in TITRATABLE.get(atom.residue.name, ())
        and tree.query(positions[atom.index] * NM_TO_A)[0] <= BESIDE
    ]
    return list(dict.fromkeys(labels[atom.residue.index] for atom in ends))
