"""A simulated complex as mdtraj sees it, with what is needed to measure the ligand in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dock.core.errors import AnalysisError
from dock.dynamics.frames import ENERGIES, TOPOLOGY, TRAJECTORY, frame_temperatures
from dock.forcefield.parameters import LIGAND_RESIDUE
from dock.receptors.addresses import author_address, readdressed
from dock.receptors.receptor import residue_labels
from dock.systems.assembly import LIGAND_CHAIN, subset_topology
from dock.systems.complexes import Kind
from dock.systems.solutes import OCCUPANT_RESIDUE

if TYPE_CHECKING:
    import mdtraj
    from numpy.typing import NDArray
    from openmm.app import Topology
    from openmm.app.topology import Residue

    from dock.docking.pose import Pose
    from dock.receptors import Receptor, Site


@dataclass(frozen=True, eq=False)
class ComplexTrajectory:
    """The frames of one complex.

    Attributes
    ----------
    frames : mdtraj.Trajectory
        Of receptor and ligands, in the frame of the receptor. The outer shell of a site does not move, so
        nothing is fitted; a receptor that moves as a whole is superposed by its C-alpha atoms.
    pose : Pose
        The docked pose that the simulation started from.
    receptor : Receptor
        The whole receptor; what of it was not simulated stays where it is.
    labels : tuple of str
        What the receptor calls each residue of the frames, by index.
    temperatures : numpy.ndarray, shape (n_frames,)
        In K; empty where they were not kept.
    simulated : openmm.app.Topology
        Of the atoms of the frames, with the author's chain letters and residue numbers.
    """

    frames: mdtraj.Trajectory
    pose: Pose
    receptor: Receptor
    labels: tuple[str, ...]
    simulated: Topology
    temperatures: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @classmethod
    def load(cls, folder: Path, pose: Pose, receptor: Receptor, kind: Kind = "site") -> ComplexTrajectory:
        """Load what `dock.dynamics.engine.simulate` wrote to a folder.

        Parameters
        ----------
        receptor
            With the ligands that lay in its other sites.
        kind
            Of the system that was simulated. What surrounds receptor and ligands is left out, molecules
            are moved to the periodic image nearest to the receptor.

        Raises
        ------
        AnalysisError
            If the trajectory cannot be read or is of another molecule.
        """
        import mdtraj
        from openmm.app import PDBxFile

        solute = None
        if kind == "membrane":
            mols = [pose.mol, *receptor.occupants.values()]
            solute = np.arange(receptor.topology.getNumAtoms() + sum(mol.GetNumAtoms() for mol in mols))
        try:
            simulated = PDBxFile(str(folder / TOPOLOGY)).topology
            topology = mdtraj.Topology.from_openmm(simulated)
            frames = _read_xtc(folder / TRAJECTORY, topology, solute)
        except Exception as error:  # readers raise whatever a truncated file causes
            raise AnalysisError(folder / TRAJECTORY, f"cannot be read ({error})") from error
        if solute is not None:
            simulated = subset_topology(simulated, solute)
        energies = folder / ENERGIES
        temperatures = frame_temperatures(energies) if energies.exists() else np.empty(0)
        trajectory = cls(frames, pose, receptor, _labels(simulated, receptor), simulated, temperatures)
        symbols = [frames.topology.atom(int(i)).element.symbol for i in trajectory.ligand]
        if symbols != [atom.GetSymbol() for atom in pose.mol.GetAtoms()]:
            raise AnalysisError(folder / TOPOLOGY, f"holds another molecule than {pose.ligand.name}")
        trajectory._add_ligand_bonds()
        if kind != "site":
            trajectory._follow_receptor()
        return trajectory

    @cached_property
    def ligand(self) -> NDArray[np.int64]:
        """Indices of the ligand's atoms, in the order of the pose's molecule."""
        return np.array(
            [atom.index for atom in self.frames.topology.atoms if atom.residue.name == LIGAND_RESIDUE]
        )

    @cached_property
    def ligand_heavy(self) -> NDArray[np.int64]:
        """Indices of the ligand's heavy atoms."""
        return self.ligand[: self.pose.mol.GetNumHeavyAtoms()]

    @cached_property
    def amines(self) -> NDArray[np.int64]:
        """Indices of the ligand's protonated nitrogens."""
        return self.ligand[list(self.pose.ligand.amines)]

    @property
    def site(self) -> Site:
        """The site that the pose lies in."""
        return self.receptor.site(self.pose.site)

    @cached_property
    def times(self) -> NDArray[np.float64]:
        """Time of each frame, in ps, from the start of production."""
        return np.asarray(self.frames.time, dtype=float)

    def last_frame_pdb(self) -> str:
        """Return the last frame as PDB text, chains and residues named as in the receptor's."""
        import io

        from openmm import unit
        from openmm.app import PDBFile

        whole = map(author_address, self.receptor.topology.residues())
        renamed = dict(zip(whole, self.receptor.pdb_addresses, strict=True))
        own = [author_address(residue) for residue in self.simulated.residues()]
        topology = readdressed(self.simulated, [renamed.get(address, address) for address in own])
        text = io.StringIO()
        PDBFile.writeFile(topology, self.frames.xyz[-1] * unit.nanometer, text, keepIds=True)
        return text.getvalue()

    def receptor_residues(self) -> list[mdtraj.core.topology.Residue]:
        """Return the residues that are not the ligand."""
        return [r for r in self.frames.topology.residues if r.name != LIGAND_RESIDUE]

    def residue_atoms(self, label: str, names: tuple[str, ...]) -> NDArray[np.int64]:
        """Return the named atoms of a residue, such as OD1 and OD2 of ``ASP98``; may be empty."""
        return np.array(
            [
                atom.index
                for residue in self.receptor_residues()
                if self.labels[residue.index] == label
                for atom in residue.atoms
                if atom.name in names
            ],
            dtype=int,
        )

    def anchor_places(self) -> NDArray[np.float64] | None:
        """Return where the site's anchor atoms are in each frame.

        Returns
        -------
        numpy.ndarray of shape (n_frames, n_anchor_atoms, 3), or None
            In nanometres; None where the site or the receptor has no such atoms. An anchor
            too far away to be in the system does not move.
        """
        anchor = self.site.anchor
        if anchor is None:
            return None
        simulated = self.residue_atoms(anchor.residue, anchor.atoms)
        if len(simulated):
            return np.asarray(self.frames.xyz[:, simulated])
        whole = residue_labels(self.receptor.topology)
        fixed = [
            atom.index
            for atom in self.receptor.topology.atoms()
            if whole[atom.residue.index] == anchor.residue and atom.name in anchor.atoms
        ]
        return (
            np.repeat(self.receptor.positions[None, fixed], self.frames.n_frames, axis=0) if fixed else None
        )

    def _follow_receptor(self) -> None:
        """Put every frame into the receptor's frame, with each molecule at its nearest image."""
        import mdtraj

        frames = self.frames
        if frames.unitcell_lengths is not None:
            molecules = frames.topology.find_molecules()
            largest = max(molecules, key=len)
            frames.image_molecules(inplace=True, anchor_molecules=[largest], other_molecules=None)
        count = self.receptor.topology.getNumAtoms()
        alphas = [atom.index for atom in frames.topology.atoms if atom.name == "CA" and atom.index < count]
        places = np.zeros((1, frames.n_atoms, 3), dtype=np.float32)
        places[0, :count] = self.receptor.positions
        frames.superpose(mdtraj.Trajectory(places, frames.topology), atom_indices=alphas)

    def _add_ligand_bonds(self) -> None:
        """Bonds of the ligand are not in the mmCIF; hydrogen bonds need them."""
        topology = self.frames.topology
        known = {frozenset((a.index, b.index)) for a, b in topology.bonds}
        for bond in self.pose.mol.GetBonds():
            ends = [int(self.ligand[i]) for i in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())]
            if frozenset(ends) not in known:
                topology.add_bond(*(topology.atom(i) for i in ends))


def _read_xtc(
    path: Path, topology: mdtraj.Topology, atom_indices: NDArray[np.int64] | None
) -> mdtraj.Trajectory:
    """Read a trajectory: through its descriptor, for mdtraj opens no path that is not ASCII."""
    from mdtraj.formats import XTCTrajectoryFile

    with path.open("rb") as file, XTCTrajectoryFile(f"/dev/fd/{file.fileno()}") as frames:
        return frames.read_as_traj(topology, atom_indices=atom_indices)


def _labels(simulated: Topology, receptor: Receptor) -> tuple[str, ...]:
    """Return what the receptor calls the residues of a part of it; the ligand is LIG1.

    Ligands in other sites are called by their name and site.
    """

    def place(residue: Residue) -> tuple[str, str, str, str]:
        return residue.chain.id, residue.id, residue.insertionCode.strip(), residue.name

    names = residue_labels(receptor.topology)
    whole = {place(residue): names[residue.index] for residue in receptor.topology.residues()}
    others = [f"{mol.GetProp('_Name')} in {site}" for site, mol in receptor.occupants.items()]
    whole |= {(LIGAND_CHAIN, str(n), "", OCCUPANT_RESIDUE): name for n, name in enumerate(others, start=2)}
    return tuple(whole.get(place(r), f"{r.name}{r.id}") for r in simulated.residues())
