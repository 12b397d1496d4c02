"""The engine: what is simulated is what was planned, whatever happens on the way."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import mdtraj
import numpy as np
import openmm
import pandas as pd
import pytest
from openmm import unit

from dock.core.errors import ChangedError, OutputError, SimulationError, StoppedError
from dock.core.records import software_versions
from dock.core.units import Quantity
from dock.dynamics import checkpoint, engine, ensemble
from dock.dynamics.checkpoint import Checkpoint
from dock.dynamics.frames import ENERGIES, STATE, TOPOLOGY, TRAJECTORY, temperature
from dock.dynamics.protocol import RELEASE, SimulationSettings
from dock.dynamics.settling import Settling, mean_temperature_error
from dock.forcefield.minimisation import SCALE
from dock.forcefield.platforms import Processor, choose_processor, devices
from dock.systems.building import build_system
from dock.systems.complexes import SystemSettings

SMALL = SystemSettings(kind="site", kept_within="5 angstrom", mobile_within="4 angstrom")
SHORT = SimulationSettings(
    minimisation_steps=50,
    equilibration="0.1 ps",
    production="0.4 ps",
    frame_interval="40 fs",
    system=SMALL,
)


@pytest.fixture(scope="module")
def processor():
    return choose_processor("CPU", 2)


@pytest.fixture(scope="module")
def small(receptor, redocked):
    return build_system(receptor, redocked.best, SMALL)


@pytest.fixture(scope="module")
def finished(small, processor, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    engine.simulate(small, SHORT, processor, folder)
    return folder


def changed(settings, **values):
    """Settings that validation would refuse."""
    return settings.model_copy(update=values)


def frames(folder, small):
    return mdtraj.load(str(folder / TRAJECTORY), top=mdtraj.Topology.from_openmm(small.topology))


def assert_whole(folder, small, settings):
    """Exactly the planned frames at the planned times, and the planned number of steps."""
    planned = settings.frame_interval.value_in("ps") * np.arange(1, settings.frames + 1)
    assert frames(folder, small).time == pytest.approx(planned, abs=1e-5)
    assert pd.read_csv(folder / ENERGIES)["time_ps"].to_numpy() == pytest.approx(planned, abs=1e-9)
    state = openmm.XmlSerializer.deserialize((folder / STATE).read_text())
    assert state.getStepCount() == settings.steps
    total = settings.equilibration.value_in("ps") + settings.production.value_in("ps")
    assert state.getTime().value_in_unit(unit.picosecond) == pytest.approx(total)


def test_a_simulation_has_the_planned_frames(finished, small):
    assert_whole(finished, small, SHORT)
    record = json.loads((finished / engine.RECORD).read_text())
    assert record["steps"] == 25 + 100
    assert record["frames"] == 10
    assert record["sessions"] == [{"platform": "CPU", "steps": 125}]
    assert record["frozen_drift_nm"] < 1e-6
    assert record["constraint_error"] < 1e-6
    table = pd.read_csv(finished / ENERGIES)
    assert record["mean_temperature_K"] == pytest.approx(table["temperature_K"].mean(), abs=0.01)
    first = table["temperature_K"][:3].mean()  # a quarter of ten frames, or what is just above it
    assert record["first_frames_temperature_K"] == pytest.approx(first, abs=0.01)
    frozen = frames(finished, small).xyz[:, small.frozen]
    assert np.abs(frozen - small.positions[small.frozen]).max() < 2e-3  # XTC rounds to 1e-3 nm


def test_a_finished_simulation_is_not_touched(finished, small, processor):
    before = {path.name: path.stat().st_mtime_ns for path in finished.iterdir()}
    again = engine.simulate(small, SHORT, processor, finished)
    assert again.record["frames"] == 10
    assert {path.name: path.stat().st_mtime_ns for path in finished.iterdir()} == before


def test_replicas_differ_in_their_random_numbers_alone(small, tmp_path):
    processor = choose_processor("CPU", 1)
    for name, replica in (("one", 1), ("same", 1), ("two", 2)):
        engine.simulate(small, SHORT, processor, tmp_path / name, replica)
    one, same, two = ((tmp_path / name / ENERGIES).read_text() for name in ("one", "same", "two"))
    assert one == same
    assert one != two


def test_restraints_are_released_step_by_step(small, processor, tmp_path, monkeypatch):
    seen = []
    real = engine._step

    def step(context, steps, done):
        parameters = dict(context.getParameters())
        seen.append((done, parameters.get(SCALE)))
        real(context, steps, done)

    monkeypatch.setattr(engine, "_step", step)
    engine.simulate(small, SHORT, processor, tmp_path)
    ends = SHORT.release_steps
    assert ends == (5, 10, 15, 20)
    for done, scale in seen:
        expected = next((RELEASE[n] for n, end in enumerate(ends) if done < end), None)
        assert scale == expected
    assert {scale for _, scale in seen} == {*RELEASE, None}


def test_restraints_hold_heavy_atoms_that_can_move(small):
    system = ensemble.running_system(small, SHORT, restraining=True, seed=1)
    force = next(f for f in system.getForces() if isinstance(f, openmm.CustomExternalForce))
    held = {force.getParticleParameters(n)[0] for n in range(force.getNumParticles())}
    elements = [atom.element.symbol for atom in small.topology.atoms()]
    assert held == {n for n in np.flatnonzero(small.mobile) if elements[n] != "H"}
    assert ensemble.running_system(small, SHORT, restraining=False, seed=1) is small.system


def test_a_simulation_stops_in_time_and_goes_on(small, processor, tmp_path):
    stops = 0
    for _ in range(200):
        try:
            engine.simulate(small, SHORT, processor, tmp_path, deadline=time.time())
        except StoppedError as error:
            stops += 1
            said = str(error)
            assert not (tmp_path / engine.RECORD).exists()
        else:
            break
    assert stops > 2
    assert "the same command continues" in said
    assert_whole(tmp_path, small, SHORT)
    record = json.loads((tmp_path / engine.RECORD).read_text())
    assert len(record["sessions"]) == stops + 1
    assert sum(session["steps"] for session in record["sessions"]) == SHORT.steps


def test_a_checkpoint_is_continued_on_another_platform(small, processor, tmp_path):
    with pytest.raises(StoppedError):
        engine.simulate(small, SHORT, processor, tmp_path, deadline=time.time())
    before = Checkpoint.load(tmp_path)
    engine.simulate(small, SHORT, Processor("Reference"), tmp_path)
    assert_whole(tmp_path, small, SHORT)
    record = json.loads((tmp_path / engine.RECORD).read_text())
    assert [session["platform"] for session in record["sessions"]] == ["CPU", "Reference"]
    assert record["sessions"][0]["steps"] == before.step
    # The state is kept in double precision: read and written again it is the same to the last digit.
    again = openmm.XmlSerializer.serialize(before.openmm_state())
    assert again == before.state


@pytest.fixture
def crash(small, processor, tmp_path, monkeypatch):
    """Leave a simulation as a crash in the middle of its production does; return its settings."""
    many = changed(SHORT, production=Quantity("2 ps"), checkpoint_interval=Quantity("1 ms"))
    monkeypatch.setattr(engine, "SAVING_SHARE", 1.0)

    def fall(fraction):
        if fraction > 0.6:
            raise MemoryError

    with pytest.raises(MemoryError):
        engine.simulate(small, many, processor, tmp_path, progress=fall)
    saved = Checkpoint.load(tmp_path)
    assert SHORT.equilibration_steps < saved.step < many.steps
    return many


def test_what_was_written_after_the_checkpoint_is_cut_off(small, processor, tmp_path, crash):
    """As a kill leaves it: half a frame and half a row behind those that the checkpoint knows."""
    for name, rubbish in ((TRAJECTORY, b"\x00\x01half a frame"), (ENERGIES, b"1.23,4")):
        with (tmp_path / name).open("ab") as file:
            file.write(rubbish)
    engine.simulate(small, crash, processor, tmp_path)
    assert_whole(tmp_path, small, crash)


def test_a_trajectory_that_lost_its_end_is_refused(small, processor, tmp_path, crash):
    (tmp_path / TRAJECTORY).write_bytes(b"")
    with pytest.raises(SimulationError, match=r"trajectory.xtc: is shorter than"):
        engine.simulate(small, crash, processor, tmp_path)


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost_and_nothing_done_twice():
    """Five kills here; twenty stand in RESULTS.md."""
    script = Path(__file__).parents[2] / "benchmarks" / "kills.py"
    done = subprocess.run(
        [sys.executable, script, "--dry", "--kills", "5"], capture_output=True, text=True, timeout=1200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    killed = [row for row in done.stdout.splitlines() if "| -9 |" in row]
    assert len(killed) >= 4
    assert any("production" in row for row in killed)


def test_a_longer_production_continues(finished, small, processor, tmp_path):
    shutil.copytree(finished, tmp_path / "longer")
    longer = changed(SHORT, production=Quantity("0.6 ps"))
    engine.simulate(small, longer, processor, tmp_path / "longer")
    assert_whole(tmp_path / "longer", small, longer)
    before = (finished / TRAJECTORY).read_bytes()
    assert (tmp_path / "longer" / TRAJECTORY).read_bytes()[: len(before)] == before


def test_other_software_settings_or_systems_are_refused(finished, small, processor, tmp_path, monkeypatch):
    folder = tmp_path / "begun"
    shutil.copytree(finished, folder)
    hot = changed(SHORT, temperature=Quantity("400 K"))
    with pytest.raises(ChangedError, match="temperature 310 K, not 400 K"):
        engine.simulate(small, hot, processor, folder)
    with pytest.raises(ChangedError, match="replica 1, not 2"):
        engine.simulate(small, SHORT, processor, folder, 2)
    moved = replace(small, positions=small.positions + 0.01)
    with pytest.raises(ChangedError, match="another system"):
        engine.simulate(moved, SHORT, processor, folder)
    monkeypatch.setattr(
        checkpoint, "software_versions", lambda names: software_versions(names) | {"openmm": "9.9"}
    )
    with pytest.raises(ChangedError, match=r"openmm 8\..* not 9\.9.*--accept-changes"):
        engine.simulate(small, SHORT, processor, folder)
    engine.simulate(small, SHORT, processor, folder, accept_changes=True)
    begun = json.loads((folder / checkpoint.BEGUN).read_text())
    assert begun["versions"]["openmm"] == "9.9"
    assert begun["before"][0]["versions"]["openmm"].startswith("8.")


@pytest.mark.parametrize("other", [{"timestep": Quantity("1 fs")}, {"frame_interval": Quantity("0.02 ps")}])
def test_what_frames_are_counted_in_cannot_be_changed(finished, small, processor, tmp_path, other):
    folder = tmp_path / "begun"
    shutil.copytree(finished, folder)
    with pytest.raises(ChangedError) as told:
        engine.simulate(small, changed(SHORT, **other), processor, folder, accept_changes=True)
    assert "--accept-changes" not in str(told.value)
    engine.simulate(small, SHORT, processor, folder)  # as before


def test_a_system_of_other_atoms_cannot_be_accepted(finished, small, receptor, redocked, processor, tmp_path):
    folder = tmp_path / "begun"
    shutil.copytree(finished, folder)
    larger = build_system(receptor, redocked.best, SystemSettings(kind="site", kept_within="7 angstrom"))
    assert len(larger.positions) != len(small.positions)
    with pytest.raises(ChangedError, match=r"simulate into another folder$"):
        engine.simulate(larger, SHORT, processor, folder, accept_changes=True)
    engine.simulate(small, SHORT, processor, folder)


def test_less_production_than_is_there_is_refused(finished, small, processor, tmp_path):
    """The state is behind the end that is asked for, and so are frames."""
    folder = tmp_path / "begun"
    shutil.copytree(finished, folder)
    (folder / engine.RECORD).unlink()  # as if killed before it was written
    shorter = changed(SHORT, production=Quantity("0.2 ps"))
    with pytest.raises(ChangedError, match=f"gone on to step {SHORT.steps}, of {shorter.steps} asked for"):
        engine.simulate(small, shorter, processor, folder)
    engine.simulate(small, SHORT, processor, folder)
    assert_whole(folder, small, SHORT)


def test_two_at_work_in_one_folder_are_refused(small, processor, tmp_path):
    def meanwhile(_):
        with pytest.raises(OutputError, match="at work here"):
            engine.simulate(small, SHORT, processor, tmp_path)
        seen.append(True)

    seen = []
    engine.simulate(small, SHORT, processor, tmp_path, progress=meanwhile)
    assert seen
    assert_whole(tmp_path, small, SHORT)


def test_files_of_something_else_are_left_alone(small, processor, tmp_path):
    (tmp_path / TRAJECTORY).write_text("mine")
    with pytest.raises(OutputError, match=r"holds trajectory\.xtc, which no simulation here has begun"):
        engine.simulate(small, SHORT, processor, tmp_path)
    assert (tmp_path / TRAJECTORY).read_text() == "mine"


def test_a_damaged_checkpoint_is_one_line(small, processor, tmp_path):
    (tmp_path / checkpoint.CHECKPOINT).write_text('{"step": 3}')
    with pytest.raises(SimulationError, match="is damaged"):
        engine.simulate(small, SHORT, processor, tmp_path)


def test_a_breakdown_is_retried_with_a_smaller_step(small, processor, tmp_path):
    """Steps of 20 fs break down; with a half, a quarter or an eighth of them the plan is kept."""
    wild = changed(SHORT, timestep=Quantity("20 fs"), frame_interval=Quantity("40 fs"))
    record = engine.simulate(small, wild, processor, tmp_path).record
    assert 1 <= record["breakdowns"] <= 3
    steps = [event["went_on_with_fs"] for event in record["events"]]
    assert steps == [10.0, 5.0, 2.5][: len(steps)]
    assert_whole(tmp_path, small, wild)
    assert np.isfinite(pd.read_csv(tmp_path / ENERGIES).to_numpy()).all()


@pytest.mark.parametrize("look", ["_keep_frame", "_save"])
def test_nan_first_seen_on_looking_is_a_breakdown(small, processor, tmp_path, monkeypatch, look):
    """The last steps before a frame or a checkpoint can end in NaN, of which stepping said nothing."""
    whole, spoilt = getattr(engine._Run, look), []

    def spoil_once(run, *arguments):
        if not spoilt:
            spoilt.append(run.step)
            run.context.setPositions(np.full((len(small.positions), 3), np.nan))
            run.sound = -1
        return whole(run, *arguments)

    monkeypatch.setattr(engine._Run, look, spoil_once)
    record = engine.simulate(small, SHORT, processor, tmp_path).record
    assert [event["step"] for event in record["events"]] == spoilt
    assert_whole(tmp_path, small, SHORT)


def test_a_simulation_that_cannot_go_on_is_recorded_for_diagnosis(small, processor, tmp_path):
    hopeless = changed(
        SHORT, timestep=Quantity("400 fs"), frame_interval=Quantity("800 fs"), production=Quantity("8 ps")
    )
    with pytest.raises(SimulationError, match="broke down 4 times, at last with 50 fs steps") as told:
        engine.simulate(small, hopeless, processor, tmp_path)
    folder = tmp_path / engine.DIAGNOSIS
    assert str(folder) in str(told.value)
    system = openmm.XmlSerializer.deserialize((folder / "system.xml").read_text())
    good = openmm.XmlSerializer.deserialize((folder / "state_good.xml").read_text())
    integrator = openmm.XmlSerializer.deserialize((folder / "integrator.xml").read_text())
    assert system.getNumParticles() == len(small.positions)
    assert integrator.getStepSize().value_in_unit(unit.femtosecond) == pytest.approx(50.0)
    places = good.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    assert np.isfinite(places).all()
    assert not (tmp_path / engine.RECORD).exists()


def test_rounding_in_single_precision_is_no_broken_constraint(small):
    """Perfect bonds 20 nm from the origin, as float32 holds them, are off by more than 1e-5 of their length."""
    constraints = [small.system.getConstraintParameters(n) for n in range(small.system.getNumConstraints())]
    places = small.positions + 20.0
    for heavy, hydrogen, length in constraints:
        bond = places[hydrogen] - places[heavy]
        places[hydrogen] = places[heavy] + bond * length._value / np.linalg.norm(bond)
    exact = replace(small, positions=places)
    rounded = places.astype(np.float32).astype(float)
    single = Processor("CUDA", {"Precision": "single"})
    with pytest.raises(SimulationError, match="constraints"):
        ensemble.check(exact, rounded)
    ensemble.check(exact, rounded, single.rounding)
    rounded[constraints[0][1]] += 1e-4
    with pytest.raises(SimulationError, match="constraints"):
        ensemble.check(exact, rounded, single.rounding)


def test_the_bath_keeps_its_temperature(small, processor, tmp_path):
    """420 mobile atoms fluctuate by 4 % a frame; 40 frames, 0.1 ps apart at 10/ps, by less than 1 %."""
    warm = changed(
        SHORT, friction=Quantity("10/ps"), equilibration=Quantity("2 ps"), production=Quantity("4 ps"),
        frame_interval=Quantity("0.1 ps"),
    )  # fmt: skip
    record = engine.simulate(small, warm, processor, tmp_path).record
    assert record["mean_temperature_K"] == pytest.approx(310, rel=0.03)


@pytest.mark.slow
def test_equilibration_ends_when_the_temperature_has_settled(small, processor, tmp_path, monkeypatch):
    """Planted: a bath 50 K too hot never settles; the stretch is repeated as often as it may be, and that is told.

    A picosecond of 420 mobile atoms tells the temperature to 9 K; what 20 K are is seen over all frames
    (`test_heat_is_told`).
    """
    usual = changed(SHORT, equilibration=Quantity("5 ps"))
    right = engine.simulate(small, usual, processor, tmp_path / "right")
    assert right.record["settled"] is True
    assert right.record["settling_temperature_K"] == pytest.approx(310, abs=20)
    assert right.record["equilibration_ps"] in (5.0, 6.0, 7.0)
    real = openmm.LangevinMiddleIntegrator
    monkeypatch.setattr(
        openmm, "LangevinMiddleIntegrator", lambda bath, *others: real(bath + 50 * unit.kelvin, *others)
    )
    hot = engine.simulate(small, usual, processor, tmp_path / "hot")
    assert hot.record["settled"] is False
    assert hot.record["equilibration_ps"] == pytest.approx(10.0)
    assert hot.record["settling_temperature_K"] > 330
    assert frames(hot.folder, small).n_frames == 10
    assert sum(session["steps"] for session in hot.record["sessions"]) == 1250 + 5 * 250 + 100


def test_an_extended_equilibration_goes_on_where_it_was_stopped(small, processor, tmp_path, monkeypatch):
    """Stopped in the middle of its extension, then finished: every frame once, at its time."""
    never = changed(SHORT, equilibration=Quantity("2.5 ps"))
    monkeypatch.setattr(Settling, "settled", False)

    def stop(done):
        if done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.simulate(
            small, changed(never, checkpoint_interval=Quantity("1 ms")), processor, tmp_path, progress=stop
        )
    saved = Checkpoint.load(tmp_path)
    assert saved is not None
    record = engine.simulate(small, never, processor, tmp_path).record
    assert record["equilibration_ps"] == pytest.approx(2.5 + 5 * 0.5)
    planned = 0.04 * np.arange(1, 11)
    assert frames(tmp_path, small).time == pytest.approx(planned, abs=1e-5)


@pytest.mark.parametrize("breath", [0.0, 100.0])
def test_the_temperature_is_looked_at_as_often_on_a_slow_machine(
    small, processor, tmp_path, monkeypatch, breath
):
    """Breaths of one step or of many: half a picosecond of settling is five looks."""
    looks = []
    real = Settling.start_again

    def start_again(settling):
        looks.append(len(settling._seen))
        real(settling)

    monkeypatch.setattr(engine, "BREATH", breath)
    monkeypatch.setattr(Settling, "settled", False)
    monkeypatch.setattr(Settling, "start_again", start_again)
    engine.simulate(small, changed(SHORT, equilibration=Quantity("2.5 ps")), processor, tmp_path)
    assert looks == [5] * 5


def test_a_temperature_is_judged_by_how_much_it_fluctuates():
    """1000 degrees of freedom at 310 K: 13.9 K a look, 9 K for the mean of a picosecond in a weak bath."""
    assert mean_temperature_error(310.0, 1000, 1.0, 1.0, 10) == pytest.approx(9.0, abs=0.2)
    assert mean_temperature_error(310.0, 1000, 100.0, 1.0, 10) == pytest.approx(13.9 * np.sqrt(0.06), abs=0.1)
    for mean, settled in ((310, True), (325, True), (330, False), (290, False)):
        settling = Settling(310.0, 1000, 1.0, 0.004)
        for value in mean + np.linspace(-20, 20, 10):
            settling.look(value)
        assert settling.settled is settled
    few = Settling(310.0, 1000, 1.0, 0.004)
    few.look(310.0)
    assert not few.settled
    assert few.record() == {"settled": None, "settling_temperature_K": None}
    assert few.every == 25
    assert few.tells(125)
    assert not few.tells(124)


@pytest.mark.slow
def test_the_mean_temperature_scatters_as_its_error_says():
    """300 independent oscillators in a weak bath, 4 ps at a time: their mean temperatures against the formula.

    Frequencies of 100 to 600 per ps, as in a molecule; 60 stretches know a standard deviation to 9 %.
    """
    generator = np.random.default_rng(1)
    system, force = openmm.System(), openmm.CustomExternalForce("0.5*k*(x^2+y^2+z^2)")
    force.addPerParticleParameter("k")
    for frequency in generator.uniform(100, 600, 300):
        system.addParticle(12.0)
        force.addParticle(force.getNumParticles(), [12.0 * frequency**2])
    system.addForce(force)
    for length, friction in ((4.0, 1.0), (1.0, 1.0), (1.0, 10.0)):
        integrator = openmm.LangevinMiddleIntegrator(310, friction, 0.001)
        integrator.setRandomNumberSeed(1)
        context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("Reference"))
        context.setPositions(np.zeros((300, 3)))
        context.setVelocitiesToTemperature(620, 1)  # half of it goes into the springs
        integrator.step(round(5000 / friction))
        means = []
        for _ in range(60):
            looks = []
            for _ in range(round(length / 0.1)):
                integrator.step(100)
                kinetic = context.getState(energy=True).getKineticEnergy()._value
                looks.append(temperature(kinetic, 900))
            means.append(np.mean(looks))
        error = mean_temperature_error(310, 900, friction, length, round(length / 0.1))
        assert np.mean(means) == pytest.approx(310, abs=4 * error / np.sqrt(60))
        assert np.std(means, ddof=1) == pytest.approx(error, rel=0.3), (length, friction)


def test_energy_is_conserved_without_a_bath(small, processor):
    """NVE, Verlet at 2 fs with heavy hydrogens, 4 ps after settling: drift below 0.002 kT/ps per degree of freedom."""
    system = small.system
    bath = processor.context(system, openmm.LangevinMiddleIntegrator(310, 10.0, 0.002))
    bath.setPositions(small.positions)
    openmm.LocalEnergyMinimizer.minimize(bath, 10.0, 50)
    bath.setVelocitiesToTemperature(310, 1)
    bath.getIntegrator().step(500)
    state = bath.getState(positions=True, velocities=True)
    integrator = openmm.VerletIntegrator(0.002)
    integrator.setConstraintTolerance(1e-6)
    context = processor.context(system, integrator)
    context.setState(state)
    times, totals = [], []
    for step in range(40):
        integrator.step(50)
        now = context.getState(energy=True)
        total = now.getPotentialEnergy() + now.getKineticEnergy()
        times.append(0.1 * (step + 1))
        totals.append(total.value_in_unit(unit.kilojoule_per_mole))
    freedom = 3 * int(small.mobile.sum()) - system.getNumConstraints()
    drift = np.polyfit(times, totals, 1)[0] / freedom / (0.0083145 * 310)
    assert abs(drift) < 0.002, drift


def test_platforms_agree(small):
    """Against OpenMM's reference in double precision: energy to 1e-5, forces to 5e-4 of their RMS."""
    platforms = {"Reference": {}, "CPU": {}}
    if devices("OpenCL"):
        platforms["OpenCL"] = {"Precision": "mixed"}
    found = {}
    for name, properties in platforms.items():
        context = openmm.Context(
            small.system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName(name), properties
        )
        context.setPositions(small.positions)
        state = context.getState(energy=True, forces=True)
        forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
        energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
        found[name] = energy, np.asarray(forces)[small.mobile]
    energy, forces = found.pop("Reference")
    for name, (other, others) in found.items():
        assert other == pytest.approx(energy, rel=1e-5), name
        assert np.sqrt(((others - forces) ** 2).mean()) < 5e-4 * np.sqrt((forces**2).mean()), name


def test_what_nobody_set_suits_what_is_simulated():
    site = SimulationSettings()
    assert site.system.kind == "site"
    assert str(site.production) == "4 ps"
    wet = {"kind": "membrane"}
    membrane = SimulationSettings(temperature="300 K", system=wet)
    assert membrane.production.value_in("ns") == 5
    assert membrane.timestep.value_in("fs") == 2
    assert membrane.system.cutoff.value_in("nm") == pytest.approx(1)
    assert str(membrane.temperature) == "300 K"
    assert SimulationSettings(**membrane.model_dump(mode="json")) == membrane
    assert (
        SimulationSettings(system=SystemSettings(kind="membrane", cutoff="9 angstrom")).timestep
        == membrane.timestep
    )
    assert SystemSettings(kind="membrane", cutoff="9 angstrom").cutoff.value_in("nm") == pytest.approx(0.9)
    with pytest.raises(ValueError, match="production must be a multiple of frame_interval"):
        SimulationSettings(production="30 ps", frame_interval="20 ps", system=wet)


def test_topology_and_first_frame_belong_together(finished, small):
    written = openmm.app.PDBxFile(str(finished / TOPOLOGY))
    assert written.topology.getNumAtoms() == len(small.positions)
    places = written.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    assert np.abs(frames(finished, small).xyz[0] - places).max() < 0.5
