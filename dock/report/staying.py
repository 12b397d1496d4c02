"""Whether poses are found and stay where they were docked, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.analysis.comparison import OCCUPIED
from dock.report.words import Finding, Row, Standing, counted, known, listed, number, with_error

if TYPE_CHECKING:
    import pandas as pd

    from dock.report.content import ReportComplex, ReportContent

STAYS = 2.0  # angstrom from the docked pose: the threshold by which docked poses are judged, too
SALT_BRIDGE = (
    4.0  # angstrom from an amine to a carboxylate (Barlow and Thornton, J. Mol. Biol. 168, 867, 1983)
)
DRIFTS = 0.3  # angstrom
LATE = 0.25  # the share of the frames, at the end, that says where a ligand goes
RULE = (
    f"A pose stays if the mean RMSD of the ligand from it, plus the error, is below {STAYS:g} Å, and moves"
    " otherwise; it is still moving if the mean of the last quarter exceeds that of all frames by more than"
    f" {DRIFTS:g} Å. The salt bridge to the site's anchor is there if the amine is within {SALT_BRIDGE:g} Å of it in half of"
    " the frames. To stay for so long is not to bind: a wrong pose may stay for picoseconds, too."
)


def pose_findings(content: ReportContent) -> list[Finding]:
    """Say of each complex whether a pose is found, by how many searches, and whether it stays."""
    found = [_finding(content, complex_) for complex_ in content.complexes]
    there = {finding.subject for finding in found}
    lost: dict[str, str] = {}
    for row in content.rows("failures"):
        if row["kind"] in ("dock", "refine") and content.label(row) not in there:
            lost.setdefault(content.label(row), f"{row['label']} failed: {row['message']}")
    return found + [Finding(label, "no pose", f"{why}.", "bad") for label, why in lost.items()]


def _finding(content: ReportContent, complex_: ReportComplex) -> Finding:
    pose, label = complex_.poses[complex_.best], content.label(complex_.subject)
    docked = _docked(content, complex_)
    rows = {row["quantity"]: row for row in content.rows_of("simulations", complex_)}
    if complex_.series is None or "ligand_rmsd_A" not in rows:
        verdict, supported, text = "found", False, _not_simulated(content, complex_)
    else:
        verdict, supported, text = _simulated(content, complex_, complex_.series, rows)
    standing: Standing = "good" if supported else "open"
    if pose.valid is False:
        verdict, standing = f"fails the checks, {verdict}", "bad"
    if label in content.doubts:
        verdict, standing = f"not credible: {content.doubts[label]}", "bad"
    return Finding(label, verdict, f"{docked} {text}", standing)


def _docked(content: ReportContent, complex_: ReportComplex) -> str:
    """Say which checks the pose passes, and how often it was found."""
    pose = complex_.poses[complex_.best]
    if not pose.checks:
        checks = "The best pose was not checked"
    elif pose.valid:
        checks = f"The best pose passes all {len(pose.checks)} physical checks"
    else:
        checks = f"No pose passes the physical checks; the best of them fails {listed(pose.failed_checks)}"
    share = pose.properties.get("found_by")
    if share is None:
        return f"{checks}."
    rows = [
        row
        for row in content.rows_of("searches", complex_)
        if not (row["occupied"] or row["cross_docked_into"])
    ]
    searches = sum(row["searches"] for row in rows)
    if not searches:
        return f"{checks}; found by {100 * share:.0f} % of the searches."
    if searches == 1:
        return f"{checks}; found by the one search that was made."
    failed = sum(row["failed"] for row in rows)
    lost = f", of which {failed} failed" if failed else ""
    return f"{checks}; found by {round(share * searches)} of {counted(searches, 'search', 'searches')}{lost}."


def _simulated(
    content: ReportContent, complex_: ReportComplex, series: pd.DataFrame, rows: dict[str, Row]
) -> tuple[str, bool, str]:
    """Return whether the pose stays in a word or two, whether that is all one could wish, and the numbers."""
    row = rows["ligand_rmsd_A"]
    mean, error = float(row["mean"]), row["error"]
    times = series["time_ps"]
    over = f"{counted(int(row['replicas']), 'replica')} of {times.max():g} ps"
    late = float(series.loc[times > (1 - LATE) * times.max(), "ligand_rmsd_A"].mean())
    text = f"In the simulations {with_error(mean, error)} Å from it (mean over {over})"
    text += f", {number(late, 1)} Å in the last quarter"
    verdict, supported = "moves", False
    if not known(error):
        verdict = "moves" if mean >= STAYS else "not known"
    elif mean + error < STAYS:
        drifting = late - mean > DRIFTS
        verdict, supported = "stays so far, still moving" if drifting else "stays", not drifting
    elif mean - error < STAYS:
        text += f"; {STAYS:g} Å lies within the error"
    replicas = series.groupby("replica")["ligand_rmsd_A"].mean()
    away = int((replicas >= STAYS).sum())
    if 0 < away < len(replicas):
        text += f"; {away} of {len(replicas)} replicas beyond {STAYS:g} Å by themselves"
    anchor, distance = content.anchors.get(complex_.place), rows.get("anchor_distance_A")
    if anchor is not None and distance is not None:
        held = float((series["anchor_distance_A"] <= SALT_BRIDGE).mean())
        text += f"; its amine {with_error(distance['mean'], distance['error'])} Å from {anchor}, within"
        text += f" {SALT_BRIDGE:g} Å in {100 * held:.0f} % of the frames"
        if held < OCCUPIED:
            verdict, supported = f"{verdict}, without a salt bridge to {anchor}", False
    text += "."
    if row["replicas_lost"]:
        planned = int(row["replicas"] + row["replicas_lost"])
        text += f" {int(row['replicas_lost'])} of {planned} replicas broke down and count for nothing here."
    return verdict, supported, text


def _not_simulated(content: ReportContent, complex_: ReportComplex) -> str:
    """Say why nothing was measured of a complex."""
    why = [
        row["message"]
        for row in content.rows_of("failures", complex_)
        if row["kind"] in ("simulate", "analyse")
    ]
    if why:
        return f"It was not simulated to the end: {why[0]}."
    return "It was not simulated: whether it stays is not known."
