"""Bound ligands: the entry's own molecules, given bonds, charges and hydrogens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from dock.core import catalogue
from dock.core.errors import DockError, StructureError
from dock.receptors.hetero import Hetero
from dock.receptors.metal_bonds import Surface, closest, coordination
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings
from dock.receptors.site import Site, sites_around

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology
    from rdkit.Chem import Mol

COVALENT = 1.9  # angstrom from a ligand's heavy atom to one of the protein: a bond
OVERLAP = 2.3  # angstrom; the shortest hydrogen bonds are 2.4
NEIGHBOUR = 5.0  # angstrom
NO_LIGANDS = frozenset({"ion", "metal", "water"})  # kinds that may name a place, and are not docked into it
SAME_ATOM = 0.5  # angstrom between an ion in the entry and in the receptor
BONDED, OVERLAPPING = "at a bond's length", "overlaps"


@dataclass
class BoundLigands:
    """The ligands that an entry has in the sites.

    Attributes
    ----------
    references : dict of str to rdkit.Chem.Mol
        One known pose for each site, hydrogens included, where the chemistry is known.
    places : numpy.ndarray, shape (n, 3)
        Heavy atoms of all of them, in angstrom: their room is to be kept.
    charges : numpy.ndarray, shape (n,)
        Formal charges of those, in units of e; 0 where the chemistry is not known.
    notes : dict of str to str
        What was found, for the record.
    known : list of Hetero
        Those that are known poses, or ligands that sites are named by.
    """

    references: dict[str, Mol] = field(default_factory=dict)
    places: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    charges: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    notes: dict[str, str] = field(default_factory=dict)
    known: list[Hetero] = field(default_factory=list)

    def add(self, places: NDArray[np.float64], charges: NDArray[np.float64]) -> None:
        """Add the heavy atoms of a ligand."""
        self.places = np.vstack([self.places, places])
        self.charges = np.concatenate([self.charges, charges])


def find_bound(
    hetero: Sequence[Hetero],
    sites: Mapping[str, Site],
    named: Mapping[str, Hetero],
    settings: ReceptorSettings,
    topology: Topology,
    positions: NDArray[np.float64],
) -> BoundLigands:
    """Find the ligands that lie in the sites, and give those that are known their chemistry.

    A lipid or detergent counts only where a site is named by it, an ion, metal or water not even there.

    Parameters
    ----------
    hetero
        What the receptor lacks: what it has, as an ion that names a site, needs no room kept.
    named
        The one copy of a residue that names each of the user's sites.
    topology, positions
        The receptor; positions of shape (n_atoms, 3) in nanometres.
    """
    lacking = {id(group) for group in hetero}
    ligands = [g for g in named.values() if id(g) in lacking and g.kind not in NO_LIGANDS]
    found = BoundLigands(known=ligands)
    receptor = Surface.of_receptor(topology, positions, residue_labels(topology))
    for group in hetero:
        own = [name for name, copy in named.items() if copy is group]
        places = dict.fromkeys([*own, *sites_around(group.places, sites)])
        if not places or group.kind in NO_LIGANDS or (group.kind not in ("ligand", "lipid") and not own):
            continue
        where = f"lies in the {' and the '.join(places)} site"
        if group.kind == "lipid" and not own:
            found.notes[str(group)] = f"{where}; a lipid or detergent, dropped"
            continue
        others = [other for other in hetero if other is not group and len(other.metals)]
        bonds = coordination(group, receptor)
        bonds += [f"{bond}, which is left out" for bond in _to_left_out(group, others, receptor)]
        where += "".join(f", {bond}" for bond in bonds)
        gap = closest(group, receptor)
        if gap < COVALENT:
            where += f", {BONDED} from the protein: a covalent ligand is docked as if it were free"
        elif gap < OVERLAP:
            where += f", {OVERLAPPING} the protein ({gap:.1f} A): are both in the same frame?"
        try:
            mol = bound_molecule(group, settings.smiles.get(group.name))
        except StructureError as error:
            found.add(group.places, np.zeros(len(group.places)))
            found.notes[str(group)] = f"{where}; no known pose: {error.problem}"
            continue
        heavy = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
        found.add(
            mol.GetConformer().GetPositions()[[atom.GetIdx() for atom in heavy]],
            np.array([atom.GetFormalCharge() for atom in heavy], dtype=float),
        )
        free = [name for name in places if name not in found.references]
        found.notes[str(group)] = (
            f"{where}; its known pose, {mol.GetProp('_Name')}"
            if free
            else f"{where}; another ligand is its known pose"
        )
        for name in free:
            found.references[name] = mol
        found.known += [group] if free else []
    if len(found.places):
        bound = cKDTree(found.places)
        for group in hetero:
            if group.kind == "ligand" and str(group) not in found.notes:
                gap = float(bound.query(group.places)[0].min())
                if gap < NEIGHBOUR:
                    found.notes[str(group)] = (
                        f"lies {gap:.1f} A from the ligand of a site and is dropped: cofactors cannot be kept,"
                        " and the site is open where it was"
                    )
    return found


def _to_left_out(group: Hetero, others: Sequence[Hetero], receptor: Surface) -> list[str]:
    """Return the bonds of a ligand to metals of hetero residues that the receptor lacks."""
    kept = receptor.places[receptor.metallic]
    return [
        bond
        for other in others
        if not len(kept) or np.linalg.norm(kept[:, None] - other.metals[None], axis=2).min() > SAME_ATOM
        for bond in coordination(group, Surface.of_hetero(other))
    ]


def bound_molecule(hetero: Hetero, smiles: str | None = None) -> Mol:
    """Return a hetero residue as a molecule with bond orders, charges and hydrogens.

    Its chemistry is taken from a SMILES, or from the catalogue by its component code. What the
    SMILES leaves open of the stereochemistry is read from the coordinates.

    Raises
    ------
    StructureError
        If its chemistry is not known, or the coordinates are of another molecule, of another
        stereoisomer, or lack atoms.
    """
    from rdkit import Chem

    from dock.ligands import Ligand
    from dock.ligands.placement import place_heavy_atoms

    known = catalogue.ligand_of(hetero.name)
    if smiles is None and known is None:
        raise StructureError(hetero, "its chemistry is not known", f"give its SMILES for {hetero.name}")
    raw = _without_bonds(hetero)
    try:
        if smiles is not None:
            template = Ligand.from_smiles(_with_stereo_seen(hetero.name, smiles, raw), hetero.name)
        else:
            template = Ligand.from_catalogue(known.name)  # type: ignore[union-attr]
        flat = Chem.RemoveHs(template.mol)
        ordered = _with_bonds(flat, raw)
    except (ValueError, DockError) as error:
        problem = f"its atoms are not those of its SMILES ({error})"
        raise StructureError(hetero, problem, "check the SMILES") from error
    match = ordered.GetSubstructMatch(flat, useChirality=True)
    if not match:
        raise StructureError(hetero, f"its configuration is not that of {template.name}")
    placed = place_heavy_atoms(template.mol, ordered.GetConformer().GetPositions()[list(match)])
    placed.SetProp("_Name", template.name)
    return placed


def _with_stereo_seen(name: str, smiles: str, raw: Mol) -> str:
    """Return a SMILES, the stereochemistry that it leaves open read from the coordinates."""
    from rdkit import Chem

    from dock.ligands import stereo

    given = stereo.read_smiles(name, smiles)
    seen = stereo.forget_false_centres(_with_bonds(given, raw))
    match = seen.GetSubstructMatch(given, useChirality=True)
    if not match:
        raise StructureError(name, "its configuration is not that of the SMILES")
    return str(Chem.MolToSmiles(Chem.RemoveHs(seen)))


def _with_bonds(template: Mol, raw: Mol) -> Mol:
    """Return a residue with a template's bond orders and charges, and the stereochemistry it shows."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import AllChem

    with rdBase.BlockLogs():
        ordered = AllChem.AssignBondOrdersFromTemplate(Chem.RemoveAllHs(template), raw)
    Chem.AssignStereochemistryFrom3D(ordered)
    return ordered


def _without_bonds(hetero: Hetero) -> Mol:
    """Return the residue's heavy atoms with the bonds that their distances show, all single."""
    import gemmi
    from rdkit import Chem, rdBase

    structure = gemmi.Structure()
    model = gemmi.Model(1)
    chain = gemmi.Chain("A")
    residue = chain.add_residue(hetero.residue)
    residue.name, residue.het_flag, residue.seqid = "LIG", "H", gemmi.SeqId(1, " ")
    model.add_chain(chain)
    structure.add_model(model)
    with rdBase.BlockLogs():
        raw = Chem.MolFromPDBBlock(structure.make_pdb_string(gemmi.PdbWriteOptions(minimal=True)))
    if raw is None:
        raise StructureError(hetero, "its bonds cannot be seen from its atoms", "is it complete?")
    return raw
