"""The pose: a ligand placed in a receptor, with its score, its place and its checks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import ChemistryError, StructureError
from dock.core.files import write_text
from dock.ligands import Ligand, axes, stereo
from dock.ligands.ligand import RECORDED
from dock.ligands.normal import normal_form

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from rdkit.Chem import Mol


TEXTS = ("site", "searched", "engine", "occupied")
NAMED = (*TEXTS, "rank", "seed", "conformer", "checks")


@dataclass(frozen=True, eq=False)
class Pose:
    """A ligand placed in a receptor.

    Attributes
    ----------
    ligand : Ligand
    mol : rdkit.Chem.Mol
        The ligand at the pose's coordinates, in the atom order of `ligand.mol`.
    site : str
        Where the pose lies: a site's name or ``outside``.
    searched : str
        The site whose box was searched.
    rank : int
        From 1: at first in the order of the engine, then in that of `dock.docking.ranking`.
    score : float
        The engine's own score in kcal/mol; lower is better.
    seed : int
    engine : str
    conformer : int
        Which of the ligand's ring conformers was docked, from 1.
    occupied : str
        What lay in other sites meanwhile, as ``orthosteric: escitalopram``; empty if nothing.
    properties : mapping
        What it was ranked by: ``cnn_probability``, ``vinardo_kcal_mol``, ``strain_kcal_mol``; also
        ``cnn_affinity_pK``.
    checks : mapping of str to bool
        PoseBusters checks by name; empty where none was made.
    """

    ligand: Ligand
    mol: Mol
    site: str
    searched: str
    rank: int
    score: float
    seed: int
    engine: str
    conformer: int = 1
    occupied: str = ""
    properties: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def known(cls, ligand: Ligand, mol: Mol, site: str) -> Pose:
        """Return a known pose, such as one of `Receptor.references`, its atoms in the order of the ligand's.

        Raises
        ------
        ChemistryError
            If it is of another molecule.
        """
        from rdkit import Chem

        order = mol.GetSubstructMatch(ligand.mol)
        if len(order) != mol.GetNumAtoms():
            raise ChemistryError(ligand.name, "the known pose is of another molecule")
        placed = Chem.Mol(ligand.mol, False, ligand.mol.GetConformer().GetId())
        placed.GetConformer().SetPositions(mol.GetConformer().GetPositions()[list(order)])
        return cls(ligand, placed, site, site, 1, nan, 0, "known")

    @property
    def heavy_coordinates(self) -> NDArray[np.float64]:
        """Heavy-atom coordinates, shape (n_heavy_atoms, 3), in angstrom."""
        count = self.mol.GetNumHeavyAtoms()
        return np.asarray(self.mol.GetConformer().GetPositions()[:count])

    @property
    def origin(self) -> tuple[str, int, int, int]:
        """Engine, seed, ring conformer and rank: what tells the pose from others of its ligand."""
        return self.engine, self.seed, self.conformer, self.rank

    @property
    def valid(self) -> bool | None:
        """Whether every check passed, or None where none was made."""
        return all(self.checks.values()) if self.checks else None

    @property
    def failed_checks(self) -> list[str]:
        """Names of the checks that it fails."""
        return [name for name, passed in self.checks.items() if not passed]

    def rmsd(self, reference: Mol) -> float:
        """Return the symmetry-aware heavy-atom RMSD to a reference pose, in angstrom.

        Nothing is fitted: both must be in the same frame. Stereochemistry is ignored in the
        matching of atoms, so that an enantiomer can be measured too.
        """
        return heavy_rmsd(self.mol, reference)

    def with_checks(self, checks: Mapping[str, bool]) -> Pose:
        """Return the pose with PoseBusters verdicts."""
        return replace(self, checks=dict(checks))

    def to_record(self) -> dict[str, Any]:
        """Return everything but ligand and coordinates, as plain values; `from_record` reads it."""
        return {
            "site": self.site,
            "searched": self.searched,
            "rank": self.rank,
            "score_kcal_mol": self.score,
            "seed": self.seed,
            "engine": self.engine,
            "conformer": self.conformer,
            "occupied": self.occupied,
            "checks": dict(self.checks),
            **self.properties,
        }

    @classmethod
    def from_record(cls, ligand: Ligand, mol: Mol, record: Mapping[str, Any]) -> Pose:
        """Make a pose of what `to_record` returned."""
        given = dict(record)
        named = {name: given.pop(name) for name in NAMED}
        return cls(ligand, mol, score=given.pop("score_kcal_mol"), **named, properties=given)

    def row(self) -> dict[str, Any]:
        """Return everything but the coordinates as a row of a table: rounded, and checks counted."""
        return {
            "ligand": self.ligand.name,
            "smiles": self.ligand.smiles,
            "site": self.site,
            "searched": self.searched,
            "rank": self.rank,
            "score_kcal_mol": round(self.score, 4),
            **{name: round(value, 4) for name, value in self.properties.items()},
            "seed": self.seed,
            "engine": self.engine,
            "conformer": self.conformer,
            "occupied": self.occupied,
            "checks_passed": sum(self.checks.values()),
            "checks_made": len(self.checks),
            "checks_failed": " ".join(self.failed_checks),
        }

    def sdf_record(self) -> str:
        """Return the pose as SDF text: the ligand's record and its own as properties, and in words what failed."""
        from rdkit import Chem

        mol = Chem.Mol(replace(self.ligand, mol=self.mol).with_properties())
        mol.SetProp("_Name", self.ligand.name)
        for name, value in self.to_record().items():
            mol.SetProp(name, value if isinstance(value, str) else json.dumps(value))
        mol.SetProp("checks_failed", " ".join(self.failed_checks))
        return str(Chem.SDWriter.GetText(mol))

    def to_dataframe(self) -> pd.DataFrame:
        """Return the row as a table."""
        import pandas as pd

        return pd.DataFrame([self.row()])

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().T.to_html(header=False))


def heavy_rmsd(probe: Mol, reference: Mol) -> float:
    """Return the smallest heavy-atom RMSD over symmetry-equivalent matches, without fitting.

    Parameters
    ----------
    probe, reference : rdkit.Chem.Mol
        The same skeleton of heavy atoms, in the same frame; protons may differ.

    Returns
    -------
    float
        In angstrom.

    Raises
    ------
    ChemistryError
        If they are different molecules.
    """
    from rdkit.Chem import rdMolAlign

    try:
        return float(rdMolAlign.CalcRMS(*map(stereo.skeleton, (probe, reference))))
    except RuntimeError as error:
        raise ChemistryError("RMSD", "the two poses are of different molecules") from error


def write_poses(path: Path | str, poses: Iterable[Pose]) -> None:
    """Write poses to an SDF file, their records as properties, atomically."""
    write_text(path, "".join(pose.sdf_record() for pose in poses))


def load_poses(path: Path | str, ligand: Ligand) -> list[Pose]:
    """Read the poses of a ligand that `write_poses` wrote.

    Raises
    ------
    StructureError
        If the file is missing, or holds something else.
    """
    poses = []
    for mol in read_mols(path):
        axes.mark(mol, axes.axis_bonds(ligand.mol))
        poses.append(Pose.from_record(ligand, normal_form(mol), pose_record(mol, path)))
    return poses


def pose_record(mol: Mol, path: Path | str) -> dict[str, Any]:
    """Return what `Pose.to_record` returned of the pose in a record of an SDF file.

    Raises
    ------
    StructureError
        If sertdock has not written it.
    """
    of_ligand = {*RECORDED, "checks_failed"}
    texts = {
        name: text
        for name, text in mol.GetPropsAsDict(autoConvertStrings=False).items()
        if name not in of_ligand
    }
    try:
        record = {name: text if name in TEXTS else json.loads(text) for name, text in texts.items()}
        if record.keys() >= {*NAMED, "score_kcal_mol"}:
            return record
    except ValueError:
        pass
    raise StructureError(path, "holds a pose that sertdock has not written")


def read_mols(path: Path | str) -> list[Mol]:
    """Read the molecules of an SDF file, hydrogens kept.

    Raises
    ------
    StructureError
        If the file is missing or an entry of it cannot be read.
    """
    path = Path(path)
    from rdkit import Chem

    if not path.is_file():
        raise StructureError(path, "no such file", "check the path")
    mols = list(Chem.SDMolSupplier(str(path), removeHs=False))
    if not mols or any(mol is None for mol in mols):
        raise StructureError(path, "holds a molecule that cannot be read")
    return [stereo.forget_false_centres(mol) for mol in mols]
