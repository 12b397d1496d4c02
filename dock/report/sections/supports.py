"""What a run supports: its results in sentences, none of them stronger than the numbers behind it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from dock.analysis.comparison import CONFIDENCE
from dock.analysis.ions import LEAVES
from dock.analysis.measures import measured
from dock.analysis.measures.energies import INTERACTION
from dock.docking.redocking import LIMIT
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.receptor import residue_labels
from dock.report.content import ReportContent
from dock.report.pockets import cross_docking_findings, mirror_images, mirror_sentence
from dock.report.staying import RULE, pose_findings
from dock.report.words import (
    Finding,
    Row,
    Standing,
    Topic,
    counted,
    known,
    known_text,
    listed,
    number,
    signed,
)
from dock.systems.coordination import WALLED

ENERGY = INTERACTION.name
# Whether a simulation settled, None for too short to tell: what it is called, and how it stands.
SETTLED: dict[bool | None, tuple[str, Standing]] = {
    True: ("settled", "good"),
    False: ("not settled", "bad"),
    None: ("too short to tell", "open"),
}


def values(content: ReportContent) -> dict[str, Any]:
    """Return the findings, and how long was simulated."""
    return {"topics": findings(content), "simulated_time": content.simulated_time}


def findings(content: ReportContent) -> list[Topic]:
    """Return what a run says, topic by topic; those that it knows nothing of are left out."""
    topics = [
        Topic("The run", _run(content)),
        Topic("Is the known pose found again?", [*_gate(content), *_pockets(content)]),
        Topic(
            "Are poses found, and do they stay?", pose_findings(content), RULE if content.simulated else ""
        ),
        Topic(
            "Are the ions in place?",
            _ions(content),
            f"An ion has left its place if it shifts by more than {LEAVES:g} Å against the atoms that hold it, as a"
            " median of five frames; complexes that lost one take part in no comparison.",
        ),
        Topic("Which differences are resolved?", _comparisons(content), _chance(content)),
        Topic("Has the temperature settled?", _temperature(content)),
    ]
    return [topic for topic in topics if topic.findings]


def _run(content: ReportContent) -> list[Finding]:
    """Say what is missing."""
    open_ = content.planned - content.succeeded - content.failed
    found = []
    if content.failed:
        text = f"{content.failed} of {counted(content.planned, 'step')} failed; what they would have shown is missing."
        found.append(Finding("Failures", "incomplete", text, "bad"))
    if open_ > 0:
        text = f"{open_} of {counted(content.planned, 'step')} are still to be done; run again to continue."
        found.append(Finding("Not finished", "incomplete", text, "bad"))
    return found


def _gate(content: ReportContent) -> list[Finding]:
    """Say for each site whether its known pose was found again."""
    rows = content.rows("gate")
    found = []
    for receptor, site in dict.fromkeys([*content.gated_sites, *content.places]):
        here = [row for row in rows if (row["receptor"], row["site"]) == (receptor, site)]
        of = content.of(receptor)
        if (receptor, site) not in content.gated_sites:
            text = "No known pose is at hand: what is docked here is a prediction that nothing in this run validates."
            found.append(Finding(f"{site} site{of}", "not known", text))
        elif not here:
            found.append(Finding(f"{site} site{of}", "not known", "The redocking was not done.", "bad"))
        else:
            found.append(_redocked(content.label(here[0]), of, here))
    return found


def _redocked(subject: str, of: str, rows: list[Row]) -> Finding:
    passed = [row for row in rows if row["passed"]]
    if not any(known(row["seed"]) for row in rows):
        return Finding(subject, "not found again", f"Its docking failed: {rows[0]['checks']}.", "bad")
    distances = [row["top_rmsd_A"] for row in rows if known(row["top_rmsd_A"])]
    if len(passed) == len(rows):
        seeds = f"each of {len(rows)} seeds" if len(rows) > 1 else "the one seed tried"
        text = f"Found again by {seeds}, the top pose within {number(max(distances), 1)} Å of the known one."
        return Finding(subject, "found again", text, "good")
    text = (
        f"{len(passed)} of {counted(len(rows), 'seed')} put a pose within {LIMIT:g} Å of the known one first"
    )
    text += f" (the worst is {number(max(distances), 1)} Å off)" if distances else ""
    return Finding(subject, "not found again", f"{text}. Nothing below{of} can be trusted.", "bad")


def _pockets(content: ReportContent) -> list[Finding]:
    """Say whom the structure favours."""
    mirrored = [
        Finding(pocket, f"favours {known_}", mirror_sentence(pocket, known_, ligand))
        for pocket, known_, ligand in mirror_images(content)
    ]
    return [*cross_docking_findings(content), *mirrored]


def _ions(content: ReportContent) -> list[Finding]:
    """Say of each receptor whether the ions stayed, and which were not watched."""
    receptors = dict.fromkeys(complex_.receptor for complex_ in content.simulated)
    return [finding for name in receptors for finding in _ions_of(content, name)]


def _ions_of(content: ReportContent, receptor: str) -> list[Finding]:
    topology, of = content.receptors[receptor].topology, content.of(receptor)
    labels = residue_labels(topology)
    present = [labels[r.index] for r in topology.residues() if r.name in ION_CHARGES]
    rows = [row for row in content.rows("ions") if row["receptor"] == receptor]
    found = []
    for row in rows:
        if row["left"]:
            where = f"{row['ion']}, {content.label(row)}"
            text = f"It shifts by {number(row['shift_A'], 1)} Å against {row['atoms']}; the complex is not credible."
            found.append(Finding(where, "left its place", text, "bad"))
    changed = [
        row for row in rows if not row["left"] and (known_text(row["lost"]) or known_text(row["gained"]))
    ]
    for row in changed:
        where = f"{row['ion']}, {content.label(row)}"
        parts = [
            f"{row[name]} {verb}"
            for name, verb in (("lost", "went"), ("gained", "came"))
            if known_text(row[name])
        ]
        text = f"In most frames it is held by other atoms than in the prepared receptor: {'; '.join(parts)}. It shifts"
        text += f" by {number(row['shift_A'], 1)} Å. What lies near it is of a site that may be altered."
        found.append(Finding(where, "held by others", text, "bad"))
    stayed = [row for row in rows if not row["left"] and row not in changed]
    if stayed:
        worst = max(stayed, key=lambda row: float(row["shift_A"]))
        names = listed(list(dict.fromkeys(row["ion"] for row in stayed))) + of
        watched = [
            f"{listed(list(dict.fromkeys(row['ion'] for row in stayed if row['site'] == site)))} in the {site} systems"
            for site in dict.fromkeys(row["site"] for row in stayed)
        ]
        text = f"Watched are {'; '.join(watched)}. The largest shift is {number(worst['shift_A'], 1)} Å"
        text += f" ({worst['ion']}, {content.label(worst)})."
        verdict = "in place" if len(stayed) == len(rows) else "others in place"
        if WALLED & content.kinds:
            text += " Walls keep them at what holds them, since no water is there to: an assumption, not a result."
            found.append(Finding(names, f"{verdict}, kept by walls", text))
        else:
            found.append(Finding(names, verdict, text, "good"))
    unwatched = [ion for ion in present if ion not in {row["ion"] for row in rows}]
    if unwatched:
        text = "In no simulated system, or held by nothing: not known."
        found.append(Finding(f"{listed(unwatched)}{of}", "not watched", text))
    if not present:
        found.append(Finding(f"Ions{of}", "none", "The receptor holds none."))
    return found


def _comparisons(content: ReportContent) -> list[Finding]:
    """Say of each pair which simulated differences are resolved, and who takes no part."""
    rows = content.rows("comparisons")
    found = []
    for kind, called in (("site", "Site against site"), ("enantiomer", "Enantiomers"), ("diastereomer", "")):
        of_kind = [row for row in rows if row["kind"] == kind]
        pairs = groupby(of_kind, key=lambda row: _against(content, row))
        found += [_compared(subject, list(pair)) for subject, pair in pairs]
        if called and not of_kind:
            found.append(Finding(called, "nothing to compare", _nothing(content, kind)))
    return found + [
        Finding(label, "left out", f"It is not credible ({doubt}), so it is compared with nothing.", "bad")
        for label, doubt in content.doubts.items()
    ]


def _against(content: ReportContent, row: Row) -> str:
    """Return in words what is compared in a row."""
    of = content.of(row["receptor"])
    return f"{row['first']}{of} against {row['second']}{of}"


def _nothing(content: ReportContent, kind: str) -> str:
    """Say why there is nothing to compare."""
    if content.planned > content.succeeded + content.failed:
        return "The run is not finished."
    if not content.simulated:
        return "Nothing was simulated."
    if kind == "enantiomer":
        return "No two mirror images were simulated, credibly, in one site."
    sites = {site for _, site in [*content.places, *content.gated_sites]}
    sites |= {row["site"] for row in content.rows("failures")} - {""}
    return "No ligand was simulated, credibly, in two sites." if len(sites) > 1 else "The run is of one site."


def _chance(content: ReportContent) -> str:
    """Say what is called resolved, and how many would be by chance."""
    rows = [row for row in content.rows("comparisons") if known(row["error"])]
    resolved = sum(bool(row["resolved"]) for row in rows)
    rule = (
        f"Resolved is a difference beyond the {100 * CONFIDENCE:g} % bound of Student's t for its error, which knows"
        " how much the replicas of other complexes differ. An interaction energy is no affinity: a resolved difference does not say which binds"
        " more tightly."
    )
    if not rows:
        return ""
    chance = number(len(rows) * (1 - CONFIDENCE), 1)
    return f"{rule} Resolved are {resolved} of {len(rows)} simulated differences; on average up to {chance} would be by chance if none were real."


def _compared(subject: str, rows: list[Row]) -> Finding:
    by_name = {row["quantity"]: row for row in rows}
    energy = by_name.get(ENERGY)
    others = [by_name[name] for name in measured() if name in by_name and name != ENERGY]
    resolved = [
        f"{quantity.short} {signed(row['difference'])} ± {number(row['error'], 1)} {quantity.unit}"
        for row in others
        if row["resolved"] and (quantity := measured()[row["quantity"]])
    ]
    also = f" Resolved: {listed(resolved)}." if resolved else ""
    if energy is None:
        text = "Their simulations are not of the same atoms of the receptor."
        return Finding(subject, "not compared", text + also)
    text = (
        f"Interaction energy {number(energy['first_value'], 1)} less {number(energy['second_value'], 1)}:"
        f" {signed(energy['difference'])}"
    )
    if not known(energy["error"]):
        return Finding(subject, "no error known", f"{text} kcal/mol.{also}")
    text += f" ± {number(energy['error'], 1)} kcal/mol."
    if not energy["resolved"]:
        also = also.replace(" Resolved:", " Resolved all the same:")
        none = "" if also else " Nor is any other simulated difference." if others else ""
        return Finding(subject, "not resolved", text + (also or none))
    return Finding(subject, "resolved", text + also, "good")


def _temperature(content: ReportContent) -> list[Finding]:
    """Say whether the simulations had settled when production began."""
    rows = content.rows("runs")
    found = []
    for settled, (verdict, standing) in SETTLED.items():
        of_them = [row for row in rows if _settled(row) is settled]
        if not of_them:
            continue
        parts = [
            f"{len(of_them)} of {counted(len(rows), 'simulation')}",
            _range(of_them, "equilibration_ps", "ps", "equilibrated for "),
            _range(of_them, "settling_temperature_K", "K", "at the end of that "),
            _range(of_them, "first_frames_temperature_K", "K", "in the first quarter of the frames "),
            _range(of_them, "mean_temperature_K", "K", "in all frames "),
        ]
        if known(content.bath_K):
            parts.append(f"the bath is at {content.bath_K:g} K")
        text = "; ".join(filter(None, parts))
        if settled is not True and len(of_them) < len(rows):
            names = [f"{content.label(row)} (replica {row['replica']})" for row in of_them]
            text += f". Those are {listed(names)}"
        found.append(Finding("Temperature", verdict, f"{text}.", standing))
    return found


def _settled(row: Row) -> bool | None:
    """Return whether a simulation settled; None if its equilibration was too short to tell."""
    value = row.get("settled")
    return bool(value) if known(value) else None


def _range(rows: list[Row], name: str, unit: str, lead: str) -> str:
    """Return the span of a column in words; nothing where it is not there."""
    values = [float(row[name]) for row in rows if known(row.get(name))]
    if not values:
        return ""
    low, high = (f"{round(value, 1):g}" for value in (min(values), max(values)))
    return f"{lead}{low} {unit}" if low == high else f"{lead}{low} to {high} {unit}"
