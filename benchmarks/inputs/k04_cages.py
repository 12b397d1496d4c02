"""Bridged cages whose bridgeheads only look stereogenic."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import given, pose, prepared, sdf

# Name, SMILES, how many stereoisomers there are in space (exo, endo and mirror images counted).
CAGES = (
    ("bicyclopentane ester", "COC(=O)C12CC(C1)(C2)c1ccccc1", 1),
    ("bicyclopentane with labels", "CC(=O)N[C@]12C[C@](C(N)=O)(C1)C2", 1),
    ("fluorinated bicyclopentane", "FC1C2(C)CC1(C2)C(=O)OC", 2),
    ("staffane", "COC(=O)C12CC(C1)(C2)C12CC(C1)(C2)C(F)(F)F", 1),
    ("cubane 1,4", "COC(=O)C12C3C4C1C5C2C3C45C(=O)OC", 1),
    ("cubane 1,2", "CC12C3C4C5C3C1(F)C5C24", 1),
    ("bicyclo[2.1.1]hexane", "COC(=O)C12CCC(C1)(C2)c1ccccc1", 1),
    ("bicyclo[2.2.1]heptane, bridgeheads", "CC12CCC(CC1)(C2)C(=O)OC", 1),
    ("bicyclo[2.2.2]octane", "COC(=O)C12CCC(CC1)(CC2)c1ccccc1", 1),
    ("2,6,7-trioxabicyclooctane", "CC12COC(C)(OC1)OC2", 1),
    ("memantine, acetylated", "CC(=O)NC12CC3CC(C)(CC(C)(C3)C1)C2", 1),
    ("adamantan-2-ol", "OC1C2CC3CC(C2)CC1C3", 1),
    ("propellane", "C1CCC23CCCC2(C1)CCC3", 1),
    ("bicyclobutane amide", "CNC(=O)C12CC1C2", 1),
    ("triptycene", "c1ccc2c(c1)C1c3ccccc3C2c2ccccc12", 1),
    ("quinuclidin-3-ol", "OC1CN2CCC1CC2", 2),
    ("norbornane-2-ol", "OC1CC2CCC1C2", 4),
    ("camphor", "CC1(C)C2CCC1(C)C(=O)C2", 2),
    ("norbornen-7-ol", "OC1C2CCC1C=C2", 2),
    ("tropine and pseudotropine", "CN1C2CCC1CC(O)C2", 2),
    ("bicyclo[2.2.2]octane-2,6-diol", "OC1CC2CC(O)C1CC2", 4),
)


def cases(folder: Path) -> Iterator[Case]:
    path = folder / "cages.smi"
    path.write_text("".join(f"{smiles} {name}\n" for name, smiles, _ in CAGES))
    for (name, made), (_, _, number) in zip(prepared(path, max_protomers=1), CAGES, strict=True):
        if isinstance(made, Exception):
            yield Case(name, "refused", str(made))
            continue
        found = {ligand.smiles for ligand in made}
        yield Case(name, "right" if len(found) == len(made) == number else "wrong", f"{len(made)}: {found}")
    smiles = "[NH3+]CC12CC(C1)(C2)C"
    path = folder / "pose.sdf"
    path.write_text(sdf(pose(smiles, "bicyclopentane as a pose")))
    (step,) = given(path)
    right = Chem.CanonSmiles(smiles) in step.sdf
    yield Case("bicyclopentane as a pose", "right" if right else "wrong", step.sdf)
