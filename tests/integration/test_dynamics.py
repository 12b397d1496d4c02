import json
import re
from dataclasses import replace

import numpy as np
import openmm
import pytest
from openmm import app, unit
from rdkit import Chem

from dock.core.catalogue import structures_folder
from dock.core.errors import MissingDependencyError, ParameterError, SettingsError, SimulationError
from dock.core.units import KJ_PER_KCAL
from dock.dynamics import engine
from dock.dynamics.frames import ENERGIES, STATE, TRAJECTORY
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield import ambertools, charges
from dock.forcefield.charges import charges as charges_of
from dock.forcefield.minimisation import minimise, minimise_with_springs, with_springs
from dock.forcefield.parameters import ligand_parameters, parameter_penalties, receptor_parameters
from dock.forcefield.parts import combine
from dock.forcefield.platforms import choose_processor, devices
from dock.forcefield.solvent import HYDRATION, add_solvent, ion_radius, set_cutoff, solvent_force
from dock.ligands import Ligand
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.ions import ATOM_NAMES
from dock.systems.assembly import add_ligand, subset_topology
from dock.systems.complexes import SystemSettings
from dock.systems.implicit import whole_system
from dock.systems.site import site_system

SHORT = SimulationSettings(
    minimisation_steps=50, equilibration="0.1 ps", production="0.4 ps", frame_interval="40 fs"
)

# Ligands of the catalogue whose charges are shipped; sqm computes those of the others at first use.
SHIPPED = (
    "escitalopram", "r-citalopram", "sertraline", "paroxetine", "amoxapine", "7-hydroxyamoxapine",
    "8-hydroxyamoxapine", "serotonin",
)  # fmt: skip


@pytest.fixture(scope="module")
def processor():
    return choose_processor("CPU")


@pytest.fixture(scope="module")
def site(receptor, redocked):
    return site_system(receptor, redocked.best, SystemSettings())


def energy(system, positions, name="CPU", group=-1):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName(name))
    context.setPositions(positions)
    state = context.getState(energy=True, forces=True, groups=group)
    forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    return state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole), forces


def force_of(system, kind):
    return next(force for force in system.getForces() if isinstance(force, kind))


def test_both_enantiomers_carry_the_same_parameters(escitalopram, r_citalopram):
    assert np.array_equal(charges_of(escitalopram), charges_of(r_citalopram))
    one, two = (
        openmm.XmlSerializer.serialize(ligand_parameters(each)) for each in (escitalopram, r_citalopram)
    )
    assert one == two


AMMONIUM_DEPTH = {  # R* in A and depth in kcal/mol of gaff2.dat's nitrogens with four neighbours
    "n4": (1.4028, 3.8748), "nx": (1.4528, 2.5453), "ny": (1.5028, 1.6959), "nz": (1.5528, 1.1450),
}  # fmt: skip


@pytest.mark.parametrize("name", SHIPPED)
def test_parameters_are_a_function_of_the_molecule(name, monkeypatch, tmp_path):
    """Typed in two fresh caches, to the byte; parmchk2 by the set's name drew GAFF or GAFF2 by chance."""
    ligand = Ligand.from_catalogue(name)
    texts = []
    for folder in ("one", "two"):
        monkeypatch.setenv("DOCK_CACHE", str(tmp_path / folder))
        texts.append(openmm.XmlSerializer.serialize(ligand_parameters(ligand)))
        texts.append(str(parameter_penalties(ligand)))
    assert texts[:2] == texts[2:]
    system = ligand_parameters(ligand)  # which owns its forces
    force = force_of(system, openmm.NonbondedForce)
    for index in ligand.amines:
        _, sigma, epsilon = (value._value for value in force.getParticleParameters(index))
        radius, depth = sigma * 10 * 2 ** (1 / 6) / 2, epsilon / KJ_PER_KCAL
        assert any(
            radius == pytest.approx(wanted, abs=1e-3) and depth == pytest.approx(deep, abs=1e-3)
            for wanted, deep in AMMONIUM_DEPTH.values()
        ), (radius, depth)


def test_the_table_of_ammonium_nitrogens_is_that_of_the_installed_file():
    text = (ambertools.find_program("antechamber").parent.parent / "dat/leap/parm/gaff2.dat").read_text()
    for name, numbers in AMMONIUM_DEPTH.items():
        found = re.findall(rf"^\s+{name}\s+([\d.]+)\s+([\d.]+)", text, re.MULTILINE)
        assert [tuple(map(float, pair)) for pair in found] == [numbers]


@pytest.mark.parametrize("name", ["amoxapine", "serotonin", "escitalopram", "sertraline"])
def test_the_order_of_the_atoms_plays_no_part(name):
    """Shuffled, every atom keeps its parameters, the molecule its penalties, and its energy to 0.05 kJ/mol.

    In the order given, antechamber told amoxapine's conjugated halves apart the other way round, which was worth
    1 kJ/mol. What is left is that of equivalent atoms trading places: impropers do not treat them quite alike.
    """
    ligand = Ligand.from_catalogue(name)
    count = ligand.mol.GetNumAtoms()
    order = np.random.default_rng(3).permutation(count)
    shuffled = replace(ligand, mol=Chem.RenumberAtoms(ligand.mol, order.tolist()))
    one, two = ligand_parameters(ligand), ligand_parameters(shuffled)
    particles = [
        [tuple(value._value for value in force_of(each, openmm.NonbondedForce).getParticleParameters(i))
         for i in range(count)]
        for each in (one, two)
    ]  # fmt: skip
    assert [particles[0][old] for old in order] == particles[1]
    places = ligand.mol.GetConformer().GetPositions() / 10
    energies = [energy(one, places, "Reference")[0], energy(two, places[order], "Reference")[0]]
    assert energies[0] == pytest.approx(energies[1], abs=0.05)
    assert parameter_penalties(ligand) == parameter_penalties(shuffled)


def test_borrowed_parameters_are_told():
    """Amoxapine's C=N beside an aromatic ring is taken from types that parmchk2 itself calls unlike."""
    penalties = parameter_penalties(Ligand.from_catalogue("amoxapine"))
    worst = penalties[0]
    assert worst.term == "DIHE"
    # GAFF2 tells the two halves of a conjugated system apart by letters (cc-nd, cd-nc) that trade places.
    assert worst.types in ("ca-ca-cd-nc", "ca-ca-cc-nd")
    assert worst.score > 700
    assert [one.score for one in penalties] == sorted((one.score for one in penalties), reverse=True)
    assert all(one.score > 0 for one in penalties)
    assert max(one.score for one in parameter_penalties(Ligand.from_catalogue("sertraline"))) < 100


def test_two_swapped_charges_are_seen(escitalopram, monkeypatch):
    """Planted: fluorine and the ether oxygen trade charges; they are no longer what was derived."""
    from dock.forcefield import parameters

    def swapped(ligand, method):
        values = charges_of(ligand, method)
        one, two = (next(a.GetIdx() for a in ligand.mol.GetAtoms() if a.GetSymbol() == s) for s in "FO")
        values[[one, two]] = values[[two, one]]
        return values

    right = ligand_parameters(escitalopram)
    monkeypatch.setattr(parameters, "charges", swapped)
    wrong = ligand_parameters(escitalopram)
    assert openmm.XmlSerializer.serialize(right) != openmm.XmlSerializer.serialize(wrong)
    found, shipped = (
        [force_of(each, openmm.NonbondedForce).getParticleParameters(i)[0]._value for i in range(46)]
        for each in (right, wrong)
    )
    assert found == pytest.approx(charges_of(escitalopram).tolist(), abs=1e-9)
    assert shipped != pytest.approx(charges_of(escitalopram).tolist(), abs=1e-2)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_charges_sum_to_the_formal_charge(name):
    ligand = Ligand.from_catalogue(name)
    key = charges.content_key(ligand.constitution)
    assert (structures_folder() / "charges" / f"{key}.json").exists()
    values = charges_of(ligand)
    assert values.sum() == pytest.approx(ligand.charge, abs=1e-9)
    methyls = ligand.mol.GetSubstructMatches(Chem.MolFromSmarts("[CH3]"))
    for (carbon,) in methyls:
        hydrogens = [
            n.GetIdx() for n in ligand.mol.GetAtomWithIdx(carbon).GetNeighbors() if n.GetAtomicNum() == 1
        ]
        assert np.ptp(values[hydrogens]) < 1e-9


def test_charges_of_another_ligand_are_computed_with_sqm_and_cached(monkeypatch):
    ligand = Ligand.from_smiles("CC[NH3+]", "ethylammonium")
    values = charges_of(ligand)
    assert values.sum() == pytest.approx(1.0, abs=1e-9)
    nitrogen = values[2]
    hydrogens = [n.GetIdx() for n in ligand.mol.GetAtomWithIdx(2).GetNeighbors() if n.GetAtomicNum() == 1]
    assert len(hydrogens) == 3
    assert nitrogen < -0.6
    assert 0.3 < values[hydrogens].mean() < 0.5
    monkeypatch.setattr(charges, "derive", lambda _: pytest.fail("the cache was not used"))
    assert np.array_equal(charges_of(ligand), values)


def test_shipped_charges_are_what_sqm_gives():
    ligand = Ligand.from_catalogue("serotonin")
    again = charges.map_charges(ligand, charges.derive(ligand))
    assert np.abs(again - charges_of(ligand)).max() < 0.005


@pytest.mark.parametrize(
    ("symbol", "ring", "open_chain"),
    [("O", "c1ccc2c(c1)Oc1ccccc1N=C2", "c1ccc(Oc2ccccc2)cc1"),
     pytest.param("N", "c1ccc2c(c1)Oc1ccccc1N=C2", "c1ccc(/N=C/c2ccccc2)cc1", marks=pytest.mark.slow),
     pytest.param("N", "C1=Cc2ccccc2Nc2ccccc12", "c1ccc(Nc2ccccc2)cc1", marks=pytest.mark.slow)],
)  # fmt: skip
def test_atoms_in_a_ring_of_seven_are_charged_as_outside_of_it(symbol, ring, open_chain):
    """antechamber by itself takes the planar rings for aromatic: -0.51, -0.36 and -0.18 e."""
    inside, outside = (the_charge(symbol, smiles) for smiles in (ring, open_chain))
    assert inside == pytest.approx(outside, abs=0.05)


def test_atoms_that_resonance_makes_equal_are_charged_alike():
    """RDKit takes them for different, by the bonds that are drawn."""
    acetate = Ligand.from_smiles("CC(=O)[O-]", "acetate")
    one, two = (index for index, atom in enumerate(acetate.mol.GetAtoms()) if atom.GetSymbol() == "O")
    values = charges_of(acetate)
    assert values[one] == pytest.approx(values[two], abs=1e-6)
    assert values[one] < -0.7


def the_charge(symbol, smiles):
    ligand = Ligand.from_smiles(smiles, smiles)
    (index,) = (atom.GetIdx() for atom in ligand.mol.GetAtoms() if atom.GetSymbol() == symbol)
    return charges_of(ligand)[index]


def test_charges_of_another_molecule_are_refused(escitalopram):
    shipped = (
        structures_folder()
        / "charges"
        / f"{charges.content_key(Ligand.from_catalogue('serotonin').constitution)}.json"
    )
    with pytest.raises(ParameterError, match="is not"):
        charges.map_charges(escitalopram, json.loads(shipped.read_text()))


def test_a_program_that_fails_is_a_typed_failure(tmp_path):
    with pytest.raises(ParameterError, match="propane: antechamber failed"):
        ambertools.run(
            "propane", tmp_path, "antechamber", "-i", "absent.sdf", "-fi", "sdf", "-o", "x", "-fo", "mol2"
        )


def test_a_missing_program_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/nowhere")
    with pytest.raises(MissingDependencyError, match="ambertools"):
        ambertools.find_program("sqm")


def test_the_subset_of_everything_has_the_energy_of_the_whole(receptor):
    whole = receptor_parameters(receptor)
    everything = np.arange(receptor.topology.getNumAtoms())
    copy = combine([(whole, everything)])
    assert copy.getNumConstraints() == whole.getNumConstraints()
    expected, forces = energy(whole, receptor.positions)
    found, copied = energy(copy, receptor.positions)
    assert found == pytest.approx(expected, rel=1e-6)
    assert np.abs(copied - forces).max() < 1e-3 * np.abs(forces).max()


def test_native_obc2_gives_the_energy_of_openmms_own_file(receptor):
    """The native GBSAOBCForce against implicit/obc2.xml, which builds a CustomGBForce; ions have radii of our own."""
    from openmm.app import CutoffNonPeriodic, ForceField

    protein = np.array([a.index for a in receptor.topology.atoms() if a.residue.name not in ION_CHARGES])
    topology = subset_topology(receptor.topology, protein)
    ours = combine([(receptor_parameters(receptor), protein)])
    add_solvent(ours, topology)
    set_cutoff(ours, 1.0)
    field = ForceField("amber14/protein.ff14SB.xml", "implicit/obc2.xml")
    theirs = field.createSystem(
        topology, nonbondedMethod=CutoffNonPeriodic, nonbondedCutoff=1.0 * unit.nanometer
    )
    found, expected = (energy(system, receptor.positions[protein])[0] for system in (ours, theirs))
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", list(HYDRATION))
def test_an_ion_alone_has_its_free_energy_of_hydration(name):
    """Within 3 %: the surface term comes on top of Born's equation, 1.5 kcal/mol for caesium."""
    topology = app.Topology()
    residue = topology.addResidue(name, topology.addChain())
    atom = ATOM_NAMES.get(name, name)
    topology.addAtom(atom, app.Element.getBySymbol(atom.capitalize()), residue)
    system = openmm.System()
    system.addParticle(1.0)
    system.addForce(solvent_force([float(ION_CHARGES[name])], topology))
    hydration = energy(system, np.zeros((1, 3)), "Reference")[0] / KJ_PER_KCAL
    assert hydration == pytest.approx(HYDRATION[name], rel=0.03)


# Of six neighbours, in nm (Shannon, Acta Cryst. A 32, 751, 1976).
CRYSTAL_RADII = {
    "LI": 0.076, "NA": 0.102, "K": 0.138, "RB": 0.152, "CS": 0.167, "MG": 0.072, "CA": 0.100, "SR": 0.118,
    "BA": 0.135, "MN": 0.083, "FE2": 0.078, "FE": 0.0645, "CO": 0.0745, "NI": 0.069, "CU": 0.073, "ZN": 0.074,
    "CD": 0.095, "HG": 0.102, "CL": 0.181, "BR": 0.196, "IOD": 0.220,
}  # fmt: skip


@pytest.mark.parametrize("name", list(HYDRATION))
def test_an_ions_radius_is_what_its_crystals_lead_to_expect(name):
    """Born's radii are those of crystals and 0.085 nm, of anions 0.01 nm (Latimer, J. Chem. Phys. 7, 108, 1939)."""
    more, spread = (0.085, 0.03) if ION_CHARGES[name] > 0 else (0.01, 0.005)
    assert ion_radius(name) - CRYSTAL_RADII[name] == pytest.approx(more, abs=spread)


def test_bromine_and_iodine_are_as_large_as_they_are():
    """OpenMM, as tleap, gives them the 1.5 A of oxygen; Bondi's radii are 1.85 and 1.98 A."""
    for symbol, radius in (("Br", 0.185), ("I", 0.198), ("Cl", 0.170)):
        ligand = Ligand.from_smiles(f"C{symbol}", symbol)
        topology = app.Topology()
        add_ligand(topology, ligand.mol, "LIG")
        force = solvent_force([0.0] * 5, topology)
        assert force.getParticleParameters(1)[1]._value == pytest.approx(radius)


def test_the_site_system_holds_what_was_asked_for(site, redocked):
    ligand = redocked.best.mol.GetConformer().GetPositions() / 10
    assert np.allclose(site.positions[site.ligand], ligand)
    nearest = np.linalg.norm(site.positions[:, None] - ligand[None], axis=2).min(axis=1)
    by_residue: dict[int, list[int]] = {}
    for atom in site.topology.atoms():
        by_residue.setdefault(atom.residue.index, []).append(atom.index)
    closest = np.array([nearest[atoms].min() for atoms in by_residue.values()])
    moves = np.array([site.mobile[atoms].all() for atoms in by_residue.values()])
    assert all(site.mobile[atoms].all() == site.mobile[atoms].any() for atoms in by_residue.values())
    assert moves[closest <= 0.5].all()
    # Beyond that move ions alone, and nothing is kept from far away that bonds or ions do not ask for.
    further = [
        r.name for r, moved in zip(site.topology.residues(), moves & (closest > 0.5), strict=True) if moved
    ]
    assert set(further) <= set(ION_CHARGES)
    assert (closest <= 0.8).mean() > 0.8
    masses = np.array([site.system.getParticleMass(i)._value for i in range(len(site.positions))])
    assert np.array_equal(masses == 0, ~site.mobile)
    assert masses[site.ligand].sum() == pytest.approx(325.4, abs=0.1)  # C20H22FN2O+, repartitioned or not
    hydrogens = [a.index for a in site.topology.atoms() if a.element.symbol == "H" and site.mobile[a.index]]
    assert masses[hydrogens] == pytest.approx(3.0)


def test_the_ligand_keeps_its_internal_energy_in_the_complex(site, escitalopram):
    alone = combine([(ligand_parameters(escitalopram), np.arange(46))])
    cut = combine([(site.system, site.ligand)])
    places = site.positions[site.ligand]
    assert energy(cut, places)[0] == pytest.approx(energy(alone, places)[0], rel=1e-6)


def test_the_topology_keeps_the_authors_numbers(site):
    assert {("ASP", "98"), ("PHE", "335"), ("NA", "707"), ("LIG", "1")} <= {
        (residue.name, residue.id) for residue in site.topology.residues()
    }
    part = subset_topology(site.topology, site.ligand)
    assert [residue.name for residue in part.residues()] == ["LIG"]
    assert part.getNumBonds() == 48


def test_the_whole_receptor_can_be_simulated_too(receptor, redocked):
    whole = whole_system(receptor, redocked.best, SystemSettings())
    assert len(whole.positions) == 8639 + 46
    assert whole.mobile.all()
    assert np.isfinite(energy(whole.system, whole.positions)[0])


def test_a_short_simulation(site, processor, tmp_path):
    told = []
    trajectory = engine.simulate(site, SHORT, processor, tmp_path, progress=told.append)
    record = trajectory.record
    assert record["frames"] == 10
    assert record["steps"] == 25 + 100
    assert record["frozen_drift_nm"] < 1e-6
    assert record["constraint_error"] < 1e-6
    assert 100 < record["mean_temperature_K"] < 400
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1
    import mdtraj
    import pandas as pd

    energies = pd.read_csv(tmp_path / ENERGIES)
    assert np.isfinite(energies.to_numpy()).all()
    frames = mdtraj.load(str(tmp_path / TRAJECTORY), top=mdtraj.Topology.from_openmm(site.topology))
    assert frames.time == pytest.approx(energies["time_ps"].to_numpy())
    assert frames.time == pytest.approx(0.04 * np.arange(1, 11), abs=1e-5)
    frozen = frames.xyz[:, site.frozen]
    assert np.abs(frozen - site.positions[site.frozen]).max() < 2e-3  # XTC rounds to 1e-3 nm
    state = openmm.XmlSerializer.deserialize((tmp_path / STATE).read_text())
    assert state.getStepCount() == 125


def test_simulations_repeat_with_their_seed(site, tmp_path):
    one, two = (
        engine.simulate(site, SHORT, choose_processor("CPU", 1), tmp_path / name).folder for name in "ab"
    )
    assert (one / ENERGIES).read_text() == (two / ENERGIES).read_text()


def test_minimisation_goes_down_and_leaves_the_frozen_shell(site, processor):
    positions, (before, after) = minimise(site.system, site.positions, processor, 50)
    assert after < before
    assert np.array_equal(positions[site.frozen], site.positions[site.frozen])
    assert minimise(site.system, positions, processor, 1)[1][0] == pytest.approx(after, rel=1e-5)


def test_springs_come_as_low_as_constraints_with_a_quarter_of_the_iterations(site, processor):
    assert site.system.getNumConstraints() > 0
    places, energy = minimise_with_springs(site.system, site.positions, processor, 25)
    assert np.array_equal(places[site.frozen], site.positions[site.frozen])
    constraints = [site.system.getConstraintParameters(n) for n in range(site.system.getNumConstraints())]
    lengths = [np.linalg.norm(places[one] - places[two]) for one, two, _ in constraints]
    assert lengths == pytest.approx([length._value for *_, length in constraints], rel=1e-5)
    _, (same, _) = minimise(site.system, places, processor, 1)
    assert energy == pytest.approx(same, rel=1e-6)
    _, (start, tight) = minimise(site.system, site.positions, processor, 25)
    _, (_, many) = minimise(site.system, site.positions, processor, 100)
    assert energy < tight < start
    springs = with_springs(site.system)
    assert springs.getNumConstraints() == 0
    loose, (before, _) = minimise(springs, site.positions, processor, 25)
    assert before == pytest.approx(start, abs=0.01 * abs(start))
    assert np.abs(places - loose).max() < 0.003  # what the constraints then move
    assert energy < many + 0.25 * (start - many)


def test_settings_must_divide_evenly():
    with pytest.raises(ValueError, match="frame_interval must be a multiple of timestep"):
        SimulationSettings(frame_interval="0.21 ps", timestep="4 fs")
    with pytest.raises(ValueError, match="time steps above 4 fs"):
        SimulationSettings(timestep="5 fs")
    with pytest.raises(ValueError, match="time steps above 2 fs"):
        SimulationSettings(system={"hydrogen_mass": "1.5 amu"})
    with pytest.raises(ValueError, match="mobile_within must not exceed"):
        SystemSettings(mobile_within="9 angstrom")
    with pytest.raises(ValueError, match="hydrogen_mass must lie"):
        SystemSettings(hydrogen_mass="8 amu")
    with pytest.raises(ValueError, match="production must be a multiple"):
        SimulationSettings(production="20.1001 ps")


def test_platforms_that_are_not_there_say_why():
    processor = choose_processor("auto")
    assert processor.platform in ("CPU", "CUDA", "OpenCL", "HIP")
    for name, reason in processor.passed_over.items():
        assert reason
        assert "\n" not in reason
        if reason.startswith("not installed"):
            with pytest.raises(SettingsError, match=f"{name}: does not work here .*use --platform auto"):
                choose_processor(name)
    with pytest.raises(SettingsError, match="is no platform"):
        choose_processor("TPU")
    with pytest.raises(SettingsError, match="is no precision"):
        choose_processor("CPU", precision="half")
    with pytest.raises(SettingsError, match="device 0: is no part of the CPU platform"):
        choose_processor("CPU", device="0")


def test_a_device_is_not_ignored_where_no_card_works(monkeypatch):
    monkeypatch.setattr("dock.forcefield.platforms.FASTEST_FIRST", ("HIP", "CPU"))
    if "HIP" not in choose_processor("auto").passed_over:
        pytest.skip("HIP works here")
    with pytest.raises(SettingsError, match="device 7: is no part of the CPU platform; HIP: not installed"):
        choose_processor("auto", device="7")


def test_a_system_that_openmm_refuses_is_a_typed_failure():
    system, force = openmm.System(), openmm.NonbondedForce()
    system.addParticle(1.0)
    force.addParticle(0.0, 0.3, 0.5)
    force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    system.setDefaultPeriodicBoxVectors(*np.eye(3))
    system.addForce(force)
    with pytest.raises(SimulationError, match=r"platform CPU: does not take the system .*cutoff"):
        minimise(system, np.zeros((1, 3)), choose_processor("CPU"))


def test_a_platform_has_a_processors_properties_for_a_while():
    platform = openmm.Platform.getPlatformByName("CPU")
    before = platform.getPropertyDefaultValue("Threads")
    with choose_processor("CPU", threads=1).as_default() as given:
        assert given.getPropertyDefaultValue("Threads") == "1"
        assert given.getPropertyDefaultValue("DeterministicForces") == "true"
    assert platform.getPropertyDefaultValue("Threads") == before
    assert platform.getPropertyDefaultValue("DeterministicForces") == "false"


def test_parameters_follow_the_order_of_the_atoms(escitalopram):
    """The hydrogens of the two methyls at the amine carry equal charges, but hang on different carbons."""
    (amine,) = escitalopram.mol.GetSubstructMatches(Chem.MolFromSmarts("[CH3][NH+][CH3]"))
    hydrogens = [
        next(
            n.GetIdx()
            for n in escitalopram.mol.GetAtomWithIdx(carbon).GetNeighbors()
            if n.GetAtomicNum() == 1
        )
        for carbon in (amine[0], amine[2])
    ]
    order = list(range(escitalopram.mol.GetNumAtoms()))
    order[hydrogens[0]], order[hydrogens[1]] = order[hydrogens[1]], order[hydrogens[0]]
    swapped = replace(escitalopram, mol=Chem.RenumberAtoms(escitalopram.mol, order))
    assert np.array_equal(charges_of(swapped), charges_of(escitalopram))
    for ligand in (escitalopram, swapped):
        system = ligand_parameters(ligand)
        constrained = {
            frozenset(system.getConstraintParameters(n)[:2]) for n in range(system.getNumConstraints())
        }
        bonds = {
            frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
            for bond in ligand.mol.GetBonds()
            if 1 in (bond.GetBeginAtom().GetAtomicNum(), bond.GetEndAtom().GetAtomicNum())
        }
        assert constrained == bonds


def test_a_plugin_without_its_driver_is_one_clear_line(monkeypatch):
    """What OpenMM 8.6 with openmm-cuda-12 says on a machine without a driver."""
    told = (
        "Error loading library /venv/OpenMM.libs/lib/plugins/libOpenMMCUDA.so: libcuda.so.1: cannot open "
        "shared object file: No such file or directory",
        "Error loading library /venv/OpenMM.libs/lib/plugins/libOpenMMRPMDCUDA.so: libOpenMMCUDA.so: cannot "
        "open shared object file: No such file or directory",
    )
    if "CUDA" not in choose_processor("auto").passed_over:
        pytest.skip("CUDA works here")
    monkeypatch.setattr(openmm.Platform, "getPluginLoadFailures", staticmethod(lambda: told))
    with pytest.raises(SettingsError, match=r"driver is missing or broken \(libcuda.so.1: cannot open"):
        choose_processor("CUDA")


def test_opencl_on_the_processors_own_cores_is_passed_over_but_can_be_asked_for():
    if not devices("OpenCL"):
        pytest.skip("OpenCL does not work here")
    asked = choose_processor("OpenCL", precision="double", device="0")
    assert asked.gpu
    assert dict(asked.properties) == {"Precision": "double", "DeviceIndex": "0"}
    if "OpenCL" in choose_processor("auto").passed_over:
        assert "which the CPU platform does faster" in choose_processor("auto").passed_over["OpenCL"]
    with pytest.raises(SettingsError, match="Illegal value for DeviceIndex"):
        choose_processor("OpenCL", device="7")
