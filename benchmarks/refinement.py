"""Measure what refinement is worth: top poses redocked with five seeds, before and after, and by which ranking.

python benchmarks/refinement.py
"""

from __future__ import annotations

import time

from section import replace_section

import dock
from dock.core.units import Quantity
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
METHODS = {
    "minimised": RefinementSettings(poses=POSES, annealing=Quantity("0 ps")),
    "annealed": RefinementSettings(poses=POSES),
}
RANKINGS = {
    "CNN": lambda pose: -pose.properties["cnn_probability"],
    "interaction": lambda pose: pose.properties["interaction_kcal_mol"],
    "interaction + strain": lambda pose: pose.properties["refined_energy_kcal_mol"],
}


def main() -> None:
    heads = [f"{method}, by {ranking}" for method in METHODS for ranking in RANKINGS]
    lines = [
        "| complex | seed | docked | " + " | ".join(heads) + " | core s per pose, minimised / annealed |",
        "|---" * (len(heads) + 4) + "|",
    ]
    for source, name in COMPLEXES:
        receptor, ligand = open_receptor(source), dock.Ligand.from_catalogue(name)
        settings = DockingSettings(seeds=SEEDS)
        found = search_site(receptor, ligand, receptor.site(SITE), settings).found
        for seed, poses in found.items():
            inside = [pose for pose in poses if pose.site == SITE]
            lines.append(f"| {name} in {source} | {seed} | {row(receptor, inside)} |")
            print(lines[-1], flush=True)
    replace_section("refinement.py", "\n".join(lines))


def row(receptor: dock.Receptor, poses: list[Pose]) -> str:
    """Return the cells of one seed: RMSD of the top pose as docked, and by method and ranking; times."""
    processor = choose_processor("CPU", 1)
    reference = receptor.references[SITE]
    cells, seconds = [f"{poses[0].rmsd(reference):.2f}"], []
    for settings in METHODS.values():
        started = time.process_time()
        refined = refine_poses(receptor, poses, settings, processor)
        seconds.append(f"{(time.process_time() - started) / len(refined):.0f}")
        cells += [f"{min(refined, key=key).rmsd(reference):.2f}" for key in RANKINGS.values()]
    return " | ".join([*cells, " / ".join(seconds)])


if __name__ == "__main__":
    main()
