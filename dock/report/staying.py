"""Whether poses are found and stay where they were docked, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dock.report.words import Finding, Row, counted, known, listed, number, records, with_error

if TYPE_CHECKING:
    from dock.report.content import ReportComplex, ReportContent

STAYS = 2.0  # angstrom from the docked pose: the threshold by which docked poses are judged, too
SALT_BRIDGE = (
    4.0  # angstrom from an amine to a carboxylate (Barlow and Thornton, J. Mol. Biol. 168, 867, 1983)
)
RULE = (
    f"A pose stays if the mean RMSD of the ligand from it, plus the error, is below {STAYS:g} Å, and moves"
    f" otherwise. A salt bridge is counted within {SALT_BRIDGE:g} Å. Staying so long is not binding: a pose that"
    " is wrong may stay for picoseconds, too."
)


def pose_findings(content: ReportContent) -> list[Finding]:
    """Say of each ligand and site whether a pose is found, by how many searches, and whether it stays."""
    found = [_finding(content, complex_) for complex_ in content.complexes]
    there = {(complex_.ligand, complex_.site) for complex_ in content.complexes}
    lost: dict[tuple[str, str], str] = {}
    for row in records(content.tables["failures"]):
        where = row["ligand"], row["site"]
        if row["kind"] in ("dock", "refine") and where not in there:
            lost.setdefault(where, f"{row['label']} failed: {row['message']}")
    return found + [
        Finding(f"{ligand} in {site}", "no pose", f"{why}.", "bad") for (ligand, site), why in lost.items()
    ]


def _finding(content: ReportContent, complex_: ReportComplex) -> Finding:
    pose = complex_.poses[complex_.best]
    docked = _docked(content, complex_)
    rows = {
        row["quantity"]: row
        for row in records(content.tables["simulations"])
        if row["ligand"] == complex_.ligand and row["site"] == complex_.site
    }
    stays, text = _simulated(content, complex_, rows)
    text = f"{docked} {text}"
    if complex_.label in content.doubts:
        return Finding(complex_.label, f"not credible: {content.doubts[complex_.label]}", text, "bad")
    if not pose.valid:
        return Finding(complex_.label, "fails the checks", text, "bad")
    if stays is None:
        return Finding(complex_.label, "found", text)
    return Finding(complex_.label, "stays" if stays else "moves", text, "good" if stays else "open")


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
        for row in records(content.tables.get("searches"))
        if row["ligand"] == complex_.ligand and row["site"] == complex_.site and not row["occupied"]
    ]
    searches = sum(row["searches"] for row in rows)
    if not searches:
        return f"{checks}; found by {100 * share:.0f} % of the searches."
    failed = sum(row["failed"] for row in rows)
    lost = f", of which {failed} failed" if failed else ""
    return f"{checks}; found by {round(share * searches)} of {counted(searches, 'search', 'searches')}{lost}."


def _simulated(
    content: ReportContent, complex_: ReportComplex, rows: dict[str, Row]
) -> tuple[bool | None, str]:
    """Return whether the pose stays, None if nothing tells, and that in words."""
    row = rows.get("ligand_rmsd_A")
    if row is None or complex_.series is None:
        return None, _not_simulated(content, complex_)
    mean, error = float(row["mean"]), row["error"]
    over = f"{counted(int(row['replicas']), 'replica')} of {complex_.series['time_ps'].max():g} ps"
    text = f"In the simulations {with_error(mean, error)} Å from it (mean over {over})"
    stays: bool | None = mean + error < STAYS if known(error) else False if mean >= STAYS else None
    if stays is False and known(error) and mean - error < STAYS:
        text += f"; {STAYS:g} Å lies within the error"
    replicas = complex_.series.groupby("replica")["ligand_rmsd_A"].mean()
    away = int((replicas >= STAYS).sum())
    if 0 < away < len(replicas):
        text += f"; {away} of {len(replicas)} replicas beyond {STAYS:g} Å by themselves"
    text += _anchor(content, complex_, rows) + "."
    if row["replicas_lost"]:
        planned = int(row["replicas"] + row["replicas_lost"])
        text += f" {int(row['replicas_lost'])} of {planned} replicas broke down and count for nothing here."
    return stays, text


def _anchor(content: ReportContent, complex_: ReportComplex, rows: dict[str, Row]) -> str:
    """Say how far the amine is from the site's anchor."""
    anchor = content.anchors.get(complex_.site)
    row = rows.get("anchor_distance_A")
    if anchor is None or row is None or complex_.series is None:
        return ""
    held = 100 * (complex_.series["anchor_distance_A"] <= SALT_BRIDGE).mean()
    return (
        f"; its amine {with_error(row['mean'], row['error'])} Å from {anchor}, within {SALT_BRIDGE:g} Å in"
        f" {number(held, 0)} % of the frames"
    )


def _not_simulated(content: ReportContent, complex_: ReportComplex) -> str:
    """Say why nothing was measured of a complex."""
    why = [
        row["message"]
        for row in records(content.tables["failures"])
        if (row["ligand"], row["site"]) == (complex_.ligand, complex_.site)
        and row["kind"] in ("simulate", "analyse")
    ]
    if why:
        return f"It was not simulated to the end: {why[0]}."
    return "It was not simulated: whether it stays is not known."
