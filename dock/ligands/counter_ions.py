"""Counter-ions, co-formers and solvents of pharmaceutical salts, and how likely each is the drug itself.

The usual partners of drugs, under the names that salts are called by (mesylate, meglumine), and the solvents, bases and
resolving agents of the laboratory. How likely each is the drug is a judgement: acids and bases of salts before nutrients,
nutrients before drugs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Mol

# Never the drug beside anything else.
NEVER = {
    "formate": "OC=O", "acetate": "CC(=O)O", "trifluoroacetate": "OC(=O)C(F)(F)F", "carbonate": "OC(=O)O",
    "mesylate": "CS(=O)(=O)O", "esylate": "CCS(=O)(=O)O", "edisylate": "OS(=O)(=O)CCS(=O)(=O)O",
    "isetionate": "OCCS(=O)(=O)O", "triflate": "OS(=O)(=O)C(F)(F)F", "besylate": "OS(=O)(=O)c1ccccc1",
    "tosylate": "Cc1ccc(cc1)S(=O)(=O)O", "closylate": "OS(=O)(=O)c1ccc(Cl)cc1",
    "napsylate": "OS(=O)(=O)c1ccc2ccccc2c1", "1-napsylate": "OS(=O)(=O)c1cccc2ccccc12",
    "napadisylate": "OS(=O)(=O)c1cccc2c1cccc2S(=O)(=O)O", "camsylate": "CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2",
    "xylenesulfonate": "Cc1ccc(C)c(c1)S(=O)(=O)O", "metilsulfate": "COS(=O)(=O)O", "etilsulfate": "CCOS(=O)(=O)O",
    "laurilsulfate": "CCCCCCCCCCCCOS(=O)(=O)O", "triflimide": "FC(F)(F)S(=O)(=O)NS(=O)(=O)C(F)(F)F",
    "cyclamate": "OS(=O)(=O)NC1CCCCC1", "picrate": "Oc1c(cc(cc1[N+](=O)[O-])[N+](=O)[O-])[N+](=O)[O-]",
    "oxalate": "OC(=O)C(=O)O", "thiocyanate": "SC#N", "tetraphenylborate": "c1ccc(cc1)[B-](c1ccccc1)(c1ccccc1)c1ccccc1",
    "dimethyl sulfoxide": "CS(C)=O", "dimethylformamide": "CN(C)C=O", "dimethylacetamide": "CC(=O)N(C)C",
    "N-methylpyrrolidone": "CN1CCCC1=O", "acetonitrile": "CC#N", "methanol": "CO", "ethanol": "CCO", "1-propanol": "CCCO",
    "2-propanol": "CC(C)O", "1-butanol": "CCCCO", "tert-butanol": "CC(C)(C)O", "propylene glycol": "CC(O)CO",
    "ethylene glycol": "OCCO", "glycerol": "OCC(O)CO", "acetone": "CC(C)=O", "2-butanone": "CCC(C)=O",
    "ethyl acetate": "CCOC(C)=O", "isopropyl acetate": "CC(C)OC(C)=O", "diethyl ether": "CCOCC",
    "tert-butyl methyl ether": "COC(C)(C)C", "tetrahydrofuran": "C1CCOC1", "2-methyltetrahydrofuran": "CC1CCCO1",
    "dioxane": "C1COCCO1", "dichloromethane": "ClCCl", "chloroform": "ClC(Cl)Cl", "dichloroethane": "ClCCCl",
    "benzene": "c1ccccc1", "toluene": "Cc1ccccc1", "hexane": "CCCCCC", "heptane": "CCCCCCC", "cyclohexane": "C1CCCCC1",
    "pentane": "CCCCC",
}  # fmt: skip
# Hardly ever the drug: acids and bases that are there for the salt.
HARDLY = {
    "propionate": "CCC(=O)O", "butyrate": "CCCC(=O)O", "isobutyrate": "CC(C)C(=O)O", "valerate": "CCCCC(=O)O",
    "pivalate": "CC(C)(C)C(=O)O", "caproate": "CCCCCC(=O)O", "enantate": "CCCCCCC(=O)O", "caprylate": "CCCCCCCC(=O)O",
    "caprate": "CCCCCCCCCC(=O)O", "undecylenate": "C=CCCCCCCCCC(=O)O", "laurate": "CCCCCCCCCCCC(=O)O",
    "myristate": "CCCCCCCCCCCCCC(=O)O", "palmitate": "CCCCCCCCCCCCCCCC(=O)O", "stearate": "CCCCCCCCCCCCCCCCCC(=O)O",
    "oleate": "CCCCCCCCC=CCCCCCCCC(=O)O", "sorbate": "CC=CC=CC(=O)O", "malonate": "OC(=O)CC(=O)O",
    "succinate": "OC(=O)CCC(=O)O", "glutarate": "OC(=O)CCCC(=O)O", "adipate": "OC(=O)CCCCC(=O)O",
    "pimelate": "OC(=O)CCCCCC(=O)O", "suberate": "OC(=O)CCCCCCC(=O)O", "azelate": "OC(=O)CCCCCCCC(=O)O",
    "sebacate": "OC(=O)CCCCCCCCC(=O)O", "fumarate, maleate": "OC(=O)C=CC(=O)O", "malate": "OC(=O)CC(O)C(=O)O",
    "tartrate": "OC(=O)C(O)C(O)C(=O)O", "dibenzoyltartrate": "OC(=O)C(OC(=O)c1ccccc1)C(OC(=O)c1ccccc1)C(=O)O",
    "ditoluoyltartrate": "Cc1ccc(cc1)C(=O)OC(C(=O)O)C(OC(=O)c1ccc(C)cc1)C(=O)O", "citrate": "OC(=O)CC(O)(CC(=O)O)C(=O)O",
    "aconitate": "OC(=O)CC(=CC(=O)O)C(=O)O", "lactate": "CC(O)C(=O)O", "glycolate": "OCC(=O)O", "pyruvate": "CC(=O)C(=O)O",
    "levulinate": "CC(=O)CCC(=O)O", "oxoglurate": "OC(=O)CCC(=O)C(=O)O", "dichloroacetate": "OC(=O)C(Cl)Cl",
    "gluconate": "OCC(O)C(O)C(O)C(O)C(=O)O", "gluceptate": "OCC(O)C(O)C(O)C(O)C(O)C(=O)O",
    "glucuronate": "OC(=O)C1OC(O)C(O)C(O)C1O", "open glucuronate": "O=CC(O)C(O)C(O)C(O)C(=O)O",
    "glucarate, mucate": "OC(=O)C(O)C(O)C(O)C(O)C(=O)O",
    "lactobionate": "OCC1OC(OC(C(O)CO)C(O)C(O)C(=O)O)C(O)C(O)C1O", "glycerophosphate": "OCC(O)COP(=O)(O)O",
    "benzoate": "OC(=O)c1ccccc1", "gentisate": "OC(=O)c1cc(O)ccc1O", "paraben": "OC(=O)c1ccc(O)cc1",
    "3-hydroxybenzoate": "OC(=O)c1cccc(O)c1", "resorcylate": "OC(=O)c1c(O)cccc1O", "gallate": "OC(=O)c1cc(O)c(O)c(O)c1",
    "acedoben": "CC(=O)Nc1ccc(cc1)C(=O)O", "aminobenzoate": "Nc1ccc(cc1)C(=O)O", "hippurate": "OC(=O)CNC(=O)c1ccccc1",
    "mandelate": "OC(C(=O)O)c1ccccc1", "cinnamate": "OC(=O)C=Cc1ccccc1", "phenylacetate": "OC(=O)Cc1ccccc1",
    "hydrocinnamate": "OC(=O)CCc1ccccc1", "phthalate": "OC(=O)c1ccccc1C(=O)O", "terephthalate": "OC(=O)c1ccc(cc1)C(=O)O",
    "furoate": "OC(=O)c1ccco1", "camphorate": "CC1(C)C(CCC1(C)C(=O)O)C(=O)O", "hibenzate": "OC(=O)c1ccccc1C(=O)c1ccc(O)cc1",
    "xinafoate": "OC(=O)c1ccc2ccccc2c1O", "3-hydroxy-2-naphthoate": "OC(=O)c1cc2ccccc2cc1O",
    "pamoate": "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(=O)O)c1O", "fendizoate": "Cc1ccccc1-c1ccc(O)c(c1)C(=O)c1ccccc1C(=O)O",
    "saccharin": "O=C1NS(=O)(=O)c2ccccc12", "acesulfame": "CC1=CC(=O)NS(=O)(=O)O1", "teoclate": "Cn1c(=O)n(C)c2nc(Cl)[nH]c2c1=O",
    "urea": "NC(N)=O", "sulfosalicylate": "OC(=O)c1cc(ccc1O)S(=O)(=O)O",
    "meglumine": "CNCC(O)C(O)C(O)C(O)CO", "eglumine": "CCNCC(O)C(O)C(O)C(O)CO", "glucamine": "NCC(O)C(O)C(O)C(O)CO",
    "trometamol": "NC(CO)(CO)CO", "olamine": "NCCO", "diolamine": "OCCNCCO", "trolamine": "OCCN(CCO)CCO",
    "deanol": "CN(C)CCO", "diethylaminoethanol": "CCN(CC)CCO", "methyldiethanolamine": "CN(CCO)CCO",
    "epolamine": "OCCN1CCCC1", "hydroxyethylmorpholine": "OCCN1CCOCC1", "erbumine": "CC(C)(C)N",
    "methylamine": "CN", "dimethylamine": "CNC", "trimethylamine": "CN(C)C", "ethylamine": "CCN", "diethylamine": "CCNCC",
    "triethylamine": "CCN(CC)CC", "diisopropylamine": "CC(C)NC(C)C", "diisopropylethylamine": "CCN(C(C)C)C(C)C",
    "isopropylamine": "CC(C)N", "tributylamine": "CCCCN(CCCC)CCCC", "cyclohexylamine": "NC1CCCCC1",
    "dicyclohexylamine": "C1CCC(CC1)NC1CCCCC1", "ethylenediamine": "NCCN", "triethylenediamine": "C1CN2CCN1CC2",
    "pyrrolidine": "C1CCNC1", "piperidine": "C1CCNCC1", "morpholine": "C1COCCN1", "N-methylmorpholine": "CN1CCOCC1",
    "pyridine": "c1ccncc1", "imidazole": "c1c[nH]cn1", "lutidine": "Cc1cccc(C)n1", "guanidine": "NC(N)=N",
    "DBU": "C1CCC2=NCCCN2CC1", "benzylamine": "NCc1ccccc1", "dibenzylamine": "c1ccc(cc1)CNCc1ccccc1",
    "1-phenylethylamine": "CC(N)c1ccccc1", "benethamine": "c1ccc(cc1)CCNCc1ccccc1",
    "benzathine": "c1ccc(cc1)CNCCNCc1ccccc1",
    "hydrabamine": "CC(C)c1ccc2c(c1)CCC1C(C)(CNCCNCC3(C)CCCC4(C)c5ccc(cc5CCC34)C(C)C)CCCC21C",
    "tetramethylammonium": "C[N+](C)(C)C", "tetraethylammonium": "CC[N+](CC)(CC)CC",
    "tetrabutylammonium": "CCCC[N+](CCCC)(CCCC)CCCC", "benzyltrimethylammonium": "C[N+](C)(C)Cc1ccccc1",
}  # fmt: skip
# Taken for their own sake, too: what they bring along of the above is stripped.
SELDOM = {
    "choline": "C[N+](C)(C)CCO", "betaine": "C[N+](C)(C)CC(=O)[O-]", "carnitine": "C[N+](C)(C)CC(O)CC(=O)[O-]",
    "piperazine": "C1CNCCN1", "lysine": "NCCCCC(N)C(=O)O", "arginine": "NC(CCCNC(N)=N)C(=O)O",
    "arginine, imino": "N=C(N)NCCCC(N)C(=O)O", "ornithine": "NCCCC(N)C(=O)O", "histidine": "NC(Cc1c[nH]cn1)C(=O)O",
    "histidine, other": "NC(Cc1cnc[nH]1)C(=O)O", "glycine": "NCC(=O)O", "alanine": "CC(N)C(=O)O",
    "aspartate": "NC(CC(=O)O)C(=O)O", "glutamate": "NC(CCC(=O)O)C(=O)O", "glutamine": "NC(CCC(N)=O)C(=O)O",
    "asparagine": "NC(CC(N)=O)C(=O)O", "proline": "OC(=O)C1CCCN1", "serine": "NC(CO)C(=O)O",
    "threonine": "CC(O)C(N)C(=O)O", "valine": "CC(C)C(N)C(=O)O", "leucine": "CC(C)CC(N)C(=O)O",
    "isoleucine": "CCC(C)C(N)C(=O)O", "phenylalanine": "NC(Cc1ccccc1)C(=O)O", "tyrosine": "NC(Cc1ccc(O)cc1)C(=O)O",
    "cysteine": "NC(CS)C(=O)O", "methionine": "CSCCC(N)C(=O)O", "tryptophan": "NC(Cc1c[nH]c2ccccc12)C(=O)O",
    "taurine": "NCCS(=O)(=O)O", "pidolate": "OC(=O)C1CCC(=O)N1", "acetylglutamate": "CC(=O)NC(CCC(=O)O)C(=O)O",
    "acetylglycine": "CC(=O)NCC(=O)O", "nicotinate": "OC(=O)c1cccnc1", "nicotinamide": "NC(=O)c1cccnc1",
    "orotate": "OC(=O)c1cc(=O)[nH]c(=O)[nH]1", "ascorbate": "OCC(O)C1OC(=O)C(O)=C1O", "glucosamine": "NC1C(O)OC(CO)C(O)C1O",
}  # fmt: skip
# Drugs that also serve as the counter-ion of another.
OFTEN = {
    "salicylate": "OC(=O)c1ccccc1O", "4-aminosalicylate": "Nc1ccc(C(=O)O)c(O)c1", "procaine": "CCN(CC)CCOC(=O)c1ccc(N)cc1",
    "theophylline": "Cn1c(=O)n(C)c2nc[nH]c2c1=O", "clemizole": "Clc1ccc(cc1)Cn1c(CN2CCCC2)nc2ccccc12",
}  # fmt: skip
RANKS = (NEVER, HARDLY, SELDOM, OFTEN)
DRUG = len(RANKS)  # the rank of what is none of them


def drug_rank(mol: Mol) -> int:
    """Return how likely a whole molecule is the drug of a salt, whatever its charge and configuration.

    Returns
    -------
    int
        0, if it never is, to 4, if it is no known counter-ion.
    """
    return _ranks().get(_flat(mol), DRUG)


def _flat(mol: Mol) -> str:
    """Return the SMILES of a molecule without charges that protons make, stereochemistry and isotopes."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    with rdBase.BlockLogs():
        bare = Chem.Mol(mol)
        Chem.RemoveStereochemistry(bare)
        for atom in bare.GetAtoms():
            atom.SetIsotope(0)
            atom.SetAtomMapNum(0)
        # To SMILES and back, so that nothing is left of how it was written.
        plain = rdMolStandardize.Uncharger().uncharge(Chem.RemoveAllHs(bare))
        return str(Chem.CanonSmiles(Chem.MolToSmiles(plain)))


@cache
def _ranks() -> dict[str, int]:
    from rdkit import Chem

    return {
        _flat(Chem.MolFromSmiles(smiles)): rank
        for rank, names in enumerate(RANKS)
        for smiles in names.values()
    }
