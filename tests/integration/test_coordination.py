"""Coordination: an ion keeps the shell that the structure shows, where no water could stand in its way."""

import copy
from dataclasses import replace

import numpy as np
import openmm
import pytest
from openmm import unit

from dock.docking.pose import Pose
from dock.forcefield.minimisation import minimise
from dock.forcefield.platforms import choose_processor
from dock.ligands import Ligand
from dock.receptors import Receptor
from dock.systems.building import build_system
from dock.systems.complexes import SystemSettings
from dock.systems.coordination import HOLDERS, HOLDS_ANION, ROOM, _walls, ion_holders, ion_neighbours
from dock.systems.energies import interaction_energies

ACID = ("ASP98 OD1", "ASP98 OD2")
SHELL = ("ALA96 O", "ASN101 OD1", "SER336 O", "SER336 OG", "ASN368 OD1")
SETTINGS = SystemSettings(kind="site", kept_within="6 angstrom", mobile_within="4 angstrom")


@pytest.fixture(scope="module")
def site(receptor, redocked):
    return build_system(receptor, redocked.best, SETTINGS)


def walls(site):
    return next(force for force in site.system.getForces() if isinstance(force, openmm.CustomBondForce))


def pairs(site):
    """The walls by the names of ion and atom: side, and distance in angstrom."""
    names = [f"{atom.residue.name}{atom.residue.id} {atom.name}" for atom in site.topology.atoms()]
    found = {}
    for number in range(walls(site).getNumBonds()):
        one, two, (side, wall) = walls(site).getBondParameters(number)
        found[names[one], names[two]] = side, 10 * wall
    return found


def unwalled(site):
    system = openmm.XmlSerializer.clone(site.system)
    kinds = [type(force) for force in system.getForces()]
    system.removeForce(kinds.index(openmm.CustomBondForce))
    return system


def index_of(site, element):
    return [a.index for a in site.topology.atoms() if a.residue.name == element]


def index(site, name):
    return next(a.index for a in site.topology.atoms() if f"{a.residue.name}{a.residue.id} {a.name}" == name)


def pulled(site):
    """The site with an oxygen of Asp98 drawn to Na1, in nanometres, as no walls keep it from."""
    system = unwalled(site)
    pull = openmm.HarmonicBondForce()
    pull.addBond(index(site, "NA707 NA"), index(site, "ASP98 OD1"), 0.24, 100_000.0)
    system.addForce(pull)
    return minimise(system, site.positions, choose_processor("CPU", 2), 300)[0]


def distances(site, system, positions):
    """From Na1 to Asp98's nearer oxygen and to the furthest that holds it, in angstrom: means of 0.2 ps after 0.4 ps."""
    integrator = openmm.LangevinMiddleIntegrator(310, 1, 0.002)
    integrator.setRandomNumberSeed(1)
    context = choose_processor("CPU", 2).context(system, integrator)
    context.setPositions(positions)
    openmm.LocalEnergyMinimizer.minimize(context, 10, 50)
    context.setVelocitiesToTemperature(310, 1)
    ion = min(
        index_of(site, "NA"), key=lambda n: np.linalg.norm(positions[n] - positions[index(site, SHELL[0])])
    )
    acid, shell = ([index(site, name) for name in names] for names in (ACID, SHELL))
    rows = []
    for _ in range(15):
        integrator.step(20)
        places = context.getState(positions=True).getPositions(asNumpy=True).value_in_unit(unit.angstrom)
        apart = np.linalg.norm(places - places[ion], axis=1)
        rows.append([apart[acid].min(), apart[shell].max()])
    return np.mean(rows[-5:], axis=0)


def test_the_acid_beside_an_ion_stays_beside_it(site):
    """Asp98 lies 3.9 A from Na1. Fixed charges keep it once it is there; with the walls it leaves, or does not come."""
    at_it = pulled(site)
    assert distances(site, unwalled(site), at_it)[0] < 2.6
    for start in (at_it, site.positions):
        acid, shell = distances(site, site.system, start)
        assert acid == pytest.approx(3.8, abs=0.4)
        assert shell < 2.9


def test_an_acid_beside_an_ion_that_was_placed_is_kept_beside_it():
    """In sert-6vrh Na1 comes from 5I71: Asp98 lies 3.0 A from it, drawn there by fixed charges, and does not hold it."""
    receptor = Receptor.from_catalogue("sert-6vrh")
    pose = Pose.known(Ligand.from_catalogue("paroxetine"), receptor.references["orthosteric"], "orthosteric")
    site = build_system(receptor, pose, SETTINGS)
    ion = next(one for one, two in pairs(site) if two == "ASP98 OD1" and pairs(site)[one, two][1] < 4)
    found = {two: wall for (one, two), wall in pairs(site).items() if one == ion}
    assert {name for name, (side, _) in found.items() if side == HOLDERS} == set(SHELL)
    assert found["ASP98 OD1"] == (-HOLDERS, pytest.approx(3.4 + 10 * ROOM))
    acid, shell = distances(site, site.system, site.positions)
    assert acid == pytest.approx(3.8, abs=0.4)
    assert shell < 3.5


def test_an_acid_holds_potassium_from_further_off():
    """At 3.0 A Asp98 is beside a sodium, and holds a potassium."""
    receptor = Receptor.from_catalogue("sert-6vrh")
    topology = copy.deepcopy(receptor.topology)
    around = ion_neighbours(receptor)
    sodium = next(
        residue
        for residue in topology.residues()
        if "98" in {atom.residue.id for atom in around.get(residue.index, ())}
    )
    held = {}
    for name in ("NA", "K"):
        sodium.name = name
        near = ion_holders(replace(receptor, topology=topology))[sodium.index]
        held[name] = {f"{atom.residue.name}{atom.residue.id}" for atom in near}
    assert "ASP98" not in held["NA"]
    assert held["K"] == held["NA"] | {"ASP98"}


def test_walls_are_of_holders_and_of_what_is_charged_against_an_ion(site):
    found = pairs(site)
    holders = {two for (one, two), (side, _) in found.items() if one == "NA707 NA" and side == HOLDERS}
    assert holders == set(SHELL)
    assert all(found["NA707 NA", name][1] == pytest.approx(3.4 - 10 * ROOM) for name in SHELL)
    others = {two for (one, two), (side, _) in found.items() if one == "NA707 NA" and side != HOLDERS}
    assert set(ACID) <= others
    assert {name.split()[0][:3] for name in others} <= {"ASP", "GLU"}
    assert found["NA707 NA", "ASP98 OD1"][1] == pytest.approx(3.4 + 10 * ROOM)
    # Asp437 holds Na2 with one oxygen: the other, 3.73 A away, must stay out.
    assert found["NA708 NA", "ASP437 OD1"][0] == HOLDERS != found["NA708 NA", "ASP437 OD2"][0]
    assert all(not name.startswith(("ASP", "GLU")) for one, name in found if one == "CL709 CL")


def test_no_wall_pushes_in_the_prepared_receptor(site):
    alone = openmm.System()
    for _ in site.positions:
        alone.addParticle(1.0)
    alone.addForce(openmm.XmlSerializer.clone(walls(site)))
    context = openmm.Context(
        alone, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions(site.positions)
    assert context.getState(energy=True).getPotentialEnergy()._value == 0.0
    # An ion that is moved by an angstrom is pushed back, by the walls of what it left.
    moved = site.positions.copy()
    moved[index(site, "NA707 NA")] += [0.1, 0.0, 0.0]
    context.setPositions(moved)
    assert context.getState(energy=True).getPotentialEnergy()._value > 10.0


def test_no_energy_of_the_report_holds_any_part_of_the_walls(site):
    """An ion out of its place, against its walls: with and without them, what binds the ligand is the same."""
    moved = site.positions.copy()
    moved[index(site, "NA707 NA")] += [0.1, 0.0, 0.0]
    energies = [
        interaction_energies(each, moved[None], choose_processor("CPU", 2)).iloc[0].to_list()
        for each in (site, replace(site, system=unwalled(site)))
    ]
    assert energies[0] == pytest.approx(energies[1], rel=1e-6)


def test_what_is_kept_off_an_anion_are_the_charged_ends_of_bases(receptor):
    """Of the whole receptor, by the charges that residues have at pH 7; no backbone, nothing that holds it."""
    residues, atoms = list(receptor.topology.residues()), list(receptor.topology.atoms())
    bases = {"ARG": 1.0, "LYS": 1.0, "ASP": -1.0, "GLU": -1.0}
    charges = {residue.index: bases.get(residue.name, 0.0) for residue in residues}
    found = [
        (atoms[atom], wall)
        for ion, atom, side, wall in _walls(receptor, charges)
        if atoms[ion].residue.name == "CL" and side != HOLDERS
    ]
    ends = [a for a in atoms if (a.residue.name, a.name) in
            {("LYS", "NZ"), ("ARG", "NE"), ("ARG", "NH1"), ("ARG", "NH2")}]  # fmt: skip
    assert {atom.index for atom, _ in found} == {atom.index for atom in ends}
    assert all(wall == pytest.approx(HOLDS_ANION + ROOM) for _, wall in found)


def test_every_ion_that_is_kept_has_its_walls(site, receptor):
    found = {one.split()[0] for one, _ in pairs(site)}
    kept = {a.residue.index for a in receptor.topology.atoms() if a.index in set(site.kept.tolist())}
    residues = list(receptor.topology.residues())
    assert found == {
        f"{residues[ion].name}{residues[ion].id}" for ion in ion_holders(receptor) if ion in kept
    }
