"""Small structures made of parts of real ones, with what inputs of a kind need put into them."""

from __future__ import annotations

import os
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray

Atoms = list[tuple[str, str, NDArray[np.float64]]]


def mirror() -> Path:
    """Return the folder of raw structures."""
    return Path(os.environ["DOCK_STRUCTURES"].split(os.pathsep)[0])


def part(source: str, ranges: list[tuple[int, int]], keep: tuple[str, ...] = ()) -> gemmi.Structure:
    """Return stretches of chain A of an entry, with the hetero residues of the given names."""
    structure = gemmi.read_structure(str(mirror() / source))
    for name in [chain.name for chain in structure[0] if chain.name != "A"]:
        structure[0].remove_chain(name)
    chain = structure[0]["A"]
    for index in reversed(range(len(chain))):
        residue = chain[index]
        inside = any(first <= residue.seqid.num <= last for first, last in ranges)
        if residue.name not in keep and (residue.het_flag == "H" or not inside):
            del chain[index]
    structure.entities.clear()
    structure.setup_entities()
    return structure


def sodium_site(name: str, element: str) -> gemmi.Structure:
    """Return what holds both sodium ions of 5I71, these turned into another ion."""
    structure = part("5I71.pdb", [(92, 103), (332, 341), (366, 370), (432, 441)], ("NA",))
    for residue in structure[0]["A"]:
        if residue.name == "NA":
            residue.name = name
            residue[0].name, residue[0].element = element.upper(), gemmi.Element(element)
    return structure


def hetero(name: str, number: int, atoms: Atoms) -> gemmi.Residue:
    """Return a residue of named atoms with elements and places, in angstrom."""
    residue = gemmi.Residue()
    residue.name, residue.seqid, residue.het_flag = name, gemmi.SeqId(str(number)), "H"
    for atom_name, element, place in atoms:
        atom = gemmi.Atom()
        atom.name, atom.element, atom.pos = atom_name, gemmi.Element(element), gemmi.Position(*place)
        residue.add_atom(atom)
    return residue


def place(structure: gemmi.Structure, number: int, atom: str) -> NDArray[np.float64]:
    """Return where an atom of chain A is, in angstrom."""
    residue = next(residue for residue in structure[0]["A"] if residue.seqid.num == number)
    return np.array(residue[atom][0].pos.tolist())


def ring_axis(structure: gemmi.Structure, number: int, nitrogen: str = "ND1") -> NDArray[np.float64]:
    """Return the direction in which the lone pair of a histidine's nitrogen points."""
    others = {"ND1": ("CG", "CE1"), "NE2": ("CD2", "CE1")}[nitrogen]
    top, first, second = (place(structure, number, atom) for atom in (nitrogen, *others))
    axis = 2 * top - first - second
    return np.asarray(axis / np.linalg.norm(axis))


def haem(iron: NDArray[np.float64], axis: NDArray[np.float64], metal: str = "Fe", turn: float = 0.0) -> Atoms:
    """Return the core of a haem: a metal, four nitrogens 2.0 A from it, sixteen carbons.

    The axis stands on it; `turn` is by how much it is turned around that, in radians.
    """
    first = np.cross(axis, [1.0, 0.3, 0.2])
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    atoms: Atoms = [(metal.upper(), metal, iron)]
    ring = {"1": (2.85, 1.1), "2": (4.2, 0.7), "3": (4.2, -0.7), "4": (2.85, -1.1)}
    for letter, angle in zip("ABCD", turn + np.arange(4) * np.pi / 2, strict=True):
        along = np.cos(angle) * first + np.sin(angle) * second
        across = np.cos(angle) * second - np.sin(angle) * first
        atoms.append((f"N{letter}", "N", iron + 2.0 * along))
        atoms += [(f"C{n}{letter}", "C", iron + r * along + x * across) for n, (r, x) in ring.items()]
    return atoms


def write(structure: gemmi.Structure, folder: Path, name: str) -> Path:
    """Write a structure as a PDB file of its own."""
    path = folder / f"{name}.pdb"
    structure.write_pdb(str(path))
    return path
