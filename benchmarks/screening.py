"""Measure `dock screen` against the raw engine and against easydock, on the same ligands, in one run.

python benchmarks/screening.py [--easydock PATH] [--gpu]

easydock is of PyPI, in an environment of its own (with vina, pyyaml, scikit-learn, dask and distributed, which
it needs and does not ask for); PATH is its program. The library is made of the catalogue (see
ligand_library.py), one protonated isomer each, so that everyone docks the same molecules. Rewrites the
section between the markers in benchmarks/RESULTS.md.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ligand_library import Run, catalogue_analogues, watch_memory
from section import replace_section

import dock
from dock.core.workers import available_cores
from dock.docking import pdbqt
from dock.docking.engines.rustina import POSE_POOL, SEARCH_MODES, SEED_STRIDE, silenced_output
from dock.docking.screening import SCREENING
from dock.ligands.library import Entry
from dock.ligands.states import PreparationSettings, prepare

LIGANDS, FEW = 50, 16
SITE = "orthosteric"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--easydock", type=Path)
    options.add_argument("--gpu", action="store_true")
    given = options.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ligands = list(itertools.islice(molecules(), LIGANDS))
        receptor = dock.Receptor.from_catalogue("sert")
        text = pdbqt.receptor_pdbqt(receptor, receptor.site(SITE))
        all_of_them, few = library(folder / "all.smi", ligands), library(folder / "few.smi", ligands[:FEW])
        raw = raw_engine(text, receptor.site(SITE), ligands, "gpu" if given.gpu else "cpu")
        rows.append(("rustina.screen, raw: search and network alone, one pose each", LIGANDS, raw, None))
        flags = ["--gpu"] if given.gpu else []
        for label, path, number, arguments in (
            ("**dock screen**", all_of_them, LIGANDS, []),
            ("dock screen", few, FEW, []),
            ("dock screen, one worker on one core", few, FEW, ["--workers", "1"]),
            ("dock screen, Vina", few, FEW, ["--engines", "vina"]),
        ):
            run = screen(path, folder / f"run-{len(rows)}", [*arguments, *flags])
            rows.append((label, number, run.seconds, run))
        if given.easydock:
            seconds = easydock(given.easydock, few, text, receptor.site(SITE), folder)
            rows.append(("easydock 1.3.1, Vina", FEW, seconds, None))
    replace_section(f"screening.py{' gpu' if given.gpu else ''}", report(rows))


def molecules():
    """Yield ligands: of each analogue of the catalogue one isomer of its main protomer."""
    for number, (name, smiles) in enumerate(catalogue_analogues()):
        label = f"{name}-{number}"
        yield prepare(Entry(label, label, smiles=smiles), PreparationSettings())[0]


def library(path: Path, ligands: list[dock.Ligand]) -> Path:
    path.write_text("".join(f"{ligand.smiles}\t{ligand.name}\n" for ligand in ligands))
    return path


def raw_engine(receptor: str, site: dock.Site, ligands: list[dock.Ligand], device: str) -> float:
    """Return the seconds that the engine's own batch call takes, with the settings of a screen."""
    import rustina

    texts = [pdbqt.ligand_pdbqt(ligand) for ligand in ligands]
    started = time.perf_counter()
    with silenced_output():
        answers = rustina.screen(
            receptor, texts, *site.center, *site.box, runs=SCREENING.runs, seed=SEED_STRIDE,
            search_mode=SEARCH_MODES[device], threads=available_cores(), pose_pool_size=POSE_POOL,
            cnn_pool_size=POSE_POOL,
        )  # fmt: skip
    assert not [answer for answer in answers if "error" in answer]
    return time.perf_counter() - started


def screen(path: Path, folder: Path, arguments: list[str]) -> Run:
    """Run `dock screen` and watch the memory of its processes."""
    command = [sys.executable, "-m", "dock.cli.main", "screen", str(path), "--site", SITE, "-o", str(folder)]
    if "--workers" in arguments:
        command = ["taskset", "-c", "0", *command]
    started = time.perf_counter()
    with subprocess.Popen([*command, *arguments], stdout=subprocess.DEVNULL) as process:
        run = Run(0.0, 0.0, 0)
        watch_memory(process, run)
    run.seconds = time.perf_counter() - started
    assert process.returncode == 0, (folder / "tables" / "failures.csv").read_text()
    print(arguments, round(run.seconds, 1), flush=True)
    return run


def easydock(program: Path, path: Path, receptor: str, site: dock.Site, folder: Path) -> float:
    """Return the seconds that easydock takes, with Vina as `dock screen --engines vina` has it."""
    (folder / "receptor.pdbqt").write_text(receptor)
    box = "".join(
        f"center_{axis} = {center}\nsize_{axis} = {edge}\n"
        for axis, center, edge in zip("xyz", site.center, site.box, strict=True)
    )
    (folder / "box.txt").write_text(box)
    (folder / "vina.yml").write_text(
        f"protein: {folder / 'receptor.pdbqt'}\nprotein_setup: {folder / 'box.txt'}\n"
        f"exhaustiveness: {SCREENING.exhaustiveness}\nseed: 1\nn_poses: {SCREENING.modes}\nncpu: 1\n"
    )
    command = [program, "-i", path, "-o", folder / "easy.db", "--program", "vina", "--config", folder / "vina.yml",
               "-c", str(available_cores()), "--sdf"]  # fmt: skip
    started = time.perf_counter()
    subprocess.run(list(map(str, command)), check=True, capture_output=True, cwd=folder)
    seconds = time.perf_counter() - started
    docked = (folder / "easy.sdf").read_text().count("$$$$")
    assert docked == FEW, docked
    return seconds


def report(rows: list[tuple[str, int, float, Run | None]]) -> str:
    """Return the section as Markdown."""
    rate = {label: 60 * number / seconds for label, number, seconds, _ in rows}
    time_of = {label: seconds for label, _, seconds, _ in rows}
    raw, ours, few, one, vina = list(rate)[:5]
    lines = [
        "| | ligands | s | ligands per minute | peak memory / MB: parent, largest worker |",
        "|---|---|---|---|---|",
    ]
    for label, number, seconds, run in rows:
        memory = f"{run.parent / 1e6:.0f}, {max(run.workers.values()) / 1e6:.0f}" if run else ""
        lines.append(f"| {label} | {number} | {seconds:.0f} | {rate[label]:.1f} | {memory} |")
    lines += [
        "",
        f"Against the raw engine: **{100 * rate[ours] / rate[raw]:.0f} %** of its rate (target: 90 %).",
    ]
    lines.append(
        f"Two workers against one: **{time_of[one] / time_of[few]:.2f}** times as fast (target: 1.8)."
    )
    for label in list(rate)[5:]:
        lines.append(
            f"Against {label}: **{rate[ours] / rate[label]:.1f}** times as fast (target: 2.5); with Vina in both,"
            f" {rate[vina] / rate[label]:.2f} times."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
