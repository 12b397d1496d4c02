import numpy as np
import pytest
from Bio.Data.PDBData import protein_letters_3to1
from openmm.app import Topology
from rdkit import Chem
from scipy.spatial import cKDTree

from dock.core import catalogue
from dock.core.errors import StructureError, UnknownNameError
from dock.core.keys import file_sha256
from dock.docking.pose import heavy_rmsd
from dock.dynamics.receptor_models import build_receptor, shipped_models
from dock.forcefield.parameters import parametrise_receptor
from dock.ligands import stereo
from dock.receptors import Receptor
from dock.receptors.bound import bound_molecule
from dock.receptors.chirality import wrong_hands
from dock.receptors.entry import read_entry
from dock.receptors.hetero import find_hetero, list_hetero
from dock.receptors.receptor import model_hashes, read_structure, residue_labels
from dock.receptors.site import OUTSIDE, assign_site
from dock.receptors.superposition import superpose_receptors

CONSTRUCT = {"Y110A", "I291A", "T439S", "C554A", "C580A"}


def atoms_near(receptor, residue, reach):
    """Labels of the polar atoms within `reach` angstrom of an ion."""
    atoms = list(receptor.topology.atoms())
    ion = next(atom for atom in atoms if atom.residue.id == residue)
    distances = np.linalg.norm(receptor.positions - receptor.positions[ion.index], axis=1) * 10
    return {
        f"{atom.residue.name}{atom.residue.id} {atom.name}"
        for atom, distance in zip(atoms, distances, strict=True)
        if 0 < distance <= reach and atom.element.symbol in "NO"
    }


def test_the_model_is_wild_type_human_sert(receptor):
    entry = catalogue.target("sert")
    sequence = {
        int(residue.id): protein_letters_3to1[residue.name]
        for residue in receptor.topology.residues()
        if residue.name in protein_letters_3to1
    }
    assert sorted(sequence) == list(range(76, 616))
    assert all(entry.sequence[number - 1] == letter for number, letter in sequence.items())


def test_the_ions_are_coordinated_as_measured(receptor):
    assert atoms_near(receptor, "707", 2.9) >= {
        "ALA96 O",
        "ASN101 OD1",
        "SER336 O",
        "SER336 OG",
        "ASN368 OD1",
    }
    assert atoms_near(receptor, "708", 2.7) >= {"GLY94 O", "VAL97 O", "LEU434 O", "ASP437 OD1", "SER438 OG"}
    assert atoms_near(receptor, "709", 3.6) >= {"TYR121 OH", "GLN332 NE2", "SER336 OG", "SER372 OG"}


def test_the_model_has_its_disulfide_its_hydrogens_and_no_clash(receptor):
    bonds = {frozenset((a.index, b.index)) for a, b in receptor.topology.bonds()}
    sulfurs = [{a.residue.id, b.residue.id} for a, b in receptor.topology.bonds() if a.name == b.name == "SG"]
    assert sulfurs == [{"200", "209"}]
    angles = {
        frozenset((a, c))
        for a, b in map(tuple, bonds)
        for pair in bonds
        if b in pair
        for c in pair - {b}
        if c != a
    }
    near = {frozenset(pair) for pair in cKDTree(receptor.positions).query_pairs(0.15)} - bonds - angles
    elements = [atom.element.symbol for atom in receptor.topology.atoms()]
    assert not [pair for pair in near if any(elements[i] != "H" for i in pair)]
    # A residue that lacks a hydrogen fits no template.
    assert parametrise_receptor("sert", receptor.topology).getNumParticles() == len(elements)


def test_every_residue_of_the_model_is_of_the_right_hand(receptor):
    assert wrong_hands(receptor.topology, receptor.positions) == []
    mirrored = receptor.positions * [-1, 1, 1]
    wrong = wrong_hands(receptor.topology, mirrored)
    names = [residue.name for residue in receptor.topology.residues()]
    centres = 540 - names.count("GLY") + names.count("ILE") + names.count("THR")
    assert len(wrong) == centres


def test_no_side_chain_threads_a_ring(receptor):
    """Bonds that cross the plane of an aromatic ring inside it: there must be none."""
    rings = {"PHE": ("CG", "CD1", "CE1", "CZ", "CE2", "CD2"), "TYR": ("CG", "CD1", "CE1", "CZ", "CE2", "CD2"),
             "TRP": ("CD2", "CE2", "CZ2", "CH2", "CZ3", "CE3")}  # fmt: skip
    places = receptor.positions * 10
    bonds = np.array([(a.index, b.index) for a, b in receptor.topology.bonds()])
    for residue in receptor.topology.residues():
        if residue.name not in rings:
            continue
        atoms = {atom.name: atom.index for atom in residue.atoms()}
        ring = places[[atoms[name] for name in rings[residue.name]]]
        centre = ring.mean(axis=0)
        normal = np.linalg.svd(ring - centre)[2][2]
        heights = (places - centre) @ normal
        foreign = bonds[~np.isin(bonds, list(atoms.values())).any(axis=1)]
        crossing = foreign[heights[foreign[:, 0]] * heights[foreign[:, 1]] < 0]
        one, two = heights[crossing[:, 0]], heights[crossing[:, 1]]
        points = places[crossing[:, 0]] + (one / (one - two))[:, None] * (
            places[crossing[:, 1]] - places[crossing[:, 0]]
        )
        assert not (np.linalg.norm(points - centre, axis=1) < 1.2).any(), residue


def test_the_gate_of_the_transporter_is_open_to_the_outside(receptor):
    atoms = {(a.residue.id, a.name): a.index for a in receptor.topology.atoms()}
    distance = np.linalg.norm(receptor.positions[atoms["176", "OH"]] - receptor.positions[atoms["335", "CZ"]])
    assert distance * 10 == pytest.approx(13.1, abs=1.5)


def test_the_reference_pose_is_s_citalopram_at_asp98(receptor):
    reference = receptor.references["orthosteric"]
    assert reference.GetProp("_Name") == "escitalopram"
    assert stereo.cip_labels(reference) == ("S",)
    atoms = {(a.residue.id, a.name): a.index for a in receptor.topology.atoms()}
    amine = next(a.GetIdx() for a in reference.GetAtoms() if a.GetSymbol() == "N" and a.GetFormalCharge())
    place = reference.GetConformer().GetPositions()[amine]
    distances = [
        np.linalg.norm(receptor.positions[atoms["98", name]] * 10 - place) for name in ("OD1", "OD2")
    ]
    assert min(distances) == pytest.approx(4.1, abs=0.6)  # 4.1 A as deposited, at 3.15 A resolution


def test_the_record_tells_every_change(receptor):
    record = receptor.record
    folder = catalogue.structures_folder() / "sert"
    assert record["sha256"] == model_hashes(folder, ["orthosteric"])
    assert set(record["side_chains"]["reverted"]) == CONSTRUCT
    assert {"TYR110", "THR439", "ARG464"} <= set(record["side_chains"]["carried_over"])
    assert {text.split(":")[1] for text in record["completion"]["rebuilt"]} == {
        "GLN76", "TRP82", "ASN145", "LYS201", "ARG607",
    }  # fmt: skip
    protonation = record["completion"]["protonation"]
    assert list(protonation["changed"]) == ["GLU508"]
    assert list(protonation["held_by_cations"]) == ["ASP437"]
    assert list(protonation["overridden"]) == ["GLU136"]
    assert record["chains"]["kept"]["A"]["tags"] == ["GLY74", "SER75"]
    assert record["hetero"]["dropped"]["lipid"] == [
        f"{name} of chain A" for name in ("CLR 703", "D12 704", "HEX 705")
    ]
    assert record["moved_A"]["rms"] < 0.2
    assert set(record["inputs"]) == {"5I71", "6VRH"}
    network = record["completion"]["network"]
    assert all("NA 707" in network["held"][name] for name in ("ASN101", "ASN368"))
    assert not {"ASN101", "ASN368", "GLN332"} & set(network.get("turned", {}))
    assert network["tautomers"]["HIS143"].startswith("HID: ")


def test_the_models_sites_are_the_catalogues(receptor):
    for name, entry in catalogue.target("sert").sites.items():
        assert receptor.sites[name].center == entry.center
        assert receptor.sites[name].residues == entry.residues
        assert receptor.sites[name].anchor == entry.anchor
        assert entry.anchor.source


@pytest.fixture(scope="module")
def second():
    return Receptor.from_catalogue("sert-6vrh")


def test_a_second_model_of_the_protein_stands_beside_the_first(second):
    entry = catalogue.target("sert-6vrh")
    assert entry.sequence == catalogue.target("sert").sequence
    assert catalogue.target_of("P31645").name == "sert"  # files of the protein are of the first
    assert list(shipped_models()) == ["sert"]  # what sites are carried over from
    assert second.name == "sert-6vrh"
    assert second.references["orthosteric"].GetProp("_Name") == "paroxetine"
    assert second.record["side_chains"] == {}
    assert second.record["sha256"] == model_hashes(
        catalogue.structures_folder() / entry.model, ["orthosteric"]
    )
    numbers = {residue.id: residue.name for residue in second.topology.residues() if residue.name != "ACE"}
    sequence = [(number, protein_letters_3to1.get(name)) for number, name in numbers.items()]
    assert all(
        entry.sequence[int(number) - 1] == letter
        for number, letter in sequence
        if letter and number.isdigit()
    )
    assert wrong_hands(second.topology, second.positions) == []
    assert parametrise_receptor("x", second.topology).getNumParticles() == second.topology.getNumAtoms()


def test_sites_ions_and_membrane_of_the_second_model_are_those_of_the_first(receptor, second):
    assert list(second.sites) == list(receptor.sites)
    for name, site in second.sites.items():
        known = receptor.sites[name]
        onto = superpose_receptors(receptor, second, known.center, 16.0)
        assert onto.rmsd < 1.0
        assert np.linalg.norm(onto(known.center) - site.center) < 0.3
        assert site.anchor == known.anchor
        assert set(site.residues) == set(known.residues)
    ions = {role: label.split(":")[2] for role, label in catalogue.target("sert-6vrh").ions.items()}
    # Placed ions stay where they were placed: Na1 would leave for Asp98, whose charge draws it.
    assert atoms_near(second, ions["Na1"], 2.8) >= {"ALA96 O", "ASN101 OD1", "SER336 O", "SER336 OG"}
    assert "ASN368 OD1" in atoms_near(second, ions["Na1"], 3.6)  # deposited the other way round
    assert atoms_near(second, ions["Na2"], 3.2) >= {"GLY94 O", "VAL97 O", "LEU434 O", "ASP437 OD1"}
    assert atoms_near(second, ions["Cl"], 3.6) >= {"TYR121 OH", "GLN332 NE2", "SER336 OG", "SER372 OG"}
    assert "carried over from sert" in second.record["membrane"]["source"]


def test_structures_of_different_proteins_are_not_superposed(receptor):
    shifted = Topology()
    for residue in receptor.topology.residues():
        chain = next(shifted.chains(), None) or shifted.addChain("A")
        new = shifted.addResidue(residue.name, chain, str(int(residue.id) + 7))
        for atom in residue.atoms():
            shifted.addAtom(atom.name, atom.element, new)
    other = Receptor("other", shifted, receptor.positions)
    with pytest.raises(StructureError, match="residues around the site are those of other"):
        superpose_receptors(receptor, other, receptor.sites["orthosteric"].center, 16.0)


def test_the_model_was_made_from_the_mirrors_files(receptor, mirror):
    assert receptor.record["inputs"] == {
        code: file_sha256(mirror / f"{code}.pdb") for code in ("5I71", "6VRH")
    }


def test_the_reference_pose_is_the_deposited_one(receptor, mirror):
    entry = read_entry(mirror / "5I71.pdb")
    deposited = find_hetero(list_hetero(entry, []), "68P:701", entry)[0]
    reference = receptor.references["orthosteric"].GetConformer().GetPositions()[:24]
    assert reference.mean(axis=0) == pytest.approx(deposited.centroid, abs=0.001)
    assert cKDTree(reference).query(deposited.places)[0].max() < 0.001


def test_a_bound_ligand_gets_its_chemistry(mirror):
    entry = read_entry(mirror / "5I71.pdb")
    bound = find_hetero(list_hetero(entry, []), "68P", entry)[0]
    assert stereo.cip_labels(bound_molecule(bound)) == ("S",)
    s_citalopram = "CN(C)CCC[C@@]1(C2=C(CO1)C=C(C=C2)C#N)C3=CC=C(C=C3)F"
    for smiles in (s_citalopram, "CN(C)CCCC1(OCc2cc(C#N)ccc12)c1ccc(F)cc1"):
        mol = bound_molecule(bound, smiles)
        assert stereo.cip_labels(mol) == ("S",)
        assert Chem.GetFormalCharge(mol) == 1
    with pytest.raises(StructureError, match="configuration is not that"):
        bound_molecule(bound, s_citalopram.replace("@@", "@"))
    with pytest.raises(StructureError, match="atoms are not those"):
        bound_molecule(bound, "c1ccccc1CCCCCN")
    dodecane = find_hetero(list_hetero(entry, []), "D12", entry)[0]
    with pytest.raises(StructureError, match="chemistry is not known"):
        bound_molecule(dodecane)


def test_the_markers_of_the_raw_entry_lie_in_their_sites(mirror, receptor):
    hetero = list_hetero(read_entry(mirror / "5I71.pdb"), [])
    for number, site in ((701, "orthosteric"), (704, "allosteric"), (702, OUTSIDE), (703, OUTSIDE)):
        one = next(one for one in hetero if one.key.number == number)
        assert assign_site(one.places, receptor.sites) == site


@pytest.mark.slow
@pytest.mark.usefixtures("mirror")
def test_the_shipped_model_is_what_the_pipeline_computes(receptor, tmp_path):
    again = build_receptor("sert", tmp_path)
    places = {(a.residue.id, a.name): again.positions[a.index] * 10 for a in again.topology.atoms()}
    heavy = [a for a in receptor.topology.atoms() if a.element.symbol != "H"]
    moved = np.array(
        [np.linalg.norm(receptor.positions[a.index] * 10 - places[a.residue.id, a.name]) for a in heavy]
    )
    lining = {label[3:] for site in receptor.sites.values() for label in site.residues}
    in_sites = np.array([a.residue.id in lining for a in heavy])
    # Minimisation on several threads does not repeat to the last digit.
    assert np.sqrt((moved**2).mean()) < 0.2
    assert np.sqrt((moved[in_sites] ** 2).mean()) < 0.3
    assert heavy_rmsd(again.references["orthosteric"], receptor.references["orthosteric"]) < 0.001


def test_a_structure_is_read_anew_where_its_file_has_changed(tmp_path):
    path = tmp_path / "model.pdb"
    line = "ATOM      1  CA  ALA A   1      {:6.3f}  12.000  13.000  1.00  0.00           C\n"
    path.write_text(line.format(11.0))
    topology, positions = read_structure(path)
    assert read_structure(path)[0] is topology
    positions += 1.0  # of this caller alone
    assert read_structure(path)[1] == pytest.approx(np.array([[1.1, 1.2, 1.3]]))
    replacing = tmp_path / "other.pdb"
    replacing.write_text(line.format(21.0))
    replacing.replace(path)
    assert read_structure(path)[1] == pytest.approx(np.array([[2.1, 1.2, 1.3]]))


def test_names_and_files_that_are_not_there(receptor, tmp_path):
    with pytest.raises(UnknownNameError, match="known: orthosteric, allosteric"):
        receptor.site("orthostatic")
    (tmp_path / "broken.pdb").write_text("ATOM      1  N   ALA A   1      x.xxx\n")
    with pytest.raises(StructureError, match="cannot be read"):
        Receptor.from_file(tmp_path / "broken.pdb")
    with pytest.raises(StructureError, match="no such file"):
        Receptor.from_file(tmp_path / "absent.cif")


def test_a_structure_without_hydrogens_is_refused(mirror):
    with pytest.raises(StructureError, match="has no hydrogens"):
        Receptor.from_file(mirror / "AF-P31645-F1-model_v4.pdb")


def test_ions_of_another_chain_do_not_make_it_two():
    """Labels carry the chain only where the protein has several, whatever its ions are called."""
    topology = Topology()
    for name, residues in (("A", ("ASP", "TYR")), ("B", ("NA", "CL"))):
        chain = topology.addChain(name)
        for number, residue in enumerate(residues, start=98):
            topology.addResidue(residue, chain, str(number))
    assert residue_labels(topology) == ["ASP98", "TYR99", "NA98", "CL99"]


def test_receptors_are_written_as_they_are_read(receptor, tmp_path):
    receptor.write(tmp_path / "model.cif")
    again = Receptor.from_file(tmp_path / "model.cif")
    assert again.key == receptor.key
    assert np.abs(again.positions - receptor.positions).max() < 1e-4
