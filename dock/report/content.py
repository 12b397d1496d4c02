"""What a report shows, free of how it was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    last_frame : str
        PDB text of the simulated system's last frame; empty where there is none.
    """

    ligand: str
    site: str
    poses: Sequence[Pose]
    best: int
    simulated: bool
    series: pd.DataFrame | None = None
    contacts: pd.DataFrame | None = None
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
        ``failures``, ``stages``.
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

    @property
    def unphysical(self) -> list[ReportComplex]:
        """The complexes of which no pose passes the physical checks."""
        return [complex_ for complex_ in self.complexes if not complex_.poses[complex_.best].valid]

    @property
    def sites(self) -> list[str]:
        """The sites of the complexes, in their order."""
        return list(dict.fromkeys(complex_.site for complex_ in self.complexes))
