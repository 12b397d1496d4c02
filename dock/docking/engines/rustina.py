"""rustina: a Vinardo search whose poses are ranked by GNINA's convolutional network."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dock.core.errors import DockingError
from dock.docking import pdbqt
from dock.docking.engines.base import Network, Placement, fitting
from dock.docking.settings import MAX_RUNS, DockingSettings

if TYPE_CHECKING:
    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site

SEARCH_MODES = {"cpu": "qvina2-active", "gpu": "gpu"}
POSE_POOL = 10
# The runs of a search take consecutive seeds: seeds 1 and 2 would share 15 of 16 runs.
SEED_STRIDE = MAX_RUNS


@contextmanager
def silenced_output() -> Iterator[None]:
    """Send what native code prints to nowhere while the block runs.

    rustina announces its search parameters on the process's standard output, past Python.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


class RustinaEngine:
    """The rustina engine, ready for one site of one receptor.

    Parameters
    ----------
    threads
        Threads of one search.
    """

    name = "rustina"

    def __init__(self, receptor: Receptor, site: Site, threads: int) -> None:
        self._receptor = pdbqt.receptor_pdbqt(receptor, site)
        self._site = site
        self._threads = threads

    def place(self, ligand: Ligand, seed: int, settings: DockingSettings) -> Sequence[Placement]:
        """Search the site for one ligand, from its first conformer; rustina's own choice first.

        Raises
        ------
        DockingError
            If rustina fails or no pose fits the box.
        """
        import rustina

        try:
            with silenced_output():
                answers = rustina.dock(
                    self._receptor,
                    pdbqt.ligand_pdbqt(ligand),
                    *self._site.center,
                    *self._site.box,
                    runs=settings.runs,
                    seed=seed * SEED_STRIDE,
                    threads=self._threads,
                    num_modes=settings.modes,
                    search_mode=SEARCH_MODES[settings.device],
                    # What is not asked of the network comes back with a probability of zero.
                    pose_pool_size=max(POSE_POOL, settings.modes),
                    cnn_pool_size=max(POSE_POOL, settings.modes),
                )
        except Exception as error:  # the extension raises RuntimeError, ValueError and its own
            raise DockingError(ligand.name, f"rustina failed ({error})") from error
        found = [
            Placement(
                answer["pdbqt"],
                float(answer["empirical_score"]),
                Network(float(answer["cnn_score"]), float(answer["cnn_affinity"])),
            )
            for answer in answers
        ]
        return fitting(ligand, found, self._site)


ENGINE = RustinaEngine
