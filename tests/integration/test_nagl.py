import logging
import sys

import numpy as np
import openmm
import pytest
from openmm import unit
from rdkit import Chem, rdBase

from dock.core.catalogue import structures_folder
from dock.core.errors import MissingDependencyError, ParameterError, SettingsError
from dock.core.files import read_json
from dock.forcefield import charges, nagl
from dock.forcefield.charges import charges as charges_of
from dock.forcefield.parameters import force_of, ligand_parameters
from dock.ligands import Ligand

INSTALL = "pip install 'sertdock[nagl]'"


@pytest.fixture(scope="module")
def network():
    """Skip where the extra is not installed, in CI too: it is gigabytes."""
    for package in ("openff.nagl_models", "openff.nagl", "openff.toolkit"):
        pytest.importorskip(package, reason=f"NAGL is not installed ({INSTALL})", exc_type=ImportError)


def test_a_missing_package_says_how_to_get_it(monkeypatch, escitalopram):
    monkeypatch.setitem(sys.modules, "openff.nagl_models", None)
    with pytest.raises(MissingDependencyError) as raised:
        charges_of(escitalopram, "nagl")
    assert str(raised.value).startswith("NAGL: cannot be imported")
    assert INSTALL in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("function", [charges_of, ligand_parameters])
def test_an_unknown_method_is_refused(function, escitalopram):
    with pytest.raises(SettingsError, match="resp: is no charge method; known: am1-bcc, nagl"):
        function(escitalopram, "resp")


def test_am1_bcc_needs_nothing_of_nagl(monkeypatch, escitalopram):
    monkeypatch.setitem(sys.modules, "openff.nagl_models", None)
    shipped = read_json(charges.shipped_charges(escitalopram.constitution))
    assert np.array_equal(charges_of(escitalopram), charges.map_charges(escitalopram, shipped))
    assert np.array_equal(charges_of(escitalopram), charges_of(escitalopram, "am1-bcc"))


@pytest.mark.usefixtures("network")
def test_charges_belong_to_the_constitution(escitalopram, r_citalopram):
    one, two = (charges_of(ligand, "nagl") for ligand in (escitalopram, r_citalopram))
    assert np.array_equal(one, two)
    # computed from the other isomer, not only read from the cache that the first one filled
    assert charges.derive(escitalopram, "nagl") == charges.derive(r_citalopram, "nagl")


@pytest.mark.parametrize(
    "smiles", ["CC[NH3+]", "CCCCCCCCc1ccccc1C(=O)[O-]", "CCCc1ccc(C(N)=[NH2+])cc1", "CCO"]
)
@pytest.mark.usefixtures("network")
def test_charges_sum_to_the_formal_charge(smiles):
    ligand = Ligand.from_smiles(smiles, "made-up")
    assert charges_of(ligand, "nagl").sum() == pytest.approx(ligand.charge, abs=1e-9)


@pytest.mark.usefixtures("network")
def test_charges_are_close_to_am1_bcc(escitalopram):
    values = charges_of(escitalopram, "nagl")
    assert values.sum() == pytest.approx(1.0, abs=1e-9)
    difference = values - charges_of(escitalopram)
    assert 0 < np.sqrt((difference**2).mean()) < 0.03


@pytest.mark.usefixtures("network")
def test_equivalent_atoms_carry_equal_charges(escitalopram):
    values = charges_of(escitalopram, "nagl")
    mol = escitalopram.mol
    methyls = mol.GetSubstructMatches(Chem.MolFromSmarts("[CH3][NH+]"))
    assert len(methyls) == 2
    hydrogens = [
        n.GetIdx() for c, _ in methyls for n in mol.GetAtomWithIdx(c).GetNeighbors() if n.GetAtomicNum() == 1
    ]
    assert len(hydrogens) == 6
    assert np.ptp(values[hydrogens]) == 0
    benzoate = Ligand.from_smiles("O=C([O-])c1ccccc1CCCC", "benzoate")
    oxygens = [atom.GetIdx() for atom in benzoate.mol.GetAtoms() if atom.GetAtomicNum() == 8]
    assert len(oxygens) == 2  # equivalent by resonance only: the model averages the formal charge
    assert np.ptp(charges_of(benzoate, "nagl")[oxygens]) < 1e-5


@pytest.mark.usefixtures("network")
def test_the_record_names_its_model_and_lies_beside_that_of_am1_bcc(monkeypatch):
    ligand = Ligand.from_smiles("CCC[NH3+]", "propylammonium")
    values = charges_of(ligand, "nagl")
    cached = charges.cached_charges(ligand.constitution, "nagl")
    record = read_json(cached)
    assert nagl.model_file().name in record["method"]
    assert nagl.model_file().suffix == ".pt"
    assert record["constitution"] == ligand.constitution
    assert "conformer_seed" not in record
    other = charges.cached_charges(ligand.constitution)
    assert other.parent == cached.parent
    assert other != cached
    assert not other.exists()
    monkeypatch.setattr(charges, "derive", lambda *_: pytest.fail("the cache was not used"))
    assert np.array_equal(charges_of(ligand, "nagl"), values)
    monkeypatch.setattr(nagl, "model_file", lambda: cached.with_name("openff-gnn-am1bcc-9.0.0.pt"))
    assert not charges.cached_charges(ligand.constitution, "nagl").exists()


def test_shipped_charges_are_never_those_of_nagl():
    methods = {read_json(path)["method"] for path in (structures_folder() / "charges").glob("*.json")}
    assert methods == {charges.METHOD}


@pytest.mark.usefixtures("network")
def test_parameters_are_told_apart_by_their_charges(escitalopram, r_citalopram):
    systems = [
        openmm.XmlSerializer.serialize(ligand_parameters(ligand, method))
        for ligand, method in ((escitalopram, "am1-bcc"), (escitalopram, "nagl"), (r_citalopram, "nagl"))
    ]
    assert systems[1] == systems[2]
    assert systems[0] != systems[1]
    system = openmm.XmlSerializer.deserialize(systems[1])
    force = force_of(system, openmm.NonbondedForce)
    held = [
        force.getParticleParameters(i)[0].value_in_unit(unit.elementary_charge)
        for i in range(force.getNumParticles())
    ]
    assert held == pytest.approx(charges_of(escitalopram, "nagl"), abs=1e-9)


@pytest.mark.usefixtures("network")
def test_a_molecule_outside_the_domain_is_a_typed_failure():
    ligand = Ligand.from_smiles("BrSCCCCCCc1ccccc1", "sulfenyl-bromide")
    with pytest.raises(ParameterError, match=r"sulfenyl-bromide: NAGL has no charges for it .*forbidden"):
        charges_of(ligand, "nagl")
    assert not charges.cached_charges(ligand.constitution, "nagl").exists()


@pytest.mark.usefixtures("network")
def test_nagl_leaves_logs_and_threads_as_they_were(escitalopram, caplog):
    import torch

    logs, threads = rdBase.LogStatus(), torch.get_num_threads()
    with caplog.at_level(logging.WARNING):
        charges.derive(escitalopram, "nagl")
    assert rdBase.LogStatus() == logs
    assert torch.get_num_threads() == threads
    assert not caplog.records


@pytest.mark.usefixtures("network")
def test_a_missing_package_that_nagl_needs_says_how_to_get_it(monkeypatch, escitalopram):
    monkeypatch.setitem(sys.modules, "openff.nagl", None)
    nagl._load.cache_clear()
    with pytest.raises(MissingDependencyError, match="sertdock\\[nagl\\]"):
        charges.derive(escitalopram, "nagl")
