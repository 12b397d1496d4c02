"""PDBQT, the format that engines read: written and read back by Meeko, chemistry kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import DockingError, StructureError
from dock.core.files import cache_folder, write_text
from dock.core.keys import content_key
from dock.core.revisions import revision
from dock.ligands import axes, stereo
from dock.ligands.normal import normal_form
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.receptor import residue_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site

# Residues this far outside the box are kept: beyond the 8 A of the empirical terms and the
# 12 A half edge of the network's grid nothing is seen.
SHELL = 16.0
SEEN = 8.0  # angstrom around the box that empirical terms reach
OCCUPANT = "OCC"  # residue name of a ligand that stays where it is
ATOM_RECORDS = ("ATOM", "HETATM")
# Chain ends may be crowded; a residue that cannot be typed at all does no harm far from the site.
LENIENT = {"forgive_extra_bonds": True, "allow_bad_res": True}
# What an ion that the engines do not know is typed as; they tell metals apart by next to nothing.
TYPED_AS: dict[str, str] = {"Li": "Na", "Rb": "K", "Cs": "K", "Sr": "Ca", "Ba": "Ca"}
ION_LINE = "HETATM{serial:5d} {name:>2s}   {residue:>3s} {chain}{number:>4s}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00    {charge:+6.3f} {type:2s}"


def ligand_pdbqt(ligand: Ligand) -> str:
    """Return a ligand at its first conformer as PDBQT text, rings closed.

    Raises
    ------
    DockingError
        If Meeko cannot type the molecule.
    """
    return _meeko_pdbqt(ligand.name, ligand.mol)


def _meeko_pdbqt(name: str, mol: Mol) -> str:
    from meeko import MoleculePreparation, PDBQTWriterLegacy

    try:
        # Opened seven-membered rings distort the scores of tricyclics.
        normal = normal_form(mol)
        setups = MoleculePreparation(rigid_macrocycles=True, **_kept_axes(normal)).prepare(normal)
        text, fine, problem = PDBQTWriterLegacy.write_string(setups[0])
    except Exception as error:  # Meeko raises whatever its typing rules run into
        raise DockingError(name, f"Meeko cannot prepare it ({error})") from error
    if not fine:
        raise DockingError(name, f"Meeko cannot prepare it ({problem})")
    return str(text)


def _kept_axes(mol: Mol) -> dict[str, list[Any]]:
    """Return what tells Meeko that the axes with a hand do not turn: no engine minds their barriers."""
    from rdkit import Chem

    bonds = axes.labelled(mol)
    if not bonds:
        return {"rigidify_bonds_smarts": [], "rigidify_bonds_indices": []}
    bare = Chem.RemoveAllHs(mol)  # hydrogens would match each other in thousands of ways
    Chem.RemoveStereochemistry(bare)
    smarts = Chem.MolToSmarts(bare)
    place = {atom: number for number, atom in enumerate(mol.GetSubstructMatch(Chem.MolFromSmarts(smarts)))}
    ends = [(place[bond.GetBeginAtomIdx()], place[bond.GetEndAtomIdx()]) for bond in bonds]
    return {"rigidify_bonds_smarts": [smarts] * len(bonds), "rigidify_bonds_indices": ends}


def read_coordinates(ligand: Ligand, text: str) -> NDArray[np.float64]:
    """Return the coordinates of a docked pose in the atom order of `ligand.mol`.

    Returns
    -------
    numpy.ndarray, shape (n_atoms, 3)
        In angstrom. Hydrogens that the engine does not see are rebuilt by Meeko.

    Raises
    ------
    DockingError
        If the pose is another molecule or stereoisomer.
    """
    from meeko import PDBQTMolecule, RDKitMolCreate

    docked = stereo.seen_in_coordinates(
        RDKitMolCreate.from_pdbqt_mol(PDBQTMolecule(text, skip_typing=True))[0]
    )
    match = docked.GetSubstructMatch(ligand.mol, useChirality=True)
    if len(match) != ligand.mol.GetNumAtoms():
        raise DockingError(ligand.name, "the engine returned another molecule or stereoisomer")
    return np.asarray(docked.GetConformer().GetPositions()[list(match)])


def receptor_pdbqt(receptor: Receptor, site: Site) -> str:
    """Return the part of a receptor around a site's box as rigid PDBQT text.

    Meeko types the whole polymer, since it wants both neighbours of every residue; ions are
    added afterwards, for it would ask the network about them.

    Raises
    ------
    StructureError
        If Meeko cannot type the receptor.
    """
    polymer = _near(_typed_polymer(receptor), site)
    _require_every_residue(receptor, site, polymer)
    lines = [*polymer, *_ion_lines(receptor)]
    for number, mol in enumerate(receptor.occupants.values(), 1):
        lines += _occupant_lines(number, mol)
    return "\n".join(lines) + "\n"


def _require_every_residue(receptor: Receptor, site: Site, polymer: list[str]) -> None:
    """Refuse a receptor of which Meeko left out a residue that a pose in the box could feel."""
    typed = {(line[21], line[22:26].strip(), line[26].strip()) for line in polymer}
    reach = np.asarray(site.box) / 2 + SEEN
    inside = (np.abs(receptor.positions * 10.0 - np.asarray(site.center)) <= reach).all(axis=1)
    for atom, near in zip(receptor.topology.atoms(), inside, strict=True):
        index, name = atom.residue.index, atom.residue.name
        if near and name not in ION_CHARGES and receptor.pdb_addresses[index] not in typed:
            label = residue_labels(receptor.topology)[index]
            raise StructureError(
                f"{label} of {receptor.name}", "Meeko cannot type it", "look at its geometry"
            )


def places(lines: Iterable[str]) -> NDArray[np.float64]:
    """Return the coordinates of PDBQT atom lines, shape (n_atoms, 3), in angstrom."""
    return np.array([[float(line[start : start + 8]) for start in (30, 38, 46)] for line in lines])


def _typed_polymer(receptor: Receptor) -> list[str]:
    """Return the atom lines of the whole polymer, from the cache where they are there."""
    from meeko import MoleculePreparation, PDBQTWriterLegacy, Polymer, ResidueChemTemplates

    key = content_key([revision("typed receptor"), receptor.structure_key, version("meeko"), LENIENT])
    cached = cache_folder() / "pdbqt" / f"{key}.pdbqt"
    if cached.exists():
        return cached.read_text(encoding="utf-8").splitlines()
    polymer_pdb = "".join(
        line + "\n"
        for line in receptor.to_pdb().splitlines()
        if not line.startswith("CONECT") and line[17:20].strip() not in ION_CHARGES
    )
    try:
        polymer = Polymer.from_pdb_string(
            polymer_pdb,
            ResidueChemTemplates.create_from_defaults(),
            MoleculePreparation(),
            **LENIENT,
        )
        rigid = PDBQTWriterLegacy.write_from_polymer(polymer)[0]
    except Exception as error:  # Meeko raises whatever its templates run into
        problem = f"Meeko cannot type it ({_by_author(receptor, str(error))})"
        raise StructureError(receptor.name, problem, "prepare it again") from error
    lines = [line for line in rigid.splitlines() if line.startswith(ATOM_RECORDS)]
    write_text(cached, "\n".join(lines) + "\n")
    return lines


def _by_author(receptor: Receptor, text: str) -> str:
    """Return a message of Meeko's, residues such as ``A:17`` named as in the receptor."""
    labels = residue_labels(receptor.topology)
    names = {
        f"{a.chain}:{a.number}{a.insertion}": label
        for a, label in zip(receptor.pdb_addresses, labels, strict=True)
    }
    return re.sub(r"\b\w:-?\d+[A-Za-z]?\b", lambda found: names.get(found[0], found[0]), text)


def _near(lines: list[str], site: Site) -> list[str]:
    """Keep the residues with an atom within `SHELL` of the box."""
    reach = np.asarray(site.box) / 2 + SHELL
    inside = (np.abs(places(lines) - np.asarray(site.center)) <= reach).all(axis=1)
    kept = {line[17:27] for line, here in zip(lines, inside, strict=True) if here}
    return [line for line in lines if line[17:27] in kept]


def _occupant_lines(number: int, mol: Mol) -> list[str]:
    """Return a ligand that stays where it is as rigid atoms, in a residue of its own."""
    text = _meeko_pdbqt(mol.GetProp("_Name"), mol)
    atoms = [line for line in text.splitlines() if line.startswith(ATOM_RECORDS)]
    return [
        f"HETATM{80000 + i:5d} {line[12:17]}{OCCUPANT} X{number:4d} {line[27:]}"
        for i, line in enumerate(atoms)
    ]


def _ion_lines(receptor: Receptor) -> list[str]:
    return [
        ION_LINE.format(
            serial=90000 + number,
            name=atom.name,
            residue=atom.residue.name,
            chain=receptor.pdb_addresses[atom.residue.index].chain,
            number=receptor.pdb_addresses[atom.residue.index].number,
            **dict(zip("xyz", receptor.positions[atom.index] * 10.0, strict=True)),
            charge=ION_CHARGES[atom.residue.name],
            type=TYPED_AS.get(atom.element.symbol, atom.element.symbol),
        )
        for number, atom in enumerate(receptor.topology.atoms())
        if atom.residue.name in ION_CHARGES
    ]
