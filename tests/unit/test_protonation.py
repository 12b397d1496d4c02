import csv
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rdkit import Chem
from rdkit.Chem import AllChem

from dock.ligands import titration
from dock.ligands.library import Entry
from dock.ligands.protonation import neutral, protomers, written_charged
from dock.ligands.states import PreparationSettings, states

ONCE_WRONG = Path(__file__).parent.parent / "data" / "charges.csv"
MEASURED = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "pka.csv"


def main(smiles, ph=7.4):
    return protomers("x", Chem.MolFromSmiles(smiles), ph)[0].mol


def charge(smiles, ph=7.4):
    return Chem.GetFormalCharge(main(smiles, ph))


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        # acids that are no carboxylates: pKa 3.9, 5.6, 5.0, 4.1, 4.9, 4.5, 5.3, 4.8, 4.1
        ("CC(=O)NS(=O)(=O)c1ccccc1", -1), ("Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1", -1),
        ("CC(=O)CC(c1ccccc1)C1=C(O)c2ccccc2OC1=O", -1), ("Oc1ccc(cc1[N+](=O)[O-])[N+](=O)[O-]", -1),
        ("Cc1ccccc1-c1nnn[nH]1", -1), ("CCCCC1C(=O)N(c2ccccc2)N(c2ccccc2)C1=O", -1),
        ("CCCCNC(=O)NS(=O)(=O)c1ccc(C)cc1", -1), ("CC1(C)OC(=O)CC(=O)O1", -1), ("O=C1CC(=O)NC(=O)N1", -1),
        # and those that are too weak: 10.0, 10.1, 9.6, 9.4, 10.7, 9.3, 8.8, 10.6, 8.9
        ("Oc1ccccc1", 0), ("NS(=O)(=O)c1ccccc1", 0), ("O=C1CCC(=O)N1", 0), ("CC(=O)NO", 0), ("ON=Cc1ccccc1", 0),
        ("OC(C(F)(F)F)C(F)(F)F", 0), ("OB(O)c1ccccc1", 0), ("CCS", 0), ("CC(=O)CC(C)=O", 0),
        # bases: 9.7, 9.2, 9.8, 11.6, 10.5, 8.5, 13.6
        ("CN(C)c1ccncc1", 1), ("Nc1ccnc2ccccc12", 1), ("Nc1c2CCCCc2nc2ccccc12", 1), ("NC(=N)c1ccccc1", 1),
        ("C1CN=C(N1)Cc1ccccc1", 1), ("Nc1ncc[nH]1", 1), ("NC(N)=N", 1),
        # 5.2, 1.3, 5.5, 2.5, 5.4, -0.4, 4.6, 5.7, none
        ("c1ccncc1", 0), ("c1cncnc1", 0), ("c1ccc2[nH]cnc2c1", 0), ("c1cscn1", 0), ("Nc1nccs1", 0),
        ("NC(=N)NC#N", 0), ("Nc1ccccc1", 0), ("NCC(F)(F)F", 0), ("c1ccc2[nH]ccc2c1", 0),
        # several groups
        ("NCC(=O)O", 0), ("C1CNCCN1", 1), ("NCCCNCCCCN", 3), ("CN(C)C(=N)NC(N)=N", 1), ("OP(=O)(O)OCC", -2),
    ],
)  # fmt: skip
def test_groups_are_charged_by_their_pka(smiles, expected):
    assert charge(smiles) == expected


def once_wrong():
    with ONCE_WRONG.open(encoding="utf-8", newline="") as handle:
        return [
            pytest.param(row["smiles"], int(row["charge"]), id=row["name"]) for row in csv.DictReader(handle)
        ]


@pytest.mark.parametrize(("smiles", "expected"), once_wrong())
def test_what_was_once_charged_wrongly_is_right(smiles, expected):
    """Measured or well known, another tautomer than the usual among them; no alcohol ever loses a proton."""
    assert charge(smiles) == expected


@pytest.mark.parametrize(
    ("smiles", "ph", "expected"),
    [
        ("C[N+](C)(C)CC(=O)O", 7.4, 0), ("C[N+](C)(C)CC(=O)[O-]", 7.4, 0), ("C[N+](C)(C)CC(=O)[O-]", 0.5, 1),
        ("C[N+](C)(C)CC(O)CC(=O)O", 7.4, 0), ("C[N+](C)(C)CC(O)CC(=O)O", 1.5, 1), ("C[n+]1ccccc1CCCN", 7.4, 2),
        ("C[n+]1ccccc1CCCN", 12.5, 1), ("C[N+](C)(C)CCO", 7.4, 1), ("C[N+](C)(C)c1cccc(O)c1", 5.0, 1),
        ("C[N+](C)(C)c1cccc(O)c1", 10.0, 0), ("C[S+](C)CCC(=O)O", 7.4, 0),
        ("NCCC[P+](c1ccccc1)(c1ccccc1)c1ccccc1", 7.4, 2), ("C[N+](C)(C)CCCC[C@H](N)C(=O)O", 7.4, 1),
        # charges that a neighbour or the ring balances are none
        ("OC(=O)c1ccc(cc1)[N+](=O)[O-]", 7.4, -1), ("[N-]=[N+]=NCCCN", 7.4, 1), ("C[n+]1cc([O-])on1", 7.4, 0),
        ("[CH2-][P+](c1ccccc1)(c1ccccc1)c1ccccc1", 7.4, 0), ("C[N+](C)(C)[O-]", 7.4, 0), ("C[N+](C)(C)[O-]", 2.0, 1),
    ],
)  # fmt: skip
def test_a_permanent_charge_leaves_the_other_groups_to_titrate(smiles, ph, expected):
    assert charge(smiles, ph) == expected


def test_the_users_ph_counts():
    shares = {ph: protomers("x", Chem.MolFromSmiles("c1ccncc1"), ph, limit=2) for ph in (3.0, 5.25, 8.0)}
    assert [Chem.GetFormalCharge(shares[ph][0].mol) for ph in (3.0, 8.0)] == [1, 0]
    assert [p.share for p in shares[5.25]] == pytest.approx([0.5, 0.5], abs=0.01)
    assert shares[8.0][0].share == pytest.approx(1 / (1 + 10 ** (5.25 - 8.0)), abs=0.001)


def test_a_salt_that_is_an_inner_salt_gives_its_drug_to_titrate():
    for smiles in ("C[N+](C)(C)CCCC[C@H](N)C(=O)[O-].Cl", "C[N+](C)(C)CCCC[C@H](N)C(=O)O.[Cl-]"):
        (state,) = states(Entry("here:1", "x", smiles=smiles), PreparationSettings())
        assert Chem.MolToSmiles(state.mol) == Chem.CanonSmiles("C[N+](C)(C)CCCC[C@H]([NH3+])C(=O)[O-]")


@pytest.mark.parametrize(
    ("smiles", "kept"),
    [
        ("CC[NH3+]", True), ("CC(=O)[O-]", True), ("[NH3+]CC(=O)[O-]", True), ("C[N+](C)(C)CCC[NH3+]", True),
        ("C[N+](C)(C)CC(=O)[O-]", False), ("C[N+](C)(C)CCO", False), ("C[N+](=O)[O-]", False), ("CCN", False),
        ("[O-][n+]1ccccc1", False), ("C[n+]1cc([O-])on1", False),
    ],
)  # fmt: skip
def test_charges_are_kept_as_written_where_they_say_something(smiles, kept):
    mol = Chem.MolFromSmiles(smiles)
    assert written_charged(mol) == kept
    if kept:
        assert Chem.MolToSmiles(protomers("x", mol, 7.4)[0].mol) == Chem.MolToSmiles(mol)


def test_what_is_neutral_comes_back_as_it_was():
    for smiles in ("CC(=O)[O-]", "CC[NH3+]", "C[N+](C)(C)CC(=O)[O-]", "c1c[nH]c[nH+]1", "c1nnn[n-]1"):
        mol = neutral(Chem.MolFromSmiles(smiles))
        assert Chem.GetFormalCharge(mol) == smiles.count("N+")
        assert Chem.MolFromSmiles(Chem.MolToSmiles(mol)) is not None


def test_an_acid_ch_becomes_an_enolate_and_loses_its_configuration():
    made = main("CC(=O)C[C@H](c1ccccc1)[C@H]1C(=O)Oc2ccccc2C1=O")
    assert Chem.MolToSmiles(made) == Chem.CanonSmiles("CC(=O)C[C@H](c1ccccc1)c1c([O-])c2ccccc2oc1=O")
    assert Chem.CanonSmiles("[O-]C1=CC(=O)CC(C)(C)C1") == Chem.MolToSmiles(main("CC1(C)CC(=O)CC(=O)C1"))


def test_a_groups_tautomer_is_no_zwitterion():
    mol = Chem.MolFromSmiles("Nc1ccc(cc1)S(=O)(=O)Nc1ccccn1")  # sulfapyridine, 8.4 and 2.6
    for ph in (2.0, 5.0, 7.4, 10.0):
        for found in protomers("x", mol, ph, 0.01, 10):
            text = Chem.MolToSmiles(found.mol)
            assert not ("N-" in text and "nH+" in text)


def test_measured_molecules_have_the_charge_that_their_pka_tells_at_physiological_ph():
    with MEASURED.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if "7.4" in (row["at"] or "7.4").split()]
    wrong, asked = [], 0
    for row in rows:
        acids, bases = ([float(word) for word in row[kind].split()] for kind in ("acids", "bases"))
        if any(abs(pka - 7.4) <= 1 for pka in (*acids, *bases)):
            continue
        asked += 1
        right = int(row["fixed"]) + sum(pka > 7.4 for pka in bases) - sum(pka < 7.4 for pka in acids)
        if charge(row["smiles"]) != right:
            wrong.append(row["name"])
    assert asked > 180
    assert wrong == []


def test_every_row_of_the_table_says_where_it_is_from():
    content = yaml.safe_load(titration.TABLE.read_text(encoding="utf-8"))
    rows = [row for part in (*content["acids"], *content["bases"]) for row in part["families"]]
    assert all(len(special) == 3 and special[2] for row in rows for special in row.get("special", ()))
    assert all(
        len(effect) == 4 and effect[3] for effects in content["effects"].values() for effect in effects
    )
    assert {row["effects"] for row in rows if "effects" in row} == set(content["effects"])
    columns = {column for _, _, sigma in content["substituents"] for column in sigma}
    assert {row[key] for row in rows for key in ("para", "ortho") if key in row} <= {*columns, "none"}


def test_what_a_section_leaves_out_would_not_titrate(monkeypatch):
    with MEASURED.open(encoding="utf-8", newline="") as handle:
        mols = [Chem.MolFromSmiles(row["smiles"]) for row in csv.DictReader(handle)][::5]
    found = [titration.sites(mol) for mol in mols]
    table = titration.table()
    everything = [replace(section, where=Chem.MolFromSmarts("*")) for section in table.sections]
    monkeypatch.setattr(titration, "table", lambda: replace(table, sections=tuple(everything)))
    assert [titration.sites(mol) for mol in mols] == found


def test_ortho_meta_and_para_are_told_apart():
    def pka(smiles):
        (site,) = [s for s in titration.sites(Chem.MolFromSmiles(smiles)) if not s.basic]
        return site.pka

    # CRC Handbook: 2-, 3- and 4-nitrophenol, 4-cresol, 3-chlorobenzoic and 2-methoxybenzoic acid
    for smiles, measured in (
        ("Oc1ccccc1[N+](=O)[O-]", 7.2), ("Oc1cccc(c1)[N+](=O)[O-]", 8.4), ("Oc1ccc(cc1)[N+](=O)[O-]", 7.15),
        ("Oc1ccc(C)cc1", 10.3), ("OC(=O)c1cccc(Cl)c1", 3.8), ("OC(=O)c1ccccc1OC", 4.1),
    ):  # fmt: skip
        assert pka(smiles) == pytest.approx(measured, abs=0.35), smiles


def test_atoms_keep_their_order():
    mol = Chem.MolFromSmiles("CC(=O)NS(=O)(=O)c1ccc(cc1)CCN")
    AllChem.Compute2DCoords(mol)
    made = protomers("x", mol, 7.4)[0].mol
    assert [a.GetAtomicNum() for a in made.GetAtoms()] == [a.GetAtomicNum() for a in mol.GetAtoms()]
    assert made.GetNumConformers() == 1
