"""The site: a named place in a receptor, and the rule that says in which one a pose lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dock.core.catalogue import AnchorEntry, SiteEntry

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

OUTSIDE = "outside"


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
        """Make the site that a catalogue entry describes."""
        return cls(name, entry.center, entry.box, entry.radius, entry.residues, entry.anchor, entry.synonyms)

    def distance(self, coordinates: ArrayLike) -> float:
        """Return the distance, in angstrom, from the centre to a pose's centroid.

        Parameters
        ----------
        coordinates : array_like, shape (n_heavy_atoms, 3)
            Heavy atoms of the pose, in angstrom.
        """
        centroid = np.asarray(coordinates, dtype=float).mean(axis=0)
        return float(np.linalg.norm(centroid - np.asarray(self.center)))


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
