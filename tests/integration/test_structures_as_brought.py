"""Structures with names that force fields, predictors and large assemblies give, prepared and typed for docking."""

import numpy as np
import pytest

from dock.docking.pdbqt import places, receptor_pdbqt
from dock.receptors import Receptor
from dock.receptors.preparation import prepare
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings, parse_site
from dock.report.view import lining_selections, scene_pdb

GROMACS = {"HIS": "HISH", "GLU": "GLUH", "ARG": "ARGN", "CYS": "CYS2"}


@pytest.fixture(scope="module")
def lines(mirror):
    """Residues 126 to 150 of the transporter, one of them a histidine."""
    raw = (mirror / "5I71.pdb").read_text().splitlines()
    return [
        line for line in raw if line.startswith("ATOM") and line[21] == "A" and 126 <= int(line[22:26]) <= 150
    ]


def test_states_are_as_the_file_names_them_and_what_is_left_out_is_said(lines, tmp_path):
    """HISH and GLUH keep protons that PROPKA would take; a second chain is named."""
    named = [f"{line[:17]}{GROMACS.get(line[17:20], line[17:20]):<4}{line[21:]}" for line in lines]
    other = [f"{line[:21]}B{line[22:30]}{float(line[30:38]) + 60:8.3f}{line[38:]}" for line in lines]
    (tmp_path / "x.pdb").write_text("\n".join([*named, "TER", *other[:100]]) + "\n")
    preparation = prepare(str(tmp_path / "x.pdb"))
    record = preparation.record
    protonation = record["completion"]["protonation"]
    assert protonation["histidines"] == {"HIS143": "HD1+HE2"}
    assert protonation["named_against_propka"]["GLU136"].startswith("GLH by its name GLUH; PROPKA: pKa ")
    assert list(protonation["named_otherwise"]) == ["ARG144"]
    protons = {(a.residue.id, a.name) for a in preparation.topology.atoms()}
    assert ("136", "HE2") in protons
    warnings = " | ".join(record["warnings"])
    assert "protein chains left out: B (13 residues)" in warnings
    assert "kept as named: GLU136 (GLH" in warnings
    assert "take the column of a chain: ARGN, CYS2, GLUH, HISH" in warnings
    settings = ReceptorSettings(protonation={"GLU136": "GLU"})
    again = prepare(str(tmp_path / "x.pdb"), settings).record["completion"]["protonation"]
    assert list(again["overridden"]) == ["GLU136"]  # the settings come first


@pytest.fixture(scope="module")
def far(mirror, tmp_path_factory):
    """The surroundings of the ligand as mmCIF, in chain AAAA with numbers over 12000; the ligand is LIG_B."""
    columns = [
        "group_PDB",
        "id",
        "type_symbol",
        "label_atom_id",
        "label_comp_id",
        "label_asym_id",
        "label_seq_id",
        "Cartn_x",
        "Cartn_y",
        "Cartn_z",
        "auth_seq_id",
        "auth_asym_id",
    ]
    rows = []
    for line in (mirror / "5I71.pdb").read_text().splitlines():
        protein = line.startswith("ATOM") and line[21] == "A" and 90 <= int(line[22:26]) <= 125
        if not protein and line[17:20] != "68P":
            continue
        if not line.startswith(("ATOM", "HETATM")):
            continue
        number = int(line[22:26])
        name = [line[17:20], "A", str(number)] if protein else ["LIG_B", "B", "."]
        author = [str(number + 12_000), "AAAA"] if protein else ["1", "LLL"]
        rows.append([line[:6].strip(), line[6:11].strip(), line[76:78].strip(), line[12:16].strip(), *name,
                     *line[30:54].split(), *author])  # fmt: skip
    path = tmp_path_factory.mktemp("far") / "x.cif"
    head = ["data_x", "loop_", *(f"_atom_site.{column}" for column in columns)]
    path.write_text("\n".join([*head, *map(" ".join, rows)]) + "\n")
    smiles = "CN(C)CCCC1(OCc2cc(C#N)ccc12)c1ccc(F)cc1"
    sites = dict([parse_site("pocket=LIG_B"), parse_site("other=ASP12098")])
    found = prepare(str(path), ReceptorSettings(sites=sites, smiles={"LIG_B": smiles}, add_ions=False))
    return Receptor("far", found.topology, found.positions, found.sites, found.bound.references, found.record)


def test_long_chains_and_high_numbers_are_typed_for_docking(far):
    """Every residue around the box is there, with its atoms where they are; users see the author's names."""
    assert far.site("other").residues == ("ASP12098",)
    assert {"TYR12095", "ASP12098"} <= set(far.site("pocket").residues)
    assert far.references["pocket"].GetProp("_Name") == "LIG_B"
    assert not far.fits_pdb
    text = receptor_pdbqt(far, far.site("pocket"))
    typed = places(line for line in text.splitlines() if line.startswith("ATOM"))
    index = next(a.index for a in far.topology.atoms() if a.residue.id == "12098" and a.name == "CG")
    assert np.linalg.norm(typed - far.positions[index] * 10, axis=1).min() < 0.001


def test_what_is_drawn_of_a_site_is_that_site(far):
    """The view's text has addresses of its own; selections go by the same."""
    drawn = {(one["chain"], one["resi"]) for one in lining_selections(far, "pocket")}
    names = {
        f"{line[17:20]}" for line in scene_pdb(far).splitlines()
        if line.startswith("ATOM") and (line[21], int(line[22:26])) in drawn
    }  # fmt: skip
    labels = set(residue_labels(far.topology)) & set(far.site("pocket").residues)
    assert names == {label[:3] for label in labels}
    assert len(drawn) == len(labels)


def test_the_same_file_gives_the_same_coordinates(lines, tmp_path, dock_command):
    """In two processes, whose hashes of text differ."""
    (tmp_path / "x.pdb").write_text(
        "\n".join(line for line in lines[:100] if line[17:20] != "TYR" or line[13] != "O")
    )
    for name, seed in (("one", "1"), ("two", "2")):
        arguments = ("receptor", "x.pdb", "-o", name, "--platform", "CPU")
        done = dock_command(*arguments, cwd=tmp_path, PYTHONHASHSEED=seed)
        assert done.code == 0, done.err
    one, two = ((tmp_path / name / "model.cif").read_bytes() for name in ("one", "two"))
    assert one == two
