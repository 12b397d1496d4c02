"""Several receptors in one campaign, receptors that are not prepared yet, and poses that are given."""

import time

import pytest
from planning import keys, planned

from dock.campaign.plan import Planner, steps_of
from dock.campaign.settings import CampaignSettings, read_settings, receptor_name
from dock.core.errors import SettingsError
from dock.core.records import software_versions
from dock.receptors.outline import ReceptorOutline
from dock.steps.analyse import Analyse
from dock.steps.crossdock import CrossDock
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.library import ReadLibrary
from dock.steps.ligand import PrepareLigand
from dock.steps.receptor import PrepareReceptor, ReceptorResult
from dock.steps.region import DrawRegion
from dock.steps.simulate import Simulate
from dock.workflow.execution import perform
from dock.workflow.step import Conditions
from dock.workflow.store import Store


def test_one_more_receptor_changes_no_key_of_the_others():
    alone, both = keys(), keys(receptors=["sert", "sert-6vrh"])
    assert alone.items() <= both.items()
    added = both.keys() - alone.keys()
    assert {label for label in added if "sert-6vrh" not in label} <= {"ligand paroxetine"}  # its known one
    assert len(both) > 1.8 * len(alone)
    assert "simulate r-citalopram in allosteric of sert-6vrh, replica 1 of 3" in both


def test_each_receptor_has_its_own_gates_regions_and_files():
    steps, _ = planned(receptors=["sert", {"source": "sert-6vrh", "name": "other"}])
    assert [step.name for step in steps_of(steps, PrepareReceptor)] == ["sert", "other"]
    for replica in steps_of(steps, Simulate):
        assert {gate.search.home.name for gate in replica.gates} == {replica.search.home.name}
        assert {search.home.name for search in replica.region.searches} == {replica.search.home.name}
    assert len(steps_of(steps, DrawRegion)) == 4
    assert len({gate.search.place for gate in steps_of(steps, Gate)}) == len(steps_of(steps, Gate)) > 1
    stems = [analysis.stem for analysis in steps_of(steps, Analyse)]
    assert len(set(stems)) == len(stems) == 8
    assert {"sert-escitalopram-orthosteric", "other-escitalopram-orthosteric"} <= set(stems)
    assert {step.subject["receptor"] for step in steps_of(steps, CrossDock)} == {"sert", "other"}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"receptors": ["sert", "sert"]}, "a name of its own"),
        ({"receptors": ["sert"], "receptor": "sert-6vrh"}, "receptor cannot be given, too"),
        ({"receptors": [{"source": "sert", "name": "a/b"}]}, "cannot name files"),
        ({"receptors": [{"source": ""}]}, "at least 1"),
        ({"poses": {"file": "x.sdf"}, "ligands": ["sertraline"]}, "ligands cannot be given, too"),
    ],
)
def test_what_cannot_be_meant_of_receptors_is_refused(fields, problem):
    with pytest.raises(SettingsError, match=problem):
        CampaignSettings(**fields)


@pytest.mark.parametrize(
    ("source", "name"),
    [("SERT", "sert"), ("5I71", "5I71"), ("a/b.model.cif.gz", "b.model"), ("a/folder/", "folder"), (".cif", "receptor")],
)  # fmt: skip
def test_a_receptor_is_called_as_its_source(source, name):
    assert receptor_name(source) == name


def test_files_of_receptors_lie_beside_the_campaign_file(tmp_path):
    (tmp_path / "mine.cif").touch()
    (tmp_path / "c.yaml").write_text("receptors: [mine.cif, sert, {source: mine.cif, name: again}]\n")
    settings = read_settings(tmp_path / "c.yaml")
    assert [entry.source for entry in settings.receptors] == [
        str(tmp_path / "mine.cif"),
        "sert",
        str(tmp_path / "mine.cif"),
    ]
    assert [entry.name for entry in settings.receptors] == ["mine", "sert", "again"]
    assert CampaignSettings(**settings.model_dump(mode="json")) == settings


def test_a_receptor_that_is_not_prepared_is_planned_on_once_it_is(mirror, receptor, tmp_path):
    """Planning a raw structure computes nothing: it waits, and the others do not."""
    raw = str(mirror / "5I71.pdb")
    settings = CampaignSettings(receptors=[raw, "sert"], ligands=["sertraline"])
    planner = Planner(settings, Store(tmp_path, software_versions()))
    first = planner.steps(lambda _: False)
    (prepare,) = [step for step in steps_of(first, PrepareReceptor) if step.name == "5I71"]
    assert {search.home.name for search in steps_of(first, Dock)} == {"sert"}
    result = ReceptorResult(outline=ReceptorOutline.of(receptor), atoms=1, content="x")
    planner.store.write(prepare, result, time.perf_counter(), 1)
    later = planner.steps(lambda _: False)
    assert set(map(planner.store.key, first)) < set(map(planner.store.key, later))
    assert {analysis.search.home.name for analysis in steps_of(later, Analyse)} == {"5I71", "sert"}
    again = Planner(settings, Store(tmp_path / "x", software_versions())).steps(
        lambda step: step.kind == "receptor"
    )
    assert {analysis.search.home.name for analysis in steps_of(again, Analyse)} == {"sert"}


@pytest.mark.parametrize("fields", [{"poses": {"file": "x.sdf"}}, {"receptors": ["sert", "5I71"]}, {}])
def test_settings_come_back_from_a_lock(fields):
    settings = CampaignSettings(**fields)
    assert CampaignSettings(**settings.model_dump(mode="json")) == settings


def test_nothing_is_simulated_for_some_of_the_ligands(mirror, tmp_path):
    """A region is drawn around the poses of all; who occupies a site is known once all are."""
    (tmp_path / "mine.smi").write_text("CCCCNCc1ccccc1 mine\n")
    settings = CampaignSettings(
        receptors=["sert", str(mirror / "5I71.pdb")],
        ligands=["sertraline", {"file": str(tmp_path / "mine.smi")}],
        occupied_by="mine",
    )
    planner = Planner(settings, Store(tmp_path / "run", software_versions()))
    steps = planner.steps(lambda _: False)
    (part,) = steps_of(steps, ReadLibrary)
    assert perform(part, planner.store, Conditions()).kind == "done"
    between = planner.steps(lambda _: False)
    assert not steps_of(between, Simulate)
    later = planner.steps(lambda step: step.kind == "receptor" and step.name == "5I71")
    assert {replica.ligand_name for replica in steps_of(later, Simulate)} == {"sertraline", "mine"}
    assert {search.occupant.ligand_name for search in steps_of(later, Dock) if search.occupant} == {"mine"}
    keys_of = [set(map(planner.store.key, each)) for each in (steps, between, later)]
    assert keys_of[0] <= keys_of[1] <= keys_of[2]


def test_ligands_of_a_file_are_named_once_every_receptor_is_known(mirror, receptor, tmp_path):
    """A receptor's known ligand keeps its name, whenever the receptor is there; nothing planned is taken back."""
    (tmp_path / "mine.smi").write_text("CN(C)CCC[C@@]1(OCc2cc(ccc12)C#N)c1ccc(F)cc1 escitalopram\n")
    settings = CampaignSettings(
        receptors=[str(mirror / "5I71.pdb")], ligands=[{"file": str(tmp_path / "mine.smi")}]
    )
    planner = Planner(settings, Store(tmp_path / "run", software_versions()))
    prepare, part = planner.steps(lambda _: False)
    assert perform(part, planner.store, Conditions()).kind == "done"
    assert len(planner.steps(lambda _: False)) == 2
    result = ReceptorResult(outline=ReceptorOutline.of(receptor), atoms=1, content="x")
    planner.store.write(prepare, result, time.perf_counter(), 1)
    names = [step.name for step in steps_of(planner.steps(lambda _: False), PrepareLigand)]
    assert names == ["escitalopram_2", "escitalopram"]
