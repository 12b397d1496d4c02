"""The ligand: one stereoisomer of one protomer, with explicit hydrogens and a conformer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core import catalogue
from dock.core.errors import ChemistryError
from dock.core.files import atomic_path
from dock.ligands import stereo
from dock.ligands.conformers import embed
from dock.ligands.protonation import protonate

if TYPE_CHECKING:
    import pandas as pd
    from rdkit.Chem import Mol

CONFORMER_SEED = 7


@dataclass(frozen=True, eq=False)
class Ligand:
    """A molecule ready to be docked.

    Attributes
    ----------
    name : str
        What every table calls it.
    mol : rdkit.Chem.Mol
        Heavy atoms first, then explicit hydrogens, with one generated conformer. Isomers
        made from one racemate share the order of their atoms.
    source : str
        Where the structure comes from.
    measured : str
        Measured affinities to hold a result against, if the catalogue has any.
    """

    name: str
    mol: Mol
    source: str = "user"
    measured: str = ""

    @classmethod
    def from_catalogue(cls, name: str) -> Ligand:
        """Make the catalogue's ligand called `name`.

        Raises
        ------
        UnknownNameError
            If the catalogue does not have it.
        ChemistryError
            If the isomer's CIP labels are not those that the catalogue states, or the
            catalogue's molecule leaves a stereo centre open.
        """
        entry = catalogue.ligand(name)
        parent = catalogue.ligand(entry.isomer_of) if entry.isomer_of else entry
        if parent.smiles is None:
            raise ChemistryError(name, "has no SMILES in the catalogue")
        named_isomers = [
            other.name for other in catalogue.ligands().values() if other.isomer_of == entry.name
        ]
        if named_isomers:
            raise ChemistryError(name, "is a mixture of isomers", f"name {' or '.join(named_isomers)}")
        mol = stereo.read_smiles(entry.name, parent.smiles)
        if entry.isomer_of:
            mol = stereo.isomer_with_labels(entry.name, mol, entry.cip)
        elif entry.cip and stereo.cip_labels(mol) != entry.cip:
            raise ChemistryError(entry.name, f"has CIP labels {stereo.cip_labels(mol)}, not {entry.cip}")
        return cls._build(entry.name, mol, entry.source, entry.measured)

    @classmethod
    def from_smiles(cls, smiles: str, name: str | None = None, ph: float = 7.4) -> Ligand:
        """Make a ligand from a SMILES, protonated at the given pH.

        Raises
        ------
        ChemistryError
            If the SMILES cannot be read or leaves a stereo centre undefined.
        EmbeddingError
            If no conformer can be made.
        """
        name = name or smiles
        mol = protonate(name, stereo.read_smiles(name, smiles), ph)
        return cls._build(name, mol, "user", "")

    @classmethod
    def load(cls, path: Path) -> Ligand:
        """Read a ligand that `write` wrote.

        Raises
        ------
        ChemistryError
            If the file cannot be read.
        """
        from rdkit import Chem

        mol = next(iter(Chem.SDMolSupplier(str(path), removeHs=False)), None) if path.is_file() else None
        if mol is None:
            raise ChemistryError(path, "holds no readable ligand")
        stereo.forget_invertible(mol)
        return cls(mol.GetProp("_Name"), mol, mol.GetProp("source"), mol.GetProp("measured"))

    def write(self, path: Path) -> None:
        """Write the ligand to an SDF file with its record as properties, atomically."""
        from rdkit import Chem

        with atomic_path(path) as temporary, Chem.SDWriter(str(temporary)) as writer:
            writer.write(self.with_properties())

    def with_properties(self) -> Mol:
        """Return a copy of the molecule that carries its record as properties."""
        from rdkit import Chem

        mol = Chem.Mol(self.mol)
        mol.SetProp("_Name", self.name)
        for name, value in self.record().items():
            mol.SetProp(name, " ".join(value) if isinstance(value, list) else str(value))
        return mol

    @classmethod
    def _build(cls, name: str, mol: Mol, source: str, measured: str) -> Ligand:
        mol = stereo.with_defined_stereo(name, mol)
        return cls(name, embed(name, mol, CONFORMER_SEED), source, measured)

    @cached_property
    def smiles(self) -> str:
        """Canonical isomeric SMILES, with charges and without hydrogen atoms."""
        from rdkit import Chem

        return str(Chem.MolToSmiles(Chem.RemoveHs(self.mol)))

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
        """CIP labels of the stereo centres, in the order of the atoms."""
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
