"""Bonds whose order a file leaves open: aromatic rings with their hydrogens, delocalised groups, or a refusal."""

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem, rdDistGeom

from dock.core.errors import ChemistryError
from dock.ligands import Ligand
from dock.ligands.bonds import AROMATIC_TYPE, QUERY_TYPES
from dock.ligands.library import Entry
from dock.ligands.records import read_molecule
from dock.ligands.states import PreparationSettings, prepare

# Lactams and NH heteroarenes, whose hydrogens a file of aromatic bonds without hydrogens does not tell.
ONE_WAY = {
    "pyridone": "O=c1cccc[nH]1", "luminol": "Nc1cccc2c(=O)[nH][nH]c(=O)c12", "pyrazolone": "Cc1cc(=O)[nH][nH]1",
    "benzimidazolone": "O=c1[nH]c2ccccc2[nH]1", "maleic hydrazide": "O=c1cc[nH][nH]1",
    "pyridazinedione": "O=c1ccc(=O)[nH][nH]1", "imidazolone": "O=c1[nH]cc[nH]1",
    "bis-pyridone": "O=c1cc[nH]c2c(=O)[nH]ccc12", "uracil": "O=c1cc[nH]c(=O)[nH]1",
    "uric acid": "O=c1[nH]c(=O)c2[nH]c(=O)[nH]c2[nH]1", "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "phthalazinone": "O=c1[nH]ncc2ccccc12", "carbazole": "c1ccc2c(c1)[nH]c1ccccc12",
}  # fmt: skip
SEVERAL = {
    "guanine": "Nc1nc2[nH]cnc2c(=O)[nH]1", "acyclovir": "Nc1nc2c(ncn2COCCO)c(=O)[nH]1",
    "hypoxanthine": "O=c1[nH]cnc2[nH]cnc12", "mercaptopurine": "S=c1[nH]cnc2[nH]cnc12",
    "isoguanine": "Nc1nc(=O)[nH]c2nc[nH]c12", "theophylline": "Cn1c(=O)c2[nH]cnc2n(C)c1=O",
    "adenine": "Nc1ncnc2[nH]cnc12", "cytosine": "Nc1cc[nH]c(=O)n1", "isocytosine": "Nc1nccc(=O)[nH]1",
    "folate core": "Nc1nc2ncc(CNc3ccccc3)nc2c(=O)[nH]1", "quinazolinone": "O=c1[nH]cnc2ccccc12",
    "benzotriazole": "c1ccc2[nH]nnc2c1", "pemetrexed core": "Nc1nc2[nH]cc(CCc3ccccc3)c2c(=O)[nH]1", "triazolone": "O=c1[nH]cn[nH]1",
}  # fmt: skip
FLAT = PreparationSettings(max_protomers=1)


def drawn(smiles, kind=AROMATIC_TYPE, order=None):
    """A two-dimensional record without hydrogens, its aromatic bonds of a type."""
    mol = Chem.MolFromSmiles(smiles)
    if order is not None:
        mol = Chem.RenumberAtoms(mol, order(mol.GetNumAtoms()))
    AllChem.Compute2DCoords(mol)
    lines = Chem.MolToMolBlock(mol, kekulize=False).splitlines()
    for line in range(4 + mol.GetNumAtoms(), 4 + mol.GetNumAtoms() + mol.GetNumBonds()):
        if int(lines[line][6:9]) == AROMATIC_TYPE:
            lines[line] = f"{lines[line][:6]}{kind:3d}{lines[line][9:]}"
    return "\n".join([*lines, "$$$$", ""])


def placed(smiles, group, v3000=False):
    """A record in space with all hydrogens, the bonds of a group aromatic and its charges left out."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert rdDistGeom.EmbedMolecule(mol, randomSeed=7) == 0
    (match,) = mol.GetSubstructMatches(Chem.MolFromSmarts(group), maxMatches=1)
    Chem.Kekulize(mol, clearAromaticFlags=True)
    for atom in mol.GetAtoms():
        if atom.GetIdx() in match:
            atom.SetFormalCharge(0)
            atom.SetNoImplicit(False)  # or its valence is written
    for bond in mol.GetBonds():
        if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= set(match):
            bond.SetBondType(Chem.BondType.AROMATIC)
    write = Chem.MolToV3KMolBlock if v3000 else Chem.MolToMolBlock
    return f"{write(mol, kekulize=False)}$$$$\n"


def read(block, hydrogens=False):
    mol, note = read_molecule("a.sdf#1", block, hydrogens)
    return Chem.CanonSmiles(Chem.MolToSmiles(mol)), note


@pytest.mark.parametrize("kind", [AROMATIC_TYPE, *QUERY_TYPES])
@pytest.mark.parametrize("name", ONE_WAY)
def test_aromatic_bonds_mean_aromatic_rings_with_their_hydrogens(name, kind):
    assert read(drawn(ONE_WAY[name], kind)) == (Chem.CanonSmiles(ONE_WAY[name]), "")


@pytest.mark.parametrize("order", [None, lambda count: list(range(count))[::-1]])
@pytest.mark.parametrize("name", SEVERAL)
def test_of_tautomers_that_a_file_leaves_open_one_is_taken_and_said(name, order):
    smiles, note = read(drawn(SEVERAL[name], order=order))
    assert smiles == Chem.CanonSmiles(SEVERAL[name])
    assert note.startswith("tautomer left open by its aromatic bonds, taken as ")


def test_hydrogens_that_are_written_are_not_guessed():
    mol = Chem.AddHs(Chem.MolFromSmiles("Nc1nc2nc[nH]c2c(=O)[nH]1"))  # 7H, not that which would be taken
    rdDistGeom.EmbedMolecule(mol, randomSeed=7)
    block = f"{Chem.MolToMolBlock(mol, kekulize=False)}$$$$\n"
    assert read(block) == ("Nc1nc2nc[nH]c2c(=O)[nH]1", "")


def test_the_note_comes_with_the_ligand():
    (ligand,) = prepare(Entry("a.sdf#1", "guanine", block=drawn(SEVERAL["guanine"])), FLAT)
    assert ligand.smiles == Chem.CanonSmiles(SEVERAL["guanine"])
    assert "tautomer left open" in ligand.provenance.notes


GROUPS = {
    "carboxylate": ("[O-]C(=O)c1ccccc1", "[O]~C~[O]"),
    "nitro": ("O=[N+]([O-])c1ccccc1", "O~N~O"),
    "guanidinium": ("CCNC(N)=[NH2+]", "C(~N)(~N)~N"),
    "amidinium": ("CC(N)=[NH2+]", "C(~N)~N"),
    "sulfonate": ("CS(=O)(=O)[O-]", "S(~O)(~O)~O"),
    "sulfone": ("CS(C)(=O)=O", "S(~O)~O"),
    "phosphate": ("CCOP(=O)([O-])[O-]", "P(~[OX1])(~[OX1])~[OX1]"),
    "amide": ("CC(=O)NC", "C(~O)~N"),
    "acid": ("CC(=O)O", "C(~O)~O"),
}


@pytest.mark.parametrize("v3000", [False, True])
@pytest.mark.parametrize("name", GROUPS)
def test_groups_with_aromatic_bonds_are_what_they_mean(name, v3000):
    smiles, group = GROUPS[name]
    mol, _ = read_molecule("a.sdf#1", placed(smiles, group, v3000), hydrogens=True)
    same = {"CC[NH+]=C(N)N"} if name == "guanidinium" else set()
    assert Chem.MolToSmiles(Chem.RemoveHs(mol)) in {Chem.CanonSmiles(smiles), *same}
    assert Chem.AddHs(mol).GetNumAtoms() == mol.GetNumAtoms()


@pytest.mark.parametrize(
    ("smiles", "wanted"),
    [("CC(:O):O", "CC(=O)[O-]"), ("NC(:N):N", "NC(N)=[NH2+]"), ("C[N+](:O):[O-]", "C[N+](=O)[O-]"),
     ("CC(:O):N", "CC(N)=O")],
)  # fmt: skip
def test_a_smiles_may_write_them_too(smiles, wanted):
    assert Ligand.named(smiles).smiles == wanted


@pytest.mark.parametrize("smiles", ["C:C", "CC(:O):C", "CC:O", "C:N:C"])
def test_other_aromatic_bonds_outside_rings_are_refused(smiles):
    for take in (Ligand.named, Ligand.from_smiles):
        with pytest.raises(ChemistryError, match="is aromatic and in no ring; write it as single or double"):
            take(smiles)
    with pytest.raises(ChemistryError, match=r"a\.sdf#1: its bond . \(C to .\) is aromatic and in no ring"):
        read(placed("CCC=O", "CC"))
