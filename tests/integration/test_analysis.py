from dataclasses import replace

import mdtraj
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openmm import NonbondedForce, VerletIntegrator, unit
from rdkit import Chem

from dock.analysis import complexes
from dock.analysis.comparison import MeasuredComplex, compare, fingerprint_similarity
from dock.analysis.complexes import ComplexAnalysis, analyse_complex
from dock.analysis.geometry import contacts, hydrogen_bonds
from dock.analysis.measures.anchor import anchor_distance
from dock.analysis.measures.rmsd import ligand_rmsd
from dock.analysis.statistics import Average, average, average_replicas, difference
from dock.analysis.trajectory import ComplexTrajectory
from dock.core.errors import AnalysisError
from dock.core.units import KJ_PER_KCAL
from dock.dynamics.frames import TOPOLOGY, TRAJECTORY, write_topology
from dock.dynamics.protocol import SimulationSettings
from dock.forcefield.parameters import force_of
from dock.forcefield.parts import combine
from dock.forcefield.platforms import choose_processor
from dock.ligands import Ligand
from dock.systems.complexes import SystemSettings
from dock.systems.energies import cut_corrections, interaction_energies
from dock.systems.implicit import whole_system
from dock.systems.site import site_system

# Residues within 4 A of paroxetine in wild-type 6VRH, from the deposited coordinates.
PAROXETINE_CONTACTS = {
    "TYR95", "ALA96", "ASP98", "ALA169", "ILE172", "ALA173", "PHE335", "SER336", "GLY338", "PHE341",
    "SER438", "THR439", "GLY442", "THR497", "VAL501",
}  # fmt: skip


@pytest.fixture(scope="module")
def system(receptor, redocked):
    return site_system(receptor, redocked.best, SystemSettings())


@pytest.fixture(scope="module")
def still(system, redocked, receptor, tmp_path_factory) -> ComplexTrajectory:
    """Ten frames in which nothing moves, read back from files."""
    folder = tmp_path_factory.mktemp("still")
    write_topology(system.topology, system.positions, folder / TOPOLOGY)
    frames = mdtraj.Trajectory(
        np.repeat(system.positions[None], 10, axis=0),
        mdtraj.Topology.from_openmm(system.topology),
        time=np.arange(10),
    )
    frames.save_xtc(str(folder / TRAJECTORY))
    return ComplexTrajectory.load(folder, redocked.best, receptor)


def shifted(trajectory, atoms, by):
    """The trajectory with some atoms displaced by nanometres in the last frame."""
    xyz = trajectory.frames.xyz.copy()
    xyz[-1, atoms] += np.asarray(by)
    return replace(
        trajectory, frames=mdtraj.Trajectory(xyz, trajectory.frames.topology, time=trajectory.times)
    )


def test_rmsd_is_the_displacement_of_the_ligand(still):
    assert ligand_rmsd(still) == pytest.approx(0, abs=0.02)  # XTC rounds to 0.01 A
    assert ligand_rmsd(shifted(still, still.ligand, [0.2, 0.1, 0.2]))[-1] == pytest.approx(3.0, abs=0.02)
    assert ligand_rmsd(shifted(still, still.ligand_heavy, [0.2, 0.1, 0.2]))[:-1].max() < 0.02


def test_rmsd_ignores_the_flip_of_a_symmetric_ring(still):
    ring = still.pose.mol.GetSubstructMatch(Chem_ring())
    xyz = still.frames.xyz.copy()
    swap = (
        still.ligand[[ring[2], ring[6], ring[3], ring[5]]],
        still.ligand[[ring[6], ring[2], ring[5], ring[3]]],
    )
    xyz[:, swap[0]] = xyz[:, swap[1]]
    flipped = replace(still, frames=mdtraj.Trajectory(xyz, still.frames.topology))
    assert ligand_rmsd(flipped) == pytest.approx(0, abs=0.02)


def Chem_ring():  # noqa: N802
    from rdkit import Chem

    return Chem.MolFromSmarts("Fc1ccccc1")


def test_the_anchor_distance_is_that_of_amine_and_carboxylate(still):
    atoms = still.residue_atoms("ASP98", ("OD1", "OD2"))
    assert len(atoms) == 2
    places = still.frames.xyz[0]
    expected = np.linalg.norm(places[still.amines][:, None] - places[atoms][None], axis=2).min() * 10
    assert anchor_distance(still) == pytest.approx(expected, abs=1e-3)
    assert expected < 6
    bare = replace(still.receptor, sites={"orthosteric": replace(still.site, anchor=None)})
    assert anchor_distance(replace(still, receptor=bare)) is None
    without = [a.index for a in still.frames.topology.atoms if a.residue.resSeq != 98]
    cut = replace(still, frames=still.frames.atom_slice(without))
    assert anchor_distance(cut) == pytest.approx(expected, abs=0.02)  # the anchor outside stays where it is


def test_contacts_are_counted_by_frame(still):
    table = contacts(shifted(still, still.ligand, [0, 0, 5.0]))
    assert table["ASP98"].sum() == 9
    assert "ARG104" not in table or table["ARG104"].dtype == bool


def test_paroxetine_touches_what_was_measured_in_6vrh(mirror, redocked, still):
    """The contact rule, on the deposited cryo-EM structure, against the list in the literature."""
    entry = mdtraj.load(str(mirror / "6VRH.pdb"))
    chain = [a.index for a in entry.topology.atoms if a.residue.chain.index == 0 and a.residue.is_protein]
    ligand = [a.index for a in entry.topology.atoms if a.residue.name == "8PR"]
    part = entry.atom_slice(sorted(chain + ligand))
    for residue in part.topology.residues:
        if residue.name == "8PR":
            residue.name = "LIG"
    pose = replace(
        redocked.best, ligand=Ligand.from_catalogue("paroxetine"), mol=Ligand.from_catalogue("paroxetine").mol
    )
    assert len(ligand) == pose.mol.GetNumHeavyAtoms()
    labels = tuple(f"{residue.name}{residue.resSeq}" for residue in part.topology.residues)
    table = contacts(ComplexTrajectory(part, pose, still.receptor, labels, part.topology.to_openmm()))
    assert set(table.columns) == PAROXETINE_CONTACTS


def test_hydrogen_bonds_find_the_salt_bridge(still):
    """The amine's hydrogen pointed at an oxygen of Asp98, at 1.8 A, is a bond in that frame."""
    bonded = {
        a.index
        for pair in still.frames.topology.bonds
        for a in pair
        if still.amines[0] in (pair[0].index, pair[1].index)
    }
    hydrogen = next(i for i in bonded if still.frames.topology.atom(i).element.symbol == "H")
    amine = still.frames.xyz[0, still.amines[0]]
    direction = still.frames.xyz[0, hydrogen] - amine
    oxygen = still.residue_atoms("ASP98", ("OD1",))[0]
    shift = amine + 2.8 * 0.1 * direction / np.linalg.norm(direction) - still.frames.xyz[0, oxygen]
    table = hydrogen_bonds(shifted(still, [oxygen], shift))
    row = table[(table["donor"] == "LIG1 N1") & (table["acceptor"] == "ASP98 OD1")]
    assert row["occupancy"].item() in (0.1, 1.0)


def test_pair_energies_are_those_of_openmm(system):
    """Coulomb and van der Waals terms against the difference of OpenMM's own totals."""
    frames = system.positions[None].astype(float)
    table = interaction_energies(system, frames, choose_processor("CPU"))

    def nonbonded(indices):
        part = combine([(system.system, indices)])
        force = next(f for f in part.getForces() if isinstance(f, NonbondedForce))
        force.setForceGroup(5)
        context = choose_processor("CPU").context(part, VerletIntegrator(0.001))
        context.setPositions(system.positions[indices])
        return (
            context.getState(energy=True, groups={5})
            .getPotentialEnergy()
            .value_in_unit(unit.kilojoule_per_mole)
        )

    everything = np.arange(len(system.positions))
    expected = nonbonded(everything) - nonbonded(system.receptor) - nonbonded(system.ligand)
    found = (table["vdw"] + table["coulomb"]).item() * KJ_PER_KCAL
    assert found == pytest.approx(expected, rel=1e-3)
    assert table["total"].item() == pytest.approx(table[["vdw", "coulomb", "solvation"]].sum(axis=1).item())
    assert table["vdw"].item() < -30


def test_a_ligand_far_away_does_not_interact(system):
    frames = system.positions[None].copy()
    frames[0, system.ligand] += [500.0, 0, 0]
    table = interaction_energies(system, frames, choose_processor("CPU"))
    assert table["vdw"].item() == pytest.approx(0, abs=1e-6)
    assert table["total"].item() == pytest.approx(0, abs=0.1)


def test_an_analysis_holds_every_quantity(still, system):
    analysis = analyse_complex([still], system, choose_processor("CPU"), SimulationSettings())
    averages = analysis.averages()
    assert set(averages) == {
        "ligand_rmsd_A", "anchor_distance_A", "interaction_kcal_mol", "vdw_kcal_mol", "electrostatic_kcal_mol",
    }  # fmt: skip
    assert analysis.summary()["averages"]["interaction_kcal_mol"]["error"] is None  # nothing fluctuates
    assert analysis.contacts.set_index("residue").loc["ASP98", "occupancy"] == 1.0
    # Three frames that are all the same, put back into the whole receptor.
    assert len(analysis.corrections) == 3
    site, change = (table["interaction_kcal_mol"].mean() for table in (analysis.series, analysis.corrections))
    assert averages["interaction_kcal_mol"].mean == pytest.approx(site + change)
    assert analysis.left == []
    assert analysis.doubt == ""
    parts = analysis.series[["vdw_kcal_mol", "electrostatic_kcal_mol"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(analysis.series["interaction_kcal_mol"].to_numpy())


@pytest.mark.parametrize(("off", "told"), [(0.0, False), (20.0, True), (-20.0, True)])
def test_heat_is_told(still, system, off, told):
    """Planted: three replicas of 4 ps whose temperature is shifted by 20 K; their mean is known to 3.5 K."""
    generator = np.random.default_rng(4)
    replicas = [replace(still, temperatures=generator.normal(310 + off, 12, 10)) for _ in range(3)]
    heat = complexes._heat(replicas, system, SimulationSettings())
    assert bool(heat) is told
    if told:
        assert heat.endswith("K, not 310 K")


def test_a_complex_that_is_too_warm_or_lost_an_ion_is_in_doubt():
    ions = pd.DataFrame(
        [[1, time, "NA707", 1.4, "ALA96 O", 3.0, 3.4, True] for time in range(6)],
        columns=["replica", "time_ps", "ion", "shift_A", "atom", "distance_A", "holds_at", "prepared"],
    )
    empty = pd.DataFrame()
    analysis = ComplexAnalysis(empty, empty, empty, ions, empty, heat="its temperature is 330 K, not 310 K")
    assert analysis.doubt == "NA707 left its place; its temperature is 330 K, not 310 K"
    assert replace(analysis, ions=ions.assign(shift_A=0.5), heat="").doubt == ""


def test_files_that_do_not_fit_are_refused(still, system, tmp_path):
    with pytest.raises(AnalysisError, match="cannot be read"):
        ComplexTrajectory.load(tmp_path, still.pose, still.receptor)
    write_topology(system.topology, system.positions, tmp_path / TOPOLOGY)
    (tmp_path / TRAJECTORY).write_bytes(b"no trajectory")
    with pytest.raises(AnalysisError, match="cannot be read"):
        ComplexTrajectory.load(tmp_path, still.pose, still.receptor)
    still.frames.save_xtc(str(tmp_path / TRAJECTORY))
    other = Ligand.from_catalogue("sertraline")
    with pytest.raises(AnalysisError, match="another molecule"):
        ComplexTrajectory.load(tmp_path, replace(still.pose, ligand=other, mol=other.mol), still.receptor)


def test_the_error_of_a_correlated_series_is_that_of_its_independent_samples():
    """A first-order autoregressive series has the statistical inefficiency (1+a)/(1-a)."""
    generator, a, length = np.random.default_rng(5), 0.8, 20_000
    series = np.empty(length)
    series[0] = 0
    for step in range(1, length):
        series[step] = a * series[step - 1] + generator.normal()
    value = average(series)
    assert length / value.samples == pytest.approx((1 + a) / (1 - a), rel=0.15)
    spread = 1 / np.sqrt(1 - a**2)
    assert value.error == pytest.approx(spread * np.sqrt(9 / length), rel=0.15)
    assert abs(value.mean) < 4 * value.error
    drifting = average(np.linspace(0, 10, 100) + generator.normal(size=100) * 0.01)
    assert np.isnan(drifting.error) or drifting.error >= 2.4


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40))
def test_an_average_never_has_more_samples_than_frames(values):
    result = average(values)
    assert 1 <= result.samples <= len(values) + 1e-9
    assert min(values) - 1e-6 <= result.mean <= max(values) + 1e-6
    assert np.isnan(result.error) or result.error > 0


@pytest.mark.parametrize("series", [[], [1.0, float("nan")], [float("inf")] * 5])
def test_series_that_cannot_be_averaged(series):
    with pytest.raises(AnalysisError):
        average(series)


S, R, OTHER = "C[C@H](N)O", "C[C@@H](N)O", "CCO"


def complex_of(ligand, site, smiles, energy, occupancies):
    averages = {"interaction_kcal_mol": Average(energy, 0.5, 20.0, replicas=1000)}
    return MeasuredComplex(
        ligand, site, smiles, averages, {"docking_score_kcal_mol": energy / 4}, occupancies
    )


def test_only_pairs_that_differ_in_one_thing_are_compared():
    complexes = [
        complex_of("S", "orthosteric", S, -40.0, {"ASP98": 1.0, "PHE335": 0.9}),
        complex_of("S", "allosteric", S, -30.0, {"PHE335": 0.6}),
        complex_of("R", "orthosteric", R, -39.5, {"ASP98": 0.4, "PHE335": 0.9}),
        complex_of("other", "orthosteric", OTHER, -10.0, {}),
        complex_of("S again", "orthosteric", S, -10.0, {}),
    ]
    table = compare(complexes[:4])
    pairs = set(zip(table["kind"], table["first"], table["second"], strict=True))
    assert pairs == {
        ("site", "S in orthosteric", "S in allosteric"),
        ("enantiomer", "S in orthosteric", "R in orthosteric"),
    }
    assert set(compare([complexes[0], complexes[4]])["kind"]) == set()
    energies = table[table["quantity"] == "interaction_kcal_mol"].set_index("kind")
    assert energies.loc["site", "difference"] == -10.0
    assert energies.loc["site", "error"] == pytest.approx(0.5 * np.sqrt(2))
    assert energies.loc["site", "resolved"]
    assert not energies.loc["enantiomer", "resolved"]
    docked = table[table["quantity"] == "docking_score_kcal_mol"]
    assert not docked["resolved"].any()
    assert docked["error"].isna().all()
    similarity = table[table["quantity"] == "contacts"].set_index("kind")["similarity"]
    assert similarity["site"] == 0.5
    assert similarity["enantiomer"] == 0.5
    assert compare([]).empty


def test_complexes_of_two_receptors_are_not_compared():
    """Their systems are unlike, whatever they are called alike; within each, everything is as without the other."""
    pair = [
        complex_of("S", "orthosteric", S, -40.0, {"ASP98": 1.0}),
        complex_of("R", "orthosteric", R, -39.5, {"ASP98": 0.4}),
    ]
    both = [replace(complex_, receptor=name) for name in ("a", "b") for complex_ in pair]
    table, alone = compare(both), compare(pair)
    assert compare([both[0], both[3]]).empty
    for name in ("a", "b"):
        ours = table[table["receptor"] == name].reset_index(drop=True).drop(columns=["receptor", "error"])
        assert ours.equals(alone.drop(columns=["receptor", "error"]))
    assert len(table) == 2 * len(alone)


def test_scores_of_two_engines_are_not_subtracted(redocked):
    """And a refined pose lies where no engine has scored it."""
    empty = pd.DataFrame({"residue": [], "occupancy": []})
    mirror = Ligand.from_catalogue("r-citalopram")

    def quantities(first=redocked.best.properties, **changes):
        poses = replace(redocked.best, properties=first), replace(redocked.best, ligand=mirror, **changes)
        table = compare([MeasuredComplex.from_pose(pose, {}, empty) for pose in poses])
        return set(table["quantity"]) - {"contacts"}

    comparable = {"cnn_probability", "cnn_affinity_pK", "vinardo_kcal_mol"}
    assert quantities() == {"docking_score_kcal_mol", *comparable}
    assert quantities(engine="vina") == comparable
    refined = {**redocked.best.properties, "refined_strain_kcal_mol": 3.0}
    assert quantities(properties=refined) == set()
    assert quantities(refined, properties=refined) == {"refined_strain_kcal_mol"}


def test_what_means_another_thing_in_another_site_is_not_subtracted():
    """Each site has an anchor of its own: between sites their distances say how far the anchors are apart."""
    distance = {"anchor_distance_A": Average(4.0, 0.1, 30.0, replicas=1000)}
    here, there, mirrored = (
        replace(complex_of(*names, -40.0, {}), averages=distance)
        for names in (("S", "orthosteric", S), ("S", "allosteric", S), ("R", "orthosteric", R))
    )
    assert "anchor_distance_A" not in set(compare([here, there])["quantity"])
    assert "anchor_distance_A" in set(compare([here, mirrored])["quantity"])


def test_a_complex_in_doubt_and_other_atoms_take_no_part():
    pair = [complex_of("S", "orthosteric", S, -40.0, {}), complex_of("R", "orthosteric", R, -30.0, {})]
    assert compare(pair)["resolved"].any()
    assert compare([pair[0], replace(pair[1], doubt="NA707 left its place")]).empty
    other_atoms = compare([replace(pair[0], atoms="some"), replace(pair[1], atoms="others")])
    assert "interaction_kcal_mol" not in set(other_atoms["quantity"])
    assert "docking_score_kcal_mol" in set(other_atoms["quantity"])


def test_a_site_corrected_is_the_whole_receptor(receptor, redocked, system):
    """Site and correction against the same sums over the whole receptor, and its van der Waals part by hand."""
    processor = choose_processor("CPU")
    frames = system.positions[None].astype(float)
    change = cut_corrections(receptor, redocked.best, system, frames, processor)
    whole = whole_system(receptor, redocked.best, SystemSettings())
    exact = interaction_energies(whole, whole.positions[None], processor)
    found = interaction_energies(system, frames, processor) + change
    assert found.to_numpy() == pytest.approx(exact.to_numpy(), abs=1e-3)
    outside = np.setdiff1d(np.arange(len(whole.kept)), system.kept)
    force = force_of(whole.system, NonbondedForce)
    vdw = 0.0
    for one in whole.ligand:
        _, sigma, epsilon = (value._value for value in force.getParticleParameters(int(one)))
        for two in outside:
            _, other_sigma, other_epsilon = (value._value for value in force.getParticleParameters(int(two)))
            sixth = (
                (sigma + other_sigma) / 2 / np.linalg.norm(whole.positions[one] - whole.positions[two])
            ) ** 6
            vdw += 4 * np.sqrt(epsilon * other_epsilon) * (sixth**2 - sixth)
    assert change["vdw"].item() == pytest.approx(vdw / KJ_PER_KCAL, rel=1e-6)
    assert 1.0 < abs(change["total"].item()) < 8.0


def test_frames_that_moved_are_put_back_where_they_are(receptor, redocked, system):
    """What moved, moved in the whole receptor too: against a whole system built of the moved receptor and pose."""
    processor = choose_processor("CPU")
    nudge = np.random.default_rng(2).normal(0, 0.01, system.positions.shape) * system.mobile[:, None]
    moved = system.positions + nudge
    change = cut_corrections(receptor, redocked.best, system, moved[None], processor)
    positions = receptor.positions.copy()
    positions[system.kept] = moved[system.receptor]
    mol = Chem.Mol(redocked.best.mol)
    mol.GetConformer().SetPositions(np.ascontiguousarray(moved[system.ligand] * 10))
    whole = whole_system(
        replace(receptor, positions=positions), replace(redocked.best, mol=mol), SystemSettings()
    )
    exact = interaction_energies(whole, whole.positions[None], processor)
    inside = interaction_energies(system, moved[None], processor)
    assert (inside + change).to_numpy() == pytest.approx(exact.to_numpy(), abs=2e-3)
    still = cut_corrections(receptor, redocked.best, system, system.positions[None], processor)
    assert abs((change - still)["total"].item()) > 0.01  # it is not that of the frame before


def test_other_charges_are_another_system(still, system, monkeypatch):
    """As to what may be compared: atoms, what moves, and how ligands got their charges."""
    monkeypatch.setattr(complexes, "parameter_penalties", lambda *_: [])
    monkeypatch.setattr(complexes, "_corrections", lambda *_: pd.DataFrame())
    settings = SimulationSettings()
    nagl = settings.model_copy(update={"system": settings.system.model_copy(update={"charges": "nagl"})})
    keys = [
        analyse_complex([still], system, choose_processor("CPU"), each).atoms
        for each in (settings, settings, nagl)
    ]
    assert keys[0] == keys[1] != keys[2]


def test_each_replica_has_the_corrections_of_its_own_frames(still, system):
    """Of two replicas of which one is moved, three frames: as many as an error needs, told apart by number."""
    other = shifted(still, still.ligand, [0.02, 0, 0])
    analysis = analyse_complex([still, other], system, choose_processor("CPU"), SimulationSettings())
    table = analysis.corrections
    assert table["replica"].tolist() == [1, 1, 2]
    assert table["time_ps"].tolist() == [4, 9, 9]
    energies = table["interaction_kcal_mol"].to_numpy()
    assert energies[1] == pytest.approx(energies[0], abs=1e-3)
    assert abs(energies[2] - energies[0]) > 0.01


def test_occupied_complexes_are_compared_among_themselves():
    empty = complex_of("S", "orthosteric", S, -40.0, {})
    beside = [
        replace(complex_of(name, site, smiles, -38.0, {}), occupied="allosteric: sertraline")
        for name, site, smiles in (("S", "orthosteric", S), ("R", "orthosteric", R))
    ]
    table = compare([empty, *beside])
    assert set(table["kind"]) == {"enantiomer"}
    assert set(table["first"]) == {"S in orthosteric beside allosteric: sertraline"}


def test_replicas_that_differ_widen_the_error():
    generator = np.random.default_rng(3)
    noise = [generator.normal(size=400) for _ in range(3)]
    alike = average_replicas(noise)
    assert 0.8 / np.sqrt(1200) < alike.error < 2 / np.sqrt(1200)
    assert alike.samples > 300
    apart = average_replicas([values + shift for values, shift in zip(noise, (-3, 0, 3), strict=True)])
    assert apart.mean == pytest.approx(0, abs=0.2)
    assert apart.error == pytest.approx(3 / np.sqrt(3), rel=0.1)
    assert apart.samples == 3
    two = average_replicas([values + shift for values, shift in zip(noise[:2], (-3, 3), strict=True)])
    assert np.isnan(two.error)  # two samples tell nothing
    assert average_replicas(noise[:1]) == average(noise[0])


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40).map(np.array), min_size=1, max_size=5)
)
def test_the_mean_of_replicas_is_that_of_all_their_frames(replicas):
    result = average_replicas(replicas)
    assert result.mean == pytest.approx(np.concatenate(replicas).mean(), abs=1e-9)
    assert result.samples >= 1 - 1e-9
    assert np.isnan(result.error) or result.error > 0


def test_few_samples_resolve_less():
    """At 2.2 standard errors, twenty samples tell a difference from zero and five do not."""
    gap = 2.2 * 0.5 * np.sqrt(2)
    for samples, resolved in ((20.0, True), (5.0, False)):
        pair = [
            replace(complex_of(*names, 0.0, {}), averages={"measured": Average(mean, 0.5, samples)})
            for names, mean in ((("S", "orthosteric", S), 0.0), (("R", "orthosteric", R), gap))
        ]
        table = compare(pair).set_index("quantity")
        assert table.loc["measured", "resolved"] == resolved


def test_fingerprints_and_differences():
    assert fingerprint_similarity({"A": 1.0}, {"A": 0.5}) == 1.0
    assert np.isnan(fingerprint_similarity({}, {"A": 0.1}))
    gap, error = difference(Average(1.0, 3.0, 9), Average(2.0, 4.0, 9))
    assert (gap, error) == (-1.0, 5.0)
