"""Tables: the results of steps as tidy DataFrames and files in the run folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.analysis.comparison import MeasuredComplex, compare, with_known_spread
from dock.analysis.ions import SUMMARY as ION_COLUMNS
from dock.campaign.plan import steps_of
from dock.core.catalogue import unknown_name
from dock.core.files import atomic_path, file_stem, write_text
from dock.docking.occupancy import COLUMNS as OCCUPANCY_COLUMNS
from dock.docking.occupancy import compare_occupancy
from dock.docking.pose import Pose, write_poses
from dock.docking.redocking import COLUMNS as GATE_COLUMNS
from dock.dynamics.frames import STATE, TOPOLOGY, TRAJECTORY
from dock.ligands.ligand import UNKNOWN, Provenance
from dock.steps.analyse import Analyse
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.given import GivenPose
from dock.steps.ligand import LIGAND, PrepareLigand
from dock.steps.poses import PoseStep
from dock.steps.receptor import PrepareReceptor
from dock.steps.refine import Refine
from dock.steps.simulate import Simulate
from dock.workflow.step import Row, Step
from dock.workflow.store import Store

if TYPE_CHECKING:
    import pandas as pd

Steps = Sequence[Step[Any]]
# What a table has whatever its rows know: poses of other programs lack what they would be ranked by.
COLUMNS = {
    "poses": (
        "receptor", "ligand", "smiles", "site", "searched", "rank", "score_kcal_mol", "cnn_probability",
        "vinardo_kcal_mol", "strain_kcal_mol", "found_by", "seed", "engine", "conformer", "occupied",
        "checks_passed", "checks_made", "checks_failed", "refined", "reference_rmsd_A", "simulated",
    ),
    "gate": ("receptor", "site", "ligand", *GATE_COLUMNS),
    "cross_docking": (
        "receptor", "site", "ligand", *GATE_COLUMNS, "ligand_from", "docked_into", "pooled_rmsd_A", "superposed",
    ),
    "occupancy": ("receptor", "ligand", "site", *OCCUPANCY_COLUMNS),
    "runs": (
        "receptor", "ligand", "site", "replica", "kind", "atoms", "mobile_atoms", "frames", "ms_per_step",
        "equilibration_ps", "settled", "settling_temperature_K", "first_frames_temperature_K", "mean_temperature_K",
        "constraint_error", "frozen_drift_nm", "platform", "breakdowns",
    ),
    "simulations": (
        "receptor", "ligand", "site", "quantity", "mean", "error", "independent_samples", "replicas",
        "replicas_lost", "doubt",
    ),
    "hydrogen_bonds": ("receptor", "ligand", "site", "donor", "acceptor", "occupancy"),
    "searches": (
        "receptor", "ligand", "site", "occupied", "cross_docked_into", "engine", "searches", "made", "failed", "first_failure",
    ),
    "ions": ("receptor", "ligand", "site", *ION_COLUMNS),
    "penalties": ("ligand", "term", "types", "score"),
    "failures": ("kind", "label", "receptor", "ligand", "site", "reason", "message"),
    "comparisons": (
        "receptor", "kind", "first", "second", "quantity", "first_value", "second_value", "difference", "error", "resolved",
        "similarity",
    ),
}  # fmt: skip


def make_table(name: str, steps: Steps, store: Store) -> pd.DataFrame:
    """Make a table by its name.

    Raises
    ------
    UnknownNameError
        If there is no such table.
    """
    import pandas as pd

    if name not in TABLES:
        raise unknown_name(name, "table", list(TABLES))
    table = pd.DataFrame(list(TABLES[name](steps, store)))
    lacking = [column for column in COLUMNS.get(name, ()) if column not in table]
    return _with_origins(table.reindex(columns=[*table.columns, *lacking]), steps)


def write_results(steps: Steps, store: Store) -> None:
    """Write every table, the poses by site, prepared inputs and trajectories to the run folder."""
    run = store.run
    for name in TABLES:
        write_text(run / "tables" / f"{name}.csv", make_table(name, steps, store).to_csv(index=False))
    _write_poses(steps, store)
    for receptor in store.done(steps_of(steps, PrepareReceptor)):
        for path in sorted(store.folder(receptor).iterdir()):
            if path.name.startswith(("model.", "record.", "reference_")):
                _link(path, run / "receptors" / receptor.name / path.name)
    for ligand in store.done(steps_of(steps, PrepareLigand)):
        _link(store.folder(ligand) / LIGAND, run / "ligands" / f"{file_stem(ligand.name)}.sdf")
    for replica in store.done(steps_of(steps, Simulate)):
        for name in (TRAJECTORY, TOPOLOGY, STATE):
            stem = f"{replica.stem}-{replica.replica}"
            _link(store.folder(replica) / name, run / "trajectories" / f"{stem}{Path(name).suffix}")
    for analysis in store.done(steps_of(steps, Analyse)):
        _link(store.folder(analysis) / "series.csv", run / "series" / f"{analysis.stem}.csv")


def measured_complexes(steps: Steps, store: Store) -> list[MeasuredComplex]:
    """Return every analysed complex as something to be compared."""
    return [analysis.measured(store) for analysis in store.done(steps_of(steps, Analyse))]


def _with_origins(table: pd.DataFrame, steps: Steps) -> pd.DataFrame:
    """Say beside each ligand's name what it was called in the input, and where that stands."""
    if "ligand" not in table:
        return table
    provenances = {ligand.name: ligand.provenance for ligand in steps_of(steps, PrepareLigand)}
    provenances |= {
        pose.name: Provenance(input_name=pose.title, origin=pose.origin)
        for pose in steps_of(steps, GivenPose)
    }
    place = list(table.columns).index("ligand") + 1
    found = [(name, provenances.get(name, UNKNOWN)) for name in table["ligand"]]
    table.insert(place, "input_name", [known.input_name or name for name, known in found])
    table.insert(place + 1, "origin", [known.origin for _, known in found])
    return table


def _of_steps(name: str) -> Callable[[Steps, Store], Iterator[Row]]:
    """Return what gives the rows of a table that steps of any kind give, one after the other."""

    def rows(steps: Steps, store: Store) -> Iterator[Row]:
        for step in steps:
            if name in step.tables and store.is_done(step):
                yield from step.tables[name](step, store)

    return rows


def _ligands(steps: Steps, store: Store) -> Iterator[Row]:
    """Yield every ligand that was planned: prepared or given, failed or still to do."""
    for ligand in steps_of(steps, PrepareLigand):
        yield ligand.row(store)
    for pose in steps_of(steps, GivenPose):
        yield pose.ligand_row(store)


def _poses(steps: Steps, store: Store) -> Iterator[Row]:
    simulated = {store.key(replica.search) for replica in store.done(steps_of(steps, Simulate))}
    for search in store.done(_searches_of(steps)):
        best = store.result(search).best
        for number, row in enumerate(search.rows(store)):
            yield {**row, "simulated": store.key(search) in simulated and number == best}


def _searches_of(steps: Steps) -> list[PoseStep[Any]]:
    """Return the steps that give poses, the refined ones last."""
    searches = [step for step in steps if isinstance(step, PoseStep)]
    return sorted(searches, key=lambda step: isinstance(step, Refine))


def _gates(steps: Steps, store: Store) -> Iterator[Row]:
    for gate in steps_of(steps, Gate):
        yield from gate.rows(store)


def _occupancy(steps: Steps, store: Store) -> Iterator[Row]:
    """Yield every search beside an occupied site, against that of the empty receptor."""
    done = store.done(steps_of(steps, Dock))
    empty = {tuple(search.subject.values()): search for search in done if search.occupant is None}
    for search in done:
        alone = empty.get(tuple(search.subject.values()))
        if search.occupant is not None and alone is not None:
            energies = [store.result(each).top_energies_kcal_mol for each in (alone, search)]
            row = compare_occupancy(alone.best(store), energies[0], search.best(store), energies[1])
            yield {**search.home.subject, **row}


def _simulations(steps: Steps, store: Store) -> Iterator[Row]:
    """Yield the averages of what was measured of every complex, with the errors that comparisons use."""
    analyses = store.done(steps_of(steps, Analyse))
    known = with_known_spread([analysis.measured(store) for analysis in analyses])
    for analysis, complex_ in zip(analyses, known, strict=True):
        result = store.result(analysis)
        for name, value in complex_.averages.items():
            yield {
                **analysis.subject,
                "quantity": name,
                "mean": value.mean,
                "error": value.error,
                "independent_samples": round(value.samples, 1),
                "replicas": result.replicas,
                "replicas_lost": result.lost,
                "doubt": complex_.doubt,
            }


def _penalties(steps: Steps, store: Store) -> Iterable[Row]:
    """Return parameters of ligands that were borrowed from unlike atom types, each ligand's once."""
    rows = _of_steps("penalties")(steps, store)
    return {(row["ligand"], row["term"], row["types"]): row for row in rows}.values()


def _comparisons(steps: Steps, store: Store) -> Iterator[Row]:
    for row in compare(measured_complexes(steps, store)).to_dict("records"):
        yield {str(column): value for column, value in row.items()}


def _failures(steps: Steps, store: Store) -> Iterator[Row]:
    for step in steps:
        failure = store.failure(step)
        if failure is not None:
            record = failure.model_dump()
            yield dict.fromkeys(COLUMNS["failures"], "") | record.pop("subject") | record


def _stages(steps: Steps, store: Store) -> Iterator[Row]:
    """Yield working time by kind of step, in seconds and in core seconds."""
    for kind, group in groupby(sorted(steps, key=lambda step: step.kind), key=lambda step: step.kind):
        done = [store.completion(step) for step in group if store.is_done(step)]
        yield {
            "stage": kind,
            "steps": len(done),
            "seconds": round(sum(each.seconds for each in done), 2),
            "core_seconds": round(sum(each.seconds * each.threads for each in done), 2),
        }


def _write_poses(steps: Steps, store: Store) -> None:
    by_site: dict[str, list[Pose]] = {}
    for search in store.done(_searches_of(steps)):
        by_site.setdefault(file_stem(f"{search.home.name}-{search.site}"), []).extend(search.poses(store))
    for stem, poses in by_site.items():
        write_poses(store.run / "poses" / f"{stem}.sdf", poses)


def _link(source: Path, target: Path) -> None:
    """Show a step's file under a name for people: a hard link, or a copy where there is none."""
    with atomic_path(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copy2(source, temporary)


# By name, what gives the rows: of a campaign as a whole, or of each step by itself.
TABLES: dict[str, Callable[[Steps, Store], Iterable[Row]]] = {
    "ligands": _ligands,
    "poses": _poses,
    "searches": _of_steps("searches"),
    "gate": _gates,
    "cross_docking": _of_steps("cross_docking"),
    "occupancy": _occupancy,
    "simulations": _simulations,
    "runs": _of_steps("runs"),
    "contacts": _of_steps("contacts"),
    "ions": _of_steps("ions"),
    "ion_distances": _of_steps("ion_distances"),
    "penalties": _penalties,
    "hydrogen_bonds": _of_steps("hydrogen_bonds"),
    "comparisons": _comparisons,
    "failures": _failures,
    "stages": _stages,
}
