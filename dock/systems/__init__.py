"""Systems: what is simulated, a site, a whole receptor in implicit solvent or in its membrane."""
