"""Salts whose counter-ion is an organic base or acid."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem
from rdkit.Chem.MolStandardize import rdMolStandardize

from benchmarks.inputs.base import Case
from benchmarks.inputs.molecules import prepared

# Of the drugs, the constitution, neutral.
DICLOFENAC, NAPROXEN = "OC(=O)Cc1ccccc1Nc1c(Cl)cccc1Cl", "COc1ccc2cc(C(C)C(=O)O)ccc2c1"
IBUPROFEN, SALICYLATE = "CC(C)Cc1ccc(C(C)C(=O)O)cc1", "OC(=O)c1ccccc1O"
PENICILLIN = "CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O"
AMLODIPINE = "CCOC(=O)C1=C(COCCN)NC(C)=C(C(=O)OC)C1c1ccccc1Cl"
SALMETEROL = "OCc1cc(ccc1O)C(O)CNCCCCCCOCCCCc1ccccc1"
HYDROXYZINE = "OCCOCCN1CCN(CC1)C(c1ccccc1)c1ccc(Cl)cc1"
KETOROLAC, LYSINE = "OC(=O)C1CCn2c1ccc2C(=O)c1ccccc1", "NCCCCC(N)C(=O)O"
DIPHENHYDRAMINE, THEOPHYLLINE = "CN(C)CCOC(c1ccccc1)c1ccccc1", "Cn1c(=O)n(C)c2nc[nH]c2c1=O"
CHOLINE, PIPERAZINE, PERINDOPRIL = "C[N+](C)(C)CCO", "C1CNCCN1", "CCCC(NC(C)C(=O)N1C2CCCCC2CC1C(=O)O)C(=O)OCC"
SALTS = (
    ("diclofenac meglumine", f"CNC[C@H](O)[C@@H](O)[C@H](O)[C@H](O)CO.{DICLOFENAC}", DICLOFENAC),
    ("diclofenac epolamine", f"OCCN1CCCC1.{DICLOFENAC}", DICLOFENAC),
    ("diclofenac diethylamine", f"CC[NH2+]CC.{DICLOFENAC.replace('OC', '[O-]C', 1)}", DICLOFENAC),
    ("ibuprofen lysine", f"NCCCC[C@H](N)C(=O)O.{IBUPROFEN}", IBUPROFEN),
    ("ibuprofen arginine", f"N[C@@H](CCCNC(=N)N)C(=O)O.{IBUPROFEN}", IBUPROFEN),
    (
        "naproxen lysine, charged",
        f"[NH3+]CCCCC([NH3+])C(=O)[O-].{NAPROXEN.replace('(=O)O', '(=O)[O-]')}",
        NAPROXEN,
    ),
    ("ketorolac trometamol", f"OCC(N)(CO)CO.{KETOROLAC}", KETOROLAC),
    ("choline salicylate", "C[N+](C)(C)CCO.[O-]C(=O)c1ccccc1O", SALICYLATE),
    ("trolamine salicylate", f"OCCN(CCO)CCO.{SALICYLATE}", SALICYLATE),
    ("imidazole salicylate", f"c1c[nH]cn1.{SALICYLATE}", SALICYLATE),
    ("magnesium salicylate", "[Mg+2].[O-]C(=O)c1ccccc1O.[O-]C(=O)c1ccccc1O", SALICYLATE),
    ("procaine benzylpenicillin", f"CCN(CC)CCOC(=O)c1ccc(N)cc1.{PENICILLIN}", PENICILLIN),
    ("benzathine benzylpenicillin", f"{PENICILLIN}.{PENICILLIN}.C(CNCc1ccccc1)NCc1ccccc1", PENICILLIN),
    ("procaine hydrochloride", "CCN(CC)CCOC(=O)c1ccc(N)cc1.Cl", "CCN(CC)CCOC(=O)c1ccc(N)cc1"),
    ("amlodipine besylate", f"{AMLODIPINE}.OS(=O)(=O)c1ccccc1", AMLODIPINE),
    ("amlodipine camsylate", f"{AMLODIPINE}.CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2", AMLODIPINE),
    ("amlodipine maleate", f"{AMLODIPINE}.OC(=O)/C=C\\C(=O)O", AMLODIPINE),
    ("amlodipine adipate", f"{AMLODIPINE}.OC(=O)CCCCC(=O)O", AMLODIPINE),
    ("salmeterol xinafoate", f"{SALMETEROL}.OC(=O)c1ccc2ccccc2c1O", SALMETEROL),
    (
        "hydroxyzine pamoate",
        f"{HYDROXYZINE}.OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(=O)O)c1O",
        HYDROXYZINE,
    ),
    ("dimenhydrinate", f"{DIPHENHYDRAMINE}.Cn1c(=O)n(C)c2nc(Cl)[nH]c2c1=O", DIPHENHYDRAMINE),
    ("diphenhydramine citrate", f"{DIPHENHYDRAMINE}.OC(=O)CC(O)(CC(=O)O)C(=O)O", DIPHENHYDRAMINE),
    ("aminophylline", f"{THEOPHYLLINE}.{THEOPHYLLINE}.NCCN.O", THEOPHYLLINE),
    ("choline theophyllinate", f"{CHOLINE}.{THEOPHYLLINE.replace('[nH]', '[n-]')}", THEOPHYLLINE),
    ("choline bitartrate", f"{CHOLINE}.OC(C(O)C(=O)[O-])C(=O)O", CHOLINE),
    ("choline chloride", f"{CHOLINE}.[Cl-]", CHOLINE),
    ("piperazine citrate", f"{PIPERAZINE}.{PIPERAZINE}.OC(=O)CC(O)(CC(=O)O)C(=O)O", PIPERAZINE),
    ("perindopril erbumine", f"CC(C)(C)N.{PERINDOPRIL}", PERINDOPRIL),
    ("perindopril arginine", f"N[C@@H](CCCNC(N)=N)C(=O)O.{PERINDOPRIL}", PERINDOPRIL),
    ("lysine", LYSINE, LYSINE),
    ("lysine hydrochloride", f"{LYSINE}.Cl", LYSINE),
    ("dicyclohexylamine salt", f"C1CCC(CC1)NC1CCCCC1.{NAPROXEN}", NAPROXEN),
    ("resolved with phenylethylamine", f"C[C@H](N)c1ccccc1.{NAPROXEN}", NAPROXEN),
    ("two drugs", f"{NAPROXEN}.{AMLODIPINE}", ""),
    ("arginine glutamate", "NC(CCCNC(N)=N)C(=O)O.NC(CCC(=O)O)C(=O)O", ""),
)


def cases(folder: Path) -> Iterator[Case]:
    path = folder / "salts.csv"
    path.write_text("name;smiles\n" + "".join(f"{name};{smiles}\n" for name, smiles, _ in SALTS))
    for (name, made), (_, smiles, wanted) in zip(prepared(path, max_protomers=1), SALTS, strict=True):
        if isinstance(made, Exception):
            yield Case(name, "refused", str(made))
            continue
        kept = {_constitution(ligand.smiles) for ligand in made}
        told = len(made[0].provenance.stripped) == smiles.count(".")
        right = told and kept == {_constitution(wanted)} if wanted else False
        yield Case(name, "right" if right else "wrong", f"{kept}, stripped {made[0].provenance.stripped}")


def _constitution(smiles: str) -> str:
    mol = rdMolStandardize.Uncharger().uncharge(Chem.MolFromSmiles(smiles))
    Chem.RemoveStereochemistry(mol)
    return Chem.MolToSmiles(rdMolStandardize.TautomerEnumerator().Canonicalize(mol))
