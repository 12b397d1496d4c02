"""Campaigns: the quickest there are, and plans that are never run."""

from dock.campaign.plan import Planner
from dock.campaign.settings import CampaignSettings
from dock.core.records import software_versions
from dock.workflow.execution import perform
from dock.workflow.step import Conditions
from dock.workflow.store import Store

FAST = "cross_docking: false\ndocking: {seeds: [1], ring_conformers: 1}\nsimulation: {equilibration: 0 ps, production: 80 fs, frame_interval: 40 fs, minimisation_steps: 5, replicas: 1, system: {kind: site}}\n"
QUICKEST = FAST + "sites: [allosteric]\n"  # which has no redocking gate


def planned(settings=None, versions=None, **fields):
    """The steps of a campaign, and the store that knows their keys."""
    store = Store("nowhere", versions or software_versions())
    return Planner(settings or CampaignSettings(**fields), store).steps(lambda _: False), store


def grown(settings, folder):
    """The steps of a campaign once its receptors are prepared and its files of ligands are read, and the store."""
    planner = Planner(settings, Store(folder, software_versions()))
    for step in planner.steps(lambda _: False):
        if step.expands:
            assert perform(step, planner.store, Conditions()).kind == "done"
    return planner.steps(lambda _: False), planner.store


def keys(settings=None, versions=None, **fields):
    """The key of each step by its label."""
    steps, store = planned(settings, versions, **fields)
    return {step.label: store.key(step) for step in steps}
