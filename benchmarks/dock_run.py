"""Measure the main job: stages of `dock run`, redocking, and the speed of every system.

    python benchmarks/dock_run.py

runs the default campaign in a fresh folder with a cold cache, redocks S-citalopram with seeds 1
to 5, and rewrites the section between the markers in benchmarks/RESULTS.md.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from section import replace_section

SEEDS = (1, 2, 3, 4, 5)


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
    versions = ", ".join(f"{name} {version}" for name, version in software_versions().items())
    lines = [
        f"Measured on {date.today().isoformat()} on {available_cores()} cores of {processor_name()}, no GPU",
        f"({platform.system()}, Python {platform.python_version()}), by `benchmarks/dock_run.py`; {versions}.",
        "",
        "## `dock run`, cold cache",
        "",
        f"Command to report: **{wall:.0f} s** (target: under 360 s); two workers of one thread each.",
        "Core seconds are summed over the tasks of a stage.",
        "",
        "| stage | tasks | core seconds |",
        "|---|---|---|",
        *(f"| {row.stage} | {row.tasks} | {row.core_seconds:.1f} |" for row in stages.itertuples()),
        "",
        "## Redocking of S-citalopram in the orthosteric site of the SERT model",
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
        "## Simulated systems",
        "",
        "`site` systems, 8 A kept and 5 A mobile, native OBC2, 1.2 nm cutoff, CPU platform, one thread each with",
        f"two running side by side; {runs['steps'].iloc[0]} steps a replica.",
        "",
        "| complex | replica | atoms | mobile | ms per step | mean temperature / K |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row.ligand} in {row.site} | {row.replica} | {row.atoms} | {row.mobile_atoms} | {row.ms_per_step:.1f}"
            f" | {row.mean_temperature_K:.0f} |"
            for row in runs.itertuples()
        ),
    ]
    return "\n".join(lines)


def processor_name() -> str:
    """Return the name of the processor as Linux tells it."""
    information = Path("/proc/cpuinfo")
    names = information.read_text().splitlines() if information.exists() else []
    return next(
        (line.split(":")[1].strip() for line in names if line.startswith("model name")), platform.machine()
    )


if __name__ == "__main__":
    main()
