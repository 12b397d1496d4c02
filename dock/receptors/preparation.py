"""Preparation of a raw entry by a recipe: what is kept, reverted, rebuilt and protonated."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.catalogue import GraftEntry, Recipe, TargetEntry
from dock.core.errors import StructureError
from dock.core.keys import file_sha256
from dock.receptors.chirality import wrong_hands
from dock.receptors.side_chains import complete_side_chains
from dock.receptors.source import find_entry

if TYPE_CHECKING:
    from Bio.PDB.Chain import Chain
    from Bio.PDB.Residue import Residue
    from numpy.typing import NDArray
    from openmm.app import Modeller, Topology
    from rdkit.Chem import Mol

A_TO_NM = 0.1
SEEDS = range(1, 6)  # of PDBFixer's annealing


@dataclass
class Preparation:
    """A prepared structure and how it came about.

    Attributes
    ----------
    modeller : openmm.app.Modeller
        Topology and positions, hydrogens and ions included.
    deposited : dict
        Coordinates, in angstrom, of every atom whose place is an entry's own, by
        ``(residue number, atom name)``; grafted ions included.
    changes : dict
        Every change that was made, for the record.
    """

    modeller: Modeller
    deposited: dict[tuple[int, str], NDArray[np.float64]]
    changes: dict[str, Any] = field(default_factory=dict)


def prepare(target: TargetEntry) -> Preparation:
    """Prepare the raw entry of a catalogue target as its recipe says.

    The chosen chain is kept within the residue range and its sequence is compared with
    UniProt's. Side chains that differ from it or are truncated are carried over from the
    recipe's donor entry; what the donor lacks too is rebuilt by PDBFixer. Hydrogens are added,
    disulfides found by distance, and the recipe's ions added.

    Raises
    ------
    StructureError
        If an entry cannot be had or read, lacks what the recipe names, or the result has a
        side chain or backbone of the wrong hand.
    """
    recipe = target.recipe
    path = find_entry(recipe.entry)
    chain = read_chain(path, recipe.chain)
    polymer = _polymer(chain, recipe, path)
    ions = [_hetero(chain, path, kept.name, kept.number) for kept in recipe.keep]
    changes: dict[str, Any] = {
        "inputs": {recipe.entry: file_sha256(path)},
        "kept": [f"{kept.name} {kept.number} ({kept.role})" for kept in recipe.keep],
        "dropped": _dropped(chain, recipe),
    }
    own = {
        (residue.id[1], atom.name): np.asarray(atom.coord, dtype=float)
        for residue in polymer
        for atom in residue
        if atom.element != "H"
    }
    polymer, side_chains = complete_side_chains(polymer, _donor_residues(target, changes), target.sequence)
    changes |= side_chains
    deposited = {
        key: own[key]
        for residue in polymer
        for atom in residue
        if (key := (residue.id[1], atom.name)) in own and np.array_equal(atom.coord, own[key])
    }
    modeller = _complete(polymer, target, changes)
    placed = [
        (kept.name, kept.number, next(iter(ion)).coord) for kept, ion in zip(recipe.keep, ions, strict=True)
    ]
    for graft in recipe.graft:
        coordinates, record = _graft(chain, graft)
        placed.append((graft.name, graft.number_here, coordinates))
        changes.setdefault("grafted", []).append(record)
        changes["inputs"][graft.entry] = record.pop("sha256")
    deposited |= {(number, name): np.asarray(xyz, dtype=float) for name, number, xyz in placed}
    _add_ions(modeller, recipe.chain, placed)
    return Preparation(modeller, deposited, changes)


def reference_ligand(target: TargetEntry, template: Mol) -> Mol:
    """Return the entry's own ligand with the template's bonds, charges and hydrogens.

    Parameters
    ----------
    template : rdkit.Chem.Mol
        The ligand as prepared, hydrogens included; its atom order is kept.

    Raises
    ------
    StructureError
        If the entry's residue is another molecule, or its configuration is not the template's.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem import AllChem

    from dock.ligands import stereo
    from dock.ligands.placement import place_heavy_atoms

    reference = target.recipe.reference
    path = find_entry(target.recipe.entry)
    residue = _hetero(read_chain(path, target.recipe.chain), path, reference.name, reference.number)
    subject = f"{reference.name} {reference.number} of {path.name}"
    raw = Chem.MolFromPDBBlock(_residue_block(residue))
    flat = Chem.RemoveHs(template)
    try:
        with rdBase.BlockLogs():
            ordered = AllChem.AssignBondOrdersFromTemplate(Chem.RemoveAllHs(flat), raw)
    except ValueError as error:
        raise StructureError(subject, "is not the reference ligand of the recipe") from error
    Chem.AssignStereochemistryFrom3D(ordered)
    match = ordered.GetSubstructMatch(flat, useChirality=True)
    if not match:
        raise StructureError(subject, f"its configuration is not {stereo.cip_labels(template)}")
    coordinates = ordered.GetConformer().GetPositions()[list(match)]
    return place_heavy_atoms(template, coordinates)


def read_chain(path: Path, chain: str) -> Chain:
    """Read one chain of the first model of a structure file.

    Raises
    ------
    StructureError
        If the file cannot be read or has no such chain.
    """
    from Bio.PDB import MMCIFParser, PDBParser
    from Bio.PDB.PDBExceptions import PDBConstructionWarning

    parser = MMCIFParser(QUIET=True) if path.suffix == ".cif" else PDBParser(QUIET=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PDBConstructionWarning)
            model = next(iter(parser.get_structure(path.stem, str(path))))
    except Exception as error:  # Bio.PDB raises whatever a malformed line causes
        raise StructureError(path, f"cannot be read as a structure ({error})") from error
    if chain not in model:
        raise StructureError(path, f"has no chain {chain}", f"chains: {' '.join(c.id for c in model)}")
    return model[chain]


def _polymer(chain: Chain, recipe: Recipe, path: Path) -> list[Residue]:
    residues = [
        residue
        for residue in chain
        if residue.id[0] == " " and recipe.first_residue <= residue.id[1] <= recipe.last_residue
    ]
    missing = set(range(recipe.first_residue, recipe.last_residue + 1)) - {r.id[1] for r in residues}
    if missing:
        raise StructureError(path, f"lacks residues {sorted(missing)} of the recipe's range")
    return residues


def _dropped(chain: Chain, recipe: Recipe) -> list[str]:
    kept = {(entry.name, entry.number) for entry in recipe.keep}
    return [
        f"{residue.resname} {residue.id[1]}"
        for residue in chain
        if (residue.resname.strip(), residue.id[1]) not in kept
        and not (residue.id[0] == " " and recipe.first_residue <= residue.id[1] <= recipe.last_residue)
    ] + ["every other chain"]


def _hetero(chain: Chain, path: Path, name: str, number: int) -> Residue:
    for residue in chain:
        if residue.id[1] == number and residue.resname.strip() == name:
            return residue
    raise StructureError(path, f"chain {chain.id} has no residue {name} {number}")


def _donor_residues(target: TargetEntry, changes: dict[str, Any]) -> dict[int, Residue]:
    donor = target.recipe.side_chains
    if donor is None:
        return {}
    path = find_entry(donor.entry)
    changes["inputs"][donor.entry] = file_sha256(path)
    return {residue.id[1]: residue for residue in read_chain(path, donor.chain) if residue.id[0] == " "}


def _complete(polymer: list[Residue], target: TargetEntry, changes: dict[str, Any]) -> Modeller:
    """Rebuild and protonate with PDBFixer and OpenMM; note what was done in `changes`."""
    from openmm import unit
    from openmm.app import Modeller
    from pdbfixer import PDBFixer

    recipe = target.recipe
    block = _residues_block(polymer, recipe.chain)
    # PDBFixer anneals what it adds from random velocities, now and then into the wrong hand.
    for seed in SEEDS:
        fixer = PDBFixer(pdbfile=io.StringIO(block))
        fixer.findMissingResidues()
        fixer.findNonstandardResidues()
        fixer.findMissingAtoms()
        changes["rebuilt"] = [
            f"{residue.name} {residue.id}: {' '.join(atom.name for atom in atoms)}"
            for residue, atoms in fixer.missingAtoms.items()
        ]
        fixer.addMissingAtoms(seed=seed)
        wrong = wrong_hands(fixer.topology, np.array(fixer.positions.value_in_unit(unit.nanometer)))
        if not wrong:
            break
    else:
        raise StructureError(recipe.entry, f"centres of the wrong hand after rebuilding: {', '.join(wrong)}")
    neutral = {entry.residue for entry in recipe.neutral}
    variants = [
        {"GLU": "GLH", "ASP": "ASH"}.get(residue.name) if f"{residue.name}{residue.id}" in neutral else None
        for residue in fixer.topology.residues()
    ]
    if sum(variant is not None for variant in variants) != len(neutral):
        raise StructureError(recipe.entry, f"has no acid for each of {sorted(neutral)}")
    modeller = Modeller(fixer.topology, fixer.positions)
    modeller.addHydrogens(pH=recipe.ph, variants=variants)
    changes["disulfides"] = [
        f"{a.residue.name}{a.residue.id}-{b.residue.name}{b.residue.id}"
        for a, b in modeller.topology.bonds()
        if a.name == b.name == "SG"
    ]
    changes["protonation"] = _protonation(modeller.topology, recipe.ph)
    return modeller


def _protonation(topology: Topology, ph: float) -> dict[str, Any]:
    """List the residues that are not in the state their name suggests, and every histidine."""
    states = {}
    for residue in topology.residues():
        names = {atom.name for atom in residue.atoms()}
        if residue.name == "HIS":
            states[f"HIS {residue.id}"] = "+".join(sorted(names & {"HD1", "HE2"}))
        elif (residue.name == "ASP" and "HD2" in names) or (residue.name == "GLU" and "HE2" in names):
            states[f"{residue.name} {residue.id}"] = "neutral"
    return {"pH": ph, "method": "model pKa of each residue type, and the recipe", "noted": states}


def _graft(chain: Chain, graft: GraftEntry) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Superpose the neighbourhood of a hetero residue and return where it lands here."""
    from Bio.PDB.Superimposer import Superimposer

    path = find_entry(graft.entry)
    other = read_chain(path, graft.chain)
    ion = next(iter(_hetero(other, path, graft.name, graft.number)))
    here = {residue.id[1]: residue["CA"] for residue in chain if "CA" in residue}
    pairs = [
        (here[residue.id[1]], residue["CA"])
        for residue in other
        if residue.id[0] == " "
        and "CA" in residue
        and residue["CA"] - ion <= graft.within
        and residue.id[1] in here
    ]
    superimposer = Superimposer()
    superimposer.set_atoms([fixed for fixed, _ in pairs], [moving for _, moving in pairs])
    rotation, translation = superimposer.rotran
    record = {
        "what": f"{graft.name} {graft.number} of {graft.entry} as {graft.name} {graft.number_here}",
        "role": graft.role,
        "superposed": f"{len(pairs)} C-alpha atoms within {graft.within:g} A",
        "rmsd_A": round(float(superimposer.rms), 3),
        "sha256": file_sha256(path),
    }
    return np.asarray(ion.coord @ rotation + translation, dtype=float), record


def _add_ions(modeller: Modeller, chain: str, ions: list[tuple[str, int, Any]]) -> None:
    from openmm import Vec3, unit
    from openmm.app import Element, Topology

    topology = Topology()
    for name, number, _ in ions:
        residue = topology.addResidue(name, topology.addChain(chain), str(number))
        topology.addAtom(name, Element.getBySymbol(name.capitalize()), residue)
    positions = [Vec3(*(float(x) * A_TO_NM for x in xyz)) for _, _, xyz in ions]
    modeller.add(topology, positions * unit.nanometer)


def _residues_block(residues: list[Residue], chain: str) -> str:
    """Return PDB text of the residues, at their highest occupancy, as one chain."""
    from Bio.PDB import PDBIO, Select
    from Bio.PDB.Chain import Chain
    from Bio.PDB.Model import Model
    from Bio.PDB.Structure import Structure

    structure, model, holder = Structure("x"), Model(0), Chain(chain)
    for residue in residues:
        copy = residue.copy()
        for atom in list(copy.get_unpacked_list()):
            if atom.element == "H":
                copy.detach_child(atom.id)
        holder.add(copy)
    model.add(holder)
    structure.add(model)
    writer = PDBIO()
    writer.set_structure(structure)

    class HighestOccupancy(Select):  # type: ignore[misc]
        def accept_atom(self, atom: Any) -> bool:
            # Bio.PDB has chosen the altloc of highest occupancy; the others are not in the list.
            return not atom.is_disordered() or atom in list(atom.get_parent())

    text = io.StringIO()
    writer.save(text, HighestOccupancy())
    return text.getvalue()


def _residue_block(residue: Residue) -> str:
    return _residues_block([residue], "A")
