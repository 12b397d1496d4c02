import io
import re

import numpy as np
import pytest
from pages import HAS_WEBGL, opened
from PIL import Image

from dock.campaign.reporting import report, report_content
from dock.report import view
from dock.report.findings import findings
from dock.report.html import render
from dock.report.words import number, signed


@pytest.fixture(scope="module")
def report_path(short_run):
    return report(short_run)


def picture(page):
    """The viewer as pixels, once WebGL has drawn."""
    page.wait_for_timeout(1500)
    image = Image.open(io.BytesIO(page.locator("#viewer").screenshot())).convert("RGB")
    return np.asarray(image, dtype=int)


def test_the_3d_view_draws_without_a_network(report_path, browser):
    with opened(browser, report_path) as (page, complaints):
        first = picture(page)
        inked = (np.abs(first - 255).sum(axis=2) > 30).mean()
        assert inked > 0.1, "the canvas is blank"
        orange = (
            (first[..., 0] > 180) & (first[..., 1] > 80) & (first[..., 1] < 190) & (first[..., 2] < 90)
        ).sum()
        assert orange > 200, "no ligand is seen"
        assert page.evaluate(HAS_WEBGL), "this browser has no WebGL"
        options = page.locator("#scene option").count()
        assert page.locator("#scene optgroup").count() == 4
        page.select_option("#scene", index=options - 1)
        assert (np.abs(picture(page) - first).sum(axis=2) > 30).mean() > 0.02, "switching shows nothing new"
        page.uncheck("#cartoon")
        bare = picture(page)
        assert 0.001 < (np.abs(bare - 255).sum(axis=2) > 30).mean() < inked
        assert complaints == []


def test_the_report_says_what_a_report_must(report_path, short_run):
    text = report_path.read_text()
    for part in ("Redocking gate", "Passed.", "What these numbers cannot say", "not a free energy",
                 "does not separate the enantiomers", "No known pose is at hand for the allosteric site",
                 "escitalopram in allosteric", "production: 0.8 ps", "rustina", "28 of 28 tasks succeeded",
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
    said = {one.subject: one for topic in findings(content) for one in topic.findings}
    simulations = short_run.table("simulations").set_index(["ligand", "site", "quantity"])
    for complex_ in content.complexes:
        row = simulations.loc[(complex_.ligand, complex_.site, "ligand_rmsd_A")]
        finding = said[complex_.label]
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
    assert ions["left"].any() or {one.verdict for one in said.values()} & {
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
    warnings = report_content(short_run).receptor.record["warnings"]
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
