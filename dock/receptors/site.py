"""The site: a named place in a receptor, and the rule that says in which one a pose lies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from dock.core.catalogue import AnchorEntry, SiteEntry, unknown_name
from dock.core.errors import StructureError
from dock.core.units import NM_TO_A
from dock.receptors.entry import matching_residues
from dock.receptors.names import HEAVY_ATOMS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from openmm.app import Topology

OUTSIDE = "outside"
LINING = 4.5  # angstrom from a ligand to the residues that line its site
MARGIN = 8.0  # angstrom of the search box around a ligand
SAME_PLACE = 3.0  # angstrom between two centres
MAX_EDGE = 60.0  # angstrom


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
    radius : float
        How far, in angstrom, a pose's centroid may lie from the centre to be in the site.
    residues : tuple of str
        The residues that line the site, as ``ASP98``.
    anchor : AnchorEntry, optional
        The residue that the ligand's amine is measured against.
    synonyms : tuple of str
        Other names of the site, such as ``S1``.
    """

    name: str
    center: tuple[float, float, float]
    box: tuple[float, float, float] = (24.0, 24.0, 24.0)
    radius: float = 7.0
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
        return cls(name, entry.center, entry.box, entry.radius, entry.residues, entry.anchor, entry.synonyms)

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
    that are not named are those within 4.5 A of the ligand, or within the radius of the centre.

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
        atom for atom in topology.atoms() if atom.element.symbol != "H" and atom.residue.name in HEAVY_ATOMS
    ]
    places = positions[[atom.index for atom in atoms]] * NM_TO_A
    named = {}
    for label in entry.residues:
        found = matching_residues(label, labels)
        if not found:
            raise StructureError(
                label, f"is no residue of the receptor (site {name})", "write it as ASP98, or A:ASP98"
            )
        named[found[0]] = label
    inside = np.array([atom.residue.index in named for atom in atoms])
    if entry.center is not None:
        center = np.array(entry.center)
    elif ligand is not None:
        center = ligand.mean(axis=0)
    else:
        center = places[inside].mean(axis=0)
    if not named:
        around, reach = (ligand, LINING) if ligand is not None else (center[None], entry.radius)
        inside = _within(places, around, reach)
    if not inside.any():
        raise StructureError(
            name, "there is no protein around the site", "check its centre: angstrom, the file's frame"
        )
    lining = dict.fromkeys(
        labels[atom.residue.index] for atom, near in zip(atoms, inside, strict=True) if near
    )
    box = entry.box
    if ligand is not None:
        extent = np.ptp(ligand, axis=0) + 2 * MARGIN
        a, b, c = (
            round(float(min(max(edge, size), MAX_EDGE)), 1) for edge, size in zip(box, extent, strict=True)
        )
        box = (a, b, c)
    x, y, z = (round(float(value), 2) for value in center)
    return Site(name, (x, y, z), box, entry.radius, tuple(lining), entry.anchor, entry.synonyms)


def merge_sites(known: Mapping[str, Site], own: Mapping[str, Site]) -> dict[str, Site]:
    """Return known sites and the user's; a known one at the same place gives way and lends its names.

    Two sites with centres within 3 A are the same place: a pose could not be told to lie in one or
    the other.
    """
    merged = dict(known)
    for name, site in own.items():
        merged.pop(name, None)
        same = [other for other in merged.values() if math.dist(other.center, site.center) <= SAME_PLACE]
        names = [synonym for other in same for synonym in (other.name, *other.synonyms)]
        for other in same:
            del merged[other.name]
        merged[name] = replace(site, synonyms=tuple(dict.fromkeys([*site.synonyms, *names])))
    return merged


def _within(places: NDArray[np.float64], around: NDArray[np.float64], reach: float) -> NDArray[np.bool_]:
    from scipy.spatial import cKDTree

    distances, _ = cKDTree(around).query(places)
    return np.asarray(distances <= reach)


def assign_site(coordinates: ArrayLike, sites: Mapping[str, Site]) -> str:
    """Return the name of the site that a pose lies in, whatever box it was searched in.

    The search boxes of neighbouring sites overlap, so the box says nothing. A pose belongs
    to the site whose centre is nearest to its centroid, if that is within the site's radius.

    Parameters
    ----------
    coordinates : array_like, shape (n_heavy_atoms, 3)
        Heavy atoms of the pose, in angstrom.
    sites
        The sites of the receptor, by name.

    Returns
    -------
    str
        A key of `sites`, or ``"outside"``.
    """
    distances = {name: site.distance(coordinates) for name, site in sites.items()}
    nearest = min(distances, key=lambda name: distances[name])
    return nearest if distances[nearest] <= sites[nearest].radius else OUTSIDE
