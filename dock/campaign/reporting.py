"""A finished campaign as the content of a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from dock.campaign import tables
from dock.campaign.campaign import Campaign
from dock.campaign.plan import Task, tasks_of_kind
from dock.campaign.tasks import is_done, load_poses, load_receptor, pose_and_receptor, read_result
from dock.dynamics.model import open_receptor
from dock.report.content import ReportComplex, ReportContent
from dock.report.html import write_report
from dock.report.view import heavy_atoms

if TYPE_CHECKING:
    import pandas as pd

REPORT = "report.html"


def report(campaign: Campaign) -> Path:
    """Write the report of a campaign into its folder and return its path."""
    path = campaign.folder / REPORT
    write_report(report_content(campaign), path)
    return path


def report_content(campaign: Campaign) -> ReportContent:
    """Gather what a campaign's report shows."""
    run, tasks = campaign.folder, campaign.tasks
    prepared = tasks_of_kind(tasks, "receptor")[0]
    if is_done(prepared, run):
        receptor = load_receptor(prepared.folder(run))
    else:
        receptor = open_receptor(campaign.settings.receptor, campaign.settings.preparation_changes)
    locked = campaign.locked()
    names = [name for name in tables.TABLES if name not in (tables.CONTACTS, tables.ION_DISTANCES)]
    return ReportContent(
        title=f"{receptor.record.get('title', receptor.name)}: {', '.join(_ligand_names(tasks))}",
        receptor=receptor,
        complexes=_complexes(campaign),
        tables={name: campaign.table(name) for name in names},
        ligands=[
            read_result(task, run)["result"] for task in tasks_of_kind(tasks, "ligand") if is_done(task, run)
        ],
        planned=len(tasks),
        succeeded=len(campaign.succeeded),
        failed=len(campaign.failed),
        gated_sites=[task.inputs["site"] for task in tasks_of_kind(tasks, "gate")],
        gate_accepted=bool(locked["settings"].get("accept_failed_gate")),
        settings=yaml.safe_dump(
            {"settings": locked["settings"], "inputs": locked["inputs"]}, sort_keys=False, allow_unicode=True
        ),
        versions=locked["versions"],
        bath_K=campaign.settings.simulation.temperature.value_in("K"),
    )


def _ligand_names(tasks: list[Task]) -> list[str]:
    return list(dict.fromkeys(task.inputs["ligand"] for task in tasks_of_kind(tasks, "simulate")))


def _complexes(campaign: Campaign) -> list[ReportComplex]:
    run = campaign.folder
    by_key = {task.key: task for task in campaign.tasks}
    analyses = {
        task.needs["search"]: task for task in tasks_of_kind(campaign.tasks, "analyse") if is_done(task, run)
    }
    replicas: dict[str, list[Task]] = {}
    for simulation in tasks_of_kind(campaign.tasks, "simulate"):
        replicas.setdefault(simulation.needs["search"], []).append(simulation)
    complexes = []
    for key, simulations in replicas.items():
        search = by_key[key]
        if not is_done(search, run):
            continue
        analysis = analyses.get(key)
        done = [simulation for simulation in simulations if is_done(simulation, run)]
        complexes.append(
            ReportComplex(
                search.inputs["ligand"],
                search.inputs["site"],
                load_poses(search.folder(run)),
                read_result(search, run)["result"]["best"],
                bool(done),
                _table(analysis, run, tables.SERIES),
                _table(analysis, run, tables.CONTACTS),
                _table(analysis, run, tables.CORRECTIONS),
                _last_frame(done[0], run) if done else "",
            )
        )
    return complexes


def _table(task: Task | None, run: Path, name: str) -> pd.DataFrame | None:
    return None if task is None else tables.task_table(task, run, name)


def _last_frame(task: Task, run: Path) -> str:
    """Return the last frame of a simulation as PDB text: heavy atoms of receptor and ligands, in its frame."""
    from dock.analysis.trajectory import ComplexTrajectory

    pose, receptor = pose_and_receptor(task, run)
    kind = read_result(task, run)["result"]["kind"]
    return heavy_atoms(ComplexTrajectory.load(task.folder(run), pose, receptor, kind).last_frame_pdb())
