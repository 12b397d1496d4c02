"""Systems: a part has the energies and forces of the whole, and both ligands of an occupied receptor are in it."""

import copy
from dataclasses import replace

import numpy as np
import openmm
import pytest
from openmm import app, unit
from rdkit import Chem

from dock.analysis.complexes import analyse_complex
from dock.analysis.trajectory import ComplexTrajectory
from dock.core.errors import ChemistryError, ParameterError
from dock.docking.pose import Pose
from dock.dynamics import engine
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield.parameters import RECEPTOR_FORCE_FIELD, force_of, ligand_parameters
from dock.forcefield.parts import combine
from dock.forcefield.platforms import choose_processor
from dock.forcefield.solvent import HYDRATION, SOLVENT_DIELECTRIC, ion_radius
from dock.ligands import Ligand
from dock.systems.building import build_system
from dock.systems.complexes import SystemSettings
from dock.systems.energies import interaction_energies
from dock.systems.implicit import whole_system
from dock.systems.site import site_system

SMALL = SystemSettings(kind="site", kept_within="5 angstrom", mobile_within="4 angstrom")


def state(system, positions, name="Reference"):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName(name))
    context.setPositions(positions)
    found = context.getState(energy=True, forces=True)
    forces = found.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    return found.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole), np.asarray(forces)


@pytest.fixture(scope="module")
def r_citalopram_pose(allosteric):
    return allosteric.best


@pytest.fixture(scope="module")
def occupied(receptor, redocked):
    return receptor.with_occupant("orthosteric", "escitalopram", redocked.best.mol)


def silence(system, outside):
    """Take out of a system, built as a whole, every non-bonded interaction of the particles outside."""
    gone = set(outside)
    force = force_of(system, openmm.NonbondedForce)
    for index in outside:
        _, sigma, _ = force.getParticleParameters(index)
        force.setParticleParameters(index, 0.0, sigma, 0.0)
    for number in range(force.getNumExceptions()):
        a, b, _, sigma, _ = force.getExceptionParameters(number)
        if a in gone or b in gone:
            force.setExceptionParameters(number, a, b, 0.0, sigma, 0.0)


@pytest.mark.parametrize(("kept", "mobile"), [(8, 5), (10, 6)])
def test_what_moves_in_a_site_feels_the_forces_of_the_whole(receptor, redocked, kept, mobile):
    """Forces to 1e-6 kJ/mol/nm (their RMS is about 100), energy changes to 1e-8, in double precision.

    The whole is what OpenMM's own ForceField makes of receptor and ions, every bonded term in it. Taken away are
    the non-bonded interactions of the atoms outside the site alone: charge and well depth zero, and in OBC2
    hardly a radius that casts no shadow. The ligand is compared apart: the pair terms with it stand in test_analysis.
    """
    settings = SystemSettings(kind="site", kept_within=f"{kept} angstrom", mobile_within=f"{mobile} angstrom")
    site = build_system(receptor, redocked.best, settings)
    field = app.ForceField(*RECEPTOR_FORCE_FIELD)
    whole = field.createSystem(receptor.topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds)
    silence(whole, np.setdiff1d(np.arange(whole.getNumParticles()), site.kept).tolist())
    nonbonded = force_of(whole, openmm.NonbondedForce)
    solvent = openmm.GBSAOBCForce()
    solvent.setSolventDielectric(SOLVENT_DIELECTRIC)
    solvent.setSurfaceAreaEnergy(0.0)  # a sum over atoms, those outside included
    inside = set(site.kept.tolist())
    parameters = app.internal.customgbforces.GBSAOBC2Force.getStandardParameters(receptor.topology)
    for atom, (radius, screen) in zip(receptor.topology.atoms(), parameters, strict=True):
        charge = nonbonded.getParticleParameters(atom.index)[0]
        own = ion_radius(atom.residue.name) if atom.residue.name in HYDRATION else radius
        solvent.addParticle(charge, own, screen if atom.index in inside else 1e-12)
    whole.addForce(solvent)

    part = combine([(site.system, site.receptor)])
    solvated = site.solvent(site.receptor)
    part.addForce(copy.deepcopy(solvated.getForce(0)))
    force_of(part, openmm.GBSAOBCForce).setSurfaceAreaEnergy(0.0)

    moves = site.mobile[site.receptor]
    nudge = np.random.default_rng(1).normal(0, 0.001, (int(moves.sum()), 3))
    places = receptor.positions.copy()
    before, forces = state(whole, places)
    places[site.kept[moves]] += nudge
    after, _ = state(whole, places)
    ours_before, ours = state(part, receptor.positions[site.kept])
    ours_after, _ = state(part, places[site.kept])
    assert np.abs(ours - forces[site.kept])[moves].max() < 1e-6
    assert np.sqrt((ours[moves] ** 2).mean()) > 50
    assert ours_after - ours_before == pytest.approx(after - before, rel=1e-8)


def test_both_ligands_of_an_occupied_receptor_are_simulated(
    occupied, r_citalopram_pose, receptor, redocked, escitalopram
):
    for build in (site_system, whole_system):
        both = build(occupied, r_citalopram_pose, SystemSettings())
        assert list(both.occupants) == ["orthosteric"]
        inside = both.occupants["orthosteric"]
        places = redocked.best.mol.GetConformer().GetPositions() / 10
        assert np.allclose(both.positions[inside], places)
        assert both.mobile[inside].all()
        assert both.mobile[both.ligand].all()
        alone = combine([(ligand_parameters(escitalopram), np.arange(len(inside)))])
        assert state(combine([(both.system, inside)]), places)[0] == pytest.approx(
            state(alone, places)[0], rel=1e-9
        )
        names = [
            (residue.name, residue.id) for residue in both.topology.residues() if residue.chain.id == "L"
        ]
        assert names == [("LIG", "1"), ("OCC", "2")]
    near_both = site_system(occupied, r_citalopram_pose, SystemSettings())
    near_one = site_system(receptor, r_citalopram_pose, SystemSettings())
    assert len(near_both.kept) > len(near_one.kept)


def test_what_lies_in_the_other_site_counts_for_the_interaction(occupied, r_citalopram_pose, receptor):
    """With and without the other ligand, over the same residues: it must add what the pairs of the two give."""
    processor = choose_processor("CPU")
    both = whole_system(occupied, r_citalopram_pose, SystemSettings())
    without = whole_system(receptor, r_citalopram_pose, SystemSettings())
    one = interaction_energies(both, both.positions[None], processor).iloc[0]
    two = interaction_energies(without, without.positions[None], processor).iloc[0]
    # Two cations about a nanometre apart repel each other by some 138.9 / r kJ/mol.
    assert 15 < one["coulomb"] - two["coulomb"] < 50
    assert len(both.partner) == len(without.partner) + 46


def test_an_occupied_complex_is_simulated_and_measured(occupied, r_citalopram_pose, tmp_path):
    settings = SimulationSettings(
        minimisation_steps=30,
        equilibration="0.04 ps",
        production="0.2 ps",
        frame_interval="40 fs",
        system=SMALL,
    )
    processor = choose_processor("CPU")
    system = build_system(occupied, r_citalopram_pose, settings.system)
    engine.simulate(system, settings, processor, tmp_path)
    trajectory = ComplexTrajectory.load(tmp_path, r_citalopram_pose, occupied)
    assert trajectory.labels[-1] == "escitalopram in orthosteric"
    analysis = analyse_complex([trajectory], system, processor, settings)
    assert len(analysis.series) == 5
    assert np.isfinite(analysis.series.to_numpy(dtype=float)).all()


def test_a_pose_and_a_receptor_that_do_not_go_together_are_refused(occupied, receptor, redocked):
    with pytest.raises(ParameterError, match="lies in the orthosteric site, which is occupied"):
        build_system(occupied, redocked.best, SMALL)
    beside = replace(redocked.best, occupied="allosteric: sertraline")
    with pytest.raises(ParameterError, match="beside allosteric: sertraline, which the receptor lacks"):
        build_system(receptor, beside, SMALL)


def test_a_receptor_that_moves_as_a_whole_is_superposed(receptor, redocked, tmp_path):
    """A complex turned and shifted as one body shows no motion of the ligand."""
    import mdtraj
    from scipy.spatial.transform import Rotation

    from dock.analysis.measures.rmsd import ligand_rmsd
    from dock.dynamics.frames import TOPOLOGY, TRAJECTORY, write_topology

    system = whole_system(receptor, redocked.best, SystemSettings())
    write_topology(system.topology, system.positions, tmp_path / TOPOLOGY)
    turned = Rotation.from_euler("xyz", (20, 40, 10), degrees=True).apply(system.positions) + 1.5
    frames = np.stack([system.positions, turned])
    mdtraj.Trajectory(frames, mdtraj.Topology.from_openmm(system.topology), time=[1, 2]).save_xtc(
        str(tmp_path / TRAJECTORY)
    )
    fitted = ComplexTrajectory.load(tmp_path, redocked.best, receptor, "implicit")
    assert ligand_rmsd(fitted).max() < 0.02  # A
    raw = ComplexTrajectory.load(tmp_path, redocked.best, receptor)
    assert ligand_rmsd(raw)[1] > 5


def test_a_pose_whose_atoms_come_in_another_order_is_refused(receptor, redocked):
    """Planted: two heavy atoms trade places; their parameters would be each other's."""
    mol = redocked.best.mol
    order = list(range(mol.GetNumAtoms()))
    one, two = (next(a.GetIdx() for a in mol.GetAtoms() if a.GetSymbol() == symbol) for symbol in "FO")
    order[one], order[two] = two, one
    other = replace(redocked.best, mol=Chem.RenumberAtoms(mol, order))
    with pytest.raises(ParameterError, match="another order"):
        build_system(receptor, other, SMALL)


def test_the_pose_of_a_known_ligand_can_be_simulated(receptor, escitalopram):
    reference = receptor.references["orthosteric"]
    pose = Pose.known(escitalopram, reference, "orthosteric")
    assert pose.rmsd(reference) == pytest.approx(0, abs=1e-6)
    with pytest.raises(ChemistryError, match="another molecule"):
        Pose.known(Ligand.from_catalogue("sertraline"), reference, "orthosteric")
    system = build_system(receptor, pose, SMALL)
    assert np.isfinite(state(system.system, system.positions, "CPU")[0])
