"""Surroundings: the lipids, water and ions around a protein, molecule by molecule, in a periodic box."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology
    from openmm.app.topology import Chain

WATER = "HOH"
CATION, ANION = "NA", "CL"
OVERLAP = 0.22  # nm between heavy atoms of two molecules; nearer ones overlap
WATER_MOLAR = 55.4  # mol of water in a litre of it
ION_DISTANCE = 0.5  # nm that an ion keeps from lipids, solutes and other ions
ION_SEED = 7


@dataclass(frozen=True)
class Molecule:
    """A kind of molecule: names and elements of its atoms, and its bonds."""

    name: str
    atoms: tuple[tuple[str, str], ...]
    bonds: tuple[tuple[int, int], ...] = ()

    @cached_property
    def heavy(self) -> NDArray[np.bool_]:
        """Which of its atoms are no hydrogens."""
        return np.array([element != "H" for _, element in self.atoms])

    @property
    def chain(self) -> str:
        """The chain it is put into: lipids M, water W, ions I."""
        return "W" if self.name == WATER else "I" if len(self.atoms) == 1 else "M"

    def add_to(self, topology: Topology, chain: Chain, number: int) -> None:
        """Append one to a chain of a topology, as the residue of a number."""
        from openmm.app import Element

        residue = topology.addResidue(self.name, chain, str(number))
        atoms = [
            topology.addAtom(name, Element.getBySymbol(element), residue) for name, element in self.atoms
        ]
        for first, second in self.bonds:
            topology.addBond(atoms[first], atoms[second])


SALT = {CATION: Molecule(CATION, ((CATION, "Na"),)), ANION: Molecule(ANION, ((ANION, "Cl"),))}


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Molecules in a periodic box.

    Attributes
    ----------
    molecules : sequence of Molecule
    places : sequence of numpy.ndarray, shape (n_atoms, 3)
        Of the atoms of each molecule, in nanometres; a molecule is whole.
    box : numpy.ndarray, shape (3,)
        Edges, in nanometres.
    """

    molecules: Sequence[Molecule]
    places: Sequence[NDArray[np.float64]]
    box: NDArray[np.float64]

    @cached_property
    def positions(self) -> NDArray[np.float64]:
        """Of all atoms, shape (n_atoms, 3), in nanometres."""
        return np.vstack(self.places)

    @property
    def lipids(self) -> list[int]:
        """Indices of the molecules that are neither water nor ions."""
        return [n for n, molecule in enumerate(self.molecules) if molecule.chain == "M"]

    @property
    def water(self) -> list[int]:
        """Indices of the water molecules."""
        return [n for n, molecule in enumerate(self.molecules) if molecule.name == WATER]

    @property
    def leaflets(self) -> tuple[list[int], list[int]]:
        """Indices of the lipids above and of those below the middle of all lipids."""
        heights = {n: self.places[n][:, 2].mean() for n in self.lipids}
        middle = (max(heights.values()) + min(heights.values())) / 2
        upper = [n for n, height in heights.items() if height > middle]
        return upper, [n for n, height in heights.items() if height <= middle]

    @property
    def owners(self) -> NDArray[np.int64]:
        """The molecule of each atom, shape (n_atoms,)."""
        return np.repeat(np.arange(len(self.molecules)), [len(place) for place in self.places])

    @property
    def heavy(self) -> NDArray[np.bool_]:
        """Which atoms are no hydrogens, shape (n_atoms,)."""
        return np.concatenate([molecule.heavy for molecule in self.molecules])

    def part(self, chosen: Sequence[int]) -> Surroundings:
        """Return some of the molecules, in the same box."""
        molecules = [self.molecules[n] for n in chosen]
        return Surroundings(molecules, [self.places[n] for n in chosen], self.box)

    def without(self, dropped: set[int]) -> Surroundings:
        """Return all molecules but some."""
        return self.part([n for n in range(len(self.molecules)) if n not in dropped])

    def moved(self, positions: NDArray[np.float64]) -> Surroundings:
        """Return the molecules at other places, shape (n_atoms, 3), in nanometres."""
        ends = np.cumsum([len(place) for place in self.places])[:-1]
        return Surroundings(self.molecules, np.split(positions, ends), self.box)

    def topology(self) -> Topology:
        """Return the topology: lipids in chain M, water in chain W, ions in chain I."""
        from openmm.app import Topology

        topology = Topology()
        self.add_to(topology)
        return topology

    def add_to(self, topology: Topology) -> None:
        """Append the molecules to a topology, and give it the box."""
        from openmm import Vec3

        chain, number = None, 0
        for molecule in self.molecules:
            if chain is None or chain.id != molecule.chain:
                chain, number = topology.addChain(molecule.chain), 0
            number += 1
            molecule.add_to(topology, chain, number)
        topology.setUnitCellDimensions(Vec3(*self.box))

    def overlapping(self, reach: float = OVERLAP) -> NDArray[np.int64]:
        """Return the pairs of molecules with heavy atoms within reach, a row for each pair of atoms."""
        heavy = self.heavy
        tree, _ = periodic_tree(self.positions[heavy], self.box)
        molecules = self.owners[heavy][tree.query_pairs(reach, output_type="ndarray")]
        return np.asarray(molecules[molecules[:, 0] != molecules[:, 1]])

    def near(self, places: NDArray[np.float64], reach: float) -> set[int]:
        """Return the molecules with a heavy atom within reach of places (n, 3), all in nanometres."""
        heavy = self.heavy
        tree, wrap = periodic_tree(self.positions[heavy], self.box)
        found = tree.query_ball_point(wrap(places), reach)
        return set(self.owners[heavy][sorted({n for indices in found for n in indices})].tolist())

    def with_ions(self, counts: dict[str, int], solute: NDArray[np.float64]) -> Surroundings:
        """Return the surroundings with ions in the place of bulk water.

        Which waters is decided by a fixed seed among those that lie `ION_DISTANCE` or more from
        lipids, the solute and other ions.

        Parameters
        ----------
        counts
            How many of each, by name.
        solute : numpy.ndarray, shape (n, 3)
            Atoms to keep away from, in nanometres.

        Raises
        ------
        ValueError
            If there is too little bulk water.
        """
        water = np.array(self.water)
        names = [name for name, count in sorted(counts.items()) for _ in range(count)]
        if not names:
            return self
        others = [self.places[n] for n, molecule in enumerate(self.molecules) if molecule.name != WATER]
        oxygens = np.array([self.places[n][0] for n in water])
        tree, wrap = periodic_tree(np.vstack([*others, solute]), self.box)
        distances, _ = tree.query(wrap(oxygens))
        order = np.random.default_rng(ION_SEED).permutation(np.flatnonzero(distances >= ION_DISTANCE))
        chosen: list[int] = []
        for candidate in order:
            if len(chosen) == len(names):
                break
            apart = oxygens[chosen] - oxygens[candidate]
            apart -= self.box * np.round(apart / self.box)
            if (np.linalg.norm(apart, axis=1) >= ION_DISTANCE).all():
                chosen.append(int(candidate))
        if len(chosen) < len(names):
            raise ValueError(f"{len(names)} ions do not fit into the bulk water")
        kept = self.without({int(water[n]) for n in chosen})
        return Surroundings(
            [*kept.molecules, *(SALT[name] for name in names)],
            [*kept.places, *(oxygens[n][None] for n in chosen)],
            self.box,
        )

    def save(self, path: Path, arrays: dict[str, NDArray[np.float64]]) -> None:
        """Write the molecules, and further arrays, as a compressed .npz file."""
        kinds = list(dict.fromkeys(self.molecules))
        number = {kind: n for n, kind in enumerate(kinds)}
        content: dict[str, Any] = arrays | {
            "kinds": json.dumps([[kind.name, kind.atoms, kind.bonds] for kind in kinds]),
            "molecules": np.array([number[molecule] for molecule in self.molecules], dtype=np.int16),
            "positions": self.positions.astype(np.float32),
            "box": self.box,
        }
        np.savez_compressed(path, **content)

    @classmethod
    def load(cls, path: Path) -> tuple[Surroundings, dict[str, NDArray[np.float64]]]:
        """Read what `save` wrote: the molecules, and the further arrays."""
        with np.load(path, allow_pickle=False) as stored:
            content = {name: stored[name] for name in stored.files}
        kinds = [
            Molecule(name, tuple((a, e) for a, e in atoms), tuple((first, second) for first, second in bonds))
            for name, atoms, bonds in json.loads(str(content.pop("kinds")))
        ]
        molecules = [kinds[n] for n in content.pop("molecules")]
        ends = np.cumsum([len(molecule.atoms) for molecule in molecules])[:-1]
        places = np.split(content.pop("positions").astype(float), ends)
        return cls(molecules, places, content.pop("box")), content


def molecules_of(
    topology: Topology, positions: NDArray[np.float64], box: NDArray[np.float64], first: int = 0
) -> Surroundings:
    """Return the residues of a topology from an atom on as molecules; equal ones are one object."""
    bonds: dict[int, list[tuple[int, int]]] = {}
    for atom, partner in topology.bonds():
        bonds.setdefault(atom.residue.index, []).append((atom.index, partner.index))
    known: dict[Molecule, Molecule] = {}
    molecules, places = [], []
    for residue in topology.residues():
        atoms = list(residue.atoms())
        start = atoms[0].index
        if start < first:
            continue
        pairs = ((atom - start, partner - start) for atom, partner in bonds.get(residue.index, []))
        inside = tuple(sorted((min(pair), max(pair)) for pair in pairs))
        named = tuple((atom.name, atom.element.symbol) for atom in atoms)
        molecule = Molecule(residue.name, named, inside)
        molecules.append(known.setdefault(molecule, molecule))
        places.append(positions[start : start + len(atoms)])
    return Surroundings(molecules, places, box)


def periodic_tree(
    places: NDArray[np.float64], box: NDArray[np.float64]
) -> tuple[Any, Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Return a tree of places in a periodic box, and the function that wraps others into it."""
    from scipy.spatial import cKDTree

    def wrap(others: NDArray[np.float64]) -> NDArray[np.float64]:
        # A coordinate a rounding error below zero wraps to the edge itself, which the tree refuses.
        wrapped = np.mod(others, box)
        return np.where(wrapped >= box, 0.0, wrapped)

    return cKDTree(wrap(places), boxsize=box), wrap
