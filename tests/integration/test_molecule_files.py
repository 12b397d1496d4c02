"""Files of molecules and of poses as people bring them: nothing is lost, and nothing is taken for something else."""

import gzip
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planning import planned
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from dock.campaign.given import passed_over
from dock.campaign.plan import steps_of
from dock.campaign.tables import make_table
from dock.core.errors import ChemistryError, DockError, InputError, StructureError
from dock.core.files import file_stem
from dock.docking.given import read_records
from dock.ligands.library import Entry, Library
from dock.ligands.names import safe_name, unique_name
from dock.ligands.states import PreparationSettings, prepare, states
from dock.steps.analyse import Analyse
from dock.steps.given import GivenPose

DEFAULTS = PreparationSettings()
CENTRE = (-32.67, -20.74, 1.86)  # angstrom; of the orthosteric site
END, MOLECULE_END = "$$$$\n", "M  END\n"
PHENOL, AMINE, TOLUENE = "Oc1ccccc1", "[NH3+]CCc1ccccc1", "Cc1ccccc1"


def record(smiles, title, change=lambda places: places):
    """An SDF record with hydrogens, in the orthosteric site."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    rdDistGeom.EmbedMolecule(mol, randomSeed=7)
    places = mol.GetConformer().GetPositions()
    mol.GetConformer().SetPositions(np.array(change(places - places.mean(axis=0) + CENTRE)))
    mol.SetProp("_Name", title)
    return Chem.SDWriter.GetText(mol)


PLAIN = [record(smiles, title) for smiles, title in (("CCC", "one"), ("CCO", "two"), ("CCF", "three"))]
BAD = "bad\n  x\n\n  2  1  0  0  0  0  0  0  0  0999 V2000\n    0.0 0.0 0.0 Xx  0\nM  END\n$$$$\n"


def read(path, text, **changes):
    """Name and SMILES, or the problem, of every entry of a file."""
    path.write_text(text)
    wanted = DEFAULTS.model_copy(update={"max_protomers": 1, **changes})
    found = []
    for entry in Library([path]):
        try:
            found += [(entry.name, ligand.smiles) for ligand in prepare(entry, wanted)]
        except DockError as error:
            found.append((entry.name, error.problem))
    return found


@pytest.mark.parametrize(
    "text",
    [
        "".join(PLAIN).replace(END, ""),
        "".join(PLAIN).replace(MOLECULE_END, ""),
        "".join(PLAIN).replace(END, "").replace(MOLECULE_END, "") + MOLECULE_END,
        "".join(PLAIN).replace(END, "> <id>\n1\n\n"),
        "".join(PLAIN).replace(END, "").replace(" V2000", ""),
        "".join(f"\n\n{text}" for text in PLAIN),
        PLAIN[0].replace(END, f"> <drawn>\n{PLAIN[1].removesuffix(END)}\n{END}") + PLAIN[1] + PLAIN[2],
    ],
    ids=["records", "molecules", "neither", "data fields", "no version", "blank lines", "a molecule as data"],
)
def test_records_without_their_marks_are_read_and_counted(text, tmp_path):
    assert read(tmp_path / "a.sdf", text) == [("one", "CCC"), ("two", "CCO"), ("three", "CCF")]


def test_a_record_that_breaks_off_is_refused(tmp_path):
    text = "".join(PLAIN).removesuffix(MOLECULE_END + END)
    *whole, last = read(tmp_path / "a.sdf", text)
    assert [name for name, _ in whole] == ["one", "two"]
    assert last == ("three", "breaks off: its molecule has no end ('M  END')")


def with_types(smiles, kind, chain=False):
    """A flat record whose aromatic bonds, or second bond, are of an MDL type."""
    mol = Chem.MolFromSmiles(smiles)
    chosen = [1] if chain else [bond.GetIdx() for bond in mol.GetBonds() if bond.GetIsAromatic()]
    Chem.Kekulize(mol, clearAromaticFlags=True)
    lines = Chem.SDWriter.GetText(mol).splitlines()
    for bond in chosen:
        line = 4 + mol.GetNumAtoms() + bond
        lines[line] = f"{lines[line][:6]}{kind:3d}{lines[line][9:]}"
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("kind", [4, 5, 6, 7, 8])
@pytest.mark.parametrize("smiles", ["Cc1ccncc1", "c1ccc2[nH]ccc2c1", "O=c1cc[nH]cc1"])
def test_query_bonds_in_a_ring_are_the_aromatic_ring_that_is_meant(smiles, kind, tmp_path):
    ((_, found),) = read(tmp_path / "a.sdf", with_types(smiles, kind))
    assert found == Chem.CanonSmiles(smiles)


@pytest.mark.parametrize("kind", [5, 6, 7, 8])
def test_query_bonds_in_a_chain_are_refused(kind, tmp_path):
    ((_, problem),) = read(tmp_path / "a.sdf", with_types("CCCC", kind, chain=True))
    assert problem.startswith(f"its bond 2 is of type {kind}")
    with pytest.raises(ChemistryError, match="bonds of no order"):
        states(Entry("here:1", "x", smiles="CC~C"), DEFAULTS)


def test_an_aromatic_ring_of_single_bonds_in_space_is_refused(tmp_path):
    text = record("Cc1ccncc1", "x")
    lines = [
        line[:6] + "  1" + line[9:] if line[6:12] in ("  2  0", "  4  0") else line
        for line in text.splitlines()
    ]
    ((_, problem),) = read(tmp_path / "a.sdf", "\n".join(lines))
    assert "aromatic ring" in problem
    assert read(tmp_path / "a.sdf", record("C1CCOC1", "x")) == [("x", "C1CCOC1")]


@pytest.mark.parametrize(
    ("smiles", "drug"),
    [
        ("CNC[C@H](O)[C@@H](O)[C@H](O)[C@H](O)CO.OC(=O)Cc1ccccc1Nc1c(Cl)cccc1Cl", "O=C([O-])Cc1ccccc1Nc1c(Cl)cccc1Cl"),
        ("C[N+](C)(C)CCO.[O-]C(=O)c1ccccc1O", "O=C([O-])c1ccccc1O"),
        ("NCCCC[C@H](N)C(=O)O.CC(=O)Oc1ccccc1C(=O)O", "CC(=O)Oc1ccccc1C(=O)[O-]"),
        ("c1ccc(cc1)CNCCNCc1ccccc1.OC(=O)c1ccc(Cl)cc1", "O=C([O-])c1ccc(Cl)cc1"),
        ("CCN(CC)CCOC(=O)c1ccc(N)cc1.Cl", "CC[NH+](CC)CCOC(=O)c1ccc(N)cc1"),
        ("C[N+](C)(C)CCO.OC(=O)C(O)C(O)C(=O)[O-]", "C[N+](C)(C)CCO"),
        ("Cn1c(=O)n(C)c2nc(Cl)[nH]c2c1=O.CN(C)CCOCc1ccccc1", "C[NH+](C)CCOCc1ccccc1"),
    ],
)  # fmt: skip
def test_the_drug_of_a_salt_is_kept_and_its_counter_ion_said(smiles, drug):
    (state,) = states(Entry("here:1", "x", smiles=smiles), DEFAULTS.model_copy(update={"max_protomers": 1}))
    assert Chem.MolToSmiles(state.mol) == Chem.CanonSmiles(drug)
    assert len(state.provenance.stripped) == 1


def test_two_counter_ions_that_could_each_be_the_drug_are_refused():
    with pytest.raises(ChemistryError, match="could each be meant"):
        states(Entry("here:1", "x", smiles="NC(CCCNC(N)=N)C(=O)O.NC(CCC(=O)O)C(=O)O"), DEFAULTS)


def test_isotopes_that_are_dropped_are_said():
    (state,) = states(Entry("here:1", "x", smiles="[2H]C([2H])([2H])O[13CH3]"), DEFAULTS)
    assert state.provenance.notes == "isotopes dropped: 13C, 3 x 2H"


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.smi", "CCO ethanol 96%\t46.07\n", ("ethanol 96%", "CCO")),
        ("a.smi", "CC(C)O, isopropanol\n", ("isopropanol", "CC(C)O")),
        ("a.smi", "CCO;ethanol;46\n", ("ethanol", "CCO")),
        ("a.csv", "sep=;\nname;smiles\na,b;CCO\n", ("a,b", "CCO")),
        ("a.csv", '\ufeff"sep=\t"\r\nname\tsmiles\r\na\tCCO\r\n', ("a", "CCO")),
    ],
)
def test_names_are_read_as_they_are_written(name, text, wanted, tmp_path):
    assert read(tmp_path / name, text) == [wanted]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("x" * 300, "x" * 80),
        ("\u5316" * 100, "\u5316" * 40),
        ("e\u0301", "\xe9"),
        ("..", "unnamed"),
        ("   ", "unnamed"),
        (".hidden/../x", "hidden_.._x"),
        ("CON", "CON_"),
        ("nul.sdf", "nul.sdf_"),
        ("a\u200bb\u0085c", "a b c"),
    ],
)
def test_names_that_files_can_have_are_made_of_any_title(title, name):
    assert safe_name(title) == name


def test_no_two_names_are_the_same_to_any_file_system():
    used = {}
    assert [unique_name(name, used) for name in ("a", "A", "a_2", "a", "\xc9", "e\u0301")] == [
        "a", "A_2", "a_2_2", "a_3", "\xc9", "e\u0301_2",
    ]  # fmt: skip
    stems = {file_stem("\u5316" * 100 + last) for last in "ab"}
    assert len(stems) == 2
    assert all(len(stem.encode()) <= 180 for stem in stems)


# Poses


def given_poses(path, text, **fields):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    steps, store = planned(poses={"file": str(path), **fields})
    return steps_of(steps, GivenPose), steps, store


def test_all_molecules_of_one_title_are_simulated(tmp_path):
    text = record(PHENOL, "LIG") + record(AMINE, "LIG") + record(TOLUENE, "lig") + record(PHENOL, "LIG")
    poses, steps, store = given_poses(tmp_path / "a.sdf", text)
    assert [pose.name for pose in poses] == ["LIG", "LIG_2", "lig_3"]
    assert [step.search.name for step in steps_of(steps, Analyse)] == ["LIG", "LIG_2", "lig_3"]
    assert passed_over(steps) == 1
    every, _, _ = given_poses(tmp_path / "a.sdf", text, every=True)
    assert [pose.name for pose in every] == ["LIG-1", "LIG-2", "lig-3", "LIG-4"]
    assert make_table("simulations", steps, store).empty


def test_a_bad_record_of_poses_is_counted_by_its_number_and_stops_no_other(tmp_path):
    text = record(PHENOL, "one") + BAD + record(AMINE, "three") + record(TOLUENE, "four").replace(END, "")
    packed = gzip.compress(text.encode())
    for path, content in ((tmp_path / "a.sdf", text), (tmp_path / "a.sdf.gz", packed)):
        poses, steps, _ = given_poses(path, content)
        assert [(pose.origin, pose.name) for pose in poses if pose.error] == [(f"{path.name}#2", "bad")]
        assert [step.search.origin[-2:] for step in steps_of(steps, Analyse)] == ["#1", "#3", "#4"]
        (bad,) = (pose for pose in poses if pose.error)
        with pytest.raises(ChemistryError, match=r"#2 bad: is no readable SDF record"):
            raise bad.refusal


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no poses"),
        ("\n \n", "holds no poses"),
        (BAD, r"a\.sdf#1 bad: is no readable"),
        (BAD * 2, "none of its 2 records is a pose, the first: a.sdf#1"),
        (record(AMINE, "x", lambda places: [*places[:9], *([(0.0, 0.0, 0.0)] * 12)]), "lie at one place"),
        (record(PHENOL, "x", lambda places: [*places[:-1], (0.0, 0.0, 0.0)]), "are bonded at"),
    ],
)
def test_a_file_without_a_pose_is_one_clear_line(text, problem, tmp_path):
    with pytest.raises(InputError, match=problem) as caught:
        given_poses(tmp_path / "a.sdf", text)
    assert caught.value.exit_code == 2


def test_titles_stay_in_the_tables(tmp_path):
    title = "(2R,3S)-4-[[1-oxo-2-amino]propan-2-yl]" * 10
    poses, steps, store = given_poses(tmp_path / "a.sdf", record(PHENOL, title))
    assert poses[0].name == title[:80]
    assert poses[0].title == title
    assert len(steps_of(steps, Analyse)[0].stem.encode()) < 200
    del store


# Damaged files

SOURCES = {
    "a.smi": "CCN amine\nCC(=O)Oc1ccccc1C(=O)O aspirin\nC[N+](C)(C)CCO.[Cl-]\tcholine\nCCO |&1:1| x\n",
    "a.csv": 'sep=;\nname;smiles\n"a;b";CCO\nc;Oc1ccccc1\nd;CC12CC(C1)(C2)F\n',
    "a.tsv": "id\tsmiles\nx\tCCN\ny\tc1ccccc1\n",
    "a.sdf": "".join(PLAIN) + with_types("Cc1ccncc1", 5) + BAD,
}
DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["cut", "drop", "double", "swap", "byte", "join"]),
        st.floats(0, 1),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


def damaged(text, damage):
    """A text after cuts, lost, doubled, exchanged and joined lines, and changed bytes."""
    content = text.encode()
    for kind, where, value in damage:
        lines = content.splitlines(keepends=True) or [b""]
        line = int(where * (len(lines) - 1))
        if kind == "cut":
            content = content[: int(where * len(content))]
        elif kind == "byte" and content:
            place = int(where * (len(content) - 1))
            content = content[:place] + bytes([value]) + content[place + 1 :]
        else:
            if kind == "drop":
                lines[line : line + 1 + value % 3] = []
            elif kind == "double":
                lines.insert(line, lines[line])
            elif kind == "swap":
                other = value % len(lines)
                lines[line], lines[other] = lines[other], lines[line]
            else:
                lines[line] = lines[line].rstrip(b"\r\n")
            content = b"".join(lines)
    return content


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SOURCES)), damage=DAMAGE, packed=st.booleans())
def test_damaged_files_end_in_molecules_and_typed_errors_that_add_up(name, damage, packed, tmp_path):
    content = damaged(SOURCES[name], damage)
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content) if packed else content)
    try:
        entries = list(Library([path]))
    except DockError:
        return
    prepared = failed = 0
    for entry in entries:
        try:
            prepared += bool(states(entry, DEFAULTS))
        except DockError:
            failed += 1
    assert prepared + failed == len(entries)
    assert all(one.origin != other.origin for one, other in pairwise(entries))
    if name == "a.sdf":  # every molecule that is still whole at its head is somewhere among the entries
        assert len(entries) >= min(1, content.count(b"V2000"))


POSES = record(PHENOL, "one") + record(AMINE, "two") + record(TOLUENE, "three")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=DAMAGE)
def test_damaged_poses_are_read_or_refused_one_by_one(damage, receptor, tmp_path):
    path = tmp_path / "a.sdf"
    path.write_bytes(damaged(POSES, damage))
    try:
        records = read_records(path, receptor)
    except (StructureError, DockError):
        return
    for each in records:
        assert (each.pose is None) == (each.error is not None)
        assert each.origin.startswith("a.sdf#")
        if each.pose is not None:
            assert each.pose.mol.GetNumAtoms() == Chem.AddHs(Chem.RemoveHs(each.pose.mol)).GetNumAtoms()
