"""Arguments of the Python interface that are no such thing: our own errors, which say what is meant."""

import pytest

import dock
from dock.cli.redock import site_of
from dock.core.errors import DockError


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda _: dock.pose("sert", 5, "S1"), "5: is no name; write it as text"),
        (lambda _: dock.pose("sert", "sertralin", "S1"), "did you mean 'sertraline'"),
        (lambda _: dock.pose("sert", "CCN(CC", "S1"), "is no known ligand and no valid SMILES"),
        (lambda _: dock.pose(5, "CCO", "S1"), "5: is no receptor; give a name"),
        (lambda _: dock.pose("sert", "CCO", None), "None: is no site; name one of sert: orthosteric, allosteric"),
        (lambda _: dock.pose("sert", "CCO", "S1", {"seeds": [1]}), "is no settings; make them with dock.DockingSettings"),
        (lambda _: dock.simulate("sert", "CCO", "x"), r"'CCO': is no pose; dock.pose\(receptor, ligand, site\).best is one"),
        (lambda _: dock.simulate("sert", None, None), "None: is no folder"),
        (lambda _: dock.compare(5), "5: is no list"),
        (lambda _: dock.compare(["a"]), "'a': is no simulation"),
        (lambda _: dock.Campaign({"ligands": ["CCO"]}), r"is no CampaignSettings.* Campaign.read\(path\)"),
        (lambda _: dock.Campaign("c.yaml"), "is no CampaignSettings"),
        (lambda _: dock.Campaign(folder=5), "5: is no folder"),
        (lambda _: dock.Campaign().run(workers="all"), "'all': is no number of workers"),
        (lambda _: dock.CampaignSettings("sert"), "takes its settings by name"),
        (lambda _: dock.DockingSettings(seed=1), "did you mean 'seeds'"),
        (lambda _: dock.Receptor.from_catalogue(5), "5: is no name"),
        (lambda _: dock.Ligand.from_smiles(5), "5: is no SMILES"),
        (lambda _: dock.Ligand.from_smiles("CCO", ph=99), "99: is no pH"),
        (lambda _: dock.Library(5), "5: is no list"),
        (lambda _: dock.open_receptor(5), "5: is no receptor"),
        (lambda sert: sert.site(5), "5: is no name of a site"),
        (lambda sert: sert.with_occupant("S1", "x", "CCO"), "'CCO': is no molecule"),
        (lambda _: dock.view("sert"), r"'sert': is no receptor; dock.open_receptor\(name\) gives one"),
        (lambda sert: dock.view(sert, ["x"]), "'x': is no pose"),
        (lambda _: dock.redock("sert", "S1"), "'sert': is no receptor"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_told_what_is_meant(call, line, receptor):
    with pytest.raises(DockError, match=line) as caught:
        call(receptor)
    assert caught.value.exit_code == 2


def test_a_known_pose_is_named_by_its_ligand(receptor, escitalopram):
    for ligand in ("escitalopram", "S-citalopram", escitalopram.smiles):
        assert site_of(receptor, ligand) == "orthosteric"
    with pytest.raises(
        DockError, match=r"no known pose of r-citalopram \(known: escitalopram in orthosteric\)"
    ):
        site_of(receptor, "r-citalopram")


def test_one_input_of_a_library_is_not_its_letters():
    assert [entry.smiles for entry in dock.Library("CCO")] == ["CCO"]


def test_a_ligand_is_named_or_written():
    assert dock.Ligand.named("S-Citalopram").name == "escitalopram"
    amine = dock.Ligand.named("F/C=C/CN")
    assert (amine.name, amine.charge) == ("F_C=C_CN", 1)
    assert dock.Ligand.named("CCN", name="mine", ph=13).charge == 0
