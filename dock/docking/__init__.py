"""Docking: engines behind one protocol, poses, and their checks."""
