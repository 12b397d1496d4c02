"""What a report says a run supports: no more than the numbers, whatever is missing."""

import re
import warnings
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from synthetic import BOTH, DISTANCE, EMPTY, ENERGY, PAIR, RMSD, content_of, run_of

from dock.campaign.tables import COLUMNS, make_table
from dock.report import sections
from dock.report.html import render
from dock.report.labels import columns, short_names
from dock.report.sections import simulations
from dock.report.sections.supports import findings
from dock.report.words import MINUS, MISSING, listed, number, signed

S1, S2 = ("escitalopram", "orthosteric"), ("escitalopram", "allosteric")
R1, R2 = ("r-citalopram", "orthosteric"), ("r-citalopram", "allosteric")
POSES, IONS, DIFFERENCES = (
    "Are poses found, and do they stay?",
    "Are the ions in place?",
    "Which differences are resolved?",
)
KNOWN, TEMPERATURE = "Is the known pose found again?", "Has the temperature settled?"
CROSSED = {
    "site": "orthosteric", "seed": 1, "best_rmsd_A": 1.0, "contacts": "10 of 15", "checks": "22 passed",
    "superposed": "98 C-alpha atoms, RMSD 0.51 A, within 16 A of the site",
}  # fmt: skip
HOME, ELSEWHERE = "5I71 (sert)", "6VRH (sert-6vrh)"

S, WHERE = "escitalopram", {"ligand": "escitalopram", "site": "orthosteric"}
# Sections that show a table, and what they add to its rows.
TABLES_OF = {
    "poses": "poses", "gate": "gate", "crossdocking": "cross_docking", "occupancy": "occupancy", "making": "runs",
    "ions": "ions", "penalties": "penalties", "failures": "failures", "searches": "searches",
    "comparisons": "comparisons", "simulations": "hydrogen_bonds",
}  # fmt: skip
ADDED = {"found", "complex", "settled", "heading", "refined_energy_kcal_mol"}
# What is always known of a row; the rest may be missing.
TEXTS = {"occupied": "", "checks_failed": "", "engine": "file", "checks": "", "contacts": "none"}
SURE = {
    "poses": WHERE | TEXTS | {"rank": 1, "checks_made": 0, "refined": False, "simulated": True, "seed": 0},
    "gate": WHERE | TEXTS | {"passed": False, "poses": 0, "top_pose_lies_in": "", "seed": 1},
    "cross_docking": WHERE | TEXTS | {
        "passed": False, "ligand_from": "5I71", "docked_into": "6VRH", "superposed": "", "seed": 1,
    },
    "occupancy": WHERE | TEXTS | {"seeds": 1},
    "runs": WHERE | {
        "replica": 1, "kind": "site", "atoms": 9, "mobile_atoms": 9, "frames": 9, "breakdowns": 0, "platform": "CPU",
        "constraint_error": 0.0, "frozen_drift_nm": 0.0,
    },
    "hydrogen_bonds": WHERE | {"donor": "N1", "acceptor": "O1"},
    "penalties": {"ligand": S, "term": "DIHE", "types": "a-b", "score": 1.0},
}  # fmt: skip


def said(content, topic):
    """Verdict and text of each finding of a topic, by its subject."""
    chosen = [found for each in findings(content) if each.heading == topic for found in each.findings]
    return {found.subject: (found.verdict, found.text) for found in chosen}


def failure(kind, where, message, label="dock it"):
    row = (kind, label, *where, "DockingError", message)
    return pd.DataFrame([row], columns=EMPTY["failures"])


def crossed(ligand, home, host, rmsd):
    where = {"ligand": ligand, "ligand_from": home, "docked_into": host}
    return CROSSED | where | {"top_rmsd_A": rmsd, "pooled_rmsd_A": rmsd, "passed": rmsd <= 2}


def test_a_run_in_order(receptor):
    content = content_of(receptor, means={S2: {ENERGY: -25.0}, R2: {ENERGY: -26.0}, R1: {ENERGY: -39.0}})
    assert [topic.heading for topic in findings(content)] == [KNOWN, POSES, IONS, DIFFERENCES, TEMPERATURE]
    poses = said(content, POSES)
    assert {verdict for verdict, _ in poses.values()} == {"stays"}
    assert "found by 6 of 9 searches" in poses["escitalopram in orthosteric"][1]
    assert "mean over 3 replicas of 4 ps" in poses["escitalopram in orthosteric"][1]
    assert "from GLU494, within 4 Å in 100 % of the frames" in poses["r-citalopram in allosteric"][1]
    watched = next(topic for topic in findings(content) if topic.heading == IONS).findings[0]
    assert (watched.verdict, watched.standing) == ("in place, kept by walls", "open")
    wet = replace(content, tables=content.tables | {"runs": content.tables["runs"].assign(kind="membrane")})
    watched = next(topic for topic in findings(wet) if topic.heading == IONS).findings[0]
    assert (watched.verdict, watched.standing) == ("in place", "good")
    assert ("kept by walls at" in render(content), "kept by walls at" in render(wet)) == (True, False)
    lost = {
        "ligand": "escitalopram", "site": "orthosteric", "occupied": "", "cross_docked_into": "sert-6vrh",
        "engine": "vina", "searches": 3, "made": 1, "failed": 2, "first_failure": "out of luck",
    }  # fmt: skip
    searches = pd.concat([content.tables["searches"], pd.DataFrame([lost])], ignore_index=True)
    crossed = replace(content, tables=content.tables | {"searches": searches})
    assert said(crossed, POSES) == said(content, POSES)  # of other searches than those of the pose
    assert "2 of 39 searches failed" in render(crossed)
    assert '<td class="text">sert-6vrh</td><td class="text">vina</td><td>2</td>' in render(crossed)
    differences = said(content, DIFFERENCES)
    table = content.tables["comparisons"].set_index(["kind", "quantity"])
    error = table.loc[("site", ENERGY), "error"].iloc[0]
    verdict, text = differences["escitalopram in orthosteric against escitalopram in allosteric"]
    assert verdict == "resolved"
    assert f"{MINUS}15.0 ± {error:.1f} kcal/mol" in text
    verdict, text = differences["escitalopram in orthosteric against r-citalopram in orthosteric"]
    assert verdict == "not resolved"
    assert f"{MINUS}1.0 ± {error:.1f} kcal/mol" in text
    (rule,) = [topic.rule for topic in findings(content) if topic.heading == DIFFERENCES]
    rows = content.tables["comparisons"].dropna(subset=["error"])
    expected = f"Resolved are {rows['resolved'].sum()} of {len(rows)} simulated differences; on average up to {0.05 * len(rows):.1f} would"
    assert expected in rule
    assert said(content, TEMPERATURE)["Temperature"][0] == "settled"
    known = said(content, KNOWN)
    assert known["escitalopram in orthosteric"][0] == "found again"
    assert known["allosteric site"][0] == "not known"
    assert "judged in a pocket shaped by its mirror image" in known["orthosteric pocket"][1]


@pytest.mark.parametrize(
    ("means", "verdict", "says"),
    [
        ({RMSD: 1.0}, "stays", "1.0 ± "),
        ({RMSD: 1.95}, "moves", "2 Å lies within the error"),
        ({RMSD: 3.0}, "moves", "3.0 ± "),
        ({DISTANCE: 6.0}, "stays, without a salt bridge to ASP98", "within 4 Å in 0 % of the frames"),
    ],
)
def test_a_pose_stays_or_moves_by_the_rule(receptor, means, verdict, says):
    found, text = said(content_of(receptor, means={S1: means}), POSES)["escitalopram in orthosteric"]
    assert found == verdict
    assert says in text


def test_a_ligand_that_is_still_moving_is_not_said_to_stay(receptor):
    content = content_of(receptor, ligands=PAIR[:1], sites=BOTH[:1])
    (complex_,) = content.complexes
    series = complex_.series.assign(**{RMSD: complex_.series["time_ps"] / 2.5})
    moving = replace(content, complexes=[replace(complex_, series=series)])
    assert said(moving, POSES)["escitalopram in orthosteric"][0] == "stays so far, still moving"


def test_a_complex_that_lost_an_ion_is_not_credible_anywhere(receptor):
    content = content_of(receptor, shifts={R2: 1.5})
    assert said(content, POSES)["r-citalopram in allosteric"][0] == "not credible: NA707 left its place"
    assert said(content, IONS)["NA707, r-citalopram in allosteric"][0] == "left its place"
    differences = said(content, DIFFERENCES)
    assert differences["r-citalopram in allosteric"][0] == "left out"
    assert not any("against r-citalopram in allosteric" in subject for subject in differences)
    page = render(content)
    assert page.count("r-citalopram in allosteric is not credible: NA707 left its place.") == 2
    assert "<b>not credible: NA707 left its place</b>" in page
    assert "(not credible)" in page


def test_one_ligand_in_one_site(receptor):
    content = content_of(receptor, ligands=PAIR[:1], sites=BOTH[1:])
    differences = said(content, DIFFERENCES)
    assert differences["Site against site"] == ("nothing to compare", "The run is of one site.")
    assert differences["Enantiomers"][0] == "nothing to compare"
    assert list(said(content, KNOWN)) == ["allosteric site"]
    assert "against" not in "".join(text for _, text in said(content, POSES).values())
    assert "nothing here validates" in render(content)


def test_a_run_that_only_docked_claims_nothing_of_staying(receptor):
    content = content_of(receptor, simulated=False)
    assert {verdict for verdict, _ in said(content, POSES).values()} == {"found"}
    assert said(content, IONS) == said(content, TEMPERATURE) == {}
    page = render(content)
    assert "Nothing was simulated, so nothing here says whether a pose stays" in page
    assert "A pose stays if" not in page
    unfinished = content_of(receptor, simulated=False, succeeded=10)
    assert said(unfinished, "The run")["Not finished"][1].startswith("14 of 24 steps are still to be done")
    assert said(unfinished, DIFFERENCES)["Site against site"][1] == "The run is not finished."


def test_what_failed_and_what_was_lost_is_said(receptor):
    content = content_of(
        receptor, ligands=PAIR[:1], sites=BOTH[:1], succeeded=20, failed=4,
        failures=failure("dock", S2, "no pose lies in the site", "dock escitalopram in allosteric"),
    )  # fmt: skip
    content.tables["simulations"]["replicas_lost"] = 1
    assert said(content, "The run")["Failures"][1].startswith("4 of 24 steps failed")
    poses = said(content, POSES)
    assert poses["escitalopram in allosteric"] == (
        "no pose", "dock escitalopram in allosteric failed: no pose lies in the site."
    )  # fmt: skip
    assert "1 of 4 replicas broke down" in poses["escitalopram in orthosteric"][1]
    assert (
        said(content, DIFFERENCES)["Site against site"][1]
        == "No ligand was simulated, credibly, in two sites."
    )
    broken = content_of(receptor, simulated=False, failures=failure("simulate", S1, "broke down 11 times"))
    assert said(broken, POSES)["escitalopram in orthosteric"][1].endswith("to the end: broke down 11 times.")


def test_a_pose_that_fails_the_checks_is_never_good(receptor):
    content = content_of(receptor, checks={S1: {"bonds": True, "clashes": False}})
    verdict, text = said(content, POSES)["escitalopram in orthosteric"]
    assert verdict == "fails the checks, stays"
    assert "the best of them fails clashes" in text


def test_refined_poses_have_a_column_of_their_own(receptor):
    content = content_of(receptor)
    assert "interaction and strain" not in (plain := render(content))
    assert "In rows marked refined" not in plain
    poses = content.tables["poses"].assign(refined_energy_kcal_mol=float("nan"))
    poses.loc[0, ["refined", "refined_energy_kcal_mol"]] = (True, -44.4)
    table = render(content_of(receptor, poses=poses)).split('<section id="poses">')[1].split("</section>")[0]
    rows = [row.split("<td") for row in table.split("<tr>")[2:]]
    place = table.split("</tr>")[0].split("<th").index(">refined: interaction and strain / kcal/mol</th>")
    assert [row[place].split(">")[1].split("<")[0] for row in rows] == ["\u221244.4", *["\u2013"] * 3]
    assert ["(refined)" in row[4] for row in rows] == [True, False, False, False]
    assert "where energies differ by more than 10 kcal/mol" in table


def test_a_known_pose_that_is_not_found_again(receptor):
    content = content_of(receptor)
    content.tables["gate"].loc[1, ["top_rmsd_A", "passed"]] = (5.5, False)
    verdict, text = said(content, KNOWN)["escitalopram in orthosteric"]
    assert verdict == "not found again"
    assert "1 of 2 seeds" in text
    assert "5.5 Å off" in text
    nothing = {
        "site": "orthosteric",
        "ligand": "escitalopram",
        "seed": None,
        "top_rmsd_A": None,
        "passed": False,
    }
    lost = content_of(receptor, gate=pd.DataFrame([nothing | {"checks": "every search failed"}]))
    assert said(lost, KNOWN)["escitalopram in orthosteric"][1] == "Its docking failed: every search failed."
    undone = content_of(receptor, gate=pd.DataFrame())
    assert said(undone, KNOWN)["orthosteric site"][0] == "not known"


def test_cross_docking_says_whom_a_structure_favours(receptor):
    rows = [crossed("escitalopram", HOME, ELSEWHERE, 5.87), crossed("paroxetine", ELSEWHERE, HOME, 1.49)]
    content = content_of(receptor, cross_docking=pd.DataFrame(rows))
    known = said(content, KNOWN)
    verdict, text = known["escitalopram in another structure"]
    assert verdict == "5I71 (sert) favours escitalopram"
    assert "every seed brings it within 1.3 Å" in text
    assert "5.9 Å off (one seed tried)" in text
    verdict, text = known["paroxetine in another structure"]
    assert verdict == "found again"
    assert "not tried in this run" in text
    assert 'id="cross-docking"' in render(content)
    both = content_of(receptor, cross_docking=pd.DataFrame([crossed("escitalopram", HOME, ELSEWHERE, 1.7)]))
    # A third structure with the same known ligand was not redocked into.
    third = content_of(receptor, cross_docking=pd.DataFrame([crossed("escitalopram", "5I73", HOME, 5.9)]))
    verdict, text = said(third, KNOWN)["escitalopram in another structure"]
    assert verdict == "not found again"
    assert "It comes from 5I73; how it fares there was not tried in this run." in text
    assert said(both, KNOWN)["escitalopram in another structure"][0] == "found again"
    assert 'id="cross-docking"' not in render(content_of(receptor))


@pytest.mark.parametrize(("settled", "verdict"), [(False, "not settled"), (None, "too short to tell")])
def test_a_temperature_that_did_not_settle(receptor, settled, verdict):
    where = {"ligand": "escitalopram", "site": "orthosteric"}
    runs = [where | run_of(1), where | run_of(2) | {"settled": settled, "settling_temperature_K": 335.0}]
    content = content_of(receptor, runs=pd.DataFrame(runs))
    (topic,) = (each for each in findings(content) if each.heading == TEMPERATURE)
    assert [found.verdict for found in topic.findings] == ["settled", verdict]
    assert "335 K" in topic.findings[1].text
    assert "escitalopram in orthosteric (replica 2)" in topic.findings[1].text


def test_terms_of_a_high_penalty_are_shown_and_others_folded(receptor):
    penalties = pd.DataFrame(
        {
            "ligand": "escitalopram",
            "term": "DIHE",
            "types": ["ca-ca-cg-n1", "c5-ca-ca-c"],
            "score": [232.0, 12.0],
        }
    )
    before, _, folded = render(content_of(receptor, penalties=penalties)).partition("1 further term of")
    assert "ca-ca-cg-n1" in before
    assert "c5-ca-ca-c" in folded
    assert "c5-ca-ca-c" not in before


def foreign(content):
    """A run of poses that another program docked: no score, no checks, nothing that they would be ranked by."""
    bare = {"score": float("nan"), "seed": 0, "engine": "file", "properties": {}, "checks": {}}
    complexes = [
        replace(complex_, poses=[replace(pose, **bare) for pose in complex_.poses])
        for complex_ in content.complexes
    ]
    rows = [
        {**pose.row(), "receptor": complex_.receptor, "refined": False, "simulated": True}
        for complex_ in complexes
        for pose in complex_.poses
    ]
    return replace(content, complexes=complexes, tables=content.tables | {"poses": pd.DataFrame(rows)})


def text_of(page):
    """What a reader sees of a page."""
    plain = re.sub(r"<(script|svg|style|pre).*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", plain)).split())


@pytest.mark.parametrize("mixed", [False, True])
def test_poses_of_other_programs_have_dashes_where_nothing_is_known(receptor, mixed):
    own = content_of(receptor, simulated=False)
    content = foreign(own)
    rows = content.tables["poses"].to_dict("records")
    rows += own.tables["poses"].to_dict("records")[:mixed]
    # as `make_table` gives them
    content.tables["poses"] = pd.DataFrame(rows).reindex(columns=COLUMNS["poses"])
    page = render(content)
    row = page.split('<section id="poses">')[1].split("<tr>")[2]
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row)]
    assert cells[:2] == ["escitalopram", "orthosteric"]
    assert cells[4:9] == [MISSING] * 5
    assert cells[9:] == ["file", MISSING, MISSING, MISSING, ""]
    assert not re.search(r"\b(nan|None)\b", text_of(page), re.IGNORECASE)
    assert "nan kcal/mol" not in page
    assert "physical checks" not in page
    assert said(content, POSES)["escitalopram in orthosteric"][0] == "found"


def test_a_report_lacks_nothing_but_what_is_shown_by_a_dash(receptor):
    content = content_of(receptor, simulated=False)
    for table, known in SURE.items():
        row = dict.fromkeys(COLUMNS[table], float("nan")) | known | {"receptor": receptor.name}
        content.tables[table] = pd.DataFrame([row])
    page = render(content)
    assert not re.search(r"\bnan\b", text_of(page))
    assert page.count(MISSING) > 35


def test_templates_read_no_column_that_a_table_may_lack():
    folder = Path(sections.__file__).parent
    for section, table in TABLES_OF.items():
        names = set(re.findall(r"\brow\.(\w+)", (folder / f"{section}.html.j2").read_text()))
        assert names - {"get"} - ADDED <= set(COLUMNS[table]), section
    assert list(make_table("poses", [], SimpleNamespace(done=list)).columns) == [
        *COLUMNS["poses"][:2], "input_name", "origin", *COLUMNS["poses"][2:],
    ]  # fmt: skip


def test_words():
    assert number(-1.25, 1) == f"{MINUS}1.2"
    assert number(float("nan")) == number(None) == MISSING
    assert signed(0.04) == "+0.0"
    assert [listed(list("abc")[:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_every_section_is_two_files_and_a_word_in_the_list():
    folder = Path(sections.__file__).parent
    assert sorted(sections.SECTIONS) == sorted(path.stem for path in folder.glob("[!_]*.py"))
    assert sorted(sections.SECTIONS) == sorted(path.name.split(".")[0] for path in folder.glob("*.j2"))


def test_a_name_with_dollar_signs_can_be_plotted():
    figure = simulations._figure(4, 3)
    axes = figure.subplots()
    axes.plot([0, 1], label="a $x; of $")
    axes.set_title("5'-(2) $x; 50 $ % of \\x")
    axes.set_yticks([0, 1], ["$", "a $x; b$"])
    simulations._legend(figure)
    assert simulations._svg(figure).startswith("<svg")


def test_names_in_figures_are_short_and_differ():
    long = "(2R,3S)-4-[[1-oxo-2-amino]propan-2-yl]" * 2
    tails = [long, f"{long}_2", f"{long}_3"]
    middles = [f"{'a' * 40}{mark}{'b' * 40}" for mark in "xyz"]
    clash = ["c" * 50 + mark + "c" * 40 + other + "d" * 40 for mark in "12" for other in "12"]
    wide = ["\u5316" * 40 + mark for mark in "ab"]
    short = short_names(["sertraline", *tails, *middles, *clash, *wide], 30)
    assert short["sertraline"] == "sertraline"
    assert len(set(short.values())) == len(short) == 13
    assert max(map(columns, short.values())) <= 30
    assert short[tails[1]].startswith("(2R,3S)-4-[[1-oxo")
    assert short[tails[1]].endswith("_2")
    assert ["x" in short[middles[0]], "y" in short[middles[1]]] == [True, True]


def test_figures_have_room_for_long_names(receptor, monkeypatch):
    content, figures, names = (
        content_of(receptor, sites=BOTH[:1]),
        [],
        {"escitalopram": "a" * 80, "r-citalopram": "\u5316" * 40},
    )
    complexes = [replace(each, ligand=names[each.ligand]) for each in content.complexes]
    tables = {
        name: table.assign(ligand=table["ligand"].replace(names)) if "ligand" in table else table
        for name, table in content.tables.items()
    }
    monkeypatch.setattr(simulations, "_svg", lambda figure: figures.append(figure) or "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Glyph .* missing")
        simulations.values(replace(content, complexes=complexes, tables=tables))
        for figure in figures:
            figure.draw_without_rendering()
            drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
            assert -0.01 <= drawn.x0 <= drawn.x1 <= width + 0.01
            assert -0.01 <= drawn.y0 <= drawn.y1 <= height + 0.01
            assert min(axes.get_window_extent().width for axes in figure.axes[:1]) > 200
    assert len(figures) == 3
