"""Measure the main job: stages of `dock run`, redocking, and the speed of every system.

    python benchmarks/dock_run.py

runs the default campaign in a fresh folder with a cold cache, redocks S-citalopram with seeds 1
to 5, and rewrites the section between the markers in benchmarks/RESULTS.md.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from section import replace_section

SEEDS = (1, 2, 3, 4, 5)
STEPS, TURNS = 500, 3


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["DOCK_CACHE"] = str(Path(scratch) / "cache")
        run = Path(scratch) / "run"
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "dock.cli.main", "run", "-o", str(run)], check=True)
        wall = time.perf_counter() - started
        text = report(run, wall)
    replace_section("dock_run.py", text)


def report(run: Path, wall: float) -> str:
    """Return the section as Markdown."""
    import dock
    from dock.core.records import software_versions
    from dock.core.workers import available_cores

    campaign = dock.Campaign.open(run)
    stages = campaign.table("stages")
    runs = campaign.table("runs")
    settings = dock.DockingSettings(seeds=SEEDS)
    receptor = dock.Receptor.from_catalogue("sert")
    started = time.perf_counter()
    search = dock.pose(receptor, "escitalopram", "orthosteric", settings)
    docking = (time.perf_counter() - started) / len(SEEDS)
    gate = dock.redocking_gate(receptor, search, receptor.references["orthosteric"])
    searching, stepping = least_work(run, available_cores())
    own = float((runs["ms_per_step"] * runs["steps"]).sum()) / 1e3 / available_cores()
    ratios = sorted(wall / (search + step) for search, step in zip(searching, stepping, strict=True))
    versions = ", ".join(f"{name} {version}" for name, version in software_versions().items())
    lines = [
        f"Measured on {date.today().isoformat()} on {available_cores()} cores of {processor_name()}, no GPU",
        f"({platform.system()}, Python {platform.python_version()}), by `benchmarks/dock_run.py`; {versions}.",
        "",
        "### `dock run`, cold cache",
        "",
        f"Command to report: **{wall:.0f} s** (target: under 360 s); two workers of one thread each.",
        f"The searches alone by rustina {between(searching)} s, the steps alone by OpenMM {between(stepping)} s, measured after",
        f"it on the same machine in {TURNS} turns, two side by side: the run takes **{np.median(ratios):.2f} times** as long (target: 1.15;",
        f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {TURNS} turns; {wall / (np.median(searching) + own):.2f} with the steps as timed in the run, {own:.0f} s).",
        "Core seconds are summed over the tasks of a stage.",
        "",
        "| stage | tasks | core seconds |",
        "|---|---|---|",
        *(f"| {row.stage} | {row.tasks} | {row.core_seconds:.1f} |" for row in stages.itertuples()),
        "",
        "### Redocking of S-citalopram in the orthosteric site of the SERT model",
        "",
        "Generated conformer, 24 A box, symmetry-aware heavy-atom RMSD without fitting, to the deposited pose;",
        f"{docking:.1f} s per seed with {available_cores()} threads, checks and preparation included.",
        "",
        "| seed | top pose / A | best of its poses / A | score / kcal/mol | contacts | PoseBusters |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row['seed']} | {row['top_rmsd_A']:.2f} | {row['best_rmsd_A']:.2f} | {row['top_score_kcal_mol']:.2f}"
            f" | {row['contacts']} | {row['checks']} |"
            for row in gate.records()
        ),
        "",
        "### Simulated systems",
        "",
        "`site` systems, 8 A kept and 5 A mobile, native OBC2, 1.2 nm cutoff, CPU platform, one thread each with",
        "two running side by side.",
        "",
        "| complex | replica | atoms | mobile | ms per step | equilibration / ps | T, first quarter / K | T / K |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {row.ligand} in {row.site} | {row.replica} | {row.atoms} | {row.mobile_atoms} | {row.ms_per_step:.1f}"
            f" | {row.equilibration_ps:.1f} | {row.first_frames_temperature_K:.0f} | {row.mean_temperature_K:.0f} |"
            for row in runs.itertuples()
        ),
        "",
        "### What it found",
        "",
        "| complex | quantity | mean | error |",
        "|---|---|---|---|",
        *(
            f"| {row.ligand} in {row.site} | {row.quantity} | {row.mean:.2f} | {row.error:.2f} |"
            for row in campaign.table("simulations").itertuples()
        ),
        "",
        "| kind | first | second | quantity | difference | error | resolved |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {row.kind} | {row.first} | {row.second} | {row.quantity} | {row.difference:.2f} | {row.error:.2f}"
            f" | {'yes' if row.resolved else 'no'} |"
            for row in campaign.table("comparisons").itertuples()
            if row.error == row.error
        ),
        "",
        "| complex | ion | mean distance to what holds it, at first / A | over all / A | largest shift / A |",
        "|---|---|---|---|---|",
        *(
            f"| {row.ligand} in {row.site} | {row.ion} | {row.first_A:.2f} | {row.mean_A:.2f} | {row.shift_A:.2f} |"
            for row in campaign.table("ions").itertuples()
        ),
    ]
    return "\n".join(lines)


def between(values: Sequence[float]) -> str:
    """Return the smallest and the largest number in words."""
    return f"{min(values):.0f} to {max(values):.0f}"


def least_work(run: Path, workers: int) -> tuple[list[float], list[float]]:
    """Return what the searches and the steps of a run take without anything around them, in seconds of the run.

    One search of each docking, and some steps of each site, by the engines alone, as many side by side as the run
    had workers; multiplied by how many searches and steps the run made. A number for each turn, since a machine's
    pace changes.
    """
    import dock
    from dock.steps.simulate import Simulate

    campaign = dock.Campaign.open(run)
    pairs = [
        (ligand, site)
        for ligand in ("escitalopram", "r-citalopram")
        for site in ("orthosteric", "allosteric")
    ]
    simulated = [step for step in campaign.succeeded if isinstance(step, Simulate) and step.replica == 1]
    made = int(campaign.table("searches")["searches"].sum())
    steps = int(campaign.table("runs")["steps"].sum())
    searching, stepping = [], []
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for _ in range(TURNS):
            searches = pool.map(raw_search, pairs, chunksize=1)
            each = pool.map(raw_step, [(run, step.label) for step in simulated], chunksize=1)
            searching.append(made * float(np.mean(searches)) / workers)
            stepping.append(steps * float(np.mean(each)) / workers)
    return searching, stepping


def raw_search(pair: tuple[str, str]) -> float:
    """Return the seconds of one search by rustina, from a prepared site to its poses."""
    import dock
    from dock.docking.engines import make_engine

    receptor, ligand = dock.Receptor.from_catalogue("sert"), dock.Ligand.from_catalogue(pair[0])
    engine = make_engine("rustina", receptor, receptor.site(pair[1]), 1)
    started = time.perf_counter()
    engine.place(ligand, 1, dock.DockingSettings())
    return time.perf_counter() - started


def raw_step(of: tuple[Path, str]) -> float:
    """Return the seconds of one step of a system that the run simulated, by OpenMM alone on one thread.

    Parameters
    ----------
    of
        The run, and the label of the step that simulated it.
    """
    import openmm

    import dock
    from dock.forcefield.platforms import choose_processor
    from dock.steps.simulate import Simulate

    run, label = of
    campaign = dock.Campaign.open(run)
    step = next(step for step in campaign.steps if step.label == label)
    assert isinstance(step, Simulate)
    processor = choose_processor("CPU", 1)
    system, _, _ = step.system(campaign.store)
    context = processor.context(system.system, openmm.LangevinMiddleIntegrator(310, 1, 0.004))
    context.setPositions(system.positions)
    openmm.LocalEnergyMinimizer.minimize(context, 10.0, 50)
    context.getIntegrator().step(20)
    started = time.perf_counter()
    context.getIntegrator().step(STEPS)
    return (time.perf_counter() - started) / STEPS


def processor_name() -> str:
    """Return the name of the processor as Linux tells it."""
    information = Path("/proc/cpuinfo")
    names = information.read_text().splitlines() if information.exists() else []
    return next(
        (line.split(":")[1].strip() for line in names if line.startswith("model name")), platform.machine()
    )


if __name__ == "__main__":
    main()
