"""What is no protein near a site: metals, haems, cofactors, nucleic acid, sugars, waters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
import openmm

from benchmarks.inputs.base import Case
from benchmarks.inputs.parts import Atoms, haem, hetero, part, place, ring_axis, sodium_site, write
from dock.core.errors import InputError
from dock.forcefield.parameters import parametrise_receptor
from dock.receptors.preparation import Preparation, prepare
from dock.receptors.receptor import residue_labels
from dock.receptors.settings import ReceptorSettings

DNA = Path(__file__).parents[2] / "tests" / "data" / "protein_dna.pdb"
S1 = (-32.67, -20.74, 1.86)
BOX = (20.0, 20.0, 20.0)
Check = Callable[[Preparation], bool]


def cases(folder: Path) -> Iterator[Case]:
    """Prepare each structure and look whether all is kept or named, and whether what holds metals is charged."""
    for name, element in (
        ("MN", "Mn"), ("ZN", "Zn"), ("FE2", "Fe"), ("FE", "Fe"), ("CO", "Co"), ("CU", "Cu"), ("CD", "Cd"), ("ZN2", "Zn"),
        ("SR", "Sr"),
    ):  # fmt: skip
        path = write(sodium_site(name, element), folder, f"two-{name}")
        yield _case(
            f"two {name} held by the protein, site by centre",
            path,
            kept(name.rstrip("2") if name == "ZN2" else name),
            ph=3.0,
        )
    path = write(sodium_site("MN3", "Mn"), folder, "two-MN3")
    yield _case("two MN3, without parameters", path, named("MN3 707", "MN3 708"), ph=3.0)
    yield from _at_histidine(folder)
    yield from _beside(folder)
    yield from _nucleic(folder)


def _case(name: str, path: Path, check: Check, sites: dict[str, Any] | None = None, **settings: Any) -> Case:
    sites = sites or {"active": {"center": S1, "box": BOX}}
    try:
        preparation = prepare(str(path), ReceptorSettings.model_validate({"sites": sites, **settings}))
        right = check(preparation)
    except InputError as error:
        return Case(name, "refused", str(error))
    except Exception as error:
        return Case(name, "wrong", repr(error))
    return Case(name, "right" if right else "wrong", " | ".join(preparation.record["warnings"]))


def kept(name: str) -> Check:
    """Return what looks whether both ions are there with their charge, and the acids that hold them charged."""

    def check(preparation: Preparation) -> bool:
        found = _charges(preparation)
        ions = [charge for label, charge in found.items() if label in (f"{name}707", f"{name}708")]
        return len(ions) == 2 and min(ions) > 1 and found["ASP98"] == found["ASP437"] == -1

    return check


def named(*groups: str, guessed: str = "") -> Check:
    """Return what looks whether groups are named in the warning of a site, stand in the record, and residues are said to be guesses."""

    def check(preparation: Preparation) -> bool:
        warnings = [text for text in preparation.record["warnings"] if text.startswith("left out in or near")]
        recorded = str(preparation.record["left_out"])
        guesses = [text for text in preparation.record["warnings"] if "a guess" in text]
        there = all(
            any(group in text for text in warnings) and group.split(" (")[0] in recorded for group in groups
        )
        return there and (not guessed or any(guessed in text for text in guesses))

    return check


def _charges(preparation: Preparation) -> dict[str, int]:
    system = parametrise_receptor("x", preparation.topology)
    force = next(f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
    labels = residue_labels(preparation.topology)
    found: dict[str, float] = {}
    for atom in preparation.topology.atoms():
        label = labels[atom.residue.index]
        found[label] = found.get(label, 0.0) + force.getParticleParameters(atom.index)[0]._value
    return {label: round(charge) for label, charge in found.items()}


def _protons(label: str, protons: str) -> Check:
    return lambda preparation: preparation.record["completion"]["protonation"]["histidines"][label] == protons


def _both(*checks: Check) -> Check:
    return lambda preparation: all(check(preparation) for check in checks)


def _at_histidine(folder: Path) -> Iterator[Case]:
    """Metals and metal complexes at His223 of 6VRH, the box at a distance."""
    bare = part("6VRH.pdb", [(220, 228)])
    nitrogen, axis = place(bare, 223, "ND1"), ring_axis(bare, 223)
    iron = nitrogen + 2.1 * axis
    beside = {
        "active": {"center": (iron + np.array([15.0, 0, 0])).tolist(), "box": BOX, "residues": ["HIS223"]}
    }
    groups: dict[str, Atoms] = {
        "HEM": haem(iron, axis),
        "HEC": haem(iron, axis),
        "COH": haem(iron, axis, "Co"),
        "SF4": [(f"FE{n}", "Fe", iron + np.array(d)) for n, d in enumerate([(0, 0, 0), (2, 2, 0), (0, 2, 2), (2, 0, 2)])]
        + [(f"S{n}", "S", iron + np.array(d)) for n, d in enumerate([(2, 0, 0), (0, 2, 0), (0, 0, 2), (2, 2, 2)])],
        "CU1": [("CU", "Cu", iron)],
        "VO4": [("V", "V", iron), *((f"O{n}", "O", iron + 1.7 * d) for n, d in enumerate(np.eye(3)))],
    }  # fmt: skip
    for name, atoms in groups.items():
        structure = bare.clone()
        structure[0]["A"].add_residue(hetero(name, 901, atoms))
        path = write(structure, folder, f"his-{name}")
        check = _both(named(f"{name} 901", guessed="HIS223"), _protons("HIS223", "HE2"))
        yield _case(f"{name} at a histidine, beside the box", path, check, beside, ph=4.0)
    structure = bare.clone()
    structure[0]["A"].add_residue(hetero("ZN", 901, [("ZN", "Zn", iron)]))
    zinc = write(structure, folder, "his-ZN")
    yield _case(
        "Zn with one donor, not kept",
        zinc,
        _both(named("ZN 901", guessed="HIS223"), _protons("HIS223", "HE2")),
        beside,
        ph=4.0,
    )
    yield _case(
        "Zn with one donor, kept by the user", zinc, _protons("HIS223", "HE2"), beside, ph=4.0, keep="ZN"
    )
    cysteine = part("6VRH.pdb", [(164, 168)])
    sulfur, beta = place(cysteine, 166, "SG"), place(cysteine, 166, "CB")
    away = 2.3 * (sulfur - beta) / np.linalg.norm(sulfur - beta)
    cysteine[0]["A"].add_residue(hetero("ZN", 901, [("ZN", "Zn", sulfur + away)]))
    path = write(cysteine, folder, "cys-ZN")
    sites = {"active": {"residues": ["CYS166"]}}
    yield _case("a thiolate at a Zn", path, lambda p: _charges(p)["CYS166"] == -1, sites, keep="ZN")


def _beside(folder: Path) -> Iterator[Case]:
    """Other things beside the site of 5I71."""
    ranges = [(92, 103), (332, 341), (366, 370), (432, 441)]
    bare = part("5I71.pdb", ranges, ("68P",))
    sites = {"active": {"ligand": "68P"}}
    ligand = next(residue for residue in bare[0]["A"] if residue.name == "68P")
    for name, moved, kind in (
        ("FAD", 9.0, "ligand"), ("NAP", 14.0, "ligand"), ("ATP", 12.0, "ligand"), ("PLP", 9.0, "ligand"),
        ("NAG", 13.0, "glycan"), ("CLR", 13.0, "lipid"), ("SO4", 11.0, "additive"), ("GOL", 11.0, "additive"),
    ):  # fmt: skip
        structure = bare.clone()
        copy = ligand.clone()
        copy.name, copy.seqid = name, gemmi.SeqId("950")
        for atom in copy:
            atom.pos += gemmi.Position(0.0, 0.0, moved)
        structure[0]["A"].add_residue(copy)
        yield _case(
            f"{name} beside the ligand",
            write(structure, folder, f"beside-{name}"),
            named(f"NAME 950 of chain A ({kind}".replace("NAME", name)),
            sites,
        )
    structure = bare.clone()
    oxygen = place(bare, 98, "OD1")
    water = hetero("HOH", 960, [("O", "O", oxygen + 2.8 * np.array([0.0, 0.6, -0.8]))])
    structure[0]["A"].add_residue(water)
    yield _case("a water in the site", write(structure, folder, "water"), named("HOH 960"), sites)
    structure = bare.clone()
    other = structure[0]["A"].clone()
    other.name = "B"
    for index in reversed(range(len(other))):
        if other[index].seqid.num > 103:
            del other[index]
        else:
            for atom in other[index]:
                atom.pos += gemmi.Position(0.0, 0.0, 22.0)
    structure[0].add_chain(other)
    path = write(structure, folder, "second-chain")
    yield _case(
        "a second protein chain that is not chosen",
        path,
        named("12 residues of chain B (protein"),
        {"active": {"center": S1, "box": (30, 30, 40)}},
        chains="A",
    )
    structure = bare.clone()
    serine = next(residue for residue in structure[0]["A"] if residue.seqid.num == 336)
    serine.name, serine.het_flag = "SEP", "H"
    gamma = place(structure, 336, "OG")
    for name, element, direction in (
        ("P", "P", (1.6, 0, 0)),
        ("O1P", "O", (2.1, 1.4, 0)),
        ("O2P", "O", (2.1, -0.7, 1.2)),
    ):
        atom = gemmi.Atom()
        atom.name, atom.element, atom.pos = name, gemmi.Element(element), gemmi.Position(*(gamma + direction))
        serine.add_atom(atom)
    yield _case(
        "a phosphoserine in the site",
        write(structure, folder, "sep"),
        named("what SEP336 of chain A has beyond SER"),
        sites,
    )


def _nucleic(folder: Path) -> Iterator[Case]:
    """DNA and RNA at a piece of protein."""
    sites = {"groove": {"residues": ["ARG22"]}}
    text = DNA.read_text()

    def strands(*counts: int) -> Check:
        def check(preparation: Preparation) -> bool:
            names = ["DA", "DC", "DG", "DT", "A", "C", "G", "U"]
            chains = [
                [r.name for r in chain.residues() if r.name in names]
                for chain in preparation.topology.chains()
            ]
            return [len(chain) for chain in chains if chain] == list(counts) and sum(
                _charges(preparation).values()
            ) < 0

        return check

    variants = {
        "DNA": (text, strands(6, 6)),
        "DNA whose first phosphates are lacking": (
            "\n".join(line for line in text.splitlines() if not (line[21:26] == "B   3" and line[13:16].strip() in ("P", "OP1", "OP2"))),
            strands(6, 6),
        ),
        "DNA with a base that is cut off": (
            "\n".join(line for line in text.splitlines() if not (line[21:26] == "B   5" and line[13:16].strip() in ("N2", "O6", "C6"))),
            strands(6, 6),
        ),
        "DNA with a modified base": (
            text.replace(" DC C   7", "5CM C   7"),
            _both(strands(6, 5), named("5CM 7 of chain C")),
        ),
        "DNA of one strand": ("\n".join(line for line in text.splitlines() if line[21:22] != "B"), strands(6)),
    }  # fmt: skip
    variants["RNA"] = (_ribose(text), strands(6, 6))
    plain = {" DT ": "  T ", " DA ": "  A ", " DG ": "  G ", " DC ": "  C "}
    old = {**plain, " OP1": " O1P", " OP2": " O2P", " C7 ": " C5M"}
    for name, names in (("DNA named as in old entries", old), ("DNA named A, C, G and T", plain)):
        variants[name] = (_renamed(text, names), strands(6, 6))
    starred = "\n".join(line[:12] + line[12:16].replace("'", "*") + line[16:] for line in text.splitlines())
    variants["DNA with stars for primes"] = (_renamed(starred, plain), strands(6, 6))
    variants["DNA named as by Amber"] = (
        text.replace(" DT B   3", "DT5 B   3").replace(" DA B   8", "DA3 B   8"), strands(6, 6),
    )  # fmt: skip
    for name, (content, check) in variants.items():
        path = folder / f"{name.replace(' ', '-').replace(',', '')[:30]}.pdb"
        path.write_text(content + "\n")
        yield _case(name, path, check, sites)
    path = folder / "dropped.pdb"
    path.write_text(text)
    yield _case(
        "DNA that the user drops a strand of",
        path,
        named("5 residues of chain B (nucleic acid"),
        sites,
        drop="B:DG:5",
    )


def _renamed(text: str, names: dict[str, str]) -> str:
    """Return PDB text with other names in its lines of nucleotides."""
    lines = []
    for line in text.splitlines():
        if line[21:22] in ("B", "C"):
            for name, other in names.items():
                line = line.replace(name, other)
        lines.append(line)
    return "\n".join(lines)


def _ribose(text: str) -> str:
    """Return PDB text with DNA turned into RNA: no methyl, and an O2' in place of a hydrogen of C2'."""
    structure = gemmi.read_pdb_string(text)
    for chain in structure[0]:
        for residue in chain:
            if residue.name not in ("DA", "DC", "DG", "DT"):
                continue
            residue.name = residue.name[1].replace("T", "U")
            at = {atom.name: np.array(atom.pos.tolist()) for atom in residue}
            out = 2 * at["C2'"] - at["C1'"] - at["C3'"]
            up = np.cross(at["C1'"] - at["C2'"], at["C3'"] - at["C2'"])
            up *= np.sign(np.dot(up, at["C2'"] - at["N9" if "N9" in at else "N1"]))
            oxygen = gemmi.Atom()
            oxygen.name, oxygen.element = "O2'", gemmi.Element("O")
            way = 0.6 * out / np.linalg.norm(out) + 0.8 * up / np.linalg.norm(up)
            oxygen.pos = gemmi.Position(*(at["C2'"] + 1.42 * way))
            residue.add_atom(oxygen)
            for index in reversed(range(len(residue))):
                if residue[index].name == "C7":
                    del residue[index]
    return str(structure.make_pdb_string())
