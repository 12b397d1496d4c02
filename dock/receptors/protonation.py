"""Protonation of a protein's titratable residues at a pH, by PROPKA 3 (Olsson et al. 2011)."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import StructureError
from dock.receptors.addresses import Address, readdressed
from dock.receptors.entry import matching_residues
from dock.receptors.names import AMINO_ACID_NAMES
from dock.receptors.segments import CHAIN_LETTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Residue, Topology

    from dock.receptors.settings import ReceptorSettings

# The states with templates in ff14SB, deprotonated first. HIS: which nitrogen is for the hydrogen-bond network to say.
STATES: dict[str, tuple[str | None, str]] = {
    "ASP": ("ASP", "ASH"),
    "GLU": ("GLU", "GLH"),
    "LYS": ("LYN", "LYS"),
    "HIS": (None, "HIP"),
}
NEAR = 1.0  # pH units: a pKa this near to the pH decides nothing for certain (PROPKA errs by about one)
BINDS = 2.8  # angstrom from a nitrogen or sulfur to a cation that it binds
HELD = 5.0  # angstrom from a carboxylate oxygen to a cation that keeps it charged
PROTONATED = frozenset(state for _, state in STATES.values())
NOWHERE = np.zeros((0, 3))
METAL_BOND = 2.6  # angstrom from a phenol's oxygen or an amine to a metal that has taken its proton's place
CAPS = frozenset({"ACE", "NME"})
# What keeps its proton whatever PROPKA says: anions of these are rarer than PROPKA's error suggests.
KEPT = ("CYS", "TYR")


def predicted_pkas(topology: Topology, positions: NDArray[np.float64]) -> dict[int, float]:
    """Return PROPKA's pKa of each titratable residue, by the index of the residue.

    Parameters
    ----------
    topology
        Heavy atoms of the protein.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.

    Raises
    ------
    StructureError
        If PROPKA cannot digest the structure.
    """
    import propka.run
    from openmm import unit
    from openmm.app import Modeller, PDBFile

    modeller = Modeller(topology, positions * unit.nanometer)
    modeller.delete([residue for residue in topology.residues() if residue.name in CAPS])
    protein = [residue for residue in topology.residues() if residue.name not in CAPS]
    addresses = [
        Address(CHAIN_LETTERS[chain.index], str(count))
        for chain in modeller.topology.chains()
        for count, _ in enumerate(chain.residues(), start=1)
    ]
    text = io.StringIO()
    numbered = readdressed(modeller.topology, addresses)
    PDBFile.writeFile(numbered, modeller.positions, text, keepIds=True)
    text.seek(0)
    # It warns of every group that it looks at twice.
    logging.getLogger("propka").setLevel(logging.ERROR)
    try:
        molecule = propka.run.single("receptor.pdb", optargs=["--quiet"], stream=text, write_pka=False)
    except Exception as error:  # PROPKA raises whatever an odd residue causes
        raise StructureError("PROPKA", f"cannot read the prepared structure ({error})") from error
    by_place = {
        (address.chain, int(address.number)): original.index
        for address, original in zip(addresses, protein, strict=True)
    }
    return {
        by_place[group.atom.chain_id, int(group.atom.res_num)]: float(group.pka_value)
        for group in molecule.conformations["AVR"].get_titratable_groups()
        if group.residue_type in (*STATES, *KEPT)
    }


def choose_states(
    topology: Topology,
    positions: NDArray[np.float64],
    labels: Sequence[str],
    cations: NDArray[np.float64],
    named: Mapping[int, str],
    settings: ReceptorSettings,
    absent: NDArray[np.float64] = NOWHERE,
    only_chain: str = "",
) -> tuple[list[str | None], dict[str, Any]]:
    """Return the protonation state of each residue, as OpenMM names variants, and the record.

    An acid that holds a cation stays charged, whatever PROPKA says without the cation. So does what held
    a metal that could not be kept, but for cysteines, which nothing would neutralise. A residue that the file
    calls by a state has it: whoever wrote the file had decided. The settings come before all of these.

    Parameters
    ----------
    labels
        Name of each residue, such as ``ASP98``, in the order of the topology.
    cations : numpy.ndarray, shape (n, 3)
        Of the receptor, in nanometres.
    named
        What the file calls residues by their state, such as ``HISE``, by the index of the residue.
    absent : numpy.ndarray, shape (n, 3)
        Metals of the entry that the receptor lacks, in nanometres.
    only_chain
        Name of the chain where there is one alone, which the labels leave out.

    Raises
    ------
    StructureError
        If the settings name a residue that is not there or a state that it does not have.
    """
    pkas = predicted_pkas(topology, positions)
    wanted = _overrides(topology, labels, settings, only_chain)
    states: list[str | None] = []
    notes: dict[str, Any] = {"pH": settings.ph, "method": f"PROPKA {version('propka')}"}
    for residue in topology.residues():
        label, pka = labels[residue.index], pkas.get(residue.index)
        own = cations if residue.name == "CYS" else np.vstack([cations, absent])
        state, kind, why = _decided(residue, pka, wanted, positions, own, settings.ph)
        if residue.index in named and kind in ("", "changed", "left_neutral"):
            state, kind, why = _as_named(named[residue.index], (state, kind, why), pka, settings.ph)
        states.append(state)
        if kind:
            notes.setdefault(kind, {})[label] = why
        at_metals = _beyond_templates(residue, positions, own)
        if at_metals:
            notes.setdefault("at_metals", {})[label] = at_metals
        if pka is not None and abs(pka - settings.ph) < NEAR and kind in ("", "changed"):
            notes.setdefault("uncertain", {})[label] = f"pKa {pka:.1f}"
    return states, notes


def _decided(
    residue: Residue,
    pka: float | None,
    wanted: Mapping[int, str],
    positions: NDArray[np.float64],
    cations: NDArray[np.float64],
    ph: float,
) -> tuple[str | None, str, str]:
    """Return the state of a residue, and for the record what kind of decision it was, and why."""
    shown = "" if pka is None else f"PROPKA: pKa {pka:.1f}"
    if residue.index in wanted:
        return wanted[residue.index], "overridden", f"{wanted[residue.index]}, {shown}"
    bound = _bound_state(residue, positions, cations)
    if bound is not None:
        return bound, "held_by_cations", f"{bound}: it binds a cation"
    if pka is None or residue.name not in STATES:
        left = pka is not None and pka < ph
        return None, "left_neutral" if left else "", f"{shown}, left with its proton all the same"
    without, with_proton = STATES[residue.name]
    state = with_proton if pka > ph else without
    usual = with_proton if residue.name == "LYS" else without
    if state == usual:
        return state, "", ""
    if residue.name in ("ASP", "GLU") and _holds(residue, positions, cations):
        return usual, "held_by_cations", f"{shown} without the cation; left charged"
    return state, "changed", f"{state}, pKa {pka:.1f}"


def _as_named(
    name: str, decided: tuple[str | None, str, str], pka: float | None, ph: float
) -> tuple[str | None, str, str]:
    """Return the state that a residue's name in the file says, and for the record what it rests on."""
    meaning = AMINO_ACID_NAMES[name.upper()]
    if meaning.lost:
        return (
            None,
            "named_otherwise",
            f"{meaning.lost} by its name {name}, which there are no parameters for",
        )
    if not meaning.state:
        return decided
    shown = "" if pka is None else f"; PROPKA: pKa {pka:.1f}"
    with_proton = meaning.state in PROTONATED
    against = pka is not None and meaning.parent in STATES and (pka > ph) != with_proton
    kind = "named_against_propka" if against else "named"
    return meaning.state, kind, f"{meaning.state} by its name {name}{shown}"


def _holds(residue: Residue, positions: NDArray[np.float64], cations: NDArray[np.float64]) -> bool:
    """Return whether a carboxylate oxygen lies within 5 A of a cation."""
    oxygens = [atom.index for atom in residue.atoms() if atom.name in ("OD1", "OD2", "OE1", "OE2")]
    if not len(cations) or not oxygens:
        return False
    apart = np.linalg.norm(positions[oxygens][:, None] - cations[None], axis=2)
    return bool(apart.min() <= HELD / 10.0)


def _bound_state(
    residue: Residue, positions: NDArray[np.float64], cations: NDArray[np.float64]
) -> str | None:
    """Return the state of a histidine or cysteine that binds a cation: no proton on the atom that does."""
    free = {"HIS": {"NE2": "HID", "ND1": "HIE"}, "CYS": {"SG": "CYX"}}.get(residue.name, {})
    for atom in residue.atoms():
        if atom.name in free and len(cations):
            nearest = np.linalg.norm(cations - positions[atom.index], axis=1).min()
            if nearest <= BINDS / 10.0:
                return free[atom.name]
    return None


def _beyond_templates(residue: Residue, positions: NDArray[np.float64], cations: NDArray[np.float64]) -> str:
    """Say what of a residue at a metal the force field has no state for; empty if it has one."""
    names = {"HIS": ("ND1", "NE2"), "TYR": ("OH",), "LYS": ("NZ",)}.get(residue.name, ())
    reach = BINDS if residue.name == "HIS" else METAL_BOND
    bound = [
        atom.name
        for atom in residue.atoms()
        if atom.name in names
        and len(cations)
        and np.linalg.norm(cations - positions[atom.index], axis=1).min() <= reach / 10.0
    ]
    if residue.name == "HIS":
        both = "binds cations with both nitrogens: one keeps its proton, and which is a guess"
        return both if len(bound) == 2 else ""
    return f"binds a cation with {bound[0]}: it keeps its proton, which is a guess" if bound else ""


def _overrides(
    topology: Topology, labels: Sequence[str], settings: ReceptorSettings, only_chain: str
) -> dict[int, str]:
    residues = list(topology.residues())
    found: dict[int, str] = {}
    for label, state in settings.protonation.items():
        indices = matching_residues(label, labels, only_chain)
        if not indices:
            raise StructureError(label, "is no residue of the receptor", "write it as ASP98, or A:ASP98")
        index = indices[0]
        name = residues[index].name
        possible = ("HID", "HIE", "HIP") if name == "HIS" else STATES.get(name, ())
        if state not in possible:
            have = ", ".join(choice for choice in possible if choice) or "none that can be changed"
            raise StructureError(label, f"has no state {state}", f"it has {have}")
        found[index] = state
    return found
