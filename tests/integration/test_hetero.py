"""What is no protein near a site: kept where there are parameters, else named."""

from pathlib import Path

import gemmi
import numpy as np
import openmm
import pytest

from benchmarks.inputs.parts import haem, hetero
from dock.docking.pdbqt import receptor_pdbqt
from dock.forcefield.parameters import parametrise_receptor
from dock.receptors import Receptor
from dock.receptors.preparation import prepare
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings

DATA = Path(__file__).parent.parent / "data"
SODIUM_SITES = [(92, 103), (332, 341), (366, 370), (432, 441)]  # what holds both sodium ions of 5I71
S1 = [-32.67, -20.74, 1.86]


def part(mirror, source, ranges):
    """Stretches of chain A with its hetero residues."""
    structure = gemmi.read_structure(str(mirror / source))
    for name in [chain.name for chain in structure[0] if chain.name != "A"]:
        structure[0].remove_chain(name)
    chain = structure[0]["A"]
    for index in reversed(range(len(chain))):
        residue = chain[index]
        inside = any(first <= residue.seqid.num <= last for first, last in ranges)
        if residue.het_flag != "H" and not inside:
            del chain[index]
    structure.entities.clear()
    structure.setup_entities()
    return structure


def charges(preparation):
    """The net charge of each residue, in e, by its label."""
    system = parametrise_receptor("x", preparation.topology)
    (force,) = (f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
    labels, found = residue_labels(preparation.topology), {}
    for atom in preparation.topology.atoms():
        label = labels[atom.residue.index]
        found[label] = found.get(label, 0) + force.getParticleParameters(atom.index)[0]._value
    return {label: round(charge) for label, charge in found.items()}


def test_the_metals_of_a_site_that_is_given_by_a_centre_stay_and_what_holds_them_is_charged(mirror, tmp_path):
    structure = part(mirror, "5I71.pdb", SODIUM_SITES)
    for residue in structure[0]["A"]:
        if residue.name == "NA":
            residue.name = residue[0].name = "MN"
            residue[0].element = gemmi.Element("Mn")
    structure.write_pdb(str(tmp_path / "x.pdb"))
    site = {"active": {"center": S1, "box": [30, 20, 24]}}
    preparation = prepare(str(tmp_path / "x.pdb"), ReceptorSettings(ph=3.0, sites=site))
    record = preparation.record
    assert record["hetero"]["kept"] == [
        "MN 707 of chain A (5 protein donors)", "MN 708 of chain A (6 protein donors)",
    ]  # fmt: skip
    found = charges(preparation)
    assert (found["MN707"], found["MN708"]) == (2, 2)
    assert (found["ASP437"], found["ASP98"]) == (-1, -1)  # which hold manganese at pH 3
    assert preparation.sites["active"].radius is None
    (near,) = [text for text in record["warnings"] if text.startswith("left out")]
    assert "MN" not in near
    assert "D12 704 of chain A (lipid" in near
    assert (
        record["references"]["68P 701 of chain A"] == "lies in the active site; its known pose, escitalopram"
    )


@pytest.fixture(scope="module")
def with_haem(mirror, tmp_path_factory):
    """His223 holds the iron of a haem; a ligand is on the iron's other side, and on a zinc ion."""
    structure = part(mirror, "6VRH.pdb", [(222, 226)])
    chain = structure[0]["A"]
    for index in reversed(range(len(chain))):
        if chain[index].het_flag == "H":
            del chain[index]
    histidine = next(residue for residue in chain if residue.seqid.num == 223)
    place = {atom.name: np.array(atom.pos.tolist()) for atom in histidine}
    axis = 2 * place["ND1"] - place["CG"] - place["CE1"]
    axis /= np.linalg.norm(axis)
    iron = place["ND1"] + 2.1 * axis
    ring = np.cross(axis, [0.0, 0.0, 1.0]) / np.linalg.norm(np.cross(axis, [0.0, 0.0, 1.0]))
    ligand = [("N1", "N", iron + 2.0 * axis)]
    ligand += [(f"C{n}", "C", iron + (2.0 + 1.2 * n) * axis + 0.7 * (-1) ** n * ring) for n in range(1, 6)]
    end = ligand[-1][2]
    ligand.append(("S7", "S", end + 1.8 * axis))
    chain.add_residue(hetero("HEM", 901, haem(iron, axis)))
    chain.add_residue(hetero("LIG", 902, ligand))
    chain.add_residue(hetero("ZN", 903, [("ZN", "Zn", end + 4.1 * axis)]))
    path = tmp_path_factory.mktemp("haem") / "x.pdb"
    structure.write_pdb(str(path))
    beside = iron + np.array([4.9 + 2.4 + 12.0, 0, 0])
    sites = {
        "at": {"ligand": "LIG"},
        "beside": {"center": beside.tolist(), "box": [24, 24, 24], "residues": ["HIS223"]},
    }
    return prepare(str(path), ReceptorSettings(ph=4.0, keep="ZN", sites=sites))


def test_a_haem_near_a_box_is_named_and_its_histidine_a_guess(with_haem):
    warnings = with_haem.record["warnings"]
    near = [text for text in warnings if text.startswith("left out in or near the box of the ")]
    assert len(near) == 2
    assert all("HEM 901 of chain A (ligand, " in text for text in near)
    assert not any("ZN" in text or "LIG" in text for text in near if "the at site" in text)
    guess = "what was left out touches them, so that their protonation is a guess: HIS223"
    assert guess in warnings
    protonation = with_haem.record["completion"]["protonation"]
    assert protonation["histidines"]["HIS223"] == "HE2"  # at pH 4, since the iron is at the other nitrogen
    assert [each["name"] for each in with_haem.record["left_out"]] == ["HEM 901 of chain A"]


def test_a_ligand_between_metals_is_coordinated(with_haem):
    note = with_haem.record["references"]["LIG 902 of chain A"]
    assert "S7 coordinates ZN903 (2.3 A)" in note
    assert "N1 coordinates FE of HEM 901 of chain A (2.0 A), which is left out" in note
    assert not any(word in note for word in ("overlaps", "covalent", "frame")), note


@pytest.fixture(scope="module")
def with_dna():
    return prepare(str(DATA / "protein_dna.pdb"), ReceptorSettings(sites={"groove": {"residues": ["B:DG5"]}}))


def test_the_dna_that_a_protein_binds_is_kept(with_dna):
    chains = {chain.id: [r.name for r in chain.residues()] for chain in with_dna.topology.chains()}
    assert chains["B"] == ["DT", "DT", "DG", "DT", "DG", "DA"]
    assert chains["C"] == ["DT", "DC", "DA", "DC", "DA", "DA"]
    notes = with_dna.record["completion"]["nucleic_acid"]
    assert notes[0].startswith(
        "6 nucleotides of chain B, 3 to 8; the 5' phosphate of B:DT3 became a hydroxyl"
    )
    found = charges(with_dna)
    assert sum(charge for label, charge in found.items() if label[0] in "BC") == -10
    assert with_dna.sites["groove"].residues == ("B:DG5",)
    assert not any("left out" in text for text in with_dna.record["warnings"])


def test_dna_that_is_dropped_or_unknown_to_the_force_field_is_named(tmp_path):
    text = (DATA / "protein_dna.pdb").read_text().replace(" DC C   7", "5CM C   7")
    (tmp_path / "x.pdb").write_text(text)
    settings = ReceptorSettings(drop="B:DG:5", sites={"helix": {"residues": ["ARG22"]}})
    record = prepare(str(tmp_path / "x.pdb"), settings).record
    (note,) = record["completion"]["nucleic_acid"]
    assert note.startswith("3 nucleotides of chain C, 4 to 6;")
    (near,) = record["near_sites"].values()
    names = {each["name"] for each in record["left_out"]}
    assert names == {"5 residues of chain B", "5CM 7 of chain C", "2 residues of chain C"}
    assert {text.split(" (")[0] for text in near["left_out"]} == names


def test_engines_see_dna_and_metals(with_dna):
    from dock.docking import pdbqt

    receptor = Receptor("x", with_dna.topology, with_dna.positions, with_dna.sites)
    lines = pdbqt.receptor_pdbqt(receptor, with_dna.sites["groove"]).splitlines()
    assert {line[17:20].strip() for line in lines if line[21] in "BC"} == {"DT", "DG", "DA", "DC"}
    assert "P" in {line.split()[-1] for line in lines}


def test_protein_and_dna_in_one_chain_and_a_site_named_by_a_nucleotide_that_is_kept(tmp_path):
    """As AMBER and GROMACS write them, without TER: a cap has no nucleotide's number, and no room is kept in one."""
    lines = [line for line in (DATA / "protein_dna.pdb").read_text().splitlines() if line.startswith("ATOM")]
    numbers = {
        address: at for at, address in enumerate(dict.fromkeys(line[17:27] for line in lines), start=1)
    }
    merged = [f"{line[:21]}A{numbers[line[17:27]]:4d} {line[27:]}" for line in lines]
    (tmp_path / "x.pdb").write_text("\n".join(merged) + "\n")
    guanine = next(line for line in merged if line[17:20] == " DG")
    label = f"A:DG:{int(guanine[22:26])}"
    prepared = prepare(str(tmp_path / "x.pdb"), ReceptorSettings(sites={"s": {"ligand": label}}))
    addresses = [(r.chain.id, r.id, r.insertionCode.strip()) for r in prepared.topology.residues()]
    assert len(set(addresses)) == len(addresses)
    assert {"ACE", "NME"} <= {residue.name for residue in prepared.topology.residues()}
    heavy = [line for line in merged if line[22:26] == guanine[22:26] and line[76:78].strip() != "H"]
    own = [[float(line[at : at + 8]) for at in (30, 38, 46)] for line in heavy]
    assert prepared.sites["s"].center == pytest.approx(tuple(np.mean(own, axis=0)), abs=0.01)
    assert len(prepared.bound.places) == 0
    receptor = Receptor("x", prepared.topology, prepared.positions, prepared.sites)
    assert "DG" in {
        line[17:20].strip() for line in receptor_pdbqt(receptor, prepared.sites["s"]).splitlines()
    }
