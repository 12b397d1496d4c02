"""Errors that know of more states than three replicas visit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from dock.analysis.comparison import (
    CUT_ERROR,
    REPLICAS_DIFFER_BY,
    MeasuredComplex,
    compare,
    with_known_spread,
)
from dock.analysis.complexes import CORRECTED, ComplexAnalysis
from dock.analysis.statistics import Average, Spread, average_replicas, moderated, pooled_spread

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "RESULTS.md"
APART, RARE, WITHIN, FRAMES = 6.0, 0.3, 0.8, 10  # kcal/mol, share of the rarer state, kcal/mol


def replicas_of_two_states(generator, count=3):
    """Replicas each of which stays in one of two states, as those of S-citalopram in S1 do."""
    states = generator.random(count) < RARE
    return [state * APART + generator.normal(0, WITHIN, FRAMES) for state in states]


def covered(value, truth):
    return abs(value.mean - truth) <= t.ppf(0.975, value.degrees_of_freedom) * value.error


def coverage(known, complexes, runs=400, seed=1):
    """Return how often 95 % bounds hold the truth: of three replicas alone, and with the known spread."""
    generator = np.random.default_rng(seed)
    truth, alone, wide = RARE * APART, [], []
    for _ in range(runs):
        values = [average_replicas(replicas_of_two_states(generator)) for _ in range(complexes)]
        spread = pooled_spread(values, known)
        alone += [covered(value, truth) for value in values]
        wide += [covered(moderated(value, spread, known.freedom), truth) for value in values]
    return np.mean(alone), np.mean(wide)


# What replicas of two states really differ by.
TRUE = np.sqrt(RARE * (1 - RARE) * APART**2 + WITHIN**2 / FRAMES)


@pytest.mark.parametrize("complexes", [1, 4])
def test_errors_know_of_a_second_state_that_three_replicas_missed(complexes):
    """Three replicas alike by chance (0.7^3 + 0.3^3 = 37 % of the time) say that there is one state."""
    alone, wide = coverage(Spread(TRUE, 8.0), complexes)
    assert alone < 0.75
    assert wide > 0.93


def test_other_complexes_of_a_run_tell_where_the_known_spread_is_too_small():
    """Half the true spread is known; four complexes pooled make up for part of it, eight for more."""
    known = Spread(TRUE / 2, 8.0)
    few, many = (coverage(known, complexes)[1] for complexes in (1, 8))
    assert few < many
    assert many > 0.85


def test_an_error_is_moderated():
    """Own and known variance by their degrees of freedom; a drift that is larger stays."""
    wild = Average(0.0, 5.0, 3.0, replicas=3, between=5.0 * np.sqrt(3))
    error = moderated(wild, Spread(1.0, 20.0), 8.0)
    assert error.error == pytest.approx(np.sqrt((8 * 1 + 2 * 75) / 10 / 3))
    assert error.degrees_of_freedom == 10.0
    alike = Average(0.0, 0.01, 30.0, replicas=4, between=0.02)
    assert moderated(alike, Spread(1.0, 20.0), 8.0).error == pytest.approx(np.sqrt(8 / 11) / 2, rel=1e-3)
    drifting = replace(alike, error=3.0)
    assert moderated(drifting, Spread(1.0, 20.0), 8.0) == replace(drifting, freedom=11.0)
    single = Average(0.0, float("nan"), 1.0)
    assert moderated(single, Spread(1.0, 20.0), 8.0).error == pytest.approx(1.0)


def test_an_error_makes_no_jump_where_replicas_differ_as_much_as_is_known():
    """A little more or less, and bound of error times Student's t is nearly the same."""
    bounds = []
    for between in (0.99, 1.01):
        value = moderated(Average(0.0, between / np.sqrt(3), 3.0, 3, between), Spread(1.0, 20.0), 5.0)
        bounds.append(value.error * t.ppf(0.975, value.degrees_of_freedom))
    assert bounds[1] == pytest.approx(bounds[0], rel=0.02)


def test_a_larger_error_gives_no_narrower_bound():
    """A series that drifts more and more: what it says of itself takes over without the bound going down."""
    bounds = []
    for error in np.linspace(0.1, 4.0, 40):
        value = moderated(Average(0.0, error, 30.0, 3, 0.2), Spread(3.4, 20.0), 5.0)
        bounds.append(value.error * t.ppf(0.975, value.degrees_of_freedom))
    assert (np.diff(bounds) > -1e-9).all()
    assert bounds[-1] > 1.5 * bounds[0]


def test_a_drift_that_all_replicas_share_is_in_the_error():
    """Fluctuations and differences between replicas know nothing of it: half the gap of the halves does."""
    noise = np.random.default_rng(3).normal(size=(3, 4000))
    drifting = average_replicas(noise + np.linspace(0, 1, 4000))
    assert drifting.error == pytest.approx(0.25, abs=0.03)
    assert average_replicas(noise).error < 0.03


def test_the_smaller_number_of_degrees_of_freedom_decides():
    """Three standard errors are beyond the bound of a hundred degrees of freedom, and within that of two."""
    one, two = (
        MeasuredComplex(name, "orthosteric", smiles, {"measured": Average(mean, 1.0, 101.0)}, {}, {})
        for name, smiles, mean in (("S", "C[C@H](N)O", 0.0), ("R", "C[C@@H](N)O", 3 * np.sqrt(2)))
    )
    few = {"measured": replace(two.averages["measured"], samples=3.0)}
    for pair, resolved in (((one, two), True), ((one, replace(two, averages=few)), False)):
        table = compare(pair)
        assert table[table["quantity"] == "measured"]["resolved"].tolist() == [resolved]


def test_variances_are_pooled_by_their_degrees_of_freedom():
    values = [
        Average(0.0, 0.1, 3.0, replicas=3, between=2.0),
        Average(0.0, 0.1, 3.0),
        Average(1.0, 0.1, 9.0, 5, 1.0),
    ]
    spread = pooled_spread(values, Spread(3.0, 4.0))
    assert spread.freedom == 4 + 2 + 4
    assert spread.deviation == pytest.approx(np.sqrt((4 * 9 + 2 * 4 + 4 * 1) / 10))


def test_an_average_is_read_back():
    for value in (Average(1.0, float("nan"), 2.0), average_replicas([[1.0, 2.0, 4.0], [2.0, 2.5, 3.0]])):
        again = Average.from_record(value.to_record())
        assert str(again) == str(value)


def test_the_error_of_the_cut_is_in_the_error_of_a_site():
    """And in that of a site alone; what is known of replicas comes first."""
    value = {"interaction_kcal_mol": Average(-40.0, 5.0, 9.0, replicas=3, between=1.0)}
    site = MeasuredComplex("S", "orthosteric", "C", value, {}, {}, kind="site")
    whole = replace(site, kind="implicit")
    errors = [with_known_spread([one])[0].averages["interaction_kcal_mol"].error for one in (site, whole)]
    assert errors == pytest.approx([np.hypot(5.0, CUT_ERROR["interaction_kcal_mol"]), 5.0])


@pytest.fixture
def section():
    """What benchmarks/replicas.py wrote."""
    return RESULTS.read_text().split("<!-- replicas.py begins -->")[1].split("<!-- replicas.py ends -->")[0]


def test_what_a_cut_costs_is_what_was_measured(section):
    rows = [line.split("|") for line in section.splitlines() if "±" in line]
    measured = {row[1].strip(): float(row[-2]) for row in rows}
    assert measured.keys() == CUT_ERROR.keys()
    for name, error in CUT_ERROR.items():
        assert error == pytest.approx(measured[name], abs=0.05 if "kcal" in name else 0.005), name


def test_the_known_spread_is_what_was_measured(section):
    """Of each quantity, the largest of the table, as rounded in the code; never counted for more than six replicas."""
    heads = next(line for line in section.splitlines() if line.startswith("| quantity |")).split("|")[2:-2]
    replicas = [int(head.split()[-2]) for head in heads]
    for name, spread in REPLICAS_DIFFER_BY.items():
        row = next(line for line in section.splitlines() if line.startswith(f"| {name} |"))
        measured = [float(cell.split(",")[1]) for cell in row.split("|")[2:-2]]
        assert spread.deviation == pytest.approx(max(measured), rel=0.05), name
        assert spread.freedom == min(replicas[int(np.argmax(measured))], 6) - 1, name


def test_a_correction_goes_with_its_replica():
    """Site and rest rise and fall together: the error is that of their sum, not of two independent numbers."""
    energies, changes = np.array([-50.0, -52.0, -54.0]), np.array([-3.0, -4.0, -5.0])
    noise = np.random.default_rng(1).normal(0, 0.1, (3, 20))
    series = pd.concat(
        [pd.DataFrame({"replica": n + 1, "interaction_kcal_mol": energies[n] + noise[n]}) for n in range(3)]
    )
    corrections = pd.DataFrame({"replica": [1, 2, 3], "time_ps": 4.0, **dict.fromkeys(CORRECTED, changes)})
    series = series.assign(vdw_kcal_mol=0.0, electrostatic_kcal_mol=0.0)
    empty = pd.DataFrame()
    value = ComplexAnalysis(series, empty, empty, empty, corrections).averages()["interaction_kcal_mol"]
    assert value.mean == pytest.approx(-56.0, abs=0.1)
    assert value.between == pytest.approx(3.0, abs=0.1)
    assert value.error == pytest.approx(3.0 / np.sqrt(3), abs=0.1)
    again = ComplexAnalysis(series, empty, empty, empty, corrections).averages()["interaction_kcal_mol"]
    assert again == value  # the series is left as it was


def test_a_complex_in_doubt_does_not_widen_the_others():
    sound = {"interaction_kcal_mol": Average(-40.0, 0.5, 9.0, replicas=3, between=1.0)}
    wild = {"interaction_kcal_mol": Average(-40.0, 20.0, 9.0, replicas=3, between=40.0)}
    one = MeasuredComplex("S", "orthosteric", "C", sound, {}, {})
    other = MeasuredComplex("R", "orthosteric", "C", wild, {}, {}, doubt="NA707 left its place")
    alone, beside = (with_known_spread(each)[0].averages for each in ([one], [one, other]))
    assert alone == beside


def test_bounds_are_no_narrower_than_they_say(monkeypatch):
    """Nothing is real and every complex is as variable as the most variable known: at most 5 % are called resolved.

    Without the error of the cut, which would hide it. That some are says that the test can tell.
    """
    monkeypatch.setattr("dock.analysis.comparison.CUT_ERROR", dict.fromkeys(CUT_ERROR, 0.0))
    generator, name, called = np.random.default_rng(1), "interaction_kcal_mol", []
    known = REPLICAS_DIFFER_BY[name].deviation
    for _ in range(150):
        complexes = [
            MeasuredComplex(
                ligand, site, smiles,
                {name: average_replicas(generator.normal(0, known, 3)[:, None] + generator.normal(0, 2, (3, 10)))},
                {}, {}, kind="site",
            )
            for ligand, smiles in (("S", "C[C@H](N)O"), ("R", "C[C@@H](N)O"))
            for site in ("orthosteric", "allosteric")
        ]  # fmt: skip
        called += list(compare(complexes).query("quantity == @name")["resolved"])
    assert len(called) == 600
    assert 0.005 < np.mean(called) < 0.05
