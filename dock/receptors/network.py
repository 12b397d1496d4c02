"""The hydrogen-bond network: flips of Asn, Gln and His, and tautomers of His, by PDB2PQR (Dolinsky et al. 2007).

An electron density of ordinary resolution does not tell the ends of these side chains apart. PDB2PQR
settles them by their hydrogen bonds, greedily: on thin evidence it ends where it began. So it is asked
twice, once with every free side chain as deposited and once with every one turned. A side chain is turned
where both answers do so and its contacts are the better for it; else it is left as deposited. It knows
neither ions nor ligands: these are looked at first.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.contacts import CONTACT, ENDS, Contact, balance, contacts, exchanged
from dock.receptors.entry import matching_residues
from dock.receptors.optimiser import Outcome, ask

if TYPE_CHECKING:
    import gemmi
    from numpy.typing import NDArray
    from openmm.app import Residue, Topology

    from dock.receptors.hetero import Hetero
    from dock.receptors.ions import Ion
    from dock.receptors.settings import ReceptorSettings

ION_REACH = 4.0  # angstrom from an end to an ion that it holds, placed ones included
ION_BOND = 3.5  # the same where it is near enough to say which end belongs there
METAL_BOND = 2.8  # angstrom from an end to a metal that could not be kept
BONDED = 2.0  # angstrom: a glycan at the nitrogen of an asparagine
# Of a free histidine in water about four in five (Reynolds et al., J. Am. Chem. Soc. 95, 328, 1973).
COMMON = "HIE"
TAUTOMERS = frozenset({"HID", "HIE"})


@dataclass(frozen=True)
class Hold:
    """Why a side chain is not PDB2PQR's to turn.

    Attributes
    ----------
    why : str
    turn : bool
        Whether it is turned all the same.
    tautomer : str
        That of a histidine, where it follows; empty otherwise.
    """

    why: str
    turn: bool = False
    tautomer: str = ""


@dataclass
class Network:
    """What was settled.

    Attributes
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres, the ends of turned side chains exchanged.
    tautomers : dict of int to str
        ``HID`` or ``HIE`` of each histidine whose state was open, by the index of the residue.
    notes : dict
        For the record: what was ``turned``, ``held`` and ``left``, the ``tautomers``, and why.
    """

    positions: NDArray[np.float64]
    tautomers: dict[int, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def turn(self, residue: Residue, label: str, why: str) -> None:
        """Exchange the ends of a side chain."""
        self.positions = exchanged(self.positions, [residue])
        self.note("turned", label, why)

    def choose(self, residue: Residue, label: str, state: str, why: str) -> None:
        """Give a histidine its tautomer."""
        self.tautomers[residue.index] = state
        self.note("tautomers", label, f"{state}: {why}")

    def note(self, kind: str, label: str, why: str) -> None:
        """Write down a decision."""
        self.notes.setdefault(kind, {})[label] = why


def settle_network(
    topology: Topology,
    positions: NDArray[np.float64],
    labels: Sequence[str],
    states: Sequence[str | None],
    ions: Sequence[Ion],
    hetero: Sequence[Hetero],
    settings: ReceptorSettings,
    only_chain: str = "",
) -> Network:
    """Settle which way Asn, Gln and His lie, and which nitrogen of a neutral His has the proton.

    A side chain that holds an ion lies with its oxygen at a cation, its nitrogen at an anion. One
    that touches a ligand, or bears a glycan, stays as deposited: whoever built it saw both. The
    settings come before everything.

    Parameters
    ----------
    topology
        Heavy atoms of the protein.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    labels
        Name of each residue, in the order of the topology.
    states
        Protonation state of each residue, as OpenMM names variants; None where it is open.
    hetero
        The entry's own hetero residues, kept or not.
    only_chain
        Name of the chain where there is one alone, which the labels leave out.

    Raises
    ------
    StructureError
        If the settings name a residue that cannot be turned, or PDB2PQR cannot digest the structure.
    """
    network = Network(positions.copy())
    network.notes["method"] = f"PDB2PQR {version('pdb2pqr')}, asked from both orientations of each side chain"
    wanted = _overrides(topology, labels, settings, only_chain)
    free, holds = [], {}
    for residue in topology.residues():
        if residue.name not in ENDS:
            continue
        if residue.index in wanted:
            hold: Hold | None = Hold("by the settings", wanted[residue.index])
        else:
            hold = _held(residue, positions, ions, hetero)
        if hold is not None:
            holds[residue.index] = hold
            if hold.turn:
                network.turn(residue, labels[residue.index], hold.why)
            else:
                network.note("held", labels[residue.index], hold.why)
        elif states[residue.index] not in TAUTOMERS:
            free.append(residue)
    settled = network.positions
    answers = ask(topology, settled, states, free), ask(topology, exchanged(settled, free), states, free)
    outcomes = {}
    for residue in free:
        outcome, other = (answer[residue.index] for answer in answers)
        outcomes[residue.index] = (outcome, Outcome(not other.turned, other.bonded, other.state))
        _decide(network, residue, labels, outcomes[residue.index])
    for residue in topology.residues():
        index, label = residue.index, labels[residue.index]
        if residue.name != "HIS" or states[index] is not None:
            continue
        if index in holds and holds[index].tautomer:
            network.choose(residue, label, holds[index].tautomer, holds[index].why)
            continue
        turned = label in network.notes.get("turned", {})
        seen = {
            outcome.state
            for outcome in outcomes.get(index, ())
            if outcome.bonded and outcome.turned == turned
        }
        near = contacts(residue, network.positions, labels)
        network.choose(residue, label, *_tautomer(seen & TAUTOMERS, near))
    return network


def _overrides(
    topology: Topology, labels: Sequence[str], settings: ReceptorSettings, only_chain: str
) -> dict[int, bool]:
    names = [residue.name for residue in topology.residues()]
    found: dict[int, bool] = {}
    for label, turn in settings.flips.items():
        indices = matching_residues(label, labels, only_chain)
        if not indices or names[indices[0]] not in ENDS:
            raise StructureError(label, "is no Asn, Gln or His of the receptor", "write it as ASN101")
        found[indices[0]] = turn
    return found


def _held(
    residue: Residue, positions: NDArray[np.float64], ions: Sequence[Ion], hetero: Sequence[Hetero]
) -> Hold | None:
    """Return what tells how a side chain lies without PDB2PQR, if something does."""
    atoms = {atom.name: positions[atom.index] * NM_TO_A for atom in residue.atoms()}
    polar = [name for pair in ENDS[residue.name] for name in pair if name[0] in "NO"]
    reached = [
        (float(np.linalg.norm(atoms[name] - ion.place)), name, ion)
        for ion in ions
        if ion.charge
        for name in polar
    ]
    apart, name, ion = min(reached, key=lambda contact: contact[0], default=(np.inf, "", None))
    if ion is not None and apart <= ION_REACH:
        why = f"{name} {apart:.1f} A from {ion.name} {ion.key.number}"
        if residue.name == "HIS":
            return Hold(why, tautomer=_with_proton(name, ion.charge < 0))
        if apart <= ION_BOND and (name[0] == "N") == (ion.charge > 0):
            return Hold(f"{why}: the {'oxygen' if ion.charge > 0 else 'nitrogen'} belongs there", turn=True)
        return Hold(why)
    for group in hetero:
        for atom in group.residue:
            place = np.array(atom.pos.tolist())
            for name in polar:
                apart = float(np.linalg.norm(atoms[name] - place))
                if apart <= _reach(atom):
                    why = f"{name} {apart:.1f} A from {atom.name} of {group}"
                    free = atom.element.is_metal  # which has taken the place of a proton
                    return Hold(why, tautomer=_with_proton(name, not free) if residue.name == "HIS" else "")
    return None


def _reach(atom: gemmi.Atom) -> float:
    """Return within which distance, in angstrom, a polar end is at an atom of a hetero residue."""
    if atom.element.is_metal:
        return METAL_BOND
    return CONTACT if atom.element.name in "NOS" else BONDED


def _with_proton(nitrogen: str, there: bool) -> str:
    """Return the tautomer of a histidine with its proton at a nitrogen, or at the other."""
    return "HID" if (nitrogen == "ND1") == there else "HIE"


def _decide(
    network: Network, residue: Residue, labels: Sequence[str], outcomes: tuple[Outcome, Outcome]
) -> None:
    """Turn a side chain where both answers do and its contacts are the better for it."""
    label = labels[residue.index]
    if not any(outcome.turned for outcome in outcomes):
        return
    here = contacts(residue, network.positions, labels)
    there = contacts(residue, exchanged(network.positions, [residue]), labels)
    better = balance(there) > balance(here)
    if better and all(outcome.turned and outcome.bonded for outcome in outcomes):
        network.turn(residue, label, f"{_listed(there)}; as deposited: {_listed(here)}")
    elif outcomes[0].turned:
        why = "turns it back when asked again" if better else "its contacts are not the better for it"
        network.note("left", label, f"PDB2PQR would turn it, but {why}")


def _tautomer(seen: Set[str], near: Sequence[Contact]) -> tuple[str, str]:
    """Return the tautomer of a histidine, and why.

    PDB2PQR's where a hydrogen bond decided it, in the orientation chosen; else by what is near
    (PDB2PQR wants bonds within 20 degrees of straight); else the commoner one in water.

    Parameters
    ----------
    seen
        The tautomers that PDB2PQR gave it by a hydrogen bond.
    """
    if len(seen) == 1:
        return next(iter(seen)), f"PDB2PQR, {_listed(near) if near else 'by a long hydrogen bond'}"
    giving = {contact.end for contact in near if contact.kind == "donor"}
    wanting = {contact.end for contact in near if contact.kind == "acceptor"} - giving
    for ends, proton_there in ((wanting, True), (giving, False)):
        if len(ends) == 1:
            return _with_proton(ends.pop(), proton_there), _listed(near)
    return COMMON, "no hydrogen bond decides; the commoner one in water"


def _listed(near: Sequence[Contact]) -> str:
    return ", ".join(map(str, near)) or "no contact"
