"""Dynamics: parameters, site systems and the OpenMM engine."""
