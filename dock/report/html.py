"""The report as one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.files import write_text
from dock.dynamics.coordination import WALLED
from dock.dynamics.parameters import HIGH_PENALTY
from dock.dynamics.refinement import RESOLUTION
from dock.report import plots
from dock.report.findings import findings
from dock.report.pockets import cross_docking_findings, mirror_images, mirror_sentence
from dock.report.view import cdn_address, lining_selections, scene_pdb, scenes, script_json, viewer_script
from dock.report.words import MISSING, Row, known, number, records

if TYPE_CHECKING:
    from dock.report.content import ReportComplex, ReportContent

TEMPLATE = "report.html.j2"
OPTIONAL = ("ions", "penalties", "searches", "cross_docking")  # tables that older runs lack
QUANTITIES = {
    "ligand_rmsd_A": "ligand RMSD from the docked pose / Å",
    "anchor_distance_A": "amine to anchor / Å",
    "interaction_kcal_mol": "interaction energy / kcal/mol",
    "vdw_kcal_mol": "of which van der Waals / kcal/mol",
    "electrostatic_kcal_mol": "of which Coulomb and solvation (OBC2) / kcal/mol",
    "docking_score_kcal_mol": "docking score / kcal/mol",
    "vinardo_kcal_mol": "Vinardo energy of the pose / kcal/mol",
    "strain_kcal_mol": "strain of the docked pose / kcal/mol",
    "refined_interaction_kcal_mol": "interaction energy of the refined pose / kcal/mol",
    "refined_strain_kcal_mol": "strain of the refined pose / kcal/mol",
    "cnn_probability": "CNN pose probability",
    "cnn_affinity_pK": "CNN affinity / pK",
    "contacts": "residues touched in half of the frames",
}


def write_report(content: ReportContent, path: Path) -> None:
    """Write a report, atomically.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    write_text(path, render(content))


def render(content: ReportContent) -> str:
    """Return the report as HTML text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("dock", "report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["number"] = number
    environment.filters["average"] = _average
    environment.filters["settled"] = _settled
    environment.filters["quantity"] = lambda name: QUANTITIES.get(name, name)
    gate = content.tables["gate"]
    return environment.get_template(TEMPLATE).render(
        content=content,
        records=_all_records(content),
        topics=findings(content),
        crossed=cross_docking_findings(content),
        mirrored=[mirror_sentence(*names) for names in mirror_images(content)],
        high_penalty=HIGH_PENALTY,
        refinement_resolution=RESOLUTION,
        gate_failed=bool(len(gate)) and not bool(gate["passed"].all()),
        simulated_time=_simulated_time(content.simulated),
        kinds=content.kinds,
        walled=bool(WALLED & content.kinds),
        corrected=any(_correction(complex_) is not None for complex_ in content.simulated),
        anchor_names=", ".join(f"{residue} ({site})" for site, residue in content.anchors.items()),
        complex_rows=_complex_rows(content),
        enantiomer_scores=_enantiomer_scores(content),
        **_plots(content),
        script=viewer_script(),
        cdn=cdn_address(),
        data=script_json(_viewer_data(content)),
    )


def _all_records(content: ReportContent) -> dict[str, list[Row]]:
    """Return the rows of every table, none of those that an older run lacks."""
    return {name: list[Row]() for name in OPTIONAL} | {
        name: records(table) for name, table in content.tables.items()
    }


def _plots(content: ReportContent) -> dict[str, Any]:
    """Draw what was simulated."""
    simulated = content.simulated
    if not simulated:
        return {"series_plot": "", "energy_plot": "", "contact_plots": {}}
    sites = dict.fromkeys(complex_.site for complex_ in simulated)
    table = content.tables["simulations"]
    return {
        "series_plot": plots.time_series(simulated, content.anchors),
        "energy_plot": plots.averages(simulated, table, "interaction_kcal_mol", content.doubts),
        "contact_plots": {site: plots.contact_map(simulated, site) for site in sites},
    }


def _simulated_time(simulated: Sequence[ReportComplex]) -> str:
    """Return in words how long a replica of each complex was simulated; nothing where none was."""
    times = [complex_.series["time_ps"].max() for complex_ in simulated if complex_.series is not None]
    if not times:
        return ""
    return f"{max(times):g} picoseconds" if max(times) < 1000 else f"{max(times) / 1000:g} nanoseconds"


def _viewer_data(content: ReportContent) -> dict[str, Any]:
    from rdkit import Chem

    return {
        "receptor": scene_pdb(content.receptor),
        "residues": {site: lining_selections(content.receptor, site) for site in content.sites},
        "references": {
            site: Chem.MolToMolBlock(Chem.RemoveHs(mol))
            for site, mol in content.receptor.references.items()
            if site in content.sites
        },
        "scenes": scenes(content.complexes),
    }


def _complex_rows(content: ReportContent) -> list[dict[str, Any]]:
    """Return one row a complex: its docked pose and its averages by quantity."""
    simulations = records(content.tables["simulations"])
    return [
        {
            "complex": complex_,
            "pose": complex_.poses[complex_.best],
            "doubt": content.doubts.get(complex_.label, ""),
            "outside": _correction(complex_),
            "means": dict.fromkeys(QUANTITIES)
            | {
                row["quantity"]: row
                for row in simulations
                if row["ligand"] == complex_.ligand and row["site"] == complex_.site
            },
        }
        for complex_ in content.complexes
    ]


def _correction(complex_: ReportComplex) -> float | None:
    """Return what the rest of the receptor adds to the interaction energy; None where nothing is left out."""
    if complex_.corrections is None or not len(complex_.corrections):
        return None
    return float(complex_.corrections["interaction_kcal_mol"].mean())


def _enantiomer_scores(content: ReportContent) -> list[dict[str, Any]]:
    """Return the comparisons of the enantiomers' docking scores."""
    return [
        row
        for row in records(content.tables["comparisons"])
        if row["kind"] == "enantiomer" and row["quantity"] == "docking_score_kcal_mol"
    ]


def _average(row: Row | None, digits: int = 2) -> str:
    """Format a mean with its error, with a dash for what was not measured."""
    return MISSING if row is None else f"{number(row['mean'], digits)} ± {number(row['error'], digits)}"


def _settled(row: Row) -> str:
    """Say whether a simulation settled."""
    value = row.get("settled")
    return ("yes" if value else "no") if known(value) else "too short to tell"
