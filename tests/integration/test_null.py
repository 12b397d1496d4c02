"""Null tests: where nothing differs, no number may."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from dock.docking.pose import Pose
from dock.forcefield.platforms import Processor
from dock.systems.complexes import SystemSettings
from dock.systems.energies import cut_corrections, interaction_energies, potential_energies
from dock.systems.site import site_system

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# What a fresh machine makes of a ligand in its known place: parameters, the system, energies, and some steps.
NUMBERS = """
import hashlib
import numpy as np, openmm
from rdkit import Chem
import dock
from dock.docking.pose import Pose
from dock.systems.energies import interaction_energies
from dock.forcefield.platforms import choose_processor
from dock.systems.complexes import SystemSettings
from dock.systems.site import site_system
receptor, ligand = dock.Receptor.from_catalogue("sert"), dock.Ligand.from_catalogue("escitalopram")
known = receptor.references["orthosteric"]
mol = Chem.RenumberAtoms(known, list(known.GetSubstructMatch(ligand.mol)))
pose = Pose(ligand, mol, "orthosteric", "orthosteric", 1, 0.0, 1, "known")
system = site_system(receptor, pose, SystemSettings())
print(hashlib.sha256(openmm.XmlSerializer.serialize(system.system).encode()).hexdigest())
processor = choose_processor("CPU", 1)
print(interaction_energies(system, system.positions[None], processor).round(9).to_csv())
integrator = openmm.LangevinMiddleIntegrator(310, 1.0, 0.004)
integrator.setRandomNumberSeed(1)
context = processor.context(system.system, integrator)
context.setPositions(system.positions)
openmm.LocalEnergyMinimizer.minimize(context, 10.0, 20)
context.setVelocitiesToTemperature(310, 1)
integrator.step(50)
print(context.getState(energy=True).getPotentialEnergy())
"""


def known_pose(receptor, ligand, mirrored=False):
    """The deposited pose of S-citalopram, or its mirror image for R."""
    mol = Chem.Mol(receptor.references["orthosteric"])
    mol = Chem.RenumberAtoms(mol, list(mol.GetSubstructMatch(ligand.mol, useChirality=False)))
    placed = Chem.Mol(ligand.mol)
    placed.GetConformer().SetPositions(
        mol.GetConformer().GetPositions() * ([-1, 1, 1] if mirrored else [1, 1, 1])
    )
    return Pose(ligand, placed, "orthosteric", "orthosteric", 1, 0.0, 1, "known")


def test_mirror_images_in_mirrored_sites_have_the_same_energies(receptor, escitalopram, r_citalopram):
    """S in the site, R in the site's mirror image: between the two nothing differs but where atoms are."""
    processor = Processor("Reference")
    mirrored = replace(receptor, positions=receptor.positions * [-1, 1, 1])
    one = site_system(receptor, known_pose(receptor, escitalopram), SystemSettings())
    two = site_system(mirrored, known_pose(receptor, r_citalopram, mirrored=True), SystemSettings())
    assert np.array_equal(one.kept, two.kept)
    assert np.allclose(one.positions * [-1, 1, 1], two.positions)
    totals = [potential_energies(each.system, each.positions[None], processor)[0] for each in (one, two)]
    # Torsions are not quite even: force-field files write pi in seven digits.
    assert totals[0] == pytest.approx(totals[1], abs=1e-3)
    cpu = Processor("CPU", {"Threads": "2"})
    found, expected = (interaction_energies(each, each.positions[None], cpu) for each in (one, two))
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-3)
    change = cut_corrections(receptor, known_pose(receptor, escitalopram), one, one.positions[None], cpu)
    mirror_pose = known_pose(receptor, r_citalopram, mirrored=True)
    other = cut_corrections(mirrored, mirror_pose, two, two.positions[None], cpu)
    assert change.to_numpy() == pytest.approx(other.to_numpy(), abs=5e-3)


def test_two_machines_get_the_same_numbers(tmp_path):
    """Two processes with caches of their own and other hash seeds."""
    outputs = []
    for name, seed in (("one", "1"), ("two", "2")):
        environment = os.environ | {"DOCK_CACHE": str(tmp_path / name), "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", NUMBERS], env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert len(outputs[0].split()[0]) == hashlib.sha256().digest_size * 2


@pytest.mark.slow
def test_a_complex_does_not_differ_from_itself(tmp_path):
    """S-citalopram against itself with other seeds, 20 pairs of three replicas: at most 1 in 20 rows is resolved.

    An hour or two on two cores. Rows of one pair hang together: each quantity is held against its own twenty.
    """
    done = subprocess.run(
        [
            sys.executable,
            BENCHMARKS / "replicas.py",
            tmp_path,
            *["--groups", "0", "--large", "0", "--null", "40", "--no-table"],
        ],
        capture_output=True,
        text=True,
        timeout=6 * 3600,
    )
    assert done.returncode == 0, done.stderr
    rows = [
        line.split("|")[1:4] for line in done.stdout.splitlines() if line.startswith("| ") and "_" in line
    ]
    counts = {name.strip(): (int(resolved), int(pairs)) for name, resolved, pairs in rows}
    assert set(counts) == {
        "ligand_rmsd_A", "anchor_distance_A", "interaction_kcal_mol", "vdw_kcal_mol", "electrostatic_kcal_mol",
    }  # fmt: skip
    assert all(pairs == 20 and resolved <= 1 for resolved, pairs in counts.values()), counts
