"""Completion: missing atoms, short loops, caps and hydrogens (PDBFixer, OpenMM)."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.caps import place_caps, take_caps
from dock.receptors.chirality import mend_hands
from dock.receptors.entry import ResidueKey
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.ions import Ion
from dock.receptors.names import AMINO_ACID_NAMES, NUCLEOTIDES, WATER
from dock.receptors.network import settle_network
from dock.receptors.polymer import coordinates
from dock.receptors.protonation import choose_states
from dock.receptors.segments import CHAIN_LETTERS, Segment, make_segments
from dock.receptors.side_chains import BORROWED
from dock.receptors.strands import Strand, build_strands, strand_notes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import Platform
    from openmm.app import Topology

    from dock.receptors.hetero import Hetero
    from dock.receptors.polymer import Polymer
    from dock.receptors.settings import ReceptorSettings

HETERO_NAMES = frozenset({WATER, *ION_CHARGES})
REPAIR = "leave the residue out by choosing chains or a range, or mend the file"
SEED = 1  # of PDBFixer's annealing, and of the places where OpenMM's hydrogens start
THREADS = "Threads"  # OpenMM's name of that property


def complete(
    polymers: Sequence[Polymer],
    ions: Sequence[Ion],
    hetero: Sequence[Hetero],
    settings: ReceptorSettings,
    strands: Sequence[Strand] = (),
) -> tuple[Topology, NDArray[np.float64], NDArray[np.float64], dict[str, Any]]:
    """Return a complete, protonated structure of the polymers, the nucleic acid and the ions, in this order.

    Parameters
    ----------
    hetero
        What the entry has besides and the receptor lacks: it may show how a side chain lies, and what held a metal.

    Returns
    -------
    topology : openmm.app.Topology
        With the author's chains, numbers and insertion codes.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    deposited : numpy.ndarray, shape (n_atoms, 3)
        Where the entry itself has an atom, in angstrom; NaN for what was built or comes from elsewhere.
    notes : dict
        What was ``built``, ``capped`` and ``rebuilt``, disulfides, protonation and hydrogen-bond network.

    Raises
    ------
    StructureError
        If the structure cannot be completed.
    """
    from openmm import unit
    from openmm.app import Modeller

    notes: dict[str, Any] = {}
    taken = [ion.key for ion in ions] + [key for strand in strands for key in strand.keys]
    segments = [s for polymer in polymers for s in make_segments(polymer, taken, settings, notes)]
    if len(segments) > len(CHAIN_LETTERS):
        raise StructureError(
            polymers[0].name, f"is broken into {len(segments)} pieces", "choose fewer chains"
        )
    try:
        topology, positions, seen = _heavy_atoms(segments, notes)
    except Exception as error:  # PDBFixer raises whatever an odd residue causes
        raise StructureError(polymers[0].name, f"PDBFixer cannot complete it ({error})", REPAIR) from error
    keys = [key for segment in segments for key in segment.keys]
    caps = take_caps(topology, positions, hetero)
    for cap in caps:
        positions = cap.put(positions)
        seen |= {(cap.index, name) for name in cap.places}
    if caps:
        notes["caps_of_the_file"] = [str(cap.group) for cap in caps]
    hetero = [group for group in hetero if all(group is not cap.group for cap in caps)]
    chains = {key.chain for key in keys}
    only_chain = min(chains) if len(chains) == 1 else ""
    labels = [key.label(r.name, not only_chain) for key, r in zip(keys, topology.residues(), strict=True)]
    cations = np.array([ion.place for ion in ions if ion.charge > 0]).reshape(-1, 3) / NM_TO_A
    lost = [group.metals for group in hetero if ION_CHARGES.get(group.name, 2) > 1]
    absent = np.vstack([np.zeros((0, 3)), *lost]) / NM_TO_A
    called = {key: name for polymer in polymers for key, name in polymer.named.items()}
    named = {
        index: called[key]
        for index, key in enumerate(keys)
        if called.get(key, "").upper() in AMINO_ACID_NAMES
    }
    given = labels, cations, named, settings, absent, only_chain
    states, notes["protonation"] = choose_states(topology, positions, *given)
    around = [*hetero, *(group for strand in strands for group in strand.groups)]
    network = settle_network(topology, positions, labels, states, ions, around, settings, only_chain)
    notes["network"] = network.notes
    if "turned" in network.notes:  # what PROPKA saw of these was upside down
        positions = network.positions
        states, notes["protonation"] = choose_states(topology, positions, *given)
    states = [state or network.tautomers.get(index) for index, state in enumerate(states)]
    modeller = Modeller(topology, positions * unit.nanometer)
    if strands:
        built = build_strands(strands)
        modeller.add(built.topology, built.positions * unit.nanometer)
        notes["nucleic_acid"] = strand_notes(strands)
        seen |= {(len(keys) + index, name) for index, name in built.seen}
        states += [None] * len(built.keys)
        keys += built.keys
    if ions:
        modeller.add(_ion_topology(ions), np.array([ion.place for ion in ions]) / NM_TO_A * unit.nanometer)
    try:
        variants = [*states, *(None for _ in ions)]
        with _repeatably() as platform:
            modeller.addHydrogens(pH=7.0, variants=variants, platform=platform)
    except Exception as error:  # OpenMM raises whatever an odd bond causes
        raise StructureError(polymers[0].name, f"cannot be protonated ({error})", REPAIR) from error
    notes["disulfides"] = [
        f"{labels[a.residue.index]}-{labels[b.residue.index]}"
        for a, b in modeller.topology.bonds()
        if a.name == b.name == "SG"
    ]
    _note_histidines(modeller.topology, labels, notes["protonation"])
    named = _renamed(modeller.topology, [*keys, *(ion.key for ion in ions)])
    placed = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float)
    # Residues keep their order, so that no address is needed to tell which atoms were there.
    seen |= {(len(keys) + n, ion.atom) for n, ion in enumerate(ions) if ion.seen}
    here = np.array([(atom.residue.index, atom.name) in seen for atom in modeller.topology.atoms()])
    deposited = np.where(here[:, None], placed * NM_TO_A, np.nan)
    return named, placed, deposited, notes


def _heavy_atoms(
    segments: Sequence[Segment], notes: dict[str, Any]
) -> tuple[Topology, NDArray[np.float64], set[tuple[int, str]]]:
    """Build what is missing, with PDBFixer, and put right what comes out with the wrong hand.

    Returns
    -------
    topology, positions
        Positions of shape (n_atoms, 3) in nanometres.
    seen : set of (int, str)
        Index of the residue and name of each atom that is where the entry itself has it.
    """
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
    own = {
        (chain, str(number), atom.name): atom.flag != BORROWED
        for chain, segment in enumerate(segments)
        for number, residue in zip(segment.numbers(), segment.residues, strict=True)
        for atom in residue
    }
    fixer.findMissingAtoms()
    notes["rebuilt"] = [
        f"{segments[residue.chain.index].keys[int(residue.id) - 1].label(residue.name, True)}:"
        f" {' '.join(atom.name for atom in atoms)}"
        for residue, atoms in fixer.missingAtoms.items()
    ]
    with _repeatably() as fixer.platform:
        fixer.addMissingAtoms(seed=SEED)
    topology = fixer.topology
    positions = place_caps(topology, np.array(fixer.positions.value_in_unit(unit.nanometer), dtype=float))
    addresses = [(a.residue.chain.index, a.residue.id, a.name) for a in topology.atoms()]
    built = np.array([address not in own for address in addresses])
    seen = {
        (atom.residue.index, atom.name)
        for atom, address in zip(topology.atoms(), addresses, strict=True)
        if own.get(address, False)
    }
    positions, mended = mend_hands(topology, positions, built)
    if mended:
        notes["mended_hands"] = f"{len(mended)} centres built with the wrong hand were turned round"
    return topology, positions + origin / NM_TO_A, seen


def _pdb_block(segments: Sequence[Segment], origin: NDArray[np.float64]) -> str:
    """Return PDB text, moved by an origin in angstrom, with a chain for each segment and residues counted in it, whatever the author's."""
    import gemmi

    structure = gemmi.Structure()
    model = gemmi.Model(1)
    for letter, segment in zip(CHAIN_LETTERS, segments, strict=False):
        chain = gemmi.Chain(letter)
        for number, residue in zip(segment.numbers(), segment.residues, strict=True):
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

    The segments of a chain become one chain again; nucleic acid, ions and waters come after, apart from it.
    """
    from openmm.app import Topology

    renamed = Topology()
    chains: dict[tuple[str, str], Any] = {}
    atoms = []
    for residue, key in zip(topology.residues(), keys, strict=True):
        place = (key.chain, _part(residue.name))
        if place not in chains:
            chains[place] = renamed.addChain(key.chain)
        new = renamed.addResidue(residue.name, chains[place], str(key.number), key.insertion)
        atoms += [renamed.addAtom(atom.name, atom.element, new) for atom in residue.atoms()]
    for a, b in topology.bonds():
        renamed.addBond(atoms[a.index], atoms[b.index])
    return renamed


def _part(name: str) -> str:
    """Return what kind of chain a residue is in."""
    return "hetero" if name in HETERO_NAMES else "nucleic acid" if name in NUCLEOTIDES else "protein"


@contextmanager
def _repeatably() -> Iterator[Platform]:
    """Give OpenMM's builders a platform and random numbers with which they do the same every time.

    The platform is that of the CPU, since OpenMM's own choice may be an OpenCL driver that crashes on this; it
    has one thread, since several sum forces in any order. Hydrogens start at places that Python's generator draws.
    """
    from openmm import Platform

    platform = Platform.getPlatformByName("CPU")
    threads, drawn = platform.getPropertyDefaultValue(THREADS), random.getstate()
    platform.setPropertyDefaultValue(THREADS, "1")
    random.seed(SEED)
    try:
        yield platform
    finally:
        random.setstate(drawn)
        platform.setPropertyDefaultValue(THREADS, threads)


def _ion_topology(ions: Sequence[Ion]) -> Topology:
    """Return ions, and waters without their hydrogens, each as a chain."""
    from openmm.app import Element, Topology

    topology = Topology()
    for ion in ions:
        residue = topology.addResidue(ion.name, topology.addChain())
        topology.addAtom(ion.atom, Element.getBySymbol(ion.atom.capitalize()), residue)
    return topology
