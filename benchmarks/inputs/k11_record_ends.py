"""SDF records without their end mark."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import given, pose, prepared, sdf

SMILES = ("CCC", "CCO", "CCF")
END, MOLECULE_END = "$$$$\n", "M  END\n"


def cases(folder: Path) -> Iterator[Case]:
    plain = [sdf(_named(smiles, f"m{n}")) for n, smiles in enumerate(SMILES)]
    v3000 = [_v3000(_named(smiles, f"m{n}")) for n, smiles in enumerate(SMILES)]
    with_data = [text.replace(END, f"> <id>\n{n}\n\n{END}") for n, text in enumerate(plain)]
    without_title = [text.partition("\n")[2] for text in plain]
    files = {
        "no $$$$ at all": "".join(plain).replace(END, ""),
        "no $$$$ in the middle": plain[0] + plain[1].replace(END, "") + plain[2],
        "no $$$$ at the end": "".join(plain).removesuffix(END),
        "no M  END": "".join(plain).replace(MOLECULE_END, ""),
        "neither mark": "".join(plain).replace(END, "").replace(MOLECULE_END, "") + MOLECULE_END,
        "neither mark, file ends": "".join(plain).replace(END, "").replace(MOLECULE_END, ""),
        "data fields, no $$$$": "".join(with_data).replace(END, ""),
        "data fields, no M  END": "".join(with_data).replace(MOLECULE_END, ""),
        "data fields without an empty line, no $$$$": "".join(with_data).replace(f"\n\n{END}", "\n"),
        "V3000, no $$$$": "".join(v3000).replace(END, ""),
        "V3000, no M  END": "".join(v3000).replace(MOLECULE_END, ""),
        "M END with one space": "".join(plain).replace(MOLECULE_END, "M END\n"),
        "Windows ends of lines, no $$$$": "".join(plain).replace(END, "").replace("\n", "\r\n"),
        "empty titles, no $$$$": "".join("\n" + text for text in without_title).replace(END, ""),
        "no version in the counts, no $$$$": "".join(plain).replace(END, "").replace(" V2000", ""),
        "the file breaks off in the bonds": plain[0] + plain[1] + plain[2][: plain[2].index("M  END") - 12],
        "the file breaks off in the charges": plain[0] + plain[1] + plain[2][: plain[2].index("M  END")],
        "a molecule in a data field": plain[0].replace(END, f"> <drawn>\n{plain[1].removesuffix(END)}\n{END}")
        + plain[1]
        + plain[2],
        "blank lines before the records": "".join(f"\n\n{text}" for text in plain),
    }
    for name, text in files.items():
        path = folder / "records.sdf"
        path.write_bytes(text.encode())
        yield _case(name, path)
    poses = [sdf(pose(smiles, f"m{n}")) for n, smiles in enumerate(SMILES)]
    path.write_text("".join(poses).replace(END, ""))
    found = [step.error for step in given(path)]
    yield Case("poses, no $$$$", "right" if found == [()] * 3 else "wrong", str(found))


def _case(name: str, path: Path) -> Case:
    """Judge by what became of the three molecules: right if all were read, refused if some are counted as failed."""
    made = [result for _, result in prepared(path)]
    refused = [result for result in made if isinstance(result, Exception)]
    read = [ligand.smiles for result in made if not isinstance(result, Exception) for ligand in result]
    lost = len(made) != len(SMILES) or not set(read) <= set(SMILES) or len(read) + len(refused) != len(SMILES)
    return Case(name, "wrong" if lost else "refused" if refused else "right", f"{read}, {refused}")


def _named(smiles: str, title: str) -> Chem.Mol:
    mol = Chem.MolFromSmiles(smiles)
    mol.SetProp("_Name", title)
    return mol


def _v3000(mol: Chem.Mol) -> str:
    return Chem.MolToV3KMolBlock(mol) + END
