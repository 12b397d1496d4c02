"""Measure what refinement is worth: top poses redocked with five seeds, before and after, and by which ranking.

python benchmarks/refinement.py
"""

from __future__ import annotations

import time

from section import replace_section

import dock
from dock.docking.engine import DockingSettings
from dock.docking.pose import Pose
from dock.docking.search import search_site
from dock.dynamics.model import open_receptor
from dock.dynamics.platforms import choose_processor
from dock.dynamics.refinement import RefinementSettings, refine_poses

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


def main() -> None:
    heads = ("complex", "seed", "docked", f"refined, by {' / '.join(RANKINGS)}", "core s per pose")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for source, name in COMPLEXES:
        lines += rows(source, name)
    replace_section("refinement.py", "\n".join(lines))


def rows(source: str, name: str) -> list[str]:
    """Return the rows of one complex, a seed each."""
    receptor, ligand = open_receptor(source), dock.Ligand.from_catalogue(name)
    settings = DockingSettings(seeds=SEEDS)
    found = search_site(receptor, ligand, receptor.site(SITE), settings).found
    lines = []
    for seed, poses in found.items():
        inside = [pose for pose in poses if pose.site == SITE]
        lines.append(f"| {name} in {source} | {seed} | {row(receptor, inside)} |")
        print(lines[-1], flush=True)
    return lines


def row(receptor: dock.Receptor, poses: list[Pose]) -> str:
    """Return the cells of one seed: RMSD of the top pose, docked and refined by ranking; time."""
    reference = receptor.references[SITE]
    processor = choose_processor("CPU", 1)
    started = time.process_time()
    refined = refine_poses(receptor, poses, RefinementSettings(poses=POSES), processor)
    seconds = (time.process_time() - started) / len(refined)
    tops = [min(refined, key=key).rmsd(reference) for key in RANKINGS.values()]
    return f"{poses[0].rmsd(reference):.2f} | {' / '.join(f'{top:.2f}' for top in tops)} | {seconds:.0f}"


if __name__ == "__main__":
    main()
