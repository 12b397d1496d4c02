"""The ligand: one stereoisomer of one protomer, with explicit hydrogens and a conformer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core import catalogue
from dock.core.errors import ChemistryError
from dock.core.files import atomic_path
from dock.core.records import Record
from dock.ligands import axes, stereo
from dock.ligands.conformers import embed, ring_conformers, rounded
from dock.ligands.normal import normal_form
from dock.ligands.protonation import protomers
from dock.ligands.salts import drug_of

if TYPE_CHECKING:
    import pandas as pd
    from rdkit.Chem import Mol

CONFORMER_SEED = 7
# What `Ligand.record` holds.
RECORDED = (
    "name", "smiles", "constitution", "charge", "cip", "source", "measured", "input_name", "origin", "share",
    "stripped", "tautomer", "impossible_isomers", "notes", "axes", "conformers",
)  # fmt: skip


class Provenance(Record):
    """Where a ligand comes from; it survives to the last table.

    Attributes
    ----------
    input_name : str
        The name as it was read.
    origin : str
        The file and line, or record, that it was read from, such as ``library.smi:12``.
    share : float or None
        The protomer's share at the pH; None where it was taken as written and no rule knows it.
    stripped : tuple of str
        SMILES of the ions, acids and solvents that were stripped.
    tautomer : str
        Such as ``2 of 3``; the first is the one that was read.
    impossible_isomers : int
        How many isomers of the same input could not be embedded: they exist on paper only.
    notes : str
        What of the input was not taken over, or had to be decided, such as isotopes that were dropped.
    """

    input_name: str = ""
    origin: str = ""
    share: float | None = None
    stripped: tuple[str, ...] = ()
    tautomer: str = ""
    impossible_isomers: int = 0
    notes: str = ""


UNKNOWN = Provenance()


@dataclass(frozen=True, eq=False)
class Ligand:
    """A molecule ready to be docked.

    Attributes
    ----------
    name : str
        What every table calls it.
    mol : rdkit.Chem.Mol
        Heavy atoms first, then explicit hydrogens, with one generated conformer, or several that
        differ in their rings, the lowest in energy first. In normal form
        (`dock.ligands.normal`), and in canonical order where its conformer was generated: how
        the molecule was written, or whether it was read back from a file, plays no part.
    source : str
        Where the structure comes from.
    measured : str
        Measured affinities to hold a result against, if the catalogue has any.
    provenance : Provenance
    """

    name: str
    mol: Mol
    source: str = "user"
    measured: str = ""
    provenance: Provenance = UNKNOWN

    def __post_init__(self) -> None:
        object.__setattr__(self, "mol", normal_form(self.mol))

    @classmethod
    def from_catalogue(cls, name: str) -> Ligand:
        """Make the catalogue's ligand called `name`.

        Raises
        ------
        UnknownNameError
            If the catalogue does not have it.
        ChemistryError
            If it is a mixture of isomers, the isomer's CIP labels are not those that the catalogue states, or the
            catalogue's molecule leaves a stereo centre open.
        """
        entry = catalogue.single_ligand(name)
        told = Provenance(input_name=entry.name)
        return cls._build(entry.name, stereo.catalogue_mol(entry), entry.source, entry.measured, told)

    @classmethod
    def from_smiles(cls, smiles: str, name: str | None = None, ph: float = 7.4) -> Ligand:
        """Make a ligand from a SMILES, protonated at the given pH.

        Counter-ions and solvents beside the drug are stripped; `Provenance.stripped` tells which.

        Raises
        ------
        ChemistryError
            If the SMILES cannot be read, holds two molecules that could each be meant, or leaves a stereo centre
            undefined.
        EmbeddingError
            If no conformer can be made.
        """
        if not isinstance(smiles, str):
            raise ChemistryError(repr(smiles), "is no SMILES", "write it as text")
        if not (isinstance(ph, int | float) and 0 <= ph <= 14):
            raise ChemistryError(repr(ph), "is no pH", "give a number from 0 to 14")
        name = name or smiles
        drug = drug_of(name, stereo.parse_smiles(name, smiles))
        protomer = protomers(name, drug.mol, ph)[0]
        told = Provenance(input_name=name, share=protomer.share, stripped=drug.stripped, notes=drug.notes)
        return cls._build(name, protomer.mol, "user", "", told)

    @classmethod
    def named(cls, text: str, name: str | None = None, ph: float = 7.4) -> Ligand:
        """Make the ligand that a text names: of the catalogue, or by its SMILES.

        Parameters
        ----------
        name
            What a ligand that is given by its SMILES is called; that if None.
        ph
            At which a SMILES is protonated.

        Raises
        ------
        InputError
            As of `dock.ligands.written.written_smiles`, `from_catalogue` and `from_smiles`.
        EmbeddingError
            If no conformer can be made.
        """
        from dock.ligands.written import smiles_name, written_smiles

        smiles = written_smiles(text)
        if smiles is None:
            return cls.from_catalogue(text)
        return cls.from_smiles(smiles, name or smiles_name(smiles), ph)

    @classmethod
    def load(cls, path: Path | str) -> Ligand:
        """Read a ligand that `write` wrote.

        Raises
        ------
        ChemistryError
            If the file cannot be read.
        """
        path = Path(path)
        from rdkit import Chem

        mols = list(Chem.SDMolSupplier(str(path), removeHs=False)) if path.is_file() else []
        if not mols or None in mols:
            raise ChemistryError(path, "holds no readable ligand")
        mol = stereo.forget_false_centres(mols[0])
        for other in mols[1:]:
            mol.AddConformer(other.GetConformer(), assignId=True)
        axes.mark(mol, mol.GetProp("axes").split() if mol.HasProp("axes") else ())
        return cls.from_properties(mol, mol)

    @classmethod
    def from_properties(cls, record: Mol, mol: Mol) -> Ligand:
        """Make a ligand of a molecule, and of another that carries its record as properties."""
        return cls(
            record.GetProp("_Name"),
            mol,
            record.GetProp("source"),
            record.GetProp("measured"),
            _provenance(record),
        )

    def write(self, path: Path | str) -> None:
        """Write the ligand to an SDF file with its record as properties, atomically.

        Each conformer is a record of its own.
        """
        path = Path(path)
        with atomic_path(path) as temporary:
            temporary.write_text("".join(self.sdf_records()), encoding="utf-8")

    def sdf_records(self) -> Iterator[str]:
        """Yield the ligand as SDF text, a record for each conformer."""
        from rdkit import Chem

        mol = self.with_properties()
        for conformer in self.mol.GetConformers():
            yield Chem.SDWriter.GetText(mol, conformer.GetId())

    def with_properties(self) -> Mol:
        """Return a copy of the molecule that carries its record as properties."""
        from rdkit import Chem

        mol = Chem.Mol(self.mol)
        mol.SetProp("_Name", self.name)
        for name, value in self.record().items():
            text = "" if value is None else " ".join(value) if isinstance(value, list) else str(value)
            mol.SetProp(name, text)
        return mol

    def embedded(self, seed: int, iterations: int = 0) -> Ligand:
        """Return the ligand in canonical order, with explicit hydrogens and a generated conformer.

        Parameters
        ----------
        iterations
            As of `dock.ligands.conformers.embed`.

        Raises
        ------
        EmbeddingError
            If no conformer can be made.
        """
        mol = stereo.in_canonical_order(self.mol)
        return replace(self, mol=embed(self.name, normal_form(mol), seed, iterations))

    def with_ring_conformers(self, number: int, seed: int) -> Ligand:
        """Return the ligand with up to `number` conformers that differ in their rings."""
        return replace(self, mol=ring_conformers(self.mol, number, seed))

    def conformers(self) -> list[Ligand]:
        """Return the ligand once for each of its conformers, which it has alone."""
        from rdkit import Chem

        return [
            replace(self, mol=Chem.Mol(self.mol, False, conformer.GetId()))
            for conformer in self.mol.GetConformers()
        ]

    def with_hydrogens(self) -> Ligand:
        """Return the ligand with hydrogens placed by geometry, its heavy atoms where they are."""
        from rdkit import Chem

        return replace(self, mol=rounded(Chem.AddHs(self.mol, addCoords=True)))

    @classmethod
    def _build(cls, name: str, mol: Mol, source: str, measured: str, told: Provenance) -> Ligand:
        mol = stereo.with_defined_stereo(name, mol)
        return cls(name, mol, source, measured, told).embedded(CONFORMER_SEED)

    def __getstate__(self) -> dict[str, Any]:
        from rdkit.Chem import PropertyPickleOptions as Keep

        # RDKit's own pickle rounds coordinates to single precision.
        return self.__dict__ | {"mol": self.mol.ToBinary(int(Keep.AllProps) | int(Keep.CoordsAsDouble))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        from rdkit.Chem import Mol

        self.__dict__.update(state | {"mol": Mol(state["mol"])})

    @cached_property
    def smiles(self) -> str:
        """Canonical isomeric SMILES, with charges and without hydrogen atoms; extended where an axis has a hand."""
        from rdkit import Chem

        return axes.smiles(Chem.RemoveHs(self.mol))

    @cached_property
    def constitution(self) -> str:
        """Canonical SMILES without stereochemistry: the same for both enantiomers."""
        return stereo.constitution(self.mol)

    @cached_property
    def charge(self) -> int:
        """Formal charge in units of e."""
        from rdkit import Chem

        return int(Chem.GetFormalCharge(self.mol))

    @cached_property
    def cip(self) -> tuple[str, ...]:
        """CIP labels: R, S of the centres by atom, then E, Z of double bonds and M, P of axes by bond."""
        return stereo.cip_labels(self.mol)

    @cached_property
    def amines(self) -> tuple[int, ...]:
        """Indices of the protonated amine nitrogens."""
        from rdkit import Chem

        pattern = Chem.MolFromSmarts("[#7;+;!$(*=*);!$(*-[O-])]")
        return tuple(match[0] for match in self.mol.GetSubstructMatches(pattern))

    def record(self) -> dict[str, Any]:
        """Return what was prepared, as plain values."""
        return {
            "name": self.name,
            "smiles": self.smiles,
            "constitution": self.constitution,
            "charge": self.charge,
            "cip": list(self.cip),
            "source": self.source,
            "measured": self.measured,
            "input_name": self.provenance.input_name,
            "origin": self.provenance.origin,
            "share": self.provenance.share,
            "stripped": list(self.provenance.stripped),
            "tautomer": self.provenance.tautomer,
            "impossible_isomers": self.provenance.impossible_isomers,
            "notes": self.provenance.notes,
            "axes": list(axes.axis_bonds(self.mol)),
            "conformers": self.mol.GetNumConformers(),
        }

    def to_dataframe(self) -> pd.DataFrame:
        """Return the record as a table of one row."""
        import pandas as pd

        return pd.DataFrame([self.record()])

    def _repr_html_(self) -> str:
        from rdkit import Chem
        from rdkit.Chem.Draw import rdMolDraw2D

        flat = Chem.RemoveHs(self.mol)
        flat.RemoveAllConformers()
        drawer = rdMolDraw2D.MolDraw2DSVG(320, 220)
        drawer.drawOptions().addStereoAnnotation = True
        rdMolDraw2D.PrepareAndDrawMolecule(drawer, flat)
        drawer.FinishDrawing()
        svg = drawer.GetDrawingText().split("?>", 1)[-1]
        return f"<figure>{svg}<figcaption>{self.name}</figcaption></figure>"


def _provenance(mol: Mol) -> Provenance:
    """Read a provenance back from the properties of an SDF record, which may be of an older version."""
    found = {name: mol.GetProp(name) for name in Provenance.model_fields if mol.HasProp(name)}
    return Provenance(
        input_name=found.get("input_name", ""),
        origin=found.get("origin", ""),
        share=float(found["share"]) if found.get("share") else None,
        stripped=tuple(found.get("stripped", "").split()),
        tautomer=found.get("tautomer", ""),
        impossible_isomers=int(found.get("impossible_isomers") or 0),
        notes=found.get("notes", ""),
    )
