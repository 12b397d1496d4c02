import json
import re

import pytest
from pages import HAS_WEBGL, opened
from rdkit import Chem
from synthetic import ENERGY, content_of, together

from dock.campaign.reporting import report, report_content
from dock.receptors import Receptor
from dock.report import view
from dock.report.html import render, write_report
from dock.report.sections import complexes, scripts
from dock.report.sections.supports import findings
from dock.report.words import number, signed


@pytest.fixture(scope="module")
def report_path(short_run):
    return report(short_run)


# What the viewer draws: of each atom its model, its place and whether it is part of a cartoon.
ATOMS = "() => sertdockViewer.selectedAtoms({}).map(a => [a.model, a.x, Boolean(a.style.cartoon)])"
PICTURE = "() => { sertdockViewer.render(); return sertdockViewer.pngURI(); }"
EMPTIED = "() => { sertdockViewer.removeAllModels(); }"


def test_the_3d_view_draws_without_a_network(report_path, short_run, browser):
    ligand = short_run.table("poses").iloc[0]
    with opened(browser, report_path) as (page, complaints):
        assert page.evaluate(HAS_WEBGL), "this browser has no WebGL"
        assert page.locator("#scene optgroup").count() == 4
        first, atoms = page.evaluate(PICTURE), page.evaluate(ATOMS)
        assert sum(cartoon for _, _, cartoon in atoms) > 4000, "the receptor is no cartoon"
        heavy = Chem.MolFromSmiles(ligand["smiles"]).GetNumAtoms()
        assert sum(model == 1 for model, *_ in atoms) == heavy, "no ligand is drawn"
        page.select_option("#scene", index=page.locator("#scene option").count() - 1)
        other, moved = page.evaluate(PICTURE), page.evaluate(ATOMS)
        assert moved != atoms
        page.uncheck("#cartoon")
        bare = page.evaluate(PICTURE)
        assert not any(cartoon for _, _, cartoon in page.evaluate(ATOMS))
        page.evaluate(EMPTIED)
        blank = page.evaluate(PICTURE)
        assert len({first, other, bare, blank}) == 4, "what is drawn does not change"
        assert complaints == []


def test_the_report_says_what_a_report_must(report_path, short_run):
    text = report_path.read_text()
    for part in ("Redocking gate", "Passed.", "What these numbers cannot say", "not a free energy",
                 "does not separate the enantiomers", "No known pose is at hand for the allosteric site",
                 "escitalopram in allosteric", "production: 0.8 ps", "rustina", "28 of 28 steps succeeded",
                 "judged in a pocket shaped by its mirror image", "too short to tell", "Borrowed parameters",
                 "Docked into another structure", "GLU494"):  # fmt: skip
        assert part in text, part
    assert re.findall(r"<h2>(.*?)</h2>", text)[0] == "What this run supports"
    assert text.count("<svg") == 4
    assert len(text) < 2_500_000
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text.split("<script>")[0])
    best = short_run.table("poses").query("simulated").iloc[0]
    assert number(best["score_kcal_mol"]) in text


def test_the_first_section_says_no_more_than_the_tables(short_run):
    content = report_content(short_run)
    said = {finding.subject: finding for topic in findings(content) for finding in topic.findings}
    simulations = short_run.table("simulations").set_index(["ligand", "site", "quantity"])
    for complex_ in content.complexes:
        row = simulations.loc[(complex_.ligand, complex_.site, "ligand_rmsd_A")]
        finding = said[content.label(complex_.subject)]
        assert f"{row['mean']:.1f} ± {row['error']:.1f} Å" in finding.text
        if "stays" in finding.verdict:
            assert row["mean"] + row["error"] < 2
    compared = short_run.table("comparisons")
    energies = compared[compared["quantity"] == "interaction_kcal_mol"]
    assert len(energies) == 4 or content.doubts
    for row in energies.to_dict("records"):
        finding = said[f"{row['first']} against {row['second']}"]
        assert finding.verdict == ("resolved" if row["resolved"] else "not resolved")
        assert f"{signed(row['difference'])} ± {row['error']:.1f} kcal/mol" in finding.text
    ions = short_run.table("ions")
    assert ions["left"].any() or {finding.verdict for finding in said.values()} & {
        "in place, kept by walls",
        "others in place, kept by walls",
    }
    # What holds an ion otherwise than it was prepared is told of each complex, by name.
    for row in ions[(ions["lost"] + ions["gained"]).astype(bool) & ~ions["left"]].to_dict("records"):
        finding = said[f"{row['ion']}, {row['ligand']} in {row['site']}"]
        assert finding.verdict == "held by others"
        assert row["lost"] in finding.text
        assert row["gained"] in finding.text


def test_the_report_says_where_the_receptor_was_guessed(report_path, short_run):
    text = report_path.read_text()
    warnings = report_content(short_run).receptors["sert"].record["warnings"]
    assert warnings
    assert all(warning in text for warning in warnings)


def test_without_the_viewer_the_report_says_so_and_falls_back(short_run, monkeypatch, tmp_path):
    monkeypatch.setattr(view, "SCRIPT", tmp_path / "absent.js")
    view.viewer_script.cache_clear()
    try:
        text = render(report_content(short_run))
    finally:
        view.viewer_script.cache_clear()
    assert "was not installed with sertdock" in text
    assert '<script src="https://cdn.jsdelivr.net/npm/3dmol@' in text


def test_hostile_names_do_not_reach_the_page_as_markup(short_run):
    content = report_content(short_run)
    ligand = dict(content.ligands[0]) | {"name": "<script>alert(1)</script>"}
    object.__setattr__(content, "ligands", [ligand])
    assert "<script>alert(1)" not in render(content)


def test_a_notebook_view_holds_receptor_and_poses(receptor, redocked):
    scene = view.view(receptor, redocked.kept)
    html = scene._make_html()
    assert html.count("addModel(") == 1 + len(redocked.kept)
    assert "ASP" in html


@pytest.fixture(scope="module")
def alone(receptor):
    """What is shown of each of two receptors; of the second, a complex is not credible and a pose is not found again."""
    first = content_of(receptor)
    second = content_of(
        Receptor.from_catalogue("sert-6vrh"),
        means={("escitalopram", "orthosteric"): {ENERGY: -20.0}},
        shifts={("r-citalopram", "allosteric"): 1.5},
    )
    second.tables["gate"].loc[1, ["top_rmsd_A", "passed"]] = (5.5, False)
    return first, second


def test_two_receptors_are_told_apart(alone):
    both = together(*alone)
    topics = {topic.heading: {each.subject: each for each in topic.findings} for topic in findings(both)}
    for topic in findings(both):
        assert len(topics[topic.heading]) == len(topic.findings), "a subject stands for two things"
    known, stays, ions, differences, _ = topics.values()
    assert known["escitalopram in orthosteric of sert"].verdict == "found again"
    assert "Nothing below of sert-6vrh can be trusted" in known["paroxetine in orthosteric of sert-6vrh"].text
    assert [each for each in known if "pocket" in each] == ["orthosteric pocket of sert"]
    assert stays["r-citalopram in allosteric of sert"].verdict == "stays"
    assert stays["r-citalopram in allosteric of sert-6vrh"].verdict == "not credible: NA707 left its place"
    assert "NA707, r-citalopram in allosteric of sert-6vrh" in ions
    compared = "escitalopram in orthosteric of {0} against escitalopram in allosteric of {0}"
    verdicts = [differences[compared.format(name)].verdict for name in both.receptors]
    assert verdicts == ["not resolved", "resolved"]
    # What is said and shown of a receptor is the same as without the other.
    assert both.doubts == {"r-citalopram in allosteric of sert-6vrh": "NA707 left its place"}
    rows = [row for content in alone for row in complexes.values(content)["rows"]]
    for ours, row in zip(complexes.values(both)["rows"], rows, strict=True):
        shown = ("averages", "doubt", "samples", "receptor")
        assert [ours[name] for name in shown] == [row[name] for name in shown]
    page = render(both)
    assert page.count('<th class="text">receptor</th>') == 5
    assert "nothing below of sert-6vrh can be trusted" in page
    assert "r-citalopram in allosteric of sert-6vrh (not credible)" in page
    assert "r-citalopram in allosteric of sert (not credible)" not in page
    assert "Contacts in the allosteric site of sert-6vrh" in page
    assert 'class="text">receptor</th>' not in render(alone[1])


def test_the_viewer_shows_each_complex_in_its_receptor(alone, browser, tmp_path):
    both = together(*alone)
    data = json.loads(scripts.values(both)["data"])
    drawn = data["receptors"]
    assert list(drawn) == ["sert", "sert-6vrh"]
    assert drawn["sert"]["residues"].keys() == {"orthosteric", "allosteric"}
    assert drawn["sert"]["references"] != drawn["sert-6vrh"]["references"]
    write_report(both, tmp_path / "report.html")
    with opened(browser, tmp_path / "report.html") as (page, complaints):
        assert page.locator("#scene optgroup").count() == 8
        for index, scene in enumerate(data["scenes"]):
            page.select_option("#scene", index=index)
            lines = drawn[scene["receptor"]]["model"].splitlines()
            atoms = sum(line.startswith(("ATOM", "HETATM")) for line in lines)
            shown = page.evaluate("window.sertdockViewer.selectedAtoms({}).length")
            assert shown == atoms + int(scene["ligand"].splitlines()[3][:3]) + known_atoms(drawn, scene)
        assert complaints == []


def known_atoms(drawn, scene):
    """How many atoms the known pose of a scene's site has."""
    known = drawn[scene["receptor"]]["references"].get(scene["site"])
    return int(known.splitlines()[3][:3]) if known else 0
