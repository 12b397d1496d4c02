"""What people write beside a molecule, and around it: counter-ions, names, columns."""

import logging

import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from dock.core import catalogue
from dock.core.errors import ChemistryError, WorkerError
from dock.core.workers import in_order
from dock.ligands import Ligand
from dock.ligands.counter_ions import DRUG, HARDLY, NEVER, OFTEN, RANKS, SELDOM, drug_rank
from dock.ligands.library import Columns, Library
from dock.ligands.salts import strip_salts
from dock.ligands.states import PreparationSettings
from dock.steps.library import ReadLibrary
from dock.steps.ligand import PrepareLigand


def read(path, content, encoding="utf-8", **columns):
    """The entries of a file: name and SMILES, or the error."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return [
        (entry.name, entry.smiles or entry.catalogue_name or entry.error.problem)
        for entry in Library([path], Columns(**columns))
    ]


def salt(smiles):
    drug, stripped = strip_salts("x", Chem.MolFromSmiles(smiles))
    return Chem.MolToSmiles(drug), stripped


# Counter-ions


@pytest.mark.parametrize(
    "anion",
    [
        "F[P-](F)(F)(F)(F)F", "F[As-](F)(F)(F)(F)F", "F[Sb-](F)(F)(F)(F)F", "F[B-](F)(F)F", "F[Si-2](F)(F)(F)(F)F",
        "F[P-](F)(F)(C(F)(F)C(F)(F)F)(C(F)(F)C(F)(F)F)C(F)(F)C(F)(F)F", "[O-]Cl(=O)(=O)=O", "Cl[Al-](Cl)(Cl)Cl",
    ],
)  # fmt: skip
def test_anions_that_no_proton_neutralises_are_stripped_as_they_are(anion):
    assert salt(f"C[N+](C)(C)C.{anion}") == ("C[N+](C)(C)C", (Chem.CanonSmiles(anion),))


def raises_what_cannot_be_sent(_):
    Chem.MolToSmiles(None)


def test_an_error_that_cannot_be_sent_from_a_worker_is_told_by_its_own_text():
    (outcome,) = in_order(raises_what_cannot_be_sent, [1], "item {}".format)
    assert isinstance(outcome.error, WorkerError)
    assert str(outcome.error).startswith("item 1: ArgumentError: Python argument types in")


@pytest.mark.parametrize(
    ("partner", "formula", "list_of_it"),
    [
        ("tripromine", "C9H21NO3", HARDLY), ("diglycolamine", "C4H11NO2", HARDLY), ("BAPMA", "C7H19N3", HARDLY),
        ("ferulate", "C10H10O4", SELDOM), ("styphnate", "C6H3N3O8", NEVER), ("docusate", "C20H38O7S", OFTEN),
        ("bunapsilate", "C18H24O6S2", NEVER), ("2-hydroxy-1-naphthoate", "C11H8O3", HARDLY),
        ("BArF", "C32H12BF24-", NEVER), ("4-chlorophenoxyacetate", "C8H7ClO3", OFTEN),
    ],
)  # fmt: skip
def test_partners_of_drugs_are_stripped(partner, formula, list_of_it):
    mol = Chem.MolFromSmiles(list_of_it[partner])
    assert CalcMolFormula(mol) == formula
    assert salt(f"{list_of_it[partner]}.CN1CCC(=C2c3ccccc3C=Cc3ccccc32)CC1") == (
        "CN1CCC(=C2c3ccccc3C=Cc3ccccc32)CC1",
        (Chem.MolToSmiles(mol),),
    )


def test_what_is_taken_for_its_own_sake_is_the_drug_beside_what_is_not():
    assert salt("COc1cc(C=CC(=O)[O-])ccc1O.[Na+]")[0] == "COc1cc(C=CC(=O)O)ccc1O"  # sodium ferulate
    assert salt("COc1cc(C=CC(=O)O)ccc1O.OCCN(CCO)CCO")[1] == ("OCCN(CCO)CCO",)
    for both in (
        "COc1cc(C=CC(=O)O)ccc1O.NCCCCC(N)C(=O)O",
        "CC(=O)Oc1ccccc1C(=O)O.Cn1cnc2c1c(=O)n(C)c(=O)n2C",
    ):
        with pytest.raises(ChemistryError, match="could each be meant"):
            salt(both)


def test_no_counter_ion_is_listed_twice_and_none_is_a_ligand_of_the_catalogue():
    ranks = {}
    for rank, names in enumerate(RANKS):
        for smiles in names.values():
            key = Chem.CanonSmiles(smiles)
            assert ranks.setdefault(key, rank) == rank
    drugs = [catalogue.ligand(name).smiles for name in catalogue.ligands()]
    assert {drug_rank(Chem.MolFromSmiles(smiles)) for smiles in drugs if smiles} == {DRUG}


def test_a_salt_is_stripped_and_told_of_by_every_route():
    salt_of_dmt = "CN(C)CCc1c[nH]c2ccccc12.Cl"
    for ligand in (Ligand.from_smiles(salt_of_dmt), Ligand.named(salt_of_dmt)):
        assert ligand.smiles == "C[NH+](C)CCc1c[nH]c2ccccc12"
        assert ligand.record()["stripped"] == ["Cl"]
    assert PrepareLigand.written("dmt", salt_of_dmt, 7.4).smiles == salt_of_dmt
    with pytest.raises(ChemistryError, match="could each be meant"):
        PrepareLigand.written("both", "CC(=O)Oc1ccccc1C(=O)O.Cn1cnc2c1c(=O)n(C)c(=O)n2C", 7.4)


# Names


@pytest.mark.parametrize(
    ("line", "name", "smiles"),
    [
        ("C[C@H](O)C(N)=O |&1:1|\tlactamide", "lactamide", "C[C@H](O)C(N)=O |&1:1|"),
        ("C[C@H](O)C(N)=O |&1:1,r| lactamide rac", "lactamide rac", "C[C@H](O)C(N)=O |&1:1,r|"),
        ("C[C@H](O)C(N)=O |a:1|\tlac\tx", "lac", "C[C@H](O)C(N)=O |a:1|"),
        ("CCO |$;;OH$|\tlabelled", "labelled", "CCO |$;;OH$|"),
        ("CCO |$;;OH$|,labelled,46", "labelled", "CCO |$;;OH$|"),
        ('"CCO","ethanol, abs."', "ethanol, abs.", "CCO"),
        ('"CCO"\t"ethanol"', "ethanol", "CCO"),
        ('"C[C@H](O)C(N)=O |a:1,r|",lac', "lac", "C[C@H](O)C(N)=O |a:1,r|"),
        ("CCO, ethanol, abs.", "ethanol, abs.", "CCO"),
        ("CCO;ethanol;46", "ethanol", "CCO"),
        ("CCO ethanol 96%\t46.07", "ethanol 96%", "CCO"),
        ("CCO ethanol |x|", "ethanol |x|", "CCO"),
    ],
)
def test_a_line_of_a_smiles_file_is_a_smiles_then_a_name(line, name, smiles, tmp_path):
    assert read(tmp_path / "a.smi", line + "\n") == [(name, smiles)]


@pytest.mark.parametrize("suffix", ["smi", "txt", "csv", "tsv"])
@pytest.mark.parametrize(
    "content",
    [
        "sep=;\nsmiles;name\nCCO;a\n", "sep= ;\nsmiles;name\nCCO;a\n", '"sep=;"\n"smiles";"name"\n"CCO";"a"\n',
        "sep=|\nsmiles|name\nCCO|a\n", "sep=;\nid;mw;smiles\na;46,07;CCO\n", "sep=\t\nsmiles\tname\nCCO\ta\n",
    ],
)  # fmt: skip
def test_a_separator_that_is_told_is_no_line_of_any_format(suffix, content, tmp_path):
    assert read(tmp_path / f"a.{suffix}", content) == [("a", "CCO")]


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\nCCO;a\n", '"mol","name","weight"\n"CCO","a",46.07\n', "id\tsmiles\n# remark\na\tCCO\n", "SMILES\nCCO a\n",
        "smiles\tmw\tname\nCCO\t46.07\ta\n", "smiles name\nCCO a\n", "Name,Isomeric SMILES\n\na,CCO\n",
    ],
)  # fmt: skip
def test_a_smiles_file_may_be_a_table(content, tmp_path):
    assert read(tmp_path / "a.txt", content) == [("a", "CCO")]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("SMILES,Catalog ID,MW", "CCO,a,46"), ("SMILES,compound_id", "CCO,a"), ("Molecule ChEMBL ID;Smiles", "a;CCO"),
        ('"ChEMBL ID";"Name";"Smiles"', '"a";"";"CCO"'), ("smiles,mol_id", "CCO,a"), ("CAS,SMILES", "a,CCO"),
        ("zinc_id,smiles", "a,CCO"), ("cid,cmpdname,cmpdsynonym,mw,isosmiles", "702,a,b|c,46,CCO"), ("CID,SMILES", "a,CCO"),
        ("SMILES,Molport Id", "CCO,a"), ("SMILES,IDNUMBER", "CCO,a"), ("DrugBank ID,SMILES", "a,CCO"),
        ("BindingDB MonomerID,Ligand SMILES", "a,CCO"),
    ],
)  # fmt: skip
def test_the_columns_that_databases_export_are_known(header, row, tmp_path):
    assert read(tmp_path / "a.csv", f"{header}\n{row}\n") == [("a", "CCO")]


def test_the_column_that_says_more_of_the_molecule_is_read(tmp_path):
    header, row = "CID,{},{},Title", "1,CC(N)C(=O)O,C[C@H](N)C(=O)O,ala"
    for flat, full in (("canonical_smiles", "isomeric_smiles"), ("SMILES", "Isomeric_SMILES")):
        content = f"{header.format(flat, full)}\n{row}\n"
        assert read(tmp_path / "a.csv", content) == [("ala", "C[C@H](N)C(=O)O")]
        assert read(tmp_path / "a.csv", content, smiles=flat) == [("ala", "CC(N)C(=O)O")]


def test_a_table_without_names_says_so_once(tmp_path, caplog):
    path = tmp_path / "a.csv"
    assert read(path, "smiles,mw\nCCO,46\nCCN,45\n") == [("a.csv:2", "CCO"), ("a.csv:3", "CCN")]
    (remark,) = Library([path]).remarks
    assert "none of its columns (smiles, mw)" in remark
    assert "--name-column" in remark
    with caplog.at_level(logging.WARNING):
        list(ReadLibrary.parts(path, Columns(), PreparationSettings()))
    assert caplog.messages == [remark]
    assert Library([path], Columns(name="mw")).remarks == []


def test_a_record_without_a_title_has_the_name_of_its_usual_data_field(tmp_path):
    mol = Chem.MolFromSmiles("CCO")
    path = tmp_path / "a.sdf"
    with Chem.SDWriter(str(path)) as writer:
        for title, number in (("", "Z1"), ("ethanol", "Z2"), ("", "")):
            mol.SetProp("_Name", title)
            mol.SetProp("Catalog ID", number)
            writer.write(mol)
    assert [entry.name for entry in Library([path])] == ["Z1", "ethanol", "a.sdf#3"]
    assert [entry.name for entry in Library([path], Columns(name="catalog id"))] == ["Z1", "Z2", "a.sdf#3"]
