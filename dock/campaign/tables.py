"""Tables: the results of finished tasks as tidy DataFrames and files in the run folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.analysis.comparison import MeasuredComplex, compare, with_known_spread
from dock.analysis.complexes import QUANTITIES
from dock.analysis.ions import SUMMARY as ION_COLUMNS
from dock.analysis.statistics import Average
from dock.campaign.plan import Task, tasks_of_kind
from dock.campaign.tasks import FAILURE, LIGAND, best_pose, has_failed, is_done, load_poses, read_result
from dock.core.catalogue import unknown_name
from dock.core.files import atomic_path, read_json, write_text
from dock.docking.occupancy import compare_occupancy
from dock.docking.redocking import COLUMNS
from dock.dynamics.frames import STATE, TOPOLOGY, TRAJECTORY

if TYPE_CHECKING:
    import pandas as pd

    from dock.docking.pose import Pose

CONTACTS, HYDROGEN_BONDS, SERIES, CORRECTIONS = "contacts", "hydrogen_bonds", "series", "corrections"
ION_DISTANCES = "ion_distances"
OUTCOME = ("engine", "searches", "made", "failed", "first_failure")


def make_table(name: str, tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Make a table by its name.

    Raises
    ------
    UnknownNameError
        If there is no such table.
    """
    if name not in TABLES:
        raise unknown_name(name, "table", list(TABLES))
    return _with_origins(TABLES[name](tasks, run), tasks)


def _with_origins(table: pd.DataFrame, tasks: Sequence[Task]) -> pd.DataFrame:
    """Say beside each ligand's name what it was called in the input, and where that stands."""
    if "ligand" not in table:
        return table
    provenances = {
        task.inputs["name"]: task.inputs.get("provenance", {}) for task in tasks_of_kind(tasks, "ligand")
    }
    place = list(table.columns).index("ligand") + 1
    names = [provenances.get(name, {}).get("input_name", name) for name in table["ligand"]]
    origins = [provenances.get(name, {}).get("origin", "") for name in table["ligand"]]
    table.insert(place, "input_name", names)
    table.insert(place + 1, "origin", origins)
    return table


def _ligands(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Every ligand that was planned: prepared, failed or still to do."""
    import pandas as pd

    rows = []
    for task in tasks_of_kind(tasks, "ligand"):
        record = read_result(task, run)["result"] if is_done(task, run) else {}
        state = "prepared" if record else "failed" if has_failed(task, run) else "to do"
        row = {"ligand": task.inputs["name"], "state": state}
        for name in ("smiles", "cip", "charge", "share", "stripped", "tautomer", "conformers"):
            value = record.get(name)
            row[name] = " ".join(value) if isinstance(value, list) else value
        rows.append(row)
    return pd.DataFrame(rows)


def write_results(tasks: Sequence[Task], run: Path) -> None:
    """Write every table, the poses by site, prepared inputs and trajectories to the run folder."""
    for name in TABLES:
        write_text(run / "tables" / f"{name}.csv", make_table(name, tasks, run).to_csv(index=False))
    _write_poses(tasks, run)
    for task in _done(tasks, run, "receptor"):
        for path in sorted(task.folder(run).iterdir()):
            if path.name.startswith(("model.", "record.", "reference_")):
                _link(path, run / "receptors" / path.name)
    for task in _done(tasks, run, "ligand"):
        _link(task.folder(run) / LIGAND, run / "ligands" / f"{task.inputs['name']}.sdf")
    for task in _done(tasks, run, "simulate"):
        for name in (TRAJECTORY, TOPOLOGY, STATE):
            stem = f"{task.inputs['ligand']}-{task.inputs['site']}-{task.inputs['replica']}"
            _link(task.folder(run) / name, run / "trajectories" / f"{stem}{Path(name).suffix}")


def measured_complexes(tasks: Sequence[Task], run: Path) -> list[MeasuredComplex]:
    """Return every analysed complex as something to be compared."""
    return [complex_ for _, complex_ in _analysed(tasks, run)]


def _analysed(tasks: Sequence[Task], run: Path) -> list[tuple[dict[str, Any], MeasuredComplex]]:
    """Return the result of every analysis, and what it measured."""
    by_key = {task.key: task for task in tasks}
    found = []
    for task in _done(tasks, run, "analyse"):
        result = read_result(task, run)["result"]
        pose = best_pose(by_key[task.needs["search"]].folder(run))
        averages = {
            # Each whole before its parts; a file holds them by the alphabet.
            name: Average.from_record(fields)
            for name in QUANTITIES
            if (fields := result["averages"].get(name))
        }
        measured = MeasuredComplex.from_pose(
            pose, averages, task_table(task, run, CONTACTS), result["atoms"], result["doubt"], result["kind"]
        )
        found.append((result, measured))
    return found


def _done(tasks: Sequence[Task], run: Path, kind: str) -> list[Task]:
    return [task for task in tasks_of_kind(tasks, kind) if is_done(task, run)]


def _poses(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    import pandas as pd

    rows = []
    simulated = {task.needs["search"] for task in _done(tasks, run, "simulate")}
    for task in [*_done(tasks, run, "dock"), *_done(tasks, run, "refine")]:
        result = read_result(task, run)["result"]
        for number, pose in enumerate(load_poses(task.folder(run))):
            rows.append(
                pose.record()
                | {
                    "places": " ".join(
                        f"{place}:{count}" for place, count in result.get("places", {}).items()
                    ),
                    "searches_failed": len(result.get("failures", [])),
                    "reference_rmsd_A": result["reference_rmsd_A"][number],
                    "refined": task.kind == "refine",
                    "simulated": task.key in simulated and number == result["best"],
                }
            )
    return pd.DataFrame(rows)


def _searches(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """How many searches each engine made for each docked ligand, and how many of them failed.

    Those of a cross-docking name the receptor that was docked into, ``cross_docked_into``.
    """
    import pandas as pd

    rows = []
    for task in [*_done(tasks, run, "dock"), *_done(tasks, run, "crossdock")]:
        what = {
            "ligand": task.inputs["ligand"],
            "site": task.inputs["site"],
            "occupied": "; ".join(
                f"{site}: {name}" for site, name in task.inputs.get("occupied", {}).items()
            ),
            "cross_docked_into": task.inputs.get("docked_into", ""),
        }
        outcomes = read_result(task, run)["result"].get("outcomes", [])  # older runs have none
        rows += [what | outcome for outcome in outcomes]
    return pd.DataFrame(rows, columns=["ligand", "site", "occupied", "cross_docked_into", *OUTCOME])


def _gates(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Every seed's redocking, also where the gate was not passed."""
    import pandas as pd

    by_key = {task.key: task for task in tasks}
    rows = []
    for gate in tasks_of_kind(tasks, "gate"):
        search = by_key[gate.needs["search"]]
        if is_done(search, run):
            rows += read_result(search, run)["result"]["redocking"]
        elif has_failed(search, run):
            reason = read_json(search.folder(run) / FAILURE)["message"]
            what = {"site": search.inputs["site"], "ligand": search.inputs["ligand"], "checks": reason}
            rows.append(dict.fromkeys(COLUMNS) | what | {"contacts": "none", "passed": False})
    return pd.DataFrame(rows)


def _cross_dockings(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Every seed of the dockings of known ligands between structures of the protein."""
    import pandas as pd

    return pd.DataFrame(
        [row for task in _done(tasks, run, "crossdock") for row in read_result(task, run)["result"]["seeds"]]
    )


def _occupancy(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Every search beside an occupied site, against that of the empty receptor."""
    import pandas as pd

    done = _done(tasks, run, "dock")
    empty = {(task.inputs["ligand"], task.inputs["site"]): task for task in done if not _occupied(task)}
    rows = []
    for task in filter(_occupied, done):
        pair = [empty.get((task.inputs["ligand"], task.inputs["site"])), task]
        if None in pair:
            continue
        sides: list[Any] = []
        for one in filter(None, pair):
            sides += [best_pose(one.folder(run)), read_result(one, run)["result"]["top_energies_kcal_mol"]]
        rows.append(compare_occupancy(*sides))
    return pd.DataFrame(rows)


def _occupied(task: Task) -> bool:
    return "occupied" in task.inputs


def _simulations(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Average what was measured of every simulated complex, with the errors that comparisons use."""
    import pandas as pd

    analysed = _analysed(tasks, run)
    rows = [
        {
            "ligand": one.ligand,
            "site": one.site,
            "quantity": name,
            "mean": value.mean,
            "error": value.error,
            "independent_samples": round(value.samples, 1),
            "replicas": result["replicas"],
            "replicas_lost": result["lost"],
            "doubt": one.doubt,
        }
        for (result, _), one in zip(analysed, with_known_spread([each for _, each in analysed]), strict=True)
        for name, value in one.averages.items()
    ]
    return pd.DataFrame(rows)


def _ions(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """How each ion fared in every complex, see `dock.analysis.ions.ion_summary`."""
    import pandas as pd

    rows = [
        {"ligand": task.inputs["ligand"], "site": task.inputs["site"], **ion}
        for task in _done(tasks, run, "analyse")
        for ion in read_result(task, run)["result"]["ions"]
    ]
    return pd.DataFrame(rows, columns=["ligand", "site", *ION_COLUMNS])


def _penalties(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Parameters of ligands that were borrowed from unlike atom types, each ligand's once."""
    import pandas as pd

    rows = {
        (task.inputs["ligand"], penalty["term"], penalty["types"]): {
            "ligand": task.inputs["ligand"],
            **penalty,
        }
        for task in _done(tasks, run, "analyse")
        for penalty in read_result(task, run)["result"]["penalties"]
    }
    return pd.DataFrame(rows.values(), columns=["ligand", "term", "types", "score"])


def _runs(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Size, speed and checks of every simulation."""
    import pandas as pd

    rows = []
    for task in _done(tasks, run, "simulate"):
        result = read_result(task, run)["result"]
        plain = {name: value for name, value in result.items() if not isinstance(value, dict | list)}
        rows.append({"ligand": task.inputs["ligand"], "site": task.inputs["site"], **plain})
    return pd.DataFrame(rows)


def _comparisons(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    return compare(measured_complexes(tasks, run))


def _failures(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    import pandas as pd

    rows = [read_json(task.folder(run) / FAILURE) for task in tasks if has_failed(task, run)]
    return pd.DataFrame(rows, columns=["kind", "label", "ligand", "site", "reason", "message"])


def _stages(tasks: Sequence[Task], run: Path) -> pd.DataFrame:
    """Working time by kind of task, in seconds and in core seconds."""
    import pandas as pd

    rows = []
    for kind, group in groupby(sorted(tasks, key=lambda task: task.kind), key=lambda task: task.kind):
        records = [read_result(task, run) for task in group if is_done(task, run)]
        rows.append(
            {
                "stage": kind,
                "tasks": len(records),
                "seconds": round(sum(r["seconds"] for r in records), 2),
                "core_seconds": round(sum(r["seconds"] * r["threads"] for r in records), 2),
            }
        )
    return pd.DataFrame(rows)


def task_table(task: Task, run: Path, name: str) -> pd.DataFrame:
    """Read a table that an analysis wrote."""
    import pandas as pd

    return pd.read_csv(task.folder(run) / f"{name}.csv")


def _concatenated(tasks: Sequence[Task], run: Path, name: str) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for task in _done(tasks, run, "analyse"):
        part = task_table(task, run, name)
        part.insert(0, "ligand", task.inputs["ligand"])
        part.insert(1, "site", task.inputs["site"])
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _write_poses(tasks: Sequence[Task], run: Path) -> None:
    from dock.docking.pose import write_poses

    by_site: dict[str, list[Pose]] = {}
    for task in [*_done(tasks, run, "dock"), *_done(tasks, run, "refine")]:
        by_site.setdefault(task.inputs["site"], []).extend(load_poses(task.folder(run)))
    for site, poses in by_site.items():
        write_poses(run / "poses" / f"{site}.sdf", poses)


def _link(source: Path, target: Path) -> None:
    """Show a task's file under a name for people: a hard link, or a copy where there is none."""
    with atomic_path(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copy2(source, temporary)


TABLES: dict[str, Callable[[Sequence[Task], Path], pd.DataFrame]] = {
    "ligands": _ligands,
    "poses": _poses,
    "searches": _searches,
    "gate": _gates,
    "cross_docking": _cross_dockings,
    "occupancy": _occupancy,
    "simulations": _simulations,
    "runs": _runs,
    CONTACTS: lambda tasks, run: _concatenated(tasks, run, CONTACTS),
    "ions": _ions,
    ION_DISTANCES: lambda tasks, run: _concatenated(tasks, run, "ions"),
    "penalties": _penalties,
    HYDROGEN_BONDS: lambda tasks, run: _concatenated(tasks, run, HYDROGEN_BONDS),
    "comparisons": _comparisons,
    "failures": _failures,
    "stages": _stages,
}
