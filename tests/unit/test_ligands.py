from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from dock.core import catalogue
from dock.core.errors import ChemistryError, DockError, EmbeddingError
from dock.ligands import Ligand, stereo
from dock.ligands.library import Entry
from dock.ligands.placement import place_atoms
from dock.ligands.states import PreparationSettings, prepare

MAKEABLE = [name for name in catalogue.ligands() if not catalogue.isomers_of(name)]
MIXTURES = [name for name in catalogue.ligands() if catalogue.isomers_of(name)]
WEAK_BASES = {"trazodone", "nefazodone", "vilazodone"}  # arylpiperazines, mostly neutral at pH 7.4
# Of the free base, from the drug's formula.
FORMULAS = {
    "citalopram": "C20H21FN2O", "desmethylcitalopram": "C19H19FN2O", "sertraline": "C17H17Cl2N",
    "paroxetine": "C19H20FNO3", "fluoxetine": "C17H18F3NO", "fluvoxamine": "C15H21F3N2O2",
    "venlafaxine": "C17H27NO2", "clomipramine": "C19H23ClN2", "imipramine": "C19H24N2", "desipramine": "C18H22N2",
    "amitriptyline": "C20H23N", "nortriptyline": "C19H21N", "doxepin": "C19H21NO", "amoxapine": "C17H16ClN3O",
    "7-hydroxyamoxapine": "C17H16ClN3O2", "8-hydroxyamoxapine": "C17H16ClN3O2", "trazodone": "C19H22ClN5O",
    "nefazodone": "C25H32ClN5O2", "maprotiline": "C20H23N", "bupropion": "C13H18ClNO", "mirtazapine": "C17H19N3",
    "vilazodone": "C26H27N5O2", "duloxetine": "C18H19NOS", "serotonin": "C10H12N2O", "dopamine": "C8H11NO2",
    "norepinephrine": "C8H11NO3", "cocaine": "C17H21NO4", "ibogaine": "C20H26N2O",
}  # fmt: skip


def test_the_enantiomers_of_citalopram_carry_their_labels(escitalopram, r_citalopram):
    assert escitalopram.cip == ("S",)
    assert r_citalopram.cip == ("R",)
    assert escitalopram.constitution == r_citalopram.constitution
    assert escitalopram.smiles != r_citalopram.smiles
    drug = Chem.MolFromSmiles("C[NH+](C)CCC[C@@]1(C2=C(CO1)C=C(C=C2)C#N)C3=CC=C(C=C3)F")
    assert Chem.CanonSmiles(escitalopram.smiles) == Chem.MolToSmiles(drug)


def test_enantiomers_share_the_order_of_their_atoms(escitalopram, r_citalopram):
    for one, two in zip(escitalopram.mol.GetAtoms(), r_citalopram.mol.GetAtoms(), strict=True):
        assert one.GetAtomicNum() == two.GetAtomicNum()
        assert {n.GetIdx() for n in one.GetNeighbors()} == {n.GetIdx() for n in two.GetNeighbors()}


@pytest.mark.parametrize("name", MAKEABLE)
def test_catalogue_ligands_are_what_they_are_said_to_be(name):
    ligand = Ligand.from_catalogue(name)
    assert ligand.charge == (0 if name in WEAK_BASES else 1)
    assert len(ligand.amines) == ligand.charge
    assert sorted(ligand.cip) == sorted(catalogue.ligand(name).cip)  # whose order is that of the SMILES there
    seen = Chem.Mol(ligand.mol)
    Chem.AssignStereochemistryFrom3D(seen)
    assert stereo.cip_labels(seen) == ligand.cip


def test_a_racemate_names_its_isomers():
    with pytest.raises(ChemistryError, match="name escitalopram or r-citalopram"):
        Ligand.from_catalogue("citalopram")


def test_the_catalogue_holds_every_drug_of_the_list_by_its_formula():
    parents = {name for name, entry in catalogue.ligands().items() if entry.smiles}
    assert parents == set(FORMULAS)
    for name, formula in FORMULAS.items():
        mol = Chem.MolFromSmiles(catalogue.ligand(name).smiles)
        neutral = rdMolStandardize.Uncharger().uncharge(mol)
        assert CalcMolFormula(neutral) == formula, name
    assert set(MIXTURES) == {
        "citalopram", "desmethylcitalopram", "fluoxetine", "venlafaxine", "bupropion", "mirtazapine", "doxepin",
    }  # fmt: skip
    assert catalogue.ligand("fluvoxamine").cip == ("E",)
    assert catalogue.ligand("norepinephrine").cip == ("R",)


@pytest.mark.parametrize("name", MAKEABLE)
def test_the_rules_agree_with_the_protomer_that_the_catalogue_states(name):
    entry = catalogue.ligand(name)
    ligands = prepare(Entry("here", name, catalogue_name=name), PreparationSettings())
    known = Ligand.from_catalogue(name)
    assert ligands[0].name == name
    assert ligands[0].smiles == known.smiles
    assert np.array_equal(
        ligands[0].mol.GetConformer().GetPositions(), known.mol.GetConformer().GetPositions()
    )
    if entry.pka:
        cation = 1 / (1 + 10 ** (7.4 - entry.pka.value))
        shares = {ligand.charge: ligand.provenance.share for ligand in ligands}
        assert shares[1 if cation > 0.5 else 0] == pytest.approx(max(cation, 1 - cation), abs=0.01)


@pytest.mark.parametrize(
    ("smiles", "protomer"),
    [
        (
            "CN(C)CCC[C@@]1(C2=C(CO1)C=C(C=C2)C#N)C3=CC=C(C=C3)F",
            "C[NH+](C)CCC[C@@]1(c2ccc(F)cc2)OCc2cc(C#N)ccc21",
        ),
        ("NCCc1c[nH]c2ccc(O)cc12", "[NH3+]CCc1c[nH]c2ccc(O)cc12"),
        ("CC(=O)Oc1ccccc1C(=O)O", "CC(=O)Oc1ccccc1C(=O)[O-]"),
        ("Cc1ccncc1", "Cc1ccncc1"),
        ("C[NH+]1CCN(CC1)c1ccccc1", "C[NH+]1CCN(CC1)c1ccccc1"),
        ("CCN(C)Cc1ccccc1", "CC[NH+](C)Cc1ccccc1"),
        ("C1CN2CCC1CC2", "C1C[NH+]2CCC1CC2"),
        ("C1CNCCN1Cc1ccccc1", "c1ccc(CN2CC[NH2+]CC2)cc1"),
    ],
)
def test_a_users_molecule_is_protonated_at_physiological_ph(smiles, protomer):
    assert Ligand.from_smiles(smiles).smiles == Chem.CanonSmiles(protomer)


@pytest.mark.parametrize(
    ("smiles", "problem"),
    [
        ("CC(", "not a valid SMILES"),
        ("", "is empty"),
        ("CN(C)(C)(C)C", "not a valid SMILES"),
        ("CC(=O)Oc1ccccc1C(=O)O.Cn1cnc2c1c(=O)n(C)c(=O)n2C", "several molecules that could each be meant"),
        ("CC(N)Cc1ccccc1", "undefined"),
        ("CC=CCN", "undefined"),
        ("C[Pt]C", "holds Pt"),
        ("*CN", "which no force field"),
        ("[CH2]CC", "is a radical"),
        ("C" * 200, "heavy atoms"),
    ],
)
def test_a_molecule_that_cannot_be_meant_is_refused(smiles, problem):
    with pytest.raises(ChemistryError, match=problem):
        Ligand.from_smiles(smiles, "x")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="CNOFclnos()[]=#@+-123%./\\H ", max_size=20))
def test_no_text_breaks_the_reading_of_smiles(text):
    with suppress(DockError):
        mol = stereo.read_smiles("x", text)
        assert stereo.constitution(stereo.with_defined_stereo("x", mol))


def test_a_cage_that_exists_as_one_isomer_needs_no_label():
    amantadine = Ligand.from_smiles("NC12CC3CC(CC(C3)C1)C2")
    assert amantadine.charge == 1
    assert amantadine.mol.GetNumHeavyAtoms() == 11


def test_an_isomer_that_cannot_exist_is_a_typed_failure():
    assert Ligand.from_smiles("O[C@@H]1C[C@@H]2CC[C@H]1C2").mol.GetNumHeavyAtoms() == 8
    with pytest.raises(EmbeddingError, match="no conformer could be generated"):
        Ligand.from_smiles("O[C@@H]1C[C@H]2CC[C@H]1C2")


def test_isomers_are_told_apart():
    one, two = "C[C@H](N)[C@@H](C)O", "C[C@@H](N)[C@H](C)O"
    assert stereo.relation(one, two) == "enantiomer"
    assert stereo.relation(one, "C[C@H](N)[C@H](C)O") == "diastereomer"
    assert stereo.relation(one, one) is None
    assert stereo.relation(one, "CCO") is None


def test_a_protonated_amine_is_no_stereo_centre(tmp_path):
    ligand = Ligand.from_smiles("CCN(C)Cc1ccccc1", "amine")
    ligand.write(tmp_path / "x.sdf")
    again = Ligand.load(tmp_path / "x.sdf")
    assert again.smiles == ligand.smiles
    assert again.cip == ()
    mirrored = place_atoms(ligand.mol, ligand.mol.GetConformer().GetPositions() * [-1, 1, 1])
    assert mirrored.GetNumAtoms() == ligand.mol.GetNumAtoms()


def test_conformers_repeat(escitalopram):
    again = Ligand.from_catalogue("escitalopram")
    assert np.array_equal(
        again.mol.GetConformer().GetPositions(), escitalopram.mol.GetConformer().GetPositions()
    )


def test_coordinates_of_the_mirror_image_are_refused(escitalopram):
    mirrored = escitalopram.mol.GetConformer().GetPositions() * [-1, 1, 1]
    with pytest.raises(ChemistryError, match="the coordinates show"):
        place_atoms(escitalopram.mol, mirrored)


def test_a_ligand_survives_its_file(escitalopram, tmp_path):
    escitalopram.write(tmp_path / "x.sdf")
    again = Ligand.load(tmp_path / "x.sdf")
    assert again.record() == escitalopram.record()
    before, after = (mol.GetConformer().GetPositions() for mol in (escitalopram.mol, again.mol))
    assert np.array_equal(before, after)
