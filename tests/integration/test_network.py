"""Flips of Asn, Gln and His, and tautomers of His, with known answers."""

import gemmi
import numpy as np
import pytest
from openmm import unit
from openmm.app import Modeller

from dock.core.errors import StructureError
from dock.receptors import Receptor
from dock.receptors.contacts import balance, contacts, exchanged
from dock.receptors.entry import ResidueKey
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.ions import Ion
from dock.receptors.network import settle_network
from dock.receptors.preparation import prepare
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings

# In 5I71 ND2 of Asn177 gives its proton to O of Ala173, OD1 of Asn356 takes those of three backbone nitrogens.
CLEAR = ("ASN177", "ASN356")
ION_HOLDING = ("ASN101", "ASN368")


class Heavy:
    """A shipped model without its hydrogens, as it was before it got them."""

    def __init__(self, receptor):
        modeller = Modeller(receptor.topology, receptor.positions * unit.nanometer)
        ions = [r for r in receptor.topology.residues() if r.name in ION_CHARGES]
        self.ions = [
            Ion(
                ResidueKey("A", int(r.id)),
                r.name,
                receptor.positions[next(r.atoms()).index] * 10,
                ION_CHARGES[r.name],
            )
            for r in ions
        ]
        modeller.delete([*ions, *(a for a in receptor.topology.atoms() if a.element.symbol == "H")])
        self.topology = modeller.topology
        self.positions = np.array(modeller.positions.value_in_unit(unit.nanometer))
        self.labels = residue_labels(self.topology)
        self.residues = dict(zip(self.labels, self.topology.residues(), strict=True))

    def turned(self, *names):
        """Positions with the ends of some side chains exchanged."""
        return exchanged(self.positions, [self.residues[name] for name in names])

    def settle(self, positions=None, ions=None, **settings):
        return settle_network(
            self.topology,
            self.positions if positions is None else positions,
            self.labels,
            [None] * len(self.labels),
            self.ions if ions is None else ions,
            [],
            ReceptorSettings(**settings),
        )


@pytest.fixture(scope="module")
def sert(receptor):
    return Heavy(receptor)


@pytest.fixture(scope="module")
def other():
    return Heavy(Receptor.from_catalogue("sert-6vrh"))


def test_what_is_turned_the_wrong_way_is_turned_back(sert):
    wrong = sert.turned(*CLEAR)
    network = sert.settle(wrong)
    assert set(CLEAR) <= set(network.notes["turned"])
    for name in CLEAR:
        atoms = [atom.index for atom in sert.residues[name].atoms()]
        assert np.array_equal(network.positions[atoms], sert.positions[atoms])
    still = [
        atom.index
        for label, residue in sert.residues.items()
        if label not in network.notes["turned"]
        for atom in residue.atoms()
    ]
    assert np.array_equal(network.positions[still], wrong[still])


def test_what_lies_the_right_way_is_left(sert):
    network = sert.settle()
    assert not set(CLEAR) & set(network.notes.get("turned", {}))
    assert network.notes == sert.settle().notes


@pytest.mark.parametrize("names", [(), ION_HOLDING])
def test_oxygens_lie_at_sodium_and_nitrogens_at_chloride(sert, names):
    """As deposited or not: what holds an ion is not PDB2PQR's to turn."""
    network = sert.settle(sert.turned(*names))
    decided = network.notes["held"] | network.notes.get("turned", {})
    assert all("NA 707" in decided[name] for name in ION_HOLDING)
    assert "CL 709" in decided["GLN332"]
    assert (set(ION_HOLDING) <= set(network.notes.get("turned", {}))) is bool(names)
    sodium = next(ion.place for ion in sert.ions if ion.key.number == 707)
    for name in ION_HOLDING:
        apart = {
            atom.name: np.linalg.norm(network.positions[atom.index] * 10 - sodium)
            for atom in sert.residues[name].atoms()
        }
        assert apart["OD1"] < apart["ND2"]


def test_without_the_ions_nothing_holds_them(sert):
    assert not set(ION_HOLDING) & set(sert.settle(ions=[]).notes.get("held", {}))


def test_tautomers_that_the_network_shows(sert, other):
    """A helix's carbonyl takes the proton of ND1; a backbone nitrogen gives its own to it."""
    histidine = sert.residues["HIS143"].index
    first = sert.settle()
    assert first.tautomers[histidine] == "HID"
    assert "LEU139 O" in first.notes["tautomers"]["HIS143"]
    second = other.settle()
    assert second.tautomers[other.residues["HIS456"].index] == "HIE"
    assert "VAL457 N" in second.notes["tautomers"]["HIS456"]
    names = {label for label in sert.labels if label.startswith("HIS")}
    assert set(first.notes["tautomers"]) == names


def test_the_settings_come_first(sert):
    network = sert.settle(flips={"ASN101": True, "ASN356": True, "GLN141": False})
    assert network.notes["turned"]["ASN101"] == "by the settings"
    assert network.notes["turned"]["ASN356"] == "by the settings"
    assert network.notes["held"]["GLN141"] == "by the settings"
    with pytest.raises(StructureError, match="ASP98: is no Asn, Gln or His"):
        sert.settle(flips={"ASP98": True})
    with pytest.raises(StructureError, match="ASN999"):
        sert.settle(flips={"ASN999": False})


def test_contacts_tell_right_from_wrong(sert):
    asn = sert.residues["ASN356"]
    right = contacts(asn, sert.positions, sert.labels)
    wrong = contacts(asn, sert.turned("ASN356"), sert.labels)
    assert balance(right) >= 2
    assert balance(wrong) <= -2
    assert {one.other for one in right} >= {"GLN359 N"}


def test_a_file_with_flips_is_put_right_from_end_to_end(mirror, tmp_path):
    """5I71 with four side chains upside down: two that ions tell of, two that hydrogen bonds do."""
    structure = gemmi.read_structure(str(mirror / "5I71.pdb"))
    names = (*CLEAR, *ION_HOLDING)
    for residue in structure[0]["A"]:
        if f"{residue.name}{residue.seqid}" in names:
            one, two = (residue[name][0].pos.tolist() for name in ("OD1", "ND2"))
            residue["OD1"][0].pos, residue["ND2"][0].pos = gemmi.Position(*two), gemmi.Position(*one)
    structure.write_pdb(str(tmp_path / "5I71.pdb"))
    part = ReceptorSettings(first_residue=85, last_residue=445)
    preparation = prepare(str(tmp_path / "5I71.pdb"), part)
    network = preparation.record["completion"]["network"]
    assert set(names) <= set(network["turned"])
    deposited = {
        (str(residue.seqid), atom.name): atom.pos.tolist()
        for residue in gemmi.read_structure(str(mirror / "5I71.pdb"))[0]["A"]
        for atom in residue
    }
    for atom in preparation.topology.atoms():
        if f"{atom.residue.name}{atom.residue.id}" in names and atom.name in ("OD1", "ND2"):
            there = deposited[atom.residue.id, atom.name]
            assert preparation.positions[atom.index] * 10 == pytest.approx(there, abs=0.01)
            assert preparation.deposited[atom.index] == pytest.approx(there, abs=0.01)
    # The glycans that are dropped say which end the nitrogen is.
    assert "NAG" in network["held"]["ASN208"]
