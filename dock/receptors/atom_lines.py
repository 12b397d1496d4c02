"""The atom lines of a PDB file: read by their columns, or by their spaces where they are shifted."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dock.core.errors import StructureError
from dock.receptors.names import HEAVY_ATOMS, WATERS, amino_acid, known_residue

ATOM = re.compile(r"\s*(ATOM|HETATM)(?=[\s\d*]|$)", re.IGNORECASE)
NUMBER = re.compile(r"\s*(-?\d+)\s*")
HYBRID = re.compile(r"[A-Z][0-9A-Z]{3}|[a-z][0-9a-z]{3}")
HEXADECIMAL = re.compile(r"(?=.*[a-f])[0-9][0-9a-f]{3}")
DECIMAL = re.compile(r"\s*[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?\s*")
NOWHERE = re.compile(r"\s*(\*+|[-+]?nan|[-+]?inf(inity)?)\s*", re.IGNORECASE)
WORD = re.compile(r"\S+")
SYMBOL = re.compile(r"[A-Za-z]{1,2}")
# A line by its spaces: record and serial may be one word, coordinates of three decimals may touch.
SPACED = re.compile(
    r"\s*(?P<record>ATOM|HETATM)\s*(?P<serial>\d+|\*+|[A-Za-z][0-9A-Za-z]{4})\s+(?P<name>[^\s.]{1,4})\s+"
    r"(?P<residue>[^\s.]{1,5})\s+((?P<chain>[^\s.]{1,4})\s+)?(?P<number>-?\d+)(?P<insertion>[A-Za-z]?)\s+"
    r"(?P<places>[-+]?\d+\.\d+\s*[-+]?\d+\.\d+\s*[-+]?\d+\.\d+)(?P<rest>(\s.*)?)$",
    re.IGNORECASE,
)
COORDINATE = re.compile(r"[-+]?\d+\.\d{3}|[-+]?\d+\.\d+")
CHARGED = re.compile(r"\s*|\s?[A-Za-z]{1,2}\s*(\d[+-]|[+-]\d)?\s*")
ELEMENT = 76  # column of a PDB line, from 0, where element and charge begin
# Elements of two letters that are met in molecules of several atoms; of others the first letter counts.
TWO_LETTERS = frozenset(["CL", "BR", "FE", "ZN", "SI", "SE", "MG", "CU", "MN", "PT", "RU", "NI"])
PDBQT_TYPES = frozenset(["HD", "OA", "SA", "A"])  # AutoDock's, where others have the element
BEFORE_LETTERS = "0123456789'\"*"  # in names of atoms
LETTERS_OF_WATER = frozenset("OHDMEL")  # names of its atoms, and of sites that are none, begin so
HYBRID_STRETCH = 10
SHOWN = 60  # characters of a line in an error
ADVICE = "write the file again with the columns of the PDB format, or as mmCIF"


# Records that may hold the numbers of an atom line and are none.
NO_ATOMS = ("REMARK", "USER", "ANISOU", "SIGATM", "SIGUIJ")


@dataclass
class AtomLine:
    """An atom as its line has it.

    Attributes
    ----------
    line : int
        Counted from 1.
    hetero : bool
    name, altloc, residue, chain, insertion, segment, element : str
        Without spaces; empty where blank.
    number : int
    place : tuple of float
        In angstrom; NaN for what is no number.
    occupancy, b_factor : float
    extra : str
        What stands in the column between the residue's name and the chain's: part of either.
    hybrid : str
        The number as it stands, if it was read as hybrid-36.
    padded : str
        The atom's name with the spaces around it, which tell CA from calcium.
    """

    line: int
    hetero: bool
    name: str
    altloc: str
    residue: str
    chain: str
    number: int
    insertion: str
    place: tuple[float, float, float]
    occupancy: float = 1.0
    b_factor: float = 0.0
    segment: str = ""
    element: str = ""
    extra: str = ""
    padded: str = ""
    hybrid: str = ""

    @property
    def address(self) -> tuple[str, int, str, str]:
        """Chain, number, insertion code and name of its residue."""
        return self.chain, self.number, self.insertion, self.residue


class Numbered(NamedTuple):
    """A line and its number, counted from 1."""

    number: int
    text: str


def looks_like_atom(text: str) -> bool:
    """Return whether a line that does not begin as an atom's is one in all else: its first word is damaged."""
    first = WORD.search(text)
    if first is None or "." not in text or text.upper().startswith(NO_ATOMS):
        return False
    spaced = f"ATOM {text[first.end() :]}".replace("\t", " ")
    return _by_columns(0, f"ATOM  {text[6:]}") is not None or _by_spaces(0, spaced) is not None


def read_atom_lines(path: Path, lines: Sequence[Numbered]) -> tuple[list[AtomLine], list[int]]:
    """Read atom lines.

    Returns
    -------
    atoms : list of AtomLine
        One for each line.
    shifted : list of int
        Numbers of the lines that were read by their spaces.

    Raises
    ------
    StructureError
        If a line fits neither the columns of the format nor can be told apart by its spaces.
    """
    atoms, shifted = [], []
    for line in lines:
        text = line.text.replace("\t", " ")
        by_columns = _by_columns(line.number, text)
        by_spaces = _by_spaces(line.number, text)
        if by_columns is None and by_spaces is None:
            raise StructureError(
                f"line {line.number} of {path}", f"is no atom: '{line.text.strip()[:SHOWN]}'", ADVICE
            )
        if by_columns is None or (by_spaces is not None and _is_shifted(by_columns, by_spaces)):
            shifted.append(line.number)
            atoms.append(by_spaces)
        else:
            atoms.append(by_columns)
    found = [atom for atom in atoms if atom is not None]
    _see_letters_of_chains(found)
    _count_on_in_hexadecimals(path, found)
    _name_elements(found)
    return found, shifted


def _is_shifted(columns: AtomLine, spaces: AtomLine) -> bool:
    """Return whether the columns cut through a name that the spaces show whole."""
    names = (columns.residue, columns.residue + columns.extra)
    if spaces.residue in HEAVY_ATOMS:
        return not any(name in HEAVY_ATOMS or amino_acid(name, ()) for name in names)
    return (
        spaces.residue not in names and known_residue(spaces.residue) and not any(map(known_residue, names))
    )


def _by_columns(number: int, text: str) -> AtomLine | None:
    line = text.ljust(80)
    name, residue, insertion = line[12:16].strip(), line[17:20].strip(), line[26].strip()
    if line[:4].upper() not in ("ATOM", "HETA") or not WORD.fullmatch(name) or not WORD.fullmatch(residue):
        return None
    if insertion.isdigit():  # of a number with five
        insertion, counted = "", _counted(line[22:27])
    else:
        counted = _counted(line[22:26])
    x, y, z = (_coordinate(line[start : start + 8]) for start in (30, 38, 46))
    if counted is None or x is None or y is None or z is None or line[27:30].strip():
        return None
    decimals = {line[start : start + 8].partition(".")[2] for start in (30, 38, 46)}
    if len({len(digits) for digits in decimals if digits}) > 1:  # numbers that are cut
        return None
    element = line[ELEMENT:] if CHARGED.fullmatch(line[ELEMENT:]) else ""
    return AtomLine(
        number, line[0] in "Hh", name, line[16].strip(), residue, line[21].strip(), counted, insertion, (x, y, z),
        _number(line[54:60], 1.0), _number(line[60:66], 0.0), line[72:76].strip() if element else "",
        _symbol(element), line[20].strip(), line[12:16], "" if counted < 10_000 or insertion else line[22:26].strip(),
    )  # fmt: skip


def _by_spaces(number: int, text: str) -> AtomLine | None:
    found = SPACED.fullmatch(text.rstrip())
    if found is None:
        return None
    places = COORDINATE.findall(found["places"])
    if len(places) != 3:
        return None
    x, y, z = map(float, places)
    name, more, chain = found["residue"][:3], found["residue"][3:], found["chain"]
    if chain is None:  # which may touch the name
        more, chain = more[:1], more[1:]
    words = found["rest"].split()
    values = [float(word) for word in words[:2] if DECIMAL.fullmatch(word)]
    occupancy, b_factor = (*values, 0.0) if len(values) == 1 else values or (1.0, 0.0)
    element = next((word.upper() for word in words[2:][-1:] if SYMBOL.fullmatch(word)), "")
    return AtomLine(
        number, found["record"].upper() == "HETATM", found["name"], "", name, chain,
        int(found["number"]), found["insertion"], (x, y, z), occupancy, b_factor,
        element=element, extra=more, padded=f" {found['name']}",
    )  # fmt: skip


def _counted(text: str) -> int | None:
    """Return a residue number, in hybrid-36 where it is that (Grosse-Kunstleve, cci.lbl.gov/hybrid_36).

    VMD counts on in hexadecimals after 9999.
    """
    if (plain := NUMBER.fullmatch(text)) is not None:
        return int(plain[1])
    if HEXADECIMAL.fullmatch(text) and int(text, 16) > 9999:
        return int(text, 16)
    if not HYBRID.fullmatch(text):
        return None
    digits = len(text) - 1
    first = 10 if text[0].isupper() else 10 - 26
    return int(text, 36) - first * int(36**digits) + int(10 ** (digits + 1))


def _coordinate(text: str) -> float | None:
    """Return a coordinate; NaN for what says that it is none, None for what is no number or cut off."""
    if DECIMAL.fullmatch(text) and not text.endswith(" "):
        return float(text)
    return math.nan if NOWHERE.fullmatch(text) else None


def _number(text: str, otherwise: float) -> float:
    return float(text) if DECIMAL.fullmatch(text) or NUMBER.fullmatch(text) else otherwise


def _symbol(text: str) -> str:
    """Return the element of the columns of element and charge, in capitals."""
    return text[:2].strip().upper() if text[:2].strip().isalpha() else ""


def _see_letters_of_chains(atoms: Sequence[AtomLine]) -> None:
    """Give the first character of a number to the chain, where two of the chain's stand in columns 22 and 23.

    That they may is seen where the number has two digits or one, and a space before it. A letter before three
    digits looks like hybrid-36, of which more than ten have further letters; a digit looks like thousands.
    """
    beside = {atom.chain for atom in atoms if len(atom.chain) == 2}
    groups: dict[str, list[AtomLine]] = {}
    plain: dict[str, set[int]] = {}
    for atom in atoms:
        if len(atom.chain) != 1:
            continue
        if HYBRID.fullmatch(atom.hybrid):
            groups.setdefault(atom.chain + atom.hybrid[0], []).append(atom)
        elif atom.number >= 1000:
            groups.setdefault(f"{atom.chain}{str(atom.number)[0]}", []).append(atom)
        else:
            plain.setdefault(atom.chain, set()).add(atom.number)
    digits = any(chain[1].isdigit() for chain in beside)
    for name, own in groups.items():
        as_written = [atom.hybrid if name[1].isalpha() else str(atom.number) for atom in own]
        others = plain.get(name[0], set())
        if name[1].isdigit():  # but for a chain of one letter that counts up to there
            leads_up = int(name[1]) * 1000 - 1 in others
            of_chain = digits and not leads_up and (name in beside or not others)
        else:
            of_chain = len({number[1:] for number in as_written}) > HYBRID_STRETCH or bool(beside)
        if of_chain and all(number[1:].isdigit() for number in as_written):
            for atom, number in zip(own, as_written, strict=True):
                atom.chain, atom.number, atom.hybrid = name, int(number[1:]), ""


def _count_on_in_hexadecimals(path: Path, atoms: Sequence[AtomLine]) -> None:
    """Read as hexadecimal what goes on after 9999 so, where some numbers can be nothing else.

    Raises
    ------
    StructureError
        If such a number does not come after 9999.
    """
    chains = {atom.chain for atom in atoms if HEXADECIMAL.fullmatch(atom.hybrid)}
    last: dict[str, int] = {}
    for atom in atoms:
        if atom.chain not in chains:
            continue
        before = last.get(atom.chain, 0)
        text = atom.hybrid or f"{atom.number:04d}"
        if before >= 9999 and re.fullmatch(r"[0-9a-f]{4}", text) and int(text, 16) in (before, before + 1):
            atom.number = int(text, 16)
        elif HEXADECIMAL.fullmatch(atom.hybrid) and before < 9999:
            raise StructureError(f"line {atom.line} of {path}", f"has no residue number: '{text}'", ADVICE)
        last[atom.chain] = atom.number


def _name_elements(atoms: Sequence[AtomLine]) -> None:
    """Give each atom its element: the file's, or else what its name says."""
    import gemmi

    alone: dict[tuple[str, int, str, str], int] = {}
    letters: dict[str, set[str]] = {}
    for atom in atoms:
        alone[atom.address] = alone.get(atom.address, 0) + 1
        letters.setdefault(atom.residue, set()).add(atom.name.upper().lstrip(BEFORE_LETTERS)[:1])
    typed = any(atom.element in PDBQT_TYPES for atom in atoms)
    protein: dict[str, bool] = {}
    for atom in atoms:
        residue = atom.residue
        if residue not in protein:
            protein[residue] = (
                residue in HEAVY_ATOMS
                or (residue in WATERS and letters[residue] <= LETTERS_OF_WATER)
                or amino_acid(residue, ()) is not None
            )
        known = gemmi.Element(atom.element).atomic_number > 0
        if protein[residue] or not known or typed:
            atom.element = _element(atom, protein[residue], alone[atom.address] == 1)


def _element(atom: AtomLine, protein: bool, alone: bool) -> str:
    """Return the element that an atom's name says."""
    import gemmi

    letters = atom.name.upper().lstrip(BEFORE_LETTERS).rstrip("0123456789+-")
    if not letters or not letters[0].isalpha():
        return "X"
    if protein:
        return letters[0]
    pair = letters[:2]
    left = not atom.padded.startswith(" ")
    if len(pair) == 2 and pair.isalpha() and gemmi.Element(pair).atomic_number > 0:
        if alone and letters == pair:
            return pair
        if pair in TWO_LETTERS and (left or pair in ("CL", "BR")):
            return pair
    return letters[0]
