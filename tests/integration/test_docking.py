import json
from dataclasses import replace

import numpy as np
import pytest
from rdkit import Chem
from scipy.spatial.transform import Rotation

from dock.core.errors import ChemistryError, DockingError, SettingsError, StructureError
from dock.docking import pdbqt
from dock.docking.checks import ENSEMBLE, check_poses, valid_first
from dock.docking.crossdocking import cross_dock
from dock.docking.engines import make_engine
from dock.docking.pose import Pose, heavy_rmsd, read_mols, write_poses
from dock.docking.ranking import rank_scores, ranked
from dock.docking.redocking import redock, redocking_gate
from dock.docking.rescoring import Scorer
from dock.docking.search import SearchFailure, search_site
from dock.docking.settings import DockingSettings
from dock.ligands import Ligand
from dock.ligands.placement import place_atoms
from dock.ligands.strain import strain_energies
from dock.receptors import Receptor

MEASURES = {"cnn_probability": 0.5, "vinardo_kcal_mol": -5.0, "strain_kcal_mol": 0.0}


def moved(pose, shift, mol=None):
    """The pose displaced by a vector, in angstrom."""
    mol = place_atoms(mol or pose.mol, pose.mol.GetConformer().GetPositions() + shift)
    return replace(pose, mol=mol, checks={})


def test_s_citalopram_is_found_again_by_every_seed(redocked, receptor):
    gate = redocking_gate(receptor, redocked, receptor.references["orthosteric"])
    assert [result.seed for result in gate.seeds] == [1, 2, 3]
    assert all(result.top_rmsd < 2.0 for result in gate.seeds), gate.to_dataframe()
    assert all(result.top.site == "orthosteric" and result.top.valid for result in gate.seeds)
    # Measured: 0.91 to 1.46 A, 12 or 13 of 18 contacts.
    assert all(result.contacts >= 0.6 * result.contacts_known >= 10 for result in gate.seeds)
    assert gate.passed


def test_the_gate_fails_for_the_wrong_pose(redocked, receptor):
    away = Chem.Mol(receptor.references["orthosteric"])
    away.GetConformer().SetPositions(away.GetConformer().GetPositions() + np.array([3.0, 0, 0]))
    gate = redocking_gate(receptor, redocked, away)
    assert not gate.passed
    assert all(result.top_rmsd > 2.0 for result in gate.seeds)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("into", "whence", "ligand", "seed", "conformers", "limit"),
    # Measured: 1.66 and 1.47 A; S-citalopram was 5.9 A off from other conformers, with seeds 1 and 3.
    [("sert-6vrh", "sert", "escitalopram", 2, 1, 2.2), ("sert", "sert-6vrh", "paroxetine", 1, 3, 2.0)],
)
def test_a_ligand_is_docked_into_the_structure_of_another(into, whence, ligand, seed, conformers, limit):
    receptors = {name: Receptor.from_catalogue(name) for name in (into, whence)}
    settings = DockingSettings(seeds=(seed,), ring_conformers=conformers)
    cross = cross_dock(receptors[into], receptors[whence], "S1", settings, 2)
    row = cross.records()[0]
    assert (row["site"], row["ligand"]) == ("orthosteric", ligand)
    assert whence in row["ligand_from"]
    assert into in row["docked_into"]
    assert cross.transform.rmsd < 1.0
    assert [(one["searches"], one["failed"]) for one in cross.search.outcomes()] == [
        (cross.search.searches, 0)
    ]
    assert row["top_rmsd_A"] < limit
    assert row["pooled_rmsd_A"] == pytest.approx(row["top_rmsd_A"], abs=0.01)  # of a single seed
    assert row["top_pose_lies_in"] == "orthosteric"
    with pytest.raises(StructureError, match="has no known pose"):
        cross_dock(receptors[into], receptors[whence], "allosteric", settings)


def test_a_structure_cross_docked_into_itself_is_redocked(receptor):
    """The null of cross-docking: from a copy that lies elsewhere, turned and shifted, the known pose is carried back."""
    turn = Rotation.from_euler("xyz", (30, -50, 80), degrees=True)
    shift = np.array([40.0, -20.0, 10.0])
    known = Chem.Mol(receptor.references["orthosteric"])
    known.GetConformer().SetPositions(turn.apply(known.GetConformer().GetPositions()) + shift)
    site = receptor.sites["orthosteric"]
    elsewhere = replace(
        receptor,
        positions=turn.apply(receptor.positions) + shift / 10,
        references={"orthosteric": known},
        sites={"orthosteric": replace(site, center=tuple(turn.apply(site.center) + shift))},
    )
    settings = DockingSettings(seeds=(1,), ring_conformers=1)
    cross = cross_dock(receptor, elsewhere, "S1", settings, 2)
    assert cross.transform.rmsd < 1e-3
    (there,), (here,) = cross.gate.seeds, redock(receptor, "S1", settings, 2).seeds
    assert there.top_rmsd == pytest.approx(here.top_rmsd, abs=1e-3)
    assert there.best_rmsd == pytest.approx(here.best_rmsd, abs=1e-3)
    assert (there.contacts, there.contacts_known) == (here.contacts, here.contacts_known)


def test_kept_poses_lie_in_their_site_and_pass_the_checks(redocked, receptor):
    site = receptor.site("orthosteric")
    for rank, pose in enumerate(redocked.kept, start=1):
        assert pose.rank == rank
        assert pose.site == "orthosteric"
        assert site.distance(pose.heavy_coordinates) <= site.radius
        assert len(pose.checks) >= 20
    assert redocked.best.valid
    values = [(pose.valid, pose.properties["rank_score"]) for pose in redocked.kept]
    assert values == sorted(values, reverse=True)
    assert all(0 < pose.properties["found_by"] <= 1 for pose in redocked.kept)
    assert redocked.searches == 3


def test_the_allosteric_box_reaches_into_the_orthosteric_site(receptor, escitalopram):
    settings = DockingSettings(seeds=(1,), ring_conformers=1)
    search = search_site(receptor, escitalopram, receptor.site("allosteric"), settings, threads=2)
    assert all(pose.site == "allosteric" for pose in search.kept)
    assert search.places["allosteric"] > 0
    assert search.places["orthosteric"] > 0
    assert sum(search.places.values()) >= len(search.found[1])


@pytest.fixture(scope="module")
def serotonin():
    """What docks fastest."""
    return Ligand.from_catalogue("serotonin")


@pytest.fixture(scope="module")
def placements(receptor, escitalopram):
    """What rustina says of S-citalopram in the orthosteric site."""
    engine = make_engine("rustina", receptor, receptor.site("orthosteric"), 2)
    return engine.place(escitalopram, 1, DockingSettings())


@pytest.mark.parametrize("name", ["rustina", "vina"])
def test_a_seed_repeats_whatever_the_number_of_threads(name, receptor, serotonin):
    settings = DockingSettings(exhaustiveness=1)
    answers = [
        make_engine(name, receptor, receptor.site("orthosteric"), threads).place(serotonin, 1, settings)
        for threads in (1, 2)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["rustina", "vina"])
def test_neighbouring_seeds_are_different_searches(name, receptor, serotonin):
    # rustina gives its runs consecutive seeds: passed on as they are, seeds 1 and 2 would share most runs
    settings = DockingSettings(exhaustiveness=1)
    engine = make_engine(name, receptor, receptor.site("orthosteric"), 2)
    one, two = (engine.place(serotonin, seed, settings) for seed in (1, 2))
    assert not {placement.pdbqt for placement in one} & {placement.pdbqt for placement in two}


def test_an_engine_is_prepared_once_for_a_site(receptor, serotonin):
    site = receptor.site("orthosteric")
    engine = make_engine("vina", receptor, site, 2)
    again = Receptor.from_catalogue("sert")
    assert make_engine("vina", again, again.site("orthosteric"), 2) is engine
    before = engine.place(serotonin, 1, DockingSettings(exhaustiveness=1))
    engine.place(Ligand.from_smiles("NCCc1ccccc1", "other"), 1, DockingSettings(exhaustiveness=1))
    assert engine.place(serotonin, 1, DockingSettings(exhaustiveness=1)) == before
    assert make_engine("vina", receptor, receptor.site("allosteric"), 2) is not engine


def test_the_network_is_asked_about_every_pose(receptor, serotonin):
    engine = make_engine("rustina", receptor, receptor.site("orthosteric"), 2)
    placements = engine.place(serotonin, 3, DockingSettings(modes=12))
    assert len(placements) > 9
    assert all(placement.network.probability > 0 for placement in placements)


def test_rescoring_agrees_with_what_rustina_says_itself(receptor, placements):
    scorer = Scorer(receptor, receptor.site("orthosteric"))
    for placement in placements[:3]:
        again = scorer.network("x", placement.pdbqt)
        assert again.probability == pytest.approx(placement.network.probability, abs=1e-3)
        assert scorer.vinardo("x", placement.pdbqt) == pytest.approx(placement.score, abs=1.0)


def test_the_energy_of_a_pose_is_that_in_the_whole_receptor(receptor, placements):
    import rustina

    site = receptor.site("orthosteric")
    whole = pdbqt.receptor_pdbqt(receptor, site)
    pose = placements[0].pdbqt
    exact = rustina.score(whole, pose, scoring="vinardo")["empirical_score"]
    assert Scorer(receptor, site).vinardo("x", pose) == pytest.approx(exact, abs=1e-3)


def test_both_engines_are_pooled_and_ranked_by_one_measure(receptor, sertraline):
    settings = DockingSettings(engines=("rustina", "vina"), seeds=(1,), exhaustiveness=1, ring_conformers=2)
    search = search_site(receptor, sertraline, receptor.site("orthosteric"), settings, threads=2)
    assert search.searches == 4
    engines = {pose.engine for pose in search.found[1]}
    assert engines == {"rustina", "vina"}
    assert {pose.conformer for pose in search.found[1]} == {1, 2}
    for pose in search.kept:
        assert {"cnn_probability", "vinardo_kcal_mol", "strain_kcal_mol"} <= set(pose.properties)
    assert search.kept[0].properties["found_by"] >= 0.25
    assert search.kept[0].properties["strain_kcal_mol"] < 10


def test_the_measure_rises_with_each_of_its_terms():
    base = rank_scores([0.5, 0.5, 0.5], [-8, -9, -10], [5, 5, 5])
    assert base == pytest.approx([-0.5, -0.25, 0.0])  # energies spread by 1 between the quartiles
    assert rank_scores([0.5, 0.9], [-8, -8], [0, 0])[1] == pytest.approx(np.log(9))
    assert rank_scores([0.5, 0.5], [-8, -8], [0, 4])[1] == pytest.approx(-0.2)
    assert np.isfinite(rank_scores([0.0, 1.0], [-8, -8], [0, 0])).all()


def test_a_pose_that_fails_the_checks_never_comes_first(redocked, receptor):
    best = redocked.best
    towards = receptor.positions[0] * 10 - best.heavy_coordinates.mean(axis=0)
    clashing = moved(best, 6.0 * towards / np.linalg.norm(towards))
    first = valid_first(receptor, [clashing, best], keep=2)
    assert [pose.valid for pose in first] == [True, False]
    assert [pose.rank for pose in first] == [1, 2]
    assert first[0].mol is best.mol
    beyond = valid_first(receptor, [clashing, clashing, best], keep=1)
    assert [pose.valid for pose in beyond] == [True]
    none = valid_first(receptor, [clashing], keep=1)[0]
    assert not none.valid
    assert none.failed_checks


def test_strain_is_nought_at_rest_and_rises_when_a_torsion_is_turned(escitalopram):
    from rdkit.Chem import rdMolTransforms

    relaxed = Chem.Mol(escitalopram.mol)
    bent = Chem.Mol(relaxed)
    chain = bent.GetSubstructMatch(Chem.MolFromSmarts("[NX4+]-[CH2]-[CH2]-[CH2]"))
    angle = rdMolTransforms.GetDihedralDeg(bent.GetConformer(), *chain)
    rdMolTransforms.SetDihedralDeg(bent.GetConformer(), *chain, angle + 180)
    rest, turned = strain_energies(escitalopram.mol, [relaxed, bent])
    assert 0 <= rest < 2.0
    assert turned > rest + 2.0
    assert strain_energies(escitalopram.mol, []) == []


def test_docking_beside_an_occupied_site(redocked, receptor, escitalopram):
    double = receptor.with_occupant("S1", "escitalopram", redocked.best.mol)
    assert double.occupied == "orthosteric: escitalopram"
    assert double.key != receptor.key
    assert double.structure_key == receptor.key
    settings = DockingSettings(seeds=(1,), ring_conformers=1)
    search = search_site(double, escitalopram, double.site("allosteric"), settings, threads=2)
    places = redocked.best.heavy_coordinates
    for pose in search.kept:
        gaps = np.linalg.norm(pose.heavy_coordinates[:, None] - places[None], axis=2)
        assert gaps.min() > 2.5
        assert pose.occupied == "orthosteric: escitalopram"
        assert pose.site == "allosteric"
    # the empty receptor lets poses fall into the other site, the occupied one does not
    assert search.places.get("orthosteric", 0) == 0
    onto = replace(search.best, mol=redocked.best.mol)
    failed = check_poses(double, [onto])[0].failed_checks
    assert "minimum_distance_to_organic_cofactors" in failed


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
    assert json.loads(json.dumps(bad.row()))["checks_failed"]
    assert {type(passed) for passed in bad.checks.values()} == {bool}


def test_the_cropped_receptor_gives_the_verdicts_of_the_whole(redocked, receptor):
    from posebusters import PoseBusters

    whole = Chem.MolFromPDBBlock(receptor.to_pdb(), sanitize=False, removeHs=False, proximityBonding=False)
    pose = redocked.best
    table = PoseBusters("dock", max_workers=0).bust([pose.mol], None, whole)
    assert dict(check_poses(receptor, [pose])[0].checks) == {k: bool(v) for k, v in table.iloc[0].items()}


@pytest.mark.parametrize("name", ["escitalopram", "paroxetine", "trazodone"])
def test_the_small_ensemble_has_the_mean_energy_of_the_large_one(name):
    from posebusters.modules.energy_ratio import get_energies

    inchi = Chem.MolToInchi(Ligand.from_catalogue(name).mol)
    small, large = (np.mean(get_energies(inchi, number)) for number in (ENSEMBLE, 50))
    assert small == pytest.approx(large, rel=0.1)


def test_repeats_are_pooled(redocked):
    pose = redocked.best
    near, far = moved(pose, np.array([0.5, 0, 0])), moved(pose, np.array([0, 1.5, 0]))
    pooled = ranked([replace(pose, seed=1), replace(near, seed=2), replace(far, seed=3)], searches=4)
    assert [one.mol for one in pooled] == [pose.mol, far.mol]
    assert [one.properties["found_by"] for one in pooled] == [0.5, 0.25]
    ring = pose.ligand.mol.GetSubstructMatch(Chem.MolFromSmarts("Fc1ccccc1"))
    order = list(range(pose.mol.GetNumAtoms()))
    for one, two in ((ring[2], ring[6]), (ring[3], ring[5])):
        order[one], order[two] = two, one
    flipped = Chem.Mol(pose.mol)
    flipped.GetConformer().SetPositions(place(pose)[order])
    assert len(ranked([pose, replace(pose, mol=flipped, seed=2)], searches=2)) == 1


def test_seed_zero_and_too_few_runs_are_refused():
    for wrong in (
        {"seeds": [0]},
        {"seeds": [2, 2]},
        {"seeds": []},
        {"runs": 8},
        {"sedes": [1]},
        {"engines": []},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            DockingSettings(**wrong)
    assert SettingsError("x", "y").exit_code == 2


def test_a_box_that_holds_nothing_is_a_typed_failure(receptor, escitalopram):
    tight = replace(receptor.site("orthosteric"), box=(2.0, 2.0, 2.0), radius=0.01)
    narrow = replace(receptor, sites={"orthosteric": tight})
    with pytest.raises(DockingError, match="escitalopram"):
        search_site(narrow, escitalopram, tight, DockingSettings(seeds=(1,), ring_conformers=1), threads=2)


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


def test_a_search_that_fails_does_not_take_the_others_along(receptor, sertraline, monkeypatch):
    engine = make_engine("rustina", receptor, receptor.site("orthosteric"), 2)
    place_well = type(engine).place

    def place(self, ligand, seed, settings):
        if seed == 2:
            raise DockingError(ligand.name, "no pose fits the box")
        return place_well(self, ligand, seed, settings)

    monkeypatch.setattr(type(engine), "place", place)
    settings = DockingSettings(seeds=(1, 2), ring_conformers=1)
    search = search_site(receptor, sertraline, receptor.site("orthosteric"), settings, 2)
    assert (search.searches, search.failed) == (2, 1)
    assert search.failures == (SearchFailure("rustina", 2, 1, "sertraline: no pose fits the box"),)
    assert "1 of 2 searches by rustina failed, the first: sertraline: no pose fits" in search._repr_html_()
    assert search.found[2] == []
    assert search.best.properties["found_by"] == 0.5
    gate = redocking_gate(receptor, search, search.best.mol)
    assert [result.passed for result in gate.seeds] == [True, False]
    assert gate.records()[1]["checks"] == "no pose"
    with pytest.raises(DockingError, match="no pose fits"):
        search_site(receptor, sertraline, receptor.site("orthosteric"), DockingSettings(seeds=(2,)), 2)


def test_protons_and_charges_do_not_matter_to_a_distance():
    acid, salt = (
        Ligand.from_smiles(smiles, "x", ph=7.4) for smiles in ("OC(=O)c1ccc(F)cc1", "[O-]C(=O)c1ccc(F)cc1")
    )
    assert heavy_rmsd(acid.mol, salt.mol) < 1.0
    turned = Chem.Mol(salt.mol)
    first, second = (atom.GetIdx() for atom in turned.GetAtoms() if atom.GetSymbol() == "O")
    order = list(range(turned.GetNumAtoms()))
    order[first], order[second] = second, first
    turned.GetConformer().SetPositions(turned.GetConformer().GetPositions()[order])
    pose = Pose(salt, salt.mol, "s", "s", 1, -5.0, 1, "x", properties=MEASURES)
    assert heavy_rmsd(turned, salt.mol) == pytest.approx(0, abs=1e-4)
    assert len(ranked([pose, replace(pose, mol=turned, seed=2)], searches=2)) == 1
    with pytest.raises(ChemistryError, match="different molecules"):
        heavy_rmsd(acid.mol, Ligand.from_smiles("NCCO", "y").mol)
