"""Force-field parameters: ff14SB for the receptor, GAFF2 with AM1-BCC or NAGL charges for a ligand, Lipid21, TIP3P.

All are OpenMM `System` objects without cutoff, solvent or repartitioned masses. A receptor is
parametrised once and cached; a ligand once per constitution, so that its isomers share every
number; of what surrounds them, one molecule of each kind.
"""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.errors import ParameterError
from dock.core.files import cache_folder, write_text
from dock.core.keys import content_key
from dock.core.revisions import revision
from dock.dynamics import ambertools
from dock.dynamics.charges import ChargeMethod, charges

if TYPE_CHECKING:
    from openmm import System
    from openmm.app import Topology

    from dock.dynamics.surroundings import Molecule
    from dock.ligands import Ligand
    from dock.receptors import Receptor

RECEPTOR_FORCE_FIELD = ("amber14/protein.ff14SB.xml", "amber14/tip3p.xml")  # the latter for ions
SURROUNDINGS_FORCE_FIELD = ("amber19/lipid21.xml", "amber14/tip3p.xml")
LIGAND_FORCE_FIELD = "GAFF2"
LIGAND_RESIDUE = "LIG"


def receptor_parameters(receptor: Receptor) -> System:
    """Return the ff14SB system of a whole receptor, from the cache where it is there.

    Raises
    ------
    ParameterError
        If a residue matches no template.
    """
    from openmm import XmlSerializer

    key = content_key(
        [revision("receptor parameters"), receptor.key, RECEPTOR_FORCE_FIELD, version("openmm")]
    )
    cached = cache_folder() / "parameters" / f"receptor-{key}.xml"
    if cached.exists():
        return XmlSerializer.deserialize(cached.read_text())
    system = parametrise_receptor(receptor.name, receptor.topology)
    write_text(cached, XmlSerializer.serialize(system))
    return system


def parametrise_receptor(name: str, topology: Topology) -> System:
    """Return the ff14SB system of a topology, bonds to hydrogen constrained.

    Raises
    ------
    ParameterError
        If a residue matches no template.
    """
    from openmm import app

    force_field = app.ForceField(*RECEPTOR_FORCE_FIELD)
    try:
        return force_field.createSystem(topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds)
    except ValueError as error:
        raise ParameterError(name, f"ff14SB does not fit ({error})", "prepare the receptor again") from error


def ligand_parameters(ligand: Ligand, method: ChargeMethod = "am1-bcc") -> System:
    """Return the GAFF2 system of a ligand, in the order of `ligand.mol`.

    Atom types, bonded terms and charges are those of the constitution; stereochemistry lives
    in the coordinates alone.

    Parameters
    ----------
    method
        Where its charges come from; see `dock.dynamics.charges.charges`.

    Raises
    ------
    SettingsError
        If there is no such method.
    ParameterError
        If a program of AmberTools fails on the molecule, or NAGL does not know the like of it.
    MissingDependencyError
        If AmberTools is not there and the parameters are not cached, or NAGL is not there.
    """
    from openmm import NonbondedForce, XmlSerializer, app, unit

    by_atom = [round(float(value), 12) for value in charges(ligand, method)]
    elements = [atom.GetSymbol() for atom in ligand.mol.GetAtoms()]
    program = [*revision("ligand parameters"), ambertools.fingerprint()]
    # Without the bonds, two orders of atoms that differ among atoms of equal charge would share parameters.
    bonds = sorted(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) for bond in ligand.mol.GetBonds())
    key = content_key([ligand.constitution, elements, bonds, by_atom, LIGAND_FORCE_FIELD, program])
    cached = cache_folder() / "parameters" / f"ligand-{key}.xml"
    if cached.exists():
        return XmlSerializer.deserialize(cached.read_text())
    with tempfile.TemporaryDirectory(prefix="sertdock-gaff-") as scratch:
        prmtop = _run_tleap(ligand, by_atom, Path(scratch))
        system = app.AmberPrmtopFile(str(prmtop)).createSystem(
            nonbondedMethod=app.NoCutoff, constraints=app.HBonds, removeCMMotion=False
        )
    # The prmtop rounds charges to 1e-8 of its own unit; put the exact ones back.
    force = force_of(system, NonbondedForce)
    for index, charge in enumerate(by_atom):
        _, sigma, epsilon = force.getParticleParameters(index)
        force.setParticleParameters(index, charge * unit.elementary_charge, sigma, epsilon)
    write_text(cached, XmlSerializer.serialize(system))
    return system


def molecule_parameters(molecule: Molecule) -> System:
    """Return the Lipid21 or TIP3P system of one molecule of the surroundings; water is rigid.

    Raises
    ------
    ParameterError
        If it matches no template.
    """
    from openmm import XmlSerializer, app

    kind = [molecule.name, molecule.atoms, molecule.bonds]
    key = content_key([revision("molecule parameters"), kind, SURROUNDINGS_FORCE_FIELD, version("openmm")])
    cached = cache_folder() / "parameters" / f"molecule-{key}.xml"
    if cached.exists():
        return XmlSerializer.deserialize(cached.read_text())
    topology = app.Topology()
    molecule.add_to(topology, topology.addChain(), 1)
    force_field = app.ForceField(*SURROUNDINGS_FORCE_FIELD)
    try:
        system = force_field.createSystem(topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds)
    except ValueError as error:
        raise ParameterError(molecule.name, f"Lipid21 and TIP3P do not fit ({error})") from error
    write_text(cached, XmlSerializer.serialize(system))
    return system


def force_of(system: System, kind: type) -> Any:
    """Return the force of a kind, such as `openmm.NonbondedForce`, that a system has one of."""
    return next(force for force in system.getForces() if isinstance(force, kind))


def _run_tleap(ligand: Ligand, by_atom: list[float], folder: Path) -> Path:
    """Type the ligand with antechamber, complete GAFF2 with parmchk2, build with tleap."""
    from rdkit import Chem

    Chem.MolToMolFile(ligand.mol, str(folder / "in.sdf"))
    (folder / "charges.txt").write_text("\n".join(f"{charge:.6f}" for charge in by_atom) + "\n")
    ambertools.run(
        ligand.name, folder, "antechamber", "-i", "in.sdf", "-fi", "sdf", "-o", "lig.mol2",
        "-fo", "mol2", "-at", "gaff2", "-c", "rc", "-cf", "charges.txt",
        "-nc", str(ligand.charge), "-rn", LIGAND_RESIDUE, "-dr", "no", "-pf", "y",
    )  # fmt: skip
    ambertools.run(
        ligand.name, folder, "parmchk2", "-i", "lig.mol2", "-f", "mol2", "-o", "lig.frcmod", "-s", "gaff2"
    )
    script = (
        "source leaprc.gaff2",
        f"{LIGAND_RESIDUE} = loadmol2 lig.mol2",
        "loadamberparams lig.frcmod",
        f"saveamberparm {LIGAND_RESIDUE} lig.prmtop lig.inpcrd",
        "quit",
    )
    (folder / "leap.in").write_text("\n".join(script) + "\n")
    output = ambertools.run(ligand.name, folder, "tleap", "-f", "leap.in")
    prmtop = folder / "lig.prmtop"
    if not prmtop.exists() or prmtop.stat().st_size == 0:
        raise ParameterError(ligand.name, f"tleap wrote no topology ({output.strip()[-200:]})")
    if "ATTN, need revision" in (folder / "lig.frcmod").read_text():
        raise ParameterError(ligand.name, "GAFF2 has no parameters for part of it", "check the structure")
    return prmtop
