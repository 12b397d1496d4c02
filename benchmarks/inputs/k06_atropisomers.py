"""Atropisomers, written with wedges, in extended SMILES or in space."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdDepictor, rdDistGeom

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import prepared, sdf
from dock.ligands import axes, stereo

# Constitutions with one axis, the bond between two aromatic rings.
AXES = {
    "pyrrolopyridine": "Cc1cc2c(C(N)=O)c(N)n(-c3c(C)ccc(O)c3C)c2nc1C",
    "binaphthol": "Oc1ccc2ccccc2c1-c1c(O)ccc2ccccc12",
    "tetra-ortho biphenyl": "Cc1cccc(N)c1-c1c(C)cccc1O",
    "quinazolinone": "Cc1nc2ccccc2c(=O)n1-c1c(C)cccc1Cl",
    "indole": "Cc1cccc(Cl)c1-c1c(C)[nH]c2ccccc12",
}


def cases(folder: Path) -> Iterator[Case]:
    for name, smiles in AXES.items():
        hands = [_with_hand(smiles, hand) for hand in ("STEREOATROPCW", "STEREOATROPCCW")]
        wanted = [axes.smiles(mol) for mol in hands]
        (folder / "hands.smi").write_text("".join(f"{text} {name}\n" for text in wanted))
        yield _case(f"{name}, SMILES", folder / "hands.smi", wanted)
        (folder / "drawn.sdf").write_text("".join(map(_drawn, hands)))
        yield _case(f"{name}, wedges", folder / "drawn.sdf", wanted)
        (folder / "space.sdf").write_text("".join(map(_in_space, hands)))
        yield _case(f"{name}, in space", folder / "space.sdf", wanted)
        yield _case(f"{name}, coordinates kept", folder / "space.sdf", wanted, keep_coordinates=True)


def _case(name: str, path: Path, wanted: list[str], **settings: object) -> Case:
    """Judge the hands by label, and by a look at the coordinates that were made."""
    seen = []
    for _, made in prepared(path, max_protomers=1, **settings):
        if isinstance(made, Exception):
            return Case(name, "refused", str(made))
        seen += [
            _uncharged(axes.smiles(Chem.RemoveHs(stereo.seen_in_coordinates(ligand.mol)))) for ligand in made
        ]
    return Case(
        name, "right" if seen == [_uncharged(each) for each in wanted] else "wrong", f"{seen}, not {wanted}"
    )


def _with_hand(smiles: str, hand: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    (match,) = mol.GetSubstructMatches(Chem.MolFromSmarts("a-!@a"))
    mol.GetBondBetweenAtoms(*match).SetStereo(getattr(Chem.BondStereo, hand))
    return mol


def _uncharged(smiles: str) -> str:
    from rdkit.Chem.MolStandardize import rdMolStandardize

    return axes.smiles(rdMolStandardize.Uncharger().uncharge(Chem.MolFromSmiles(smiles)))


def _drawn(mol: Chem.Mol) -> str:
    flat = Chem.Mol(mol)
    rdDepictor.Compute2DCoords(flat)
    Chem.WedgeMolBonds(flat, flat.GetConformer())
    return sdf(flat)


def _in_space(mol: Chem.Mol) -> str:
    """Return a record in space without wedges."""
    full = Chem.AddHs(mol)
    rdDistGeom.EmbedMolecule(full, randomSeed=3)
    for bond in axes.labelled(full):
        bond.SetStereo(Chem.BondStereo.STEREONONE)
    return sdf(full)
