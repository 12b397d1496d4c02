"""The report as one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.files import write_text
from dock.report import plots
from dock.report.view import cdn_address, lining_selections, scene_pdb, scenes, script_json, viewer_script

if TYPE_CHECKING:
    import pandas as pd

    from dock.report.content import ReportComplex, ReportContent

TEMPLATE = "report.html.j2"
MISSING = "\N{EN DASH}"
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
    environment.filters["number"] = _number
    environment.filters["quantity"] = lambda name: QUANTITIES.get(name, name)
    simulated = [complex_ for complex_ in content.complexes if complex_.series is not None]
    gate = content.tables["gate"]
    return environment.get_template(TEMPLATE).render(
        content=content,
        records={name: _records(table) for name, table in content.tables.items()},
        gate_failed=bool(len(gate)) and not bool(gate["passed"].all()),
        simulated=simulated,
        simulated_time=_simulated_time(simulated),
        kinds=set(content.tables["runs"]["kind"]) if len(content.tables["runs"]) else set(),
        complex_rows=_complex_rows(content),
        enantiomer_scores=_enantiomer_scores(content),
        series_plot=plots.time_series(simulated) if simulated else "",
        energy_plot=(
            plots.averages(simulated, content.tables["simulations"], "interaction_kcal_mol")
            if simulated
            else ""
        ),
        contact_plots={
            site: plots.contact_map(simulated, site)
            for site in content.sites
            if any(complex_.site == site for complex_ in simulated)
        },
        script=viewer_script(),
        cdn=cdn_address(),
        data=script_json(_viewer_data(content)),
    )


def _simulated_time(simulated: Sequence[ReportComplex]) -> str:
    """Return in words how long a replica of each complex was simulated."""
    times = [complex_.series["time_ps"].max() for complex_ in simulated if complex_.series is not None]
    if not times:
        return "Picoseconds"
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
    simulations = _records(content.tables["simulations"])
    rows = []
    for complex_ in content.complexes:
        pose = complex_.poses[complex_.best]
        means = {
            row["quantity"]: row
            for row in simulations
            if row["ligand"] == complex_.ligand and row["site"] == complex_.site
        }
        rows.append({"complex": complex_, "pose": pose, "means": means})
    return rows


def _enantiomer_scores(content: ReportContent) -> list[dict[str, Any]]:
    """Return the comparisons of the enantiomers' docking scores."""
    return [
        row
        for row in _records(content.tables["comparisons"])
        if row["kind"] == "enantiomer" and row["quantity"] == "docking_score_kcal_mol"
    ]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _number(value: Any, digits: int = 2) -> str:
    """Format a number, with a dash for what was not measured."""
    if value is None or value != value:
        return MISSING
    return f"{value:.{digits}f}"
