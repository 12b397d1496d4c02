"""Regions: nothing that moves loses a bond, ions keep what holds them, what is compared is of the same atoms."""

from dataclasses import replace

import numpy as np
import openmm
import pytest

from dock.core.errors import ParameterError
from dock.forcefield.parameters import receptor_parameters
from dock.forcefield.parts import combine, severed
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.receptor import residue_labels
from dock.systems.complexes import SystemSettings
from dock.systems.coordination import ion_holders
from dock.systems.region import Region, close, region_around, residue_distances
from dock.systems.site import site_system

SIZES = [(8, 5), (10, 6), (12, 8), (16, 8)]


def settings(kept, mobile):
    return SystemSettings(kind="site", kept_within=f"{kept} angstrom", mobile_within=f"{mobile} angstrom")


@pytest.fixture(scope="module")
def poses(redocked, allosteric, receptor, escitalopram, r_citalopram):
    """The four default complexes, as a short search finds them."""
    import dock

    quick = dock.DockingSettings(seeds=(1,), ring_conformers=1)
    return [
        redocked.best,
        allosteric.best,
        dock.pose(receptor, r_citalopram, "orthosteric", quick).best,
        dock.pose(receptor, escitalopram, "allosteric", quick).best,
    ]


def lost_terms(receptor, system):
    """Bonds, angles and torsions of OpenMM's own whole system that touch what moves and are not in the site's."""
    whole = receptor_parameters(receptor)
    moving = set(system.kept[system.mobile[system.receptor]].tolist())
    new = {old: number for number, old in enumerate(system.kept.tolist())}
    lost = []
    for kind, width in (("HarmonicBond", 2), ("HarmonicAngle", 3), ("PeriodicTorsion", 4)):
        name = kind.replace("Harmonic", "").replace("Periodic", "")
        theirs, ours = (
            next(f for f in each.getForces() if type(f).__name__ == f"{kind}Force")
            for each in (whole, system.system)
        )

        def terms(force, name=name, width=width):
            return [
                tuple(getattr(force, f"get{name}Parameters")(number)[:width])
                for number in range(getattr(force, f"getNum{name}s")())
            ]

        there = set(terms(ours))
        lost += [
            atoms
            for atoms in terms(theirs)
            if moving & set(atoms) and tuple(new.get(atom, -1) for atom in atoms) not in there
        ]
    return lost


@pytest.mark.parametrize(("kept", "mobile"), SIZES)
def test_no_bonded_term_of_what_moves_is_missing(receptor, poses, kept, mobile):
    for pose in poses:
        system = site_system(receptor, pose, settings(kept, mobile))
        assert lost_terms(receptor, system) == []
        assert system.mobile[system.receptor].sum() > 200


@pytest.mark.parametrize(("kept", "mobile"), SIZES)
def test_an_ion_is_kept_with_all_that_holds_it(receptor, poses, kept, mobile):
    labels = residue_labels(receptor.topology)
    holders = {ion: {atom.residue.index for atom in atoms} for ion, atoms in ion_holders(receptor).items()}
    assert {labels[ion]: len(held_by) for ion, held_by in holders.items()} == {
        "NA707": 4,
        "NA708": 5,
        "CL709": 4,
    }
    for pose in poses:
        region = region_around([(receptor, pose)], settings(kept, mobile))
        for ion, held_by in holders.items():
            if ion in region.kept:
                assert held_by <= set(region.kept)
            if held_by & set(region.mobile):
                assert ion in region.mobile


def test_a_cut_bond_is_refused(receptor, redocked, monkeypatch):
    """Planted: the neighbours of what moves are forgotten, as they once were."""
    from dock.systems import region as module

    monkeypatch.setattr(module, "_bonded", lambda _: {})
    with pytest.raises(ParameterError, match="bonded terms of atoms that move would be cut"):
        site_system(receptor, redocked.best, settings(8, 5))


def test_the_cut_of_old_severed_bonds(receptor, redocked):
    """By distance alone, as it was done, the default complex loses terms: the check must see them."""
    near = residue_distances(receptor, redocked.best)
    plain = Region(tuple(np.flatnonzero(near <= 0.8)), tuple(np.flatnonzero(near <= 0.5)))
    kept, mobile = plain.atoms(receptor.topology)
    assert severed(receptor_parameters(receptor), kept, mobile)
    kept, mobile = close([receptor], plain.kept, plain.mobile).atoms(receptor.topology)
    assert not severed(receptor_parameters(receptor), kept, mobile)


def test_what_is_compared_is_of_the_same_atoms(receptor, poses):
    for site in ("orthosteric", "allosteric"):
        here = [pose for pose in poses if pose.site == site]
        region = region_around([(receptor, pose) for pose in here], settings(8, 5))
        systems = [site_system(receptor, pose, settings(8, 5), region=region) for pose in here]
        assert systems[0].atoms_key == systems[1].atoms_key
        assert np.array_equal(systems[0].kept, systems[1].kept)
        assert np.array_equal(systems[0].mobile, systems[1].mobile)
        alone = [site_system(receptor, pose, settings(8, 5)) for pose in here]
        assert alone[0].atoms_key != alone[1].atoms_key
        # The receptor's part of both systems is one and the same, term by term.
        one, two = (
            openmm.XmlSerializer.serialize(part) for part in (receptor_part(system) for system in systems)
        )
        assert one == two


def receptor_part(system):
    return combine([(system.system, system.receptor)])


def test_a_pose_beyond_its_region_is_refused(receptor, poses):
    orthosteric, allosteric = poses[0], poses[1]
    region = region_around([(receptor, orthosteric)], settings(8, 5))
    with pytest.raises(ParameterError, match="reaches beyond the region"):
        site_system(receptor, allosteric, settings(8, 5), region=region)
    with pytest.raises(ParameterError, match="no pose"):
        region_around([], settings(8, 5))


def test_a_region_is_read_back(receptor, redocked):
    region = region_around([(receptor, redocked.best)], settings(8, 5))
    record = region.to_record(receptor)
    assert Region.from_record(record) == region
    assert "ASP98" in record["mobile_residues"]
    assert record["key"] == region.key


def test_an_ion_that_nothing_holds_does_no_harm(receptor, redocked):
    """Moved out of the protein, an ion is neither kept nor does it keep anything."""
    ion = next(atom for atom in receptor.topology.atoms() if atom.residue.name in ION_CHARGES)
    positions = receptor.positions.copy()
    positions[ion.index] += 20.0
    alone = replace(receptor, positions=positions)
    assert ion_holders(alone)[ion.residue.index] == []
    assert ion.residue.index not in region_around([(alone, redocked.best)], settings(8, 5)).kept
