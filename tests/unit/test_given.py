"""Poses of other programs: what is refused when it is read, and what is dropped and said."""

import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from dock.core.errors import ChemistryError
from dock.docking.given import read_poses, read_records

CENTRE = (-32.67, -20.74, 1.86)  # of the orthosteric site


def record(smiles, title="X"):
    """A molecule with hydrogens in the orthosteric site, as an SDF record."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert rdDistGeom.EmbedMolecule(mol, randomSeed=7) == 0
    places = mol.GetConformer().GetPositions()
    mol.GetConformer().SetPositions(places - places.mean(axis=0) + CENTRE)
    mol.SetProp("_Name", title)
    return Chem.SDWriter.GetText(mol)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (record("[2H]C([2H])([2H])CO"), "isotopes dropped: 3 x 2H"),
        (record("CCO").replace(" H   0", " D   0", 1), "isotopes dropped: 2H"),
        (record("CCO").replace(" H   0", " T   0", 1), "isotopes dropped: 3H"),
        (record("C[13CH2]O"), "isotopes dropped: 13C"),
        (record("[2H][C@@H](C)O"), "isotopes dropped: 2H"),
        (record("CCO"), ""),
    ],
)
def test_isotopes_are_dropped_and_said(text, note, receptor, tmp_path):
    (tmp_path / "a.sdf").write_text(text)
    (pose,) = read_poses(tmp_path / "a.sdf", receptor)
    assert (pose.ligand.smiles, pose.ligand.cip) == ("CCO", ())
    assert pose.ligand.provenance.notes == note
    assert not any(atom.GetIsotope() for atom in pose.mol.GetAtoms())
    # as a step keeps it: what is said stays with it
    (tmp_path / "b.sdf").write_text(pose.sdf_record())
    (kept,) = read_poses(tmp_path / "b.sdf", receptor)
    assert kept.ligand.provenance.notes == note


@pytest.mark.parametrize(
    ("smiles", "problem"),
    [
        ("NCCc1ccccc1.O", "holds several molecules"),
        ("[NH3+]CCc1ccccc1.[Cl-]", "holds several molecules"),
        ("C[CH]C", "is a radical"),
        ("C[CH2]", "is a radical"),
    ],
)
def test_what_cannot_be_simulated_is_refused_when_it_is_read(smiles, problem, receptor, tmp_path):
    (tmp_path / "a.sdf").write_text(record("CCO") + record(smiles, "two"))
    sound, refused = read_records(tmp_path / "a.sdf", receptor)
    assert sound.pose is not None
    assert isinstance(refused.error, ChemistryError)
    assert refused.error.subject == "a.sdf#2 two"
    assert problem in refused.error.problem
    assert refused.error.advice
