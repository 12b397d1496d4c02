"""Query bonds and aromatic bonds in SDF records."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdDistGeom

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import given, judged, pose, prepared, sdf

RINGS = (
    "Cc1ccncc1",
    "c1ccc2[nH]ccc2c1",
    "Cc1csc(C)n1",
    "OC(=O)c1ccc(C)cc1",
    "O=c1cc[nH]cc1",
    "c1ccc2ccccc2c1",
)
CHAINS = ("CC=CC", "CC(=O)NC", "CCCC")
TYPES = (4, 5, 6, 7, 8)


def cases(folder: Path) -> Iterator[Case]:
    path = folder / "bonds.sdf"
    for smiles in RINGS:
        mol = Chem.MolFromSmiles(smiles)
        ring = {bond.GetIdx() for bond in mol.GetBonds() if bond.GetIsAromatic()}
        for kind in TYPES:
            path.write_text(_typed(mol, ring, kind))
            yield _case(f"{smiles} type {kind}", path, smiles)
        full = Chem.AddHs(mol)
        rdDistGeom.EmbedMolecule(full, randomSeed=5)
        for kind in (4, 5, 8):
            path.write_text(_typed(full, ring, kind))
            yield _case(f"{smiles} type {kind} in space", path, smiles, keep_coordinates=True)
        path.write_text(_typed(full, ring, 1))
        yield _case(f"{smiles} single bonds in space", path, smiles)
        path.write_text(_typed(mol, ring, 5, v3000=True))
        yield _case(f"{smiles} type 5, V3000", path, smiles)
    for smiles in CHAINS:
        mol = Chem.MolFromSmiles(smiles)
        for kind in TYPES[1:]:
            path.write_text(_typed(mol, {1}, kind))
            yield _case(f"{smiles} type {kind}", path, smiles)
    for smiles in ("Cc1ccncc1", "Oc1ccccc1"):
        mol = pose(smiles, "pose")
        ring = {bond.GetIdx() for bond in mol.GetBonds() if bond.GetIsAromatic()}
        for kind in (4, 5, 8):
            path.write_text(_typed(mol, ring, kind))
            (step,) = given(path)
            right = (
                f">  <smiles>  (1) \n{Chem.CanonSmiles(smiles)}\n" in step.sdf
                or Chem.CanonSmiles(smiles) in step.sdf
            )
            yield Case(f"{smiles} type {kind} as a pose", "right" if right else "wrong", step.sdf)


def _case(name: str, path: Path, smiles: str, **settings: object) -> Case:
    """Judge by the constitution at a pH at which nothing is protonated wrongly: right, refused or another molecule."""
    ((_, made),) = prepared(path, max_protomers=1, **settings)
    if isinstance(made, Exception):
        return Case(name, "refused", str(made))
    from rdkit.Chem.MolStandardize import rdMolStandardize

    mol = rdMolStandardize.Uncharger().uncharge(Chem.MolFromSmiles(made[0].smiles))
    return judged(
        name, made, {made[0].smiles if Chem.MolToSmiles(mol) == Chem.CanonSmiles(smiles) else smiles}
    )


def _typed(mol: Chem.Mol, bonds: set[int], kind: int, v3000: bool = False) -> str:
    """Return a record whose bonds of these numbers are of an MDL type."""
    plain = Chem.Mol(mol)
    Chem.Kekulize(plain, clearAromaticFlags=True)
    if v3000:
        lines = Chem.MolToV3KMolBlock(plain).splitlines()
        first = lines.index("M  V30 BEGIN BOND") + 1
        for bond in bonds:
            words = lines[first + bond].split()
            lines[first + bond] = " ".join(["M  V30", words[2], str(kind), *words[4:]])
        return "\n".join(lines) + "\n$$$$\n"
    lines = sdf(plain).splitlines()
    first = 4 + mol.GetNumAtoms()
    for bond in bonds:
        lines[first + bond] = f"{lines[first + bond][:6]}{kind:3d}{lines[first + bond][9:]}"
    return "\n".join(lines) + "\n"
