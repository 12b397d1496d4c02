"""The raw entry: what a structure file holds, with one model, one place for each atom and no hydrogens."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dock.core.catalogue import HeteroLabel
from dock.core.errors import StructureError
from dock.core.keys import file_sha256
from dock.receptors.atom_lines import ATOM
from dock.receptors.copies import free_names, separate_copies
from dock.receptors.mmcif_file import read_mmcif
from dock.receptors.names import BACKBONE, HEAVY_ATOMS, take_pdb_name
from dock.receptors.pdb_file import read_pdb

if TYPE_CHECKING:
    import gemmi

ALPHAFOLD = "alphafold"
UNKNOWN = "UNK"  # an amino acid that is not known, in the PDB
FARTHEST = 1e5  # angstrom
ANOTHER_PLACE = 5.0  # angstrom between the middles of two alternates: they may be two molecules
MMCIF = (".cif", ".mmcif")
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}  # that texts begin with


class ResidueKey(NamedTuple):
    """The author's address of a residue: chain, number and insertion code."""

    chain: str
    number: int
    insertion: str = ""

    def label(self, name: str, with_chain: bool = False) -> str:
        """Return the residue as people write it: ``ASP98``, ``A:ASP98``, ``ASP98A``."""
        prefix = f"{self.chain}:" if with_chain else ""
        return f"{prefix}{name}{self.number}{self.insertion}"


class SequenceReference(NamedTuple):
    """A stretch of a chain that the file maps to a database sequence, by author's numbers."""

    chain: str
    database: str
    accession: str
    first: int
    last: int


@dataclass
class Entry:
    """A structure file as read.

    Attributes
    ----------
    path : Path
    name : str
        The entry's code, or the file's name.
    chains : dict of str to list of gemmi.Residue
        Every residue of the first model by the author's chain name, in the order of the file.
    polymers : dict of str to list of gemmi.Residue
        The residues of each protein chain.
    sequences : dict of str to tuple of str
        The full sequence of each protein chain in three-letter names; empty where the file
        does not give it.
    references : tuple of SequenceReference
    predicted : bool
        Whether it is a predicted model, with pLDDT in place of the B factor.
    notes : dict
        What had to be decided in reading, for the record.
    named : dict of ResidueKey to str
        What the file calls amino acids that have other names in the PDB, as ``HIE``.
    renamed : dict of str to str
        What the file calls chains that had to be given other names, since theirs were taken.
    """

    path: Path
    name: str
    chains: dict[str, list[gemmi.Residue]]
    polymers: dict[str, list[gemmi.Residue]]
    sequences: dict[str, tuple[str, ...]]
    references: tuple[SequenceReference, ...]
    predicted: bool
    notes: dict[str, Any] = field(default_factory=dict)
    named: dict[ResidueKey, str] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Hash of the file."""
        return file_sha256(self.path)


def read_entry(path: Path) -> Entry:
    """Read a structure file.

    The first of several models is taken. Of alternate locations those of highest occupancy in
    their residue are kept, hydrogens are dropped, chains without a name get one. Residues and atoms
    get the names of the PDB. Every atom of the file is kept or counted among ``atoms`` of the notes.

    Raises
    ------
    StructureError
        If the file cannot be read or has no protein.
    """
    notes: dict[str, Any] = {}
    structure = _parse(path, notes)
    counts = {"read": notes.pop("atoms_read")}
    if len(structure) > 1:
        notes["models"] = f"the first of {len(structure)} was taken"
        counts["of other models"] = sum(model.count_atom_sites() for model in structure) - _atoms(structure)
        del structure[1:]
    hydrogens = sum(atom.is_hydrogen() for chain in structure[0] for residue in chain for atom in residue)
    if hydrogens:
        notes["hydrogens"] = f"{hydrogens} dropped, to be placed again"
        counts["hydrogens"] = hydrogens
        structure.remove_hydrogens()
    unplaced = sum(_drop_unplaced(residue) for chain in structure[0] for residue in chain)
    if unplaced:
        notes["unplaced"] = f"{unplaced} atoms without possible coordinates were dropped"
        counts["unplaced"] = unplaced
    _remove_empty(structure)
    renamed = _name_chains(structure, notes)
    _number_residues(path, structure, notes)
    named = _take_pdb_names(structure, notes)
    counts["given twice"] = separate_copies(structure[0], notes)
    structure.setup_entities()
    block = structure.make_mmcif_block()
    before = _atoms(structure)
    altlocs: list[str] = []
    others: list[str] = []
    chains = {
        chain.name: _one_place_each(chain.name, [residue.clone() for residue in chain], altlocs, others)
        for chain in structure[0]
    }
    if altlocs:
        notes["altlocs"] = altlocs
    if others:
        notes["one_of_several"] = others
    counts["kept"] = sum(len(residue) for residues in chains.values() for residue in residues)
    counts["alternates"] = before - counts["kept"]
    notes["atoms"] = {what: count for what, count in counts.items() if count}
    if 2 * counts["read"] != sum(counts.values()):
        raise StructureError(path, f"its atoms do not add up ({notes['atoms']})", "report it, with the file")
    polymers = {name: [r for r in residues if _in_protein(r)] for name, residues in chains.items()}
    polymers = {name: residues for name, residues in polymers.items() if residues}
    if not polymers:
        raise StructureError(path, "has no protein", "name another file or entry")
    return Entry(
        path,
        _information(structure, "_entry.id") or path.name.split(".")[0],
        chains,
        polymers,
        _sequences(structure, polymers),
        _references(block),
        _is_predicted(path, structure),
        notes,
        named,
        renamed,
    )


def residue_key(chain: str, residue: gemmi.Residue) -> ResidueKey:
    """Return the author's address of a residue."""
    return ResidueKey(chain, int(str(residue.seqid.num)), residue.seqid.icode.strip())


def canonical_label(label: str) -> str:
    """Return a residue's label with its name in capitals; the chain's name is left as it is."""
    chain, colon, residue = label.rpartition(":")
    return f"{chain}{colon}{residue.upper()}"


def matching_residues(label: str, labels: Sequence[str], only_chain: str = "") -> list[int]:
    """Return the index of the residue that a label means, in a list of one or none.

    Parameters
    ----------
    label
        As ``ASP98``, or ``A:ASP98``.
    labels
        Of each residue, with the chain if there are several.
    only_chain
        Name of the chain where there is one alone, which the labels leave out; empty if there are several.

    Raises
    ------
    StructureError
        If residues of several chains answer to it.
    """
    wanted = canonical_label(label)
    found = [
        index
        for index, own in enumerate(labels)
        if wanted in (own, own.rpartition(":")[2], f"{only_chain}:{own}")
    ]
    if len(found) > 1:
        several = ", ".join(labels[index] for index in found)
        raise StructureError(label, f"could be {several}", "write the chain, too")
    return found


def split_hetero(label: HeteroLabel) -> tuple[str, str, str]:
    """Return chain, code and number of ``68P``, ``68P:701``, ``A:68P:701`` or ``A:68P:*``; empty if not given."""
    parts = label.split(":")
    if len(parts) == 1:
        return "", parts[0].upper(), ""
    return "" if len(parts) == 2 else parts[0], parts[-2].upper(), parts[-1].removesuffix("*")


def _parse(path: Path, notes: dict[str, Any]) -> gemmi.Structure:
    """Read all models of a file, and note how many atoms it has."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix.lower() == ".gz" else path.read_bytes()
        text = _decoded(content)
        structure = read_mmcif(path, text, notes) if _is_mmcif(path, text) else read_pdb(path, text, notes)
    except StructureError:
        raise
    except Exception as error:  # gemmi raises what zlib, the file system or a malformed line causes
        raise StructureError(path, f"cannot be read as a structure ({error})") from error
    if not len(structure) or not _atoms(structure):
        raise StructureError(path, "has no atoms", "is it a structure file?")
    return structure


def _is_mmcif(path: Path, text: str) -> bool:
    """Return whether a text is mmCIF: by what it begins with, or else by the name of its file."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    if first.lower().startswith("data_") or ATOM.match(first):
        return first.lower().startswith("data_")
    return Path(path.name.lower().removesuffix(".gz")).suffix in MMCIF


def _decoded(content: bytes) -> str:
    """Return a file's text: remarks may be in any encoding, what the coordinates need is ASCII."""
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "ascii")
    text = content.decode(encoding, errors="replace")
    return text.encode("ascii", errors="replace").decode("ascii")


def _atoms(structure: gemmi.Structure) -> int:
    """Return how many atoms the first model has, alternates counted one by one."""
    return sum(len(residue) for chain in structure[0] for residue in chain)


def _remove_empty(structure: gemmi.Structure) -> None:
    """Remove residues and chains without atoms."""
    for chain in structure[0]:
        for index in reversed(range(len(chain))):
            if not len(chain[index]):
                del chain[index]
    structure.remove_empty_chains()


def _number_residues(path: Path, structure: gemmi.Structure, notes: dict[str, Any]) -> None:
    """Give residues without a number, as ligands in files of structure predictors, the next one of their chain."""
    import gemmi

    given = []
    for chain in structure[0]:
        last = max((residue.seqid.num for residue in chain if residue.seqid.num is not None), default=0)
        for residue in chain:
            if residue.seqid.num is not None:
                continue
            if all(name in residue for name in BACKBONE):
                raise StructureError(path, f"has {residue.name} without a number", "number its residues")
            last += 1
            residue.seqid = gemmi.SeqId(last, " ")
            given.append(f"{residue.name} {last} of chain {chain.name}")
    if given:
        notes["numbered"] = given


def _take_pdb_names(structure: gemmi.Structure, notes: dict[str, Any]) -> dict[ResidueKey, str]:
    """Give residues the names of the PDB; return what amino acids were called that had others."""
    called = {}
    others = set()
    for chain in structure[0]:
        for residue in chain:
            before = take_pdb_name(residue)
            if before and residue.name in HEAVY_ATOMS:
                called[residue_key(chain.name, residue)] = before
            elif before:
                others.add(f"{before} for {residue.name}")
    if others:
        notes["waters_and_ions"] = f"{', '.join(sorted(others))} in the file"
    return called


def _name_chains(structure: gemmi.Structure, notes: dict[str, Any]) -> dict[str, str]:
    """Give chains without a name, and those that use a name again, the first letter that is free.

    Returns what chains were called by names that were taken. A part of a chain that comes after TER, such as its ligands, keeps the name; one whose residue
    numbers are taken is another chain.
    """
    taken: dict[str, set[str]] = {}
    names = {chain.name for chain in structure[0]}
    renamed = []
    called = {}
    for chain in structure[0]:
        numbers = {str(residue.seqid) for residue in chain}
        if not chain.name.strip() or numbers & taken.get(chain.name, set()):
            new = next(free_names({*taken, *names}))
            renamed.append(f"{chain.name.strip() or 'a chain without a name'} was called {new}")
            if chain.name.strip():
                called[new] = chain.name
            chain.name = new
        taken.setdefault(chain.name, set()).update(numbers)
    if renamed:
        notes["chains"] = renamed
    structure.merge_chain_parts()
    return called


def _one_place_each(
    chain: str, residues: list[gemmi.Residue], altlocs: list[str], others: list[str]
) -> list[gemmi.Residue]:
    """Keep of each residue, and of each atom, the alternate of highest occupancy; note it.

    Parameters
    ----------
    altlocs
        What was chosen is added to it.
    others
        The same, of what is no alternate of one residue but another, or so far away that it may be.
    """
    kept = []
    for _, same_place in groupby(residues, key=lambda residue: (str(residue.seqid), residue.subchain)):
        group = list(same_place)
        letters: dict[tuple[str, str], list[float]] = {}
        for residue in group:
            for atom in residue:
                if atom.altloc != "\0":
                    letters.setdefault((residue.name, atom.altloc), []).append(atom.occ)
        if not letters:
            several = len({residue.name for residue in group}) > 1
            kept.extend(group[:1] if several else group)
            if several:
                rest = ", ".join(residue.name for residue in group[1:])
                altlocs.append(f"{residue_key(chain, group[0]).label(group[0].name, True)} kept, not {rest}")
                others.append(altlocs[-1])
            continue
        mean = {alternate: sum(values) / len(values) for alternate, values in letters.items()}
        name, letter = min(mean, key=lambda alternate: (-mean[alternate], alternate[1]))
        residue = next(residue for residue in group if residue.name == name)
        far = _lies_apart(group, name, letter)
        _keep_alternate(residue, letter)
        key = residue_key(chain, residue)
        rest = ", ".join(f"{n} {a} ({occ:.2f})" for (n, a), occ in mean.items() if (n, a) != (name, letter))
        altlocs.append(
            f"{key.label(name, True)}: {letter} ({mean[name, letter]:.2f}) kept, not {rest or 'any other'}"
        )
        others += [altlocs[-1]] if far else []
        kept.append(residue)
    return kept


def _lies_apart(group: Sequence[gemmi.Residue], name: str, letter: str) -> bool:
    """Return whether an alternate lies farther from the one that is chosen than one molecule moves."""
    places: dict[tuple[str, str], list[list[float]]] = {}
    for residue in group:
        for atom in residue:
            if atom.altloc != "\0":
                places.setdefault((residue.name, atom.altloc), []).append(atom.pos.tolist())
    middles = {alternate: np.mean(own, axis=0) for alternate, own in places.items()}
    chosen = middles[name, letter]
    return any(np.linalg.norm(middle - chosen) > ANOTHER_PLACE for middle in middles.values())


def _keep_alternate(residue: gemmi.Residue, letter: str) -> None:
    """Keep one place for each atom: the alternate's, or else the one of highest occupancy."""
    chosen: dict[str, int] = {}
    for index, atom in enumerate(residue):
        best = chosen.get(atom.name)
        if best is None or (atom.altloc == letter, atom.occ) > (
            residue[best].altloc == letter,
            residue[best].occ,
        ):
            chosen[atom.name] = index
    for index in reversed(range(len(residue))):
        if index in chosen.values():
            residue[index].altloc = "\0"
        else:
            del residue[index]


def _drop_unplaced(residue: gemmi.Residue) -> int:
    """Remove atoms whose coordinates are no numbers, or are out of this world; return how many."""
    count = len(residue)
    for index in reversed(range(count)):
        if not all(abs(value) < FARTHEST for value in residue[index].pos.tolist()):
            del residue[index]
    return count - len(residue)


def _in_protein(residue: gemmi.Residue) -> bool:
    import gemmi

    if residue.entity_type != gemmi.EntityType.Polymer:
        return False
    if residue.name == UNKNOWN:  # by its atoms: programs call ligands so, too
        names = {atom.name for atom in residue}
        return names.issuperset(BACKBONE) or names == {"CA"}
    known = gemmi.find_tabulated_residue(residue.name)
    return bool(known.is_amino_acid()) or (not known.is_nucleic_acid() and "CA" in residue and "N" in residue)


def _sequences(structure: gemmi.Structure, polymers: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    import gemmi

    found = {}
    for name in polymers:
        entity = structure.get_entity_of(structure[0][name].get_polymer())
        full = entity.full_sequence if entity else []
        found[name] = tuple(gemmi.Entity.first_mon(item) for item in full)
    return found


def _references(block: gemmi.cif.Block) -> tuple[SequenceReference, ...]:
    """Read DBREF records or the `struct_ref_seq` category, by the author's numbers."""
    names = {row[0]: row[1] for row in block.find("_struct_ref.", ["id", "db_name"])}
    columns = [
        "ref_id", "pdbx_strand_id", "pdbx_db_accession", "pdbx_auth_seq_align_beg", "pdbx_auth_seq_align_end",
    ]  # fmt: skip
    found = []
    for row in block.find("_struct_ref_seq.", columns):
        number, chain, accession, first, last = (value.strip("'\"") for value in row)
        if first.lstrip("-").isdigit() and last.lstrip("-").isdigit():
            found.append(SequenceReference(chain, names.get(number, ""), accession, int(first), int(last)))
    return tuple(found)


def _is_predicted(path: Path, structure: gemmi.Structure) -> bool:
    title = _information(structure, "_struct.title").lower()
    experiment = _information(structure, "_exptl.method")
    return not experiment and (ALPHAFOLD in title or path.name.upper().startswith("AF-"))


def _information(structure: gemmi.Structure, item: str) -> str:
    """Return what the file says of itself, such as its code; empty if nothing."""
    return next((value for key, value in structure.info.items() if key == item), "")
