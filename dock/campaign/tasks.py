"""What each kind of task does: reads the results it needs, works, writes its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.campaign.plan import Task
from dock.core.errors import DockError, GateError, StoppedError, TaskError
from dock.core.files import read_json, write_json, write_text
from dock.core.records import software_versions

if TYPE_CHECKING:
    from dock.docking.pose import Pose
    from dock.dynamics.platforms import Precision, Processor
    from dock.dynamics.systems import ComplexSystem, SystemSettings
    from dock.receptors import Receptor

RESULT, FAILURE = "result.json", "failure.json"
POSES, LIGAND, BILAYER = "poses.sdf", "ligand.sdf", "bilayer.npz"
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Conditions:
    """Under which conditions tasks are done; no result depends on them.

    Attributes
    ----------
    processor : Processor
        Chosen once for all.
    threads : int
        Processor threads that a task may use.
    device : str, optional
        Index of the card that a task uses.
    deadline : float
        The time (`time.time()`) at which simulations save and stop.
    accept_changes : bool
        Whether simulations that other software began are continued.
    """

    processor: Processor
    threads: int = 1
    device: str | None = None
    deadline: float = inf
    accept_changes: bool = False


class TaskContext:
    """What a task works with: its inputs, the run folder and the machine.

    Parameters
    ----------
    progress
        Called with the fraction done.
    """

    def __init__(self, task: Task, run: Path, conditions: Conditions, progress: Progress) -> None:
        self.task = task
        self.run = run
        self.conditions = conditions
        self.threads = conditions.threads
        self.progress = progress
        self.folder = task.folder(run)

    def needed(self, role: str) -> Path:
        """Return the folder of a needed task."""
        return self.task.needed(self.run, role)

    def receptor(self) -> Receptor:
        """Load the campaign's receptor."""
        return load_receptor(self.needed("receptor"))

    def pose_and_receptor(self, role: str = "search") -> tuple[Pose, Receptor]:
        """Load the best pose of a search, and the receptor that it lies in, see `pose_and_receptor`."""
        return pose_and_receptor(self.task, self.run, role)

    def system(self, receptor: Receptor, pose: Pose, settings: SystemSettings) -> ComplexSystem:
        """Build the system that is simulated."""
        from dock.dynamics.bilayer import Bilayer
        from dock.dynamics.region import Region
        from dock.dynamics.systems import build_system

        bilayer = Bilayer.load(self.needed("membrane") / BILAYER) if "membrane" in self.task.needs else None
        region = None
        if "region" in self.task.needs:
            region = Region.from_record(read_json(self.needed("region") / RESULT)["result"]["region"])
        return build_system(receptor, pose, settings, bilayer, region=region)

    def processor(self, precision: Precision = "mixed") -> Processor:
        """Return the processor of a simulation."""
        return self.conditions.processor.configured(self.threads, precision, self.conditions.device)


def perform(task: Task, run: Path, conditions: Conditions, progress: Progress) -> dict[str, Any] | None:
    """Do a task and record how it went; return None, or the failure.

    The result file is written last, so that its presence means completeness. Failures are
    recorded beside it, and a later run tries again.

    Raises
    ------
    StoppedError
        If the time was up; a later run continues.
    """
    folder = task.folder(run)
    started = time.perf_counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for left_over in folder.glob(".*"):  # of a run that was killed while writing
            left_over.unlink()
        result = KINDS[task.kind](TaskContext(task, run, conditions, progress))
        seconds = round(time.perf_counter() - started, 3)
        record = {"kind": task.kind, "label": task.label, "inputs": task.inputs, "needs": task.needs}
        how = {"seconds": seconds, "threads": conditions.threads, "versions": software_versions()}
        write_json(folder / RESULT, record | how | {"result": result})
    except StoppedError:
        raise
    except DockError as error:
        return record_failure(task, run, error)
    except Exception as error:  # what the code did not foresee must not stop the other tasks
        return record_failure(task, run, TaskError(task.label, f"{type(error).__name__}: {error}"))
    return None


def record_failure(task: Task, run: Path, error: DockError) -> dict[str, Any]:
    """Write down why a task failed, and return what was written."""
    failure = {
        "kind": task.kind,
        "label": task.label,
        "ligand": task.inputs.get("ligand", task.inputs.get("name", "")),
        "site": task.inputs.get("site", ""),
        "reason": type(error).__name__,
        "message": str(error),
    }
    task.folder(run).mkdir(parents=True, exist_ok=True)
    write_json(task.folder(run) / FAILURE, failure)
    return failure


def is_done(task: Task, run: Path) -> bool:
    """Return whether a task's result is there, and leaves out nothing that has succeeded since."""
    if not (task.folder(run) / RESULT).exists():
        return False
    if not task.enough:
        return True
    there = [(task.needed(run, role) / RESULT).exists() for role in task.enough]
    lost: int = read_result(task, run)["result"]["lost"]
    return there.count(False) >= lost


def has_failed(task: Task, run: Path) -> bool:
    """Return whether a task failed when it was last tried."""
    return not is_done(task, run) and (task.folder(run) / FAILURE).exists()


def read_result(task: Task, run: Path) -> dict[str, Any]:
    """Return the record of a finished task."""
    record: dict[str, Any] = read_json(task.folder(run) / RESULT)
    return record


def load_receptor(folder: Path) -> Receptor:
    """Load the receptor that a receptor task wrote."""
    from dock.receptors import Receptor

    return Receptor.from_folder(folder)


def load_poses(folder: Path) -> list[Pose]:
    """Load the poses that a dock task kept, best first, with their ligand."""
    from dock.docking.pose import Pose, read_mols
    from dock.ligands import Ligand
    from dock.ligands.normal import normal_form

    ligand = Ligand.load(folder / LIGAND)
    records = read_json(folder / RESULT)["result"]["poses"]
    mols = map(normal_form, read_mols(folder / POSES))
    return [Pose(ligand=ligand, mol=mol, **record) for record, mol in zip(records, mols, strict=True)]


def best_pose(folder: Path) -> Pose:
    """Load the pose that a dock task chose to be simulated."""
    best: int = read_json(folder / RESULT)["result"]["best"]
    return load_poses(folder)[best]


def pose_and_receptor(task: Task, run: Path, role: str = "search") -> tuple[Pose, Receptor]:
    """Load the best pose of a search that a task needs, and the receptor that gave way to it, if it is refined."""
    refined = task.kinds[role] == "refine"
    folder = task.needed(run, role)
    return best_pose(folder), load_receptor(folder if refined else task.needed(run, "receptor"))


def _receptor(context: TaskContext) -> dict[str, Any]:
    from dock.dynamics.model import open_receptor

    inputs = context.task.inputs
    receptor = open_receptor(inputs["source"], inputs["changes"])
    receptor.save(context.folder)
    return {"atoms": receptor.topology.getNumAtoms(), "sites": list(receptor.sites)}


def _ligand(context: TaskContext) -> dict[str, Any]:
    from dock.campaign.libraries import ligand_of
    from dock.ligands import Ligand

    inputs = context.task.inputs
    if "provenance" in inputs:
        ligand = ligand_of(inputs)
    elif inputs["catalogue"]:
        ligand = Ligand.from_catalogue(inputs["name"])
    else:
        ligand = Ligand.from_smiles(inputs["smiles"], inputs["name"], inputs["ph"])
    ligand.write(context.folder / LIGAND)
    return ligand.record()


def _dock(context: TaskContext) -> dict[str, Any]:
    from dock.docking.engine import DockingSettings
    from dock.docking.redocking import redocking_gate
    from dock.docking.search import search_site
    from dock.ligands import Ligand

    ligand = Ligand.load(context.needed("ligand") / LIGAND)
    receptor = context.receptor()
    site = receptor.site(context.task.inputs["site"])
    for other, name in context.task.inputs.get("occupied", {}).items():
        receptor = receptor.with_occupant(other, name, best_pose(context.needed("occupant")).mol)
    settings = DockingSettings(**context.task.inputs["settings"])
    search = search_site(receptor, ligand, site, settings, context.threads)
    gate = None
    known = receptor.references.get(site.name)
    if known is not None and known.GetProp("_Name") == ligand.name and not receptor.occupants:
        gate = redocking_gate(receptor, search, known).records()
    return _kept(context, receptor, search.kept) | {
        "places": search.places,
        "searches": search.searches,
        "outcomes": search.outcomes(),
        "failures": [asdict(failure) for failure in search.failures],
        "top_energies_kcal_mol": [pose.properties["vinardo_kcal_mol"] for pose in search.tops],
        "redocking": gate,
    }


def _kept(context: TaskContext, receptor: Receptor, poses: Sequence[Pose]) -> dict[str, Any]:
    """Write poses, best first, and return what is recorded of them."""
    from dock.docking.pose import write_poses
    from dock.ligands import stereo

    ligand, site = poses[0].ligand, poses[0].searched
    write_poses(context.folder / POSES, poses)
    ligand.write(context.folder / LIGAND)
    known = receptor.references.get(site)
    if known is not None and stereo.constitution(known) != ligand.constitution:
        known = None
    return {
        "poses": [_pose_fields(pose) for pose in poses],
        "best": 0,
        "reference_rmsd_A": [None if known is None else round(pose.rmsd(known), 3) for pose in poses],
    }


def _pose_fields(pose: Pose) -> dict[str, Any]:
    return {
        "site": pose.site,
        "searched": pose.searched,
        "rank": pose.rank,
        "score": pose.score,
        "seed": pose.seed,
        "engine": pose.engine,
        "conformer": pose.conformer,
        "occupied": pose.occupied,
        "properties": dict(pose.properties),
        "checks": dict(pose.checks),
    }


def _refine(context: TaskContext) -> dict[str, Any]:
    from dock.dynamics.refinement import RefinementSettings, refine

    receptor = context.receptor()
    settings = RefinementSettings(**context.task.inputs["settings"])
    refined = refine(receptor, load_poses(context.needed("search")), settings, context.processor())
    refined[0].receptor.save(context.folder)
    return _kept(context, receptor, [one.pose for one in refined])


def _crossdock(context: TaskContext) -> dict[str, Any]:
    from dock.docking.crossdocking import cross_dock
    from dock.docking.engine import DockingSettings
    from dock.receptors import Receptor

    inputs = context.task.inputs
    pair = (context.receptor(), Receptor.from_catalogue(inputs["structure"]))
    into, ligand_from = pair[::-1] if inputs["into_other"] else pair
    settings = DockingSettings(**inputs["settings"])
    cross = cross_dock(into, ligand_from, inputs["site"], settings, context.threads)
    return {"seeds": cross.records(), "outcomes": cross.search.outcomes()}


def _gate(context: TaskContext) -> dict[str, Any]:
    from dock.docking.redocking import off_by

    rows = read_json(context.needed("search") / RESULT)["result"]["redocking"]
    passed = all(row["passed"] for row in rows)
    accepted = context.task.inputs["accept_failure"]
    if not passed and not accepted:
        raise GateError(
            f"{rows[0]['ligand']} in {rows[0]['site']}",
            f"the known pose was not found again ({off_by(rows)})",
            "results would mean little; to go on all the same set accept_failed_gate: true",
        )
    return {"passed": passed, "accepted": accepted, "seeds": rows}


def _region(context: TaskContext) -> dict[str, Any]:
    """Draw the region of a site around the best poses of every search that found one."""
    from dock.dynamics.region import region_around
    from dock.dynamics.systems import SystemSettings

    settings = SystemSettings(**context.task.inputs["settings"])
    done = [role for role in context.task.enough if (context.needed(role) / RESULT).exists()]
    places = [context.pose_and_receptor(role)[::-1] for role in done]
    region = region_around(places, settings)
    return {"region": region.to_record(places[0][0]), "lost": len(context.task.enough) - len(done)}


def _membrane(context: TaskContext) -> dict[str, Any]:
    from dock.dynamics.bilayer import MembraneSettings, build_bilayer
    from dock.dynamics.lipids import CHOLESTEROL

    settings = MembraneSettings(**context.task.inputs["settings"])
    bilayer = build_bilayer(context.receptor(), settings, context.processor())
    bilayer.save(context.folder / BILAYER)
    content = bilayer.content
    return {
        "lipids": len(content.lipids),
        "cholesterol": sum(molecule.name == CHOLESTEROL for molecule in content.molecules),
        "water": len(content.water),
        "atoms": len(content.positions),
        "box_nm": [round(float(edge), 3) for edge in content.box],
    }


def _simulate(context: TaskContext) -> dict[str, Any]:
    from dock.dynamics.engine import simulate
    from dock.dynamics.protocol import SimulationSettings

    inputs = context.task.inputs
    settings = SimulationSettings(**inputs["settings"])
    pose, receptor = context.pose_and_receptor()
    system = context.system(receptor, pose, settings.system)
    trajectory = simulate(
        system,
        settings,
        context.processor(settings.precision),
        context.folder,
        inputs["replica"],
        context.progress,
        context.conditions.deadline,
        context.conditions.accept_changes,
    )
    return trajectory.record


def _analyse(context: TaskContext) -> dict[str, Any]:
    """Measure a complex over its replicas; those that broke down are left out, and counted."""
    from dock.analysis.complexes import analyse_complex
    from dock.analysis.trajectory import ComplexTrajectory
    from dock.dynamics.protocol import SimulationSettings

    pose, receptor = context.pose_and_receptor()
    settings = SimulationSettings(**context.task.inputs["settings"])
    replicas = [context.needed(role) for role in context.task.enough]
    done = [folder for folder in replicas if (folder / RESULT).exists()]
    system = context.system(receptor, pose, settings.system)
    trajectories = [ComplexTrajectory.load(folder, pose, receptor, system.kind) for folder in done]
    analysis = analyse_complex(trajectories, system, context.processor(settings.precision), settings)
    for name, table in analysis.tables().items():
        write_text(context.folder / f"{name}.csv", table.to_csv(index=False))
    return analysis.summary() | {"lost": len(replicas) - len(done)}


KINDS: dict[str, Callable[[TaskContext], dict[str, Any]]] = {
    "receptor": _receptor,
    "ligand": _ligand,
    "dock": _dock,
    "gate": _gate,
    "crossdock": _crossdock,
    "refine": _refine,
    "region": _region,
    "membrane": _membrane,
    "simulate": _simulate,
    "analyse": _analyse,
}
