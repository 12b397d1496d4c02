"""Acids that are no carboxylates, strong heteroaromatic bases, and what looks like either: the main protomer's charge."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem

from benchmarks.inputs.base import Case
from dock.core.errors import DockError
from dock.ligands.library import Entry
from dock.ligands.states import PreparationSettings, states

# name, SMILES, charge at pH 7.4
MOLECULES = (
    ("sulfamethizole", "Cc1nnc(NS(=O)(=O)c2ccc(N)cc2)s1", -1),
    ("sulfadoxine", "COc1ncnc(NS(=O)(=O)c2ccc(N)cc2)c1OC", -1),
    ("bosentan", "COc1ccccc1Oc1c(NS(=O)(=O)c2ccc(cc2)C(C)(C)C)nc(nc1OCCO)-c1ncccn1", -1),
    ("glibenclamide", "COc1ccc(Cl)cc1C(=O)NCCc1ccc(cc1)S(=O)(=O)NC(=O)NC1CCCCC1", -1),
    ("chlorsulfuron", "COc1nc(C)nc(NC(=O)NS(=O)(=O)c2ccccc2Cl)n1", -1),
    ("triflanilide", "O=S(=O)(Nc1ccccc1)C(F)(F)F", -1),
    ("saccharin", "O=C1NS(=O)(=O)c2ccccc12", -1),
    ("dibenzenesulfonimide", "O=S(=O)(NS(=O)(=O)c1ccccc1)c1ccccc1", -1),
    ("phenprocoumon", "CCC(c1ccccc1)c1c(O)c2ccccc2oc1=O", -1),
    ("warfarin written as its ketone", "CC(=O)CC(c1ccccc1)C1C(=O)Oc2ccccc2C1=O", -1),
    ("dimedone written as its enol", "CC1(C)CC(O)=CC(=O)C1", -1),
    ("phenylbutazone", "CCCCC1C(=O)N(c2ccccc2)N(c2ccccc2)C1=O", -1),
    ("nitisinone", "O=C(C1C(=O)CCCC1=O)c1ccc(cc1[N+](=O)[O-])C(F)(F)F", -1),
    ("piroxicam", "CN1C(=C(O)c2ccccc2S1(=O)=O)C(=O)Nc1ccccn1", -1),
    ("ascorbic acid", "OC[C@H](O)[C@H]1OC(=O)C(O)=C1O", -1),
    ("lawsone", "OC1=CC(=O)c2ccccc2C1=O", -1),
    ("losartan", "CCCCc1nc(Cl)c(CO)n1Cc1ccc(cc1)-c1ccccc1-c1nnn[nH]1", -1),
    ("bromoxynil", "N#Cc1cc(Br)c(O)c(Br)c1", -1),
    ("dinoseb", "CCC(C)c1cc(cc(c1O)[N+](=O)[O-])[N+](=O)[O-]", -1),
    ("N-hydroxysuccinimide", "ON1C(=O)CCC1=O", -1),
    ("thioacetic acid", "CC(=O)S", -1),
    ("nonafluoro-tert-butanol", "OC(C(F)(F)F)(C(F)(F)F)C(F)(F)F", -1),
    ("dimethyl phosphate", "COP(=O)(O)OC", -1),
    ("4-pyrrolidinopyridine", "C1CCN(C1)c1ccncc1", 1),
    ("tacrine", "Nc1c2CCCCc2nc2ccccc12", 1),
    ("9-aminoacridine", "Nc1c2ccccc2nc2ccccc12", 1),
    ("pentamidine", "NC(=N)c1ccc(OCCCCCOc2ccc(cc2)C(N)=N)cc1", 2),
    ("metformin", "CN(C)C(=N)NC(N)=N", 1),
    ("oxymetazoline", "Cc1cc(c(C)c(CC2=NCCN2)c1O)C(C)(C)C", 1),
    ("2-aminoimidazole", "Nc1ncc[nH]1", 1),
    ("2-aminothiazoline", "NC1=NCCS1", 1),
    ("celecoxib, a plain sulfonamide", "Cc1ccc(cc1)-c1cc(nn1-c1ccc(cc1)S(N)(=O)=O)C(F)(F)F", 0),
    ("sumatriptan's sulfonamide", "CNS(=O)(=O)Cc1ccc2[nH]ccc2c1", 0),
    ("vorinostat, a hydroxamic acid", "ONC(=O)CCCCCCC(=O)Nc1ccccc1", 0),
    ("acetophenone oxime", "CC(=NO)c1ccccc1", 0),
    ("estradiol", "C[C@]12CC[C@H]3[C@@H](CCc4cc(O)ccc34)[C@@H]1CC[C@@H]2O", 0),
    ("triazole: fluconazole", "OC(Cn1cncn1)(Cn1cncn1)c1ccc(F)cc1F", 0),
    ("caffeine", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", 0),
    ("2-aminothiazole", "Nc1nccs1", 0),
    ("cyanoguanidine", "NC(=N)NC#N", 0),
    ("nitroguanidine", "NC(=N)N[N+](=O)[O-]", 0),
    ("diazepam", "CN1c2ccc(Cl)cc2C(=NCC1=O)c1ccccc1", 0),
    ("trifluoroethylamine", "NCC(F)(F)F", 0),
    ("aminoacetonitrile", "NCC#N", 0),
    ("4-methylbenzeneboronic acid", "OB(O)c1ccc(C)cc1", 0),
    ("nitrobenzene", "O=[N+]([O-])c1ccccc1", 0),
    ("pyridine N-oxide", "[O-][n+]1ccccc1", 0),
    ("gabapentin, a zwitterion", "NCC1(CC(=O)O)CCCCC1", 0),
    ("cetirizine, a zwitterion", "OC(=O)COCCN1CCN(CC1)C(c1ccccc1)c1ccc(Cl)cc1", 0),
    ("piperazine", "C1CNCCN1", 1),
    ("spermidine", "NCCCNCCCCN", 3),
)  # fmt: skip
# name, SMILES, pH, charge
AT_OTHER_PH = (
    ("phenol in lye", "Oc1ccccc1", 12.0, -1),
    ("4-nitrophenol in acid", "Oc1ccc(cc1)[N+](=O)[O-]", 5.0, 0),
    ("warfarin in acid", "CC(=O)CC(c1ccccc1)C1=C(O)c2ccccc2OC1=O", 3.0, 0),
    ("aniline in acid", "Nc1ccccc1", 2.0, 1),
    ("pyridine in acid", "c1ccncc1", 3.0, 1),
    ("DMAP in lye", "CN(C)c1ccncc1", 12.0, 0),
    ("acetylacetone in lye", "CC(=O)CC(C)=O", 11.0, -1),
    ("ethylenediamine in acid", "NCCN", 4.0, 2),
)


def cases(folder: Path) -> Iterator[Case]:  # noqa: ARG001 (nothing is written)
    for name, smiles, charge in MOLECULES:
        yield charged(name, smiles, charge)
    for name, smiles, ph, charge in AT_OTHER_PH:
        yield charged(name, smiles, charge, ph)


def charged(name: str, smiles: str, expected: int, ph: float = 7.4) -> Case:
    """Give a molecule to the product and compare the charge of what it takes for the main protomer."""
    try:
        main = states(Entry(f"{name}:1", "x", smiles=smiles), PreparationSettings(ph=ph))[0]
    except DockError as error:
        return Case(name, "refused", str(error))
    got = Chem.GetFormalCharge(main.mol)
    return Case(name, "right" if got == expected else "wrong", f"charge {got}, right is {expected}")
