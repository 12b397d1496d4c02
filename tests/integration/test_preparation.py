import gzip
import json
from contextlib import suppress

import gemmi
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openmm.app import PDBFile
from pages import HAS_WEBGL, opened
from planning import grown, planned

from dock.campaign.plan import steps_of
from dock.campaign.settings import CampaignSettings
from dock.core import catalogue
from dock.core.errors import DockError, SettingsError, StructureError
from dock.dynamics.receptor_models import open_receptor
from dock.ligands import stereo
from dock.receptors import Receptor
from dock.receptors.chirality import wrong_hands
from dock.receptors.entry import read_entry, residue_key
from dock.receptors.hetero import keep_hetero, list_hetero
from dock.receptors.membrane import find_membrane
from dock.receptors.polymer import choose_chains, make_polymer, recognised
from dock.receptors.preparation import prepare, source_settings
from dock.receptors.receptor import residue_labels
from dock.receptors.sequence import one_letter, positions
from dock.receptors.settings import ReceptorSettings, parse_site
from dock.receptors.superposition import homologue_of
from dock.steps.dock import Dock
from dock.steps.gate import Gate
from dock.steps.ligand import PrepareLigand

CONSTRUCT = ["Y110A", "I291A", "T439S", "C554A", "C580A"]
# A stretch with a methionine, two cysteines of a disulfide far apart, acids and histidine-free.
PIECE = (126, 150)


def label_set(topology):
    return set(residue_labels(topology))


@pytest.fixture(scope="module")
def piece(mirror):
    """Residues 126 to 150 of the transporter, from the entry of the wild type, as a gemmi structure."""
    structure = gemmi.read_structure(str(mirror / "6VRH.pdb"))
    chain = structure[0]["A"]
    for index in reversed(range(len(chain))):
        if not PIECE[0] <= chain[index].seqid.num <= PIECE[1]:
            del chain[index]
    for name in ("B", "C"):
        structure[0].remove_chain(name)
    structure.entities.clear()
    structure.setup_entities()
    structure.name = "PIECE"
    return structure


def write(structure, path):
    """Write a structure in the format that its path says."""
    if path.suffix == ".cif":
        structure.make_mmcif_document().write_file(str(path))
    else:
        structure.write_pdb(str(path))
    return path


def numbers(topology):
    return [residue.id + residue.insertionCode.strip() for residue in topology.residues()]


# --- real entries -------------------------------------------------------------------------------


def test_the_construct_is_seen_and_its_tags_are_dropped(mirror):
    entry = read_entry(mirror / "5I71.pdb")
    assert choose_chains(entry, ReceptorSettings(), None) == ["A"]
    polymer = make_polymer(entry, "A", ReceptorSettings())
    assert polymer.notes["mutations"] == CONSTRUCT
    assert polymer.notes["tags"] == ["GLY74", "SER75"]
    assert (polymer.keys[0].number, polymer.keys[-1].number) == (76, 615)
    assert len(polymer.segments()) == 1


def test_a_fusion_protein_is_cut_out_and_the_gaps_are_seen(mirror):
    entry = read_entry(mirror / "6CM4.pdb")
    polymer = make_polymer(entry, "A", ReceptorSettings())
    assert polymer.notes["fusion_proteins"] == ["D9IEF7: 160 residues, 1002 to 1161"]
    ends = [(polymer.keys[s[0]].number, polymer.keys[s[-1]].number) for s in polymer.segments()]
    assert ends == [(35, 139), (144, 222), (364, 442)]
    assert max(key.number for key in polymer.keys) < 1000


def test_a_sequence_of_ones_own_shows_the_mutations(mirror, tmp_path, monkeypatch):
    """Of the dopamine receptor no sequence is at hand; a FASTA file in a mirror serves."""
    entry = read_entry(mirror / "6CM4.pdb")
    alone = make_polymer(entry, "A", ReceptorSettings())
    assert "mutations were not looked for" in alone.notes["sequence"]
    assert "mutations" not in alone.notes
    letters = {key.number: one_letter(r.name) for key, r in zip(alone.keys, alone.residues, strict=True)}
    known = letters | {122: "I", 375: "L", 379: "L"}  # as the entry's SEQADV records have it
    sequence = "".join(known.get(number, "G") for number in range(1, 444))
    (tmp_path / "P14416.fasta").write_text(f">sp|P14416|DRD2_HUMAN\n{sequence[:60]}\n{sequence[60:]}\n")
    monkeypatch.setenv("DOCK_STRUCTURES", f"{mirror}:{tmp_path}")
    polymer = make_polymer(entry, "A", ReceptorSettings())
    assert polymer.notes["mutations"] == ["I122A", "L375A", "L379A"]
    assert polymer.places == [key.number for key in polymer.keys]


@pytest.mark.parametrize(
    ("code", "target", "first"), [("P31645", "sert", 78), ("Q01959", "dat", 59), ("P23975", "net", 55)]
)
def test_predicted_models_lose_the_ends_they_are_not_sure_of(mirror, code, target, first):
    entry = read_entry(mirror / f"AF-{code}-F1-model_v4.pdb")
    assert entry.predicted
    polymer = make_polymer(entry, "A", ReceptorSettings())
    assert polymer.accession == catalogue.target(target).uniprot
    assert polymer.keys[0].number == first
    assert polymer.notes["mutations"] == []


def test_what_is_kept_and_dropped_of_the_hetero_residues(mirror):
    entry = read_entry(mirror / "5I71.pdb")
    protein = entry.polymers["A"]
    kept, dropped = keep_hetero(list_hetero(entry, protein), ReceptorSettings(), entry)
    assert {(one.name, one.key.number) for one in kept} == {("NA", 707), ("NA", 708)}
    assert {kind: len(items) for kind, items in dropped.items()} == {
        "ligand": 1, "glycan": 2, "lipid": 3, "water": 1,
    }  # fmt: skip
    other = ReceptorSettings(keep=("HOH:901",), drop=("A:NA:707",))
    kept, _ = keep_hetero(list_hetero(entry, protein), other, entry)
    assert {(one.name, one.key.number) for one in kept} == {("HOH", 901), ("NA", 708)}
    with pytest.raises(StructureError, match="cannot be kept"):
        keep_hetero(list_hetero(entry, protein), ReceptorSettings(keep=("68P",)), entry)
    with pytest.raises(StructureError, match="has no residue ZN:5"):
        keep_hetero(list_hetero(entry, protein), ReceptorSettings(keep=("ZN:5",)), entry)


@pytest.fixture(scope="module")
def wild_type(mirror):
    """The wild-type entry, prepared with the catalogue's sites."""
    return prepare(str(mirror / "6VRH.pdb"))


def test_sites_are_where_the_other_entrys_ligand_lies(wild_type):
    """The sites are defined by 5I71; paroxetine of 6VRH must come to lie in the orthosteric one."""
    reference = wild_type.bound.references["orthosteric"]
    assert reference.GetProp("_Name") == "paroxetine"
    assert stereo.cip_labels(reference) == ("R", "S")
    heavy = reference.GetNumHeavyAtoms()
    assert wild_type.sites["orthosteric"].distance(reference.GetConformer().GetPositions()[:heavy]) < 2.0
    assert wild_type.record["references"]["LMT 705 of chain A"].startswith("lies in the allosteric site")
    assert set(wild_type.sites["orthosteric"].residues) <= label_set(wild_type.topology)


def test_missing_ions_are_placed_where_they_belong(wild_type):
    ions = {
        residue.name + residue.id: next(residue.atoms()).index
        for residue in wild_type.topology.residues()
        if residue.name in ("NA", "CL")
    }
    assert set(ions) == {"CL703", "NA704", "NA705"}
    labels = residue_labels(wild_type.topology)
    near = {
        name: {
            f"{labels[atom.residue.index]} {atom.name}"
            for atom in wild_type.topology.atoms()
            if atom.element.symbol in "NO"
            and np.linalg.norm(wild_type.positions[atom.index] - wild_type.positions[index]) < 0.32
        }
        for name, index in ions.items()
    }
    assert near["NA704"] >= {"ALA96 O", "ASN101 OD1", "SER336 O"}
    assert near["NA705"] >= {"GLY94 O", "VAL97 O", "LEU434 O", "ASP437 OD1"}
    assert near["CL703"] >= {"TYR121 OH", "GLN332 NE2", "SER336 OG", "SER372 OG"}


def test_protonation_is_propkas_but_for_what_holds_an_ion(wild_type):
    notes = wild_type.record["completion"]["protonation"]
    assert list(notes["changed"]) == ["GLU508"]
    assert list(notes["held_by_cations"]) == ["ASP437"]
    atoms = {(a.residue.id, a.name) for a in wild_type.topology.atoms()}
    assert ("508", "HE2") in atoms
    assert ("437", "HD2") not in atoms
    assert wild_type.record["completion"]["disulfides"] == ["CYS209-CYS200"]


def test_the_membrane_is_that_of_opm(mirror, wild_type):
    """OPM's own frame for 5I71; on 6VRH the bundle must stand as upright, at the same height."""
    known = json.loads((mirror / "5I71.opm_transform.json").read_text())
    shipped = catalogue.target("sert").membrane
    assert np.allclose(shipped.rotation, known["rotation"], atol=1e-5)
    assert np.allclose(shipped.translation, known["translation"], atol=1e-3)
    found = catalogue.MembraneEntry(**wild_type.record["membrane"])
    rotation = np.array(known["rotation"])
    depth = {
        str(residue.seqid.num): (rotation @ residue["CA"][0].pos.tolist() + known["translation"])[2]
        for residue in read_entry(mirror / "5I71.pdb").polymers["A"]
    }
    other = {
        atom.residue.id: (
            np.array(found.rotation) @ (wild_type.positions[atom.index] * 10) + found.translation
        )[2]
        for atom in wild_type.topology.atoms()
        if atom.name == "CA" and atom.element.symbol == "C"
    }
    apart = np.array([depth[number] - other[number] for number in depth if number in other])
    assert len(apart) > 500
    assert abs(np.median(apart)) < 0.3
    assert np.sqrt((apart**2).mean()) < 1.5  # the two conformations differ by 0.7 A anyway


def test_a_membrane_is_found_where_opm_has_it(mirror, receptor):
    """Estimated without knowing the protein, against OPM's frame of the same entry."""
    known = json.loads((mirror / "5I71.opm_transform.json").read_text())
    rotation = np.array(known["rotation"])
    found = find_membrane(receptor.topology, receptor.positions)
    own = np.array(found.rotation)
    # The normals, both towards the outside.
    tilt = np.degrees(np.arccos(np.clip(own[2] @ rotation[2], -1, 1)))
    assert tilt < 7  # measured: 4.5 degrees
    midpoint = own.T @ -np.array(found.translation)
    assert abs((rotation @ midpoint + known["translation"])[2]) < 1.5  # measured: 0.7 A
    assert found.half_thickness == pytest.approx(15.8, abs=1.0)  # measured: 15.2 A
    assert np.linalg.det(own) == pytest.approx(1.0)


@pytest.mark.slow
def test_a_soluble_protein_has_no_membrane(mirror):
    antibody = prepare(str(mirror / "5I71.pdb"), ReceptorSettings(chains=("B", "C"), add_ions=False))
    assert antibody.record["membrane"] is None


def test_a_homologue_gets_the_equivalent_sites_and_ions(mirror):
    preparation = prepare(str(mirror / "AF-Q01959-F1-model_v4.pdb"))
    site = preparation.sites["orthosteric"]
    assert site.anchor.residue == "ASP79"  # as Asp98 of SERT
    assert {"PHE76", "ASP79", "VAL152", "PHE320", "SER422"} <= set(site.residues)
    assert set(preparation.sites) == {"orthosteric", "allosteric"}
    names = [residue.name for residue in preparation.topology.residues()]
    assert (names.count("NA"), names.count("CL")) == (2, 1)
    # Asp421 is the Asp437 of SERT, which holds Na2.
    assert "ASP421" in preparation.record["completion"]["protonation"]["held_by_cations"]
    assert wrong_hands(preparation.topology, preparation.positions) == []


@pytest.fixture(scope="module")
def receptor_of_dopamine(mirror):
    site = {"orthosteric": {"ligand": "8NU"}}
    risperidone = "Cc1nc2n(c(=O)c1CCN1CCC(CC1)c1noc3cc(F)ccc13)CCCC2"
    return prepare(str(mirror / "6CM4.pdb"), ReceptorSettings(sites=site, smiles={"8NU": risperidone}))


def test_a_users_site_by_its_ligand(receptor_of_dopamine):
    site = receptor_of_dopamine.sites["orthosteric"]
    assert {"ASP114", "TRP386", "PHE390", "CYS118"} <= set(site.residues)
    reference = receptor_of_dopamine.bound.references["orthosteric"]
    assert reference.GetNumHeavyAtoms() == 30
    assert site.center == pytest.approx(reference.GetConformer().GetPositions()[:30].mean(axis=0), abs=0.01)
    assert len(receptor_of_dopamine.bound.places) == 30
    assert receptor_of_dopamine.bound.charges.sum() == 1


def test_the_membrane_of_an_unknown_protein(receptor_of_dopamine):
    """The ligand of a class A receptor lies in the outer leaflet, Arg132 of the DRY motif inside."""
    membrane = catalogue.MembraneEntry(**receptor_of_dopamine.record["membrane"])
    assert 14 < membrane.half_thickness < 19
    height = np.array(membrane.rotation)[2]
    ligand = receptor_of_dopamine.bound.places.mean(axis=0) @ height + membrane.translation[2]
    labels = residue_labels(receptor_of_dopamine.topology)
    arginine = next(
        a.index
        for a in receptor_of_dopamine.topology.atoms()
        if labels[a.residue.index] == "ARG132" and a.name == "CA"
    )
    inner = receptor_of_dopamine.positions[arginine] * 10 @ height + membrane.translation[2]
    assert ligand > 3
    assert inner < -8


def test_a_short_gap_is_built_and_a_long_one_capped(receptor_of_dopamine):
    completion = receptor_of_dopamine.record["completion"]
    assert completion["built_loops"] == ["A:139-144: MET LEU TYR ASN"]
    assert [gap.split(":")[1][:7] for gap in completion["gaps"]] == ["222-364"]
    names = {r.id: r.name for r in receptor_of_dopamine.topology.residues()}
    assert [names[str(n)] for n in (140, 141, 142, 143)] == ["MET", "LEU", "TYR", "ASN"]
    assert names["223"] == "NME"
    assert names["363"] == "ACE"
    assert names["34"] == "ACE"  # the construct begins at 35, the protein does not
    assert wrong_hands(receptor_of_dopamine.topology, receptor_of_dopamine.positions) == []


def test_no_bond_crosses_a_gap(receptor_of_dopamine):
    positions = receptor_of_dopamine.positions
    lengths = [
        np.linalg.norm(positions[a.index] - positions[b.index])
        for a, b in receptor_of_dopamine.topology.bonds()
        if a.residue.id not in ("139", "140", "141", "142", "143", "144")
    ]
    assert max(lengths) < 0.3


def test_mutations_are_reverted_on_request(mirror):
    choice = ReceptorSettings(revert_mutations=True, first_residue=100, last_residue=120)
    preparation = prepare(str(mirror / "5I71.pdb"), choice)
    assert preparation.record["side_chains"]["reverted"] == ["Y110A"]
    assert "TYR110" in label_set(preparation.topology)
    as_deposited = prepare(str(mirror / "5I71.pdb"), ReceptorSettings(first_residue=100, last_residue=120))
    assert "ALA110" in label_set(as_deposited.topology)
    assert any("Y110A" in warning for warning in as_deposited.record["warnings"])


# --- what files can be like -----------------------------------------------------------------------


def crlf(structure, folder):
    path = write(structure, folder / "x.pdb")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    return path


def gzipped(structure, folder):
    path = write(structure, folder / "x.cif")
    (folder / "y.cif.gz").write_bytes(gzip.compress(path.read_bytes()))
    return folder / "y.cif.gz"


def nameless(structure, folder):
    structure[0]["A"].name = " "
    return write(structure, folder / "x.pdb")


def several_models(structure, folder):
    for number in (2, 3):
        moved = structure[0].clone()
        moved.num = number
        for chain in moved:
            for residue in chain:
                for atom in residue:
                    atom.pos += gemmi.Position(50, 0, 0)
        structure.add_model(moved)
    return write(structure, folder / "x.pdb")


def selenomethionine(structure, folder):
    for residue in structure[0]["A"]:
        if residue.name == "MET":
            residue.name, residue.het_flag = "MSE", "H"
            sulfur = residue["SD"][0]
            sulfur.name, sulfur.element = "SE", gemmi.Element("Se")
    return write(structure, folder / "x.pdb")


def other_labels(structure, folder):
    path = write(structure, folder / "x.cif")
    block = gemmi.cif.read_file(str(path)).sole_block()
    for row in block.find(["_atom_site.label_seq_id", "_atom_site.label_asym_id"]):
        row[0], row[1] = str(int(row[0]) + 1000) if row[0].isdigit() else row[0], "Z" + row[1]
    (folder / "y.cif").write_text(block.as_string())
    return folder / "y.cif"


def bare_pdb(structure, folder):
    path = write(structure, folder / "x.pdb")
    lines = [line[:66] for line in path.read_text().splitlines() if line.startswith("ATOM")]
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    "form", [crlf, gzipped, nameless, several_models, selenomethionine, other_labels, bare_pdb]
)
def test_every_form_of_a_file_gives_the_same_receptor(piece, tmp_path, form):
    plain = prepare(str(write(piece.clone(), tmp_path / "PIECE.pdb")))
    other = prepare(str(form(piece.clone(), tmp_path)))
    assert numbers(other.topology) == numbers(plain.topology)
    assert {r.chain.id for r in other.topology.residues()} == {"A"}
    assert [r.name for r in other.topology.residues()] == [r.name for r in plain.topology.residues()]
    heavy = [atom.index for atom in plain.topology.atoms() if atom.element.symbol != "H"]
    assert np.abs(other.positions[heavy] - plain.positions[heavy]).max() < 0.02
    assert numbers(plain.topology)[0] == "125"  # the cap
    assert plain.record["completion"]["caps"] == ["ACE before A:126", "NME after A:150"]


def test_hydrogens_that_are_there_are_placed_again(piece, tmp_path):
    first = prepare(str(write(piece, tmp_path / "PIECE.pdb")))
    with (tmp_path / "h.pdb").open("w") as file:
        PDBFile.writeFile(first.topology, first.positions * 10, file, keepIds=True)
    again = prepare(str(tmp_path / "h.pdb"), ReceptorSettings(target="sert"))
    assert "dropped, to be placed again" in again.record["reading"]["hydrogens"]
    assert again.topology.getNumAtoms() == first.topology.getNumAtoms()


def test_insertion_codes_are_what_the_user_sees(piece, tmp_path):
    chain = piece.clone()[0]["A"]
    structure = piece.clone()
    for index, residue in enumerate(structure[0]["A"]):
        # 126 to 135, then 135A to 135E, and on with 136.
        if 10 <= index < 15:
            residue.seqid = gemmi.SeqId(135, "ABCDE"[index - 10])
        elif index >= 15:
            residue.seqid = gemmi.SeqId(chain[index].seqid.num - 5, " ")
    path = write(structure, tmp_path / "x.pdb")
    sequence = "".join(gemmi.find_tabulated_residue(r.name).one_letter_code for r in chain)
    name = [r.name for r in structure[0]["A"]][14]
    label = f"{name}135E"
    choice = ReceptorSettings(sequence=sequence, sites={"s": {"residues": [label]}})
    preparation = prepare(str(path), choice)
    assert [n for n in numbers(preparation.topology) if n.startswith("135")] == [
        "135", "135A", "135B", "135C", "135D", "135E",
    ]  # fmt: skip
    assert preparation.sites["s"].residues == (label,)
    receptor = Receptor("x", preparation.topology, preparation.positions, preparation.sites)
    receptor.save(tmp_path / "saved")
    again = Receptor.from_folder(tmp_path / "saved")
    assert again.key == receptor.key
    assert label in residue_labels(again.topology)


def test_alternate_locations_are_chosen_by_occupancy_and_reported(piece, tmp_path):
    structure = piece.clone()
    residue = structure[0]["A"][5]
    twins = [atom.clone() for atom in residue]
    for atom in residue:
        atom.altloc, atom.occ = "A", 0.3
    for twin in twins:
        twin.altloc, twin.occ, twin.pos = "B", 0.7, twin.pos + gemmi.Position(0.4, 0, 0)
        residue.add_atom(twin)
    entry = read_entry(write(structure, tmp_path / "x.pdb"))
    key = residue_key("A", residue)
    assert entry.notes["altlocs"] == [
        f"{key.label(residue.name, True)}: B (0.70) kept, not {residue.name} A (0.30)"
    ]
    read = entry.polymers["A"][5]
    assert len(read) == len(piece[0]["A"][5])
    assert read["CA"][0].pos.x == pytest.approx(piece[0]["A"][5]["CA"][0].pos.x + 0.4, abs=1e-3)


def test_two_chains_are_told_apart(mirror):
    """The antibody of 5I71: its chains have the same residue numbers."""
    entry = read_entry(mirror / "5I71.pdb")
    name = next(r.name for r in entry.polymers["B"] if r.seqid.num == 31)
    sites = dict([parse_site(f"s=B:{name}31")])
    choice = ReceptorSettings(chains=("B", "C"), first_residue=30, last_residue=45, sites=sites)
    preparation = prepare(str(mirror / "5I71.pdb"), choice)
    assert preparation.sites["s"].residues == (f"B:{name}31",)
    assert {r.chain.id for r in preparation.topology.residues()} == {"B", "C"}
    assert len(label_set(preparation.topology)) == preparation.topology.getNumResidues()


@pytest.mark.parametrize(
    ("settings_", "problem"),
    [
        ({"chains": ["X"]}, "has no protein chain X"),
        ({"sites": {"s": {"ligand": "ATP"}}}, "has no residue ATP"),
        ({"sites": {"s": {"residues": ["ALA9999"]}}}, "ALA9999: is no residue"),
        ({"sites": {"s": {"center": [999, 0, 0]}}}, "no protein around the site"),
        ({"protonation": {"GLY128": "ASH"}}, "has no state ASH|is no residue"),
        ({"protonation": {"ASP9999": "ASH"}}, "is no residue of the receptor"),
        ({"first_residue": 9000}, "no residue of chain A is left"),
    ],
)
def test_settings_that_do_not_fit_are_refused(piece, tmp_path, settings_, problem):
    path = write(piece, tmp_path / "PIECE.pdb")
    with pytest.raises(StructureError, match=problem):
        prepare(str(path), ReceptorSettings(**settings_))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("a=68P", {"ligand": "68P"}),
        ("a=68P:701", {"ligand": "68P:701"}),
        ("a=A:68P:701", {"ligand": "A:68P:701"}),
        ("a=Asp98,A:TYR95", {"residues": ("Asp98", "A:TYR95")}),
        ("a=1,-2.5,3", {"center": (1.0, -2.5, 3.0)}),
        ("a=1,-2.5,3:20,21,22", {"center": (1.0, -2.5, 3.0), "box": (20.0, 21.0, 22.0)}),
    ],
)
def test_sites_as_the_command_line_has_them(text, fields):
    name, entry = parse_site(text)
    assert name == "a"
    assert {field: getattr(entry, field) for field in fields} == fields


@pytest.mark.parametrize("text", ["a", "a=", "=68P", "a=1,2", "a=1,2,3:0,1,1", "a b=68P", "a=???"])
def test_what_is_no_site_is_refused(text):
    with pytest.raises(SettingsError, match="is no site"):
        parse_site(text)


def test_the_numbers_decide_at_the_edges_of_a_gap():
    """AAAA with the middle missing: an alignment could put the residues anywhere."""
    from dock.receptors.entry import ResidueKey

    keys = [ResidueKey("A", number) for number in (*range(1, 22), 24)]
    sequence = "MKTAYIAKQRQISFVKSHFSRAAA"
    letters = "".join(sequence[key.number - 1] for key in keys)
    assert positions(keys, letters, sequence) == [key.number for key in keys]


def test_a_file_of_a_protein_with_two_models_is_of_the_first(mirror):
    """And the second is what its own name means, chain and all."""
    entry = read_entry(mirror / "6VRH.pdb")
    assert recognised(entry, "A") == "sert"
    source, chosen = source_settings("sert-6vrh", {})
    assert (source, chosen.target) == ("6VRH", "sert-6vrh")
    assert choose_chains(entry, chosen, None) == ["A"]
    polymers = {"A": make_polymer(entry, "A", chosen)}
    assert homologue_of(polymers, "sert-6vrh", "").target.name == "sert"
    assert homologue_of(polymers, "sert", "").target.name == "sert"
    with pytest.raises(StructureError, match="sites_from: sert"):
        homologue_of(polymers, "sert", "sert-6vrh")
    steps, _ = planned(receptor="sert-6vrh", ligands=["sertraline"])
    assert [gate.site for gate in steps_of(steps, Gate)] == ["orthosteric"]


def test_the_catalogues_settings_come_before_the_default_and_after_the_users():
    source, chosen = source_settings("SERT", {"ph": 6.0, "revert_mutations": False})
    assert source == "5I71"
    assert chosen.target == "sert"
    assert chosen.side_chain_donor.entry == "6VRH"
    assert chosen.ph == 6.0
    assert not chosen.revert_mutations


# --- no input of any kind ends in a traceback -----------------------------------------------------


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_missing_or_moved_atom_ends_in_a_traceback(piece, tmp_path, data):
    structure = piece.clone()
    chain = structure[0]["A"]
    for _ in range(data.draw(st.integers(1, 5))):
        index = data.draw(st.integers(0, len(chain) - 1))
        residue = chain[index]
        if data.draw(st.booleans()) or not len(residue):
            del chain[index]
        elif data.draw(st.booleans()):
            del residue[data.draw(st.integers(0, len(residue) - 1))]
        else:
            shift = data.draw(st.floats(-3, 3))
            residue[data.draw(st.integers(0, len(residue) - 1))].pos += gemmi.Position(shift, shift, 0)
    with suppress(DockError):
        prepared = prepare(str(write(structure, tmp_path / "x.pdb")))
        assert np.isfinite(prepared.positions).all()


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(mirror, dock_command, tmp_path_factory):
    """A part of the transporter around its ligand, prepared and relaxed from the command line."""
    folder = tmp_path_factory.mktemp("receptor")
    (folder / "part.yaml").write_text("{first_residue: 90, last_residue: 180, ph: 7.0}\n")
    done = dock_command(
        "receptor", mirror / "5I71.pdb", "-o", "out", "--settings", "part.yaml", "--revert-mutations",
        "--site", "pocket=68P:701", "--site", "other=ASP98,TYR95",
        "--protonation", "ASP98=ASH", cwd=folder,
    )  # fmt: skip
    return folder / "out", done


def test_the_command_writes_structure_record_and_page(written):
    folder, done = written
    assert done.code == 0, done.err
    assert {path.name for path in folder.iterdir()} == {
        "model.cif", "model.pdb", "record.json", "index.html", "reference_pocket.sdf",
    }  # fmt: skip
    record = json.loads((folder / "record.json").read_text())
    assert record["side_chains"]["reverted"] == ["Y110A"]
    assert list(record["completion"]["protonation"]["overridden"]) == ["ASP98"]
    assert record["settings"]["ph"] == 7.0
    assert record["moved_A"]["rms"] < 0.3
    page = (folder / "index.html").read_text()
    assert "Y110A" in page
    assert "overridden" in page
    assert "https://" not in page.split("3Dmol")[0]


def test_what_was_written_is_a_receptor_for_docking(written):
    folder, _ = written
    receptor = Receptor.from_folder(folder)
    assert receptor.references["pocket"].GetProp("_Name") == "escitalopram"
    assert receptor.site("S1").name == receptor.site("orthosteric").name == "pocket"  # one place, one site
    assert receptor.site("other").residues == ("TYR95", "ASP98")
    labels = residue_labels(receptor.topology)
    protons = {f"{labels[a.residue.index]} {a.name}" for a in receptor.topology.atoms()}
    assert {"ASP98 HD2", "TYR110 OH"} <= protons
    assert wrong_hands(receptor.topology, receptor.positions) == []
    # The room of the ligand that was seen is kept.
    heavy = [a.index for a in receptor.topology.atoms() if a.element.symbol != "H"]
    ligand = receptor.references["pocket"].GetConformer().GetPositions()[:24]
    apart = np.linalg.norm(receptor.positions[heavy][:, None] * 10 - ligand[None], axis=2)
    assert apart.min() > 2.5


def test_the_same_source_is_prepared_once(written, mirror, monkeypatch):
    choice = {"first_residue": 126, "last_residue": 150, "sites": {"s": {"residues": ["ALA130"]}}}
    name = next(r for r in read_entry(mirror / "6VRH.pdb").polymers["A"] if r.seqid.num == 130).name
    choice["sites"]["s"]["residues"] = [f"{name}130"]
    first = open_receptor(str(mirror / "6VRH.pdb"), choice)
    monkeypatch.setattr("dock.dynamics.receptor_models.build_receptor", None)
    again = open_receptor(str(mirror / "6VRH.pdb"), choice)
    assert again.key == first.key
    prepared = open_receptor(str(written[0]))
    assert list(prepared.sites) == ["allosteric", "pocket", "other"]
    with_own = open_receptor(str(written[0]), {"sites": {"mine": {"residues": ["ASP98"]}}})
    assert list(with_own.sites)[-1] == "mine"
    with pytest.raises(StructureError, match="is prepared already"):
        open_receptor(str(written[0]), {"ph": 5.0})


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nosuch.pdb"], "no such file"),
        (["5I71", "--site", "x"], "is no site"),
        (["5I71", "--protonation", "ASP98"], "is no pair"),
        (["5I71", "--settings", "absent.yaml"], "cannot be read"),
        (["5I71", "--chain", "Q"], "has no protein chain Q"),
        (["5I71", "--sites-from", "dat"], "has no sites of its own"),
        (["5I71", "--sites-from", "gaba"], "is no known receptor"),
    ],
)
def test_a_wrong_input_is_one_line(mirror, dock_command, tmp_path, arguments, problem):
    done = dock_command("receptor", *arguments, "-o", "out", cwd=tmp_path, DOCK_STRUCTURES=str(mirror))
    assert done.code == 2
    assert problem in done.err
    assert len(done.err.strip().splitlines()) == 1


# --- what a review found ---------------------------------------------------------------------------


def cut(mirror, file, chain, first, last):
    """A stretch of a chain of an entry, as a gemmi structure."""
    structure = gemmi.read_structure(str(mirror / file))
    for other in [c.name for c in structure[0] if c.name != chain]:
        structure[0].remove_chain(other)
    kept = structure[0][chain]
    for index in reversed(range(len(kept))):
        if not first <= kept[index].seqid.num <= last:
            del kept[index]
    structure.entities.clear()
    structure.setup_entities()
    structure.name = "CUT"
    return structure


def held_where_they_are(preparation):
    """Every atom that is held has its own name, and is where it is held."""
    held = ~np.isnan(preparation.deposited[:, 0])
    apart = np.linalg.norm(preparation.positions[held] * 10 - preparation.deposited[held], axis=1)
    names = [atom.residue.name for atom in preparation.topology.atoms()]
    assert not {name for name, is_held in zip(names, held, strict=True) if is_held} & {"ACE", "NME"}
    return apart.max() < 0.01


def test_caps_do_not_take_the_number_of_an_ion(piece, tmp_path):
    structure = piece.clone()
    ion = gemmi.Residue()
    ion.name, ion.seqid, ion.het_flag = "NA", gemmi.SeqId(151, " "), "H"
    atom = gemmi.Atom()
    atom.name, atom.element = "NA", gemmi.Element("Na")
    atom.pos = structure[0]["A"][10]["CA"][0].pos + gemmi.Position(6, 6, 6)
    ion.add_atom(atom)
    structure[0]["A"].add_residue(ion)
    preparation = prepare(str(write(structure, tmp_path / "x.pdb")), ReceptorSettings(keep="NA:151"))
    assert held_where_they_are(preparation)
    labels = residue_labels(preparation.topology)
    assert {"NA151", "NME151A"} <= set(labels)
    assert len(set(labels)) == len(labels)


def test_a_break_without_a_gap_in_the_numbers_is_capped_beside_them(piece, tmp_path):
    structure = piece.clone()
    for residue in structure[0]["A"]:
        if residue.seqid.num >= 140:
            for atom in residue:
                atom.pos += gemmi.Position(8, 0, 0)
    preparation = prepare(str(write(structure, tmp_path / "x.pdb")))
    assert preparation.record["completion"]["gaps"][0].endswith("no residue missing by number, capped")
    assert held_where_they_are(preparation)
    labels = residue_labels(preparation.topology)
    assert len(set(labels)) == len(labels)


def test_carried_over_side_chains_are_not_held(mirror):
    choice = {"revert_mutations": True, "side_chain_donor": {"entry": "6VRH", "chain": "A"}}
    preparation = prepare(
        str(mirror / "5I71.pdb"), ReceptorSettings(**choice, first_residue=430, last_residue=470)
    )
    assert "ARG464" in preparation.record["side_chains"]["carried_over"]
    held = ~np.isnan(preparation.deposited[:, 0])
    by_name = {(atom.residue.id, atom.name): held[atom.index] for atom in preparation.topology.atoms()}
    assert by_name["464", "CB"]
    assert not by_name["464", "CZ"]
    assert not by_name["439", "OG1"]
    assert held_where_they_are(preparation)


def test_of_two_copies_of_a_ligand_the_named_one_counts(mirror, tmp_path):
    structure = cut(mirror, "5I71.pdb", "A", 90, 180)
    raw = gemmi.read_structure(str(mirror / "5I71.pdb"))[0]["A"]
    structure[0]["A"].add_residue(next(r for r in raw if r.name == "68P"))
    twin = structure[0]["A"].clone()
    twin.name = "B"
    for residue in twin:
        for atom in residue:
            atom.pos += gemmi.Position(60, 0, 0)
    structure[0].add_chain(twin)
    path = write(structure, tmp_path / "x.pdb")
    choice = ReceptorSettings(chains="B", sites=dict([parse_site("pocket=68P")]))
    preparation = prepare(str(path), choice)
    own = preparation.bound.references["pocket"].GetConformer().GetPositions()[:24].mean(axis=0)
    assert own == pytest.approx(preparation.sites["pocket"].center, abs=0.01)
    assert len(preparation.bound.places) == 24
    both = ReceptorSettings(chains=("A", "B"), sites=dict([parse_site("pocket=ASP98")]))
    with pytest.raises(StructureError, match="ASP98: could be A:ASP98, B:ASP98"):
        prepare(str(path), both)
    with pytest.raises(StructureError, match="could be"):
        prepare(str(path), ReceptorSettings(chains=("A", "B"), protonation={"ASP98": "ASH"}))


def test_chains_that_use_a_name_again_are_told_apart(piece, tmp_path):
    first, second = (write(piece.clone(), tmp_path / f"{n}.pdb").read_text() for n in "xy")
    atoms = [line for line in first.splitlines() if line.startswith("ATOM")]
    again = [
        line[:30] + f"{float(line[30:38]) + 40:8.3f}" + line[38:]
        for line in second.splitlines()
        if line.startswith("ATOM")
    ]
    (tmp_path / "z.pdb").write_text("\n".join([*atoms, "TER", *again, "TER", "END"]) + "\n")
    entry = read_entry(tmp_path / "z.pdb")
    assert {name: len(residues) for name, residues in entry.polymers.items()} == {"A": 25, "B": 25}
    assert entry.notes["chains"] == ["A was called B"]


def test_an_ion_that_the_user_drops_is_not_placed_again(mirror):
    preparation = prepare(
        str(mirror / "5I71.pdb"), ReceptorSettings(drop="NA", first_residue=85, last_residue=445)
    )
    assert "NA" not in [residue.name for residue in preparation.topology.residues()]
    assert all("dropped by the settings" in text for text in preparation.record["ions_not_placed"])


def test_sites_are_not_carried_over_to_what_is_not_alike(mirror):
    with pytest.raises(StructureError, match=r"cannot be carried over|equivalent to its own"):
        prepare(str(mirror / "6CM4.pdb"), ReceptorSettings(sites_from="sert"))


def test_another_protein_is_not_reverted_to_the_target(mirror):
    choice = ReceptorSettings(
        target="sert", chains="B", first_residue=30, last_residue=60, revert_mutations=True
    )
    preparation = prepare(str(mirror / "5I71.pdb"), choice)
    assert preparation.record["side_chains"]["reverted"] == []
    other = ReceptorSettings(chains="B", sequence=catalogue.target("sert").sequence)
    with pytest.raises(StructureError, match="is not of the sequence"):
        prepare(str(mirror / "5I71.pdb"), other)


def test_force_field_names_are_read(mirror, tmp_path):
    structure = cut(mirror, "6VRH.pdb", "A", 215, 245)
    for residue in structure[0]["A"]:
        residue.name = {"HIS": "HIE", "ASP": "ASH", "GLU": "GLH", "LYS": "LYN"}.get(
            residue.name, residue.name
        )
    entry = read_entry(write(structure, tmp_path / "x.pdb"))
    polymer = make_polymer(entry, "A", ReceptorSettings())
    assert len(polymer.residues) == 31
    assert "unusable" not in polymer.notes
    assert "HIE223 to HIS" in polymer.notes["renamed"]


def test_an_experiment_is_no_prediction_whatever_its_title(mirror, tmp_path):
    text = (mirror / "5I71.pdb").read_text().replace("TITLE     X-RAY", "TITLE     ALPHAFOLD")
    (tmp_path / "x.pdb").write_text(text)
    assert not read_entry(tmp_path / "x.pdb").predicted


def test_a_histidine_leaves_its_metal_free(mirror, tmp_path):
    structure = cut(mirror, "6VRH.pdb", "A", 215, 245)
    histidine = next(r for r in structure[0]["A"] if r.seqid.num == 223)
    away = (
        histidine["ND1"][0].pos - histidine["CG"][0].pos + histidine["ND1"][0].pos - histidine["CE1"][0].pos
    )
    zinc = gemmi.Residue()
    zinc.name, zinc.seqid, zinc.het_flag = "ZN", gemmi.SeqId(900, " "), "H"
    atom = gemmi.Atom()
    atom.name, atom.element = "ZN", gemmi.Element("Zn")
    atom.pos = histidine["ND1"][0].pos + gemmi.Position(*(2.1 * np.array(away.tolist()) / away.length()))
    zinc.add_atom(atom)
    structure[0]["A"].add_residue(zinc)
    preparation = prepare(str(write(structure, tmp_path / "x.pdb")), ReceptorSettings(keep="ZN", ph=5.0))
    assert preparation.record["completion"]["protonation"]["histidines"]["HIS223"] == "HE2"
    assert "HIS223" in preparation.record["completion"]["protonation"]["held_by_cations"]


def test_a_folder_written_twice_has_the_poses_of_the_second(written, tmp_path):
    first = Receptor.from_folder(written[0])
    first.save(tmp_path)
    second = Receptor(first.name, first.topology, first.positions, first.sites, {}, first.record)
    second.save(tmp_path)
    assert Receptor.from_folder(tmp_path).references == {}


def test_atoms_that_are_nowhere_are_counted(piece, tmp_path):
    document = piece.make_mmcif_document()
    column = document.sole_block().find(["_atom_site.Cartn_x"])
    column[5][0], column[9][0] = "?", "1e300"
    document.write_file(str(tmp_path / "x.cif"))
    assert read_entry(tmp_path / "x.cif").notes["unplaced"].startswith("2 atoms")
    document.sole_block().find(["_atom_site.auth_seq_id"])[3][0] = "?"
    document.write_file(str(tmp_path / "y.cif"))
    with suppress(DockError):
        read_entry(tmp_path / "y.cif")


def test_a_structure_far_from_the_origin_is_the_same(piece, tmp_path):
    near = prepare(str(write(piece.clone(), tmp_path / "near.cif")))
    moved = piece.clone()
    for residue in moved[0]["A"]:
        for atom in residue:
            atom.pos += gemmi.Position(-20000, 0, 0)
    far = prepare(str(write(moved, tmp_path / "far.cif")))
    heavy = [atom.index for atom in near.topology.atoms() if atom.element.symbol != "H"]
    shift = far.positions[heavy] - near.positions[heavy]
    assert np.abs(shift - [-2000, 0, 0]).max() < 0.01


def test_a_campaign_takes_a_prepared_folder_and_gates_its_known_poses(written):
    chosen = CampaignSettings(receptor=str(written[0]), sites=["pocket", "other"], ligands=["sertraline"])
    steps, _ = planned(chosen)
    assert [gate.site for gate in steps_of(steps, Gate)] == ["pocket"]
    name = written[0].name
    assert {search.label.replace(f" of {name}", "") for search in steps_of(steps, Dock)} == {
        "dock sertraline in pocket", "dock sertraline in other", "dock escitalopram in pocket",
        "dock sertraline in pocket beside sertraline in other", "dock sertraline in other beside sertraline in pocket",
    }  # fmt: skip


def test_a_campaign_prepares_a_raw_structure_and_gates_what_no_catalogue_knows(mirror, tmp_path):
    """Settings under `preparation`, a ligand known by its SMILES alone; prepared once, then kept."""
    smiles = "CN(C)CCCC1(OCc2cc(C#N)ccc12)c1ccc(F)cc1"
    preparation = {
        "first_residue": 92, "last_residue": 104, "smiles": {"68P": smiles}, "sites": {"s": {"ligand": "68P"}},
    }  # fmt: skip
    chosen = CampaignSettings(
        receptor=str(mirror / "5I71.pdb"), preparation=preparation, ligands=["sertraline"]
    )
    again = CampaignSettings(**chosen.model_dump(mode="json"))
    assert again.every_receptor[0].changes == chosen.every_receptor[0].changes
    assert {step.kind for step in planned(again)[0]} == {
        "receptor",
        "ligand",
    }  # nothing is prepared in a plan
    steps, store = grown(again, tmp_path)
    assert [gate.site for gate in steps_of(steps, Gate)] == ["s"]
    reference = next(ligand for ligand in steps_of(steps, PrepareLigand) if ligand.name == "68P")
    assert reference.ph is not None  # not of the catalogue
    assert "[C@@]" in reference.smiles or "[C@]" in reference.smiles
    once_more = [store.key(step) for step in grown(again, tmp_path)[0]]
    assert once_more == [store.key(step) for step in steps]


def test_the_page_opens_without_a_network(written, browser):
    folder, _ = written
    with opened(browser, folder / "index.html") as (page, complaints):
        assert page.locator("#sites tr").count() == 1 + 3
        assert page.locator("#warnings li").count() == len(Receptor.from_folder(folder).record["warnings"])
        page.select_option("#scene", "pocket")
        if page.evaluate(HAS_WEBGL):
            page.wait_for_selector("#viewer canvas", timeout=20_000)
            shown = page.evaluate("sertdockViewer.getModel(0).selectedAtoms({}).length")
            assert shown > 500
        assert complaints == []


def test_caps_are_put_in_ideal_geometry_wherever_they_were_built(receptor):
    from openmm.app import Modeller
    from openmm.unit import nanometer

    from dock.receptors.caps import place_caps

    modeller = Modeller(receptor.topology, receptor.positions * nanometer)
    modeller.delete([atom for atom in receptor.topology.atoms() if atom.element.symbol == "H"])
    topology = modeller.topology
    positions = np.array(modeller.positions.value_in_unit(nanometer))
    caps = [atom.index for atom in topology.atoms() if atom.residue.name in ("ACE", "NME")]
    bad = positions.copy()
    bad[caps] += np.random.default_rng(3).normal(scale=0.1, size=(len(caps), 3))
    placed = place_caps(topology, bad)
    others = np.setdiff1d(np.arange(len(positions)), caps)
    assert np.array_equal(placed[others], positions[others])
    for a, b in topology.bonds():
        if {a.residue.name, b.residue.name} & {"ACE", "NME"}:
            length = np.linalg.norm(placed[a.index] - placed[b.index])
            assert 0.12 < length < 0.155, (a, b)
    for residue in topology.residues():
        if residue.name == "ACE":
            c, o, n = (
                placed[i] for i in (*peptide(residue, ("C", "O")), neighbour_nitrogen(topology, residue))
            )
            angle = np.degrees(np.arccos((o - c) @ (n - c) / np.linalg.norm(o - c) / np.linalg.norm(n - c)))
            assert angle == pytest.approx(123, abs=0.1)


def peptide(residue, names):
    indices = {atom.name: atom.index for atom in residue.atoms()}
    return [indices[name] for name in names]


def neighbour_nitrogen(topology, cap):
    return next(
        (b if a.residue == cap else a).index
        for a, b in topology.bonds()
        if (a.residue == cap) != (b.residue == cap)
    )


def test_an_old_entry_with_its_code_where_element_and_charge_are_now_is_read(tmp_path, mirror):
    new = (mirror / "5I71.pdb").read_text().splitlines()
    old = [
        f"{line[:72]}5I71{number % 10000:4d}" if line.startswith(("ATOM", "HETATM")) else line
        for number, line in enumerate(new)
    ]
    (tmp_path / "old.pdb").write_text("\n".join(old))
    one, two = (read_entry(path) for path in (mirror / "5I71.pdb", tmp_path / "old.pdb"))
    elements = [
        [atom.element.name for chain in entry.chains.values() for residue in chain for atom in residue]
        for entry in (one, two)
    ]
    assert elements[0] == elements[1]


@pytest.mark.slow
def test_a_cofactor_beside_the_ligand_of_a_site_is_a_warning(mirror, tmp_path):
    lines = (mirror / "5I71.pdb").read_text().splitlines()
    ligand = [line for line in lines if line.startswith("HETATM") and line[17:20] == "68P"]
    beside = [
        f"{line[:17]}NAP{line[20:22]} 901{line[26:30]}{float(line[30:38]) + 9.0:8.3f}{line[38:]}"
        for line in ligand
    ]
    last = max(number for number, line in enumerate(lines) if line.startswith("HETATM"))
    (tmp_path / "5I71.pdb").write_text("\n".join([*lines[: last + 1], *beside, *lines[last + 1 :]]))
    raw, settings = source_settings(str(tmp_path / "5I71.pdb"), {})
    warnings = prepare(raw, settings).record["warnings"]
    assert [text for text in warnings if text.startswith("NAP 901") and "cofactors cannot be kept" in text]
