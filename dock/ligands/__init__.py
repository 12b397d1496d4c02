"""Ligands: from names, SMILES and files to protonated molecules with conformers (RDKit)."""

from dock.ligands.ligand import Ligand

__all__ = ["Ligand"]
