"""A ligand, prepared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from dock.core import catalogue, errors
from dock.core.errors import TaskError
from dock.core.keys import file_sha256
from dock.core.records import Record
from dock.ligands import Ligand, stereo
from dock.ligands.ligand import UNKNOWN, Provenance
from dock.ligands.salts import drug_of
from dock.ligands.states import PreparationSettings, State, build
from dock.workflow.step import Context, Row, Step
from dock.workflow.store import Store

LIGAND = "ligand.sdf"
COLUMNS = ("smiles", "cip", "charge", "share", "stripped", "tautomer", "notes", "conformers")


class LigandResult(Record):
    """The record of the ligand, see `dock.ligands.Ligand.record`, and a hash of its file."""

    record: dict[str, Any]
    file: str


class LigandState(Record):
    """A state of a library's molecule, as `dock.ligands.states.states` made it, or why there is none.

    Attributes
    ----------
    smiles : str
        Not canonical: isomers of one racemate keep sharing the order of their atoms.
    source : str
    measured : str
    ring_conformers : int
    error : tuple of str
        Type, subject, problem and advice of the error that the line was refused with; empty if it was not.
    """

    smiles: str = ""
    source: str = ""
    measured: str = ""
    ring_conformers: int = 1
    error: tuple[str, ...] = ()


def columns_of(record: Mapping[str, Any]) -> Row:
    """Return what the table of ligands says of a ligand's record, or of one that there is not."""
    values = {name: record.get(name) for name in COLUMNS}
    return {name: " ".join(each) if isinstance(each, list) else each for name, each in values.items()}


class PrepareLigand(Step[LigandResult]):
    """Prepares a ligand: of the catalogue, of a SMILES at a pH, or of a library's state.

    Attributes
    ----------
    name : str
    smiles : str
        As given; of the catalogue's ligand, as it is there, or as its isomer is.
    cip : tuple of str
        Of the catalogue's ligand, its labels there.
    ph : float, optional
        At which the SMILES is protonated; None for those of the catalogue and of libraries.
    charges : str
        Of all the charges that are shipped, see `dock.core.catalogue.charges_key`.
    state : LigandState, optional
        Of a library.
    provenance : Provenance
    """

    kind: ClassVar = "ligand"
    revision: ClassVar = 6
    result_type: ClassVar = LigandResult

    name: str
    smiles: str = ""
    cip: tuple[str, ...] = ()
    ph: float | None = None
    charges: str = Field(default_factory=catalogue.charges_key)
    state: LigandState | None = None
    provenance: Provenance = UNKNOWN

    @classmethod
    def named(cls, name: str) -> PrepareLigand:
        """Plan the preparation of a ligand of the catalogue.

        Raises
        ------
        UnknownNameError
            If the catalogue does not have it.
        ChemistryError
            If it is a mixture of isomers.
        """
        entry = catalogue.single_ligand(name)
        drawn = catalogue.ligand(entry.isomer_of) if entry.isomer_of else entry
        return cls(name=entry.name, smiles=drawn.smiles or "", cip=entry.cip)

    @classmethod
    def written(cls, name: str, smiles: str, ph: float) -> PrepareLigand:
        """Plan the preparation of a ligand by its SMILES.

        Raises
        ------
        ChemistryError
            If it cannot be read, or leaves open which molecule is meant.
        """
        drug_of(name, stereo.parse_smiles(name, smiles))
        return cls(name=name, smiles=smiles, ph=ph)

    @property
    def label(self) -> str:
        """What people call it."""
        return f"ligand {self.name}"

    @property
    def subject(self) -> dict[str, str]:
        """The ligand that it is about."""
        return {"ligand": self.name}

    @property
    def refused(self) -> bool:
        """Whether its line could not be prepared, so that it is bound to fail."""
        return self.state is not None and bool(self.state.error)

    def run(self, context: Context) -> LigandResult:
        """Prepare it, and write it to ``ligand.sdf``."""
        ligand = self._prepared()
        ligand.write(context.folder / LIGAND)
        return LigandResult(record=ligand.record(), file=file_sha256(context.folder / LIGAND))

    def ligand(self, store: Store) -> Ligand:
        """Return the ligand once it is prepared."""
        return Ligand.load(store.folder(self) / LIGAND)

    def row(self, store: Store) -> Row:
        """Return its row of the table of ligands, whatever became of it."""
        record = store.result(self).record if store.is_done(self) else {}
        state = "prepared" if record else "to do" if store.failure(self) is None else "failed"
        return {"ligand": self.name, "state": state, **columns_of(record)}

    def _prepared(self) -> Ligand:
        if self.state is None:
            if self.ph is None:
                return Ligand.from_catalogue(self.name)
            return Ligand.from_smiles(self.smiles, self.name, self.ph)
        if self.state.error:
            kind, *parts = self.state.error
            raise getattr(errors, kind, TaskError)(*parts)
        mol = stereo.read_smiles(self.name, self.state.smiles)
        state = State(self.name, mol, self.provenance, self.state.source, self.state.measured)
        return build(state, PreparationSettings(ring_conformers=self.state.ring_conformers))
