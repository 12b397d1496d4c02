"""The last frame that a report shows: receptor and ligands alone, where the receptor is."""

import io

import mdtraj
import numpy as np
import pytest
from openmm import app, unit
from scipy.spatial.transform import Rotation

from dock.analysis.trajectory import ComplexTrajectory
from dock.docking.pose import Pose
from dock.dynamics.frames import TOPOLOGY, TRAJECTORY, write_topology
from dock.systems.complexes import SystemSettings
from dock.systems.implicit import whole_system

BOX = 15.0  # nm


@pytest.fixture(scope="module")
def pose(receptor, escitalopram):
    return Pose.known(escitalopram, receptor.references["orthosteric"], "orthosteric")


@pytest.fixture(scope="module")
def whole(receptor, pose):
    return whole_system(receptor, pose, SystemSettings())


def moved(positions):
    """Turned and shifted as one body."""
    return Rotation.from_euler("xyz", (20, 40, 10), degrees=True).apply(positions) + 1.5


def last_frame(folder, topology, positions, pose, receptor, kind, box=None):
    """What is shown of a trajectory of two frames that ends with these positions, as a structure and as text."""
    write_topology(topology, positions, folder / TOPOLOGY)
    cell = {} if box is None else {"unitcell_lengths": [[box] * 3] * 2, "unitcell_angles": [[90.0] * 3] * 2}
    frames = mdtraj.Trajectory(
        np.stack([positions + 0.1, positions]), mdtraj.Topology.from_openmm(topology), time=[1, 2], **cell
    )
    frames.save_xtc(str(folder / TRAJECTORY))
    text = ComplexTrajectory.load(folder, pose, receptor, kind).last_frame_pdb()
    return app.PDBFile(io.StringIO(text)), text


def places(structure, wanted):
    """The positions, in angstrom, of the wanted atoms."""
    xyz = np.asarray(structure.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    return xyz[[atom.index for atom in structure.topology.atoms() if wanted(atom)]]


def lies_on(structure, receptor, pose):
    """How far C-alpha atoms and ligand are from where receptor and pose are, RMS in angstrom."""
    alphas = [atom.index for atom in receptor.topology.atoms() if atom.name == "CA"]
    pairs = (
        (places(structure, lambda atom: atom.name == "CA" and atom.residue.name != "CA"), receptor.positions[alphas] * 10),
        (places(structure, lambda atom: atom.residue.name == "LIG"), pose.mol.GetConformer().GetPositions()),
    )  # fmt: skip
    return [np.sqrt(np.square(one - two).sum(axis=1).mean()) for one, two in pairs]


def test_the_last_frame_of_a_receptor_that_turned_lies_on_it(whole, pose, receptor, tmp_path):
    structure, _ = last_frame(tmp_path, whole.topology, moved(whole.positions), pose, receptor, "implicit")
    assert max(lies_on(structure, receptor, pose)) < 0.05
    assert structure.topology.getNumAtoms() == len(whole.positions)


def test_the_last_frame_of_a_membrane_shows_neither_lipids_nor_water(whole, pose, receptor, tmp_path):
    """The ligand has crossed the edge of the box, and comes back to its site."""
    modeller = app.Modeller(whole.topology, whole.positions * unit.nanometer)
    around = app.Topology()
    for name, atoms in (("HOH", ("O", "H1", "H2")), ("POP", ("P", "O11"))):
        residue = around.addResidue(name, around.addChain("W"))
        added = [around.addAtom(atom, app.Element.getBySymbol(atom[0]), residue) for atom in atoms]
        for other in added[1:]:
            around.addBond(added[0], other)
    modeller.add(around, np.full((around.getNumAtoms(), 3), 5.0) * unit.nanometer)
    positions = moved(np.asarray(modeller.getPositions().value_in_unit(unit.nanometer)))
    positions[whole.ligand] += [BOX, 0.0, 0.0]
    structure, text = last_frame(tmp_path, modeller.topology, positions, pose, receptor, "membrane", BOX)
    assert max(lies_on(structure, receptor, pose)) < 0.05
    assert "HOH" not in text
    assert "POP" not in text
    assert structure.topology.getNumAtoms() == len(whole.positions)
