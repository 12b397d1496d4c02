"""Ions are watched: one that is moved from its place is seen, in the frame in which it is."""

from dataclasses import replace

import mdtraj
import numpy as np
import pytest

from dock.analysis.ions import ion_distances, ion_summary
from dock.analysis.trajectory import ComplexTrajectory
from dock.dynamics.frames import TOPOLOGY, TRAJECTORY, write_topology
from dock.systems.complexes import SystemSettings
from dock.systems.site import site_system


@pytest.fixture(scope="module")
def still(receptor, redocked, tmp_path_factory) -> ComplexTrajectory:
    """Twelve frames in which nothing moves."""
    folder = tmp_path_factory.mktemp("ions")
    system = site_system(receptor, redocked.best, SystemSettings())
    write_topology(system.topology, system.positions, folder / TOPOLOGY)
    xyz = np.repeat(system.positions[None], 12, axis=0)
    topology = mdtraj.Topology.from_openmm(system.topology)
    mdtraj.Trajectory(xyz, topology, time=np.arange(12)).save_xtc(str(folder / TRAJECTORY))
    return ComplexTrajectory.load(folder, redocked.best, receptor)


def moved(still, ion, frames, by):
    xyz = still.frames.xyz.copy()
    (index,) = still.residue_atoms(ion, (ion.rstrip("0123456789"),))
    xyz[frames, index] += np.asarray(by)
    return replace(still, frames=mdtraj.Trajectory(xyz, still.frames.topology, time=still.times))


def summary(trajectory):
    table = ion_distances(trajectory)
    table.insert(0, "replica", 1)
    return ion_summary(table).set_index("ion")


def test_distances_are_those_of_5i71(still):
    """Na1 by Ala96 O, Asn101 OD1, Ser336 O and OG, Asn368 OD1: 2.2 to 2.7 A there, moved by 0.1 A by relaxation."""
    table = ion_distances(still)
    sodium = table[(table["ion"] == "NA707") & (table["time_ps"] == 0)].set_index("atom")["distance_A"]
    assert set(sodium.index) == {"ALA96 O", "ASN101 OD1", "SER336 O", "SER336 OG", "ASN368 OD1"}
    assert sodium.between(2.1, 2.9).all()
    assert len(table[table["ion"] == "NA707"]) == 12 * 5
    assert table["prepared"].all()
    found = summary(still)
    assert not found["left"].any()
    assert found["shift_A"].max() < 0.1
    assert found.loc["NA707", ["first_A", "mean_A"]].tolist() == pytest.approx([sodium.mean()] * 2, abs=1e-3)


def test_an_ion_that_leaves_is_seen_and_one_that_rattles_is_not(still):
    """Moved by 1.5 A for half of the frames, then in two frames alone."""
    away = moved(still, "NA707", slice(6, None), (0.15, 0, 0))
    left, distances = summary(away), ion_distances(away)
    distances = distances[(distances["ion"] == "NA707") & distances["prepared"]].groupby("time_ps")[
        "distance_A"
    ]
    assert left.loc["NA707", "first_A"] == pytest.approx(summary(still).loc["NA707", "first_A"])
    assert left.loc["NA707", "mean_A"] == pytest.approx(
        (distances.mean()[0] + distances.mean()[11]) / 2, abs=1e-3
    )
    assert left.loc["NA707", "mean_A"] > left.loc["NA707", "first_A"] + 0.1
    assert left.loc["NA707", "left"]
    assert left.loc["NA707", "shift_A"] == pytest.approx(1.5, abs=0.05)
    assert not left.loc["NA708", "left"]
    assert not summary(moved(still, "NA707", slice(6, 8), (0.15, 0, 0)))["left"].any()


def test_a_holder_that_goes_and_one_that_comes_are_told(still):
    """Planted: Asn368's oxygen 4 A away for good shifts the centroid of five by 0.8 A only; Asp98 takes its place."""
    xyz = still.frames.xyz.copy()
    (ion,), (gone,), (came,) = (
        still.residue_atoms(*which)
        for which in (("NA707", ("NA",)), ("ASN368", ("OD1",)), ("ASP98", ("OD2",)))
    )
    away = xyz[0, gone] - xyz[0, ion]
    xyz[:, gone] += 0.4 * away / np.linalg.norm(away)
    towards = xyz[0, came] - xyz[0, ion]
    xyz[:, came] = xyz[0, ion] + 0.24 * towards / np.linalg.norm(towards)
    found = summary(replace(still, frames=mdtraj.Trajectory(xyz, still.frames.topology, time=still.times)))
    assert not found.loc["NA707", "left"]
    assert found.loc["NA707", "lost"] == "ASN368 OD1"
    assert found.loc["NA707", "gained"] == "ASP98 OD2"
    assert found.loc["NA708", "lost"] == found.loc["NA708", "gained"] == ""
    assert summary(still).loc["NA707", "gained"] == ""


def test_what_holds_an_ion_may_move_with_it(still):
    """A receptor that drifts as a whole is no ion that leaves."""
    xyz = still.frames.xyz + np.linspace(0, 1, 12)[:, None, None]
    drifting = replace(still, frames=mdtraj.Trajectory(xyz, still.frames.topology, time=still.times))
    assert not summary(drifting)["left"].any()


def test_an_ion_outside_the_system_is_not_in_the_table(still):
    without = [a.index for a in still.frames.topology.atoms if a.residue.name != "CL"]
    cut = replace(
        still,
        frames=still.frames.atom_slice(without),
        labels=tuple(name for name in still.labels if not name.startswith("CL")),
    )
    assert set(ion_distances(cut)["ion"]) == {"NA707", "NA708"}
