"""Poses that were brought along: read from SDF files of any program, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

from dock.core.errors import ChemistryError, DockError, StructureError
from dock.docking.pose import Pose, pose_record
from dock.ligands import Ligand, axes, stereo
from dock.ligands.lines import file_lines
from dock.ligands.normal import normal_form
from dock.ligands.placement import require_sound_places
from dock.ligands.records import SdfRecord, read_molecule, sdf_records
from dock.receptors.site import assign_site

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from dock.receptors import Receptor


@dataclass(frozen=True)
class GivenRecord:
    """A record of a file of poses, or why it cannot be used.

    Attributes
    ----------
    origin : str
        File and number, such as ``poses.sdf#3``.
    title : str
        Its title line, or the origin where there is none.
    pose : Pose, optional
    error : DockError, optional
    """

    origin: str
    title: str
    pose: Pose | None = None
    error: DockError | None = None


def read_records(path: Path | str, receptor: Receptor) -> list[GivenRecord]:
    """Read the records of an SDF file of poses, gzipped or not.

    Parameters
    ----------
    receptor
        In whose frame, and in whose sites, they lie.

    Raises
    ------
    StructureError
        If the file is missing or holds no records.
    LibraryError
        If it cannot be opened, or is no text.
    """
    path = Path(path)
    if not path.is_file():
        raise StructureError(path, "no such file", "check the path")
    records = [_read(record, path, receptor) for record in sdf_records(file_lines(path))]
    if not records:
        raise StructureError(path, "holds no poses", "give an SDF file of docked poses with hydrogens")
    return records


def read_poses(path: Path | str, receptor: Receptor) -> list[Pose]:
    """Read every pose of an SDF file, of sertdock or of any other program; of sertdock, with all that is known of them.

    Returns
    -------
    list of Pose
        In the order of the file. Stereochemistry is that of the coordinates.

    Raises
    ------
    InputError
        As `read_records`, and for a record that is no pose in a site of the receptor.
    """
    return list(_poses(read_records(path, receptor)))


def _poses(records: list[GivenRecord]) -> Iterator[Pose]:
    for record in records:
        if record.error is not None:
            raise record.error
        if record.pose is not None:
            yield record.pose


def _read(record: SdfRecord, path: Path, receptor: Receptor) -> GivenRecord:
    origin = f"{path.name}#{record.number}"
    title = record.title or f"{path.name.partition('.')[0]}-{record.number}"
    subject = f"{origin} {record.title}".rstrip()
    try:
        if record.problem:
            raise StructureError(subject, record.problem, "check the record")
        mol, decided = read_molecule(subject, record.block, hydrogens=True)
        pose = _pose(subject, title, mol, record.number, path, receptor)
        return GivenRecord(origin, title, pose=_noted(pose, decided, stereo.isotope_note(mol)))
    except DockError as error:
        return GivenRecord(origin, title, error=error)


def _noted(pose: Pose, *notes: str) -> Pose:
    """Return a pose whose ligand carries what of its record was not taken over, beside what it carries."""
    before = pose.ligand.provenance
    noted = before.model_copy(update={"notes": "; ".join(filter(None, (before.notes, *notes)))})
    return replace(pose, ligand=replace(pose.ligand, provenance=noted))


def _pose(subject: str, title: str, mol: Mol, number: int, path: Path, receptor: Receptor) -> Pose:
    """Return a molecule as a pose.

    Raises
    ------
    ChemistryError
        If it is no drug-like molecule, lacks hydrogens or coordinates, or lies in no site of the receptor.
    """
    from rdkit import Chem

    if not mol.GetNumConformers() or not mol.GetConformer().Is3D():
        raise ChemistryError(subject, "has no coordinates in space", "give a docked pose")
    stereo.require_drug_like(subject, mol)
    require_sound_places(subject, mol)
    with_all = Chem.AddHs(mol)
    if with_all.GetNumAtoms() != mol.GetNumAtoms():
        lacking = with_all.GetNumAtoms() - mol.GetNumAtoms()
        raise ChemistryError(subject, f"lacks {lacking} hydrogens", "write the pose with all of them")
    plain = stereo.without_labels(mol)
    heavy_first = sorted(
        range(plain.GetNumAtoms()), key=lambda i: plain.GetAtomWithIdx(i).GetAtomicNum() == 1
    )
    unmarked = stereo.forget_unknown(axes.renumbered(plain, heavy_first))  # the coordinates say what it is
    placed = normal_form(stereo.seen_in_coordinates(axes.label_shown(unmarked)))
    try:
        known = pose_record(mol, path)
        pose = Pose.from_record(Ligand.from_properties(mol, placed), placed, known)
    except StructureError:  # of another program
        pose = Pose(Ligand(title, placed), placed, "", "", number, nan, 0, "file")
    site = assign_site(pose.heavy_coordinates, receptor.sites, pose.searched)
    if site not in receptor.sites:
        sites = ", ".join(receptor.sites) or "none"
        raise ChemistryError(subject, f"lies in no site of {receptor.name}", f"sites: {sites}")
    return replace(pose, site=site, searched=pose.searched or site)
