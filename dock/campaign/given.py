"""The plan of poses that are given: which records of a file are simulated, and under which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dock.campaign.settings import CampaignSettings, PosesSettings
from dock.core.errors import InputError
from dock.docking.given import GivenRecord, read_records
from dock.ligands.names import safe_name, unique_name
from dock.receptors import Receptor
from dock.steps.analyse import simulations
from dock.steps.given import GivenPose
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Step


def given_simulations(
    settings: CampaignSettings, given: PosesSettings, receptor: PrepareReceptor, model: Receptor
) -> list[Step[Any]]:
    """Plan the simulations of poses that were brought along, site by site, and the failure of records that are none.

    Raises
    ------
    InputError
        If no record of the file is a pose, or one of those beside or alike is none.
    """
    beside = _sound(_steps(given.beside, receptor, model))
    alike = _sound(_steps(given.alike, receptor, model, beside))
    chosen = _steps(given.file, receptor, model, beside, given.every)
    sound = [pose for pose in chosen if not pose.error]
    refused = [pose for pose in chosen if pose.error]
    if not sound:
        error = refused[0].refusal
        if len(refused) == 1:
            raise error
        raise InputError(given.file, f"none of its {len(refused)} records is a pose, the first: {error}")
    planned: list[Step[Any]] = [*refused]
    for site in dict.fromkeys(pose.site for pose in sound):
        here, others = ([pose for pose in poses if pose.site == site] for poses in (sound, alike))
        planned += simulations(here, settings.simulation, alike=others)
    return planned


def passed_over(steps: Sequence[Step[Any]]) -> int:
    """Return how many poses of the files are not simulated, since others of their molecule come first."""
    return sum(step.passed_over for step in steps if isinstance(step, GivenPose))


def _sound(poses: list[GivenPose]) -> list[GivenPose]:
    """Return poses of which none may be missing."""
    for pose in poses:
        if pose.error:
            raise pose.refusal
    return poses


def _steps(
    path: str | None,
    receptor: PrepareReceptor,
    model: Receptor,
    occupants: Sequence[GivenPose] = (),
    every: bool = False,
) -> list[GivenPose]:
    """Return a step for each molecule in each site of a file, or for every pose, and for each record that is none."""
    records = read_records(path, model) if path else []
    molecules = [_molecule(record) for record in records]
    of_one = Counter(molecules)
    used: dict[int, int] = {}
    steps, seen = [], set()
    for number, (record, molecule) in enumerate(zip(records, molecules, strict=True), 1):
        if not every and record.pose is not None and molecule in seen:
            continue
        seen.add(molecule)
        fields: dict[str, Any] = {
            "receptor": receptor,
            "title": record.title,
            "origin": record.origin,
            "name": unique_name(safe_name(f"{record.title}-{number}" if every else record.title), used),
        }
        if record.pose is None:
            steps.append(GivenPose(**fields, site="", sdf="", error=_plain(record)))
            continue
        steps.append(
            GivenPose(
                **fields,
                site=record.pose.site,
                sdf=record.pose.sdf_record(),
                occupants=tuple(occupants),
                passed_over=0 if every else of_one[molecule] - 1,
            )
        )
    return steps


def _molecule(record: GivenRecord) -> tuple[str, ...]:
    """Return what tells a molecule in a site from others: a title may be that of many."""
    if record.pose is None:
        return (record.origin,)
    return record.pose.ligand.name, record.pose.ligand.smiles, record.pose.site


def _plain(record: GivenRecord) -> tuple[str, ...]:
    error = record.error
    return () if error is None else (type(error).__name__, error.subject, error.problem, error.advice)
