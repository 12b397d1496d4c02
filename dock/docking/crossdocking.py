"""Cross-docking: the known ligand of one structure, docked into another structure of the same protein.

Redocking is easier than docking: the pocket has the shape that its own ligand left. What is docked into
a pocket that another ligand shaped says what may be hoped for of a ligand that no structure shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dock.docking.redocking import Gate, known_ligand, known_pose, redocking_gate
from dock.docking.search import search_site
from dock.receptors.superposition import SITE_REACH, Transform, superpose_receptors

if TYPE_CHECKING:
    import pandas as pd
    from rdkit.Chem import Mol

    from dock.docking.search import Search
    from dock.docking.settings import DockingSettings
    from dock.receptors import Receptor


@dataclass(frozen=True)
class CrossGate:
    """The verdict over every seed of a cross-docking.

    Attributes
    ----------
    gate : Gate
    ligand_from : str
        The structure that shows the ligand, as ``5I71 (sert)``.
    docked_into : str
        The structure that it was docked into.
    transform : Transform
        What carried the known pose over.
    pooled_rmsd : float
        Of the pose that all seeds together put first, which a campaign would take, in angstrom.
    search : Search
        What it was judged by.
    """

    gate: Gate
    ligand_from: str
    docked_into: str
    transform: Transform
    pooled_rmsd: float
    search: Search

    @property
    def passed(self) -> bool:
        """Whether the top pose of every seed lies within 2 A of the known one."""
        return self.gate.passed

    def records(self) -> list[dict[str, Any]]:
        """Return plain values, a row for each seed."""
        further = {
            "ligand_from": self.ligand_from,
            "docked_into": self.docked_into,
            "pooled_rmsd_A": round(self.pooled_rmsd, 3),
            "superposed": f"{self.transform}, within {SITE_REACH:g} A of the site",
        }
        return [{**row, **further} for row in self.gate.records()]

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row for each seed."""
        import pandas as pd

        return pd.DataFrame(self.records())

    def _repr_html_(self) -> str:
        return str(self.to_dataframe().to_html(index=False))


def cross_dock(
    receptor: Receptor,
    reference_receptor: Receptor,
    site: str,
    settings: DockingSettings | None = None,
    threads: int = 1,
) -> CrossGate:
    """Dock the known ligand of one structure into another, and judge every seed.

    The ligand starts from a generated conformer. Its known pose is carried over by the C-alpha atoms
    within 16 A of the site's centre, or of the pose where the site is a box; RMSDs are to that, nothing
    else fitted. What the backbones
    themselves differ by is thus part of them.

    Parameters
    ----------
    receptor
        What is docked into.
    reference_receptor
        Another structure of the same protein, with a known pose in the site.
    site
        Name or synonym of the site, which both have.
    threads
        Processor threads of one search.

    Raises
    ------
    UnknownNameError
        If one of the receptors has no such site.
    StructureError
        If the site has no known pose in `reference_receptor`, or the two are not of one protein.
    DockingError
        If every search fails, or no pose lies in the site.
    """
    place, there = receptor.site(site), reference_receptor.site(site)
    pose = known_pose(reference_receptor, there.name)
    # The middle of a box may be far from where in it the ligand lies.
    middle = there.center if there.radius is not None else pose.GetConformer().GetPositions().mean(axis=0)
    onto = superpose_receptors(reference_receptor, receptor, middle, SITE_REACH)
    search = search_site(receptor, known_ligand(reference_receptor, there.name), place, settings, threads)
    known = _moved(pose, onto)
    gate = redocking_gate(receptor, search, known)
    names = structure_name(reference_receptor), structure_name(receptor)
    return CrossGate(gate, *names, onto, search.best.rmsd(known), search)


def _moved(mol: Mol, onto: Transform) -> Mol:
    from rdkit import Chem

    moved = Chem.Mol(mol)
    conformer = moved.GetConformer()
    conformer.SetPositions(onto(conformer.GetPositions()))
    return moved


def structure_name(receptor: Receptor) -> str:
    """Return the entry that a receptor is made of, with the receptor's name where that is another."""
    return receptor.entry if receptor.entry == receptor.name else f"{receptor.entry} ({receptor.name})"
