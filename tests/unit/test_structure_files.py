"""Structure files as people bring them: what is meant is read, and every atom of them is kept or counted."""

from contextlib import suppress

import gemmi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dock.core.errors import DockError, StructureError
from dock.receptors.atom_lines import ATOM
from dock.receptors.entry import read_entry
from dock.receptors.hetero import list_hetero
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
        ("s=AAA:A1AAA:12001", "AAA:A1AAA:12001"), ("s=A-2:LIG_B:*", "A-2:LIG_B:*"), ("s=UNK1", "UNK1"),
    ],
)  # fmt: skip
def test_codes_of_structure_predictors_name_sites(text, ligand):
    assert parse_site(text)[1].ligand == ligand


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
