"""Coordination: what holds an ion in the prepared receptor goes on holding it in implicit solvent.

Fixed charges in OBC2 bind an ion to an acid by about 9 kcal/mol too much, since no water can come between: within
picoseconds Asp98 of SERT, 3.9 A from Na1, lies on it at 2.2 A, and Asn368 lets go. So walls keep the shell
that the structure shows: whoever holds an ion does not leave it, and whoever is charged against it and does not
hold it does not come to. An acid that lies beside a cation without touching it, as Asp98 does where Na1 was placed by
superposition (`sert-6vrh`), is kept beside it. No interaction energy holds any part of the walls. A membrane
system, which has water, has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.forcefield.parameters import force_of
from dock.receptors.hetero import ION_CHARGES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System

    from dock.receptors import Receptor

# nm from an ion to the heavy atoms that hold it. A chloride lies beyond their hydrogens, SERT's at up to 3.5 A.
HOLDS_CATION, HOLDS_ANION = 0.34, 0.36
# nm from a cation to an acid's oxygen that holds it; potassium, the largest of them, at up to 0.31.
TOUCHES, TOUCHES_POTASSIUM = 0.29, 0.32
ACID_ENDS = frozenset({"OD1", "OD2", "OE1", "OE2", "OXT"})
CHARGED_ENDS = ACID_ENDS | {"NZ", "NE", "NH1", "NH2", "ND1", "NE2"}
HISTIDINES = frozenset({"HIS", "HID", "HIE", "HIP"})
# A wall stands this far inside of, or outside of, the distance that tells what holds from what does not, in nm.
ROOM = 0.03
STIFFNESS = 20_000.0  # kJ/mol/nm^2, about 50 kcal/mol/A^2: an acid leans against it by up to 0.3 A
WALLED = frozenset({"site", "implicit"})  # kinds of systems: those in implicit solvent
HOLDERS, OTHERS = 1.0, -1.0  # the side of the wall that is forbidden


def ion_neighbours(receptor: Receptor) -> dict[int, list[Any]]:
    """Return the atoms within whose reach each ion lies, nearest first.

    Those are, of a cation, oxygen, sulfur and histidine's nitrogen within 3.4 A; of an anion, nitrogen and
    oxygen within 3.6 A.

    Returns
    -------
    dict of int to list of openmm.app.topology.Atom
        By the index of the ion's residue. An ion that nothing is near to has an empty list.
    """
    atoms = list(receptor.topology.atoms())
    near = {}
    for ion in (atom for atom in atoms if atom.residue.name in ION_CHARGES):
        reach, holds = holding(ion)
        distances = _distances(receptor, ion)
        within = sorted(np.flatnonzero(distances <= reach).tolist(), key=distances.__getitem__)
        near[ion.residue.index] = [atoms[index] for index in within if holds(atoms[index])]
    return near


def ion_holders(receptor: Receptor) -> dict[int, list[Any]]:
    """Return the atoms that hold each ion, nearest first: its neighbours, less acids that do not touch it.

    An acid holds a cation at 2.2 to 2.8 A (potassium to 3.1). Between that and 3.4 A nothing is found in good structures: fixed charges
    drew it there, or the ion was placed.

    Returns
    -------
    dict of int to list of openmm.app.topology.Atom
        As of `ion_neighbours`.
    """
    residues = list(receptor.topology.residues())
    holders = {}
    for index, near in ion_neighbours(receptor).items():
        (ion,) = residues[index].atoms()
        distances = _distances(receptor, ion)
        touches = TOUCHES_POTASSIUM if ion.residue.name == "K" else TOUCHES
        touching = {atom.residue.index for atom in near if distances[atom.index] <= touches}
        kept_off = {atom.residue.index for atom in near if _is_acid(ion, atom)} - touching
        holders[index] = [atom for atom in near if atom.residue.index not in kept_off]
    return holders


def holding(ion: Any) -> tuple[float, Callable[[Any], bool]]:
    """Return within which distance, in nm, atoms hold an ion, and what says whether an atom is of the kind that does.

    Parameters
    ----------
    ion
        An atom of a topology of OpenMM or mdtraj, as are those that are asked about.
    """
    cation = ION_CHARGES[ion.residue.name] > 0
    return (HOLDS_CATION, _holds_cation) if cation else (HOLDS_ANION, _holds_anion)


def add_walls(system: System, receptor: Receptor, kept: NDArray[np.int64]) -> None:
    """Add the walls around ions to a system in implicit solvent.

    A holder may go to 0.3 A short of the distance within which atoms hold, or to where it was if that is further; the
    charged end of a residue charged against the ion comes to 0.3 A beyond that distance. The second oxygen of an acid
    that holds the ion may come to where it was, if that is nearer.

    Parameters
    ----------
    system
        Its first particles are the receptor's that are kept, with their charges.
    receptor
        As prepared, or as refined.
    kept : numpy.ndarray of int
        Indices, in the receptor, of the atoms of the system; with an ion come all that hold it.
    """
    import openmm

    force = openmm.CustomBondForce("0.5*stiffness*max(0, side*(r-wall))^2")
    force.addGlobalParameter("stiffness", STIFFNESS)
    for name in ("side", "wall"):
        force.addPerBondParameter(name)
    place = {int(index): number for number, index in enumerate(kept)}
    for ion, atom, side, wall in _walls(receptor, _residue_charges(system, receptor, kept)):
        if ion in place and atom in place:
            force.addBond(place[ion], place[atom], [side, wall])
    if force.getNumBonds():
        system.addForce(force)


def _walls(receptor: Receptor, charges: dict[int, float]) -> Iterator[tuple[int, int, float, float]]:
    """Yield the ion, the other atom, the side and the distance, in nm, of each wall."""
    residues, atoms = list(receptor.topology.residues()), list(receptor.topology.atoms())
    for index, holders in ion_holders(receptor).items():
        (ion,) = residues[index].atoms()
        reach, _ = holding(ion)
        distances = _distances(receptor, ion)
        for atom in holders:
            yield ion.index, atom.index, HOLDERS, max(distances[atom.index], reach - ROOM)
        sign = np.sign(ION_CHARGES[ion.residue.name])
        against = {residue for residue, charge in charges.items() if sign * charge < -0.5}
        held, by = {atom.index for atom in holders}, {atom.residue.index for atom in holders}
        for atom in atoms:
            if atom.residue.index in against and atom.name in CHARGED_ENDS and atom.index not in held:
                nearest = distances[atom.index] if atom.residue.index in by else reach + ROOM
                yield ion.index, atom.index, OTHERS, min(nearest, reach + ROOM)


def _distances(receptor: Receptor, ion: Any) -> NDArray[np.float64]:
    """Return the distance of every atom to an ion, in nm."""
    return np.asarray(np.linalg.norm(receptor.positions - receptor.positions[ion.index], axis=1))


def _is_acid(ion: Any, atom: Any) -> bool:
    """Return whether an atom is of an acid's end, and the ion a cation."""
    amide = atom.residue.name in ("ASN", "GLN")
    return ION_CHARGES[ion.residue.name] > 0 and atom.name in ACID_ENDS and not amide


def _residue_charges(system: System, receptor: Receptor, kept: NDArray[np.int64]) -> dict[int, float]:
    """Return the net charge of each residue that is kept, in e, by its index."""
    import openmm

    nonbonded = force_of(system, openmm.NonbondedForce)
    atoms = list(receptor.topology.atoms())
    charges: dict[int, float] = {}
    for number, index in enumerate(kept):
        residue = atoms[index].residue.index
        charges[residue] = charges.get(residue, 0.0) + nonbonded.getParticleParameters(number)[0]._value
    return charges


def _holds_cation(atom: Any) -> bool:
    symbol = atom.element.symbol
    return symbol in ("O", "S") or (symbol == "N" and atom.residue.name in HISTIDINES and atom.name != "N")


def _holds_anion(atom: Any) -> bool:
    return atom.element.symbol in ("N", "O")
