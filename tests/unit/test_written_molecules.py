"""What people write beside a molecule, and around it: counter-ions, names, columns."""

import logging

import pytest
from click.testing import CliRunner
from planning import planned
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from dock.campaign.settings import read_settings
from dock.cli import init
from dock.core import catalogue
from dock.core.errors import ChemistryError, LibraryError, WorkerError
from dock.core.workers import in_order
from dock.ligands import Ligand, stereo
from dock.ligands.counter_ions import DRUG, HARDLY, NEVER, OFTEN, RANKS, SELDOM, drug_rank
from dock.ligands.library import Columns, Library
from dock.ligands.salts import strip_salts
from dock.ligands.states import PreparationSettings, states
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


def test_an_error_that_cannot_be_sent_from_a_worker_is_told_by_its_own_text():
    (outcome,) = in_order(stereo.constitution, [None], "item {}".format)
    assert isinstance(outcome.error, WorkerError)
    assert str(outcome.error).startswith("item None: ArgumentError: Python argument types in")


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


# What stands within a SMILES


@pytest.mark.parametrize(
    "smiles",
    [
        "CC(=O)Oc1ccccc1 C(=O)O", "CC\nO", "CC(=O)\r\nO", "C C", "CCO\tethanol", "CCO |$;;OH$| ethanol", "CCO || x",
        "Cc1ccccc1/C=N\x85", "CC/N=N\n1cccc1", "F/C=C\u2029", "C/C=C\xa0", "O/N=C\x08", "C\u200bC", "\ufeffCC",
    ],
)  # fmt: skip
def test_a_smiles_in_pieces_is_refused_by_every_route(smiles):
    routes = (
        lambda: stereo.parse_smiles("x", smiles),
        lambda: Ligand.from_smiles(smiles, "x"),
        lambda: Ligand.named(smiles),
        lambda: Library([smiles]),
        lambda: PrepareLigand.written("x", smiles, 7.4),
    )
    for route in routes:
        with pytest.raises(ChemistryError, match="in one piece, and in YAML in 'single quotes'"):
            route()


def test_blanks_around_a_smiles_and_the_extension_behind_it_belong_there():
    assert stereo.parse_smiles("x", " CCO\n").GetNumAtoms() == 3
    assert stereo.parse_smiles("x", "CCO |$;;an alcohol$|").GetNumAtoms() == 3
    assert Ligand.named("CCO\n").name == "CCO"


def test_a_cell_that_holds_a_smiles_in_pieces_is_refused(tmp_path):
    content = 'name,smiles\naspirin,CC(=O)Oc1ccccc1 C(=O)O\nbupropion,"CC(NC(C)(C)C)C(=O)\nc1cccc(Cl)c1"\n'
    path = tmp_path / "a.csv"
    path.write_text(content)
    for entry in Library([path]):
        with pytest.raises(ChemistryError, match="white space in it"):
            states(entry, PreparationSettings())


@pytest.mark.parametrize("smiles", ["Cc1ccccc1/C=N\\N", "CC/N=N\\n1cccc1", "CC(=O)Oc1ccccc1\n      C(=O)O"])
def test_a_campaign_that_cuts_a_smiles_is_refused(smiles, tmp_path):
    quotes = '"' if "\\" in smiles else ""
    path = tmp_path / "a.yaml"
    path.write_text(f"receptor: sert\nligands:\n  - name: mine\n    smiles: {quotes}{smiles}{quotes}\n")
    with pytest.raises(ChemistryError, match=r"mine: .*single quotes"):
        planned(read_settings(path))


def test_a_name_of_the_catalogue_before_a_smiles_is_no_structure(tmp_path):
    content = "cocaine\tCOC(=O)C1C(CC2CCC1N2C)OC(=O)c1ccccc1\nserotonin\tCCO\nserotonin mine\nserotonin\nCCO serotonin\n"
    path = tmp_path / "a.txt"
    path.write_text(content)
    *wrong, mine, bare, named = Library([path])
    for entry, name in zip(wrong, ("cocaine", "serotonin"), strict=True):
        assert isinstance(entry.error, LibraryError)
        assert f"has the name {name} where its SMILES should stand" in str(entry.error)
    assert (mine.catalogue_name, mine.name) == ("serotonin", "mine")
    assert (bare.catalogue_name, named.smiles, named.name) == ("serotonin", "CCO", "serotonin")


def test_the_numbers_of_a_reactions_atoms_are_dropped():
    mapped, plain = (
        Ligand.from_smiles("[CH3:9][C@H:2]([OH:4])[NH2:1]", "x"),
        Ligand.from_smiles("C[C@H](O)N", "x"),
    )
    assert mapped.smiles == plain.smiles == Chem.CanonSmiles("C[C@H](O)[NH3+]")
    assert (mapped.mol.GetConformer().GetPositions() == plain.mol.GetConformer().GetPositions()).all()
    with_hydrogen = Ligand.from_smiles("[CH3:1][O:2][H:3]", "x")
    assert with_hydrogen.smiles == "CO"


# Files


def test_text_of_windows_is_read_as_such(tmp_path):
    content = "name,smiles\n5\u2013HT\u2019s amine \u20ac,CCO\nMüller,CCN\n"
    assert read(tmp_path / "a.csv", content, "cp1252") == [
        ("5\u2013HT\u2019s amine \u20ac", "CCO"),
        ("Müller", "CCN"),
    ]
    assert read(tmp_path / "a.csv", content) == [("5\u2013HT\u2019s amine \u20ac", "CCO"), ("Müller", "CCN")]
    odd = read(tmp_path / "a.csv", b"name,smiles\n\x81a,CCO\n")
    assert odd == [("\x81a", "CCO")]


def test_an_empty_gzip_file_is_said_to_be_empty(tmp_path):
    with pytest.raises(LibraryError, match="is empty"):
        read(tmp_path / "a.sdf.gz", b"")


def test_a_row_with_more_cells_than_the_header_loses_none(tmp_path):
    path = tmp_path / "a.csv"
    assert read(path, "smiles,name\nCCO,N,N-dimethyl\nCCN,a,,\n") == [("N,N-dimethyl", "CCO"), ("a", "CCN")]
    assert read(path, "name,smiles\nN,N-dimethyl,CCO\nb,CCN\n") == [
        ("a.csv:2", "has 3 columns, the header 2"),
        ("b", "CCN"),
    ]


MOLECULE = """{title}
     RDKit          2D

  2  1  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.0000 C   0  0
    1.2990    0.7500    0.0000 {element}   0  0
  1  2  1  0
M  END
"""


def molecules(texts, tmp_path):
    path = tmp_path / "a.sdf"
    path.write_text("".join(texts))
    found = []
    for entry in Library([path]):
        (state, *_) = states(entry, PreparationSettings())
        found.append((entry.name, Chem.MolToSmiles(state.mol)))
    return found


def test_a_molecule_after_a_data_field_without_a_value_is_no_value(tmp_path):
    one, two, three = (MOLECULE.format(title=f"m{n}", element=each) for n, each in enumerate("OFC"))
    wanted = [("m0", "CO"), ("m1", "CF"), ("m2", "CC")]
    tag, end = "> <note>\n", "$$$$\n"
    assert molecules([one, tag, two, tag, three, tag], tmp_path) == wanted
    assert molecules([one, tag, two, end, three, end], tmp_path) == wanted
    assert molecules([one, tag, "\n", two, tag, "\n", three], tmp_path) == wanted
    # the value of a field, which ends with a blank line, with and without a remark before it
    for value in (two, f"a remark\n{two}"):
        text = [one, tag, value, "\n> <x>\n1\n\n", end, two, end, three, end]
        assert molecules(text, tmp_path) == wanted


def test_files_that_were_joined_without_an_end_of_line(tmp_path):
    one, two = (MOLECULE.format(title=f"m{n}", element=each) for n, each in enumerate("OF"))
    assert molecules([one.rstrip("\n"), two.rstrip("\n")], tmp_path) == [("m0", "CO"), ("m1", "CF")]
    assert molecules([one.rstrip("\n"), "$$$$\n", two.rstrip("\n"), "$$$$"], tmp_path) == [
        ("m0", "CO"),
        ("m1", "CF"),
    ]


def test_the_command_that_init_names_can_be_pasted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(init.command, ["-o", "a é.yaml"])
    assert done.output.strip() == "written: a é.yaml; run it with: dock run 'a é.yaml'"
