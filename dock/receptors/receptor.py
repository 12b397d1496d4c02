"""The receptor: a complete, protonated structure with named sites."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core import catalogue
from dock.core.arguments import require
from dock.core.errors import StructureError
from dock.core.files import atomic_path, read_json, write_json, write_text
from dock.core.keys import content_key, file_sha256
from dock.receptors.addresses import Address, fits_pdb, pdb_addresses, readdressed
from dock.receptors.left_out import describe, recorded_near, site_warnings
from dock.receptors.names import HEAVY_ATOMS, NUCLEOTIDES
from dock.receptors.site import Site, define_site, merge_sites, named_site

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from openmm.app import Topology
    from rdkit.Chem import Mol

MODEL_FILE = "model.cif"
RECORD_FILE = "record.json"
REFERENCE_FILE = "reference_{site}.sdf"


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
    occupants : mapping of str to rdkit.Chem.Mol
        Ligands that lie in sites while others are docked, by site; hydrogens included.
    """

    name: str
    topology: Topology
    positions: NDArray[np.float64]
    sites: Mapping[str, Site] = field(default_factory=dict)
    references: Mapping[str, Mol] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    occupants: Mapping[str, Mol] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The catalogue's protein that it is a model of; empty where that is not known."""
        return str(self.record.get("target", ""))

    @property
    def entry(self) -> str:
        """The deposited entry that it is made of, or else its name."""
        return str(self.record.get("source", {}).get("entry", self.name))

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
        if not entry.model:
            raise StructureError(
                name, "its model is not shipped", f"prepare it: dock receptor {name} -o DIR, then name DIR"
            )
        return cls.from_folder(catalogue.structures_folder() / entry.model)

    @classmethod
    def from_folder(cls, folder: Path | str) -> Receptor:
        """Load a receptor from the folder that `dock receptor` wrote.

        Raises
        ------
        StructureError
            If a file of it is missing or cannot be read.
        """
        folder = Path(folder)
        try:
            record = read_json(folder / RECORD_FILE)
            name, known = str(record["name"]), list(record["known_poses"])
            sites = {
                site["name"]: Site.from_entry(
                    site["name"],
                    catalogue.SiteEntry(**{key: value for key, value in site.items() if key != "name"}),
                )
                for site in record["sites"]
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StructureError(
                folder / RECORD_FILE, f"cannot be read ({error})", "write the folder again with dock receptor"
            ) from error
        topology, positions = read_structure(folder / MODEL_FILE)
        # Of a folder written twice, only the poses that belong to the record.
        paths = {site: folder / REFERENCE_FILE.format(site=site) for site in known}
        references = {site: _read_reference(path) for site, path in paths.items()}
        return cls(name, topology, positions, sites, references, record)

    @classmethod
    def from_file(cls, path: Path | str) -> Receptor:
        """Load a complete, protonated structure, without sites.

        Raises
        ------
        StructureError
            If the file is missing, cannot be read or has no hydrogens.
        """
        path = Path(path)
        topology, positions = read_structure(path)
        if not any(atom.element is not None and atom.element.symbol == "H" for atom in topology.atoms()):
            raise StructureError(path, "has no hydrogens", "prepare it with dock receptor")
        record = {"title": path.stem, "source": {"file": path.name}, "inputs": {path.name: file_sha256(path)}}
        return cls(path.stem, topology, positions, record=record)

    def with_sites(self, entries: Mapping[str, catalogue.SiteEntry]) -> Receptor:
        """Return the receptor with further sites, given by a centre or by residues.

        Raises
        ------
        StructureError
            If a site is given by a ligand, or nothing of the protein is near.
        """
        if not entries:
            return self
        labels = residue_labels(self.topology)
        added = {}
        for name, entry in entries.items():
            if entry.center is None and entry.ligand is not None:
                raise StructureError(
                    name,
                    "a prepared receptor has no ligands",
                    "name the raw structure (PDB code, file), or a site it has",
                )
            added[name] = define_site(name, entry, None, self.topology, self.positions, labels)
        near = {
            name: describe(recorded_near(self.record.get("left_out", ()), site))
            for name, site in added.items()
        }
        said = [text for name, site in added.items() for text in site_warnings(site, near[name])]
        record = (
            {**self.record, "warnings": [*self.record.get("warnings", ()), *said]} if said else self.record
        )
        return replace(self, sites=merge_sites(self.sites, added), record=record)

    def site(self, name: str) -> Site:
        """Return the site called `name`, by its own name or a synonym, in any case.

        Raises
        ------
        UnknownNameError
            If the receptor has no such site.
        """
        require(name, (str,), "name of a site", f"known: {', '.join(self.sites)}")
        return named_site(name, list(self.sites.values()), self.name)

    def known_ligand(self, site: str) -> tuple[str, str | None]:
        """Return name and SMILES of a site's known ligand; the SMILES is None where the catalogue has it."""
        from rdkit import Chem

        mol = self.references[site]
        name = mol.GetProp("_Name")
        in_catalogue = catalogue.find_ligand(name) is not None
        return name, None if in_catalogue else str(Chem.MolToSmiles(Chem.RemoveHs(mol)))

    def with_occupant(self, site: str, name: str, mol: Mol) -> Receptor:
        """Return the receptor with a ligand in one of its sites, which others are docked beside.

        Parameters
        ----------
        name
            What tables call the ligand.
        mol
            The ligand with its hydrogens, in the receptor's frame.
        """
        from rdkit.Chem import Mol

        from dock.ligands.normal import normal_form

        require(mol, (Mol,), "molecule", "give the mol of a pose: dock.pose(...).best.mol")
        occupant = normal_form(mol)
        occupant.SetProp("_Name", name)
        return replace(self, occupants={**self.occupants, self.site(site).name: occupant})

    @property
    def occupied(self) -> str:
        """What lies in which site, as ``orthosteric: escitalopram``; empty if nothing does."""
        return "; ".join(f"{site}: {mol.GetProp('_Name')}" for site, mol in self.occupants.items())

    def residues_within(self, places: NDArray[np.float64], reach: float) -> set[int]:
        """Return the indices of the residues with a heavy atom within reach of any place.

        Parameters
        ----------
        places : numpy.ndarray, shape (n, 3)
            In angstrom.
        reach
            In angstrom.
        """
        from scipy.spatial import cKDTree

        distances, _ = cKDTree(places).query(self.positions * 10.0)
        return {
            atom.residue.index
            for atom, distance in zip(self.topology.atoms(), distances, strict=True)
            if distance <= reach and atom.element.symbol != "H"
        }

    @cached_property
    def structure_key(self) -> str:
        """Content key of the structure alone."""
        return content_key(self.to_cif())

    @cached_property
    def key(self) -> str:
        """Content key of the structure and of what lies in its sites."""
        from rdkit import Chem

        if not self.occupants:
            return self.structure_key
        blocks = {site: Chem.MolToMolBlock(mol) for site, mol in self.occupants.items()}
        return content_key([self.structure_key, blocks])

    @property
    def content(self) -> dict[str, Any]:
        """What results depend on of it, as plain values: its atoms, its known poses and its sites."""
        from rdkit import Chem

        blocks = {site: Chem.MolToMolBlock(mol) for site, mol in self.references.items()}
        return {
            "receptor": self.key,
            "references": {site: content_key(block) for site, block in blocks.items()},
            "sites": {name: site.to_entry() for name, site in self.sites.items()},
        }

    def to_cif(self) -> str:
        """Return the structure as mmCIF text."""
        return self._cif

    @cached_property
    def _cif(self) -> str:
        from openmm import unit
        from openmm.app import PDBxFile

        text = io.StringIO()
        PDBxFile.writeFile(self.topology, self.positions * unit.nanometer, text, keepIds=True)
        # OpenMM writes the date; a content key must not hold it.
        lines = [line for line in text.getvalue().splitlines() if not line.startswith("# Created")]
        return "\n".join(lines) + "\n"

    @property
    def fits_pdb(self) -> bool:
        """Whether chain names and residue numbers fit the PDB format."""
        return fits_pdb(self.topology)

    @cached_property
    def pdb_addresses(self) -> list[Address]:
        """What each residue is called in PDB text: as by the author, or by letter and count where that does not fit."""
        return pdb_addresses(self.topology)

    def to_pdb(self) -> str:
        """Return the structure as PDB text, each chain closed by TER."""
        from openmm import unit
        from openmm.app import PDBFile

        text = io.StringIO()
        topology = self.topology if self.fits_pdb else readdressed(self.topology, self.pdb_addresses)
        PDBFile.writeFile(topology, self.positions * unit.nanometer, text, keepIds=True)
        return text.getvalue()

    def save(self, folder: Path | str) -> None:
        """Write what `from_folder` reads; the record last, so that its presence means completeness.

        Raises
        ------
        StructureError
            If a site is occupied: that is not written.
        """
        folder = Path(folder)
        from rdkit import Chem

        if self.occupants:
            raise StructureError(self.name, f"is occupied ({self.occupied})", "use it empty")

        (folder / RECORD_FILE).unlink(missing_ok=True)  # what it tells of is about to be replaced
        self.write(folder / MODEL_FILE)
        for site, mol in self.references.items():
            write_text(folder / REFERENCE_FILE.format(site=site), Chem.MolToMolBlock(mol))
        known = {site: mol.GetProp("_Name") for site, mol in self.references.items()}
        sites = [{"name": name, **site.to_entry()} for name, site in self.sites.items()]
        hashes = model_hashes(folder, known)
        record = {**self.record, "name": self.name, "sites": sites, "known_poses": known, "sha256": hashes}
        write_json(folder / RECORD_FILE, record)

    def write(self, path: Path | str) -> None:
        """Write the structure as mmCIF, atomically."""
        path = Path(path)
        with atomic_path(path) as temporary:
            temporary.write_text(self.to_cif(), encoding="utf-8")

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
        In nanometres; the caller's own, though a file that has not changed is read only once.

    Raises
    ------
    StructureError
        If the file is missing or cannot be read.
    """
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "no such file"
        raise StructureError(path, problem, "name a .pdb or .cif file, or a receptor of the catalogue")
    found = path.stat()
    topology, positions = _structure(path.resolve(), (found.st_ino, found.st_mtime_ns, found.st_size))
    return topology, positions.copy()  # of their own rather than locked: SciPy refuses arrays that are


@lru_cache(maxsize=4)
def _structure(path: Path, _state: tuple[int, int, int]) -> tuple[Topology, NDArray[np.float64]]:
    """Read a structure; its file's state tells whether it is still the same."""
    from openmm import unit
    from openmm.app import PDBFile, PDBxFile

    reader = PDBxFile if path.suffix.lower() == ".cif" else PDBFile
    try:
        structure = reader(str(path))
    except Exception as error:  # OpenMM's readers raise whatever a malformed line causes
        raise StructureError(path, f"cannot be read as a structure ({error})") from error
    return structure.topology, np.array(
        structure.getPositions(asNumpy=True).value_in_unit(unit.nanometer), dtype=float
    )


def residue_labels(topology: Topology) -> list[str]:
    """Return what people call each residue: ``ASP98``, ``ASP98A`` with an insertion code.

    Where there are several chains of protein or nucleic acid, the chain comes first: ``A:ASP98``.
    """
    polymeric = {*HEAVY_ATOMS, *NUCLEOTIDES}
    chains = {residue.chain.index for residue in topology.residues() if residue.name in polymeric}
    prefix = "{}:".format if len(chains) > 1 else "".format
    return [
        f"{prefix(residue.chain.id)}{residue.name}{residue.id}{residue.insertionCode.strip()}"
        for residue in topology.residues()
    ]


def model_hashes(folder: Path, sites: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of a prepared model's files: the structure, and the known poses of sites."""
    names = [MODEL_FILE, *(REFERENCE_FILE.format(site=site) for site in sites)]
    return {name: file_sha256(folder / name) for name in names}


def _read_reference(path: Path) -> Mol:
    from rdkit import Chem

    from dock.ligands import stereo

    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    mol = Chem.MolFromMolBlock(text, removeHs=False) if text else None
    if mol is None:
        raise StructureError(path, "the reference pose cannot be read")
    return stereo.forget_false_centres(mol)
