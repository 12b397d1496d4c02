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
from dock.docking.engine import DockingSettings, Placement, require_placements

if TYPE_CHECKING:
    from dock.ligands import Ligand
    from dock.receptors import Receptor, Site


@contextmanager
def silenced_output() -> Iterator[None]:
    """Send what native code prints to nowhere while the block runs.

    rustina announces its search parameters on the process's standard output, past Python.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("w") as nowhere:
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
        """Search the site for one ligand; highest CNN pose probability first.

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
                    seed=seed,
                    threads=self._threads,
                    num_modes=settings.modes,
                )
        except Exception as error:  # the extension raises RuntimeError, ValueError and its own
            raise DockingError(ligand.name, f"rustina failed ({error})") from error
        placements = [
            Placement(
                pdbqt.read_coordinates(ligand, answer["pdbqt"]),
                float(answer["empirical_score"]),
                {
                    "cnn_probability": float(answer["cnn_score"]),
                    "cnn_affinity_pK": float(answer["cnn_affinity"]),
                },
            )
            for answer in answers
        ]
        require_placements(ligand, placements, self._site)
        return placements
