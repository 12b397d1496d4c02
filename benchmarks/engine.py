"""Measure the engine: against bare OpenMM, the site against OpenMM's own implicit solvent, and how soon it starts.

    python benchmarks/engine.py                      on the processor's cores
    python benchmarks/engine.py --platform CUDA      on a card, with the membrane and several simulations at once

Everything is S-citalopram in the orthosteric site of SERT (its known pose). What is compared is measured in turns
in one run, since machines are noisy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import openmm
from openmm import app, unit
from section import replace_section

import dock
from dock.dynamics import engine, ensemble
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield import minimisation
from dock.forcefield.platforms import Processor, choose_processor
from dock.systems.building import build_system
from dock.systems.complexes import ComplexSystem, SystemSettings

TURNS = 5
AT_ONCE = 4
# Steps of a turn on two cores (on a card a hundred times as many), and turns: short ones, since a machine's pace
# changes within a minute by more than the engine costs.
STEPS = {"site": 500, "implicit": 100, "membrane": 60}
IN_TURNS = {"site": 15, "implicit": 5, "membrane": 5}


def complex_of(kind: str) -> tuple[ComplexSystem, SimulationSettings]:
    """Return the complex as a system of a kind, with the settings that are the default for it."""
    receptor, ligand = dock.Receptor.from_catalogue("sert"), dock.Ligand.from_catalogue("escitalopram")
    known = receptor.references["orthosteric"]
    pose = dock.Pose.known(ligand, known, "orthosteric")
    settings = SimulationSettings(system=SystemSettings(kind=kind))
    settings = settings.resolved(receptor, choose_processor("CPU"))
    return build_system(receptor, pose, settings.system), settings


def engine_rate(
    system: ComplexSystem, settings: SimulationSettings, processor: Processor, steps: int
) -> float:
    """Return the engine's steps per second in production, with frames, tables and checkpoints."""
    production = f"{steps * settings.timestep.value_in('ps'):.6f} ps"
    ours = SimulationSettings(
        **{
            **settings.model_dump(mode="json"),
            "minimisation_steps": 20,
            "equilibration": "0.1 ps",
            "production": production,
            "frame_interval": settings.frame_interval if steps >= settings.frame_steps else production,
        }
    )
    marks: list[tuple[float, float]] = []
    before = ours.equilibration_steps / ours.steps

    def mark(fraction: float) -> None:
        if fraction > before:
            marks.append((fraction, time.perf_counter()))

    with tempfile.TemporaryDirectory() as folder:
        engine.simulate(system, ours, processor, Path(folder), progress=mark)
        ended = time.perf_counter()  # the last save included
    (first, started), done = marks[0], 1.0
    return (done - first) * ours.steps / (ended - started)


def bare_rate(system: ComplexSystem, settings: SimulationSettings, processor: Processor, steps: int) -> float:
    """Return the steps per second of OpenMM's integrator over the same system, and nothing else."""
    stepped = ensemble.running_system(system, settings, restraining=False, seed=1)
    integrator = openmm.LangevinMiddleIntegrator(310, 1.0, settings.timestep.value_in("ps"))
    integrator.setConstraintTolerance(minimisation.CONSTRAINT_PRECISION)
    context = processor.context(stepped, integrator)
    context.setPositions(system.positions)
    openmm.LocalEnergyMinimizer.minimize(context, 10.0, 20)
    context.setVelocitiesToTemperature(310, 1)
    integrator.step(10)
    context.getState(energy=True)
    started = time.perf_counter()
    integrator.step(steps)
    context.getState(energy=True)
    return steps / (time.perf_counter() - started)


def ns_per_day(rate: float, settings: SimulationSettings) -> float:
    return rate * settings.timestep.value_in("ns") * 86400


def against_bare(kinds: list[str], processor: Processor, scale: int) -> list[str]:
    """Return rows of engine against bare OpenMM, in turns."""
    rows = [
        f"| system, {processor.platform} | atoms | bare OpenMM, ms a step | engine, ms a step | ns/day | engine / bare, median (range; turns) |",
        "|---|---|---|---|---|---|",
    ]
    for kind in kinds:
        system, settings = complex_of(kind)
        steps = STEPS[kind] * scale
        bare, ours = [], []
        for _ in range(IN_TURNS[kind]):
            bare.append(bare_rate(system, settings, processor, steps))
            ours.append(engine_rate(system, settings, processor, steps))
        ratios = [one / two for one, two in zip(ours, bare, strict=True)]
        rate = statistics.median(ours)
        rows.append(
            f"| {kind} | {len(system.positions)} | {1e3 / statistics.median(bare):.2f} | {1e3 / rate:.2f} "
            f"| {ns_per_day(rate, settings):.2f} | **{statistics.median(ratios):.3f}** "
            f"({min(ratios):.3f} to {max(ratios):.3f}; {len(ratios)}) |"
        )
    return rows


def against_openmms_own(processor: Processor) -> list[str]:
    """Return what the site is faster than the whole receptor with OpenMM's implicit/obc2.xml."""
    site, _ = complex_of("site")
    receptor = dock.Receptor.from_catalogue("sert")
    field = app.ForceField("amber14/protein.ff14SB.xml", "amber14/tip3p.xml", "implicit/obc2.xml")
    theirs = field.createSystem(
        receptor.topology,
        nonbondedMethod=app.CutoffNonPeriodic,
        nonbondedCutoff=1.2 * unit.nanometer,
        constraints=app.HBonds,
        hydrogenMass=3.0,
    )

    def rate(system: Any, positions: Any, steps: int) -> float:
        context = processor.context(system, openmm.LangevinMiddleIntegrator(310, 1.0, 0.002))
        context.setPositions(positions)
        context.getIntegrator().step(2)
        started = time.perf_counter()
        context.getIntegrator().step(steps)
        return (time.perf_counter() - started) / steps * 1e3

    ratios, small, large = [], [], []
    for _ in range(TURNS):
        small.append(rate(site.system, site.positions, 300))
        large.append(rate(theirs, receptor.positions, 8))
        ratios.append(large[-1] / small[-1])
    return [
        f"Whole receptor in `implicit/obc2.xml` {statistics.median(large):.0f} ms a step, the site {statistics.median(small):.1f} ms: "
        f"**{statistics.median(ratios):.0f} times** as fast (target: 15; {min(ratios):.0f} to {max(ratios):.0f} in {TURNS} turns)."
    ]


@contextmanager
def known_pose() -> Iterator[Path]:
    from rdkit import Chem

    mol = Chem.Mol(dock.Receptor.from_catalogue("sert").references["orthosteric"])
    mol.SetProp("_Name", "escitalopram")
    with tempfile.TemporaryDirectory() as folder:
        with Chem.SDWriter(f"{folder}/pose.sdf") as writer:
            writer.write(mol)
        yield Path(folder)


def time_to_production(platform: str) -> list[str]:
    """Return the seconds from `dock simulate` to its first production step, the receptor's parameters cached."""
    times = []
    with known_pose() as folder:
        # A frame for each step: the trajectory appears with the first.
        (folder / "one.yaml").write_text("{production: 4 fs, frame_interval: 4 fs, replicas: 1}")
        for turn in range(TURNS + 1):
            run = folder / f"run-{turn}"
            command = [
                sys.executable,
                "-m",
                "dock.cli.main",
                "simulate",
                str(folder / "pose.sdf"),
                "-o",
                str(run),
            ]
            started = time.perf_counter()
            process = subprocess.Popen(
                [*command, "--settings", str(folder / "one.yaml"), "--platform", platform],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while not list(run.glob("tasks/simulate/*/trajectory.xtc")) and process.poll() is None:
                time.sleep(0.02)
            times.append(time.perf_counter() - started)
            if process.wait() != 0:
                raise SystemExit("dock simulate failed")
    later = times[1:]  # the first fills the cache
    return [
        f"From `dock simulate` to the first production step (minimisation and equilibration included): "
        f"**{statistics.median(later):.1f} s** (target: 10; {min(later):.1f} to {max(later):.1f} in {TURNS} turns)."
    ]


def _one_of_several(arguments: tuple[str, Processor, int]) -> float:
    kind, processor, steps = arguments
    system, settings = complex_of(kind)
    return engine_rate(system, settings, processor, steps)


def several_at_once(processor: Processor, scale: int) -> list[str]:
    """Return the sum of the rates of several simulations on one card, against one alone."""
    rows = [f"| system | one alone, ns/day | {AT_ONCE} at once, sum | ratio |", "|---|---|---|---|"]
    for kind in ("site", "implicit"):
        system, settings = complex_of(kind)
        work = (kind, processor, STEPS[kind] * scale)
        alone = ns_per_day(engine_rate(system, settings, processor, work[2]), settings)
        with ProcessPoolExecutor(AT_ONCE, mp_context=get_context("spawn")) as pool:
            together = sum(ns_per_day(r, settings) for r in pool.map(_one_of_several, [work] * AT_ONCE))
        rows.append(f"| {kind} | {alone:.0f} | {together:.0f} | **{together / alone:.2f}** |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--platform", default="CPU")
    parser.add_argument("--membrane", action="store_true", help="on the processor's cores, too")
    asked = parser.parse_args()
    processor = choose_processor(asked.platform)
    parts: list[Callable[[], list[str]]]
    if processor.gpu:
        parts = [
            lambda: against_bare(["site", "implicit", "membrane"], processor, 100),
            lambda: several_at_once(processor, 100),
            lambda: time_to_production(asked.platform),
        ]
    else:
        kinds = ["site", "implicit", *(["membrane"] if asked.membrane else [])]
        parts = [
            lambda: against_bare(kinds, processor, 1),
            lambda: against_openmms_own(processor),
            lambda: time_to_production(asked.platform),
        ]
    lines = [f"{os.cpu_count()} cores, OpenMM {openmm.__version__}."]
    for part in parts:
        lines += ["", *part()]
    print("\n".join(lines))
    replace_section("engine.py gpu" if processor.gpu else "engine.py", "\n".join(lines))


if __name__ == "__main__":
    main()
