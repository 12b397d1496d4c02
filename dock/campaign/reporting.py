"""A finished campaign as the content of a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from dock.campaign import tables
from dock.campaign.campaign import Campaign
from dock.campaign.plan import steps_of
from dock.dynamics.receptor_models import prepared_receptor
from dock.receptors import Receptor
from dock.report.content import ReportComplex, ReportContent
from dock.report.html import write_report
from dock.report.view import heavy_atoms
from dock.report.words import listed
from dock.steps.analyse import Analyse
from dock.steps.gate import Gate
from dock.steps.given import GivenPose
from dock.steps.ligand import PrepareLigand
from dock.steps.receptor import PrepareReceptor
from dock.steps.simulate import Simulate
from dock.workflow.store import Store

if TYPE_CHECKING:
    import pandas as pd

REPORT = "report.html"
LARGE = ("contacts", "ion_distances")  # tables that a report does not show


def report(campaign: Campaign) -> Path:
    """Write the report of a campaign into its folder and return its path."""
    path = campaign.folder / REPORT
    write_report(report_content(campaign), path)
    return path


def report_content(campaign: Campaign) -> ReportContent:
    """Gather what a campaign's report shows."""
    steps, store = campaign.steps, campaign.store
    receptors = _receptors(campaign)
    titles = [receptor.record.get("title", name) for name, receptor in receptors.items()]
    locked = campaign.locked()
    simulated = dict.fromkeys(step.ligand_name for step in steps_of(steps, Simulate))
    return ReportContent(
        title=f"{listed(titles)}: {', '.join(simulated)}",
        receptors=receptors,
        complexes=_complexes(campaign),
        tables={name: campaign.table(name) for name in tables.TABLES if name not in LARGE},
        ligands=[
            *(store.result(ligand).record for ligand in store.done(steps_of(steps, PrepareLigand))),
            *(pose.ligand(store).record() for pose in store.done(steps_of(steps, GivenPose))),
        ],
        planned=len(steps),
        succeeded=len(campaign.succeeded),
        failed=len(campaign.failed),
        gated_sites=[(gate.search.home.name, gate.site) for gate in steps_of(steps, Gate)],
        gate_accepted=bool(locked["settings"].get("accept_failed_gate")),
        settings=yaml.safe_dump(
            {"settings": locked["settings"], "receptors": locked["receptors"]},
            sort_keys=False,
            allow_unicode=True,
        ),
        versions=locked["versions"],
        bath_K=campaign.settings.simulation.temperature.value_in("K"),
    )


def _receptors(campaign: Campaign) -> dict[str, Receptor]:
    """Return the receptors that are there, by name."""
    store, found = campaign.store, {}
    for step in steps_of(campaign.steps, PrepareReceptor):
        done = store.is_done(step)
        receptor = step.receptor(store) if done else prepared_receptor(step.source, step.changes)
        if receptor is not None:
            found[step.name] = receptor
    return found


def _complexes(campaign: Campaign) -> list[ReportComplex]:
    store = campaign.store
    complexes = []
    for analysis in steps_of(campaign.steps, Analyse):
        if not store.is_done(analysis.search):
            continue
        measured = analysis if store.is_done(analysis) else None
        replicas = store.done(analysis.replicas)
        complexes.append(
            ReportComplex(
                analysis.search.home.name,
                analysis.ligand_name,
                analysis.site,
                analysis.search.poses(store),
                store.result(analysis.search).best,
                bool(replicas),
                _table(measured, store, "series"),
                _table(measured, store, "contacts"),
                _table(measured, store, "corrections"),
                heavy_atoms(replicas[0].trajectory(store).last_frame_pdb()) if replicas else "",
            )
        )
    return complexes


def _table(analysis: Analyse | None, store: Store, name: str) -> pd.DataFrame | None:
    return None if analysis is None else analysis.table(store, name)
