"""How much replicas of a complex differ, and how often a complex differs from itself.

The four default complexes are simulated as `dock run` does, three replicas at a time, with ever other seeds. From
the means of the replicas come the spreads that `dock.analysis.comparison.REPLICAS_DIFFER_BY` holds. The null:
S-citalopram in the orthosteric site against itself, three replicas against three others, none used twice.
What freezing and cutting costs: the same complexes with residues within 12 A kept and 8 A mobile, instead of 8 and 5.

python benchmarks/replicas.py FOLDER [--groups 3] [--null 40] [--large 1]; what is in the folder is not simulated again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import pickle
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from section import replace_section

import dock
from dock.analysis.comparison import REPLICAS_DIFFER_BY, MeasuredComplex, compare
from dock.docking.pose import Pose
from dock.receptors import Receptor
from dock.verbs import Simulation

LARGE = "12-8"
COMPLEXES = [
    (ligand, site) for site in ("orthosteric", "allosteric") for ligand in ("escitalopram", "r-citalopram")
]
SYSTEMS = {
    "": {"kind": "site"},
    LARGE: {"kind": "site", "kept_within": "12 angstrom", "mobile_within": "8 angstrom"},
}


def main() -> None:
    """Simulate what is not there yet, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--groups", type=int, default=3)
    parser.add_argument("--null", type=int, default=40)
    parser.add_argument("--large", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--no-table", action="store_true", help="print the null alone, and leave RESULTS.md as it is"
    )
    asked = parser.parse_args()
    os.environ["OPENMM_CPU_THREADS"] = "1"
    poses = asked.folder / "poses.pickle"
    if not poses.exists():
        asked.folder.mkdir(parents=True, exist_ok=True)
        poses.write_bytes(pickle.dumps({one: dock.pose("sert", *one).best for one in COMPLEXES}))
    jobs = [(asked.folder, one, seed, "") for seed in range(1, asked.groups + 1) for one in COMPLEXES]
    jobs += [(asked.folder, one, seed, LARGE) for seed in range(1, asked.large + 1) for one in COMPLEXES]
    jobs += [(asked.folder, COMPLEXES[0], seed, "") for seed in range(asked.groups + 1, asked.null + 1)]
    with multiprocessing.get_context("spawn").Pool(asked.workers) as pool:
        groups = {}
        for number, (job, simulation) in enumerate(pool.imap_unordered(_simulated, jobs), start=1):
            groups[job[1:]] = simulation
            print(f"{number} of {len(jobs)}: {job}", flush=True)
    by_complex, large = (
        {
            one: [groups[key] for key in sorted(groups) if key[0] == one and key[2] == system]
            for one in COMPLEXES
        }
        for system in SYSTEMS
    )
    if asked.no_table:
        print(_null(by_complex[COMPLEXES[0]]))
        return
    parts = [_spreads(by_complex), _null(by_complex[COMPLEXES[0]])]
    parts += [_cut(by_complex, large)] if asked.large else []
    text = "\n\n".join(parts)
    print(text)
    replace_section("replicas.py", text)


# Folder, ligand and site, seed, and which of the systems.
Job = tuple[Path, tuple[str, str], int, str]


@cache
def _poses(folder: Path) -> dict[tuple[str, str], Pose]:
    found: dict[tuple[str, str], Pose] = pickle.loads((folder / "poses.pickle").read_bytes())
    return found


def _simulated(job: Job) -> tuple[Job, Simulation]:
    """Simulate and measure three replicas, or read what was measured of them."""
    folder, complex_, seed, system = job
    kept = folder / "-".join(filter(None, [*complex_, system])) / str(seed) / "simulation.pickle"
    if not kept.exists():
        poses = _poses(folder)
        alike = [pose for (_, site), pose in poses.items() if site == complex_[1]]
        settings = dock.SimulationSettings(seed=seed, system=SYSTEMS[system])
        simulation = dock.simulate(
            Receptor.from_catalogue("sert"),
            poses[complex_],
            kept.parent,
            settings,
            "CPU",
            compared_with=alike,
        )
        kept.write_bytes(pickle.dumps(simulation))
    return job, pickle.loads(kept.read_bytes())


def _means(simulations: list[Simulation]) -> pd.DataFrame:
    """Return the mean of each replica, energies with its own correction, and what its record says."""
    rows = []
    for simulation in simulations:
        analysis = simulation.analysis
        names = [name for name in REPLICAS_DIFFER_BY if name in analysis.series]
        means = analysis.series.groupby("replica")[names].mean()
        means = means.add(analysis.corrections.groupby("replica").mean(), fill_value=0.0)[names]
        records = pd.read_csv(simulation.folder / "tables" / "runs.csv").set_index("replica")
        for number, record in records.iterrows():
            means.loc[number, "T of the first frames / K"] = record["first_frames_temperature_K"]
            means.loc[number, "T / K"] = record["mean_temperature_K"]
            means.loc[number, "equilibration / ps"] = record["equilibration_ps"]
        ions = analysis.ions.groupby(["replica", "ion"])["shift_A"].mean().unstack()
        rows.append(means.join(ions.add_prefix("mean shift of ").add_suffix(" / A")))
    return pd.concat(rows, ignore_index=True)


def _spreads(by_complex: dict[tuple[str, str], list[Simulation]]) -> str:
    """Return the table of the standard deviations of replicas' means."""
    means = {one: _means(simulations) for one, simulations in by_complex.items()}
    heads = [f"{ligand} in {site}, {len(means[ligand, site])} replicas" for ligand, site in means]
    lines = [
        "Mean over replicas, and standard deviation of the means of replicas.",
        "",
        f"| quantity | {' | '.join(heads)} | deviation, pooled |",
        f"|---|{'---|' * (len(heads) + 1)}",
    ]
    for name in dict.fromkeys(column for table in means.values() for column in table):
        tables = [table[name] if name in table else pd.Series(dtype=float) for table in means.values()]
        freedom = np.array([max(len(values) - 1, 0) for values in tables])
        pooled = np.sqrt((np.nan_to_num([values.var() for values in tables]) * freedom).sum() / freedom.sum())
        cells = [f"{values.mean():.2f}, {values.std():.2f}" for values in tables]
        lines.append(f"| {name} | {' | '.join(cells)} | {pooled:.2f} |")
    left = [
        ", ".join({ion for one in each for ion in one.analysis.left}) or "none"
        for each in by_complex.values()
    ]
    lines.append(f"| ions that left | {' | '.join(left)} | |")
    return "\n".join(lines)


def _null(simulations: list[Simulation]) -> str:
    """Return how often two triples of replicas of one complex are told apart.

    Both are cut alike, so that a cut makes no difference: without its error the test is harder.
    """
    complexes = [simulation.measured() for simulation in simulations]
    found = _told_apart(complexes)
    bare = _told_apart([replace(one, kind="implicit") for one in complexes])
    return "\n".join(
        [
            f"{' in '.join(COMPLEXES[0])} against itself, {len(complexes) // 2} pairs of three replicas each, none used twice:",
            "",
            "| quantity | resolved | pairs | resolved without `CUT_ERROR` | largest difference over its error, without |",
            "|---|---|---|---|---|",
            *(
                f"| {row.Index} | {row.resolved} | {row.pairs} | {bare.resolved[row.Index]} | {bare.largest[row.Index]:.1f} |"
                for row in found.itertuples()
            ),
        ]
    )


def _told_apart(complexes: list[MeasuredComplex]) -> pd.DataFrame:
    """Return of each quantity how many pairs are resolved, of how many, and the largest difference over its error."""
    tables = []
    for one, two in zip(complexes[::2], complexes[1::2], strict=False):
        # For once, two that are the same are compared as if they were mirror images.
        pair = compare([replace(one, smiles="C[C@H](N)O"), replace(two, smiles="C[C@@H](N)O")])
        tables.append(pair[pair["error"].notna()])
    table = pd.concat(tables)
    table["ratio"] = (table["difference"] / table["error"]).abs()
    return table.groupby("quantity", sort=False).agg(
        resolved=("resolved", "sum"), pairs=("resolved", "size"), largest=("ratio", "max")
    )


def _cut(
    by_complex: dict[tuple[str, str], list[Simulation]], large: dict[tuple[str, str], list[Simulation]]
) -> str:
    """Return how far averages in the larger site are from those in the usual one."""
    lines = [
        "The same with residues within 12 A kept and 8 A mobile, less the usual site (8 and 5 A), with standard errors",
        "from the replicas' means; energies of both are with the whole receptor. What is beyond the",
        "errors, and one standard error of that more, since four complexes say little of a scatter, is `CUT_ERROR`.",
        "",
        f"| quantity | {' | '.join(' in '.join(one) for one in COMPLEXES)} | RMS | expected of the errors alone | beyond |",
        f"|---|{'---|' * (len(COMPLEXES) + 3)}",
    ]
    for name in REPLICAS_DIFFER_BY:
        gaps, errors = [], []
        for one in COMPLEXES:
            usual, wide = (_means(each[one])[name] for each in (by_complex, large))
            gaps.append(wide.mean() - usual.mean())
            errors.append(np.sqrt(wide.var() / len(wide) + usual.var() / len(usual)))
        cells = [f"{gap:+.2f} ± {error:.2f}" for gap, error in zip(gaps, errors, strict=True)]
        rms, expected = (float(np.sqrt(np.mean(np.square(values)))) for values in (gaps, errors))
        beyond = np.sqrt(max(rms**2 - expected**2 + expected**2 * np.sqrt(2 / len(gaps)), 0.0))
        lines.append(f"| {name} | {' | '.join(cells)} | {rms:.2f} | {expected:.2f} | {beyond:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
