"""AutoDock Vina: its maps are computed once for a site and a seed, and serve every ligand."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import DockingError, MissingDependencyError, StructureError
from dock.docking import pdbqt
from dock.docking.engines.base import Placement, fitting
from dock.docking.settings import DockingSettings

if TYPE_CHECKING:
    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site

# Measured with boxes of 24, 60 and 90 A: what Vina's maps take, in bytes for each cubic angstrom.
MAP_BYTES = 6000.0
ENERGY_RANGE = 100.0  # kcal/mol above the best; Vina's 3 would cut off what ranking is to choose from


class VinaEngine:
    """The Vina engine, ready for one site of one receptor.

    Parameters
    ----------
    threads
        Threads of one search.
    """

    name = "vina"

    def __init__(self, receptor: Receptor, site: Site, threads: int) -> None:
        _check_memory(site)
        self._receptor = pdbqt.receptor_pdbqt(receptor, site)
        self._subject = receptor.name
        self._site = site
        self._threads = threads
        self._made: tuple[int, Any] | None = None

    def place(self, ligand: Ligand, seed: int, settings: DockingSettings) -> Sequence[Placement]:
        """Search the site for one ligand, from its first conformer; lowest energy first.

        Raises
        ------
        DockingError
            If Vina fails or no pose fits the box.
        """
        vina = self._vina(seed)
        try:
            vina.set_ligand_from_string(pdbqt.ligand_pdbqt(ligand))
            vina.dock(settings.exhaustiveness, settings.modes)
            scores = [float(row[0]) for row in vina.energies(settings.modes, ENERGY_RANGE)]
            models = vina.poses(settings.modes, ENERGY_RANGE).split("ENDMDL")
        except Exception as error:  # the extension raises RuntimeError, TypeError and its own
            raise DockingError(ligand.name, f"Vina failed ({error})") from error
        texts = [model.partition("\n")[2] for model in map(str.strip, models) if model]
        return fitting(ligand, [Placement(*pair) for pair in zip(texts, scores, strict=True)], self._site)

    def _vina(self, seed: int) -> Any:
        """Return Vina with the site's maps; it takes its seed for good when it is made.

        Only that of the last seed is kept, for its maps take 200 to 400 MB.
        """
        if self._made and self._made[0] == seed:
            return self._made[1]
        self._made = None
        try:
            from vina import Vina
        except ImportError as error:
            raise MissingDependencyError(
                "vina", "is not installed", "pip install vina (Python 3.12 or older), or leave it out"
            ) from error
        vina = Vina(sf_name="vina", cpu=self._threads, seed=seed, verbosity=0)
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "receptor.pdbqt"
                path.write_text(self._receptor, encoding="utf-8")
                vina.set_receptor(str(path))
            vina.compute_vina_maps(list(self._site.center), list(self._site.box))
        except Exception as error:  # the extension raises RuntimeError, TypeError and its own
            raise StructureError(self._subject, f"Vina cannot read it ({error})") from error
        self._made = seed, vina
        return vina


def _check_memory(site: Site) -> None:
    """Refuse a box whose maps do not fit into the memory that is free: the system would end the process."""
    wanted, free = MAP_BYTES * float(np.prod(site.box)), _free_memory()
    if wanted > free:
        edges = " x ".join(f"{edge:g}" for edge in site.box)
        raise StructureError(
            f"site {site.name}",
            f"Vina's maps of its box of {edges} A would take {wanted / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free",
            "take a smaller box, fewer workers, or rustina, which takes a tenth of that",
        )


def _free_memory() -> float:
    """Return how much memory can be had, in bytes; infinite where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024.0 * next(float(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return inf


ENGINE = VinaEngine
