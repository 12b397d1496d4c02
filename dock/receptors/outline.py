"""The outline of a receptor: what a plan needs of it, without its atoms."""

from __future__ import annotations

from collections.abc import Iterable

from dock.core.records import Record
from dock.receptors.receptor import Receptor
from dock.receptors.site import named_site


class SiteOutline(Record):
    """A site by its name, and what is known to bind there.

    Attributes
    ----------
    name : str
    synonyms : tuple of str
    known : bool
        Whether there is a known pose.
    ligand : str
        Name of the ligand of that.
    smiles : str, optional
        Its SMILES, where the catalogue does not have it.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    known: bool = False
    ligand: str = ""
    smiles: str | None = None


class ReceptorOutline(Record):
    """Name, origin and sites of a receptor.

    Attributes
    ----------
    name : str
    target, entry : str
        See `dock.receptors.Receptor`.
    sites : tuple of SiteOutline
    """

    name: str
    target: str
    entry: str
    sites: tuple[SiteOutline, ...]

    @classmethod
    def of(cls, receptor: Receptor) -> ReceptorOutline:
        """Return the outline of a receptor."""
        sites = []
        for site in receptor.sites.values():
            known = site.name in receptor.references
            ligand, smiles = receptor.known_ligand(site.name) if known else ("", None)
            sites.append(
                SiteOutline(name=site.name, synonyms=site.synonyms, known=known, ligand=ligand, smiles=smiles)
            )
        return cls(
            name=receptor.name,
            target=receptor.target,
            entry=receptor.entry,
            sites=tuple(sites),
        )

    def chosen(self, names: Iterable[str]) -> list[SiteOutline]:
        """Return the sites with these names or synonyms, in any case; every site if there are none.

        Raises
        ------
        UnknownNameError
            If there is no such site.
        """
        return [named_site(name, self.sites, self.name) for name in names] or list(self.sites)
