"""Measure the memory of `dock screen` from 100 to 10,000 lines, with everything real but the engine.

python benchmarks/screen_memory.py

The search of each ligand is left out (10,000 would take ten hours): its conformer stands for a pose. Reading,
preparation, the stream between processes, the database and the writing of results are those of a screen; what a
worker that docks takes is in screening.py. Rewrites the section between the markers in benchmarks/RESULTS.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from ligand_library import Run, library_rows, watch_memory
from section import replace_section

import dock
from dock.campaign import screen as campaign_screen
from dock.docking.screening import SCREENING, Job, Screener
from dock.docking.search import Search
from dock.ligands.library import Library
from dock.ligands.states import PreparationSettings

SIZES = (100, 1_000, 10_000)
MEASURES = {"cnn_probability": 0.5, "cnn_affinity_pK": 5.0, "vinardo_kcal_mol": -5.0, "strain_kcal_mol": 0.0}


class Still(Screener):
    """A screener that does not search."""

    def __call__(self, job: Job) -> Search:
        """Return a search that found the ligand's conformer."""
        if job.ligand is None:
            raise job.error or ValueError(job.name)
        return [
            dock.Pose(job.ligand, job.ligand.mol, self.site, self.site, 1, -5.0, 1, "still", 1, "", MEASURES)
        ]


def main() -> None:
    rows = ["| lines | ligands written | peak memory / MB: parent | largest worker |", "|---|---|---|---|"]
    for size in SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            library = Path(scratch) / "library.smi"
            library.write_bytes(b"".join(library_rows(size)))
            with subprocess.Popen([sys.executable, __file__, str(library), f"{scratch}/run"]) as process:
                run = Run(0.0, 0.0, 0)
                watch_memory(process, run)
            poses = Path(scratch) / "run" / "tables" / "poses.csv"
            written = len(poses.read_text().splitlines()) - 1
        rows.append(
            f"| {size} | {written} | {run.parent / 1e6:.0f} | {max(run.workers.values()) / 1e6:.0f} |"
        )
        print(rows[-1], flush=True)
    replace_section("screen_memory.py", "\n".join(rows))


def screen(library: str, folder: str) -> None:
    campaign_screen.Screener = Still  # type: ignore[misc]
    receptor = dock.Receptor.from_catalogue("sert")
    preparation = PreparationSettings(stereo="enumerate")
    campaign_screen.Screen(Path(folder), receptor, "allosteric", SCREENING, preparation).run(
        Library([library])
    )


if __name__ == "__main__":
    screen(*sys.argv[1:]) if sys.argv[1:] else main()
