"""Measure redocking over complexes: which engine, how many ring conformers, which ranking.

python benchmarks/redocking.py [--raw DIR] [--report]

Docks the ligand of every complex in complexes.yaml whose structure is at hand (DOCK_STRUCTURES, or a prepared
receptor DIR/receptors/CODE) from generated conformers, with each engine, keeps every pose with what it can be
ranked by under DIR, and rewrites the section between the markers in benchmarks/RESULTS.md. What is there
already is not docked again; with --report nothing is.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rdkit import Chem
from section import replace_section

import dock
from dock.core.errors import DockError, StructureError
from dock.core.files import write_json
from dock.docking.checks import check_poses
from dock.docking.engines import make_engine
from dock.docking.ranking import rank_scores
from dock.docking.redocking import LIMIT
from dock.docking.search import PosePool
from dock.ligands.ligand import CONFORMER_SEED

SEEDS = (1, 2, 3)
CONFORMERS = {"rustina": 6, "vina": 1}
# Other seeds that the conformers to start from are generated with, of which the first is docked: what no engine
# moves (rings, amides, angles) is one draw for all docking seeds.
DRAWS = (CONFORMER_SEED + 1, CONFORMER_SEED + 2)
# What is docked of each complex, by a name: engine, conformers, and the seed that these are generated with.
RUNS = {engine: (engine, number, CONFORMER_SEED) for engine, number in CONFORMERS.items()} | {
    f"rustina-{draw}": ("rustina", 1, draw) for draw in DRAWS
}
SETS = (
    {"rustina": 1},
    {"rustina": 3},
    {"rustina": 6},
    {"vina": 1},
    {"rustina": 1, "vina": 1},
    {"rustina": 3, "vina": 1},
)
COMPLEXES = Path(__file__).with_name("complexes.yaml")
Rows = list[dict[str, Any]]
Ranking = Callable[[Rows], np.ndarray]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--raw", type=Path, default=Path("redocking-raw"))
    options.add_argument("--report", action="store_true")
    given = options.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for entry in yaml.safe_load(COMPLEXES.read_text()):
        for name, run in RUNS.items():
            path = given.raw / f"{entry['code'].upper()}.{name}.json"
            if not path.exists() and not given.report:
                collect(entry, path, *run)
            if path.exists():
                found.setdefault(entry["code"].upper(), {})[name] = json.loads(path.read_text())
    replace_section("redocking.py", report(found))


def collect(entry: dict[str, str], path: Path, engine: str, number: int, draw: int) -> None:
    """Dock the ligand of a complex with every seed from so many conformers of a draw, and write all poses down."""
    try:
        receptor = open_complex(entry, path.parent / "receptors" / entry["code"])
        site = next(iter(receptor.references))
        name, smiles = receptor.known_ligand(site)
        ligand = dock.Ligand.from_catalogue(name) if smiles is None else dock.Ligand.from_smiles(smiles, name)
        if draw != CONFORMER_SEED:
            ligand = replace(ligand, mol=Chem.RemoveHs(ligand.mol)).embedded(draw)
        ligand = ligand.with_ring_conformers(max(CONFORMERS.values()), draw)
        starts = ligand.conformers()[:number]
        docker = make_engine(engine, receptor, receptor.site(site), 1)
        pool = PosePool(receptor, ligand, receptor.site(site))
        times = []
        for seed in SEEDS:
            for number, start in enumerate(starts, start=1):
                started = time.process_time()
                placements = docker.place(start, seed, dock.DockingSettings())
                times.append(time.process_time() - started)
                pool.add(docker, seed, number, placements)
        poses = check_poses(receptor, pool.poses())
    except DockError as error:
        print(f"left out: {entry['code']} {engine}: {error}", flush=True)
        return
    reference = receptor.references[site]
    rows = [
        {"seed": pose.seed, "conf": pose.conformer, "score": pose.score, "rmsd": pose.rmsd(reference),
         "valid": bool(pose.valid), **pose.properties}
        for pose in poses
    ]  # fmt: skip
    confs = ligand.mol.GetNumConformers()
    write_json(path, {"name": name, "smiles": ligand.smiles, "confs": confs, "times": times, "rows": rows})
    print(entry["code"], engine, f"{np.mean(times):.1f} s", flush=True)


def open_complex(entry: dict[str, str], prepared: Path) -> dock.Receptor:
    if prepared.is_dir():
        return dock.Receptor.from_folder(prepared)
    if entry["code"] == "sert":
        return dock.Receptor.from_catalogue("sert")
    code = entry["ligand"].split(":")[-2 if entry["ligand"].count(":") > 1 else 0]
    changes: dict[str, Any] = {"sites": {"redocked": {"ligand": entry["ligand"]}}}
    if "smiles" in entry:
        changes["smiles"] = {code: entry["smiles"]}
    receptor = dock.open_receptor(entry["code"], changes)
    if not receptor.references:
        raise StructureError(entry["code"], "has no known pose")
    return receptor


def by(energy_weight: float, strain_weight: float, network: bool = True) -> Ranking:
    def values(rows: Rows) -> np.ndarray:
        probability = column(rows, "cnn_probability") if network else np.full(len(rows), 0.5)
        energies, strains = column(rows, "vinardo_kcal_mol"), column(rows, "strain_kcal_mol")
        return rank_scores(probability, energies, strains, energy_weight, strain_weight)

    return values


def column(rows: Rows, name: str) -> np.ndarray:
    return np.array([row[name] for row in rows])


RANKINGS: dict[str, Ranking] = {
    "the engine's own score": lambda rows: -column(rows, "score"),
    "Vinardo energy": by(0.25, 0.0, network=False),
    "network": by(0.0, 0.0),
    "network and energy (rustina's)": by(0.25, 0.0),
    "network, energy, strain 0.02": by(0.25, 0.02),
    "**network, energy, strain 0.05**": by(0.25, 0.05),
    "network, energy, strain 0.1": by(0.25, 0.1),
    "network, energy, strain 0.25": by(0.25, 0.25),
    "network, energy four times, strain 0.05": by(1.0, 0.05),
}
DEFAULT = "**network, energy, strain 0.05**"


def best(
    found: dict[str, Any],
    code: str,
    sets: dict[str, int],
    ranking: Ranking,
    seeds: tuple[int, ...],
) -> float:
    """Return the RMSD of the first pose, of those that pass the checks, of some seeds pooled."""
    rows = [
        row
        for engine, conformers in sets.items()
        for row in found[code][engine]["rows"]
        if row["seed"] in seeds and row["conf"] <= conformers
    ]
    values = ranking(rows)
    first = max(range(len(rows)), key=lambda index: (rows[index]["valid"], values[index]))
    return float(rows[first]["rmsd"])


def report(found: dict[str, Any]) -> str:
    """Return the section as Markdown."""
    codes = [code for code, engines in found.items() if set(engines) == set(RUNS)]

    def share(sets: dict[str, int], ranking: Ranking, pooled: int = 1) -> str:
        groups = list(itertools.combinations(SEEDS, pooled))
        trials = [best(found, code, sets, ranking, seeds) <= LIMIT for code in codes for seeds in groups]
        return f"{sum(trials)} of {len(trials)} ({100 * np.mean(trials):.0f} %)"

    def cost(sets: dict[str, int]) -> float:
        return float(
            np.mean(
                [
                    sum(
                        min(number, found[code][engine]["confs"]) * np.mean(found[code][engine]["times"])
                        for engine, number in sets.items()
                    )
                    for code in codes
                ]
            )
        )

    lines = [
        f"{len(codes)} complexes, {len(SEEDS)} seeds each, from generated conformers; a success is a top pose within"
        f" {LIMIT:g} A of the deposited one, among those that pass PoseBusters.",
        "",
        "| engines: ring conformers | one seed | if ranking were perfect | two seeds pooled | three | core s a seed |",
        "|---|---|---|---|---|---|",
    ]
    default = RANKINGS[DEFAULT]

    def oracle(rows: Rows) -> np.ndarray:
        return -column(rows, "rmsd")

    for sets in SETS:
        name = " + ".join(f"{engine}: {number}" for engine, number in sets.items())
        cells = [share(sets, default), share(sets, oracle), share(sets, default, 2), share(sets, default, 3)]
        lines.append(f"| {name} | {' | '.join(cells)} | {cost(sets):.0f} |")
    for draw in DRAWS:
        sets = {f"rustina-{draw}": 1}
        cells = [share(sets, default), share(sets, oracle), share(sets, default, 2), share(sets, default, 3)]
        lines.append(f"| rustina: 1, conformers of seed {draw} | {' | '.join(cells)} | |")
    lines += [
        "",
        "| ranking, one seed | rustina: 1 | rustina: 6 | rustina: 1 + vina: 1 |",
        "|---|---|---|---|",
    ]
    both = {"rustina": 1, "vina": 1}
    for name, ranking in RANKINGS.items():
        cells = [share(sets, ranking) for sets in ({"rustina": 1}, {"rustina": 6}, both)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        "| complex | ligand | ring conformers | top pose of each seed / A: rustina, 1 conformer | 6 | vina, 1 |",
        "|---|---|---|---|---|---|",
    ]
    for code in codes:
        of = found[code]["rustina"]
        cells = [
            " ".join(f"{best(found, code, sets, default, (seed,)):.1f}" for seed in SEEDS)
            for sets in ({"rustina": 1}, {"rustina": 6}, {"vina": 1})
        ]
        lines.append(f"| {code} | {of['name']} | {of['confs']} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
