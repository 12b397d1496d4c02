"""Rescoring: one energy and one network for every pose, whichever engine it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import DockingError
from dock.docking import pdbqt
from dock.docking.engines.base import Network

if TYPE_CHECKING:
    from dock.receptors import Receptor, Site

ENERGY_SHELL = 9.0  # angstrom; beyond 8 the empirical terms are zero
NETWORK_SHELL = 22.0  # angstrom; reaches the corners of the network's grid from any atom of the ligand


class Scorer:
    """Vinardo's energy and GNINA's network, as rustina computes them, in one site of a receptor.

    The energy is that of the pose as it lies. An engine's own score is interpolated on a grid: the
    Vinardo scores of rustina's search differ from it by 0.3 kcal/mol on average, up to 0.8.
    """

    def __init__(self, receptor: Receptor, site: Site) -> None:
        from scipy.spatial import cKDTree

        self._lines = np.array(pdbqt.receptor_pdbqt(receptor, site).splitlines(), dtype=object)
        self._tree = cKDTree(pdbqt.places(self._lines))

    def vinardo(self, name: str, pose: str) -> float:
        """Return the Vinardo energy of a pose, in kcal/mol.

        Parameters
        ----------
        name
            Of the ligand, for errors.
        pose
            As PDBQT text.

        Raises
        ------
        DockingError
            If rustina cannot score it.
        """
        import rustina

        try:
            score = rustina.score(self._around(pose, ENERGY_SHELL), pose, scoring="vinardo")
        except Exception as error:  # the extension raises RuntimeError, ValueError and its own
            raise DockingError(name, f"rustina cannot score a pose ({error})") from error
        return float(score["empirical_score"])

    def network(self, name: str, pose: str) -> Network:
        """Return what the network says of a pose.

        Raises
        ------
        DockingError
            If rustina cannot score it.
        """
        import rustina

        try:
            answer = rustina.score_cnn(self._around(pose, NETWORK_SHELL), pose)
        except Exception as error:  # the extension raises RuntimeError, ValueError and its own
            raise DockingError(name, f"rustina cannot score a pose ({error})") from error
        return Network(float(answer["cnn_score"]), float(answer["cnn_affinity"]))

    def _around(self, pose: str, reach: float) -> str:
        """Return the atoms of the receptor within reach of a pose: parsing them takes most of the time."""
        atoms = pdbqt.places([line for line in pose.splitlines() if line.startswith(pdbqt.ATOM_RECORDS)])
        near = sorted({index for found in self._tree.query_ball_point(atoms, reach) for index in found})
        return "\n".join(self._lines[near]) + "\n"
