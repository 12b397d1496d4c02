"""Measure what cutting the receptor costs: interaction energy and speed by the radius kept.

python benchmarks/site_size.py
"""

from __future__ import annotations

import time

from section import replace_section

import dock
from dock.core.units import Quantity
from dock.forcefield.platforms import choose_processor
from dock.systems.complexes import ComplexSystem, SystemSettings
from dock.systems.energies import interaction_energies
from dock.systems.implicit import whole_system
from dock.systems.site import site_system

RADII = (6, 8, 10, 12, 16)
STEPS = 60


def main() -> None:
    receptor = dock.Receptor.from_catalogue("sert")
    ligand = dock.Ligand.from_catalogue("escitalopram")
    pose = dock.Pose.known(ligand, receptor.references["orthosteric"], "orthosteric")
    lines = [
        "| kept within / A | atoms | van der Waals | Coulomb | solvation | total / kcal/mol | ms per step, 2 threads |",
        "|---|---|---|---|---|---|---|",
    ]
    for radius in RADII:
        settings = SystemSettings(
            kept_within=Quantity(f"{radius} angstrom"), mobile_within=Quantity("5 angstrom")
        )
        lines.append(row(str(radius), site_system(receptor, pose, settings)))
    lines.append(row("all", whole_system(receptor, pose, SystemSettings())))
    replace_section("site_size.py", "\n".join(lines))


def row(label: str, system: ComplexSystem) -> str:
    """Return a row of the table: energies of one frame, and the time of a step."""
    import openmm

    processor = choose_processor("CPU", 2)
    energies = interaction_energies(system, system.positions[None], processor).iloc[0]
    context = processor.context(system.system, openmm.LangevinMiddleIntegrator(310, 1, 0.001))
    context.setPositions(system.positions)
    context.getIntegrator().step(5)
    started = time.perf_counter()
    context.getIntegrator().step(STEPS)
    milliseconds = (time.perf_counter() - started) / STEPS * 1e3
    return (
        f"| {label} | {len(system.positions)} | {energies.vdw:.1f} | {energies.coulomb:.1f}"
        f" | {energies.solvation:.1f} | {energies.total:.1f} | {milliseconds:.1f} |"
    )


if __name__ == "__main__":
    main()
