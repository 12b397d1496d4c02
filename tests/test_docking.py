import json
from dataclasses import replace

import numpy as np
import pytest
from rdkit import Chem

from dock.core.errors import DockingError, SettingsError
from dock.docking import pdbqt
from dock.docking.checks import check_poses
from dock.docking.engine import DockingSettings, make_engine
from dock.docking.pose import Pose, heavy_rmsd, read_mols, write_poses
from dock.docking.redocking import redocking_gate
from dock.docking.search import distinct, search_site
from dock.ligands.placement import place_atoms


def moved(pose, shift, mol=None):
    """The pose displaced by a vector, in angstrom."""
    mol = place_atoms(mol or pose.mol, pose.mol.GetConformer().GetPositions() + shift)
    return Pose(
        pose.ligand, mol, pose.site, pose.searched, 1, pose.score, pose.seed, pose.engine, pose.properties
    )


def test_s_citalopram_is_found_again_by_seeds_1_to_5(redocked, receptor):
    gate = redocking_gate(redocked, receptor.references["orthosteric"])
    assert [result.seed for result in gate.seeds] == [1, 2, 3, 4, 5]
    assert all(result.top_rmsd < 2.0 for result in gate.seeds), gate.to_dataframe()
    assert all(result.top_place == "orthosteric" for result in gate.seeds)
    assert gate.passed


def test_the_gate_fails_for_the_wrong_pose(redocked, receptor):
    away = Chem.Mol(receptor.references["orthosteric"])
    away.GetConformer().SetPositions(away.GetConformer().GetPositions() + np.array([3.0, 0, 0]))
    gate = redocking_gate(redocked, away)
    assert not gate.passed
    assert all(result.top_rmsd > 2.0 for result in gate.seeds)


def test_kept_poses_lie_in_their_site_and_pass_the_checks(redocked, receptor):
    site = receptor.site("orthosteric")
    for rank, pose in enumerate(redocked.kept, start=1):
        assert pose.rank == rank
        assert pose.site == "orthosteric"
        assert site.distance(pose.heavy_coordinates) <= site.radius
        assert len(pose.checks) >= 20
    assert redocked.best.valid
    probabilities = [pose.properties["cnn_probability"] for pose in redocked.kept]
    assert probabilities == sorted(probabilities, reverse=True)


def test_the_allosteric_box_reaches_into_the_orthosteric_site(receptor, escitalopram):
    search = search_site(
        receptor, escitalopram, receptor.site("allosteric"), DockingSettings(seeds=(1,)), threads=2
    )
    assert all(pose.site == "allosteric" for pose in search.kept)
    assert search.places["allosteric"] > 0
    assert search.places["orthosteric"] > 0
    assert sum(search.places.values()) == len(search.found[1])


def test_a_seed_repeats_whatever_the_number_of_threads(redocked, receptor, escitalopram):
    engine = make_engine("rustina", receptor, receptor.site("orthosteric"), threads=1)
    for again, before in zip(
        engine.place(escitalopram, 1, DockingSettings()), redocked.found[1], strict=True
    ):
        assert again.score == before.score
        assert np.array_equal(again.coordinates, place(before))


def place(pose):
    return pose.mol.GetConformer().GetPositions()


def test_poses_keep_their_configuration_and_bonds(redocked, escitalopram):
    for pose in redocked.kept:
        seen = Chem.Mol(pose.mol)
        Chem.AssignStereochemistryFrom3D(seen)
        assert Chem.MolToSmiles(Chem.RemoveHs(seen)) == escitalopram.smiles
        assert pose.mol.GetNumAtoms() == escitalopram.mol.GetNumAtoms()


def test_the_engines_answer_for_an_enantiomer_is_not_taken_for_the_other(escitalopram, r_citalopram):
    text = pdbqt.ligand_pdbqt(escitalopram)
    assert pdbqt.read_coordinates(escitalopram, text).shape == (46, 3)
    with pytest.raises(DockingError, match="another molecule or stereoisomer"):
        pdbqt.read_coordinates(r_citalopram, text)


def test_rmsd_counts_displacement_and_not_symmetry(redocked, escitalopram):
    pose = redocked.best
    assert moved(pose, np.array([1.0, 2.0, 2.0])).rmsd(pose.mol) == pytest.approx(3.0, abs=1e-4)
    ring = escitalopram.mol.GetSubstructMatch(Chem.MolFromSmarts("Fc1ccccc1"))
    order = list(range(escitalopram.mol.GetNumAtoms()))
    for one, two in ((ring[2], ring[6]), (ring[3], ring[5])):
        order[one], order[two] = two, one
    flipped = Chem.Mol(pose.mol)
    flipped.GetConformer().SetPositions(place(pose)[order])
    assert np.linalg.norm(place(pose)[order] - place(pose), axis=1).max() > 2.0
    assert heavy_rmsd(flipped, pose.mol) == pytest.approx(0.0, abs=1e-4)


def test_the_checks_find_a_clash_with_the_protein(redocked, receptor):
    pose = redocked.best
    towards = receptor.positions[0] * 10 - pose.heavy_coordinates.mean(axis=0)
    clashing = moved(pose, 6.0 * towards / np.linalg.norm(towards))
    good, bad = check_poses(receptor, [pose, clashing])
    assert good.valid
    assert not bad.checks["minimum_distance_to_protein"]
    assert not bad.checks["volume_overlap_with_protein"]
    assert not bad.valid
    assert json.loads(json.dumps(bad.record()))["checks_failed"]
    assert {type(passed) for passed in bad.checks.values()} == {bool}


def test_the_cropped_receptor_gives_the_verdicts_of_the_whole(redocked, receptor):
    from posebusters import PoseBusters

    whole = Chem.MolFromPDBBlock(receptor.to_pdb(), sanitize=False, removeHs=False, proximityBonding=False)
    pose = redocked.best
    table = PoseBusters("dock", max_workers=0).bust([pose.mol], None, whole)
    assert dict(check_poses(receptor, [pose])[0].checks) == {k: bool(v) for k, v in table.iloc[0].items()}


def test_repeats_are_pooled(redocked):
    pose = redocked.best
    near, far = moved(pose, np.array([0.5, 0, 0])), moved(pose, np.array([0, 1.5, 0]))
    assert distinct([pose, near, far]) == [pose, far]


def test_seed_zero_and_too_few_runs_are_refused():
    for wrong in ({"seeds": [0]}, {"seeds": []}, {"runs": 8}, {"sedes": [1]}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            DockingSettings(**wrong)
    assert SettingsError("x", "y").exit_code == 2


def test_a_box_that_holds_nothing_is_a_typed_failure(receptor, escitalopram):
    tight = replace(receptor.site("orthosteric"), box=(2.0, 2.0, 2.0), radius=0.01)
    narrow = replace(receptor, sites={"orthosteric": tight})
    with pytest.raises(DockingError, match="escitalopram"):
        search_site(narrow, escitalopram, tight, DockingSettings(seeds=(1,)), threads=2)


def test_an_engine_that_breaks_is_a_typed_failure(receptor, escitalopram, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("out of luck")

    engine = make_engine("rustina", receptor, receptor.site("orthosteric"), threads=1)
    monkeypatch.setattr("rustina.dock", broken)
    with pytest.raises(DockingError, match="out of luck"):
        engine.place(escitalopram, 1, DockingSettings())


def test_a_pose_on_an_ion_fails_the_check_against_ions(redocked, receptor):
    sodium = next(atom.index for atom in receptor.topology.atoms() if atom.residue.id == "707")
    pose = redocked.best
    onto = receptor.positions[sodium] * 10 - pose.heavy_coordinates.mean(axis=0)
    assert not check_poses(receptor, [moved(pose, onto)])[0].checks["minimum_distance_to_inorganic_cofactors"]


def test_sites_answer_to_their_synonyms(receptor):
    assert receptor.site("S1") is receptor.site("orthosteric")
    assert receptor.site("Vestibule") is receptor.site("allosteric")


def test_poses_are_written_with_their_properties(redocked, tmp_path):
    write_poses(tmp_path / "x.sdf", redocked.kept)
    for mol, pose in zip(read_mols(tmp_path / "x.sdf"), redocked.kept, strict=True):
        assert mol.GetProp("_Name") == "escitalopram"
        assert float(mol.GetProp("score_kcal_mol")) == pytest.approx(pose.score, abs=1e-4)
        assert mol.GetProp("site") == "orthosteric"
        assert int(mol.GetProp("rank")) == pose.rank
        assert heavy_rmsd(mol, pose.mol) < 1e-3
