"""Kill a simulation with SIGKILL at random moments, and see that nothing is lost and nothing done twice.

    python benchmarks/kills.py [--kills 20] [--seed 1]

S-citalopram in the orthosteric site is simulated by a process of its own, which is killed again and again, every
fourth time while it starts; then the same command is let to its end. The trajectory must have the planned frames at
the planned times, the table the same rows, and the last state the planned number of steps. Exit code 1 if not.
"""

from __future__ import annotations

import argparse
import pickle
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from section import replace_section

from dock.core.files import read_json
from dock.dynamics.checkpoint import Checkpoint
from dock.dynamics.engine import RECORD, simulate
from dock.dynamics.frames import ENERGIES, STATE, TOPOLOGY, TRAJECTORY
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield.platforms import choose_processor
from dock.systems.building import build_system
from dock.systems.complexes import SystemSettings

# Small and saved at every breath, so that a kill meets every part of it in seconds.
SETTINGS = SimulationSettings(
    minimisation_steps=5,
    equilibration="0.8 ps",
    production="8 ps",
    frame_interval="40 fs",
    checkpoint_interval="1 ms",
    system=SystemSettings(kind="site", kept_within="5 angstrom", mobile_within="4 angstrom"),
)

SYSTEM, READY, STEPPING = "system.pickle", "ready", "stepping"


def build(path: Path) -> None:
    """Build the system once and write it, so that its processes start soon."""
    from dock.docking.pose import Pose
    from dock.ligands import Ligand
    from dock.receptors import Receptor

    receptor, ligand = Receptor.from_catalogue("sert"), Ligand.from_catalogue("escitalopram")
    pose = Pose.known(ligand, receptor.references["orthosteric"], "orthosteric")
    path.write_bytes(pickle.dumps(build_system(receptor, pose, SETTINGS.system)))


def work(folder: Path) -> None:
    """Simulate, or go on, as the process does that is killed."""
    system = pickle.loads((folder.parent / SYSTEM).read_bytes())
    (folder / READY).touch()
    simulate(
        system, SETTINGS, choose_processor("CPU", 1), folder, progress=lambda _: (folder / STEPPING).touch()
    )


def start(folder: Path, mark: str) -> subprocess.Popen[bytes]:
    """Start the process and wait until it leaves a mark: that it begins, or that it has made steps."""
    for name in (READY, STEPPING):
        (folder / name).unlink(missing_ok=True)
    process = subprocess.Popen([sys.executable, __file__, "--work", str(folder)])
    await_mark(process, folder / mark)
    return process


def await_mark(process: subprocess.Popen[bytes], mark: Path) -> None:
    """Wait until a process has left a mark, or has ended."""
    while not mark.exists() and process.poll() is None:
        time.sleep(0.01)


def undisturbed(folder: Path) -> tuple[float, float]:
    """Return how many seconds the simulation takes to its first steps, and from there on, if nobody kills it."""
    process = start(folder, READY)
    began = time.perf_counter()
    await_mark(process, folder / STEPPING)
    stepping = time.perf_counter()
    if process.wait() != 0:
        raise SystemExit("the simulation fails by itself")
    return stepping - began, time.perf_counter() - stepping


def kill(folder: Path, mark: str, delay: float) -> str:
    """Start, kill some time after a mark, and return where that was as a row of the table."""
    process = start(folder, mark)
    time.sleep(delay)
    process.kill()
    ended = process.wait()
    saved = Checkpoint.load(folder)
    written = (folder / TRAJECTORY).stat().st_size if (folder / TRAJECTORY).exists() else 0
    if saved is None:
        return f"{delay:.2f} | {ended} | minimisation | | |"
    part = "equilibration" if saved.step < SETTINGS.equilibration_steps else "production"
    part = "end" if (folder / RECORD).exists() else part
    return f"{delay:.2f} | {ended} | {part} | {saved.step} | {written - saved.trajectory_bytes} |"


def found(folder: Path) -> dict[str, object]:
    """Return what the finished simulation holds."""
    import mdtraj
    import pandas as pd
    from openmm import XmlSerializer
    from openmm.app import PDBxFile

    topology = mdtraj.Topology.from_openmm(PDBxFile(str(folder / TOPOLOGY)).topology)
    frames = mdtraj.load(str(folder / TRAJECTORY), top=topology)
    table = pd.read_csv(folder / ENERGIES)
    planned = SETTINGS.frame_interval.value_in("ps") * np.arange(1, SETTINGS.frames + 1)
    state = XmlSerializer.deserialize((folder / STATE).read_text())
    moved = np.abs(np.diff(frames.xyz, axis=0)).max(axis=(1, 2))
    return {
        "frames": frames.n_frames,
        "frames at the planned times": bool(
            len(frames.time) == len(planned) and np.abs(frames.time - planned).max() < 1e-4
        ),
        "rows at the planned times": bool(
            len(table) == len(planned) and np.abs(table["time_ps"] - planned).max() < 1e-9
        ),
        "frames that repeat the one before": int((moved == 0).sum()),
        "steps of the last state": state.getStepCount(),
        "steps in the record": read_json(folder / RECORD)["steps"],
        "sessions": len(read_json(folder / RECORD)["sessions"]),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--dry", action="store_true", help="leave RESULTS.md as it is")
    asked = parser.parse_args()
    if asked.work:
        work(asked.work)
        return 0
    random.seed(asked.seed)
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch) / SYSTEM)
        quiet, folder = Path(scratch) / "quiet", Path(scratch) / "killed"
        quiet.mkdir()
        folder.mkdir()
        start_up, stepping = undisturbed(quiet)
        rows = []
        for number in range(asked.kills):
            # Starts take time of their own. By the other kills seven tenths are done on average.
            starting = number % 4 == 0
            longest = start_up if starting else 1.4 * stepping / (0.75 * asked.kills)
            rows.append(kill(folder, READY if starting else STEPPING, random.uniform(0, longest)))
        if start(folder, READY).wait() != 0:
            return 1
        result = found(folder)
    expected = {
        "frames": SETTINGS.frames,
        "frames at the planned times": True,
        "rows at the planned times": True,
        "frames that repeat the one before": 0,
        "steps of the last state": SETTINGS.steps,
        "steps in the record": SETTINGS.steps,
    }
    lines = [
        f"Killed at {asked.kills} random moments; {SETTINGS.frames} frames and {SETTINGS.steps} steps were planned.",
        "",
        "| kill | after / s | exit code | last checkpoint in | its step | bytes of trajectory behind it |",
        "|---|---|---|---|---|---|",
        *(f"| {number} | {row}" for number, row in enumerate(rows, start=1)),
        "",
        "| afterwards | found | planned |",
        "|---|---|---|",
        *(f"| {name} | {value} | {expected.get(name, '')} |" for name, value in result.items()),
    ]
    print("\n".join(lines))
    if not asked.dry:
        replace_section("kills.py", "\n".join(lines))
    return 0 if expected.items() <= result.items() else 1


if __name__ == "__main__":
    sys.exit(main())
