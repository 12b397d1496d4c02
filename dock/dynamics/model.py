"""The prepared model of a catalogue target, computed from raw entries by its recipe."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dock.core import catalogue
from dock.core.errors import StructureError
from dock.core.files import atomic_path, output_folder, write_json
from dock.core.records import software_versions
from dock.docking.pose import Pose, heavy_rmsd
from dock.dynamics.minimisation import minimise, restrained
from dock.dynamics.parameters import force_of
from dock.dynamics.platforms import Processor, choose_processor
from dock.dynamics.systems import ComplexSystem, SystemSettings, whole_system
from dock.ligands import Ligand
from dock.ligands.placement import place_atoms
from dock.receptors import Receptor
from dock.receptors.chirality import wrong_hands
from dock.receptors.preparation import Preparation, prepare, reference_ligand
from dock.receptors.receptor import MODEL_FILE, RECORD_FILE, REFERENCE_FILE, model_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology
    from rdkit.Chem import Mol

NM_TO_A = 10.0
# Force constants, in kJ/mol/nm^2, that hold the experimental atoms, with iterations at most.
# First the rebuilt atoms must give way, which clash where they were put; then all settles.
STRAIN = 0.015  # nm
STAGES = ((50_000.0, 500), (500.0, 1000))


def build_model(name: str, folder: Path, processor: Processor | None = None) -> Receptor:
    """Compute the prepared model of a catalogue target and write it to a folder.

    The receptor is prepared by the target's recipe and minimised in OBC2 together with the
    entry's own ligand in its site: experimental heavy atoms restrained, rebuilt atoms,
    hydrogens, ions and the ligand free. Written are the receptor, the minimised ligand as the
    reference pose of its site, and a record of every change.

    Parameters
    ----------
    name
        A target of the catalogue.
    folder
        Where ``model.cif``, ``reference.sdf`` and ``record.json`` go.

    Raises
    ------
    UnknownNameError, StructureError, OutputError, ParameterError
        If the target is unknown, an entry is not to be had or unfit, or the folder cannot be
        written to.
    """
    target = catalogue.target(name)
    output_folder(folder)
    preparation = prepare(target)
    reference = target.recipe.reference
    ligand = Ligand.from_catalogue(reference.ligand)
    deposited = reference_ligand(target, ligand.mol)
    receptor = _receptor(target, preparation)
    pose = Pose(ligand, deposited, reference.site, reference.site, 1, 0.0, 0, "experiment")
    complex_system = whole_system(receptor, pose, SystemSettings())
    indices, places = _experimental(preparation)
    processor = processor or choose_processor()
    held = complex_system.positions
    energies = []
    for strength, iterations in STAGES:
        with restrained(complex_system.system, indices, held, strength):
            relaxed, before_after = minimise(complex_system, processor, iterations)
        complex_system = replace(complex_system, positions=relaxed)
        energies.append(before_after)
    relaxed_receptor = Receptor(target.name, receptor.topology, relaxed[complex_system.receptor])
    strained = _strained_bonds(complex_system)
    if strained:
        raise StructureError(target.name, f"the model has {len(strained)} strained bonds: {strained[0]}")
    wrong = wrong_hands(relaxed_receptor.topology, relaxed_receptor.positions)
    if wrong:
        raise StructureError(target.name, f"the model has centres of the wrong hand: {', '.join(wrong)}")
    minimised = place_atoms(ligand.mol, relaxed[complex_system.ligand] * NM_TO_A)
    relaxed_receptor.write(folder / MODEL_FILE)
    _write_mol(folder / REFERENCE_FILE, minimised, ligand.name)
    moved = np.linalg.norm(relaxed[indices] * NM_TO_A - places, axis=1)
    names = _atom_names(receptor.topology)
    record = {
        "target": target.name,
        "title": target.title,
        "uniprot": target.uniprot,
        "recipe": target.recipe.model_dump(),
        **preparation.changes,
        "added_hydrogens": sum(atom.element.symbol == "H" for atom in preparation.modeller.topology.atoms()),
        "minimisation": {
            "force_field": "ff14SB, GAFF2 with AM1-BCC, OBC2 (native), cutoff 1.2 nm",
            "restraints_kJ_mol_nm2": [strength for strength, _ in STAGES],
            "energy_before_kJ_mol": round(energies[0][0], 1),
            "energy_after_kJ_mol": round(energies[-1][1], 1),
        },
        "moved_A": {
            "experimental_heavy_atoms": len(moved),
            "rms": round(float(np.sqrt((moved**2).mean())), 3),
            "max": round(float(moved.max()), 3),
            "max_atom": names[indices[moved.argmax()]],
            "over_1_A": [names[index] for index in indices[moved > 1.0]],
            "reference_ligand_rmsd": round(heavy_rmsd(deposited, minimised), 3),
        },
        "computed": datetime.date.today().isoformat(),
        "versions": software_versions(),
        "sha256": model_hashes(folder),
    }
    write_json(folder / RECORD_FILE, record)
    return Receptor.from_folder(folder, target)


def _receptor(target: catalogue.TargetEntry, preparation: Preparation) -> Receptor:
    from openmm import unit

    positions = np.array(preparation.modeller.positions.value_in_unit(unit.nanometer), dtype=float)
    return Receptor(target.name, preparation.modeller.topology, positions)


def _experimental(preparation: Preparation) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the indices of the experimental heavy atoms and where they were deposited (A)."""
    found = [
        (atom.index, preparation.deposited[int(atom.residue.id), atom.name])
        for atom in preparation.modeller.topology.atoms()
        if (int(atom.residue.id), atom.name) in preparation.deposited
    ]
    return np.array([index for index, _ in found]), np.array([place for _, place in found])


def _strained_bonds(complex_system: ComplexSystem) -> list[str]:
    """Return bonds far from their equilibrium length, as where a side chain threads a ring."""
    from openmm import HarmonicBondForce, unit

    force = force_of(complex_system.system, HarmonicBondForce)
    names = _atom_names(complex_system.topology)
    strained = []
    for number in range(force.getNumBonds()):
        a, b, length, _ = force.getBondParameters(number)
        found = np.linalg.norm(complex_system.positions[a] - complex_system.positions[b])
        if abs(found - length.value_in_unit(unit.nanometer)) > STRAIN:
            strained.append(f"{names[a]} to {names[b]}")
    return strained


def _atom_names(topology: Topology) -> list[str]:
    return [f"{atom.residue.name}{atom.residue.id} {atom.name}" for atom in topology.atoms()]


def _write_mol(path: Path, mol: Mol, name: str) -> None:
    from rdkit import Chem

    mol.SetProp("_Name", name)
    with atomic_path(path) as temporary:
        temporary.write_text(Chem.MolToMolBlock(mol))
