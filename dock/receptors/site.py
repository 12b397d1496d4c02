"""The site: a named place in a receptor, and the rule that says in which one a pose lies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from dock.core.catalogue import BOX, RADIUS, AnchorEntry, SiteEntry, unknown_name
from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.entry import matching_residues
from dock.receptors.names import HEAVY_ATOMS, NUCLEOTIDES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from openmm.app import Topology

OUTSIDE = "outside"
LINING = 4.5  # angstrom from a ligand to the residues that line its site
MARGIN = 8.0  # angstrom of the search box around a ligand
SAME_PLACE = 3.0  # angstrom between two centres
MAX_LIGAND_EDGE = 60.0  # angstrom; of a box that is drawn around a ligand
REGION = 1.5  # times the edges of another site's box: a box wider than that holds the site, and is none


@dataclass(frozen=True)
class Site:
    """A named place where a ligand may bind.

    Attributes
    ----------
    name : str
        ``orthosteric``, ``allosteric``, or a user's own word.
    center : tuple of float
        Centre of the search box, in angstrom.
    box : tuple of float
        Edges of the search box, in angstrom.
    radius : float, optional
        How far, in angstrom, a pose's centroid may lie from the centre to be in the site. None where
        the box that a user gave is the site.
    residues : tuple of str
        The residues that line the site, as ``ASP98``.
    anchor : AnchorEntry, optional
        The residue that the ligand's amine is measured against.
    synonyms : tuple of str
        Other names of the site, such as ``S1``.
    """

    name: str
    center: tuple[float, float, float]
    box: tuple[float, float, float] = BOX
    radius: float | None = RADIUS
    residues: tuple[str, ...] = ()
    anchor: AnchorEntry | None = None
    synonyms: tuple[str, ...] = ()

    @classmethod
    def from_entry(cls, name: str, entry: SiteEntry) -> Site:
        """Make the site that an entry with a centre describes.

        Raises
        ------
        StructureError
            If the entry has no centre.
        """
        if entry.center is None:
            raise StructureError(name, "the site has no center", "prepare the receptor, which finds it")
        return cls(name, entry.center, entry.edges, entry.reach, entry.residues, entry.anchor, entry.synonyms)

    def to_entry(self) -> dict[str, Any]:
        """Return the site as plain values, as a campaign file or a record has them."""
        entry = SiteEntry(
            center=self.center,
            box=self.box,
            radius=self.radius,
            residues=self.residues,
            anchor=self.anchor,
            synonyms=self.synonyms,
        )
        return entry.model_dump(mode="json", exclude={"ligand", "source"})

    def distance(self, coordinates: ArrayLike) -> float:
        """Return the distance, in angstrom, from the centre to a pose's centroid.

        Parameters
        ----------
        coordinates : array_like, shape (n_heavy_atoms, 3)
            Heavy atoms of the pose, in angstrom.
        """
        centroid = np.asarray(coordinates, dtype=float).mean(axis=0)
        return float(np.linalg.norm(centroid - np.asarray(self.center)))

    def holds(self, coordinates: ArrayLike) -> bool:
        """Return whether a pose's centroid lies within the site's radius, or in the box that is the site.

        Parameters
        ----------
        coordinates : array_like, shape (n_heavy_atoms, 3)
            Heavy atoms of the pose, in angstrom.
        """
        if self.radius is not None:
            return self.distance(coordinates) <= self.radius
        return self.gap(np.asarray(coordinates, dtype=float).mean(axis=0, keepdims=True)) == 0.0

    def gap(self, places: NDArray[np.float64]) -> float:
        """Return how far the nearest of some places lies from the search box, in angstrom; 0 inside of it.

        Parameters
        ----------
        places : numpy.ndarray, shape (n, 3)
            In angstrom.
        """
        return float(_beyond(places, self.center, self.box).min())


class _Named(Protocol):
    """What goes by a name and by others."""

    @property
    def name(self) -> str: ...

    @property
    def synonyms(self) -> tuple[str, ...]: ...


NamedSite = TypeVar("NamedSite", bound=_Named)


def named_site(name: str, sites: Sequence[NamedSite], receptor: str) -> NamedSite:
    """Return the site called `name`, by its own name or a synonym, in any case.

    Parameters
    ----------
    receptor
        Name of the receptor that the sites are of.

    Raises
    ------
    UnknownNameError
        If there is no such site.
    """
    wanted = name.strip().lower()
    for site in sites:
        if wanted in map(str.lower, (site.name, *site.synonyms)):
            return site
    raise unknown_name(name, f"site of {receptor}", [site.name for site in sites])


def define_site(
    name: str,
    entry: SiteEntry,
    ligand: NDArray[np.float64] | None,
    topology: Topology,
    positions: NDArray[np.float64],
    labels: Sequence[str],
) -> Site:
    """Make a user's site in a prepared structure.

    The centre is as given, or the centroid of the ligand, or that of the residues named. Residues
    that are not named are those within 4.5 A of the ligand, in the box where that is the site, or
    within the radius of the centre.

    Parameters
    ----------
    ligand : numpy.ndarray of shape (n_atoms, 3), or None
        The heavy atoms of the ligand that names the site, in angstrom.
    topology, positions
        The structure; positions of shape (n_atoms, 3) in nanometres.
    labels
        Of each residue.

    Raises
    ------
    StructureError
        If a residue is not there, or nothing of the protein is near.
    """
    atoms = [
        atom
        for atom in topology.atoms()
        if atom.element.symbol != "H"
        and (atom.residue.name in HEAVY_ATOMS or atom.residue.name in NUCLEOTIDES)
    ]
    places = positions[[atom.index for atom in atoms]] * NM_TO_A
    chains = {atom.residue.chain.id for atom in atoms}
    only_chain = min(chains) if len(chains) == 1 else ""
    named = {_residue(name, label, labels, only_chain) for label in entry.residues}
    anchor = entry.anchor
    if anchor is not None:  # measures find it by the receptor's own label
        own = labels[_residue(name, anchor.residue, labels, only_chain)]
        anchor = anchor.model_copy(update={"residue": own})
    inside = np.array([atom.residue.index in named for atom in atoms])
    if entry.center is not None:
        center = np.array(entry.center)
    elif ligand is not None:
        center = ligand.mean(axis=0)
    else:
        center = places[inside].mean(axis=0)
    if not named:
        inside = _lining(entry, places, center, ligand)
    if not inside.any():
        raise StructureError(
            name, "there is no protein around the site", "check its centre: angstrom, the file's frame"
        )
    lining = dict.fromkeys(
        labels[atom.residue.index] for atom, near in zip(atoms, inside, strict=True) if near
    )
    box = entry.edges
    if ligand is not None and entry.reach is not None:
        extent = np.ptp(ligand, axis=0) + 2 * MARGIN
        a, b, c = (
            round(max(edge, min(float(size), MAX_LIGAND_EDGE)), 1)
            for edge, size in zip(box, extent, strict=True)
        )
        box = (a, b, c)
    x, y, z = (round(float(value), 2) for value in center)
    return Site(name, (x, y, z), box, entry.reach, tuple(lining), anchor, entry.synonyms)


def _residue(site: str, label: str, labels: Sequence[str], only_chain: str) -> int:
    """Return the index of the residue that a label of a site means."""
    found = matching_residues(label, labels, only_chain)
    if not found:
        raise StructureError(
            label, f"is no residue of the receptor (site {site})", "write it as ASP98, or A:ASP98"
        )
    return found[0]


def _lining(
    entry: SiteEntry,
    places: NDArray[np.float64],
    center: NDArray[np.float64],
    ligand: NDArray[np.float64] | None,
) -> NDArray[np.bool_]:
    """Return which places, in angstrom, line a site whose residues are not named."""
    if entry.reach is None:
        return np.asarray(_beyond(places, center, entry.edges) == 0.0)
    if ligand is None:
        return _within(places, center[None], entry.reach)
    lining = _within(places, ligand, LINING)  # none of it, where only a metal holds the ligand
    return lining if lining.any() else _within(places, ligand, entry.reach)


def merge_sites(known: Mapping[str, Site], own: Mapping[str, Site]) -> dict[str, Site]:
    """Return known sites and the user's; a known one at the same place gives way and lends its names.

    Two sites with centres within 3 A are the same place: a pose could not be told to lie in one or
    the other. A box that is much wider than the other site, as for blind docking, is not.
    """
    merged = dict(known)
    for name, site in own.items():
        merged.pop(name, None)
        same = [other for other in merged.values() if _same_place(site, other)]
        names = [synonym for other in same for synonym in (other.name, *other.synonyms)]
        for other in same:
            del merged[other.name]
        merged[name] = replace(site, synonyms=tuple(dict.fromkeys([*site.synonyms, *names])))
    return merged


def _same_place(site: Site, other: Site) -> bool:
    wide = any(
        one.radius is None
        and any(edge > REGION * size for edge, size in zip(one.box, another.box, strict=True))
        for one, another in ((site, other), (other, site))
    )
    return not wide and math.dist(site.center, other.center) <= SAME_PLACE


def _beyond(places: NDArray[np.float64], center: ArrayLike, edges: ArrayLike) -> NDArray[np.float64]:
    """Return the distance of each place to a box, 0 inside of it; all in angstrom."""
    outside = np.abs(places - np.asarray(center)) - np.asarray(edges) / 2
    return np.asarray(np.linalg.norm(np.maximum(outside, 0.0), axis=1))


def _within(places: NDArray[np.float64], around: NDArray[np.float64], reach: float) -> NDArray[np.bool_]:
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(around).query(places)
    return np.asarray(distances <= reach)


def assign_site(coordinates: ArrayLike, sites: Mapping[str, Site], searched: str = "") -> str:
    """Return the name of the site that a pose lies in.

    The search boxes of neighbouring sites overlap, so the box says nothing of a site with a radius. A pose
    belongs to that of these whose centre is nearest to its centroid, if that is within the site's radius.
    A box that is a site itself holds what was searched for in it, and else what lies in no other site.

    Parameters
    ----------
    coordinates : array_like, shape (n_heavy_atoms, 3)
        Heavy atoms of the pose, in angstrom.
    sites
        The sites of the receptor, by name.
    searched
        The site in whose box the pose was searched; empty if that is not known.

    Returns
    -------
    str
        A key of `sites`, or ``"outside"``.
    """
    boxes = {name: site for name, site in sites.items() if site.radius is None}
    if searched in boxes and boxes[searched].holds(coordinates):
        return searched
    distances = {name: site.distance(coordinates) for name, site in sites.items() if name not in boxes}
    nearest = min(distances, key=distances.__getitem__, default=OUTSIDE)
    if nearest in sites and sites[nearest].holds(coordinates):
        return nearest
    around = [name for name, site in boxes.items() if site.holds(coordinates)]
    return min(around, key=lambda name: math.prod(boxes[name].box), default=OUTSIDE)


def sites_around(coordinates: ArrayLike, sites: Mapping[str, Site]) -> list[str]:
    """Return the names of every site that a pose lies in: one with a radius at most, and boxes that are sites.

    Parameters
    ----------
    coordinates : array_like, shape (n_heavy_atoms, 3)
        Heavy atoms of the pose, in angstrom.
    sites
        The sites of the receptor, by name.
    """
    assigned = assign_site(coordinates, sites)
    return [
        name
        for name, site in sites.items()
        if name == assigned or (site.radius is None and site.holds(coordinates))
    ]
