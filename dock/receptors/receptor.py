"""The receptor: a complete, protonated structure with named sites."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core import catalogue
from dock.core.errors import StructureError
from dock.core.files import atomic_path, read_json
from dock.core.keys import content_key, file_sha256
from dock.receptors.site import Site

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from openmm.app import Topology
    from rdkit.Chem import Mol

MODEL_FILE = "model.cif"
RECORD_FILE = "record.json"
REFERENCE_FILE = "reference.sdf"
IONS = frozenset({"NA", "CL", "K", "MG", "CA", "ZN"})


@dataclass(frozen=True, eq=False)
class Receptor:
    """A protein with its ions, ready for docking and simulation.

    Attributes
    ----------
    name : str
        What tables call it.
    topology : openmm.app.Topology
        Every atom, hydrogens included; residue ids are the author's numbers.
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    sites : mapping of str to Site
        In the frame of the coordinates.
    references : mapping of str to rdkit.Chem.Mol
        Known poses by site, hydrogens included, to judge docked ones by.
    record : dict
        Where it comes from and every change that was made.
    """

    name: str
    topology: Topology
    positions: NDArray[np.float64]
    sites: Mapping[str, Site] = field(default_factory=dict)
    references: Mapping[str, Mol] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_catalogue(cls, name: str) -> Receptor:
        """Load the prepared model of a catalogue target.

        Raises
        ------
        UnknownNameError
            If the catalogue has no such target.
        StructureError
            If its shipped model cannot be read.
        """
        entry = catalogue.target(name)
        return cls.from_folder(catalogue.structures_folder() / entry.model, entry)

    @classmethod
    def from_folder(cls, folder: Path, entry: catalogue.TargetEntry) -> Receptor:
        """Load a prepared model of a catalogue target from the folder it was written to.

        Raises
        ------
        StructureError
            If a file of it is missing or cannot be read.
        """
        topology, positions = read_structure(folder / MODEL_FILE)
        try:
            record = read_json(folder / RECORD_FILE)
        except (OSError, ValueError) as error:
            raise StructureError(folder / RECORD_FILE, f"cannot be read ({error})") from error
        return cls(
            entry.name,
            topology,
            positions,
            {name: Site.from_entry(name, site) for name, site in entry.sites.items()},
            {entry.recipe.reference.site: _read_reference(folder / REFERENCE_FILE)},
            record,
        )

    @classmethod
    def from_file(cls, path: Path, sites: Mapping[str, catalogue.SiteEntry]) -> Receptor:
        """Load a complete, protonated structure whose sites the user names.

        Raises
        ------
        StructureError
            If the file is missing, cannot be read or has no hydrogens.
        """
        topology, positions = read_structure(path)
        if not any(atom.element is not None and atom.element.symbol == "H" for atom in topology.atoms()):
            raise StructureError(path, "has no hydrogens", "give a structure that is protonated")
        named = {name: Site.from_entry(name, entry) for name, entry in sites.items()}
        return cls(path.stem, topology, positions, named, {}, {"source": str(path)})

    def site(self, name: str) -> Site:
        """Return the site called `name`, by its own name or a synonym, in any case.

        Raises
        ------
        UnknownNameError
            If the receptor has no such site.
        """
        wanted = name.strip().lower()
        for site in self.sites.values():
            if wanted in (site.name.lower(), *(synonym.lower() for synonym in site.synonyms)):
                return site
        raise catalogue.unknown_name(name, f"site of {self.name}", list(self.sites))

    @cached_property
    def key(self) -> str:
        """Content key of the structure."""
        return content_key(self.to_cif())

    def to_cif(self) -> str:
        """Return the structure as mmCIF text."""
        from openmm import unit
        from openmm.app import PDBxFile

        text = io.StringIO()
        PDBxFile.writeFile(self.topology, self.positions * unit.nanometer, text, keepIds=True)
        # OpenMM writes the date; a content key must not hold it.
        lines = [line for line in text.getvalue().splitlines() if not line.startswith("# Created")]
        return "\n".join(lines) + "\n"

    def to_pdb(self) -> str:
        """Return the structure as PDB text, each chain closed by TER."""
        from openmm import unit
        from openmm.app import PDBFile

        text = io.StringIO()
        PDBFile.writeFile(self.topology, self.positions * unit.nanometer, text, keepIds=True)
        return text.getvalue()

    def write(self, path: Path) -> None:
        """Write the structure as mmCIF, atomically."""
        with atomic_path(path) as temporary:
            temporary.write_text(self.to_cif())

    def to_dataframe(self) -> pd.DataFrame:
        """Return the sites as a table: name, centre and box in angstrom, residues."""
        import pandas as pd

        return pd.DataFrame(
            {
                "site": site.name,
                "center_A": [list(site.center)],
                "box_A": [list(site.box)],
                "residues": " ".join(site.residues),
            }
            for site in self.sites.values()
        ).explode(["center_A", "box_A"])

    def _repr_html_(self) -> str:
        atoms, residues = self.topology.getNumAtoms(), self.topology.getNumResidues()
        heading = f"<p><b>{self.name}</b>: {residues} residues, {atoms} atoms</p>"
        return heading + str(self.to_dataframe().to_html(index=False))


def read_structure(path: Path) -> tuple[Topology, NDArray[np.float64]]:
    """Read a .pdb or .cif file.

    Returns
    -------
    topology : openmm.app.Topology
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.

    Raises
    ------
    StructureError
        If the file is missing or cannot be read.
    """
    from openmm import unit
    from openmm.app import PDBFile, PDBxFile

    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "no such file"
        raise StructureError(path, problem, "name a .pdb or .cif file, or a receptor of the catalogue")
    reader = PDBxFile if path.suffix.lower() == ".cif" else PDBFile
    try:
        structure = reader(str(path))
    except Exception as error:  # OpenMM's readers raise whatever a malformed line causes
        raise StructureError(path, f"cannot be read as a structure ({error})") from error
    positions = structure.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    return structure.topology, np.asarray(positions, dtype=float)


def model_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of a prepared model's files."""
    return {name: file_sha256(folder / name) for name in (MODEL_FILE, REFERENCE_FILE)}


def _read_reference(path: Path) -> Mol:
    from rdkit import Chem

    from dock.ligands import stereo

    mol = Chem.MolFromMolFile(str(path), removeHs=False) if path.is_file() else None
    if mol is None:
        raise StructureError(path, "the reference pose cannot be read")
    return stereo.forget_invertible(mol)
