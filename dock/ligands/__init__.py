"""Ligands: from a name or a SMILES to a protonated molecule with a conformer (RDKit)."""

from dock.ligands.ligand import Ligand

__all__ = ["Ligand"]
