"""Hands that are easily lost: said to be unknown, of axes that are no biaryls, or without any label to carry them."""

import pytest
from rdkit import Chem
from rdkit.Chem import rdDepictor, rdDistGeom

from dock.core.errors import ChemistryError
from dock.ligands import Ligand, axes, stereo
from dock.ligands.library import Entry
from dock.ligands.states import PreparationSettings, states
from dock.ligands.unlabelled import open_hands_note, unlabelled_hands

BINOL_PHOSPHATE = "O=P1(O)Oc2ccc3ccccc3c2-c2c(ccc3ccccc23)O1"
SPINOL = "Oc1cccc2c1C1(CC2)CCc2cccc(O)c21"
ACETOCHLOR = "CCOCN(C(=O)CCl)c1c(C)cccc1CC"


def drawn(smiles, old="", new=""):
    """Return a flat record of a molecule, with a line of its bonds exchanged."""
    mol = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(mol)
    block = Chem.MolToMolBlock(mol)
    assert old in block
    return f"{block.replace(old, new)}$$$$\n"


def in_space(smiles, mirrored=False):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert rdDistGeom.EmbedMolecule(mol, randomSeed=7) == 0
    if mirrored:
        mol.GetConformer().SetPositions(mol.GetConformer().GetPositions() * (1.0, 1.0, -1.0))
    return f"{Chem.MolToMolBlock(mol)}$$$$\n"


def made_of(block, **settings):
    return states(Entry("x.sdf#1", "x", block=block), PreparationSettings(max_protomers=1, **settings))


@pytest.mark.parametrize(
    "block",
    [
        drawn("CC(O)C(N)=O", "  1  2  1  0", "  2  1  1  4"),  # wavy at a centre
        drawn("CC=CC(=O)O", "  2  3  2  3", "  2  3  2  3"),  # crossed
        drawn("CC=CC(=O)O", "  1  2  1  0", "  2  1  1  4"),  # wavy at a double bond
    ],
)
def test_what_is_drawn_as_unknown_is_open(block):
    assert len(made_of(block)) == 2
    with pytest.raises(ChemistryError, match="leaves 1 stereo element"):
        made_of(block, stereo="refuse")


@pytest.mark.parametrize("smiles", ["C[C@H](O)C(N)=O |w:1.0|", "CC=CC(=O)O |w:1.0|"])
def test_what_is_written_as_unknown_is_open(smiles):
    assert len(stereo.every_isomer("x", stereo.parse_smiles("x", smiles), 32)) == 2
    with pytest.raises(ChemistryError, match="leaves 1 stereo element"):
        Ligand.from_smiles(smiles)


@pytest.mark.parametrize(
    "smiles",
    [
        ACETOCHLOR,
        "CC(C)(C)c1ccccc1N1CCCC1=O",
        "Cc1cccc(C(C)C)c1C(=O)N(C)C(C)C",
        "CC(C)=C(C)c1c(C)ccc2ccccc12",
    ],
)
def test_axes_that_are_no_biaryls_are_read_in_space(smiles):
    one, other = (axes.smiles(made_of(in_space(smiles, mirrored))[0].mol) for mirrored in (False, True))
    assert one != other
    assert stereo.relation(one, other) == "enantiomer"


@pytest.mark.parametrize(
    "smiles",
    [
        "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1",  # fentanyl
        "CC(=O)N(C)c1ccccc1C",
        "COCC(=O)N(C)c1c(C)cccc1C",  # alike on both sides
        "CC(=O)Nc1c(C)cccc1Cl",
        "O=C(c1c(F)cccc1Cl)N(C)C",
        "O=C(O)c1c(C)cccc1Cl",
        "C=C(C)c1c(C)cccc1Cl",
    ],
)
def test_what_turns_is_no_axis(smiles):
    assert not axes.labelled(axes.label_shown(Chem.MolFromMolBlock(in_space(smiles))))


@pytest.mark.parametrize("wedge", ["wU:5.5", "wD:5.5"])
def test_a_wedge_at_an_anilide_is_that_of_its_arene_alone(wedge):
    """RDKit reads it as one of the flat amide bond, too, and finds no conformer for one of the hands."""
    ligand = Ligand.from_smiles(f"COCC(=O)N(C)c1c(C)cccc1Br |{wedge}|")
    (bond,) = axes.labelled(ligand.mol)
    assert bond.GetBeginAtom().GetIsAromatic() != bond.GetEndAtom().GetIsAromatic()
    assert ligand.cip == (("M",) if wedge == "wU:5.5" else ("P",))


@pytest.mark.parametrize(
    "smiles",
    [
        BINOL_PHOSPHATE,
        "COC(=O)c1ccc2c(c1)CCCc1cc(OC)c(OC)c(OC)c1-2",
        SPINOL,
        "NC1CC2(C1)CC(C(=O)O)C2",
        "CC=C=CC(=O)O",
        "CC1CCC(=CC(=O)O)CC1",
        "CC1CCC(=NO)CC1",
    ],
)
def test_a_hand_without_a_label_is_kept_with_its_coordinates_only(smiles):
    assert open_hands_note(Chem.MolFromSmiles(smiles))
    with pytest.raises(ChemistryError, match="a new conformer does not keep"):
        made_of(in_space(smiles))
    (state,) = made_of(in_space(smiles), keep_coordinates=True)
    assert state.provenance.notes == ""


@pytest.mark.parametrize(
    "smiles",
    [
        f"{BINOL_PHOSPHATE} |wU:13.13|",
        "Oc1cccc2c1[C@]1(CC2)CCc2cccc(O)c21",
        "N[C@H]1C[C@]2(C1)C[C@@H](C(=O)O)C2",
        "[H]C(C)=[C@]=C([H])C(=O)O",
    ],
)
def test_a_hand_without_a_label_that_is_written_is_refused(smiles):
    with pytest.raises(ChemistryError, match="a hand is written that cannot be read"):
        stereo.parse_smiles("x", smiles)


def test_a_hand_without_a_label_that_is_drawn_is_refused():
    mol = Chem.MolFromSmiles(BINOL_PHOSPHATE)
    mol.GetBondWithIdx(14).SetStereo(Chem.BondStereo.STEREOATROPCW)
    rdDepictor.Compute2DCoords(mol)
    Chem.WedgeMolBonds(mol, mol.GetConformer())
    with pytest.raises(ChemistryError, match="a hand is written that cannot be read"):
        made_of(f"{Chem.MolToMolBlock(mol)}$$$$\n")
    (state,) = made_of(drawn(BINOL_PHOSPHATE))
    assert "no hand given for the axis" in state.provenance.notes


@pytest.mark.parametrize(
    "smiles",
    [
        "Cc1ncc2n1-c1ccc(Cl)cc1C(c1ccccc1F)=NC2",  # midazolam, whose ring flaps
        "COc1cc2CC[C@H](NC(C)=O)c3cc(=O)c(OC)ccc3-c2c(OC)c1OC",  # colchicine, whose centre decides
        "CN1CCc2cccc3c2[C@H]1Cc1ccc(O)c(O)c1-3",  # apomorphine
        "CC1(C)Oc2cc(CCCCC)cc(O)c2-c2cc(C)ccc12",  # cannabinol
        "O=C1NCN(c2ccccc2)C12CCN(CCCC(=O)c1ccc(F)cc1)CC2",  # spiperone
        "CCOC(=O)N1CCC(=C2c3ccc(Cl)cc3CCc3cccnc23)CC1",  # loratadine
        "C=C1CCC(C)CC1",
        "CC=C=C",
        "C1CCC2(C1)CCCC2",
        "O=C1N[C@@]2(CC1)CCNC2",  # a centre like any other
        "CC12CCC(CC1)(CC2)C=C",
    ],
)
def test_what_has_no_hand_of_its_own_is_let_be(smiles):
    assert not unlabelled_hands(Chem.MolFromSmiles(smiles))
