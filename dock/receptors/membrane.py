"""The membrane around a protein: the slab that buries the most of its hydrophobic surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dock.core.catalogue import MembraneEntry

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm.app import Topology

# Free energy of inserting a residue into the membrane, in kcal/mol (Hessa et al., Nature 433, 377, 2005).
INSERTION = {
    "ILE": -0.60, "LEU": -0.55, "PHE": -0.32, "VAL": -0.31, "CYS": -0.13, "MET": -0.10, "ALA": 0.11,
    "TRP": 0.30, "THR": 0.52, "TYR": 0.68, "GLY": 0.74, "SER": 0.84, "ASN": 2.05, "HIS": 2.06,
    "PRO": 2.23, "GLN": 2.36, "ARG": 2.58, "GLU": 2.68, "LYS": 2.71, "ASP": 3.49,
}  # fmt: skip
PROBE = 0.2  # nm, larger than water: what a lipid cannot touch does not count
SPHERE_POINTS = 200
NORMALS = 400  # directions tried, evenly over a hemisphere: 5 degrees apart
HALF_THICKNESSES = (13.0, 15.0, 17.0)  # angstrom
MIN_HALF, MAX_HALF = 11.0, 20.0  # angstrom
STEP = 2.0  # angstrom
RIM = 1.0  # angstrom over which a residue passes from inside to outside
# kcal/mol and A^2 of all the surface, relative to a random arrangement. Measured: -0.37 to -0.40 for
# SERT, DAT and the dopamine D2 receptor; -0.11 to -0.13 for T4 lysozyme and Fab fragments.
LEAST = -0.25
BESIDE = 12.0  # angstrom from the slab in which arginines and lysines are counted


def find_membrane(topology: Topology, positions: NDArray[np.float64]) -> MembraneEntry | None:
    """Return where the membrane lies, or None if the protein has no hydrophobic belt.

    The slab is the one whose residues, weighted by their exposed area, are the most hydrophobic
    against the mean of the surface. The side with fewer arginines and lysines beside the slab is
    taken for the outside (von Heijne's positive-inside rule). For SERT it lies within 5 degrees and
    1 A of OPM's.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n_atoms, 3)
        In nanometres.
    """
    places, names, areas = _surface(topology, positions)
    if not len(places) or areas.sum() == 0:
        return None
    values = np.array([INSERTION[name] for name in names])
    weights = (values - np.average(values, weights=areas)) * areas
    center = places.mean(axis=0)
    start = _coarse(places - center, weights)
    if start is None:
        return None
    normal, height, half, energy = _refined(places - center, weights, *start)
    if energy / areas.sum() > LEAST:
        return None
    heights = (places - center) @ normal - height
    charged = np.isin(names, ("ARG", "LYS"))
    above, below = (((half < side) & (side < half + BESIDE) & charged).sum() for side in (heights, -heights))
    if above > below:
        normal, height = -normal, -height
    rotation = _onto_z(normal)
    translation = -rotation @ center - np.array([0.0, 0.0, height])
    return MembraneEntry(
        rotation=rotation.tolist(),
        translation=translation.tolist(),
        half_thickness=round(half, 1),
        source="estimated from the exposed hydrophobic residues; the inside by the positive-inside rule",
    )


def _surface(
    topology: Topology, positions: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.str_], NDArray[np.float64]]:
    """Return centroid (angstrom), name and exposed area (A^2) of each standard residue."""
    import mdtraj

    whole = mdtraj.Trajectory(positions[None], mdtraj.Topology.from_openmm(topology))
    heavy = [
        atom.index
        for atom in whole.topology.atoms
        if atom.residue.name in INSERTION and atom.element.symbol != "H"
    ]
    part = whole.atom_slice(heavy)
    areas = mdtraj.shrake_rupley(part, probe_radius=PROBE, n_sphere_points=SPHERE_POINTS, mode="residue")[0]
    residues = list(part.topology.residues)
    places = [part.xyz[0, [atom.index for atom in residue.atoms]].mean(axis=0) for residue in residues]
    names = np.array([residue.name for residue in residues])
    return np.array(places).reshape(-1, 3) * 10.0, names, areas * 100.0


def _coarse(
    places: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float] | None:
    """Return the best of evenly spread slabs: normal, height and half thickness."""
    best, lowest = None, 0.0
    for normal in _hemisphere(NORMALS):
        heights = places @ normal
        for half in HALF_THICKNESSES:
            for height in np.arange(heights.min() + half, heights.max() - half + STEP, STEP):
                energy = float(weights[np.abs(heights - height) < half].sum())
                if energy < lowest:
                    best, lowest = (normal, float(height), half), energy
    return best


def _refined(
    places: NDArray[np.float64],
    weights: NDArray[np.float64],
    normal: NDArray[np.float64],
    height: float,
    half: float,
) -> tuple[NDArray[np.float64], float, float, float]:
    """Return normal, height, half thickness and energy of the best slab near one."""
    from scipy.optimize import minimize

    def energy(values: NDArray[np.float64]) -> float:
        depth = np.abs(places @ _direction(values[0], values[1]) - values[2])
        half_now = np.clip(values[3], MIN_HALF, MAX_HALF)
        return float((weights / (1.0 + np.exp(np.clip((depth - half_now) / RIM, -50, 50)))).sum())

    first = [np.arccos(normal[2]), np.arctan2(normal[1], normal[0]), height, half]
    found = minimize(energy, first, method="Nelder-Mead").x
    return (
        _direction(found[0], found[1]),
        float(found[2]),
        float(np.clip(found[3], MIN_HALF, MAX_HALF)),
        energy(found),
    )


def _direction(polar: float, azimuth: float) -> NDArray[np.float64]:
    return np.array([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)])


def _hemisphere(count: int) -> NDArray[np.float64]:
    """Return unit vectors spread evenly over a hemisphere by the golden angle, shape (count, 3)."""
    index = np.arange(count) + 0.5
    heights = 1.0 - index / count
    angles = np.pi * (1.0 + np.sqrt(5.0)) * index
    radii = np.sqrt(1.0 - heights**2)
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles), heights])


def _onto_z(normal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation that turns a unit vector onto z."""
    from scipy.spatial.transform import Rotation

    rotation, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [normal])
    return np.asarray(rotation.as_matrix())
