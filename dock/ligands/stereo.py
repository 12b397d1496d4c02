"""Stereochemistry: enantiomers made from the racemate and told apart by CIP labels."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from dock.core import catalogue
from dock.core.errors import ChemistryError
from dock.ligands import axes
from dock.ligands.cages import false_centres
from dock.ligands.delocalised import is_delocalised, localised
from dock.ligands.mobile import mobile_centres
from dock.ligands.unlabelled import require_none_written

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from dock.core.catalogue import LigandEntry


# What GAFF2 has atom types for, and the engines' scoring functions too.
ELEMENTS = frozenset({"H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I"})
MAX_HEAVY_ATOMS = 120
MAX_ISOMERS = 32
PAPER_ISOMERS = 1024  # nitrogens that invert and centres that depend on each other counted too
EXISTENCE_TRIALS = 30  # embeddings; what can exist comes out in the first few
EMBEDDING_SEED = 1  # of the test whether an isomer can exist
BLANKS = (
    " \t\r\n"  # around a SMILES; other characters that show nothing come of a backslash that was read as YAML
)
SHOWN = 80  # characters of a structure in an error
LABELLING_STEPS = 500_000  # of the CIP rules, which have no end in some symmetric cages


def parse_smiles(name: str, smiles: str) -> Mol:
    """Read a SMILES, which may hold several molecules, alone or with the extension of a CXSMILES.

    Raises
    ------
    ChemistryError
        If it cannot be read, is empty, or anything else stands within or behind it; if it says a hand that nothing
        here can carry, or holds an aromatic bond that is of no ring and no known group.
    """
    from rdkit import Chem, rdBase

    smiles = smiles.strip(BLANKS)
    _require_unbroken(name, smiles)
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is not None and any(map(is_delocalised, mol.GetBonds())):
            mol = _localised(name, smiles)
    if mol is None:
        raise ChemistryError(
            name, f"'{shortened(smiles)}' is not a valid SMILES", "check brackets, ring digits and valences"
        )
    if mol.GetNumAtoms() == 0:
        raise ChemistryError(name, "the SMILES is empty", "give a SMILES or a catalogue name")
    require_none_written(name, smiles, mol)
    return axes.forget_false(forget_unknown(mol))


def _localised(name: str, smiles: str) -> Mol | None:
    """Read a SMILES with aromatic bonds outside rings."""
    from rdkit import Chem

    raw = Chem.MolFromSmiles(smiles, sanitize=False)
    Chem.FastFindRings(raw)
    mol = localised(name, raw)
    try:
        Chem.SanitizeMol(mol)
        Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    except ValueError:
        return None
    return mol


def _require_unbroken(name: str, smiles: str) -> None:
    """Refuse a SMILES in several pieces: RDKit reads the first, and takes the rest for a name."""
    odd = next((mark for mark in smiles if not mark.isprintable() and mark not in BLANKS), None)
    if odd is not None:
        problem = f"its SMILES holds the character U+{ord(odd):04X}"
    elif re.fullmatch(r"\S*([ \t]+\|.*\|)?", smiles):
        return
    else:
        problem = f"'{shortened(smiles)}' is a SMILES with white space in it"
    raise ChemistryError(
        name,
        problem,
        "write it in one piece, and in YAML in 'single quotes', where a backslash is a backslash",
    )


def read_smiles(name: str, smiles: str) -> Mol:
    """Read one connected, drug-like molecule from a SMILES, without explicit hydrogens.

    Raises
    ------
    ChemistryError
        If the SMILES cannot be read, is empty, holds several molecules, dummy atoms, radicals or
        elements without parameters, or has more than 120 heavy atoms.
    """
    return drug_like(name, parse_smiles(name, smiles))


def drug_like(name: str, mol: Mol) -> Mol:
    """Return a molecule if it is one connected molecule that everything here can deal with.

    Labels of isotopes are dropped: no force field here knows them; so are the numbers of a reaction's atoms.

    Raises
    ------
    ChemistryError
        If it holds several molecules, dummy atoms, radicals or elements without parameters, no
        heavy atom or more than 120 of them.
    """
    from rdkit import Chem, rdBase

    require_drug_like(name, mol)
    heavy = mol.GetNumHeavyAtoms()
    labelled = any(atom.GetIsotope() or atom.GetAtomMapNum() for atom in mol.GetAtoms())
    if heavy == mol.GetNumAtoms() and not labelled:
        return mol
    with rdBase.BlockLogs():
        bare = Chem.RemoveAllHs(without_labels(mol))
        Chem.AssignStereochemistry(bare, cleanIt=True, force=True)
    return bare


def require_drug_like(name: str, mol: Mol) -> None:
    """Refuse what is not one connected molecule that everything here can deal with.

    Raises
    ------
    ChemistryError
        As of `drug_like`.
    """
    from rdkit import Chem

    if len(Chem.GetMolFrags(mol)) > 1:
        raise ChemistryError(name, "holds several molecules", "leave one: remove the salt or solvent")
    require_covered(name, mol)
    if any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
        smiles = shortened(Chem.MolToSmiles(Chem.RemoveHs(mol)))
        raise ChemistryError(name, f"'{smiles}' is a radical", "check its hydrogens")
    heavy = mol.GetNumHeavyAtoms()
    if not 0 < heavy <= MAX_HEAVY_ATOMS:
        raise ChemistryError(name, f"has {heavy} heavy atoms, where 1 to {MAX_HEAVY_ATOMS} can be dealt with")


def without_labels(mol: Mol) -> Mol:
    """Return a copy of a molecule without labels of isotopes and numbers of a reaction's atoms."""
    from rdkit import Chem

    plain = Chem.Mol(mol)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
        atom.SetAtomMapNum(0)
    return plain


def forget_unknown(mol: Mol) -> Mol:
    """Clear the marks of what is said to be unknown (wavy and crossed bonds), in place; return `mol`.

    It is then open like what nothing is said of: RDKit enumerates and writes the two in different ways.
    """
    from rdkit import Chem

    unknown = (Chem.BondDir.UNKNOWN, Chem.BondDir.EITHERDOUBLE)
    for bond in mol.GetBonds():
        if bond.GetStereo() == Chem.BondStereo.STEREOANY:
            bond.SetStereo(Chem.BondStereo.STEREONONE)
        if bond.GetBondDir() in unknown:
            bond.SetBondDir(Chem.BondDir.NONE)
        for mark in ("_UnknownStereo", "_MolFileBondStereo", "_MolFileBondCfg"):
            bond.ClearProp(mark)
    return mol


def isotope_note(mol: Mol) -> str:
    """Say which labels of isotopes `drug_like` will drop; empty if there are none."""
    labels = Counter(f"{atom.GetIsotope()}{atom.GetSymbol()}" for atom in mol.GetAtoms() if atom.GetIsotope())
    counted = (f"{number} x {label}" if number > 1 else label for label, number in sorted(labels.items()))
    return f"isotopes dropped: {', '.join(counted)}" if labels else ""


def require_covered(name: str, mol: Mol) -> None:
    """Refuse a molecule with elements, or kinds of bonds, that nothing here knows.

    Raises
    ------
    ChemistryError
        If it has some.
    """
    from rdkit import Chem

    odd = sorted({atom.GetSymbol() for atom in mol.GetAtoms()} - ELEMENTS)
    if odd:
        raise ChemistryError(name, f"holds {', '.join(odd)}, which no force field here covers")
    orders = (Chem.BondType.SINGLE, Chem.BondType.DOUBLE, Chem.BondType.TRIPLE, Chem.BondType.AROMATIC)
    if any(bond.HasQuery() or bond.GetBondType() not in orders for bond in mol.GetBonds()):
        raise ChemistryError(
            name, "holds bonds of no order (query, zero-order or dative)", "write their orders"
        )


def shortened(text: str) -> str:
    """Return a text for an error message, cut where it is long."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def catalogue_mol(entry: LigandEntry) -> Mol:
    """Return the molecule of a catalogue entry, its stereochemistry defined where the entry's is.

    Isomers of one parent share the order of their atoms, which is as it is written there.

    Raises
    ------
    ChemistryError
        If its CIP labels are not those that the catalogue states.
    """
    parent = catalogue.ligand(entry.isomer_of) if entry.isomer_of else entry
    if parent.smiles is None:
        raise ChemistryError(entry.name, "has no SMILES in the catalogue")
    mol = read_smiles(entry.name, parent.smiles)
    if entry.isomer_of:
        return isomer_with_labels(entry.name, mol, entry.cip)
    if entry.cip and cip_labels(mol) != entry.cip:
        raise ChemistryError(entry.name, f"has CIP labels {cip_labels(mol)}, not {entry.cip}")
    return mol


def in_canonical_order(mol: Mol) -> Mol:
    """Return a molecule with its atoms in canonical order: how it was written plays no part.

    The order is that of the constitution, so that isomers share it; atoms that only their
    configuration tells apart are ordered by that.
    """
    from rdkit import Chem

    ordered = mol
    for flat in (False, True):
        probe = Chem.Mol(ordered)
        if flat:
            Chem.RemoveStereochemistry(probe)
        Chem.MolToSmiles(probe)
        order = probe.GetPropsAsDict(includePrivate=True, includeComputed=True)["_smilesAtomOutputOrder"]
        ordered = axes.renumbered(ordered, list(order))
    return ordered


def canonical_order(mol: Mol) -> list[int]:
    """Return the atoms in the order that `in_canonical_order` and adding the hydrogens would give them.

    Returns
    -------
    list of int
        Heavy atoms in canonical order, then the hydrogens of each of them, one after the other.
    """
    from rdkit import Chem

    numbered = Chem.Mol(mol)
    for atom in numbered.GetAtoms():
        atom.SetIntProp("number", atom.GetIdx())
    bare = in_canonical_order(Chem.RemoveHs(numbered))
    heavy = [atom.GetIntProp("number") for atom in bare.GetAtoms()]
    place = {number: position for position, number in enumerate(heavy)}
    left = [atom for atom in mol.GetAtoms() if atom.GetIdx() not in place]
    hydrogens = sorted(left, key=lambda atom: (place[atom.GetNeighbors()[0].GetIdx()], atom.GetIdx()))
    return [*heavy, *(atom.GetIdx() for atom in hydrogens)]


def forget_false_centres(mol: Mol) -> Mol:
    """Clear the stereochemistry of atoms that are no stereo centres, in place; return `mol`.

    A protonated amine loses its proton and inverts within milliseconds, and so does an acid of
    phosphorus or sulfur, whose terminal oxygens share their protons; bridgeheads of cages can point
    outwards only (`dock.ligands.cages`), and a proton moves between two arms that are alike
    (`dock.ligands.mobile`). RDKit finds a configuration in their coordinates all the same.
    """
    from rdkit import Chem

    false = _told_false(mol)
    for atom in mol.GetAtoms():
        amine = atom.GetSymbol() == "N" and atom.GetTotalNumHs(includeNeighbors=True)
        if amine or atom.GetIdx() in false or _shares_a_proton(atom):
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
            atom.ClearProp("_CIPCode")
    return mol


def _told_false(mol: Mol) -> frozenset[int]:
    """Return the centres whose configuration says nothing, for what stands around them."""
    return frozenset((*false_centres(mol), *mobile_centres(mol)))


def seen_in_coordinates(mol: Mol) -> Mol:
    """Return a copy of a molecule with the stereochemistry that its conformer shows, of axes those that are labelled."""
    from rdkit import Chem

    copy = Chem.Mol(mol)
    Chem.AssignStereochemistryFrom3D(copy)
    axes.copy_labels(mol, copy)
    return axes.relabelled(forget_false_centres(copy))


def skeleton(mol: Mol) -> Mol:
    """Return the heavy atoms and which of them are bound, without bond orders, charges and stereochemistry.

    Two protomers, or a carboxylate with its oxygens exchanged, are then the same.
    """
    from rdkit import Chem

    bare = Chem.RWMol(Chem.RemoveHs(mol))
    Chem.RemoveStereochemistry(bare)
    for atom in bare.GetAtoms():
        atom.SetFormalCharge(0)
        atom.SetIsAromatic(False)
        atom.SetNumExplicitHs(0)
        atom.SetNoImplicit(True)
    for bond in bare.GetBonds():
        bond.SetIsAromatic(False)
        bond.SetBondType(Chem.BondType.SINGLE)
    return bare.GetMol()


def is_smiles(text: str) -> bool:
    """Return whether a text is a SMILES of some molecule."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(text) is not None


def looks_like_name(text: str) -> bool:
    """Return whether a text is more likely a misspelt name than a SMILES.

    Names of this field run to several lower-case letters that are no aromatic atoms.
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        readable = Chem.MolFromSmiles(text, sanitize=False) is not None
    return not readable and text.replace("-", "").replace(" ", "").isalnum() and len(text) > 3


def cip_labels(mol: Mol) -> tuple[str, ...]:
    """Return the CIP labels: R, S of the centres by atom, then E, Z of double bonds and M, P of axes by bond.

    The labels come from RDKit's implementation of the full CIP rules (`rdCIPLabeler`).

    Raises
    ------
    ChemistryError
        If the rules come to no end, as in some highly symmetric cages.
    """
    from rdkit import Chem
    from rdkit.Chem import rdCIPLabeler

    copy = forget_false_centres(Chem.Mol(mol))
    try:
        rdCIPLabeler.AssignCIPLabels(copy, maxRecursiveIterations=LABELLING_STEPS)
    except RuntimeError as error:
        raise ChemistryError(
            shortened(Chem.MolToSmiles(mol)), "is too symmetric for the CIP rules to come to an end"
        ) from error
    centres = [
        atom.GetProp("_CIPCode")
        for atom in copy.GetAtoms()
        if atom.HasProp("_CIPCode") and atom.GetChiralTag() != Chem.ChiralType.CHI_UNSPECIFIED
    ]
    bonds = [
        bond.GetProp("_CIPCode")
        for bond in copy.GetBonds()
        if bond.HasProp("_CIPCode") and bond.GetStereo() != Chem.BondStereo.STEREONONE
    ]
    return (*centres, *bonds)


def isomers(mol: Mol) -> list[Mol]:
    """Return every stereoisomer of `mol` that can exist, keeping centres that are already defined.

    Nitrogens that invert are no centres, and an isomer that cannot be embedded, such as a cage
    turned inside out, is left out. At most 32 are made.
    """
    from rdkit import rdBase
    from rdkit.Chem import MolToSmiles
    from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers, StereoEnumerationOptions

    options = StereoEnumerationOptions(
        onlyUnassigned=True, unique=True, tryEmbedding=False, maxIsomers=MAX_ISOMERS, rand=1
    )
    with rdBase.BlockLogs():
        found = [
            forget_false_centres(isomer)
            for isomer in EnumerateStereoisomers(_with_false_set(mol), options=options)
        ]
        made = list({MolToSmiles(isomer): isomer for isomer in found}.values())
        # Labels of a cage keep RDKit from embedding it, so that they are cleared before.
        return [isomer for isomer in made if _can_exist(isomer)]


def _can_exist(mol: Mol) -> bool:
    from rdkit import Chem
    from rdkit.Chem import rdDistGeom

    return bool(
        rdDistGeom.EmbedMolecule(Chem.AddHs(mol), randomSeed=EMBEDDING_SEED, maxAttempts=EXISTENCE_TRIALS)
        >= 0
    )


def _with_false_set(mol: Mol) -> Mol:
    """Return a molecule whose false centres have some label, so that none is made up for them."""
    from rdkit import Chem

    copy = Chem.Mol(mol)
    for atom in _told_false(copy):
        copy.GetAtomWithIdx(atom).SetChiralTag(Chem.ChiralType.CHI_TETRAHEDRAL_CW)
    return copy


def every_isomer(name: str, mol: Mol, limit: int) -> list[Mol]:
    """Return every stereoisomer of `mol` on paper, keeping centres that are already defined.

    Whether each can exist in space is for the embedding to say: to try it here, too, would
    double the time. A molecule that leaves nothing open comes back alone.

    Raises
    ------
    ChemistryError
        If there are more than `limit`.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.EnumerateStereoisomers import (
        EnumerateStereoisomers,
        GetStereoisomerCount,
        StereoEnumerationOptions,
    )

    mol = forget_false_centres(Chem.Mol(mol))
    if not open_elements(mol):
        return [mol]
    options = StereoEnumerationOptions(onlyUnassigned=True, unique=True, maxIsomers=0)
    set_free = _with_false_set(mol)
    with rdBase.BlockLogs():
        if GetStereoisomerCount(set_free, options=options) > PAPER_ISOMERS:
            made = None
        else:
            made = {
                Chem.MolToSmiles(isomer): isomer
                for isomer in map(forget_false_centres, EnumerateStereoisomers(set_free, options=options))
            }
    if made is None or len(made) > limit:
        have = f"{len(made)}" if made is not None else f"over {PAPER_ISOMERS}"
        raise ChemistryError(
            name, f"can be any of {have} stereoisomers, more than {limit}", "define more of its centres"
        )
    return list(made.values())


def isomer_with_labels(name: str, mol: Mol, labels: tuple[str, ...]) -> Mol:
    """Return the one stereoisomer of `mol` that carries exactly these CIP labels.

    Raises
    ------
    ChemistryError
        If none or several isomers do.
    """
    made = every_isomer(name, mol, MAX_ISOMERS)
    found = [isomer for isomer in made if cip_labels(isomer) == labels]
    if len(found) != 1:
        have = sorted({"".join(cip_labels(isomer)) for isomer in made})
        raise ChemistryError(
            name, f"{len(found)} isomers have the CIP labels {''.join(labels)}", f"isomers: {have}"
        )
    return found[0]


def with_defined_stereo(name: str, mol: Mol) -> Mol:
    """Return a molecule whose every centre and double bond is defined, or refuse it.

    A molecule that leaves elements open but can exist as one isomer only, such as
    amantadine, is that isomer.

    Raises
    ------
    ChemistryError
        If several isomers are meant, or none can exist.
    """
    from rdkit import Chem

    mol = forget_false_centres(Chem.Mol(mol))
    number = open_elements(mol)
    if not number:
        return mol
    possible = isomers(mol)
    if len(possible) == 1:
        return possible[0]
    advice = "name one of: " + ", ".join(Chem.MolToSmiles(isomer) for isomer in possible[:4])
    raise ChemistryError(name, f"leaves {number} stereo element(s) undefined", advice if possible else "")


def open_elements(mol: Mol) -> int:
    """Return how many stereo elements are left open: undefined, or defined in a group only.

    A group of centres that is racemic (``&``) or unknown (``or``) is open as a whole.
    """
    from rdkit import Chem

    false = _told_false(mol)
    undefined = sum(
        element.specified != Chem.StereoSpecified.Specified and not _is_false(mol, element, false)
        for element in Chem.FindPotentialStereo(Chem.Mol(mol))
    )
    groups = sum(
        group.GetGroupType() != Chem.StereoGroupType.STEREO_ABSOLUTE for group in mol.GetStereoGroups()
    )
    return int(undefined + groups)


def _is_false(mol: Mol, element: Any, false: frozenset[int]) -> bool:
    """Return whether a stereo element is an atom that inverts, or one of those that are known to say nothing."""
    from rdkit import Chem

    if element.type != Chem.StereoType.Atom_Tetrahedral:
        return False
    if element.centeredOn in false:
        return True
    atom = mol.GetAtomWithIdx(element.centeredOn)
    if atom.GetSymbol() == "N":
        return bool(atom.GetTotalNumHs(includeNeighbors=True) or atom.GetDegree() < 4)
    return _shares_a_proton(atom)


def _shares_a_proton(atom: Any) -> bool:
    """Return whether an atom is that of an acid of phosphorus or sulfur with two like ends."""
    if atom.GetSymbol() not in ("P", "S"):
        return False
    ends = [
        neighbour.GetSymbol()
        for neighbour in atom.GetNeighbors()
        if sum(other.GetAtomicNum() > 1 for other in neighbour.GetNeighbors()) == 1
    ]
    return ends.count("O") > 1 or ends.count("S") > 1


def constitution(mol: Mol) -> str:
    """Return the canonical SMILES without stereochemistry."""
    from rdkit import Chem

    flat = Chem.RemoveHs(mol)
    Chem.RemoveStereochemistry(flat)
    return str(Chem.MolToSmiles(flat))


def relation(first: str, second: str) -> str | None:
    """Return what two isomeric SMILES are to each other.

    Returns
    -------
    str or None
        ``enantiomer`` for mirror images, ``diastereomer`` for other stereoisomers of the same
        constitution, None for the same molecule or another constitution.
    """
    first_mol, second_mol = (parse_smiles(smiles, smiles) for smiles in (first, second))
    names = axes.smiles(first_mol), axes.smiles(second_mol)
    if names[0] == names[1] or constitution(first_mol) != constitution(second_mol):
        return None
    return "enantiomer" if mirror_image(first) == names[1] else "diastereomer"


def mirror_image(smiles: str) -> str:
    """Return the canonical SMILES of the mirror image; of an achiral molecule its own."""
    mol = parse_smiles(smiles, smiles)
    for atom in mol.GetAtoms():
        atom.InvertChirality()
    mirrored = axes.smiles(axes.invert(mol))
    return axes.smiles(parse_smiles(mirrored, mirrored))
