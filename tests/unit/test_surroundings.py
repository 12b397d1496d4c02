"""Ions, metal bonds, and what of an entry lies near a site, told from made-up places."""

from dataclasses import replace
from pathlib import Path

import gemmi
import numpy as np
import openmm
import pytest
from openmm import app

from dock.core.catalogue import SiteEntry
from dock.core.errors import DockingError, StructureError
from dock.docking import pdbqt
from dock.docking.engines import vina
from dock.docking.search import search_site
from dock.forcefield.parameters import parametrise_receptor
from dock.forcefield.solvent import HYDRATION, ion_radius
from dock.ligands import Ligand
from dock.receptors import Receptor, network, protonation
from dock.receptors.bound import find_bound
from dock.receptors.caps import take_caps
from dock.receptors.entry import ResidueKey, matching_residues, read_entry
from dock.receptors.hetero import ION_CHARGES, Hetero, _kind, _name
from dock.receptors.ions import Ion
from dock.receptors.left_out import LeftOut, describe, near_site, recorded_near, site_warnings
from dock.receptors.metal_bonds import Surface, closest, coordination
from dock.receptors.polymer import coordinates, make_polymer
from dock.receptors.preparation import _chains_beside, _chosen
from dock.receptors.receptor import residue_labels
from dock.receptors.segments import make_segments
from dock.receptors.settings import ReceptorSettings
from dock.receptors.site import Site, define_site

DATA = Path(__file__).parent.parent / "data"
SITE = Site("active", (0.0, 0.0, 0.0), (20.0, 20.0, 20.0), None)


def group(name, atoms, kind="ligand"):
    """A hetero residue of atoms, each an element and a place."""
    residue = gemmi.Residue()
    residue.name, residue.seqid = name, gemmi.SeqId("7")
    for number, (element, place) in enumerate(atoms, start=1):
        atom = gemmi.Atom()
        atom.name, atom.element, atom.pos = (
            f"{element}{number}",
            gemmi.Element(element),
            gemmi.Position(*place),
        )
        residue.add_atom(atom)
    places = np.array([place for _, place in atoms], dtype=float)
    return Hetero(ResidueKey("A", 7), name, kind, places, residue, 0)


def surface(*atoms):
    """Atoms of a receptor: name, element, place."""
    names, elements, places = zip(*atoms, strict=True)
    return Surface(list(names), list(elements), np.array(places, dtype=float))


def ions_alone():
    """A receptor of every ion that there are parameters for, far apart."""
    topology = app.Topology()
    chain = topology.addChain("A")
    for number, (name, charge) in enumerate(ION_CHARGES.items(), start=1):
        ion = Ion(ResidueKey("A", number), name, np.zeros(3), charge)
        residue = topology.addResidue(name, chain, str(number))
        topology.addAtom(ion.atom, app.Element.getBySymbol(ion.atom.capitalize()), residue)
    return Receptor("ions", topology, np.arange(3 * len(ION_CHARGES)).reshape(-1, 3).astype(float))


def test_every_ion_has_its_charge_its_size_in_water_and_a_type_that_engines_know():
    receptor = ions_alone()
    system = parametrise_receptor("ions", receptor.topology)
    (force,) = (f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
    charges = [force.getParticleParameters(n)[0]._value for n in range(system.getNumParticles())]
    assert charges == list(ION_CHARGES.values())
    assert HYDRATION.keys() == ION_CHARGES.keys()
    assert all(0.05 < ion_radius(name) < 0.3 for name in ION_CHARGES)
    lines = pdbqt._ion_lines(receptor)
    types = {line[17:20].strip(): line.split()[-1] for line in lines}
    assert {"MN": "Mn", "FE2": "Fe", "FE": "Fe", "SR": "Ca", "IOD": "I", "LI": "Na"}.items() <= types.items()
    assert {len(line) for line in lines} == {79}


def test_a_metal_that_a_ligand_holds_is_coordinated_and_no_overlap():
    zinc = surface(("ZN301", "Zn", (2.0, 0, 0)), ("HIS94 NE2", "N", (4.0, 0, 0)))
    ligand = group("BSA", [("N", (0, 0, 0)), ("S", (-1.6, 0, 0)), ("C", (-2.5, 1.4, 0))])
    assert coordination(ligand, zinc) == ["N1 coordinates ZN301 (2.0 A)"]
    assert closest(ligand, zinc) == pytest.approx(4.0)
    too_near = surface(("ZN301", "Zn", (1.2, 0.4, 0)))
    assert coordination(ligand, too_near) == []
    assert closest(ligand, too_near) == pytest.approx(np.hypot(1.2, 0.4))
    covalent = surface(("SER195 OG", "O", (-1.6, -1.5, 0)), ("ZN301", "Zn", (2.0, 0, 0)))
    assert closest(ligand, covalent) == pytest.approx(1.5)


def test_a_residue_that_holds_the_iron_of_a_haem_coordinates_it():
    haem = group("HEM", [("Fe", (0, 0, 0)), ("N", (2.0, 0, 0)), ("N", (-2.0, 0, 0)), ("C", (2.8, 1.1, 0))])
    histidine = surface(("HIS93 NE2", "N", (0, 0, 2.1)), ("HIS93 CE1", "C", (0.9, 0.6, 3.0)))
    assert coordination(haem, histidine) == ["HIS93 NE2 coordinates its Fe1 (2.1 A)"]
    assert closest(haem, histidine) > 2.3
    monoxide = group("CMO", [("C", (0, 0, -1.8)), ("O", (0, 0, -2.9))])
    assert coordination(monoxide, Surface.of_hetero(haem)) == [
        "C1 coordinates Fe1 of HEM 7 of chain A (1.8 A)"
    ]
    benzene_carbon = group("BNZ", [("C", (0, 0, -2.6))])
    assert coordination(benzene_carbon, Surface.of_hetero(haem)) == []


def chain_of(*residues, name="A"):
    """A topology of one chain whose residues are lists of atoms: each a name, an element and a place in angstrom."""
    topology, places = app.Topology(), []
    chain = topology.addChain(name)
    for number, (residue_name, atoms) in enumerate(residues, start=98):
        residue = topology.addResidue(residue_name, chain, str(number))
        for atom_name, element, place in atoms:
            topology.addAtom(atom_name, app.Element.getBySymbol(element), residue)
            places.append(place)
    return topology, np.array(places, dtype=float) / 10


BESIDE_ZINC = chain_of(
    ("ASP", [("OD1", "O", (2.0, 0, 0)), ("CA", "C", (5.0, 0, 0))]), ("GLY", [("CA", "C", (9.0, 0, 0))])
)


@pytest.mark.parametrize("kind", ["ion", "metal", "water"])
def test_an_ion_that_names_a_site_is_no_ligand_of_it(kind):
    """Room that is kept where it lies would be kept from the ion itself; what is left out is not known by it either."""
    zinc = group("ZN", [("Zn", (0, 0, 0))], kind)
    sites = {"s": Site("s", (0.0, 0.0, 0.0))}
    for hetero in ([], [zinc]):
        found = find_bound(hetero, sites, {"s": zinc}, ReceptorSettings(), *BESIDE_ZINC)
        assert (len(found.places), found.notes, found.known) == (0, {}, [])


def test_a_nucleotide_that_is_kept_and_names_a_site_is_no_ligand_of_it():
    guanine = group("DG", [("C", (x, 4.0, 0)) for x in range(8)], "nucleotide")
    site = {"s": Site("s", (3.5, 4.0, 0.0))}
    assert len(find_bound([], site, {"s": guanine}, ReceptorSettings(), *BESIDE_ZINC).places) == 0
    free = find_bound([guanine], site, {"s": guanine}, ReceptorSettings(), *BESIDE_ZINC)
    assert (len(free.places), free.known) == (8, [guanine])


@pytest.mark.parametrize(
    ("label", "only_chain", "found"),
    [("ASP98", "A", [0]), ("A:ASP98", "A", [0]), ("A:asp98", "A", [0]), ("B:ASP98", "A", []), ("AAA:ASP98", "AAA", [0]),
     ("a:ASP98", "A", []), ("A:ASP98", "", []), ("A:ASP9", "A", [])],
)  # fmt: skip
def test_the_only_chain_may_be_written_before_a_residue(label, only_chain, found):
    assert matching_residues(label, ["ASP98", "TYR95"], only_chain) == found


def test_a_site_is_given_by_residues_of_the_only_chain():
    topology, positions = chain_of(
        ("ASP", [("CA", "C", (0, 0, 0)), ("OD1", "O", (1, 0, 0))]),
        ("TYR", [("CA", "C", (4, 0, 0))]),
        name="AAA",
    )
    labels = residue_labels(topology)
    anchor = {"residue": "AAA:ASP98", "atoms": ["OD1"]}
    entry = SiteEntry(residues=("AAA:ASP98", "TYR99"), anchor=anchor)
    site = define_site("s", entry, None, topology, positions, labels)
    assert site.residues == ("ASP98", "TYR99")
    assert site.anchor.residue == "ASP98"  # as measures look for it
    for wrong in (
        {"residues": ("B:ASP98",)},
        {"residues": ("ASP98",), "anchor": anchor | {"residue": "B:ASP98"}},
    ):
        with pytest.raises(StructureError, match="B:ASP98: is no residue of the receptor"):
            define_site("s", SiteEntry(**wrong), None, topology, positions, labels)


def test_the_states_of_residues_of_the_only_chain_are_set():
    topology, _ = chain_of(("HIS", [("CA", "C", (0, 0, 0))]), ("ASN", [("CA", "C", (0, 0, 4))]))
    labels = residue_labels(topology)
    settings = ReceptorSettings(protonation={"A:HIS98": "HIP"}, flips={"A:ASN99": True})
    assert protonation._overrides(topology, labels, settings, "A") == {0: "HIP"}
    assert network._overrides(topology, labels, settings, "A") == {1: True}
    for module in (protonation, network):
        with pytest.raises(StructureError, match="A:"):
            module._overrides(topology, labels, settings, "B")


def test_caps_of_the_file_are_taken_where_they_are_bonded_and_whole():
    end = [("N", "N", (0, 0, 0)), ("CA", "C", (1.5, 0, 0)), ("C", "C", (2.3, 1.2, 0))]
    built = [("C", "C", (0, 1.3, 0)), ("O", "O", (1, 1.9, 0)), ("CH3", "C", (-1, 2.1, 0))]
    topology, positions = chain_of(("ACE", built), ("GLY", end))
    seen = {"C": (-0.6, -1.2, 0), "O": (0, -2.2, 0), "CH3": (-2.1, -1.2, 0)}

    def cap(**changes):
        residue = group("ACE", [(name[0], place) for name, place in (seen | changes).items()], "small")
        for atom, name in zip(residue.residue, seen | changes, strict=True):
            atom.name = name
        return residue

    (taken,) = take_caps(topology, positions, [group("BNZ", [("C", (0, -1.3, 0))]), cap()])
    assert taken.put(positions)[:3] * 10 == pytest.approx(
        np.array([seen[name] for name in ("C", "O", "CH3")])
    )
    assert taken.put(positions)[3:] == pytest.approx(positions[3:])
    assert take_caps(topology, positions, [cap(C=(-1.2, -2.4, 0))]) == []
    lacking = cap()
    del lacking.residue[2]
    assert take_caps(topology, positions, [lacking]) == []


def test_what_is_built_leaves_a_nucleotide_its_number():
    """Files without TER may have protein and nucleic acid in one chain."""
    entry = read_entry(DATA / "protein_dna.pdb")
    polymer = make_polymer(entry, "A", ReceptorSettings())
    first = polymer.keys[0]
    taken = [first._replace(number=first.number - 1)]
    keys = make_segments(polymer, taken, ReceptorSettings(), {})[0].keys
    assert keys[0] == first._replace(number=first.number - 1, insertion="A")
    assert make_segments(polymer, [], ReceptorSettings(), {})[0].keys[0] == taken[0]


def test_a_further_chain_that_lies_in_a_site_is_named():
    """As a peptide ligand does; in a box that holds the receptor, too, it says nothing."""
    entry = read_entry(DATA / "protein_dna.pdb")
    receptor = make_polymer(entry, "A", ReceptorSettings())
    peptide = replace(receptor, name="B", residues=receptor.residues[:3])
    polymers = {"A": receptor, "B": peptide}
    x, y, z = coordinates(peptide.residues).mean(axis=0)
    near = {"s": Site("s", (x, y, z))}
    (said,) = _chains_beside(polymers, near, ReceptorSettings()).values()
    assert said.startswith(
        "its 3 residues are near a site, and they lie in the s site: if that is the ligand"
    )
    elsewhere = {"s": Site("s", (x + 20, y, z)), "blind": Site("blind", (x, y, z), (99.0, 99.0, 99.0), None)}
    assert _chains_beside(polymers, elsewhere, ReceptorSettings()) == {"B": "its 3 residues are near a site"}
    assert _chains_beside(polymers, near, ReceptorSettings(chains=("A", "B"))) == {}
    assert _chains_beside({"A": receptor}, near, ReceptorSettings()) == {}


def left_out(name, kind, *places, part=False):
    array = np.array(places, dtype=float)
    return LeftOut(name, kind, array, array, part)


def test_what_lies_in_or_near_a_box_is_named_and_waters_are_counted():
    haem = left_out("HEM 1 of chain A", "ligand", (12.4, 0, 0), (20.0, 0, 0))
    sugar = left_out("NAG 2 of chain A", "glycan", (0, 16.1, 0))
    magnesium = left_out("MG 3 of chain B", "ion", (1, 1, 1))
    waters = [left_out(f"HOH {n} of chain A", "water", (n, 0, 0), part=n == 5) for n in (4, 5, 30)]
    texts = describe(near_site([haem, sugar, magnesium, *waters], SITE))
    assert texts == [
        "MG 3 of chain B (ion, in it)",
        "HEM 1 of chain A (ligand, 2.4 A from it)",
        "2 waters, well held among them HOH 5 of chain A",
    ]
    (warning,) = site_warnings(SITE, texts)
    assert warning.startswith(
        "left out in or near the box of the active site: MG 3 of chain B (ion, in it), HEM"
    )
    assert site_warnings(SITE, []) == []
    again = recorded_near([each.to_record() for each in (haem, sugar, magnesium)], SITE)
    assert [each.name for each, _ in again] == ["MG 3 of chain B", "HEM 1 of chain A"]


def test_a_site_that_is_added_to_a_prepared_receptor_is_warned_of_what_was_left_out_there():
    plain = Receptor.from_catalogue("sert")
    haem = left_out("HEM 1 of chain A", "ligand", plain.sites["orthosteric"].center)
    receptor = Receptor(
        plain.name, plain.topology, plain.positions, plain.sites, record={"left_out": [haem.to_record()]}
    )
    near, far = (-32.0, -20.0, 1.0), (-60.0, 0.0, -20.0)
    with_both = receptor.with_sites({"blind": SiteEntry(center=near, box=(90, 90, 80))})
    left, wide = with_both.record["warnings"]
    assert left == "left out in or near the box of the blind site: HEM 1 of chain A (ligand, in it)"
    assert wide.startswith("the box of the blind site is 24.0 times as large as one search covers well")
    assert set(with_both.sites) == {"orthosteric", "allosteric", "blind"}
    assert len(with_both.sites["blind"].residues) > 400
    assert "warnings" not in receptor.with_sites({"x": SiteEntry(center=far, box=(30, 30, 30))}).record
    with pytest.raises(StructureError, match="no protein around the site"):
        receptor.with_sites({"x": SiteEntry(center=(300, 0, 0), box=(90, 90, 90))})


def test_a_box_whose_maps_do_not_fit_into_memory_is_refused(monkeypatch):
    monkeypatch.setattr(vina, "_free_memory", lambda: 4e9)
    vina._check_memory(Site("blind", (0.0, 0.0, 0.0), (80.0, 80.0, 80.0), None))
    with pytest.raises(StructureError, match=r"100 x 90 x 80 A would take 4\.3 GB, and 4\.0 GB are free"):
        vina._check_memory(Site("blind", (0.0, 0.0, 0.0), (100.0, 90.0, 80.0), None))


def test_nothing_is_docked_into_a_site_that_an_occupant_of_a_box_lies_in():
    receptor = Receptor.from_catalogue("sert")
    known = receptor.references["orthosteric"]
    entry = SiteEntry(center=receptor.sites["orthosteric"].center, box=(60, 60, 60))
    occupied = receptor.with_sites({"blind": entry}).with_occupant("blind", "escitalopram", known)
    ligand = Ligand("escitalopram", known)
    with pytest.raises(
        DockingError, match="escitalopram, docked into blind, lies in the orthosteric site itself"
    ):
        search_site(occupied, ligand, occupied.site("orthosteric"))


@pytest.mark.parametrize(
    ("center", "chains"), [((11, 26, 25), {"A"}), ((60, 26, 25), {"B"}), ((100, 0, 0), {"B"})]
)
def test_the_chain_at_a_sites_centre_is_kept(tmp_path, center, chains):
    structure = gemmi.read_structure(str(DATA / "protein_dna.pdb"))
    for name in ("B", "C"):
        structure[0].remove_chain(name)
    copy = structure[0]["A"].clone()
    copy.name = "B"
    for residue in copy:
        for atom in residue:
            atom.pos += gemmi.Position(50, 0, 0)
    structure[0].add_chain(copy)
    structure.write_pdb(str(tmp_path / "two.pdb"))
    settings = ReceptorSettings(sites={"x": {"center": center, "box": [30, 30, 30]}})
    assert _chosen(read_entry(tmp_path / "two.pdb"), settings).keys() == chains


@pytest.mark.parametrize(
    ("name", "atoms", "called"),
    [
        ("DA5", ("C1'",), "DA"),
        ("T", ("C1*",), "DT"),
        ("THY", ("C1'",), "DT"),
        ("A", ("C1'",), "DA"),  # without the oxygen of a ribose
        ("A", ("C1'", "O2'"), "A"),
        ("RU3", ("C1'", "O2'"), "U"),
        ("U", ("C1'",), "U"),
        ("5CM", ("C1'",), "5CM"),
        ("T", ("C1",), "T"),
        ("ATP", ("C1'", "O2'"), "ATP"),
    ],
)
def test_nucleotides_are_known_whatever_they_are_called(name, atoms, called):
    residue = gemmi.Residue()
    residue.name = name
    for atom_name in (*atoms, "N1"):
        atom = gemmi.Atom()
        atom.name, atom.element = atom_name, gemmi.Element(atom_name[0])
        residue.add_atom(atom)
    assert _name(residue) == called


@pytest.mark.parametrize(
    ("name", "called"), [("ZN2", "ZN"), ("SOD", "NA"), ("FE2", "FE2"), ("CL-", "CL"), ("MN3", "MN3")]
)
def test_ions_are_known_whatever_they_are_called(name, called):
    residue = gemmi.Residue()
    residue.name = name
    atom = gemmi.Atom()
    atom.name, atom.element = "X", gemmi.Element("Zn")
    residue.add_atom(atom)
    assert _name(residue) == called
    assert _kind(residue) == ("ion" if called in ION_CHARGES else "metal")
