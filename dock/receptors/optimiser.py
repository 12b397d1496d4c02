"""PDB2PQR's optimiser of hydrogen bonds, asked about a topology of OpenMM."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.contacts import ENDS
from dock.receptors.segments import CHAIN_LETTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Residue, Topology

MOVED = 1.0  # angstrom; the ends lie more than 2 apart
PATCHES = frozenset({"ASH", "GLH", "LYN", "HIP", "HID", "HIE"})  # what it is told of the states


@dataclass(frozen=True)
class Outcome:
    """How PDB2PQR left a side chain.

    Attributes
    ----------
    turned : bool
        Against the orientation that was given.
    bonded : bool
        Whether a hydrogen bond decided, and not the lack of any.
    state : str
        ``HID``, ``HIE`` or ``HIP`` of a histidine; the residue's name otherwise.
    """

    turned: bool
    bonded: bool
    state: str


def ask(
    topology: Topology,
    positions: NDArray[np.float64],
    states: Sequence[str | None],
    free: Sequence[Residue],
) -> dict[int, Outcome]:
    """Return what PDB2PQR makes of each free side chain, by the index of the residue.

    Parameters
    ----------
    topology
        Heavy atoms of the protein.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    states
        Protonation state of each residue, as OpenMM names variants.
    free
        The side chains that may be turned; other Asn, Gln and His keep still.

    Raises
    ------
    StructureError
        If PDB2PQR cannot digest the structure.
    """
    try:
        found = _optimised(topology, positions, states, {residue.index for residue in free})
        return {residue.index: _outcome(residue, found[residue.index], positions) for residue in free}
    except Exception as error:  # PDB2PQR raises whatever an odd residue causes
        raise StructureError("PDB2PQR", f"cannot read the prepared structure ({error})") from error


def _outcome(residue: Residue, answer: Any, positions: NDArray[np.float64]) -> Outcome:
    end = next(atom for atom in residue.atoms() if atom.name == ENDS[residue.name][0][0])
    away = np.linalg.norm(answer.get_atom(end.name).coords - _shifted(positions)[end.index])
    # PDB2PQR leaves this mark where a hydrogen bond decided, whichever way.
    return Outcome(bool(away > MOVED), hasattr(answer, "wasFlipped"), answer.ffname)


def _optimised(
    topology: Topology, positions: NDArray[np.float64], states: Sequence[str | None], free: set[int]
) -> dict[int, Any]:
    """Return PDB2PQR's residues, hydrogen bonds optimised, by index; all but the free ones keep still."""
    from pdb2pqr import debump, hydrogens, io, pdb
    from pdb2pqr.biomolecule import Biomolecule

    logging.getLogger("pdb2pqr").setLevel(logging.CRITICAL)  # it tells of every bond that it tries
    records, _ = pdb.read_pdb(StringIO(_pdb_lines(topology, _shifted(positions))))
    molecule = Biomolecule(records, io.get_definitions())
    molecule.set_termini()
    molecule.update_bonds()
    found = {int(residue.res_seq) - 1: residue for residue in molecule.residues}
    molecule.update_ss_bridges()
    for index, state in enumerate(states):
        if state in PATCHES:
            molecule.apply_patch(state, found[index])
    molecule.add_hydrogens()
    routines = hydrogens.HydrogenRoutines(debump.Debump(molecule), hydrogens.create_handler())
    routines.set_optimizeable_hydrogens()
    still = [residue for index, residue in found.items() if residue.name in ENDS and index not in free]
    molecule.hold_residues([(residue.res_seq, residue.chain_id, residue.ins_code) for residue in still])
    routines.initialize_full_optimization()
    routines.optimize_hydrogens()
    routines.cleanup()
    molecule.set_states()
    return found


def _shifted(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions in angstrom around the origin, where the PDB format has room for them."""
    places = positions * NM_TO_A
    return np.asarray(places - np.round(places.mean(axis=0)))


def _pdb_lines(topology: Topology, places: NDArray[np.float64]) -> str:
    """Return PDB text whose residues are numbered by their index plus one, over all chains."""
    lines = []
    for chain in topology.chains():
        letter = CHAIN_LETTERS[chain.index % len(CHAIN_LETTERS)]
        for atom in chain.atoms():
            x, y, z = places[atom.index]
            name = atom.name if len(atom.name) > 3 else f" {atom.name}"
            lines.append(
                f"ATOM  {(atom.index + 1) % 100000:5d} {name:<4} {atom.residue.name:<3} {letter}"
                f"{(atom.residue.index + 1) % 10000:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
                f"          {atom.element.symbol:>2}"
            )
        lines.append("TER")
    return "\n".join([*lines, "END"]) + "\n"
