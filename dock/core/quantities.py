"""Quantities: what is measured or scored, said once: its name in tables, its label and its unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Observable:
    """Something that has a value for a pose, or for each frame of a trajectory.

    Attributes
    ----------
    name : str
        In tables and files; it ends in its unit.
    label : str
        As people call it.
    unit : str
        As people write it; empty for a plain number.
    short : str
        The label where there is little room.
    """

    name: str
    label: str
    unit: str = ""
    short: str = ""

    @property
    def heading(self) -> str:
        """Label and unit, for a table or an axis."""
        return f"{self.label} / {self.unit}" if self.unit else self.label


KCAL, ANGSTROM = "kcal/mol", "Å"
# Of poses, and of pairs of complexes.
OF_POSES = (
    Observable("docking_score_kcal_mol", "docking score", KCAL),
    Observable("vinardo_kcal_mol", "Vinardo energy of the pose", KCAL),
    Observable("strain_kcal_mol", "strain of the docked pose", KCAL),
    Observable("refined_interaction_kcal_mol", "interaction energy of the refined pose", KCAL),
    Observable("refined_strain_kcal_mol", "strain of the refined pose", KCAL),
    Observable("cnn_probability", "CNN pose probability"),
    Observable("cnn_affinity_pK", "CNN affinity", "pK"),
    Observable("contacts", "residues touched in half of the frames"),
)
