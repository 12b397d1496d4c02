"""Preparation: from an entry of a library to ligands, one for each isomer of each protomer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from dock.core import catalogue
from dock.core.errors import ChemistryError, EmbeddingError
from dock.core.records import Record
from dock.core.workers import Outcome, in_order
from dock.ligands import axes, stereo
from dock.ligands.library import Entry
from dock.ligands.ligand import CONFORMER_SEED, Ligand, Provenance
from dock.ligands.names import safe_name, unique_name
from dock.ligands.placement import require_sound_places
from dock.ligands.protonation import Protomer, neutral, protomers, written_charged
from dock.ligands.records import read_molecule
from dock.ligands.salts import drug_of
from dock.ligands.tautomers import tautomers
from dock.ligands.unlabelled import require_none_drawn, require_none_shown

if TYPE_CHECKING:
    from rdkit.Chem import Mol

TIME_LIMIT = 60.0  # seconds for one molecule
PAPER_ATTEMPTS = 30  # of embedding an isomer that may exist on paper only; one that can exist takes a few


class PreparationSettings(Record):
    """How molecules become ligands.

    Attributes
    ----------
    ph : float
    stereo : str
        What becomes of an open stereo centre or double bond: ``enumerate`` every isomer, or
        ``refuse`` the molecule.
    max_isomers : int
        A molecule that could be more isomers than this is refused.
    min_share : float
        The least share of a protomer that is kept; the most frequent one always is.
    max_protomers : int
    tautomers : bool
        Whether other tautomers are made, too.
    ring_conformers : int
        The most ring conformers that a ligand gets.
    keep_coordinates : bool
        Whether the heavy atoms of an SDF record stay where they are; its stereochemistry is then
        what they show, and hydrogens are placed anew.
    """

    ph: float = Field(default=7.4, ge=0, le=14)
    stereo: Literal["enumerate", "refuse"] = "enumerate"
    max_isomers: int = Field(default=32, ge=1, le=256)
    min_share: float = Field(default=0.25, gt=0, le=1)
    max_protomers: int = Field(default=4, ge=1, le=32)
    tautomers: bool = False
    ring_conformers: int = Field(default=1, ge=1, le=50)
    keep_coordinates: bool = False


@dataclass(frozen=True)
class State:
    """One stereoisomer of one protomer of an entry: a ligand all but for its coordinates.

    Attributes
    ----------
    name : str
    mol : rdkit.Chem.Mol
        Without explicit hydrogens; with coordinates only where they are kept.
    provenance : Provenance
    source, measured : str
        As of a `Ligand`.
    on_paper : bool
        Whether the isomer was made here and may not exist in space.
    """

    name: str
    mol: Mol
    provenance: Provenance
    source: str = "user"
    measured: str = ""
    on_paper: bool = False


def prepare_library(
    library: Iterable[Entry],
    settings: PreparationSettings | None = None,
    workers: int | None = None,
    time_limit: float = TIME_LIMIT,
    used: dict[int, int] | None = None,
) -> Iterator[Outcome[Entry, tuple[Ligand, ...]]]:
    """Yield the ligands of each entry of a library, or why there are none, in its order.

    Memory is bounded whatever the library's length, but for 100 bytes for each name, and every
    core is used. Names are made unique by a number at their end. A script that calls this needs the
    usual ``if __name__ == "__main__":``, since worker processes import it.

    Parameters
    ----------
    workers
        Worker processes; one for each core if None.
    time_limit
        Seconds for one molecule.
    used
        Names that are taken, as of `dock.ligands.names.unique_name`.
    """
    used = {} if used is None else used
    task = Preparer(settings or PreparationSettings())
    for outcome in in_order(task, library, lambda entry: entry.name, workers, time_limit):
        if outcome.result is None:
            yield outcome
        else:
            yield replace(outcome, result=tuple(_uniquely_named(ligand, used) for ligand in outcome.result))


@dataclass(frozen=True)
class Preparer:
    """`prepare` with its settings, as worker processes take it."""

    settings: PreparationSettings

    def __call__(self, entry: Entry) -> tuple[Ligand, ...]:
        """Prepare an entry, with everything that a table needs of it."""
        ligands = prepare(entry, self.settings)
        for ligand in ligands:
            ligand.record()
        return ligands


def prepare(entry: Entry, settings: PreparationSettings) -> tuple[Ligand, ...]:
    """Return the ligands of an entry.

    Raises
    ------
    DockError
        If the entry cannot be read or prepared.
    """
    made = states(entry, settings)
    ligands = _existing(made, settings, PAPER_ATTEMPTS) or _existing(made, settings, 0)
    if not ligands:
        raise EmbeddingError(
            entry.name, f"none of its {len(made)} isomers can exist in space", "check the structure"
        )
    lost = len(made) - len(ligands)
    if not lost:
        return tuple(ligands)
    return tuple(
        replace(ligand, provenance=ligand.provenance.model_copy(update={"impossible_isomers": lost}))
        for ligand in ligands
    )


def states(entry: Entry, settings: PreparationSettings) -> list[State]:
    """Return what an entry stands for: protomers by share, and the isomers of each.

    Raises
    ------
    DockError
        If the entry cannot be read, or its chemistry leaves open what is meant.
    """
    if entry.error is not None:
        raise entry.error
    if entry.catalogue_name is not None:
        return _catalogue_states(entry, entry.catalogue_name, settings)
    name = entry.name
    written, decided = _read(entry, settings.keep_coordinates)
    drug = drug_of(name, written)
    mol = drug.mol
    forms = [mol] if written_charged(mol) or not settings.tautomers else tautomers(name, mol)
    made = []
    for number, form in enumerate(forms, 1):
        tautomer = f"{number} of {len(forms)}" if len(forms) > 1 else ""
        provenance = Provenance(
            input_name=" ".join(name.split()),
            origin=entry.origin,
            stripped=drug.stripped,
            tautomer=tautomer,
            notes="; ".join(filter(None, (decided, drug.notes))),
        )
        suffix = f"_t{number}" if number > 1 else ""
        kinds = protomers(name, form, settings.ph, settings.min_share, settings.max_protomers)
        axes.require_as_many(name, mol, [kind.mol for kind in kinds])
        if not settings.keep_coordinates:
            kinds = [replace(kind, mol=stereo.in_canonical_order(kind.mol)) for kind in kinds]
        made += _isomers(safe_name(name) + suffix, kinds, provenance, settings)
    return made


def _catalogue_states(entry: Entry, name: str, settings: PreparationSettings) -> list[State]:
    """Return the protomers of a catalogue entry; of a mixture, those of its isomers."""
    from rdkit import Chem

    known = catalogue.ligand(name)
    parts = catalogue.isomers_of(known.name)
    if parts and settings.stereo == "refuse":
        Ligand.from_catalogue(known.name)  # which says what it is a mixture of
    made = []
    for part in parts or [known]:
        written = stereo.with_defined_stereo(part.name, stereo.catalogue_mol(part))
        kinds = protomers(
            part.name,
            neutral(written),
            settings.ph,
            settings.min_share,
            settings.max_protomers,
            _measured_pka(part),
        )
        smiles = Chem.MolToSmiles(written)
        for number, kind in enumerate(kinds, 1):
            same = Chem.MolToSmiles(kind.mol) == smiles
            provenance = Provenance(input_name=entry.name, origin=entry.origin, share=kind.share)
            suffix = f"_p{number}" if number > 1 else ""
            mol = written if same else stereo.in_canonical_order(kind.mol)
            made.append(State(part.name + suffix, mol, provenance, part.source, part.measured))
    return made


def _measured_pka(entry: catalogue.LigandEntry) -> float | None:
    parent = catalogue.ligand(entry.isomer_of) if entry.isomer_of else entry
    pka = entry.pka or parent.pka
    return None if pka is None else pka.value


def _isomers(
    name: str, kinds: list[Protomer], provenance: Provenance, settings: PreparationSettings
) -> list[State]:
    """Return a state for each isomer of each protomer, named by what sets it apart."""
    made = []
    for number, kind in enumerate(kinds, 1):
        base = f"{name}_p{number}" if number > 1 else name
        origin = provenance.model_copy(update={"share": kind.share})
        if settings.stereo == "refuse":
            mols = [stereo.with_defined_stereo(name, kind.mol)]
        else:
            mols = stereo.every_isomer(name, kind.mol, settings.max_isomers)
        several = len(mols) > 1
        if several and settings.keep_coordinates:
            raise ChemistryError(name, "its coordinates leave a stereo element open", "do not keep them")
        used: dict[int, int] = {}
        for mol in mols:
            labels = "".join(stereo.cip_labels(mol)) if several else ""
            # where the rules give two isomers the same labels, a number tells them apart
            label = unique_name(f"{base}_{labels}" if labels else base, used)
            made.append(State(label, mol, origin, on_paper=several))
    return made


def _existing(made: list[State], settings: PreparationSettings, attempts: int) -> list[Ligand]:
    """Return the ligands of those states that can exist in space."""
    ligands = []
    for state in made:
        try:
            ligands.append(build(state, settings, attempts))
        except EmbeddingError:
            if not state.on_paper:
                raise
    return ligands


def build(state: State, settings: PreparationSettings, attempts: int = 0) -> Ligand:
    """Return the ligand of a state.

    Raises
    ------
    EmbeddingError
        If it cannot be embedded; an isomer that was made here gets so many attempts only.
    """
    ligand = Ligand(state.name, state.mol, state.source, state.measured, state.provenance)
    if state.mol.GetNumConformers():
        return ligand.with_hydrogens()
    ligand = ligand.embedded(CONFORMER_SEED, attempts if state.on_paper else 0)
    if settings.ring_conformers == 1:
        return ligand
    return ligand.with_ring_conformers(settings.ring_conformers, CONFORMER_SEED)


def _read(entry: Entry, keep_coordinates: bool) -> tuple[Mol, str]:
    """Read the structure of an entry, and what had to be decided.

    Raises
    ------
    ChemistryError
        If it cannot be read, has no coordinates to keep, or a hand that a generated conformer would not keep.
    """
    from rdkit import Chem, rdBase

    if entry.block is None:
        if keep_coordinates:
            raise ChemistryError(entry.name, "has no coordinates to keep", "give an SDF file")
        return stereo.parse_smiles(entry.name, entry.smiles or ""), ""
    mol, note = read_molecule(entry.name, entry.block, hydrogens=True)
    if mol.GetNumConformers() and mol.GetConformer().Is3D():
        require_sound_places(entry.name, mol)
    with rdBase.BlockLogs():
        mol = Chem.RemoveHs(mol)
    for name in mol.GetPropNames():
        mol.ClearProp(name)
    spatial = mol.GetNumConformers() and mol.GetConformer().Is3D()
    if spatial:
        Chem.AssignStereochemistryFrom3D(mol)
        axes.label_shown(mol)
        if not keep_coordinates:
            require_none_shown(entry.name, mol)
    else:
        require_none_drawn(entry.name, mol)
        axes.forget_false(mol)
    stereo.forget_unknown(mol)
    if not keep_coordinates:
        mol.RemoveAllConformers()
    elif not spatial:
        raise ChemistryError(
            entry.name, "has no three-dimensional coordinates to keep", "do not ask for them"
        )
    return mol, note


def _uniquely_named(ligand: Ligand, used: dict[int, int]) -> Ligand:
    """Return a ligand whose name no other has; the name that was read stays in its provenance."""
    name = unique_name(ligand.name, used)
    return ligand if name == ligand.name else replace(ligand, name=name)
