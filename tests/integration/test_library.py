import csv
import gzip
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count, islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planning import QUICKEST, grown, planned
from processes import INTERRUPTED
from rdkit import Chem

from dock.campaign import Campaign
from dock.campaign.plan import steps_of
from dock.campaign.settings import CampaignSettings, read_settings
from dock.core.errors import (
    ChemistryError,
    DockError,
    EmbeddingError,
    LibraryError,
    OutputError,
    SettingsError,
    WorkerError,
)  # fmt: skip
from dock.core.workers import IN_FLIGHT, available_cores, in_order
from dock.ligands import Ligand
from dock.ligands.conformers import bending_atoms, embed, ring_conformers
from dock.ligands.library import Columns, Entry, Library
from dock.ligands.lines import MAX_LENGTH
from dock.ligands.names import safe_name
from dock.ligands.output import output_paths
from dock.ligands.protonation import protomers
from dock.ligands.salts import strip_salts
from dock.ligands.states import PreparationSettings, prepare, prepare_library, states
from dock.ligands.stereo import isomers
from dock.steps.ligand import PrepareLigand
from dock.steps.simulate import Simulate

DEFAULTS = PreparationSettings()


def made(smiles, **changes):
    return prepare(Entry("here:1", "x", smiles=smiles), DEFAULTS.model_copy(update=changes))


def entries(path, **columns):
    return list(Library([path], Columns(**columns)))


def told(found):
    """What a reader made of a file: origin, name, and structure or the error's class."""
    return [(e.origin, e.name, e.smiles or e.catalogue_name or type(e.error).__name__) for e in found]


# Reading


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_smiles_file_reads_the_same_whatever_its_ends_mark_and_packing(zipped, end, mark, tmp_path):
    lines = [
        "smiles name",
        "CCN amine one",
        "",
        "# a comment",
        "CCO",
        "C1CC\tring\tmore",
        "citalopram",
        "CC\x01N x",
    ]
    content = (mark + end.join(lines) + end).encode()
    path = tmp_path / ("a.smi.gz" if zipped else "a.smi")
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert told(entries(path)) == [
        (f"{path.name}:2", "amine one", "CCN"),
        (f"{path.name}:5", f"{path.name}:5", "CCO"),
        (f"{path.name}:6", "ring", "C1CC"),
        (f"{path.name}:7", "citalopram", "citalopram"),
        (f"{path.name}:8", f"{path.name}:8", "LibraryError"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "columns", "wanted"),
    [
        ("a.csv", "Name,SMILES\na,CCN\n,CCO\n", {}, [("a.csv:2", "a", "CCN"), ("a.csv:3", "a.csv:3", "CCO")]),
        ("a.csv", "x;y z\nCCN;a\n", {"smiles": "x", "name": "Y Z"}, [("a.csv:2", "a", "CCN")]),
        ("a.tsv", "id\tsmiles\na,b\tCCN\n", {}, [("a.tsv:2", "a,b", "CCN")]),
        ("a.csv", 'smiles,name\nCCN,"two\nlines"\nCCO,b\n', {}, [("a.csv:2", "two\nlines", "CCN"), ("a.csv:4", "b", "CCO")]),
        ("a.csv", 'smiles,name\nCCN,"open\nCCO,b\n', {}, [("a.csv:2", "a.csv:2", "LibraryError"), ("a.csv:3", "b", "CCO")]),
        ("a.csv", 'smiles,name\nCCN,5" pipe\nCCO,b\n', {}, [("a.csv:2", '5" pipe', "CCN"), ("a.csv:3", "b", "CCO")]),
        ("a.csv", "name,smiles\nlonely\nb,CCO\n", {}, [("a.csv:2", "lonely", "LibraryError"), ("a.csv:3", "b", "CCO")]),
        ("a.csv", "name,smiles\nM\xfcller,CCO\n".encode("latin-1"), {}, [("a.csv:2", "M\xfcller", "CCO")]),
    ],
)  # fmt: skip
def test_tables_are_read_by_their_columns(name, content, columns, wanted, tmp_path):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert told(entries(path, **columns)) == wanted


def sdf_record(smiles, name, flat=False):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    mol = Chem.RemoveHs(mol) if flat else embed(name, Chem.MolFromSmiles(smiles), 1)
    mol.SetProp("_Name", name)
    mol.SetProp("label", f"label of {name}")
    return Chem.SDWriter.GetText(mol)


def test_records_of_an_sdf_file_are_counted_and_named(tmp_path):
    path = tmp_path / "a.sdf"
    path.write_text(
        sdf_record("CCN", "one") + "junk\n$$$$\n" + sdf_record("CCO", "") + sdf_record("CCC", "last")
    )
    found = entries(path)
    assert [(e.origin, e.name) for e in found] == [
        ("a.sdf#1", "one"), ("a.sdf#2", "junk"), ("a.sdf#3", "a.sdf#3"), ("a.sdf#4", "last"),
    ]  # fmt: skip
    assert [e.name for e in entries(path, name="Label")][::3] == ["label of one", "label of last"]
    assert prepare(found[0], DEFAULTS)[0].smiles == "CC[NH3+]"
    with pytest.raises(ChemistryError, match="no readable SDF record"):
        prepare(found[1], DEFAULTS)


def test_coordinates_are_kept_as_asked(tmp_path):
    path = tmp_path / "a.sdf"
    path.write_text(sdf_record("C[C@H](N)c1ccccc1", "bent") + sdf_record("CCO", "flat", flat=True))
    bent, flat = entries(path)
    given = Chem.RemoveHs(Chem.MolFromMolBlock(bent.block)).GetConformer().GetPositions()
    keep = PreparationSettings(keep_coordinates=True)
    (kept,) = prepare(bent, keep)
    assert kept.smiles == "C[C@H]([NH3+])c1ccccc1"
    assert kept.mol.GetNumAtoms() == 9 + 12
    assert np.abs(kept.mol.GetConformer().GetPositions()[:9] - given).max() < 1e-4
    (fresh,) = prepare(bent, DEFAULTS)
    assert np.abs(fresh.mol.GetConformer().GetPositions()[:9] - given).max() > 0.1
    with pytest.raises(ChemistryError, match="no three-dimensional coordinates"):
        prepare(flat, keep)
    with pytest.raises(ChemistryError, match="no coordinates to keep"):
        made("CCO", keep_coordinates=True)


def test_a_line_that_is_too_long_costs_itself_only(tmp_path):
    path = tmp_path / "a.smi"
    path.write_text("CCN a\n" + "C" * (3 * MAX_LENGTH) + " long\nCCO b\n")
    assert told(entries(path)) == [
        ("a.smi:1", "a", "CCN"),
        ("a.smi:2", "a.smi:2", "LibraryError"),
        ("a.smi:3", "b", "CCO"),
    ]


def test_a_gzip_file_that_breaks_off_gives_what_it_holds(tmp_path):
    path = tmp_path / "a.smi.gz"
    packed = gzip.compress("".join(f"CCN n{n}\n" for n in range(50_000)).encode())
    path.write_bytes(packed[: len(packed) // 2])
    found = entries(path)
    assert 1000 < len(found) < 50_000
    assert isinstance(found[-1].error, LibraryError)
    assert "damaged after line" in str(found[-1].error)
    assert all(e.error is None for e in found[:-1])


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("absent.smi", None, "is not there"),
        ("folder.smi", "folder", "is no file"),
        ("a.smi.gz", b"CCN\n", "is no gzip file"),
        ("a.smi", "CCN a\n".encode("utf-16"), "is UTF-16"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b"a,b\nCCN,x\n", "has no column of SMILES"),
        ("a.csv", b"smiles,b\nCCN,x\n", "has no column 'id'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_before_any_work(name, content, problem, tmp_path):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(LibraryError, match=problem):
        Library([path], Columns(name="id" if "'id'" in problem else None))


def test_arguments_are_names_smiles_or_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.smi").write_text("CCN a\n")
    (tmp_path / "structures.xyz").write_text("")
    assert told(Library(["citalopram", "CCO", "a.smi"])) == [
        ("argument 1", "citalopram", "citalopram"), ("argument 2", "CCO", "CCO"), ("a.smi:1", "a", "CCN"),
    ]  # fmt: skip
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.smi").write_text("CCN a\n")
    assert [e.origin for e in Library(["a.smi", "b/a.smi"])] == ["a.smi:1", "b/a.smi:1"]
    for wrong in ("sertralin", "C1CC", "structures.xyz", "b.csv"):
        with pytest.raises(DockError) as caught:
            Library([wrong])
        assert caught.value.exit_code == 2


READABLE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.text(alphabet='CNOclno()[]=#@+-123\n\r\t,;"$> \x00', max_size=200).map(str.encode),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=READABLE,
    name=st.sampled_from(["a.smi", "a.csv", "a.tsv", "a.sdf", "a.txt"]),
    packing=st.integers(0, 2),
)
def test_no_file_ends_in_anything_but_ligands_and_typed_errors(content, name, packing, tmp_path):
    header = b"smiles,name\n" if name.endswith(("csv", "tsv")) else b""
    path = tmp_path / (name if not packing else f"{name}.gz")
    path.write_bytes([header + content, gzip.compress(header + content), content][packing])
    try:
        found = list(Library([path]))
    except DockError:
        return
    for entry in found:
        assert entry.origin.startswith(path.name)
        assert (entry.error is None) != (entry.smiles is entry.block is entry.catalogue_name is None)
        with suppress(DockError):
            assert all(state.name and state.mol.GetNumAtoms() for state in states(entry, DEFAULTS))


SMILES_PIECES = st.lists(
    st.sampled_from(["C", "N", "c1ccccc1", "[NH+]", "O", "(", ")", "=", "C1CCNCC1", ".", "Cl", "[Na+]", "S(=O)(=O)",
                     "[C@H]", "[C@@](F)", "/", "\\", "C(=O)O", "P(=O)(O)O", "[O-]", "[2H]", "n1ccnc1", "[Pt]", "|&1:1|", " "]),
    max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(smiles=SMILES_PIECES, ph=st.floats(0, 14), tautomers=st.booleans(), refuse=st.booleans())
def test_no_smiles_ends_in_anything_but_states_and_typed_errors(smiles, ph, tautomers, refuse):
    wanted = PreparationSettings(ph=ph, tautomers=tautomers, stereo="refuse" if refuse else "enumerate")
    try:
        found = states(Entry("here:1", "x", smiles=smiles), wanted)
    except DockError:
        return
    assert len({state.name for state in found}) == len(found)
    for state in found:
        assert Chem.MolFromSmiles(Chem.MolToSmiles(state.mol)) is not None
        assert state.provenance.share is None or 0 <= state.provenance.share <= 1


# Chemistry


@pytest.mark.parametrize(
    ("smiles", "protomer", "stripped"),
    [
        ("CNCC.Cl", "CC[NH2+]C", ("Cl",)),
        ("CC[NH2+]C.[Cl-]", "CC[NH2+]C", ("[Cl-]",)),
        ("[Na+].[O-]C(=O)c1ccccc1", "O=C([O-])c1ccccc1", ("[Na+]",)),
        ("CC(=O)O[Na]", "CC(=O)[O-]", ("[Na+]",)),
        ("CN(C)CCc1ccccc1.OC(=O)CC(O)(CC(=O)O)C(=O)O", "C[NH+](C)CCc1ccccc1", ("O=C(O)CC(O)(CC(=O)O)C(=O)O",)),
        ("CN(C)CCc1ccccc1.CN(C)CCc1ccccc1.OS(=O)(=O)O", "C[NH+](C)CCc1ccccc1", ("CN(C)CCc1ccccc1", "O=S(=O)(O)O")),
        ("Nc1ccccc1.[Zn+2].[Cl-].[Cl-]", "Nc1ccccc1", ("[Cl-]", "[Cl-]", "[Zn+2]")),
    ],
)  # fmt: skip
def test_salts_come_out_as_the_right_protomer_and_say_what_was_stripped(smiles, protomer, stripped):
    (ligand,) = made(smiles)
    assert ligand.smiles == Chem.CanonSmiles(protomer)
    assert ligand.provenance.stripped == stripped


def test_a_mixture_of_two_drugs_is_refused():
    both = Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O.Cn1cnc2c1c(=O)n(C)c(=O)n2C")
    with pytest.raises(ChemistryError, match="could each be meant"):
        strip_salts("both", both)
    with pytest.raises(ChemistryError, match="no organic"):
        made("[Na+].[Cl-]")


@pytest.mark.parametrize(
    ("smiles", "pka", "tolerance"),
    [
        # dissociation constants at 25 degrees: CRC Handbook of Chemistry and Physics, and the drugs' own
        ("CCN", 10.65, 0.3), ("C1CCNCC1", 11.1, 0.4), ("CN1CCCCC1", 10.1, 0.4), ("NCc1ccccc1", 9.34, 0.4),
        ("NCCO", 9.5, 0.4), ("C1CNCCN1", 9.73, 0.8), ("CN1CCN(C)CC1", 8.38, 0.5), ("C1COCCN1", 8.4, 0.5),
        ("c1ccccc1N1CCNCC1", 8.7, 0.5), ("NCCN", 9.9, 0.5), ("CCN(CC)CC(=O)Nc1c(C)cccc1C", 7.9, 0.5),
        ("Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1", 8.07, 0.5),
        ("CN1CCN(CC1)C1=Nc2cc(Cl)ccc2Nc2ccccc12", 7.6, 0.5), ("NCC#N", 5.3, 0.5), ("OC(=O)C", 4.76, 0.3),
    ],
)  # fmt: skip
def test_the_share_of_the_neutral_form_gives_the_known_pka(smiles, pka, tolerance):
    """At a pH equal to the pKa half is neutral; the pH where that is so is looked for."""
    mol = Chem.MolFromSmiles(smiles)
    neutral = Chem.MolToSmiles(mol)

    def share(ph):
        found = protomers("x", mol, ph, limit=20)
        return sum(p.share for p in found if Chem.MolToSmiles(p.mol) == neutral)

    crossing = min(np.arange(0, 14, 0.05), key=lambda ph: abs(share(ph) - 0.5))
    assert crossing == pytest.approx(pka, abs=tolerance)


@pytest.mark.parametrize(
    ("smiles", "charges"),
    [
        ("C1CNCCN1", {1}), ("NCCN", {1, 2}), ("NCCCCCCN", {2}), ("NCC(=O)O", {0}), ("NCCc1c[nH]cn1", {1}),
        ("CN(C)C(=N)NC(=N)N", {1}), ("N[C@@H](CC(=O)O)C(=O)O", {-1}), ("NC(=N)NCCC[C@H](N)C(=O)O", {1}),
        ("OP(=O)(O)OC", {-2}), ("CP(=O)(O)O", {-1, -2}), ("CC(=O)Nc1ccccc1", {0}), ("CS(=O)(=O)Nc1ccccc1", {0}),
    ],
)  # fmt: skip
def test_groups_that_feel_each_other_charge_as_they_should(smiles, charges):
    ligands = made(smiles)
    assert {ligand.charge for ligand in ligands} == charges
    assert sum(ligand.provenance.share for ligand in ligands) > 0.7
    shares = [ligand.provenance.share for ligand in ligands]
    assert shares == sorted(shares, reverse=True)


def test_a_second_protonation_of_piperazine_needs_acid():
    mol = Chem.MolFromSmiles("CN1CCN(C)CC1")
    shares = {Chem.GetFormalCharge(p.mol): p.share for p in protomers("x", mol, 3.8, limit=5)}
    assert 0.2 < shares[2] < 0.8  # pKa2 3.81


def test_charges_that_are_written_are_kept_and_given_their_share():
    (ligand,) = made("CN1CCN(C)CC1")[:1]
    assert ligand.charge == 1
    (permanent,) = made("C[N+](C)(C)CCO")
    assert (permanent.charge, permanent.provenance.share) == (1, 1.0)  # there is nothing to choose
    (unknown,) = made("CC[OH+]C")
    assert unknown.provenance.share is None
    (odd,) = made("NCC[NH3+]")
    assert odd.provenance.share == pytest.approx(0.66, abs=0.03)


def test_isomers_are_labelled_named_and_share_the_order_of_their_atoms():
    one, two = made("CNCCC(Oc1ccc(cc1)C(F)(F)F)c1ccccc1")
    assert {one.name, two.name} == {"x_R", "x_S"}
    assert {one.cip, two.cip} == {("R",), ("S",)}
    for a, b in zip(one.mol.GetAtoms(), two.mol.GetAtoms(), strict=True):
        assert {n.GetIdx() for n in a.GetNeighbors()} == {n.GetIdx() for n in b.GetNeighbors()}
    seen = [ligand.cip for ligand in made("CC=CC(N)C")]
    assert sorted(seen) == [("R", "E"), ("R", "Z"), ("S", "E"), ("S", "Z")]
    assert [ligand.name for ligand in made("C[C@H](N)CC")] == ["x"]
    assert {ligand.cip for ligand in made("C[C@H](N)c1ccccc1 |&1:1|")} == {("R",), ("S",)}
    assert {ligand.name for ligand in made("CP(=O)(O)O", ph=2.0)} == {"x", "x_p2"}  # the protons move
    assert {ligand.cip for ligand in made("COP(=S)(CC)C")} == {("R",), ("S",)}
    with pytest.raises(ChemistryError, match="undefined"):
        made("CC(N)CC", stereo="refuse")
    with pytest.raises(ChemistryError, match="128 stereoisomers, more than 32"):
        made("CC(F)C(F)C(F)C(F)C(F)C(F)C(F)CN")


def test_isomers_that_exist_on_paper_only_are_left_out_and_counted():
    ligands = made("CN1C2CCC1CC(C2)OC(=O)c1ccccc1")  # a tropane: two of the isomers on paper exist
    assert len(ligands) == 2
    assert ligands[0].provenance.impossible_isomers >= 1
    with pytest.raises(EmbeddingError):
        made("O[C@@H]1C[C@H]2CC[C@H]1C2")


def test_a_mixture_of_the_catalogue_gives_its_isomers():
    ligands = prepare(Entry("argument 1", "Citalopram", catalogue_name="Citalopram"), DEFAULTS)
    assert [(ligand.name, ligand.cip) for ligand in ligands] == [
        ("escitalopram", ("S",)),
        ("r-citalopram", ("R",)),
    ]
    assert ligands[0].provenance.input_name == "Citalopram"
    doxepin = prepare(Entry("argument 1", "doxepin", catalogue_name="doxepin"), DEFAULTS)
    assert [ligand.cip for ligand in doxepin] == [("E",), ("Z",)]
    vilazodone = prepare(Entry("argument 1", "vilazodone", catalogue_name="vilazodone"), DEFAULTS)
    assert [(ligand.charge, ligand.provenance.share) for ligand in vilazodone] == [
        (0, pytest.approx(2 / 3, abs=0.01)), (1, pytest.approx(1 / 3, abs=0.01)),
    ]  # fmt: skip


def test_tautomers_are_made_on_request_only():
    pyridone = "Oc1ccccn1"
    assert [ligand.smiles for ligand in made(pyridone)] == ["Oc1ccccn1"]
    assert {ligand.smiles for ligand in made(pyridone, tautomers=True)} == {"Oc1ccccn1", "O=c1cccc[nH]1"}
    assert len(made("CCc1ccccc1", tautomers=True)) == 1


def dihedral(mol, conformer, *atoms):
    from rdkit.Chem import rdMolTransforms

    return rdMolTransforms.GetDihedralDeg(mol.GetConformer(conformer), *atoms)


def with_rings(smiles, number):
    return ring_conformers(embed("x", Chem.MolFromSmiles(smiles), 7), number, 7)


def test_a_chair_is_found_with_its_substituent_equatorial_and_axial():
    mol = with_rings("CC1CCCCC1", 2)
    angles = [abs(dihedral(mol, n, 0, 1, 2, 3)) for n in range(mol.GetNumConformers())]
    assert angles[0] > 150  # equatorial, the lower in energy
    assert angles[1] < 90  # axial
    plain = with_rings("C1CCCCC1", 2)
    torsions = [
        np.abs([dihedral(plain, n, *ring) for ring in ((0, 1, 2, 3), (1, 2, 3, 4))]) for n in range(2)
    ]
    assert np.allclose(torsions[0], 55, atol=5)  # the chair; the other is the twist-boat
    assert torsions[1].min() < 40


def test_the_seven_membered_ring_of_clomipramine_puckers_both_ways(escitalopram):
    clomipramine = Ligand.from_catalogue("clomipramine").with_ring_conformers(4, 7)
    bridge = clomipramine.mol.GetSubstructMatch(Chem.MolFromSmarts("c[CH2][CH2]c"))
    signs = {
        np.sign(dihedral(clomipramine.mol, n, *bridge)) for n in range(clomipramine.mol.GetNumConformers())
    }
    assert signs == {1.0, -1.0}
    again = Ligand.from_catalogue("clomipramine").with_ring_conformers(4, 7)
    for one, two in zip(clomipramine.mol.GetConformers(), again.mol.GetConformers(), strict=True):
        assert np.array_equal(one.GetPositions(), two.GetPositions())
    assert bending_atoms(embed("x", Chem.MolFromSmiles("CCc1ccccc1"), 7)) == []
    assert escitalopram.mol.GetNumConformers() == 1


def test_an_acyl_group_on_a_ring_is_on_either_side():
    """No engine turns it, and of a chair and its mirror image one fits: both must be there."""
    mol = ring_conformers(embed("x", Chem.MolFromSmiles("O=C(c1ccccc1)N1CCC(C)CC1"), 7), 4, 7)
    oxygen, carbon, _, *ring = mol.GetSubstructMatch(Chem.MolFromSmarts("O=C(c)N1CCC(C)CC1"))
    turns = [
        [dihedral(mol, n, *four) for four in ((oxygen, carbon, *ring[:2]), ring[:4])]
        for n in range(mol.GetNumConformers())
    ]
    # The ring's torsion beside the oxygen is positive in one, and negative in the other.
    sides = {(abs(side) < 90) == (pucker > 0) for side, pucker in turns}
    assert sides == {True, False}, turns


def test_a_macrocycle_gets_several_conformers():
    mol = with_rings("O=C1CCCCCCCCCCCCCCO1", 5)
    assert mol.GetNumConformers() == 5
    assert with_rings("CCCCC", 5).GetNumConformers() == 1


def test_a_ligand_with_all_its_provenance_survives_its_file_and_a_process(tmp_path):
    import pickle

    entry = Entry("set.smi:12", "my/name  \u00e9", smiles="CC1CCN(C)CC1.Cl")
    (ligand, *_) = prepare(entry, DEFAULTS.model_copy(update={"ring_conformers": 3}))
    assert ligand.name == "my_name \u00e9"
    assert ligand.mol.GetNumConformers() > 1
    ligand.write(tmp_path / "x.sdf")
    for again in (Ligand.load(tmp_path / "x.sdf"), pickle.loads(pickle.dumps(ligand))):
        assert again.record() == ligand.record()
        assert again.provenance == ligand.provenance
        for one, two in zip(ligand.mol.GetConformers(), again.mol.GetConformers(), strict=True):
            assert np.array_equal(one.GetPositions(), two.GetPositions())


def test_the_label_of_a_double_bond_survives_a_file(tmp_path):
    fluvoxamine = Ligand.from_catalogue("fluvoxamine")
    fluvoxamine.write(tmp_path / "x.sdf")
    assert fluvoxamine.cip == Ligand.load(tmp_path / "x.sdf").cip == ("E",)


def test_names_become_names_of_files():
    assert safe_name("../a\\b\tc") == "_a_b c"
    assert safe_name("\x00") == "unnamed"
    assert len(safe_name("x" * 500)) == 80


def test_a_bridge_whose_sides_are_left_open_is_refused():
    """Atropine's ester, endo or exo: both can exist, which only building them tells."""
    with pytest.raises(ChemistryError, match="undefined"):
        Ligand.from_smiles("CN1C2CCC1CC(C2)OC(=O)c1ccccc1")


@pytest.mark.parametrize(
    ("smiles", "number"),
    [("OC1CC2CCC1C2", 4),  # exo and endo norborneol, of either hand
     ("CC1(C)C2CCC1(C)C(=O)C2", 2),  # camphor
     ("COC(=O)C1C2CCC(CC1OC(=O)c1ccccc1)N2C", 8)],  # cocaine, which has eight stereoisomers
)  # fmt: skip
def test_as_many_isomers_exist_as_are_known(smiles, number):
    assert len(isomers(Chem.MolFromSmiles(smiles))) == number


# Streams


def slow_or_deadly(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 5:
        time.sleep(60)
    if number == 7:
        raise ValueError("seven")
    return number * number


def process_of(_):
    time.sleep(0.02)
    return os.getpid()


def test_a_death_and_a_hang_cost_one_item_each_and_the_order_is_kept():
    outcomes = list(in_order(slow_or_deadly, range(40), str, workers=2, time_limit=2))
    assert [outcome.item for outcome in outcomes] == list(range(40))
    assert {o.item: o.result for o in outcomes if o.error is None} == {
        n: n * n for n in range(40) if n not in (3, 5, 7)
    }
    errors = {o.item: o.error for o in outcomes if o.error is not None}
    assert all(isinstance(error, WorkerError) for error in errors.values())
    assert "died" in str(errors[3])
    assert "longer than 2 s" in str(errors[5])
    assert "ValueError: seven" in str(errors[7])


def test_an_endless_stream_is_read_no_further_than_what_is_under_way():
    taken = count()
    stream = in_order(abs, (next(taken) for _ in iter(int, 1)), str, workers=2)
    assert [outcome.result for outcome in islice(stream, 1000)] == list(range(1000))
    assert next(taken) <= 1000 + 2 * IN_FLIGHT + 2
    stream.close()


def test_every_core_works():
    pids = {outcome.result for outcome in in_order(process_of, range(60), str)}
    assert len(pids) == available_cores()


def cheap_library(path, number):
    with path.open("w") as file:
        for line in range(number):
            file.write("C1CC broken\n" if line % 50 == 49 else f"CCN n{line}\n")


def resident():
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.slow
def test_thousands_of_lines_take_no_more_memory_than_hundreds(tmp_path):
    path = tmp_path / "many.smi"
    cheap_library(path, 2500)
    seen, ligands, failed = [], 0, 0
    for number, outcome in enumerate(prepare_library(Library([path]))):
        if number % 500 == 499:
            seen.append(resident())
        ligands += len(outcome.result or ())
        failed += outcome.error is not None
    assert (ligands, failed) == (2450, 50)
    assert seen[-1] - seen[0] < 20e6


# The command


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_command_counts_every_line(dock_command, tmp_path):
    (tmp_path / "a.smi").write_text("CCN one\nC1CC bad\nCC(N)CC two\nCCN one\n[Na+].[Cl-] salt\n")
    (tmp_path / "b.csv").write_text("code,structure\nq7,CCO\n,CC(=O)O\n")
    done = dock_command("ligand", "a.smi", "b.csv", "fluoxetine", "-o", "out.sdf.gz", cwd=tmp_path)
    assert done.code == 1, done.err
    table, failures = rows(tmp_path / "out.csv"), rows(tmp_path / "out.failures.csv")
    assert "8 read: 6 prepared, 2 failed (2 ChemistryError); 8 ligands" in done.out
    assert [(row["name"], row["input_name"], row["origin"], row["cip"]) for row in table] == [
        ("one", "one", "a.smi:1", ""), ("two_S", "two", "a.smi:3", "S"), ("two_R", "two", "a.smi:3", "R"),
        ("one_2", "one", "a.smi:4", ""), ("b.csv:2", "b.csv:2", "b.csv:2", ""), ("b.csv:3", "b.csv:3", "b.csv:3", ""),
        ("s-fluoxetine", "fluoxetine", "argument 3", "S"), ("r-fluoxetine", "fluoxetine", "argument 3", "R"),
    ]  # fmt: skip
    assert [(row["origin"], row["name"], row["reason"]) for row in failures] == [
        ("a.smi:2", "bad", "ChemistryError"), ("a.smi:5", "salt", "ChemistryError"),
    ]  # fmt: skip
    with gzip.open(tmp_path / "out.sdf.gz", "rt") as file:
        assert file.read().count("$$$$") == 8
    assert "Traceback" not in done.err + done.out
    named = dock_command("ligand", "b.csv", "--name-column", "code", "-o", "named.sdf", cwd=tmp_path)
    assert named.code == 0, named.err
    assert rows(tmp_path / "named.failures.csv") == []
    assert [row["name"] for row in rows(tmp_path / "named.csv")] == ["q7", "b.csv:3"]


def test_the_command_says_when_nothing_can_be_prepared(dock_command, tmp_path):
    done = dock_command("ligand", "citalopram", "--stereo", "refuse", "-o", "x.sdf", cwd=tmp_path)
    assert done.code == 2
    assert "escitalopram or r-citalopram" in done.err
    assert len(rows(tmp_path / "x.failures.csv")) == 1
    (tmp_path / "empty.smi").write_text("# nothing\n")
    done = dock_command("ligand", "empty.smi", "-o", "y.sdf", cwd=tmp_path)
    assert done.code == 2
    assert "holds no molecules" in done.err


def test_outputs_never_replace_an_input(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("smiles\nCCN\n")
    with pytest.raises(OutputError, match="one of the inputs"):
        output_paths(tmp_path / "a.sdf", [path])
    with pytest.raises(OutputError, match="does not end in"):
        output_paths(tmp_path / "a.csv")
    assert path.read_text() == "smiles\nCCN\n"


def test_a_command_that_is_stopped_leaves_nothing_behind(tmp_path):
    cheap_library(tmp_path / "many.smi", 20_000)
    command = [sys.executable, "-m", "dock.cli.main", "ligand", "many.smi", "-o", "out.sdf"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and not list(tmp_path.glob(".*")):  # until it writes
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode in INTERRUPTED
    assert "stopped; nothing was written" in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["many.smi"]


# Campaigns


def test_a_file_of_ligands_becomes_tasks(tmp_path):
    (tmp_path / "set.csv").write_text(
        "drug,structure\nfluox,CNCCC(c1ccccc1)Oc1ccc(cc1)C(F)(F)F\nbad,C1CC\nsertraline,sertraline\n"
    )
    (tmp_path / "c.yaml").write_text(
        "ligands: [sertraline, {file: set.csv, name_column: drug}]\nsites: [orthosteric]\n"
    )
    settings = read_settings(tmp_path / "c.yaml")
    steps, _ = grown(settings, tmp_path / "run")
    names = [ligand.name for ligand in steps_of(steps, PrepareLigand)]
    assert names[0] == "sertraline"
    assert set(names[1:3]) == {"fluox_R", "fluox_S"}
    assert names[3:] == ["bad", "sertraline_2", "escitalopram"]  # the last for the redocking gate
    assert len(steps_of(steps, Simulate)) == 4 * 3  # replicas
    unread, _ = planned(settings)  # what a region is drawn around is not known yet
    assert [ligand.name for ligand in steps_of(unread, PrepareLigand)] == ["sertraline", "escitalopram"]
    assert not steps_of(unread, Simulate)
    assert CampaignSettings(**settings.model_dump(mode="json")) == settings
    for wrong, problem in (
        ("{file: absent.csv}", "not there"),
        ("{file: set.csv, preparation: {ph: 5}}", "whole campaign"),
    ):
        (tmp_path / "d.yaml").write_text(f"ligands: [{wrong}]\n")
        with pytest.raises((LibraryError, SettingsError), match=problem):
            planned(read_settings(tmp_path / "d.yaml"))


def test_a_bad_line_is_counted_and_names_survive_to_the_tables(tmp_path, dock_command):
    (tmp_path / "set.smi").write_text("NCCc1c[nH]c2ccc(O)cc12 5-HT sample\nC1CC bad\n")
    (tmp_path / "c.yaml").write_text(QUICKEST + "ligands: [{file: set.smi}]\n")
    done = dock_command("run", "c.yaml", "-o", "run", cwd=tmp_path)
    assert done.code == 1, done.out + done.err
    campaign = Campaign.open(tmp_path / "run")
    assert campaign.complete
    failures = campaign.table("failures")
    assert failures[["ligand", "input_name", "origin"]].to_numpy().tolist() == [["bad", "bad", "set.smi:2"]]
    assert failures.iloc[0]["reason"] == "ChemistryError"
    for name in ("poses", "simulations", "ligands"):
        table = pd.read_csv(tmp_path / "run" / "tables" / f"{name}.csv")
        mine = table[table["ligand"] == "5-HT sample"]
        assert len(mine)
        assert set(mine["origin"]) == {"set.smi:1"}
    assert (tmp_path / "run" / "ligands" / "5-HT sample.sdf").exists()
