"""Structure files as people bring them: what is meant is read, and every atom of them is kept or counted."""

from contextlib import suppress

import gemmi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dock.core.errors import DockError, SettingsError, StructureError
from dock.receptors.atom_lines import ATOM
from dock.receptors.entry import read_entry, split_hetero
from dock.receptors.hetero import find_hetero, list_hetero
from dock.receptors.names import amino_acid, known_residue
from dock.receptors.polymer import make_polymer
from dock.receptors.settings import ReceptorSettings, parse_site

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # of hybrid-36
STATES = {"HIS": "HISE", "LYS": "LYSH", "ASP": "ASPH", "GLU": "GLUH", "ARG": "ARGN", "CYS": "CYS2"}


@pytest.fixture(scope="module")
def raw(mirror):
    """Lines of 55 residues of the transporter, of its ligand and of a water: (protein, ligand, water)."""
    lines = (mirror / "5I71.pdb").read_text().splitlines()
    protein = [
        line for line in lines if line.startswith("ATOM") and line[21] == "A" and 96 <= number(line) <= 150
    ]
    ligand = [line for line in lines if line.startswith("HETATM") and line[17:20] == "68P"]
    return protein, ligand, [line for line in lines if line.startswith("HETATM") and line[17:20] == "HOH"][:1]


def number(line):
    return int(line[22:26])


def moved(lines, x):
    return [f"{line[:30]}{float(line[30:38]) + x:8.3f}{line[38:]}" for line in lines]


def renamed(lines, name):
    return [f"{line[:17]}{name:<4}{line[21:]}" for line in lines]


def chained(lines, name):
    """The chain's name in columns 21 and 22."""
    return [f"{line[:20]}{name:>2}{line[22:]}" for line in lines]


def in_states(lines):
    return [renamed([line], STATES.get(line[17:20], line[17:20]))[0] for line in lines]


def words(lines, separator=" "):
    return [separator.join(line.split()) for line in lines]


def read(folder, lines, name="x.pdb"):
    (folder / name).write_text("\n".join(lines) + "\n")
    return read_entry(folder / name)


def content(entry):
    """Residues of each protein chain, and every other residue."""
    return (
        {name: len(residues) for name, residues in entry.polymers.items()},
        [f"{group.key.chain}:{group.name}:{group.key.number}" for group in list_hetero(entry, [])],
    )


def places(entry, chain="A"):
    return [[atom.pos.tolist() for atom in residue] for residue in entry.polymers[chain]]


# --- PDB ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chain", ["A", " "])
def test_names_of_four_letters_are_those_of_force_fields(raw, tmp_path, chain):
    protein, ligand, water = raw
    named = [*in_states(protein), *renamed(ligand, "LIG1"), *renamed(water, "TIP3")]
    entry = read(tmp_path, [f"{line[:21]}{chain}{line[22:]}" for line in named])
    assert content(entry) == ({"A": 55}, ["A:LIG1:701", "A:HOH:901"])
    polymer = make_polymer(entry, "A", ReceptorSettings())
    assert len(polymer.residues) == 55
    assert {"HISE143 to HIS", "ASPH98 to ASP", "CYS2109 to CYS"} <= set(polymer.notes["renamed"])
    assert places(entry) == places(read(tmp_path, protein, "plain.pdb"))


def test_chains_of_two_letters_are_no_names(raw, tmp_path):
    """Histidines in chain EA are not HISE, as others are in it; a ligand's chain may have two letters as well."""
    protein, ligand, _ = raw
    lines = [*protein, *chained(moved(protein, 60), "EA"), *chained(ligand, "EB")]
    assert content(read(tmp_path, lines)) == ({"A": 55, "EA": 55}, ["EB:68P:701"])
    assert content(read(tmp_path, chained(protein + ligand, "EA"))) == ({"EA": 55}, ["EA:68P:701"])


SHIFTS = {
    "one to the right": lambda line: f"{line[:6]} {line[6:]}",
    "one to the left": lambda line: line[:6] + line[7:],
    "from the chain on": lambda line: f"{line[:21]} {line[21:]}",
    "from the chain on, to the left": lambda line: line[:20] + line[21:],
    "from the start": lambda line: f"  {line}",
    "tabs": lambda line: "\t".join(line.split()),
    "spaces": lambda line: " ".join(line.split()),
    "coordinates that touch": lambda line: line[:30] + "".join(
        f"{float(line[at : at + 8]) - 2000:8.3f}" for at in (30, 38, 46)) + line[54:],
    "serials over 99999": lambda line: f"{line[:6]}{int(line[6:11]) + 100_000}{line[11:]}",
}  # fmt: skip


@pytest.mark.parametrize("shift", SHIFTS)
def test_shifted_lines_are_read_by_their_spaces(raw, tmp_path, shift):
    protein, ligand, _ = raw
    entry = read(tmp_path, list(map(SHIFTS[shift], protein + ligand)))
    plain = read(tmp_path, protein + ligand, "plain.pdb")
    assert content(entry) == content(plain)
    assert entry.notes["shifted_lines"].startswith(str(len(protein + ligand)))
    far = 2000 if "touch" in shift else 0
    assert entry.polymers["A"][7][3].pos.x == pytest.approx(plain.polymers["A"][7][3].pos.x - far)
    assert [a.element for r in entry.chains["A"] for a in r] == [
        a.element for r in plain.chains["A"] for a in r
    ]


def test_two_letters_that_take_the_column_of_the_number(raw, tmp_path):
    """Chain AB from column 22: with three digits it looks like hybrid-36."""
    protein, ligand, _ = raw
    over = [f"{line[:21]}AB{line[23:]}" for line in protein + ligand]
    assert content(read(tmp_path, over)) == ({"AB": 55}, ["AB:68P:701"])
    beside = [f"{line[:21]}AB{line[22:]}" for line in protein + ligand]
    assert content(read(tmp_path, beside)) == ({"AB": 55}, ["AB:68P:701"])


def test_what_cannot_be_told_apart_is_refused_with_its_line(raw, tmp_path):
    protein, _, _ = raw
    glued = [line[:16] + line[17:] for line in protein]
    first = next(
        n for n, line in enumerate(protein, start=1) if len(line[12:16].rstrip()) == 4 and line[12] == " "
    )
    with pytest.raises(StructureError, match=rf"line {first} of .*x\.pdb: is no atom: 'ATOM "):
        read(tmp_path, glued)
    with pytest.raises(StructureError, match=rf"line {len(protein)} of"):
        read(tmp_path, [*protein[:-1], protein[-1][:40]])


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        (lambda line: f"{line[:22]}{number(line) + 12_000:5d}{line[27:]}", (12_096, 12_150)),
        (lambda line: f"{line[:22]}{number(line) - 200:4d}{line[26:]}", (-104, -50)),
        (lambda line: f"{line[:22]}A0{DIGITS[(number(line) - 96) // 36]}{DIGITS[(number(line) - 96) % 36]}{line[26:]}", (10_000, 10_054)),
        (lambda line: line[:54], (96, 150)),
        (lambda line: line[:66], (96, 150)),
        (lambda line: f"{line[:12]}{line[12:16].strip():<4}{line[16:66]}", (96, 150)),
        (lambda line: f"{line[:72]}9XYZ{number(line):4d}", (96, 150)),
        (str.lower, (96, 150)),
        (lambda line: f"HETATM12345{line[11:]}", (96, 150)),
        (lambda line: f"{line[:6]}*****{line[11:]}", (96, 150)),
    ],
)  # fmt: skip
def test_numbers_elements_and_short_lines(raw, tmp_path, form, numbers):
    entry = read(tmp_path, list(map(form, raw[0])))
    (residues,) = entry.polymers.values()
    assert len(residues) == 55
    assert (residues[0].seqid.num, residues[-1].seqid.num) == numbers
    assert {atom.element.name for residue in residues for atom in residue} == {"C", "N", "O", "S"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_marks_and_ends_of_lines(raw, tmp_path, encoding, end):
    (tmp_path / "x.pdb").write_bytes(end.join(["REMARK é", *raw[0]]).encode(encoding))
    assert content(read_entry(tmp_path / "x.pdb")) == ({"A": 55}, [])


def test_chains_without_a_name_are_told_apart(raw, tmp_path):
    """By TER, by numbers that begin again, or by their segments, which are names then."""
    protein, ligand, _ = raw
    nameless = chained(protein, "")
    other = chained(moved(protein, 70), "")
    for between in ([], ["TER"]):
        assert content(read(tmp_path, [*nameless, *between, *other]))[0] == {"A": 55, "B": 55}
    segments = [f"{line[:72]}{name:<4}{line[76:]}" for lines, name in ((nameless, "PROA"), (other, "PROB"))
                for line in lines]  # fmt: skip
    assert content(read(tmp_path, segments))[0] == {"PROA": 55, "PROB": 55}
    assert content(read(tmp_path, chained(protein + ligand, ""))) == ({"A": 55}, ["A:68P:701"])


def test_copies_of_a_ligand_with_one_address_are_split(raw, tmp_path):
    protein, ligand, water = raw
    second, third = moved(ligand, 30), moved(ligand, 60)
    entry = read(tmp_path, [*protein, *ligand, *second, *third])
    assert content(entry)[1] == ["A:68P:701", "A:68P:702", "A:68P:703"]
    assert entry.notes["copies"] == [f"another 68P 701 of chain A was called {n}" for n in (702, 703)]
    found = {group.key.number: group.centroid for group in list_hetero(entry, [])}
    assert found[702] - found[701] == pytest.approx([30, 0, 0], abs=1e-3)
    by_turns = read(
        tmp_path, [*protein, *(line for pair in zip(ligand, second, strict=True) for line in pair)]
    )
    assert {group.key.number: tuple(group.centroid.round(3)) for group in list_hetero(by_turns, [])} == {
        number: tuple(found[number].round(3)) for number in (701, 702)
    }
    apart = read(tmp_path, [*protein, *ligand, *water, *second])
    assert content(apart)[1] == ["A:68P:701", "A:HOH:901", "A:68P:902"]
    incomplete = read(tmp_path, [*protein, *ligand, *second[:20]])
    assert [len(group.places) for group in list_hetero(incomplete, [])] == [24, 20]


def test_one_molecule_may_have_names_that_come_again(raw, tmp_path):
    """Programs that convert files call atoms by their element alone; two of these are told apart by their bonds."""
    protein, ligand, water = raw
    plain = [f"{line[:12]} {line[76:78].strip():<3}{line[16:]}" for line in ligand]
    entry = read(tmp_path, [*protein, *plain])
    assert content(entry)[1] == ["A:68P:701"]
    assert len(list_hetero(entry, [])[0].places) == 24
    assert [
        len(group.places) for group in list_hetero(read(tmp_path, [*protein, *plain, *moved(plain, 30)]), [])
    ] == [24, 24]
    ring = [f"{line[:12]} C  {line[16:]}" for line in ligand[:9]]
    assert "given twice" not in read(tmp_path, [*protein, *ring]).notes["atoms"]
    pool = [moved(water, 3.0 * n)[0] for n in range(4)]
    assert len(content(read(tmp_path, [*protein, *pool]))[1]) == 4


def numbered(lines, code, first=1, chain="A"):
    """A ligand whose atoms are called by their element and a number that counts on from another."""
    return [
        f"{line[:12]} {line[76:78].strip() + str(at):<3}{line[16]}{code:<3} {chain}   1{line[26:]}"
        for at, line in enumerate(lines, start=first)
    ]


def test_molecules_whose_names_are_numbered_on_are_told_apart_by_their_bonds(raw, tmp_path):
    """Two copies side by side are alike; another molecule, or a water, lies too far off to be a part of it."""
    protein, ligand, _ = raw
    first = numbered(ligand, "UNL")
    for shift in (8, 30):
        entry = read(tmp_path, [*protein, *first, *numbered(moved(ligand, shift), "UNL", 25)])
        groups = list_hetero(entry, [])
        assert [(str(group), len(group.places)) for group in groups] == [
            ("UNL 1 of chain A", 24), ("UNL 151 of chain A", 24),
        ]  # fmt: skip
        assert groups[1].centroid - groups[0].centroid == pytest.approx([shift, 0, 0], abs=1e-3)
        assert entry.notes["copies"] == ["another UNL 1 of chain A was called 151"]
    other = read(tmp_path, [*protein, *first, *numbered(moved(ligand[:11], 30), "UNL", 25)])
    assert [len(group.places) for group in list_hetero(other, [])] == [24, 11]
    alone = read(tmp_path, [*protein, *first, *numbered(moved(ligand[:1], -40), "UNL", 25)])
    assert [len(group.places) for group in list_hetero(alone, [])] == [24, 1]


def test_a_molecule_that_lacks_an_atom_stays_one_and_is_named(raw, tmp_path):
    protein, ligand, _ = raw
    broken = [line for line in ligand if line[12:16].strip() != "C18"]  # in the chain to the amine
    entry = read(tmp_path, [*protein, *broken])
    assert entry.notes["loose"] == ["68P 701 of chain A"]
    assert [len(group.places) for group in list_hetero(entry, [])] == [23]
    assert "copies" not in entry.notes
    whole = read(tmp_path, [*protein, *ligand])
    assert "loose" not in whole.notes


@pytest.mark.parametrize("code", ["T3P", "SOL", "OPC", "SPC", "TP3", "WAT"])
def test_water_is_what_its_atoms_are(raw, tmp_path, code):
    protein, ligand, water = raw
    entry = read(tmp_path, [*protein, *renamed(ligand, code), *renamed(water, code)])
    assert content(entry)[1] == [f"A:{code}:701", "A:HOH:901"]
    assert [(group.kind, len(group.places)) for group in list_hetero(entry, [])] == [
        ("ligand", 24),
        ("water", 1),
    ]
    table = read(tmp_path, cif(rows(protein), rows(ligand, "B", "B", code=code)), "x.cif")
    assert content(table)[1] == [f"B:{code}:701"]
    assert {a.element for a in entry.chains["A"][55]} == {
        gemmi.Element(name) for name in ("C", "N", "O", "F")
    }


def test_a_water_may_have_sites_that_are_no_atoms(raw, tmp_path):
    protein, _, water = raw
    sites = [f"{water[0][:12]}{name:<4} TIP4{water[0][21:76]}" for name in (" OW ", " HW1", " HW2", " MW ")]
    sites = [moved([line], 0.6 * at)[0] for at, line in enumerate(sites)]
    assert content(read(tmp_path, [*protein, *sites]))[1] == ["A:HOH:901"]


def test_waters_whose_numbers_come_again_are_counted(raw, tmp_path):
    protein, _, water = raw
    entry = read(tmp_path, [*protein, *(moved(water, 3.0 * at)[0] for at in range(40))])
    assert len(content(entry)[1]) == 40
    assert entry.notes["copies"] == ["39 waters whose numbers come again were numbered on"]


@pytest.mark.parametrize("chain", ["A", "B", " "])
def test_what_is_called_unknown_is_an_amino_acid_by_its_atoms(raw, tmp_path, chain):
    protein, ligand, _ = raw
    unknown = [f"ATOM  {line[6:17]}UNK {chain}{line[22:]}" for line in ligand]
    entry = read(tmp_path, [*protein, *unknown])
    ((chains, others),) = [content(entry)]
    assert chains == {"A": 55}
    assert others == [f"{chain.strip() or 'B'}:UNK:701"]
    residue = [f"{line[:17]}UNK{line[20:]}" if number(line) == 100 else line for line in protein]
    assert content(read(tmp_path, residue)) == ({"A": 55}, [])


def over(lines, name):
    """A chain's name of two characters in columns 22 and 23."""
    return [f"{line[:21]}{name}{line[23:]}" for line in lines]


def test_chains_of_two_characters_that_another_shows_to_be_some(raw, tmp_path):
    """Numbers under 100 show that column 23 is the chain's; what then looks like hybrid-36 or thousands is none."""
    protein, ligand, _ = raw
    assert content(read(tmp_path, over(protein, "AB") + over(ligand, "CD"))) == ({"AB": 55}, ["CD:68P:701"])
    assert content(read(tmp_path, over(protein, "A1") + over(ligand, "B1"))) == ({"A1": 55}, ["B1:68P:701"])
    both = read(tmp_path, over(protein, "A1") + over(moved(protein, 60), "A2"))
    assert content(both)[0] == {"A1": 55, "A2": 55}
    thousands = [f"{line[:22]}{number(line) + 1000:4d}{line[26:]}" for line in protein]
    assert content(read(tmp_path, [*over(protein, "B1"), *moved(thousands, 60)]))[0].keys() == {"B1", "A1"}
    plain = read(tmp_path, [*over(protein, "B1"), *protein, "TER", *moved(thousands, 60)])
    assert [r.seqid.num for r in plain.polymers["A"]][::55] == [96, 1096]


def test_numbers_that_go_on_in_hexadecimals(raw, tmp_path):
    """As VMD writes them: 9999 is followed by 2710, and 2719 by 271a."""
    protein, _, water = raw
    counts = range(9_990, 10_020)
    waters = [
        f"{moved(water, 3.0 * at)[0][:21]}W{count if count < 10_000 else format(count, 'x')}{water[0][26:]}"
        for at, count in enumerate(counts)
    ]
    entry = read(tmp_path, [*protein, *(f"{w[:26]}{m[26:]}" for w, m in zip(
        waters, (moved(water, 3.0 * at)[0] for at in range(30)), strict=True))])  # fmt: skip
    assert [group.key.number for group in list_hetero(entry, [])] == list(counts)
    with pytest.raises(
        StructureError, match=rf"line {len(protein) + 1} of .*: has no residue number: '271a'"
    ):
        read(tmp_path, [*protein, f"{water[0][:22]}271a{water[0][26:]}"])


@pytest.mark.parametrize("word", ["TOM   ", "HETATOM", "ATOM- ", "#ATOM "])
def test_an_atom_whose_first_word_is_damaged_is_named(raw, tmp_path, word):
    protein = list(raw[0])
    protein[30] = word + protein[30][6:]
    entry = read(tmp_path, protein)
    (named,) = entry.notes["no_atoms"]
    assert named.startswith(f"line 31: '{word.strip()} ")
    remarks = [f"REMARK 500 {line[11:]}" for line in raw[0][:3]] + [
        f"SIGATM{line[6:]}" for line in raw[0][:3]
    ]
    assert "no_atoms" not in read(tmp_path, [*remarks, *raw[0]]).notes


def test_a_ligand_whose_number_is_taken_answers_to_the_files_name_of_its_chain(raw, tmp_path):
    protein, ligand, _ = raw
    entry = read(tmp_path, [*protein, "TER", *(f"{line[:22]} 135{line[26:]}" for line in ligand)])
    (group,) = find_hetero(list_hetero(entry, []), "A:68P:135", entry)
    assert str(group) == "68P 135 of chain B"
    assert find_hetero(list_hetero(entry, []), "B:68P:135", entry)
    with pytest.raises(StructureError, match="has no residue C:68P:135"):
        find_hetero(list_hetero(entry, []), "C:68P:135", entry)


def test_what_is_no_alternate_of_one_residue_is_named(raw, tmp_path):
    """A second name without a letter, and a second place far from the first; alternates of one place are not."""
    protein, ligand, _ = raw
    valine = [line for line in protein if number(line) == 97]
    names = read(tmp_path, [*protein[:5], *renamed(valine, "ALA"), *protein[5:]])
    assert names.notes["one_of_several"] == ["A:ALA97 kept, not VAL"]
    first, second = ([f"{line[:16]}{letter}{line[17:]}" for line in ligand] for letter in "AB")
    far = read(tmp_path, [*protein, *first, *moved(second, 30)])
    assert far.notes["one_of_several"] == ["A:68P701: A (1.00) kept, not 68P B (1.00)"]
    near = read(tmp_path, [*protein, *first, *moved(second, 1)])
    assert "one_of_several" not in near.notes


def test_names_of_four_letters_that_no_table_has(raw, tmp_path):
    """Within a chain a letter in column 21 is of the name: a residue is what its atoms are."""
    protein, _, _ = raw
    odd = [f"{line[:20]}X{line[21:]}" if line[17:20] in ("SER", "TRP") else line for line in protein]
    entry = read(tmp_path, odd)
    assert content(entry) == ({"A": 55}, [])
    assert "TRPX103 to TRP" in make_polymer(entry, "A", ReceptorSettings()).notes["renamed"]


def test_what_is_given_twice_is_kept_once_and_counted(raw, tmp_path):
    protein, ligand, _ = raw
    entry = read(tmp_path, [*protein, *ligand, *ligand])
    assert content(entry)[1] == ["A:68P:701"]
    assert entry.notes["atoms"] == {"read": len(protein) + 48, "given twice": 24, "kept": len(protein) + 24}
    assert entry.notes["given_twice"].startswith("24 atoms")
    whole = read(tmp_path, [*protein, "TER", *protein])
    assert content(whole)[0] == {"A": 55}
    assert whole.notes["atoms"]["given twice"] == len(protein)


def test_files_that_were_put_together_and_files_of_several_frames(raw, tmp_path):
    protein, ligand, _ = raw
    joined = read(tmp_path, [*protein, "END", *ligand, "END"])
    assert content(joined) == ({"A": 55}, ["A:68P:701"])
    for begin, end in (("MODEL        1", "ENDMDL"), ("REMARK", "END")):
        frames = read(tmp_path, [begin, *protein, end, begin, *moved(protein, 5), end])
        assert content(frames) == ({"A": 55}, [])
        assert frames.notes["models"] == "the first of 2 was taken"
        assert frames.notes["atoms"]["of other models"] == len(protein)
    other = read(tmp_path, ["MODEL        1", *protein, "ENDMDL", "MODEL        2", *ligand, "ENDMDL"])
    assert other.notes["models"] == "the first of 2 was taken"


@pytest.mark.parametrize("code", ["A1AAA", "LIG_B"])
def test_codes_of_five_letters_take_the_column_of_the_chain(raw, tmp_path, code):
    protein, ligand, _ = raw
    entry = read(tmp_path, [*protein, *(f"{line[:17]}{code}{line[22:]}" for line in ligand)])
    assert content(entry) == ({"A": 55}, [f"B:{code}:701"])


# --- mmCIF --------------------------------------------------------------------------------------

COLUMNS = ["group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id", "label_entity_id", "label_seq_id", "pdbx_PDB_ins_code", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id", "auth_asym_id", "pdbx_PDB_model_num"]  # fmt: skip


def rows(lines, chain="A", asym="A", shift=0, code="", numbered=True):
    """Lines as rows of an mmCIF file; hetero residues have no number in a sequence."""
    return [
        " ".join([
            line[:6].strip(), str(at), line[76:78].strip(), line[12:16].strip(), ".", code or line[17:20], asym,
            "1" if line.startswith("ATOM") else "2", str(number(line)) if line.startswith("ATOM") else ".", "?",
            *line[30:54].split(), "1.0", "50.0", str(number(line) + shift) if numbered else ".", chain, "1",
        ])
        for at, line in enumerate(lines, start=1)
    ]  # fmt: skip


def cif(*parts):
    return [
        "data_x",
        "loop_",
        *(f"_atom_site.{name}" for name in COLUMNS),
        *(row for part in parts for row in part),
    ]


@pytest.mark.parametrize(("chain", "shift"), [("AAA", 0), ("A-2", 12_000), ("AaBb", -12_000), ("1", 100_000)])
def test_chains_and_numbers_of_any_length(raw, tmp_path, chain, shift):
    protein, ligand, _ = raw
    lines = cif(rows(protein, chain, shift=shift), rows(ligand, "LLL", "B", code="LIG_B"))
    entry = read(tmp_path, lines, "x.cif")
    assert content(entry) == ({chain: 55}, ["LLL:LIG_B:701"])
    assert entry.polymers[chain][0].seqid.num == 96 + shift
    assert read(tmp_path, lines, "named_otherwise.pdb").polymers.keys() == {chain}


def test_copies_in_mmcif_are_split(raw, tmp_path):
    protein, ligand, _ = raw
    second = moved(ligand, 30)
    for asym in ("B", "C"):
        entry = read(tmp_path, cif(rows(protein), rows(ligand, asym="B"), rows(second, asym=asym)), "x.cif")
        assert content(entry) == ({"A": 55}, ["A:68P:701", "A:68P:702"])
    twin = read(tmp_path, cif(rows(protein), rows(moved(protein, 70), asym="B")), "x.cif")
    assert content(twin) == ({"A": 55, "B": 55}, [])
    nameless = read(tmp_path, cif(rows(protein), rows(ligand, "B", "B", numbered=False)), "x.cif")
    assert content(nameless)[1] == ["B:68P:1"]


def test_of_several_blocks_that_with_atoms_is_read(raw, tmp_path):
    component = ["data_LIG", "loop_", "_chem_comp_atom.comp_id", "_chem_comp_atom.atom_id", "LIG C1"]
    protein = raw[0]
    assert content(read(tmp_path, [*component, *cif(rows(protein))], "x.cif"))[0] == {"A": 55}
    both = read(
        tmp_path,
        [*cif(rows(protein)), *(line.replace("data_x", "data_y") for line in cif(rows(protein)))],
        "x.cif",
    )
    assert both.notes["blocks"] == "x was taken, not y"


@pytest.mark.parametrize("column", COLUMNS)
def test_columns_of_mmcif_that_are_left_out(raw, tmp_path, column):
    """What says nothing may be left out; without what is needed the column is named."""
    protein = raw[0][:160]
    lines = cif(rows(protein))
    at = COLUMNS.index(column)
    cut = [line for line in lines[: 2 + len(COLUMNS)] if line != f"_atom_site.{column}"]
    cut += [
        " ".join(word for place, word in enumerate(line.split()) if place != at)
        for line in lines[2 + len(COLUMNS) :]
    ]
    if column in ("type_symbol", "Cartn_y", "Cartn_z"):
        with pytest.raises(StructureError, match=f"has no column _atom_site.{column}"):
            read(tmp_path, cut, "x.cif")
    elif column in ("Cartn_x", "label_atom_id", "label_comp_id"):
        with pytest.raises(StructureError, match=r"has no atoms|Neither _atom_site"):
            read(tmp_path, cut, "x.cif")
    else:
        assert places(read(tmp_path, cut, "x.cif")) == places(read(tmp_path, lines, "y.cif"))


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parent", "state"),
    [
        ("HISE", "HIS", "HIE"), ("HISD", "HIS", "HID"), ("HISH", "HIS", "HIP"), ("HISB", "HIS", "HIE"),
        ("HSD", "HIS", "HID"), ("HSP", "HIS", "HIP"), ("LYSH", "LYS", "LYS"), ("LYN", "LYS", "LYN"),
        ("ASPH", "ASP", "ASH"), ("GLUH", "GLU", "GLH"), ("CYX", "CYS", ""), ("CYS2", "CYS", ""), ("CYM", "CYS", "CYX"),
        ("NALA", "ALA", ""), ("CALA", "ALA", ""), ("CHIE", "HIS", "HIE"), ("NCYX", "CYS", ""),
    ],
)  # fmt: skip
def test_what_names_of_force_fields_say(name, parent, state):
    meaning = amino_acid(name, ["N", "CA", "C", "O"])
    assert (meaning.parent, meaning.state) == (parent, state)
    assert known_residue(name)


def test_a_water_does_not_take_the_name_of_a_residue_with_its_number(raw, tmp_path):
    """GROMACS numbers waters on in the chain, and from 0 again after 9999."""
    protein, _, water = raw
    (solvent,) = renamed(water, "SOL")
    entry = read(tmp_path, [*in_states(protein), f"{solvent[:22]} 143{solvent[26:]}"])
    assert [name for key, name in entry.named.items() if key.number == 143] == ["HISE"]


def test_another_molecule_of_the_same_name_is_none():
    """HSE is homoserine in the PDB, HIP phosphohistidine."""
    assert amino_acid("HSE", ["N", "CA", "C", "O", "CB", "CG", "OD"]) is None
    assert amino_acid("HIP", ["N", "CA", "C", "O", "CB", "CG", "ND1", "CD2", "CE1", "NE2", "P"]) is None
    assert amino_acid("ALA", ["N", "CA", "C", "O", "CB"]) is None


def test_atoms_and_ions_get_the_names_of_the_pdb(raw, tmp_path):
    protein, _, water = raw
    charmm = [line.replace(" CD1 ILE", " CD  ILE") for line in protein]
    charmm = [line.replace(" O  ", " OT1") if number(line) == 150 else line for line in charmm]
    ions = [
        f"{line[:12]}{name:<4} {name:<4}{line[21:22]}{2000 + at:4d}{line[26:66]}"
        for at, (line, name) in enumerate(zip(water * 3, ("SOD", "CLA", "POT"), strict=True))
    ]
    entry = read(tmp_path, [*charmm, *ions])
    assert content(entry)[1] == ["A:NA:2000", "A:CL:2001", "A:K:2002"]
    assert {group.kind for group in list_hetero(entry, [])} == {"ion"}
    assert entry.notes["waters_and_ions"] == "CLA for CL, POT for K, SOD for NA in the file"
    last = {atom.name for atom in entry.polymers["A"][-1]}
    assert "O" in last
    assert "OT1" not in last
    assert all("CD1" in residue for residue in entry.polymers["A"] if residue.name == "ILE")


@pytest.mark.parametrize(
    ("text", "ligand"),
    [
        ("s=LIG1", "LIG1"), ("s=LIG_B", "LIG_B"), ("s=B:LIG_B:1", "B:LIG_B:1"), ("s=A1AAA", "A1AAA"), ("s=l01", "l01"),
        ("s=CHEMBL1201585_prodrug", "CHEMBL1201585_prodrug"), ("s=drug/1", "drug/1"), ("s=B:LIG*:*", "B:LIG*:*"),
        ("s=DG5", "DG5"), ("s=AAA:A1AAA:12001", "AAA:A1AAA:12001"), ("s=A-2:LIG_B:*", "A-2:LIG_B:*"), ("s=UNK1", "UNK1"),
    ],
)  # fmt: skip
def test_codes_of_structure_predictors_name_sites(text, ligand):
    assert parse_site(text)[1].ligand == ligand


@pytest.mark.parametrize("text", ["B:DG5", "DG5,DT6", "R:U12", "A:ASP98,B:DG5"])
def test_nucleotides_name_sites(text):
    assert parse_site(f"s={text}")[1].residues == tuple(text.split(","))


def test_what_a_code_may_have_is_said():
    with pytest.raises(SettingsError, match="a code has up to 40 letters, digits and"):
        parse_site(f"s={'x' * 41}")
    assert split_hetero("B:LIG*:*") == ("B", "LIG*", "")
    assert split_hetero("LIG*") == ("", "LIG*", "")


def test_residues_of_long_chains_and_high_numbers_name_sites():
    assert parse_site("s=AAAA:ASP12098,A-2:tyr-95")[1].residues == ("AAAA:ASP12098", "A-2:tyr-95")
    assert ReceptorSettings(smiles={"lig_b": "C"}).smiles == {"LIG_B": "C"}


# --- damage -------------------------------------------------------------------------------------


def kept_and_named(entry):
    """Every residue is in a protein chain or listed beside them; what is not used of a chain is named."""
    hetero = list_hetero(entry, [])
    total = sum(map(len, entry.chains.values()))
    assert total == len(hetero) + sum(map(len, entry.polymers.values()))
    for chain, residues in entry.polymers.items():
        try:
            polymer = make_polymer(entry, chain, ReceptorSettings())
        except DockError:
            continue
        assert len(polymer.residues) + len(polymer.notes.get("unusable", [])) == len(residues)
        assert polymer.segments()


def check(path, atoms):
    """What is read adds up, or one of our errors says why it is not read."""
    try:
        entry = read_entry(path)
    except DockError:
        return
    counts = entry.notes["atoms"]
    assert counts["read"] == atoms
    assert counts["read"] == sum(count for what, count in counts.items() if what != "read")
    assert counts["kept"] == sum(len(residue) for residues in entry.chains.values() for residue in residues)
    kept_and_named(entry)


def damaged(draw, lines):
    """Lines with what editors, scripts and wrong formats do to them."""
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        start = draw(st.integers(0, len(lines) - 1))
        end = min(len(lines), start + draw(st.sampled_from([1, 2, 9, 40, 1000])))
        part, column = lines[start:end], draw(st.integers(0, 60))
        noise = draw(st.text("AZ01 .-*?_'\"#", max_size=4))
        mark = draw(st.sampled_from(["TER", "END", "ENDMDL", "MODEL  2"]))
        kinds = {
            "delete": lambda _: [],
            "repeat": lambda part: part * 2,
            "cut": lambda part, at=column: [line[:at] for line in part],
            "insert": lambda part, at=column: [f"{line[:at]} {line[at:]}" for line in part],
            "remove": lambda part, at=column: [line[:at] + line[at + 1 :] for line in part],
            "noise": lambda part, at=column, text=noise: [
                line[:at] + text + line[at + len(text) :] for line in part
            ],
            "end": lambda part, mark=mark: [*part, mark],
            "move": lambda part: part[::-1],
            "words": words,
            "upper": lambda part: [line.swapcase() for line in part],
        }
        lines = [*lines[:start], *kinds[draw(st.sampled_from(sorted(kinds)))](part), *lines[end:]]
    return lines


FREELY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FREELY
@given(data=st.data())
def test_a_damaged_pdb_file_is_read_as_far_as_it_says_or_refused(raw, tmp_path, data):
    protein, ligand, water = raw
    lines = damaged(data.draw, [*protein[:160], "TER", *ligand, *water])
    (tmp_path / "x.pdb").write_text("\n".join(lines))
    check(tmp_path / "x.pdb", sum(ATOM.match(line) is not None for line in lines))


@FREELY
@given(data=st.data())
def test_a_damaged_mmcif_file_is_read_as_far_as_it_says_or_refused(raw, tmp_path, data):
    protein, ligand, water = raw
    head, body = cif(), [*rows(protein[:160]), *rows(ligand, asym="B"), *rows(water, asym="C")]
    lines = [*head, *damaged(data.draw, body)]
    (tmp_path / "x.cif").write_text("\n".join(lines))
    try:
        atoms = len(gemmi.cif.read_string("\n".join(lines)).sole_block().find(["_atom_site.id"]))
    except (ValueError, RuntimeError):
        atoms = -1
    check(tmp_path / "x.cif", atoms)


@settings(FREELY, max_examples=40)
@given(data=st.data())
def test_bytes_that_are_wrong_end_in_one_of_our_errors(raw, tmp_path, data):
    text = "\n".join(raw[0][:160]).encode()
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 1, 3, 8, 80, 2000]))
        text = text[:start] + data.draw(st.binary(max_size=12)) + text[start + length :]
    path = tmp_path / f"broken{data.draw(st.sampled_from(['.pdb', '.cif', '.pdb.gz']))}"
    path.write_bytes(text)
    with suppress(DockError):
        kept_and_named(read_entry(path))
