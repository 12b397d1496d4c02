"""Analysis: trajectories measured with mdtraj, and sites and enantiomers compared."""
