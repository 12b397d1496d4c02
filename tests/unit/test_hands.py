"""What has no hand although it looks as if it had one, and what has one although it does not look so."""

import pickle
import random

import numpy as np
import pytest
from rdkit import Chem

from dock.core.errors import ChemistryError
from dock.docking import pdbqt
from dock.ligands import Ligand, axes, stereo
from dock.ligands.cages import false_centres, inside_out
from dock.ligands.conformers import embed
from dock.ligands.library import Library
from dock.ligands.placement import place_atoms
from dock.ligands.states import PreparationSettings, states

LEFT = "Cc1cc2c(C(N)=O)c(N)n(-c3c(C)ccc(O)c3C)c2nc1C |wU:10.9|"
RIGHT = "Cc1cc2c(C(N)=O)c(N)n(-c3c(C)ccc(O)c3C)c2nc1C |wD:10.9|"
# As of the Cambridge database's bicyclo[1.1.1]pentanes: the bridgeheads, not bonded, are 1.85 to 1.90 A apart.
BRIDGE = (1.7, 2.0)


@pytest.mark.parametrize(
    ("smiles", "isomers"),
    [
        ("FC12CC(C1)(C2)c1ccccc1", 1),
        ("OC(=O)[C@]12C[C@](C(=O)O)(C1)C2", 1),
        ("COC(=O)C12C3C4C1C5C2C3C45C(=O)OC", 1),
        ("NC12CCC(CC1)(CC2)C(=O)O", 1),
        ("CC12CC3CC(C)(C1)CC(N)(C3)C2", 1),
        ("C1CCC23CCCC2(C1)CCC3", 1),
        ("OC1CN2CCC1CC2", 2),
    ],
)
def test_bridgeheads_that_say_nothing_are_no_centres(smiles, isomers):
    mol = Chem.MolFromSmiles(smiles)
    assert len(stereo.every_isomer("x", mol, 32)) == isomers
    assert len(stereo.isomers(mol)) == isomers


@pytest.mark.parametrize(
    ("smiles", "on_paper"),
    [
        ("OC1CC2CCC1C2", 8),  # exo and endo, each in two hands, can exist
        ("CC1(C)C2CCC1(C)C(=O)C2", 4),
        ("OC1C2CCC1C=C2", 4),  # syn and anti
        ("CN1C2CCC1CC(O)C2", 4),  # tropine and pseudotropine
        ("OC1CC2CC(O)C1CC2", 8),  # a bridgehead alone tells two of these apart
    ],
)
def test_bridgeheads_that_say_something_stay_centres(smiles, on_paper):
    mol = Chem.MolFromSmiles(smiles)
    assert not false_centres(mol)
    assert len(stereo.every_isomer("x", mol, 32)) == on_paper


def test_the_configuration_that_is_given_is_not_lost_in_a_cage():
    """Of 4-aminoadamantan-1-ol, the labels of C1 and C4 tell Z from E: neither may be cleared."""
    one, other = (f"CC(=O)N[C@{at}H]1C2CC3CC1C[C@](O)(C3)C2" for at in ("", "@"))
    assert not false_centres(Chem.MolFromSmiles(one))
    assert Chem.CanonSmiles(one) != Chem.CanonSmiles(other)


def test_tight_cages_are_embedded_as_they_are():
    mol = embed("x", Chem.MolFromSmiles("FC12CC(C1)(C2)C"), 7)
    places = mol.GetConformer().GetPositions()
    assert BRIDGE[0] < np.linalg.norm(places[1] - places[3]) < BRIDGE[1]
    for smiles in ("CC12CC(C(=O)[O-])(C1)[C@H]2F", "CC12CC(C(=O)[O-])(C1)[C@@H]2F"):
        seen = stereo.seen_in_coordinates(embed("x", Chem.MolFromSmiles(smiles), 7))
        assert Chem.MolToSmiles(Chem.RemoveHs(seen)) == Chem.CanonSmiles(smiles)
    assert not any(inside_out(embed("x", Chem.MolFromSmiles("CNC(=O)C12CC1C2"), seed)) for seed in range(8))


@pytest.fixture(scope="module")
def hands():
    return Ligand.from_smiles(LEFT, "left"), Ligand.from_smiles(RIGHT, "right")


def torsion_is_positive(mol):
    """Of CNC(amine carbon)-N-C-C(CH3, next to the second methyl): by a pattern, not by numbers of atoms."""
    from rdkit.Chem import rdMolTransforms

    pattern = Chem.MolFromSmarts("[NH2]c:n-c:c([CH3]):c[OX2H]")
    ((_, first, begin, end, last, *_),) = mol.GetSubstructMatches(pattern)
    return rdMolTransforms.GetDihedralDeg(mol.GetConformer(), first, begin, end, last) > 0


def test_an_axis_keeps_its_hand_in_a_ligand(hands, tmp_path):
    left, right = hands
    assert (left.cip, right.cip) == (("M",), ("P",))
    assert torsion_is_positive(left.mol) != torsion_is_positive(right.mol)
    assert left.constitution == right.constitution
    assert stereo.relation(left.smiles, right.smiles) == "enantiomer"
    assert stereo.mirror_image(left.smiles) == right.smiles
    left.write(tmp_path / "left.sdf")
    back = Ligand.load(tmp_path / "left.sdf")
    assert list(back.sdf_records()) == list(left.sdf_records())
    assert pickle.loads(pickle.dumps(left)).smiles == left.smiles == back.smiles


def test_renumbering_and_writing_leave_a_hand(hands):
    mol = Chem.MolFromSmiles(hands[0].smiles)
    for seed in range(6):
        order = list(range(mol.GetNumAtoms()))
        random.Random(seed).shuffle(order)
        other = axes.renumbered(mol, order)
        assert axes.smiles(other) == hands[0].smiles
        assert Ligand.from_smiles(axes.ordered_smiles(other)).smiles == hands[0].smiles


def test_coordinates_show_a_hand(hands):
    for ligand in hands:
        mol = Chem.Mol(ligand.mol)
        for bond in axes.labelled(mol):
            bond.SetStereo(Chem.BondStereo.STEREONONE)
        assert axes.smiles(Chem.RemoveHs(axes.label_shown(mol))) == ligand.smiles


def test_a_pose_of_the_other_hand_is_refused(hands):
    left, _ = hands
    mirrored = left.mol.GetConformer().GetPositions() * (-1.0, 1.0, 1.0)
    with pytest.raises(ChemistryError, match="the coordinates show"):
        place_atoms(left.mol, mirrored)
    assert place_atoms(left.mol, left.mol.GetConformer().GetPositions())


@pytest.mark.parametrize(
    "written",
    [
        LEFT,
        "CCOCN(C(=O)CCl)c1c(C)cccc1CC |wU:4.4|",
        "CCOCN(C(=O)CCl)c1c(C)cccc1CC |wU:4.3|",
        "Cc1cccc(C(C)C)c1C(=O)N(C)C(C)C |wD:10.12|",
        "Cc1cccc(C[NH+](C)C)c1-c1c(C)ccnc1C |wU:10.9|",
    ],
)
def test_no_engine_turns_an_axis_that_has_a_hand(written):
    free = Chem.MolFromSmiles(written.partition(" ")[0])
    turning, kept = (
        pdbqt.ligand_pdbqt(ligand).count("\nBRANCH")
        for ligand in (Ligand("x", embed("x", free, 7)), Ligand.from_smiles(written))
    )
    assert kept == turning - 1


@pytest.mark.parametrize(
    ("smiles", "open_axis"),
    [
        ("Oc1ccc2ccccc2c1-c1c(O)ccc2ccccc12", True),
        ("Cc1cccc(N)c1-c1c(C)cccc1O", True),
        ("Cc1ccccc1-c1ccccc1C", False),  # two groups: turns within seconds
        ("Cc1cccc(F)c1-c1ccccc1F", False),
        ("Cc1cccc(C)c1-c1c(C)cccc1C", False),  # either ring alike on both sides
        ("CCc1ccc(F)cc1", False),
        (LEFT, False),
    ],
)
def test_an_axis_without_a_hand_is_said(smiles, open_axis):
    assert bool(axes.open_axes_note(Chem.MolFromSmiles(smiles))) == open_axis


@pytest.mark.parametrize(
    ("smiles", "labels"),
    [
        ("CCC1(c2ccccc2)C(=O)NC(=O)NC1=O", ()),  # phenobarbital
        ("CCC1(c2ccccc2)C(=O)NC(=O)[N-]C1=O", ()),
        ("CCC[C@@H](C)C1(CC)C(=O)NC(=S)NC1=O", ("R",)),  # thiopental
        ("CC(O)(P(=O)(O)O)P(=O)(O)O", ()),  # etidronic acid
        ("NCCCC(O)(P(=O)(O)O)P(=O)(O)O", ()),  # alendronic acid
        ("NCC(O)CN", ()),
        ("OC(=O)C[C@H](O)C(=O)O", ("S",)),  # malic acid, whose arms differ
    ],
)
def test_a_proton_that_moves_between_like_arms_makes_no_centre(smiles, labels):
    """As written, as several states, and in space, where RDKit sees a centre: one molecule."""
    ligand = Ligand.from_smiles(smiles)
    assert ligand.cip == labels
    assert stereo.open_elements(ligand.mol) == 0
    seen = stereo.seen_in_coordinates(ligand.mol)
    assert Chem.MolToSmiles(Chem.RemoveHs(seen)) == ligand.smiles
    (entry,) = Library([smiles])
    made = [state.mol for state in states(entry, PreparationSettings())]
    assert (
        len({Chem.MolToSmiles(mol) for mol in made})
        == len({Chem.GetFormalCharge(mol) for mol in made})
        == len(made)
    )
