"""A metal that a ligand or haem coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
from openmm import app
from rdkit import Chem

from benchmarks.inputs.base import Case
from benchmarks.inputs.parts import Atoms, haem, hetero, part, place, ring_axis, write
from dock.docking.checks import check_poses
from dock.docking.pose import Pose
from dock.ligands import Ligand
from dock.receptors import Receptor
from dock.receptors.preparation import prepare
from dock.receptors.settings import ReceptorSettings

ALARMS = ("covalent", "overlaps", "same frame")


@dataclass(frozen=True)
class Histidine:
    """His223 of 6VRH with its neighbours, and where a metal at one of its nitrogens is and what lies beyond it."""

    structure: gemmi.Structure
    metal: np.ndarray
    axis: np.ndarray

    @classmethod
    def alone(cls, nitrogen: str = "ND1") -> Histidine:
        """Return the histidine with the residues that leave room for a ligand."""
        structure = part("6VRH.pdb", [(222, 226)])
        axis = ring_axis(structure, 223, nitrogen)
        return cls(structure, place(structure, 223, nitrogen) + 2.1 * axis, axis)

    def haem(self) -> Atoms:
        """Return a haem at the histidine, turned to where it has most room."""
        around = np.array([atom.pos.tolist() for residue in self.structure[0]["A"] for atom in residue])

        def room(atoms: Atoms) -> float:
            ring = np.array([place for _, element, place in atoms if element == "C"])
            return float(np.linalg.norm(ring[:, None] - around[None], axis=2).min())

        return max((haem(self.metal, self.axis, turn=turn) for turn in np.linspace(0, 1.5, 16)), key=room)

    def tail(self, element: str, length: float) -> Atoms:
        """Return an atom that coordinates the metal, with six carbons behind it."""
        across = np.cross(self.axis, [0.0, 0.0, 1.0])
        across /= np.linalg.norm(across)
        start = self.metal + length * self.axis
        carbons = [start + 1.3 * n * self.axis + 0.7 * (-1) ** n * across for n in range(1, 7)]
        return [("X1", element, start), *((f"C{n}", "C", at) for n, at in enumerate(carbons, start=2))]


def cases(folder: Path) -> Iterator[Case]:
    """Give ligands at metals, haems at residues, and what is no coordination."""
    site = Histidine.alone()
    for metal, element, length in (
        ("ZN", "N", 1.9), ("ZN", "S", 2.3), ("ZN", "O", 2.0), ("MG", "O", 2.1), ("MN", "O", 2.2), ("FE2", "N", 2.1),
        ("FE", "O", 1.9), ("CA", "O", 2.4), ("CO", "N", 2.0), ("CU", "N", 2.0), ("NI", "N", 2.1), ("K", "O", 2.8),
    ):  # fmt: skip
        symbol = "FE" if metal == "FE2" else metal
        ion = hetero(metal, 903, [(symbol, symbol.capitalize(), site.metal)])
        said = f"X1 coordinates {metal}903"
        yield _case(
            folder,
            f"{element} at {metal}",
            site,
            [ion, hetero("LIG", 902, site.tail(element, length))],
            said,
            keep=metal,
        )
    other = Histidine.alone("NE2")
    iron = hetero("HEM", 901, site.haem())
    axial = hetero("HEM", 901, other.haem())
    said = "HIS223 NE2 coordinates its FE"
    yield _case(folder, "a haem at a histidine", other, [axial], said, ligand="HEM")
    for element, length in (("N", 2.0), ("S", 2.3), ("O", 1.8)):
        said = "X1 coordinates FE of HEM 901 of chain A"
        yield _case(
            folder, f"{element} at a haem", site, [iron, hetero("LIG", 902, site.tail(element, length))], said
        )
    near = hetero("ZN", 903, [("ZN", "Zn", site.metal)])
    touching = hetero("LIG", 902, site.tail("N", 1.2))
    yield _case(
        folder, "an atom 1.2 A from a metal", site, [near, touching], "", keep="ZN", alarm="bond's length"
    )
    oxygen = place(site.structure, 224, "O")
    away = oxygen - place(site.structure, 224, "C")
    bound: Atoms = [
        (f"C{n}", "C", oxygen + 1.4 * n * away / np.linalg.norm(away) + [0, 0, 0.3 * (n % 2)])
        for n in range(1, 7)
    ]
    yield _case(folder, "a covalent ligand", site, [hetero("LIG", 902, bound)], "", alarm="covalent")
    for metal, symbol in (("ZN", "Zn"), ("CA", "Ca"), ("HG", "Hg"), ("SR", "Sr")):
        yield _checked(metal, symbol)


def _case(
    folder: Path,
    name: str,
    site: Histidine,
    groups: list[gemmi.Residue],
    said: str,
    ligand: str = "LIG",
    alarm: str = "",
    **settings: Any,
) -> Case:
    structure = site.structure.clone()
    for group in groups:
        structure[0]["A"].add_residue(group)
    path = write(structure, folder, name.replace(" ", "-").replace(",", "").replace("'", ""))
    try:
        chosen = ReceptorSettings(sites={"at": {"ligand": ligand}}, **settings)
        notes = prepare(str(path), chosen).record["references"]
    except Exception as error:
        return Case(name, "wrong", repr(error))
    note = next(text for who, text in notes.items() if who.startswith(ligand))
    right = said in note and (alarm in note if alarm else not any(word in note for word in ALARMS))
    return Case(name, "right" if right else "wrong", note)


def _checked(metal: str, symbol: str) -> Case:
    """Return whether a docked pose 2.1 A from a metal passes the check of its distance, and one at 1.2 A does not."""
    ligand = Ligand.from_smiles("c1ccncc1", "pyridine")
    at = ligand.mol.GetConformer().GetPositions()
    nitrogen = next(atom.GetIdx() for atom in ligand.mol.GetAtoms() if atom.GetSymbol() == "N")
    outwards = at[nitrogen] - at[: ligand.mol.GetNumHeavyAtoms()].mean(axis=0)
    outwards /= np.linalg.norm(outwards)
    verdicts = []
    for length in (2.1, 1.2):
        topology = app.Topology()
        residue = topology.addResidue(metal, topology.addChain("A"), "1")
        topology.addAtom(metal, app.Element.getBySymbol(symbol), residue)
        receptor = Receptor("x", topology, (at[nitrogen] + length * outwards)[None] / 10)
        pose = Pose(ligand, Chem.Mol(ligand.mol), "at", "at", 1, -1.0, 1, "file")
        checks = check_poses(receptor, [pose])[0].checks
        verdicts.append(all(passed for check, passed in checks.items() if "cofactors" in check))
    name = f"a docked pose at {metal}"
    return Case(name, "right" if verdicts == [True, False] else "wrong", str(verdicts))
