"""What a report shows, free of how it was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, Any

from dock.report.words import Row, known_text

if TYPE_CHECKING:
    import pandas as pd

    from dock.docking.pose import Pose
    from dock.receptors import Receptor


@dataclass(frozen=True, eq=False)
class ReportComplex:
    """A ligand in a site of a receptor: its poses, and what the simulation of the best gave.

    Attributes
    ----------
    receptor, ligand, site : str
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

    receptor: str
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
    def place(self) -> tuple[str, str]:
        """Receptor and site."""
        return self.receptor, self.site

    @property
    def subject(self) -> Row:
        """What the rows of tables that are about it have."""
        return {"receptor": self.receptor, "ligand": self.ligand, "site": self.site}


@dataclass(frozen=True, eq=False)
class ReportContent:
    """Everything that a report shows.

    Attributes
    ----------
    title : str
    receptors : mapping of str to Receptor
        By name; where there are several, words and tables tell which of them is meant.
    complexes : sequence of ReportComplex
    tables : mapping of str to pandas.DataFrame
        ``gate``, ``poses``, ``searches``, ``occupancy``, ``simulations``, ``comparisons``, ``hydrogen_bonds``, ``runs``,
        ``ions``, ``penalties``, ``failures``, ``stages``, and ``cross_docking`` where there is one. What is of a receptor has its
        name in the column ``receptor``; in comparisons, both complexes are of that one.
    ligands : sequence of mapping
        The ligands' records.
    planned, succeeded, failed : int
        Numbers of steps.
    gated_sites : sequence of tuple of str
        Receptors and their sites with a known pose to be found again.
    gate_accepted : bool
        Whether to go on after a failed gate was chosen.
    settings : str
        The locked settings as YAML.
    versions : mapping of str to str
    bath_K : float
        Temperature of the simulations, in K; NaN if not known.
    """

    title: str
    receptors: Mapping[str, Receptor]
    complexes: Sequence[ReportComplex]
    tables: Mapping[str, pd.DataFrame]
    ligands: Sequence[Mapping[str, Any]]
    planned: int
    succeeded: int
    failed: int
    gated_sites: Sequence[tuple[str, str]]
    gate_accepted: bool
    settings: str
    versions: Mapping[str, str]
    bath_K: float = nan  # noqa: N815

    def rows(self, name: str) -> list[Row]:
        """Return the rows of a table as plain values; none of one that an older run lacks."""
        return self._rows.get(name, [])

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        return {
            name: [{str(column): value for column, value in row.items()} for row in table.to_dict("records")]
            for name, table in self.tables.items()
        }

    def rows_of(self, name: str, complex_: ReportComplex) -> list[Row]:
        """Return the rows of a table that are about a complex."""
        return [row for row in self.rows(name) if complex_.subject.items() <= row.items()]

    @property
    def several(self) -> bool:
        """Whether there is more than one receptor."""
        return len(self.receptors) > 1

    def of(self, receptor: str) -> str:
        """Return of which receptor something is, as `` of sert-6vrh``; nothing where there is but one."""
        return f" of {receptor}" if self.several else ""

    def label(self, row: Row) -> str:
        """Return what a row is about in words, as ``escitalopram in orthosteric of sert-6vrh``."""
        return f"{row['ligand']} in {row['site']}{self.of(row['receptor'])}"

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """The receptors and sites of the complexes, in their order."""
        return list(dict.fromkeys(complex_.place for complex_ in self.complexes))

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
    def simulated_time(self) -> str:
        """How long a replica of each complex was simulated, in words; empty where none was."""
        times = [
            complex_.series["time_ps"].max() for complex_ in self.complexes if complex_.series is not None
        ]
        if not times:
            return ""
        return f"{max(times):g} picoseconds" if max(times) < 1000 else f"{max(times) / 1000:g} nanoseconds"

    @cached_property
    def doubts(self) -> dict[str, str]:
        """Why complexes are not credible, by their label; the others are not in it."""
        return {
            self.label(row): row["doubt"]
            for complex_ in self.complexes
            for row in self.rows_of("simulations", complex_)
            if known_text(row.get("doubt"))
        }

    @cached_property
    def anchors(self) -> dict[tuple[str, str], str]:
        """The residue that amines are measured against by receptor and site that has one, such as ``ASP98``."""
        return {
            (name, site): anchor.residue
            for name, site in self.places
            if (place := self.receptors[name].sites.get(site)) and (anchor := place.anchor) is not None
        }
