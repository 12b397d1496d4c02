"""The force field: charges and parameters of ligands and receptors, and how energies are computed and minimised."""
