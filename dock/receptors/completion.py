"""Completion: missing atoms, short loops, caps and hydrogens (PDBFixer, OpenMM)."""

from __future__ import annotations

import io
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import StructureError
from dock.receptors.chirality import mend_hands
from dock.receptors.entry import ResidueKey
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.ions import Ion
from dock.receptors.polymer import coordinates
from dock.receptors.protonation import choose_states

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray
    from openmm.app import Topology

    from dock.receptors.polymer import Polymer
    from dock.receptors.settings import ReceptorSettings

NM_TO_A = 10.0
WATER = "HOH"
HETERO_NAMES = frozenset({WATER, *ION_CHARGES})
REPAIR = "leave the residue out by choosing chains or a range, or mend the file"
SEED = 1  # of PDBFixer's annealing
CHAIN_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits


@dataclass
class Segment:
    """An unbroken stretch of a chain, with what is to be added at its ends and inside.

    Attributes
    ----------
    residues : list of gemmi.Residue
    keys : list of ResidueKey
        Of every residue of the finished segment: caps and built loops included.
    additions : dict of int to list of str
        Names of the residues to be built before the residue of that index.
    """

    residues: list[gemmi.Residue]
    keys: list[ResidueKey]
    additions: dict[int, list[str]] = field(default_factory=dict)


def complete(
    polymers: Sequence[Polymer], ions: Sequence[Ion], settings: ReceptorSettings
) -> tuple[Topology, NDArray[np.float64], dict[str, Any]]:
    """Return a complete, protonated structure of the polymers and the ions.

    Returns
    -------
    topology : openmm.app.Topology
        With the author's chains, numbers and insertion codes.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    notes : dict
        What was ``built``, ``capped`` and ``rebuilt``, disulfides and protonation.

    Raises
    ------
    StructureError
        If the structure cannot be completed.
    """
    from openmm import unit
    from openmm.app import Modeller

    notes: dict[str, Any] = {}
    segments = [segment for polymer in polymers for segment in _segments(polymer, settings, notes)]
    if len(segments) > len(CHAIN_LETTERS):
        raise StructureError(
            polymers[0].name, f"is broken into {len(segments)} pieces", "choose fewer chains"
        )
    try:
        topology, positions = _heavy_atoms(segments, notes)
    except Exception as error:  # PDBFixer raises whatever an odd residue causes
        raise StructureError(polymers[0].name, f"PDBFixer cannot complete it ({error})", REPAIR) from error
    keys = [key for segment in segments for key in segment.keys]
    many = len({key.chain for key in keys}) > 1
    labels = [key.label(r.name, many) for key, r in zip(keys, topology.residues(), strict=True)]
    cations = np.array([ion.place for ion in ions if ion.charge > 0]).reshape(-1, 3) / NM_TO_A
    states, notes["protonation"] = choose_states(topology, positions, labels, cations, settings)
    modeller = Modeller(topology, positions * unit.nanometer)
    if ions:
        modeller.add(_ion_topology(ions), np.array([ion.place for ion in ions]) / NM_TO_A * unit.nanometer)
    try:
        modeller.addHydrogens(pH=7.0, variants=[*states, *(None for _ in ions)])
    except Exception as error:  # OpenMM raises whatever an odd bond causes
        raise StructureError(polymers[0].name, f"cannot be protonated ({error})", REPAIR) from error
    notes["disulfides"] = [
        f"{labels[a.residue.index]}-{labels[b.residue.index]}"
        for a, b in modeller.topology.bonds()
        if a.name == b.name == "SG"
    ]
    _note_histidines(modeller.topology, labels, notes["protonation"])
    named = _renamed(modeller.topology, [*keys, *(ion.key for ion in ions)])
    return named, np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float), notes


def _segments(polymer: Polymer, settings: ReceptorSettings, notes: dict[str, Any]) -> list[Segment]:
    """Split a chain where it is broken, short gaps excepted; note gaps, loops and caps."""
    keys = polymer.keys
    pieces = polymer.segments()
    found = [Segment([polymer.residues[i] for i in pieces[0]], [keys[i] for i in pieces[0]])]
    for before, piece in pairwise(pieces):
        one, two = before[-1], piece[0]
        missing = polymer.missing_between(one, two)
        between = f"{polymer.name}:{keys[one].number}-{keys[two].number}"
        residues, own = [polymer.residues[i] for i in piece], [keys[i] for i in piece]
        if missing and len(missing) <= settings.max_loop:
            notes.setdefault("built_loops", []).append(f"{between}: {' '.join(missing)}")
            last = found[-1]
            last.additions[len(last.residues)] = missing
            last.residues += residues
            last.keys += [*_numbers_between(keys[one], keys[two], len(missing)), *own]
            continue
        count = keys[two].number - keys[one].number - 1
        size = f"{count} residues missing" if count > 0 else "no residue missing by number"
        notes.setdefault("gaps", []).append(f"{between}: {size}, capped")
        found.append(Segment(residues, own))
    ends = {"start": polymer.places[0] == 1, "end": polymer.places[-1] == len(polymer.sequence) > 0}
    for number, segment in enumerate(found):
        if number > 0 or (settings.cap_termini and not ends["start"]):
            segment.additions = {0: ["ACE"], **segment.additions}
            segment.keys.insert(0, ResidueKey(polymer.name, segment.keys[0].number - 1))
            notes.setdefault("caps", []).append(f"ACE before {segment.keys[1].label('', True)}")
        if number < len(found) - 1 or (settings.cap_termini and not ends["end"]):
            segment.additions[len(segment.residues)] = ["NME"]
            segment.keys.append(ResidueKey(polymer.name, segment.keys[-1].number + 1))
            notes.setdefault("caps", []).append(f"NME after {segment.keys[-2].label('', True)}")
    return found


def _numbers_between(one: ResidueKey, two: ResidueKey, count: int) -> list[ResidueKey]:
    """Return addresses for built residues: the free numbers, or else insertion codes."""
    if two.number - one.number - 1 >= count:
        return [ResidueKey(one.chain, one.number + 1 + step) for step in range(count)]
    letters = [letter for letter in string.ascii_uppercase if letter > one.insertion]
    return [ResidueKey(one.chain, one.number, letters[step]) for step in range(count)]


def _heavy_atoms(segments: Sequence[Segment], notes: dict[str, Any]) -> tuple[Topology, NDArray[np.float64]]:
    """Build what is missing, with PDBFixer, and put right what comes out with the wrong hand."""
    from openmm import unit
    from pdbfixer import PDBFixer

    # The format has room for four digits before the point: the structure goes to the origin and back.
    everything = np.vstack([coordinates(segment.residues) for segment in segments])
    origin = np.round(everything.mean(axis=0))
    fixer = PDBFixer(pdbfile=io.StringIO(_pdb_block(segments, origin)))
    fixer.missingResidues = {
        (number, index): names
        for number, segment in enumerate(segments)
        for index, names in segment.additions.items()
    }
    fixer.nonstandardResidues = []
    given = {
        (residue.chain.index, residue.id, atom.name)
        for residue in fixer.topology.residues()
        for atom in residue.atoms()
    }
    fixer.findMissingAtoms()
    notes["rebuilt"] = [
        f"{segments[residue.chain.index].keys[int(residue.id) - 1].label(residue.name, True)}:"
        f" {' '.join(atom.name for atom in atoms)}"
        for residue, atoms in fixer.missingAtoms.items()
    ]
    fixer.addMissingAtoms(seed=SEED)
    topology = fixer.topology
    positions = np.array(fixer.positions.value_in_unit(unit.nanometer), dtype=float)
    built = np.array([(a.residue.chain.index, a.residue.id, a.name) not in given for a in topology.atoms()])
    positions, mended = mend_hands(topology, positions, built)
    if mended:
        notes["mended_hands"] = f"{len(mended)} centres built with the wrong hand were turned round"
    return topology, positions + origin / NM_TO_A


def _numbers(segment: Segment) -> list[int]:
    """Return the place of each residue with coordinates among all of the finished segment, from 1."""
    before = 0
    numbers = []
    for index in range(len(segment.residues)):
        before += len(segment.additions.get(index, ()))
        numbers.append(index + before + 1)
    return numbers


def _pdb_block(segments: Sequence[Segment], origin: NDArray[np.float64]) -> str:
    """Return PDB text, moved by an origin in angstrom, with a chain for each segment and residues counted in it, whatever the author's."""
    import gemmi

    structure = gemmi.Structure()
    model = gemmi.Model(1)
    for letter, segment in zip(CHAIN_LETTERS, segments, strict=False):
        chain = gemmi.Chain(letter)
        for number, residue in zip(_numbers(segment), segment.residues, strict=True):
            added = chain.add_residue(residue)
            added.seqid = gemmi.SeqId(number, " ")
            added.het_flag = "A"
            for atom in added:
                atom.pos -= gemmi.Position(*origin)
        model.add_chain(chain)
    structure.add_model(model)
    structure.setup_entities()
    return str(structure.make_pdb_string(gemmi.PdbWriteOptions(minimal=True)))


def _note_histidines(topology: Topology, labels: Sequence[str], notes: dict[str, Any]) -> None:
    for residue in topology.residues():
        if residue.name == "HIS":
            protons = {atom.name for atom in residue.atoms()} & {"HD1", "HE2"}
            notes.setdefault("histidines", {})[labels[residue.index]] = "+".join(sorted(protons))


def _renamed(topology: Topology, keys: Sequence[ResidueKey]) -> Topology:
    """Return a topology with the author's chains, numbers and insertion codes.

    The segments of a chain become one chain again; ions and waters come after, apart from it.
    """
    from openmm.app import Topology

    renamed = Topology()
    chains: dict[tuple[str, bool], Any] = {}
    atoms = []
    for residue, key in zip(topology.residues(), keys, strict=True):
        place = (key.chain, residue.name in HETERO_NAMES)
        if place not in chains:
            chains[place] = renamed.addChain(key.chain)
        new = renamed.addResidue(residue.name, chains[place], str(key.number), key.insertion)
        atoms += [renamed.addAtom(atom.name, atom.element, new) for atom in residue.atoms()]
    for a, b in topology.bonds():
        renamed.addBond(atoms[a.index], atoms[b.index])
    return renamed


def _ion_topology(ions: Sequence[Ion]) -> Topology:
    """Return ions, and waters without their hydrogens, each as a chain."""
    from openmm.app import Element, Topology

    topology = Topology()
    for ion in ions:
        residue = topology.addResidue(ion.name, topology.addChain())
        symbol = "O" if ion.name == WATER else ion.name.capitalize()
        topology.addAtom("O" if ion.name == WATER else ion.name, Element.getBySymbol(symbol), residue)
    return topology
