"""What a report shows, free of how it was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from dock.docking.pose import Pose
    from dock.receptors import Receptor


@dataclass(frozen=True, eq=False)
class ReportComplex:
    """A ligand in a site: its poses, and what the simulation of the best gave.

    Attributes
    ----------
    ligand, site : str
    poses : sequence of Pose
        Best first.
    best : int
        Which of the poses was chosen to be simulated.
    simulated : bool
        Whether it was.
    series : pandas.DataFrame or None
        Measured quantities by frame; None where nothing was simulated.
    contacts : pandas.DataFrame or None
        Contact occupancies with errors.
    corrections : pandas.DataFrame or None
        What the rest of the receptor adds to the energies, which those in `series` lack.
    last_frame : str
        PDB text of receptor and ligands in the last frame of a replica, in the receptor's frame; empty where
        there is none.
    """

    ligand: str
    site: str
    poses: Sequence[Pose]
    best: int
    simulated: bool
    series: pd.DataFrame | None = None
    contacts: pd.DataFrame | None = None
    corrections: pd.DataFrame | None = None
    last_frame: str = ""

    @property
    def label(self) -> str:
        """Ligand and site in words."""
        return f"{self.ligand} in {self.site}"


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything that a report shows.

    Attributes
    ----------
    title : str
    receptor : Receptor
    complexes : sequence of ReportComplex
    tables : mapping of str to pandas.DataFrame
        ``gate``, ``poses``, ``searches``, ``occupancy``, ``simulations``, ``comparisons``, ``hydrogen_bonds``, ``runs``,
        ``ions``, ``penalties``, ``failures``, ``stages``, and ``cross_docking`` where there is one.
    ligands : sequence of mapping
        The ligands' records.
    planned, succeeded, failed : int
        Numbers of tasks.
    gated_sites : sequence of str
        Sites with a known pose to be found again.
    gate_accepted : bool
        Whether to go on after a failed gate was chosen.
    settings : str
        The locked settings as YAML.
    versions : mapping of str to str
    bath_K : float
        Temperature of the simulations, in K; NaN if not known.
    """

    title: str
    receptor: Receptor
    complexes: Sequence[ReportComplex]
    tables: Mapping[str, pd.DataFrame]
    ligands: Sequence[Mapping[str, Any]]
    planned: int
    succeeded: int
    failed: int
    gated_sites: Sequence[str]
    gate_accepted: bool
    settings: str
    versions: Mapping[str, str]
    bath_K: float = nan  # noqa: N815

    @property
    def unphysical(self) -> list[ReportComplex]:
        """The complexes of which no pose passes the physical checks."""
        return [complex_ for complex_ in self.complexes if not complex_.poses[complex_.best].valid]

    @property
    def sites(self) -> list[str]:
        """The sites of the complexes, in their order."""
        return list(dict.fromkeys(complex_.site for complex_ in self.complexes))

    @property
    def kinds(self) -> set[str]:
        """The kinds of systems that were simulated."""
        runs = self.tables["runs"]
        return set(runs["kind"]) if len(runs) else set()

    @property
    def simulated(self) -> list[ReportComplex]:
        """The complexes of which something was simulated and measured."""
        return [complex_ for complex_ in self.complexes if complex_.series is not None]

    @property
    def doubts(self) -> dict[str, str]:
        """Why complexes are not credible, by their label; the others are not in it."""
        table = self.tables["simulations"]
        if "doubt" not in table:
            return {}
        return {
            complex_.label: doubt
            for complex_ in self.complexes
            for doubt in table.loc[
                (table["ligand"] == complex_.ligand) & (table["site"] == complex_.site), "doubt"
            ].dropna()
            if doubt
        }

    @property
    def anchors(self) -> dict[str, str]:
        """The residue that amines are measured against in each site that has one, such as ``ASP98``."""
        sites = self.receptor.sites
        return {
            name: anchor.residue
            for name in self.sites
            if name in sites and (anchor := sites[name].anchor) is not None
        }
