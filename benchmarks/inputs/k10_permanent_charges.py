"""A permanent charge beside an acid or an amine: titrated like any other, at the user's pH."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.inputs.base import Case
from benchmarks.inputs.k09_acids_and_bases import charged

# name, SMILES, pH, charge
MOLECULES = (
    ("betaine hydrochloride", "C[N+](C)(C)CC(=O)O.[Cl-]", 7.4, 0),
    ("betaine written as an inner salt", "C[N+](C)(C)CC(=O)[O-]", 7.4, 0),
    ("betaine with HCl", "C[N+](C)(C)CC(=O)[O-].Cl", 7.4, 0),
    ("carnitine", "C[N+](C)(C)C[C@H](O)CC(=O)O", 7.4, 0),
    ("carnitine, inner salt, in acid", "C[N+](C)(C)C[C@H](O)CC(=O)[O-]", 1.5, 1),
    ("carnitine in acid", "C[N+](C)(C)C[C@H](O)CC(=O)O", 1.5, 1),
    ("N-methylpyridinium with an amine", "C[n+]1ccccc1CCCN", 7.4, 2),
    ("the same in lye", "C[n+]1ccccc1CCCN", 12.0, 1),
    ("the same as a double salt", "C[n+]1ccccc1CCC[NH3+].[Cl-].[Cl-]", 7.4, 2),
    ("trigonelline", "C[n+]1cccc(c1)C(=O)O", 7.4, 0),
    ("trigonelline iodide", "C[n+]1cccc(c1)C(=O)O.[I-]", 7.4, 0),
    ("choline", "C[N+](C)(C)CCO", 7.4, 1),
    ("acetylcholine chloride", "CC(=O)OCC[N+](C)(C)C.[Cl-]", 7.4, 1),
    ("neostigmine's phenol in lye", "C[N+](C)(C)c1cccc(O)c1", 10.0, 0),
    ("neostigmine's phenol in acid", "C[N+](C)(C)c1cccc(O)c1", 5.0, 1),
    ("sulfobetaine", "C[N+](C)(C)CCCS(=O)(=O)O", 7.4, 0),
    ("dimethylsulfoniopropionate", "C[S+](C)CCC(=O)O", 7.4, 0),
    ("phosphonium with an amine", "NCCCC[P+](c1ccccc1)(c1ccccc1)c1ccccc1", 7.4, 2),
    ("S-adenosylmethionine", "C[S+](CC[C@H](N)C(=O)O)C[C@H]1O[C@H]([C@H](O)[C@@H]1O)n1cnc2c(N)ncnc12", 7.4, 1),
    ("trimethyllysine", "C[N+](C)(C)CCCC[C@H](N)C(=O)O", 7.4, 1),
    ("trimethyllysine, its acid written as an anion", "C[N+](C)(C)CCCC[C@H](N)C(=O)[O-]", 7.4, 1),
    ("trimethyllysine hydrochloride, inner salt", "C[N+](C)(C)CCCC[C@H](N)C(=O)[O-].Cl", 7.4, 1),
    ("a phospholipid's head", "CCOP(=O)(O)OCC[N+](C)(C)C", 7.4, 0),
    ("imidazolium with an acid", "Cn1cc[n+](CC(=O)O)c1", 7.4, 0),
    ("berberine", "COc1ccc2cc3[n+](CCc4cc5OCOc5cc43)cc2c1OC", 7.4, 1),
    ("thiamine", "Cc1ncc(C[n+]2csc(CCO)c2C)c(N)n1", 7.4, 1),
    ("methylene blue", "CN(C)c1ccc2nc3ccc(cc3[s+]c2c1)N(C)C", 7.4, 1),
    ("pralidoxime in acid", "C[n+]1ccccc1C=NO", 5.0, 1),
    ("a sydnone", "C[n+]1cc([O-])on1", 7.4, 0),
    ("a phosphorus ylide", "[CH2-][P+](c1ccccc1)(c1ccccc1)c1ccccc1", 7.4, 0),
    ("nitro group beside an acid", "OC(=O)c1ccc(cc1)[N+](=O)[O-]", 7.4, -1),
    ("azide beside an amine", "[N-]=[N+]=NCCCN", 7.4, 1),
    ("isocyanide beside an acid", "[C-]#[N+]CCCC(=O)O", 7.4, -1),
    ("amine N-oxide in acid", "C[N+](C)([O-])CCCCC(=O)O", 2.0, 1),
)  # fmt: skip


def cases(folder: Path) -> Iterator[Case]:  # noqa: ARG001 (nothing is written)
    for name, smiles, ph, charge in MOLECULES:
        yield charged(name, smiles, charge, ph)
