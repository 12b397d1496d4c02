"""Superposition: sites, ions and membrane of a catalogue target placed on another structure of it or of a homologue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core import catalogue
from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.entry import read_entry, residue_key, split_hetero
from dock.receptors.receptor import residue_labels
from dock.receptors.sequence import align, identity
from dock.receptors.site import Site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dock.receptors.polymer import Polymer
    from dock.receptors.receptor import Receptor

SITE_REACH = 16.0  # angstrom around a site's centre: the C-alpha atoms that carry it over
ION_REACH = 12.0  # the same around an ion
MIN_PAIRS = 12
UNLIKE = 3.0  # angstrom, the RMSD of a site's surroundings above which nothing is equivalent
SAME_FRAME = 0.3  # angstrom: what would move less is in the model's own frame, and stays
TRIMS = 4  # rounds in which pairs beyond twice the RMSD are left out


@dataclass(frozen=True)
class Transform:
    """A rotation and a translation: ``x' = rotation @ x + translation``, in angstrom.

    Attributes
    ----------
    rotation : numpy.ndarray, shape (3, 3)
    translation : numpy.ndarray, shape (3,)
    pairs : int
        C-alpha atoms that were superposed.
    rmsd : float
        Of those, in angstrom.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    pairs: int
    rmsd: float

    def __call__(self, places: Any) -> NDArray[np.float64]:
        """Return where places come to lie, shape (..., 3)."""
        return np.asarray(np.asarray(places, dtype=float) @ self.rotation.T + self.translation)

    def __str__(self) -> str:
        return f"{self.pairs} C-alpha atoms, RMSD {self.rmsd:.2f} A"


class Homologue:
    """A structure seen from a catalogue target whose sites are known.

    Parameters
    ----------
    target
        With a prepared model, in whose frame its sites are.
    polymer
        The chain that is like it.
    with_chain
        Whether residues are told apart by their chain.

    Raises
    ------
    StructureError
        If the chain cannot be aligned with the target.
    """

    def __init__(self, target: catalogue.TargetEntry, polymer: Polymer, with_chain: bool = False) -> None:
        self.target = target
        self.polymer = polymer
        self.with_chain = with_chain
        same = polymer.accession == target.uniprot and polymer.sequence == target.sequence
        places = polymer.places if same else align(polymer.letters, target.sequence)
        self.identity = identity(polymer.letters, places, target.sequence)
        self.by_position = {place: index for index, place in enumerate(places) if place is not None}
        model = read_entry(catalogue.structures_folder() / target.model / "model.cif")
        self._model_ca = {
            residue.seqid.num: np.array(residue["CA"][0].pos.tolist())
            for residues in model.polymers.values()
            for residue in residues
        }
        self._ions = {}
        for role, label in target.ions.items():
            _, code, number = split_hetero(label)
            self._ions[role] = next(
                (code, np.array(residue[0].pos.tolist()))
                for residues in model.chains.values()
                for residue in residues
                if residue.name == code and str(residue.seqid).strip() == number
            )

    @property
    def placeable(self) -> bool:
        """Whether enough of the structure is equivalent, and alike, around every site and ion of the target."""
        around: list[tuple[Any, float]] = [(site.center, SITE_REACH) for site in self.target.sites.values()]
        around += [(place, ION_REACH) for _, place in self._ions.values()]
        return all(
            len(self._common(*where)) >= MIN_PAIRS and self.transform(*where).rmsd <= UNLIKE
            for where in around
        )

    def _common(self, center: Any, reach: float) -> list[int]:
        """Return the positions that target and structure have in common around a place."""
        common = [p for p in self._model_ca if p in self.by_position]
        if center is None:
            return common
        return [p for p in common if np.linalg.norm(self._model_ca[p] - np.asarray(center)) <= reach]

    def transform(self, center: Any = None, reach: float = np.inf) -> Transform:
        """Return what carries the target's model onto the structure, by the C-alpha atoms near a place.

        Parameters
        ----------
        center : array_like, shape (3,), optional
            In the frame of the model, in angstrom; everywhere by default.
        """
        common = self._common(center, reach)
        if len(common) < MIN_PAIRS:
            raise StructureError(
                self.target.name,
                f"only {len(common)} residues of chain {self.polymer.name} are equivalent to its own",
                "its sites cannot be placed: name sites of your own",
            )
        moving = np.array([self._model_ca[p] for p in common])
        fixed = np.array([self.polymer.residues[self.by_position[p]]["CA"][0].pos.tolist() for p in common])
        found = superpose(moving, fixed)
        if np.linalg.norm(found(moving) - moving, axis=1).max() < SAME_FRAME:
            return replace(found, rotation=np.eye(3), translation=np.zeros(3))
        return found

    @cached_property
    def sites(self) -> dict[str, Site]:
        """The target's sites, in the frame of the structure."""
        return {name: self._site(name, entry) for name, entry in self.target.sites.items()}

    def ions(self) -> dict[str, tuple[str, NDArray[np.float64], Transform]]:
        """Return the target's ions by role: element, place in the structure's frame, and how it was found."""
        found = {}
        for role, (code, place) in self._ions.items():
            transform = self.transform(place, ION_REACH)
            found[role] = (code, transform(place), transform)
        return found

    def membrane(self) -> catalogue.MembraneEntry | None:
        """Return the target's membrane, in the frame of the structure."""
        known = self.target.membrane
        if known is None:
            return None
        onto = self.transform()
        rotation = np.array(known.rotation) @ onto.rotation.T
        translation = np.array(known.translation) - rotation @ onto.translation
        return catalogue.MembraneEntry(
            rotation=rotation.tolist(),
            translation=translation.tolist(),
            half_thickness=known.half_thickness,
            source=f"{known.source}, carried over from {self.target.name} by {onto}",
        )

    def _site(self, name: str, entry: catalogue.SiteEntry) -> Site:
        if entry.center is None:
            raise StructureError(self.target.name, f"its site {name} has no centre")
        transform = self.transform(entry.center, SITE_REACH)
        if transform.rmsd > UNLIKE:
            raise StructureError(
                self.target.name,
                f"its {name} site cannot be carried over to chain {self.polymer.name} ({transform})",
                "name sites of your own",
            )
        residues = [self._equivalent(label) for label in entry.residues]
        anchor = None
        if entry.anchor is not None:
            label = self._equivalent(entry.anchor.residue)
            if label is not None and label.rpartition(":")[2].startswith(entry.anchor.residue[:3]):
                anchor = entry.anchor.model_copy(update={"residue": label})
        x, y, z = (round(float(value), 2) for value in transform(entry.center))
        return Site(
            name,
            (x, y, z),
            entry.edges,
            entry.reach,
            tuple(label for label in residues if label is not None),
            anchor,
            entry.synonyms,
        )

    def _equivalent(self, label: str) -> str | None:
        """Return the structure's residue at the position of one of the target's."""
        index = self.by_position.get(int("".join(c for c in label[3:] if c.isdigit())))
        if index is None:
            return None
        residue = self.polymer.residues[index]
        return residue_key(self.polymer.name, residue).label(residue.name, self.with_chain)


def superpose(moving: NDArray[np.float64], fixed: NDArray[np.float64]) -> Transform:
    """Return what carries `moving` onto `fixed`, shapes (n, 3), pairs that differ most left out."""
    from scipy.spatial.transform import Rotation

    chosen = np.ones(len(moving), dtype=bool)
    for _ in range(TRIMS):
        centers = moving[chosen].mean(axis=0), fixed[chosen].mean(axis=0)
        rotation, _ = Rotation.align_vectors(fixed[chosen] - centers[1], moving[chosen] - centers[0])
        matrix = rotation.as_matrix()
        translation = centers[1] - matrix @ centers[0]
        away = np.linalg.norm(moving @ matrix.T + translation - fixed, axis=1)
        rmsd = float(np.sqrt((away[chosen] ** 2).mean()))
        nearer = away <= max(2 * rmsd, 0.5)
        if nearer.sum() < max(MIN_PAIRS, len(moving) // 2) or (nearer == chosen).all():
            break
        chosen = nearer
    return Transform(matrix, translation, int(chosen.sum()), rmsd)


def superpose_receptors(moving: Receptor, fixed: Receptor, center: Any, reach: float) -> Transform:
    """Return what carries one structure of a protein onto another, by the C-alpha atoms near a place.

    Residues are the same by name and number, and by chain where there are several.

    Parameters
    ----------
    center : array_like, shape (3,)
        In the frame of `moving`, in angstrom.
    reach
        Around it, in angstrom.

    Raises
    ------
    StructureError
        If less than half of what is near has its like in the other structure.
    """
    here, there = _ca_places(moving), _ca_places(fixed)
    near = [label for label, place in here.items() if np.linalg.norm(place - np.asarray(center)) <= reach]
    common = [label for label in near if label in there]
    if len(common) < max(MIN_PAIRS, len(near) / 2):
        raise StructureError(
            moving.name,
            f"only {len(common)} of {len(near)} residues around the site are those of {fixed.name}",
            "take two structures of one protein, numbered alike",
        )
    return superpose(np.array([here[x] for x in common]), np.array([there[x] for x in common]))


def _ca_places(receptor: Receptor) -> dict[str, NDArray[np.float64]]:
    """Return where each residue's C-alpha is, in angstrom, by the label of the residue."""
    labels = residue_labels(receptor.topology)
    return {
        labels[atom.residue.index]: receptor.positions[atom.index] * NM_TO_A
        for atom in receptor.topology.atoms()
        if atom.name == "CA" and atom.element.symbol == "C"
    }


def homologue_of(polymers: Mapping[str, Polymer], target_name: str, sites_from: str) -> Homologue | None:
    """Return the chain of a structure that is like a catalogue target with known sites, if one is.

    Parameters
    ----------
    target_name
        The catalogue's target that the structure is; may be empty.
    sites_from
        The target whose sites are wanted; by default those of `target_name`.
    """
    target = catalogue.target(target_name) if target_name else None
    name = sites_from or (target.sites_from or target.name if target else "")
    if not name:
        return None
    frame = catalogue.target(name)
    if not frame.sites:
        raise StructureError(
            name, "has no sites of its own in the catalogue", f"use sites_from: {frame.sites_from}"
        )
    candidates = [Homologue(frame, polymer, len(polymers) > 1) for polymer in polymers.values()]
    return max(candidates, key=lambda homologue: homologue.identity * len(homologue.by_position))
