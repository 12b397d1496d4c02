"""PDB files as people bring them: what stands in their columns, made into a structure of gemmi."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.receptors.atom_lines import ATOM, SHOWN, AtomLine, Numbered, looks_like_atom, read_atom_lines
from dock.receptors.names import AMINO_ACID_NAMES, BACKBONE, HEAVY_ATOMS, IONS, LIPID, WATERS, known_residue

if TYPE_CHECKING:
    import gemmi

HEADER = ("HEADER", "TITLE", "EXPDTA", "SEQRES", "DBREF", "SEQADV")  # what is read besides atoms
MODEL = re.compile(r"MODEL\b", re.IGNORECASE)
END_OF_MODEL = re.compile(r"ENDMDL\b", re.IGNORECASE)
END = re.compile(r"END\s*$", re.IGNORECASE)
TER = re.compile(r"TER\b", re.IGNORECASE)
# Codes of five letters, which leave no room for the chain: new ones of the PDB, and AlphaFold 3's ligands.
FIVE_LETTERS = re.compile(r"A1[A-Z0-9]{3}|LIG_[A-Z]")
AGAIN = 0.5  # of a file's atoms: so many that come again after END are another frame


def read_pdb(path: Path, text: str, notes: dict[str, Any]) -> gemmi.Structure:
    """Read the text of a PDB file, all of its models, each part of a chain apart.

    Chains end at TER, and where the numbers of the polymer begin again. Names of residues with four letters and
    chains with two share a column: what names the file has tells which it is.

    Parameters
    ----------
    notes
        What had to be decided is added to it, and how many ``atoms_read`` there are.

    Raises
    ------
    StructureError
        If a line cannot be read.
    """
    import gemmi

    lines = [Numbered(number, line) for number, line in enumerate(text.splitlines(), start=1)]
    header = [line.text for line in lines if line.text.startswith(HEADER)]
    structure = gemmi.read_pdb_string("\n".join([*header, "END", ""]))
    del structure[:]
    sections = _sections(lines)
    damaged = [line for line in lines if not _is_read(line.text) and looks_like_atom(line.text)]
    if damaged:
        notes["no_atoms"] = [f"line {line.number}: '{line.text.strip()[:SHOWN]}'" for line in damaged]
    given = [line for section in sections for part in section.parts for line in part]
    atoms, shifted = read_atom_lines(path, given)
    if shifted:
        notes["shifted_lines"] = (
            f"{len(shifted)} read by their spaces, not by columns (the first: {shifted[0]})"
        )
    notes["atoms_read"] = len(atoms)
    _name_residues_and_chains(atoms, notes)
    remaining = iter(atoms)
    for number, parts in enumerate(_models(sections, remaining), start=1):
        structure.add_model(_model(number, parts))
    return structure


@dataclass
class _Section:
    """What stands between two marks: atoms in parts that TER ends, and whether MODEL begins it."""

    is_model: bool
    parts: list[list[Numbered]] = field(default_factory=lambda: [[]])


def _is_read(line: str) -> bool:
    """Return whether a line is an atom's, or one of another meaning here."""
    return ATOM.match(line) is not None or _marks(line) or line.startswith(HEADER)


def _marks(line: str) -> bool:
    """Return whether a line ends a part of the atoms."""
    return any(mark.match(line) for mark in (MODEL, END_OF_MODEL, END, TER))


def _sections(lines: Iterable[Numbered]) -> list[_Section]:
    """Return the atom lines of each section: a model, or what comes before END."""
    sections = [_Section(is_model=False)]
    for line in lines:
        if ATOM.match(line.text):
            sections[-1].parts[-1].append(line)
        elif TER.match(line.text):
            sections[-1].parts.append([])
        elif _marks(line.text):
            sections.append(_Section(is_model=MODEL.match(line.text) is not None))
    for section in sections:
        section.parts = [part for part in section.parts if part]
    return [section for section in sections if section.parts]


def _models(sections: Iterable[_Section], atoms: Iterator[AtomLine]) -> list[list[list[AtomLine]]]:
    """Return the atoms of each model, in parts.

    A section that no MODEL begins is another frame if it has the same atoms as the first model, and else the rest of
    it, as where files were put together.
    """
    models: list[list[list[AtomLine]]] = []
    first: set[Any] = set()
    for section in sections:
        parts = [[next(atoms) for _ in part] for part in section.parts]
        own = {(atom.address, atom.name, atom.altloc) for part in parts for atom in part}
        if models and not section.is_model and len(own & first) <= AGAIN * len(own):
            models[0].extend(parts)
        else:
            models.append(parts)
        first |= own if len(models) == 1 else set()
    return models


def _name_residues_and_chains(atoms: Sequence[AtomLine], notes: dict[str, Any]) -> None:
    """Give the letter between a residue's name and its chain to the one or the other.

    It is of the names if all that have it, in what would be a chain, are names of force fields or stand within
    another chain, or if the PDB knows none of them without it and no chain has two letters.
    """
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for atom in atoms:
        if FIVE_LETTERS.fullmatch(whole := atom.residue + atom.extra + atom.chain):
            atom.residue, atom.extra, atom.chain = whole, "", ""
        if atom.extra:
            groups[atom.extra, atom.chain].add(atom.residue)
    of_names = {
        group for group, names in groups.items() if all(_known_with(name, group[0]) for name in names)
    }
    unknown = {group for group, names in groups.items() if not any(map(known_residue, names))} - of_names
    of_names |= _within_chains(atoms) & groups.keys()
    if len(of_names | unknown) == len(groups):  # no chain of two letters to be seen
        of_names |= unknown
    long_names, long_chains = set[str](), set[str]()
    for atom in atoms:
        if not atom.extra:
            continue
        if (atom.extra, atom.chain) in of_names:
            atom.residue += atom.extra
            long_names.add(atom.residue)
        else:
            atom.chain = atom.extra + atom.chain
            long_chains.add(atom.chain)
    if long_names:
        notes["four_letter_names"] = sorted(long_names)
    if long_chains:
        notes["chains_in_the_column_of_names"] = sorted(long_chains)
    segments = {atom.segment for atom in atoms if not atom.chain and atom.segment}
    if len(segments) > 1:
        for atom in atoms:
            atom.chain = atom.chain or atom.segment
        notes["segments"] = f"chains without a name are called by their segment: {' '.join(sorted(segments))}"


def _within_chains(atoms: Sequence[AtomLine]) -> set[tuple[str, str]]:
    """Return the letters, with the chain's after them, of which every residue continues that chain on both sides."""
    runs = [list(run) for _, run in groupby(atoms, key=lambda atom: (atom.extra, *atom.address))]
    beside: dict[tuple[str, str], bool] = {}
    for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        first = run[0]
        if not first.extra:
            continue
        around = {
            other[0].number - first.number
            for other in (before, after)
            if other is not None and other[0].chain == first.chain and other[0].extra != first.extra
        }
        within = around == {-1, 1} and {atom.name for atom in run}.issuperset(BACKBONE)
        key = (first.extra, first.chain)
        beside[key] = within and beside.get(key, True)
    return {key for key, within in beside.items() if within}


def _known_with(name: str, letter: str) -> bool:
    """Return whether a name of four letters is one that force fields give."""
    whole = (name + letter).upper()
    return whole in AMINO_ACID_NAMES or whole in WATERS or whole in IONS or LIPID.fullmatch(whole) is not None


def _model(number: int, parts: Sequence[Sequence[AtomLine]]) -> gemmi.Model:
    import gemmi

    model = gemmi.Model(number)
    for part in parts:
        for name, same in groupby(part, key=lambda atom: atom.chain):
            for stretch in _stretches(list(same)):
                model.add_chain(_chain(name, stretch))
    return model


def _stretches(atoms: Sequence[AtomLine]) -> list[list[AtomLine]]:
    """Split atoms of one chain where the numbers of its polymer come again, as without TER between chains."""
    stretches: list[list[AtomLine]] = [[]]
    seen: dict[tuple[int, str], set[tuple[str, str]]] = {}
    for _, same in groupby(atoms, key=lambda atom: atom.address):
        residue = list(same)
        first = residue[0]
        own = {(atom.name, atom.altloc) for atom in residue}
        names = {atom.name for atom in residue}
        if names.issuperset(BACKBONE) or (names == {"CA"} and first.residue in HEAVY_ATOMS):
            place = (first.number, first.insertion)
            alternates = all(atom.altloc for atom in residue)
            last = stretches[-1][-1] if stretches[-1] else None
            beside = last is not None and (last.number, last.insertion) == place
            if place in seen and not alternates and not beside:
                stretches.append([])
                seen = {}
            seen.setdefault(place, set()).update(own)
        stretches[-1] += residue
    return stretches


def _chain(name: str, atoms: Sequence[AtomLine]) -> gemmi.Chain:
    import gemmi

    chain = gemmi.Chain(name)
    residues: dict[tuple[str, int, str, str], list[AtomLine]] = {}
    for atom in atoms:
        residues.setdefault(atom.address, []).append(atom)
    for (_, number, insertion, residue_name), own in residues.items():
        residue = gemmi.Residue()
        residue.name = residue_name
        residue.seqid = gemmi.SeqId(number, insertion or " ")
        residue.het_flag = "H" if own[0].hetero else "A"
        for line in own:
            residue.add_atom(_atom(line))
        chain.add_residue(residue)
    return chain


def _atom(line: AtomLine) -> gemmi.Atom:
    import gemmi

    atom = gemmi.Atom()
    atom.name = line.name
    atom.altloc = line.altloc or "\0"
    atom.element = gemmi.Element(line.element)
    atom.pos = gemmi.Position(*line.place)
    atom.occ, atom.b_iso = line.occupancy, line.b_factor
    atom.serial = line.line
    return atom
