"""What force fields and programs call residues and atoms, and what these are called in the PDB.

Names of states are those of Amber, CHARMM, GROMOS and OPLS as GROMACS, CHARMM-GUI, tleap and NAMD write them, and of CYANA
(`residuetypes.dat` and the `.r2b` files of GROMACS; `aminolib` of AmberTools).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import gemmi

WATER = "HOH"
BACKBONE = ("N", "CA", "C")
# Heavy atoms of the standard residues beyond N, CA, C, O and OXT (PDB nomenclature).
SIDE_CHAINS = {
    "ALA": "CB", "ARG": "CB CG CD NE CZ NH1 NH2", "ASN": "CB CG OD1 ND2", "ASP": "CB CG OD1 OD2",
    "CYS": "CB SG", "GLN": "CB CG CD OE1 NE2", "GLU": "CB CG CD OE1 OE2", "GLY": "",
    "HIS": "CB CG ND1 CD2 CE1 NE2", "ILE": "CB CG1 CG2 CD1", "LEU": "CB CG CD1 CD2",
    "LYS": "CB CG CD CE NZ", "MET": "CB CG SD CE", "PHE": "CB CG CD1 CD2 CE1 CE2 CZ",
    "PRO": "CB CG CD", "SER": "CB OG", "THR": "CB OG1 CG2",
    "TRP": "CB CG CD1 CD2 NE1 CE2 CE3 CZ2 CZ3 CH2", "TYR": "CB CG CD1 CD2 CE1 CE2 CZ OH",
    "VAL": "CB CG1 CG2",
}  # fmt: skip
HEAVY_ATOMS = {
    name: frozenset(("N", "CA", "C", "O", "OXT", *atoms.split())) for name, atoms in SIDE_CHAINS.items()
}


# Nucleotides of DNA and RNA that the force field knows.
NUCLEOTIDES = frozenset({"DA", "DC", "DG", "DT", "A", "C", "G", "U"})


class Meaning(NamedTuple):
    """What the name of an amino acid in some state says.

    Attributes
    ----------
    parent : str
        Its name in the PDB.
    state : str
        As OpenMM names variants; empty where the name leaves it open.
    lost : str
        What the name says and has no parameters here; empty otherwise.
    """

    parent: str
    state: str = ""
    lost: str = ""


_STATES = {
    **dict.fromkeys(("HID", "HSD", "HISD", "HISA"), Meaning("HIS", "HID")),
    **dict.fromkeys(("HIE", "HSE", "HISE", "HISB", "HIST"), Meaning("HIS", "HIE")),
    **dict.fromkeys(("HIP", "HSP", "HISH", "HISP", "HIS+"), Meaning("HIS", "HIP")),
    **dict.fromkeys(("HIS1", "HIS2"), Meaning("HIS")),  # bound to a heme: its metal decides
    **dict.fromkeys(("CYX", "CYS1", "CYS2", "CYSH", "CYN", "CYSS"), Meaning("CYS")),  # its partner decides
    "CYM": Meaning("CYS", "CYX"),
    **dict.fromkeys(("ASH", "ASPH", "ASPP"), Meaning("ASP", "ASH")),
    **dict.fromkeys(("GLH", "GLUH", "GLUP"), Meaning("GLU", "GLH")),
    **dict.fromkeys(("AS4", "ASPM", "ASP-"), Meaning("ASP")),
    **dict.fromkeys(("GL4", "GLUM", "GLU-"), Meaning("GLU")),
    **dict.fromkeys(("LYN", "LSN", "LYSN"), Meaning("LYS", "LYN")),
    **dict.fromkeys(("LYP", "LYSH", "LYS+"), Meaning("LYS", "LYS")),
    **dict.fromkeys(("ARN", "ARGN"), Meaning("ARG", lost="neutral")),
    **dict.fromkeys(("ARGH", "ARG+"), Meaning("ARG")),
    "TYM": Meaning("TYR", lost="an anion"),
}
# Amber's names of chain ends: N or C before the name.
AMINO_ACID_NAMES = _STATES | {
    f"{end}{name}": _STATES.get(name, Meaning(name))
    for end in "NC"
    for name in (*SIDE_CHAINS, *_STATES)
    if len(name) == 3
}
WATERS = frozenset([
    "TIP", "TIP2", "TIP3", "TIP4", "TIP5", "TP3", "TP4", "TP5", "T3P", "T4P", "T5P", "T3H", "SPC", "SPCE", "SOL",
    "WAT", "HOH", "DOD", "H2O", "OPC", "OPC3", "TIP3P", "TIP4P",
])  # fmt: skip
# Names of ions that are not the element's symbol; they count where the residue is one atom.
IONS = {
    "SOD": "NA", "NA+": "NA", "NA1": "NA", "NA1+": "NA", "POT": "K", "K+": "K", "K1+": "K", "CLA": "CL", "CL-": "CL",
    "CL1-": "CL", "CHL": "CL", "CAL": "CA", "CA2": "CA", "CA2+": "CA", "CA+2": "CA", "MG2": "MG", "MG2+": "MG",
    "MG+2": "MG", "ZN2": "ZN", "ZN2+": "ZN", "ZN+2": "ZN", "CES": "CS", "LIT": "LI", "RUB": "RB", "IP": "NA",
    "IM": "CL",
}  # fmt: skip
# CHARMM's lipids: two letters for the chains, two for the head.
LIPID = re.compile(
    r"(D|P|S|Y|L|M|T|O|A|E|B)[A-Z](P[ACEGISU]|SM|GL)|CHL1|CHOL|CHSD|ERG1|PSPC|TOCL|PALM|OLEO|STEA"
)
# Names that some programs give to atoms of the standard residues.
ATOMS = {
    ("ILE", "CD"): "CD1",
    **{("", name): "O" for name in ("OT1", "OC1", "O1", "OCT1")},
    **{("", name): "OXT" for name in ("OT2", "OC2", "O2", "OCT2", "OT")},
}


def known_residue(name: str) -> bool:
    """Return whether a name is one of the PDB's, or one that force fields give to residues, waters or ions."""
    import gemmi

    return (
        name in AMINO_ACID_NAMES
        or name in WATERS
        or name in IONS
        or LIPID.fullmatch(name) is not None
        or (name != "UNK" and gemmi.find_tabulated_residue(name).kind != gemmi.ResidueKind.UNKNOWN)
    )


def is_water(residue: gemmi.Residue) -> bool:
    """Return whether a residue without hydrogens is water: other molecules have the same names, as T3P and OPC.

    Sites that are no atoms, as a model's fourth, have no element.
    """
    return residue.name.upper() in WATERS and all(atom.element.name in ("O", "X") for atom in residue)


def amino_acid(name: str, atoms: Iterable[str]) -> Meaning | None:
    """Return what a force field's name of an amino acid means; None if it is none of them.

    Parameters
    ----------
    atoms
        Names of its heavy atoms: of another molecule that goes by the same name, such as homoserine (HSE in the
        PDB, a histidine in CHARMM), they are others.
    """
    own = set(atoms)
    meaning = AMINO_ACID_NAMES.get(name.upper())
    if (
        meaning is None and len(name) == 4 and own.issuperset(BACKBONE)
    ):  # of a force field that is not known here
        meaning = next((Meaning(part) for part in (name[:3], name[1:]) if part in HEAVY_ATOMS), None)
    if meaning is None:
        return None
    return (
        meaning if {atom_name(meaning.parent, atom) for atom in own} <= HEAVY_ATOMS[meaning.parent] else None
    )


def atom_name(residue: str, atom: str) -> str:
    """Return what the PDB calls an atom of a standard residue."""
    return ATOMS.get((residue, atom), ATOMS.get(("", atom), atom))


def take_pdb_name(residue: gemmi.Residue) -> str:
    """Give a residue and its atoms the names of the PDB; return what it was called, empty if that was its name.

    Parameters
    ----------
    residue
        Without hydrogens.
    """
    import gemmi

    before = residue.name
    meaning = amino_acid(before, [atom.name.upper() for atom in residue])
    if meaning is not None:
        residue.name, residue.het_flag = meaning.parent, "A"
    elif before.upper() in HEAVY_ATOMS:
        residue.name = before.upper()
    elif is_water(residue):
        residue.name = WATER
    elif len(residue) == 1 and before.upper() in IONS and _may_be(residue[0].element, IONS[before.upper()]):
        symbol = IONS[before.upper()]
        residue.name = residue[0].name = symbol
        residue[0].element = gemmi.Element(symbol)
    if residue.name in HEAVY_ATOMS:
        own = {atom.name for atom in residue}
        for atom in residue:
            if (name := atom_name(residue.name, atom.name.upper())) not in own:
                atom.name = name
    return "" if residue.name == before else before


def _may_be(element: gemmi.Element, symbol: str) -> bool:
    """Return whether an atom can be of an element: it is, or its name was read as that of another of its letter."""
    return element.name.upper() in (symbol, symbol[0], "X") or element.name.upper()[0] in "SPCIR"
