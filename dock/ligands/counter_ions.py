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

C6F5, ARF = "c1c(F)c(F)c(F)c(F)c1F", "c1cc(cc(c1)C(F)(F)F)C(F)(F)F"
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
    "oxalate": "OC(=O)C(=O)O", "thiocyanate": "SC#N",
    "tetraphenylborate": "c1ccc(cc1)[B-](c1ccccc1)(c1ccccc1)c1ccccc1", "dimethyl sulfoxide": "CS(C)=O",
    "dimethylformamide": "CN(C)C=O", "dimethylacetamide": "CC(=O)N(C)C", "N-methylpyrrolidone": "CN1CCCC1=O",
    "acetonitrile": "CC#N", "methanol": "CO", "ethanol": "CCO", "1-propanol": "CCCO", "2-propanol": "CC(C)O",
    "1-butanol": "CCCCO", "tert-butanol": "CC(C)(C)O", "propylene glycol": "CC(O)CO", "ethylene glycol": "OCCO",
    "glycerol": "OCC(O)CO", "acetone": "CC(C)=O", "2-butanone": "CCC(C)=O", "ethyl acetate": "CCOC(C)=O",
    "isopropyl acetate": "CC(C)OC(C)=O", "diethyl ether": "CCOCC", "tert-butyl methyl ether": "COC(C)(C)C",
    "tetrahydrofuran": "C1CCOC1", "2-methyltetrahydrofuran": "CC1CCCO1", "dioxane": "C1COCCO1",
    "dichloromethane": "ClCCl", "chloroform": "ClC(Cl)Cl", "dichloroethane": "ClCCCl", "benzene": "c1ccccc1",
    "toluene": "Cc1ccccc1", "hexane": "CCCCCC", "heptane": "CCCCCCC", "cyclohexane": "C1CCCCC1", "pentane": "CCCCC",
    "1-propanesulfonate": "CCCS(=O)(=O)O", "sulfoacetate": "OC(=O)CS(=O)(=O)O",
    "metazoate": "OC(=O)c1cccc(c1)S(=O)(=O)O", "brosylate": "OS(=O)(=O)c1ccc(Br)cc1",
    "nosylate": "OS(=O)(=O)c1ccc(cc1)[N+](=O)[O-]", "mesitylenesulfonate": "Cc1cc(C)c(c(C)c1)S(=O)(=O)O",
    "cumenesulfonate": "CC(C)c1ccc(cc1)S(=O)(=O)O", "dodecylbenzenesulfonate": "CCCCCCCCCCCCc1ccc(cc1)S(=O)(=O)O",
    "octylsulfate": "CCCCCCCCOS(=O)(=O)O", "bromocamphorsulfonate": "CC1(CS(=O)(=O)O)C2CCC1(C)C(=O)C2Br",
    "nonaflate": "OS(=O)(=O)C(F)(F)C(F)(F)C(F)(F)C(F)(F)F",
    "dibudinate": "OS(=O)(=O)c1c(ccc2c1ccc(c2S(=O)(=O)O)C(C)(C)C)C(C)(C)C",
    "bunapsilate": "OS(=O)(=O)c1cc(cc2c(cc(cc12)C(C)(C)C)S(=O)(=O)O)C(C)(C)C",
    "flavianate": "OS(=O)(=O)c1ccc2c(c1)c(O)c(cc2[N+](=O)[O-])[N+](=O)[O-]",
    "styphnate": "Oc1c(cc(c(O)c1[N+](=O)[O-])[N+](=O)[O-])[N+](=O)[O-]",
    "binaphthyl phosphate": "OP1(=O)Oc2ccc3ccccc3c2-c2c(O1)ccc1ccccc21",
    "tetrakis(pentafluorophenyl)borate": f"[B-]({C6F5})({C6F5})({C6F5}){C6F5}",
    "BArF": f"[B-]({ARF})({ARF})({ARF}){ARF}", "FAP": "F[P-](F)(F)(C(F)(F)C(F)(F)F)(C(F)(F)C(F)(F)F)C(F)(F)C(F)(F)F",
    "dicyanamide": "N#CNC#N", "tricyanomethanide": "N#CC(C#N)C#N", "2-methoxyethanol": "COCCO",
    "2-ethoxyethanol": "CCOCCO", "dimethoxyethane": "COCCOC", "diglyme": "COCCOCCOC", "diethylene glycol": "OCCOCCO",
    "isobutanol": "CC(C)CO", "2-butanol": "CCC(C)O", "1-pentanol": "CCCCCO", "isoamyl alcohol": "CC(C)CCO",
    "trifluoroethanol": "OCC(F)(F)F", "hexafluoroisopropanol": "OC(C(F)(F)F)C(F)(F)F", "methyl acetate": "COC(C)=O",
    "propyl acetate": "CCCOC(C)=O", "butyl acetate": "CCCCOC(C)=O", "ethyl formate": "CCOC=O",
    "methyl isobutyl ketone": "CC(C)CC(C)=O", "cyclohexanone": "O=C1CCCCC1", "anisole": "COc1ccccc1",
    "chlorobenzene": "Clc1ccccc1", "trifluorotoluene": "FC(F)(F)c1ccccc1", "ortho-xylene": "Cc1ccccc1C",
    "meta-xylene": "Cc1cccc(C)c1", "para-xylene": "Cc1ccc(C)cc1", "ethylbenzene": "CCc1ccccc1",
    "cumene": "CC(C)c1ccccc1", "mesitylene": "Cc1cc(C)cc(C)c1", "nitromethane": "C[N+](=O)[O-]",
    "sulfolane": "O=S1(=O)CCCC1", "formamide": "NC=O", "N-methylformamide": "CNC=O",
    "tetramethylurea": "CN(C)C(=O)N(C)C", "hexamethylphosphoramide": "CN(C)P(=O)(N(C)C)N(C)C",
    "dimethyl carbonate": "COC(=O)OC", "propylene carbonate": "CC1COC(=O)O1", "tetrachloromethane": "ClC(Cl)(Cl)Cl",
    "diisopropyl ether": "CC(C)OC(C)C", "dibutyl ether": "CCCCOCCCC", "cyclopentyl methyl ether": "COC1CCCC1",
    "cyclopentane": "C1CCCC1", "methylcyclohexane": "CC1CCCCC1", "isooctane": "CC(C)CC(C)(C)C",
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
    "ditoluoyltartrate": "Cc1ccc(cc1)C(=O)OC(C(=O)O)C(OC(=O)c1ccc(C)cc1)C(=O)O",
    "citrate": "OC(=O)CC(O)(CC(=O)O)C(=O)O", "aconitate": "OC(=O)CC(=CC(=O)O)C(=O)O", "lactate": "CC(O)C(=O)O",
    "glycolate": "OCC(=O)O", "pyruvate": "CC(=O)C(=O)O", "levulinate": "CC(=O)CCC(=O)O",
    "oxoglurate": "OC(=O)CCC(=O)C(=O)O", "dichloroacetate": "OC(=O)C(Cl)Cl", "gluconate": "OCC(O)C(O)C(O)C(O)C(=O)O",
    "gluceptate": "OCC(O)C(O)C(O)C(O)C(O)C(=O)O", "glucuronate": "OC(=O)C1OC(O)C(O)C(O)C1O",
    "open glucuronate": "O=CC(O)C(O)C(O)C(O)C(=O)O", "glucarate, mucate": "OC(=O)C(O)C(O)C(O)C(O)C(=O)O",
    "lactobionate": "OCC1OC(OC(C(O)CO)C(O)C(O)C(=O)O)C(O)C(O)C1O", "glycerophosphate": "OCC(O)COP(=O)(O)O",
    "benzoate": "OC(=O)c1ccccc1", "gentisate": "OC(=O)c1cc(O)ccc1O", "paraben": "OC(=O)c1ccc(O)cc1",
    "3-hydroxybenzoate": "OC(=O)c1cccc(O)c1", "resorcylate": "OC(=O)c1c(O)cccc1O",
    "gallate": "OC(=O)c1cc(O)c(O)c(O)c1", "acedoben": "CC(=O)Nc1ccc(cc1)C(=O)O", "aminobenzoate": "Nc1ccc(cc1)C(=O)O",
    "hippurate": "OC(=O)CNC(=O)c1ccccc1", "mandelate": "OC(C(=O)O)c1ccccc1", "cinnamate": "OC(=O)C=Cc1ccccc1",
    "phenylacetate": "OC(=O)Cc1ccccc1", "hydrocinnamate": "OC(=O)CCc1ccccc1", "phthalate": "OC(=O)c1ccccc1C(=O)O",
    "terephthalate": "OC(=O)c1ccc(cc1)C(=O)O", "furoate": "OC(=O)c1ccco1",
    "camphorate": "CC1(C)C(CCC1(C)C(=O)O)C(=O)O", "hibenzate": "OC(=O)c1ccccc1C(=O)c1ccc(O)cc1",
    "xinafoate": "OC(=O)c1ccc2ccccc2c1O", "3-hydroxy-2-naphthoate": "OC(=O)c1cc2ccccc2cc1O",
    "pamoate": "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(=O)O)c1O",
    "fendizoate": "Cc1ccccc1-c1ccc(O)c(c1)C(=O)c1ccccc1C(=O)O", "saccharin": "O=C1NS(=O)(=O)c2ccccc12",
    "acesulfame": "CC1=CC(=O)NS(=O)(=O)O1", "teoclate": "Cn1c(=O)n(C)c2nc(Cl)[nH]c2c1=O", "urea": "NC(N)=O",
    "sulfosalicylate": "OC(=O)c1cc(ccc1O)S(=O)(=O)O", "isovalerate": "CC(C)CC(=O)O",
    "2-ethylbutyrate": "CCC(CC)C(=O)O", "tebutate": "CC(C)(C)CC(=O)O", "2-ethylhexanoate": "CCCCC(CC)C(=O)O",
    "pelargonate": "CCCCCCCCC(=O)O", "undecylate": "CCCCCCCCCCC(=O)O", "linoleate": "CCCCCC=CCC=CCCCCCCCC(=O)O",
    "ricinoleate": "CCCCCCC(O)CC=CCCCCCCCC(=O)O", "arachidate": "CCCCCCCCCCCCCCCCCCCC(=O)O",
    "behenate": "CCCCCCCCCCCCCCCCCCCCCC(=O)O", "cypionate": "OC(=O)CCC1CCCC1", "buciclate": "CCCCC1CCC(CC1)C(=O)O",
    "cyclotate": "CC12CCC(CC1)(C=C2)C(=O)O", "crotonate": "CC=CC(=O)O", "angelate, tiglate": "CC=C(C)C(=O)O",
    "citraconate, mesaconate": "CC(=CC(=O)O)C(=O)O", "itaconate": "OC(=O)CC(=C)C(=O)O",
    "methylmalonate": "CC(C(=O)O)C(=O)O", "tartronate": "OC(=O)C(O)C(=O)O", "glycerate": "OCC(O)C(=O)O",
    "threonate": "OCC(O)C(O)C(=O)O", "methoxyacetate": "COCC(=O)O", "thioglycolate": "OC(=O)CS",
    "diglycolate": "OC(=O)COCC(=O)O", "iminodiacetate": "OC(=O)CNCC(=O)O",
    "nitrilotriacetate": "OC(=O)CN(CC(=O)O)CC(=O)O", "troxundate": "CCOCCOCCOCC(=O)O", "chloroacetate": "OC(=O)CCl",
    "trichloroacetate": "OC(=O)C(Cl)(Cl)Cl", "difluoroacetate": "OC(=O)C(F)F",
    "pentafluoropropionate": "OC(=O)C(F)(F)C(F)(F)F", "heptafluorobutyrate": "OC(=O)C(F)(F)C(F)(F)C(F)(F)F",
    "dimethyl phosphate": "COP(=O)(O)OC", "diethyl phosphate": "CCOP(=O)(O)OCC",
    "dibutyl phosphate": "CCCCOP(=O)(O)OCCCC", "squarate": "Oc1c(O)c(=O)c1=O",
    "diacetyltartrate": "CC(=O)OC(C(=O)O)C(OC(C)=O)C(=O)O",
    "dipivaloyltartrate": "CC(C)(C)C(=O)OC(C(=O)O)C(OC(=O)C(C)(C)C)C(=O)O",
    "dianisoyltartrate": "COc1ccc(cc1)C(=O)OC(C(=O)O)C(OC(=O)c1ccc(OC)cc1)C(=O)O",
    "2-hydroxy-1-naphthoate": "OC(=O)c1c(O)ccc2ccccc12", "triclofenate": "Oc1cc(Cl)c(Cl)cc1Cl",
    "meglumine": "CNCC(O)C(O)C(O)C(O)CO", "eglumine": "CCNCC(O)C(O)C(O)C(O)CO", "glucamine": "NCC(O)C(O)C(O)C(O)CO",
    "trometamol": "NC(CO)(CO)CO", "olamine": "NCCO", "diolamine": "OCCNCCO", "trolamine": "OCCN(CCO)CCO",
    "deanol": "CN(C)CCO", "diethylaminoethanol": "CCN(CC)CCO", "methyldiethanolamine": "CN(CCO)CCO",
    "methylethanolamine": "CNCCO", "isopropanolamine": "CC(O)CN", "dipromine": "CC(O)CNCC(C)O",
    "tripromine": "CC(O)CN(CC(C)O)CC(C)O", "diglycolamine": "NCCOCCO", "2-amino-2-methylpropanol": "CC(C)(N)CO",
    "ammediol": "CC(N)(CO)CO", "serinol": "NC(CO)CO", "2-aminobutanol": "CCC(N)CO", "3-aminopropanol": "NCCCO",
    "bis-tris": "OCCN(CCO)C(CO)(CO)CO", "BAPMA": "CN(CCCN)CCCN", "dimethylaminopropylamine": "CN(C)CCCN",
    "epolamine": "OCCN1CCCC1", "hydroxyethylmorpholine": "OCCN1CCOCC1", "erbumine": "CC(C)(C)N", "methylamine": "CN",
    "dimethylamine": "CNC", "trimethylamine": "CN(C)C", "ethylamine": "CCN", "diethylamine": "CCNCC",
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
    "propylamine": "CCCN", "butylamine": "CCCCN", "isobutylamine": "CC(C)CN", "sec-butylamine": "CCC(C)N",
    "tert-octylamine": "CC(C)(C)CC(C)(C)N", "octylamine": "CCCCCCCCN", "dodecylamine": "CCCCCCCCCCCCN",
    "tetradecylamine": "CCCCCCCCCCCCCCN", "dipropylamine": "CCCNCCC", "dibutylamine": "CCCCNCCCC",
    "diisobutylamine": "CC(C)CNCC(C)C", "tripropylamine": "CCCN(CCC)CCC",
    "trioctylamine": "CCCCCCCCN(CCCCCCCC)CCCCCCCC", "methylcyclohexylamine": "CNC1CCCCC1",
    "dimethylcyclohexylamine": "CN(C)C1CCCCC1", "N-methylpyrrolidine": "CN1CCCC1", "N-methylpiperidine": "CN1CCCCC1",
    "TMEDA": "CN(C)CCN(C)C", "tetramethylguanidine": "CN(C)C(=N)N(C)C", "acetamidine": "CC(N)=N",
    "DBN": "C1CC2=NCCCN2C1", "TBD": "C1CN=C2NCCCN2C1", "collidine": "Cc1cc(C)nc(C)c1",
    "proton sponge": "CN(C)c1cccc2cccc(N(C)C)c12", "tribenzylamine": "c1ccc(cc1)CN(Cc1ccccc1)Cc1ccccc1",
    "bis(1-phenylethyl)amine": "CC(NC(C)c1ccccc1)c1ccccc1", "ephenamine": "CNC(c1ccccc1)C(O)c1ccccc1",
    "dehydroabietylamine": "CC(C)c1ccc2c(c1)CCC1C(C)(CN)CCCC21C", "tetrapropylammonium": "CCC[N+](CCC)(CCC)CCC",
    "methyltributylammonium": "CCCC[N+](C)(CCCC)CCCC", "methyltrioctylammonium": "CCCCCCCC[N+](C)(CCCCCCCC)CCCCCCCC",
    "benzyltriethylammonium": "CC[N+](CC)(CC)Cc1ccccc1", "methyltris(hydroxyethyl)ammonium": "C[N+](CCO)(CCO)CCO",
    "trimesium": "C[S+](C)C", "trimethylsulfoxonium": "C[S+](C)(C)=O",
    "tetrabutylphosphonium": "CCCC[P+](CCCC)(CCCC)CCCC",
    "tetraphenylphosphonium": "c1ccc(cc1)[P+](c1ccccc1)(c1ccccc1)c1ccccc1",
    "methyltriphenylphosphonium": "C[P+](c1ccccc1)(c1ccccc1)c1ccccc1", "EMIM": "CCn1cc[n+](C)c1",
    "BMIM": "CCCCn1cc[n+](C)c1", "HMIM": "CCCCCCn1cc[n+](C)c1", "OMIM": "CCCCCCCCn1cc[n+](C)c1",
    "butylpyridinium": "CCCC[n+]1ccccc1", "butylmethylpyrrolidinium": "CCCC[N+]1(C)CCCC1",
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
    "orotate": "OC(=O)c1cc(=O)[nH]c(=O)[nH]1", "ascorbate": "OCC(O)C1OC(=O)C(O)=C1O",
    "glucosamine": "NC1C(O)OC(CO)C(O)C1O", "isonicotinamide": "NC(=O)c1ccncc1", "citrulline": "NC(CCCNC(N)=O)C(=O)O",
    "sarcosine": "CNCC(=O)O", "beta-alanine": "NCCC(=O)O", "glycylglycine": "NCC(=O)NCC(=O)O",
    "creatine": "CN(CC(=O)O)C(N)=N", "hydroxyproline": "OC1CNC(C1)C(=O)O",
    "pantothenate": "OCC(C)(C)C(O)C(=O)NCCC(=O)O", "hydroxycitrate": "OC(=O)CC(O)(C(O)C(=O)O)C(=O)O",
    "edetate": "OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CC(=O)O", "ferulate": "COc1cc(C=CC(=O)O)ccc1O",
    "caffeate": "OC(=O)C=Cc1ccc(O)c(O)c1", "coumarate": "OC(=O)C=Cc1ccc(O)cc1",
    "sinapate": "COc1cc(C=CC(=O)O)cc(OC)c1O", "protocatechuate": "OC(=O)c1ccc(O)c(O)c1",
    "acetylmandelate": "CC(=O)OC(C(=O)O)c1ccccc1", "2-chloromandelate": "OC(C(=O)O)c1ccccc1Cl",
    "4-chloromandelate": "OC(C(=O)O)c1ccc(Cl)cc1", "methoxyphenylacetate": "COC(C(=O)O)c1ccccc1",
    "tropate": "OCC(C(=O)O)c1ccccc1", "hydratropate": "CC(C(=O)O)c1ccccc1", "phenoxyacetate": "OC(=O)COc1ccccc1",
    "diphenylacetate": "OC(=O)C(c1ccccc1)c1ccccc1", "trifenatate": "OC(=O)C(c1ccccc1)(c1ccccc1)c1ccccc1",
    "ortho-toluate": "Cc1ccccc1C(=O)O", "meta-toluate": "Cc1cccc(c1)C(=O)O", "para-toluate": "Cc1ccc(cc1)C(=O)O",
    "anisate": "COc1ccc(cc1)C(=O)O", "veratrate": "COc1ccc(cc1OC)C(=O)O", "megallate": "COc1cc(cc(OC)c1OC)C(=O)O",
    "vanillate": "COc1cc(ccc1O)C(=O)O", "syringate": "COc1cc(cc(OC)c1O)C(=O)O",
    "4-nitrobenzoate": "OC(=O)c1ccc(cc1)[N+](=O)[O-]",
    "3,5-dinitrobenzoate": "OC(=O)c1cc(cc(c1)[N+](=O)[O-])[N+](=O)[O-]", "anthranilate": "Nc1ccccc1C(=O)O",
    "3-aminobenzoate": "Nc1cccc(c1)C(=O)O", "thiosalicylate": "OC(=O)c1ccccc1S",
    "isophthalate": "OC(=O)c1cccc(c1)C(=O)O", "trimesate": "OC(=O)c1cc(cc(c1)C(=O)O)C(=O)O",
    "benzoylbenzoate": "OC(=O)c1ccccc1C(=O)c1ccccc1", "1-naphthoate": "OC(=O)c1cccc2ccccc12",
    "2-naphthoate": "OC(=O)c1ccc2ccccc2c1", "isonicotinate": "OC(=O)c1ccncc1", "picolinate": "OC(=O)c1ccccn1",
    "tenoate": "OC(=O)c1cccs1", "tofesilate": "Cn1c2ncn(CCS(=O)(=O)O)c2c(=O)n(C)c1=O", "thiourea": "NC(N)=S",
    "quinate": "OC(=O)C1(O)CC(O)C(O)C(O)C1", "cyclohexanecarboxylate": "OC(=O)C1CCCCC1",
    "phosphanilate": "Nc1ccc(cc1)P(=O)(O)O", "sulfanilate": "Nc1ccc(cc1)S(=O)(=O)O", "quinuclidine": "C1CN2CCC1CC2",
    "N-methylpiperazine": "CN1CCNCC1", "2-picoline": "Cc1ccccn1", "3-picoline": "Cc1cccnc1",
    "4-picoline": "Cc1ccncc1", "dimethylaminopyridine": "CN(C)c1ccncc1", "4,4'-bipyridine": "c1cc(ccn1)-c1ccncc1",
    "quinoline": "c1ccc2ncccc2c1", "1-methylimidazole": "Cn1ccnc1", "2-methylimidazole": "Cc1ncc[nH]1",
    "4-methylimidazole": "Cc1c[nH]cn1", "5-methylimidazole": "Cc1cnc[nH]1", "aniline": "Nc1ccccc1",
    "dimethylaniline": "CN(C)c1ccccc1", "methylbenzylamine": "CNCc1ccccc1", "benzhydrylamine": "NC(c1ccccc1)c1ccccc1",
    "N-benzyl-1-phenylethylamine": "CC(NCc1ccccc1)c1ccccc1", "1-tolylethylamine": "CC(N)c1ccc(C)cc1",
    "1-naphthylethylamine": "CC(N)c1cccc2ccccc12", "phenylglycinol": "NC(CO)c1ccccc1",
    "aminoindanol": "NC1Cc2ccccc2C1O", "diphenylethylenediamine": "NC(c1ccccc1)C(N)c1ccccc1",
    "nitrophenylserinol": "NC(CO)C(O)c1ccc(cc1)[N+](=O)[O-]", "diaminocyclohexane": "NC1CCCCC1N",
}  # fmt: skip
# Drugs that also serve as the counter-ion of another.
OFTEN = {
    "salicylate": "OC(=O)c1ccccc1O", "4-aminosalicylate": "Nc1ccc(C(=O)O)c(O)c1",
    "procaine": "CCN(CC)CCOC(=O)c1ccc(N)cc1", "theophylline": "Cn1c(=O)n(C)c2nc[nH]c2c1=O",
    "clemizole": "Clc1ccc(cc1)Cn1c(CN2CCCC2)nc2ccccc12", "acefylline": "Cn1c2ncn(CC(=O)O)c2c(=O)n(C)c1=O",
    "bromotheophylline": "Cn1c(=O)n(C)c2nc(Br)[nH]c2c1=O",
    "docusate": "CCCCC(CC)COC(=O)CC(C(=O)OCC(CC)CCCC)S(=O)(=O)O", "4-chlorophenoxyacetate": "OC(=O)COc1ccc(Cl)cc1",
    "cetrimonium": "CCCCCCCCCCCCCCCC[N+](C)(C)C", "cetylpyridinium": "CCCCCCCCCCCCCCCC[n+]1ccccc1",
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


def uncharged(mol: Mol) -> Mol:
    """Return a molecule without the charges that protons make; as it is, if it would be none without them.

    Hexafluorophosphate, whose phosphorus has no place for a proton, is such a one.
    """
    from rdkit import Chem, rdBase
    from rdkit.Chem.MolStandardize import rdMolStandardize

    with rdBase.BlockLogs():
        neutral = rdMolStandardize.Uncharger().uncharge(mol)
        wrong = Chem.SanitizeMol(Chem.Mol(neutral), catchErrors=True)
    return mol if wrong else neutral


def _flat(mol: Mol) -> str:
    """Return the SMILES of a molecule without charges that protons make, stereochemistry and isotopes."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        bare = Chem.Mol(mol)
        Chem.RemoveStereochemistry(bare)
        for atom in bare.GetAtoms():
            atom.SetIsotope(0)
            atom.SetAtomMapNum(0)
        # To SMILES and back, so that nothing is left of how it was written.
        smiles = Chem.MolToSmiles(uncharged(Chem.RemoveAllHs(bare)))
        read = Chem.MolFromSmiles(smiles)
        return str(smiles if read is None else Chem.MolToSmiles(read))


@cache
def _ranks() -> dict[str, int]:
    from rdkit import Chem

    return {
        _flat(Chem.MolFromSmiles(smiles)): rank
        for rank, names in enumerate(RANKS)
        for smiles in names.values()
    }
