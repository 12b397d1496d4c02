"""Measure what refinement is worth: top poses redocked with five seeds, before and after, and by which ranking.

python benchmarks/refinement.py
"""

from __future__ import annotations

import time

import numpy as np
from section import replace_section

import dock
from dock.docking.pose import Pose
from dock.docking.search import search_site
from dock.docking.settings import DockingSettings
from dock.dynamics.receptor_models import open_receptor
from dock.dynamics.refinement import ENERGY, RefinementSettings, refine_poses
from dock.forcefield.platforms import choose_processor

COMPLEXES = (("6VRH", "paroxetine"), ("sert", "escitalopram"), ("5I71", "escitalopram"))
SITE = "orthosteric"
SEEDS = (1, 2, 3, 4, 5)
POSES = 3
RANKINGS = {
    "CNN": lambda pose: -pose.properties["cnn_probability"],
    "interaction": lambda pose: pose.properties["refined_interaction_kcal_mol"],
    "with strain": lambda pose: pose.properties["refined_energy_kcal_mol"],
    "refine_poses": lambda pose: pose.rank,
}

SAME, OTHER = 1.5, 2.5  # A to the deposited pose: the same binding mode, certainly another one


def main() -> None:
    heads = ("complex", "seed", "docked", f"refined, by {' / '.join(RANKINGS)}", "core s per pose")
    tops = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    heads = (
        "complex",
        f"poses within {SAME:g} A",
        "energy, mean",
        "SD",
        "range",
        f"beyond {OTHER:g} A",
        "lowest",
    )
    energies = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for source, name in COMPLEXES:
        receptor, ligand = open_receptor(source), dock.Ligand.from_catalogue(name)
        settings = DockingSettings(seeds=SEEDS)
        found = search_site(receptor, ligand, receptor.site(SITE), settings).found
        every: list[Pose] = []
        for seed, poses in found.items():
            inside = [pose for pose in poses if pose.site == SITE]
            docked = inside[0].rmsd(receptor.references[SITE])
            refined, seconds = refine_first(receptor, inside)
            tops.append(
                f"| {name} in {source} | {seed} | {docked:.2f} | {row(receptor, refined)} | {seconds:.1f} |"
            )
            print(tops[-1], flush=True)
            every += refined
        energies.append(f"| {name} in {source} | {spread(receptor, every)} |")
        print(energies[-1], flush=True)
    replace_section("refinement.py", "\n".join([*tops, "", *energies]))


def refine_first(receptor: dock.Receptor, poses: list[Pose]) -> tuple[list[Pose], float]:
    """Return the first poses refined, and the core seconds for each."""
    processor = choose_processor("CPU", 1)
    started = time.process_time()
    refined = refine_poses(receptor, poses, RefinementSettings(poses=POSES), processor)
    return refined, (time.process_time() - started) / len(refined)


def row(receptor: dock.Receptor, refined: list[Pose]) -> str:
    """Return the RMSD of the top pose of one seed, by ranking."""
    tops = [min(refined, key=key).rmsd(receptor.references[SITE]) for key in RANKINGS.values()]
    return " / ".join(f"{top:.2f}" for top in tops)


def spread(receptor: dock.Receptor, refined: list[Pose]) -> str:
    """Return the cells of how much the energies of one binding mode differ, and the lowest of others."""
    by_rmsd = [
        (pose.rmsd(receptor.references[SITE]), pose.properties[ENERGY])
        for pose in refined
        if ENERGY in pose.properties
    ]
    same = np.array([energy for rmsd, energy in by_rmsd if rmsd <= SAME])
    other = [energy for rmsd, energy in by_rmsd if rmsd > OTHER]
    lowest = f"{min(other):.1f}" if other else "-"
    return (
        f"{len(same)} | {same.mean():.1f} | {same.std(ddof=1):.1f} | {same.min():.1f} to {same.max():.1f} "
        f"| {len(other)} | {lowest}"
    )


if __name__ == "__main__":
    main()
