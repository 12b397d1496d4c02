"""Plans: which steps a campaign has, what their keys depend on, and what is refused before anything runs."""

import shutil
from collections import Counter

import pytest
from planning import keys, planned
from rdkit import Chem

from dock.campaign.plan import steps_of
from dock.campaign.settings import CampaignSettings, read_settings
from dock.core import catalogue
from dock.core.errors import InputError, SettingsError, UnknownNameError
from dock.steps.analyse import Analyse
from dock.steps.crossdock import CrossDock
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.membrane import BuildMembrane
from dock.steps.region import DrawRegion
from dock.steps.simulate import Simulate


def test_the_default_plan_is_both_enantiomers_in_both_sites():
    steps, store = planned()
    assert Counter(step.kind for step in steps) == {
        "receptor": 1, "ligand": 2, "dock": 8, "gate": 1, "crossdock": 2, "region": 2, "simulate": 12, "analyse": 4,
    }  # fmt: skip
    known: set[str] = set()
    for step in steps:
        assert set(map(store.key, step.needs)) <= known, step.label
        known.add(store.key(step))
    assert len(known) == len(steps)
    protocol = CampaignSettings().simulation
    assert protocol.replicas * protocol.production.value_in("ps") >= 12
    assert protocol.equilibration.value_in("ps") >= 5
    # Whatever is compared in a site is simulated with the same atoms, which depend on every pose there.
    for region in steps_of(steps, DrawRegion):
        simulated = [step for step in steps_of(steps, Simulate) if step.region is region]
        assert {step.ligand_name for step in simulated} == {"escitalopram", "r-citalopram"}
        assert {step.search.label for step in simulated} == {search.label for search in region.searches}
        assert region.alternatives == list(region.searches)


def test_the_gate_is_planned_where_the_reference_ligand_is_no_guest():
    steps, _ = planned(ligands=["sertraline"], sites=["S1"])
    assert [search.label for search in steps_of(steps, Dock)] == [
        "dock sertraline in orthosteric of sert",
        "dock escitalopram in orthosteric of sert",
    ]
    assert len(steps_of(steps, Simulate)) == 3


def test_a_membrane_is_built_once_for_every_complex():
    steps, store = planned(simulation={"system": {"kind": "membrane"}})
    (membrane,) = steps_of(steps, BuildMembrane)
    for step in [*steps_of(steps, Simulate), *steps_of(steps, Analyse)]:
        assert store.key(step.membrane) == store.key(membrane)
    saltier = {"kind": "membrane", "membrane": {"salt": "0.3 mol/l"}}
    other, _ = planned(simulation={"system": saltier})
    assert store.key(steps_of(other, BuildMembrane)[0]) != store.key(membrane)
    assert not steps_of(planned()[0], BuildMembrane)


def test_how_often_is_saved_and_how_many_replicas_there_are_changes_no_key():
    two = keys(simulation={"checkpoint_interval": "1 s", "replicas": 2})
    first = {label.replace(" of 2", " of 3"): key for label, key in two.items() if label[:8] == "simulate"}
    assert first.items() <= keys().items()
    assert len(first) == 8


def test_keys_depend_on_what_matters_and_on_nothing_else():
    one = keys()
    for changes, changed in (
        ({"production": "40 ps"}, set()),  # a trajectory goes on
        ({"temperature": "300 K"}, {"simulate", "analyse"}),
        ({"system": {"kept_within": "9 angstrom"}}, {"region", "simulate", "analyse"}),
    ):
        two = keys(simulation=changes)
        assert {label.split()[0] for label in one if one[label] != two[label]} == changed


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("ligand: [x]", "'ligand' is an unknown setting"),
        ("docking: {seeds: [0]}", "greater than 0"),
        ("simulation: {production: 20}", "has no unit"),
        ("simulation: {system: {kept: 3 nm}}", "'simulation.system.kept' is an unknown setting"),
        ("preparation: {chian: A}", "unknown setting"),
        ("ligands: [{name: ../x, smiles: CCO}]", "'ligands.0.name'"),
        ("ligands: [{name: .x, smiles: CCO}]", "'ligands.0.name'"),
        ("receptor: x.pdb\nreceptor_sites: {a/b: {center: [0, 0, 0]}}", "receptor_sites"),
        ("receptor: x.pdb\nreceptor_sites: {a: {center: [0, 0, 0], box: [0, 1, 1]}}", "greater than 0"),
        ("receptor: x.pdb\nreceptor_sites: {a: {center: [0, 0, 0], residues: [HEM]}}", "pattern"),
        ("ligands: []", "is empty"),
        ("- a\n- b", "is no mapping"),
        ("a: [", "is no YAML"),
        ("5: x", "cannot be read as settings"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_in_one_line(content, problem, tmp_path):
    path = tmp_path / "campaign.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=problem) as caught:
        read_settings(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"ligands": ["escitaloprm"]}, UnknownNameError),
        ({"ligands": [{"name": "x", "smiles": "CC("}]}, InputError),
        ({"ligands": ["citalopram"]}, InputError),
        ({"receptor": "absent.pdb"}, InputError),
        ({"receptor": "serd"}, UnknownNameError),
        ({"sites": ["S3"]}, UnknownNameError),
        ({"sites": ["S1", "orthosteric"]}, SettingsError),
        ({"ligands": ["escitalopram", "s-citalopram"]}, SettingsError),
        ({"ligands": [{"name": "escitalopram", "smiles": "CCO"}]}, SettingsError),
        ({"ligands": [{"name": "platinum", "smiles": "C[Pt]C"}]}, InputError),
        ({"receptor": "/"}, InputError),
    ],
)
def test_a_plan_checks_its_inputs_before_any_work(settings, error):
    with pytest.raises(error):
        planned(CampaignSettings(**settings))


def test_a_site_moved_is_another_task():
    label = "dock escitalopram in orthosteric of sert"
    moved = {"orthosteric": {"residues": ["ASP98", "TYR95"]}}
    assert keys()[label] != keys(receptor_sites=moved)[label]


def test_a_known_pose_moved_is_another_cross_docking(tmp_path, monkeypatch):
    """Of the other structure: its atoms alone do not say where the pose and the site are."""

    def crossed():
        steps, store = planned()
        return {step.label: store.key(step) for step in steps_of(steps, CrossDock)}

    before = crossed()
    copy = shutil.copytree(catalogue.structures_folder(), tmp_path / "structures")
    path = copy / catalogue.target("sert-6vrh").model / "reference_orthosteric.sdf"
    known = Chem.MolFromMolFile(str(path), removeHs=False)
    known.GetConformer().SetPositions(known.GetConformer().GetPositions() + 3.0)
    Chem.MolToMolFile(known, str(path))
    monkeypatch.setattr(catalogue, "structures_folder", lambda: copy)
    after = crossed()
    assert before.keys() == after.keys() != set()
    assert not set(before.values()) & set(after.values())


def labels(**settings):
    return [step.label for step in steps_of(planned(**settings)[0], Dock)]


def test_every_site_is_docked_into_empty_and_beside_every_other():
    alone = ["dock sertraline in orthosteric of sert", "dock sertraline in allosteric of sert"]
    same = [f"{alone[0]} beside sertraline in allosteric", f"{alone[1]} beside sertraline in orthosteric"]
    gate = "dock escitalopram in orthosteric of sert"
    assert set(labels(ligands=["sertraline"], occupied_by=[])) == {gate, *alone}
    assert set(labels(ligands=["sertraline"])) == {gate, *alone, *same}
    other = labels(ligands=["sertraline"], occupied_by="escitalopram")
    assert "dock sertraline in allosteric of sert beside escitalopram in orthosteric" in other
    assert "dock sertraline in orthosteric of sert beside escitalopram in allosteric" in other
    assert not set(same) & set(other)
    third = {"back": {"center": [-32.7, -20.7, 25.0]}}
    three = labels(ligands=["sertraline"], receptor_sites=third)
    assert sum("beside" in label for label in three) == 6
    assert len(labels(ligands=["sertraline"], sites=["S1"])) == 2  # one site, nothing to be occupied
    with pytest.raises(UnknownNameError):
        labels(ligands=["sertraline"], occupied_by="escitaloprm")


def test_the_time_limit_is_no_part_of_what_a_result_depends_on():
    assert keys(docking={"time_limit": "1 min"}) == keys(docking={"time_limit": "1 hour"})


def test_with_a_failed_gate_accepted_simulations_need_no_gate():
    steps, store = planned(accept_failed_gate=True)
    assert steps_of(steps, Gate)
    assert not any(replica.gates for replica in steps_of(steps, Simulate))
    before = keys()
    assert {key for label, key in before.items() if "gate" not in label} <= set(map(store.key, steps))
