"""The columns of tables of molecules: how a line is cut into cells, and which of them hold the SMILES and the names."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

# Titles as `folded` gives them. Where a table has several, the first is read: what says more of the molecule comes first.
SMILES_COLUMNS = (
    "isomericsmiles", "isosmiles", "smilesisomeric", "smilesiso", "canonicalisomericsmiles", "cxsmiles", "smiles", "ligandsmiles",
    "compoundsmiles", "moleculesmiles", "molsmiles", "smilesstring", "canonicalsmiles", "smilescanonical", "smi", "structure",
    "mol", "connectivitysmiles",
)  # fmt: skip
# Names before numbers of catalogues and databases: ChEMBL, PubChem, ZINC, Enamine, MolPort, DrugBank, BindingDB, the PDB.
NAME_COLUMNS = (
    "name", "id", "title", "compound", "compoundname", "molecule", "ligand", "moleculename", "molname", "ligandname",
    "drugname", "drug", "commonname", "preferredname", "prefname", "cmpdname", "productname", "chemicalname",
    "bindingdbligandname", "compoundid", "moleculeid", "molid", "ligandid", "cmpdid", "chemblid", "moleculechemblid",
    "zincid", "catalogid", "catalogueid", "catalognumber", "cataloguenumber", "catalogno", "catalognum", "catalog", "idnumber",
    "molportid", "enamineid", "cid", "pubchemcid", "compoundcid", "pubchemcompoundcid", "pubchemid", "sid", "pubchemsid",
    "pubchemsubstanceid", "substanceid", "drugbankid", "bindingdbmonomerid", "monomerid", "hetid", "ligandcode", "cas",
    "casnumber", "casno", "casrn", "casregistrynumber", "registrynumber", "vendorid", "supplierid", "externalid", "sampleid",
    "identifier", "iupacname",
)  # fmt: skip
SEPARATORS = ",;\t"


def folded(title: str) -> str:
    """Return a title as the lists above hold it: ``Molecule ChEMBL ID`` is ``moleculechemblid``."""
    return "".join(character for character in title.casefold() if character.isalnum())


def found(titles: Sequence[str], usual: Sequence[str]) -> list[int]:
    """Return which titles are usual ones, the most usual first."""
    plain = [folded(title) for title in titles]
    return [plain.index(name) for name in usual if name in plain]


def cells(text: str, separator: str) -> list[str] | None:
    """Return the cells of a row, or None if a quotation mark is left open.

    The extension of a CXSMILES that a row begins with holds commas, which separate nothing.
    """
    extended = re.match(r'[^\s,;"]+[ \t]\|[^|"]*\|', text)
    if extended and text[extended.end() :].startswith(separator):
        rest = cells(text[extended.end() + len(separator) :], separator)
        return None if rest is None else [extended.group(), *rest]
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        pass
    if text.count('"') % 2 or "\n" in text:  # over several lines only what is quoted runs on
        return None
    return next(csv.reader([text], delimiter=separator, quoting=csv.QUOTE_NONE), [])


def told_separator(line: str) -> str:
    """Return the separator that a first line such as Excel's ``sep=;`` tells, or nothing."""
    match = re.fullmatch(r'"?sep= *([^\w"])"?[,;\t]*', line.strip(" "), re.IGNORECASE)
    return match.group(1) if match else ""


def separator_of(header: str) -> str:
    """Return what most likely separates the titles of a header."""
    return max(SEPARATORS, key=header.count)


def names_columns(line: str, separator: str = "") -> bool:
    """Return whether the first line of a file of SMILES is the header of a table.

    Parameters
    ----------
    separator
        What separates its cells; looked for if it is empty.
    """
    titles = [folded(title) for title in cells(line, separator or separator_of(line)) or []]
    if len(titles) < 2:
        return False
    # "mol" and "structure" alone could be the name of a molecule.
    return titles[0] in SMILES_COLUMNS or any("smi" in title for title in titles if title in SMILES_COLUMNS)
