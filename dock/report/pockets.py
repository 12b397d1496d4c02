"""Whose pocket it is: which ligand a structure was solved with, and how others fare in it, in sentences."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from dock.docking.crossdocking import structure_name
from dock.docking.redocking import LIMIT
from dock.ligands import stereo
from dock.report.words import Finding, Row, known, number

if TYPE_CHECKING:
    from dock.report.content import ReportContent


DOCKING = ("receptor", "site", "ligand", "ligand_from", "docked_into")  # the rows of its seeds agree in these


def mirror_images(content: ReportContent) -> list[tuple[str, str, str]]:
    """Return the ligands that are judged in a pocket which their mirror image shaped.

    Returns
    -------
    list of tuple of str
        The pocket in words, its known ligand, and the ligand of the run that is the known one's mirror image.
    """
    smiles = {record["name"]: record["smiles"] for record in content.ligands}
    run = dict.fromkeys(complex_.ligand for complex_ in content.complexes)
    return [
        (f"{site} pocket{content.of(name)}", known, ligand)
        for name, receptor in content.receptors.items()
        for site, known in ((site, str(mol.GetProp("_Name"))) for site, mol in receptor.references.items())
        for ligand in run
        if (name, site) in content.places
        and {known, ligand} <= smiles.keys()
        and stereo.relation(smiles[known], smiles[ligand]) == "enantiomer"
    ]


def mirror_sentence(pocket: str, known: str, ligand: str) -> str:
    """Say what it means that a pocket is that of a ligand's mirror image."""
    return (
        f"The {pocket} was solved with {known} and relaxed around it: it favours {known}, and {ligand} is"
        " judged in a pocket shaped by its mirror image."
    )


def cross_docking_findings(content: ReportContent) -> list[Finding]:
    """Say of each known ligand how it fares in its own structure and in others of the protein."""
    dockings: dict[tuple[str, ...], list[Row]] = {}
    for row in content.rows("cross_docking"):
        dockings.setdefault(tuple(row[name] for name in DOCKING), []).append(row)
    return [_crossed(content, rows) for rows in dockings.values()]


def _crossed(content: ReportContent, rows: list[Row]) -> Finding:
    site, ligand, home, host = (rows[0][name] for name in ("site", "ligand", "ligand_from", "docked_into"))
    away = max((float(row["pooled_rmsd_A"]) for row in rows if known(row["pooled_rmsd_A"])), default=inf)
    own = _own(content, site, ligand, home)
    known_home = own is not None and own <= LIMIT
    text = ""
    if own is not None:
        seeds = "every seed" if known_home else "the worst seed"
        text = f"Redocked into its own structure, {home}, {seeds} brings it within {number(own, 1)} Å. "
    alone = f"{sum(bool(row['passed']) for row in rows)} of {len(rows)} seeds find it alone"
    seeds = alone if len(rows) > 1 else "one seed tried"
    if away <= LIMIT:
        text += f"Into {host} it comes within {number(away, 1)} Å ({seeds})."
    elif away < inf:
        text += f"Into {host} its best ranked pose is {number(away, 1)} Å off ({seeds})."
    else:
        text += f"Into {host} no pose was found."
    if own is None:
        text += f" It comes from {home}; how it fares there was not tried in this run."
    subject = f"{ligand} in another structure"
    if away <= LIMIT:
        return Finding(subject, "found again", text, "good")
    if known_home:
        return Finding(subject, f"{home} favours {ligand}", text)
    return Finding(subject, "not found again", text)


def _own(content: ReportContent, site: str, ligand: str, home: str) -> float | None:
    """Return how far the worst seed is off a known pose in its own structure; None if one of them found none.

    Only the run's own receptors were redocked into.
    """
    names = {name for name, receptor in content.receptors.items() if structure_name(receptor) == home}
    gates = [row for row in content.rows("gate") if row["receptor"] in names]
    rows = [row for row in gates if (row["site"], row["ligand"]) == (site, ligand)]
    if not rows or not all(known(row["top_rmsd_A"]) for row in rows):
        return None
    return max(float(row["top_rmsd_A"]) for row in rows)
