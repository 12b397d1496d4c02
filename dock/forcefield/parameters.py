"""Force-field parameters: of receptors, ligands, lipids and water.

ff14SB is for proteins, OL15 and OL3 for DNA and RNA, GAFF2 with AM1-BCC or NAGL charges for a ligand, Lipid21, TIP3P.
All are OpenMM `System` objects without cutoff, solvent or repartitioned masses. A receptor is
parametrised once and cached; a ligand once per constitution, so that its isomers share every
number; of what surrounds them, one molecule of each kind.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dock.core.errors import ParameterError
from dock.core.files import cache_folder, read_json, write_json, write_text
from dock.core.keys import content_key
from dock.core.revisions import revision
from dock.forcefield import ambertools
from dock.forcefield.charges import ChargeMethod, charges
from dock.forcefield.parts import combine
from dock.receptors.hetero import ION_CHARGES
from dock.receptors.names import NUCLEOTIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openmm import System
    from openmm.app import Topology

    from dock.ligands import Ligand
    from dock.receptors import Receptor
    from dock.systems.membrane.surroundings import Molecule

RECEPTOR_FORCE_FIELD = ("amber14/protein.ff14SB.xml", "amber14/tip3p.xml")  # the latter for ions
NUCLEIC_FORCE_FIELD = ("amber14/DNA.OL15.xml", "amber14/RNA.OL3.xml")  # where a receptor has nucleic acid
SURROUNDINGS_FORCE_FIELD = ("amber19/lipid21.xml", "amber14/tip3p.xml")
LIGAND_FORCE_FIELD = "GAFF2"
# GAFF2's number in parmchk2. The name "gaff2" is read as GAFF or GAFF2 by chance by AmberTools' build on PyPI.
GAFF2_SET = "2"
# Sections of parmchk2's output, and how many characters of a line name the atom types.
SECTIONS = {"MASS": 2, "BOND": 5, "ANGLE": 8, "DIHE": 11, "IMPROPER": 11, "NONBON": 4}
PENALTIES = ".penalties.json"
HIGH_PENALTY = (
    50.0  # what parmchk2 took from atom types as unlike as this is told; its general impropers cost 42
)
LIGAND_RESIDUE = "LIG"


@dataclass(frozen=True)
class Penalty:
    """A term of a ligand that GAFF2 lacks.

    Attributes
    ----------
    term : str
        parmchk2's name of its kind, such as ``DIHE``.
    types : str
        The atom types, as ``ca-ca-cg-n1``.
    score : float
        parmchk2's penalty for the types that it was taken from; no unit.
    """

    term: str
    types: str
    score: float


def receptor_parameters(receptor: Receptor) -> System:
    """Return the ff14SB system of a whole receptor, from the cache where it is there; not to be changed.

    Raises
    ------
    ParameterError
        If a residue matches no template.
    """
    from openmm import XmlSerializer

    key = content_key(
        [revision("receptor parameters"), receptor.structure_key, RECEPTOR_FORCE_FIELD, version("openmm")]
    )
    cached = cache_folder() / "parameters" / f"receptor-{key}.xml"
    if not cached.exists():
        system = parametrise_receptor(receptor.name, receptor.topology)
        write_text(cached, XmlSerializer.serialize(system))
    return _read_system(cached)


@lru_cache(maxsize=2)  # reading that of SERT takes half a second, and each complex needs it
def _read_system(path: Path) -> System:
    from openmm import XmlSerializer

    return XmlSerializer.deserialize(path.read_text(encoding="utf-8"))


def parametrise_receptor(name: str, topology: Topology) -> System:
    """Return the ff14SB system of a topology, bonds to hydrogen constrained.

    Raises
    ------
    ParameterError
        If a residue matches no template.
    """
    from openmm import app

    nucleic = any(residue.name in NUCLEOTIDES for residue in topology.residues())
    force_field = app.ForceField(*RECEPTOR_FORCE_FIELD, *(NUCLEIC_FORCE_FIELD if nucleic else ()))
    # Templates are found by elements, of which ions of two charges have the same.
    ions = {residue: residue.name for residue in topology.residues() if residue.name in ION_CHARGES}
    try:
        return force_field.createSystem(
            topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds, residueTemplates=ions
        )
    except ValueError as error:
        raise ParameterError(name, f"ff14SB does not fit ({error})", "prepare the receptor again") from error


def ligand_parameters(ligand: Ligand, method: ChargeMethod = "am1-bcc") -> System:
    """Return the GAFF2 system of a ligand, in the order of `ligand.mol`.

    Atom types, bonded terms and charges are those of the constitution; stereochemistry lives
    in the coordinates alone.

    Parameters
    ----------
    method
        Where its charges come from; see `dock.forcefield.charges.charges`.

    Raises
    ------
    SettingsError
        If there is no such method.
    ParameterError
        If a program of AmberTools fails on the molecule, or NAGL does not know the like of it.
    MissingDependencyError
        If AmberTools is not there and the parameters are not cached, or NAGL is not there.
    """
    from openmm import XmlSerializer

    canonical, order = _canonical(ligand)
    system = XmlSerializer.deserialize(_ligand_files(canonical, method).read_text(encoding="utf-8"))
    # GAFF2's types depend on the order of the atoms, in which the halves of a conjugated system are told apart.
    return system if np.array_equal(order, np.arange(len(order))) else combine([(system, np.argsort(order))])


def parameter_penalties(ligand: Ligand, method: ChargeMethod = "am1-bcc") -> list[Penalty]:
    """Return the terms of a ligand that GAFF2 lacks and parmchk2 took from others at a penalty, worst first.

    parmchk2 borrows what is missing from the most similar atom types; the less they resemble, the larger
    the penalty. Terms of no penalty, as from a generic ``X -c3-c3-X``, are not among them.

    Raises
    ------
    SettingsError, ParameterError, MissingDependencyError
        As of `ligand_parameters`.
    """
    records = read_json(_ligand_files(_canonical(ligand)[0], method).with_suffix(PENALTIES))
    return [Penalty(**record) for record in records]


def _canonical(ligand: Ligand) -> tuple[Ligand, NDArray[np.int64]]:
    """Return a ligand in the order in which its molecule would be prepared, and which atom comes where in it."""
    from dock.ligands import axes, stereo

    order = stereo.canonical_order(ligand.mol)
    return replace(ligand, mol=axes.renumbered(ligand.mol, order)), np.array(order)


def _ligand_files(ligand: Ligand, method: ChargeMethod) -> Path:
    """Return the file of a ligand's parameters, its penalties beside it; both are made where they are not."""
    from openmm import NonbondedForce, XmlSerializer, app, unit

    by_atom = [round(float(value), 12) for value in charges(ligand, method)]
    elements = [atom.GetSymbol() for atom in ligand.mol.GetAtoms()]
    program = [*revision("ligand parameters"), ambertools.fingerprint()]
    # Without the bonds, two orders of atoms that differ among atoms of equal charge would share parameters.
    bonds = sorted(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) for bond in ligand.mol.GetBonds())
    kind = [LIGAND_FORCE_FIELD, GAFF2_SET]
    key = content_key([ligand.constitution, elements, bonds, by_atom, kind, program])
    cached = cache_folder() / "parameters" / f"ligand-{key}.xml"
    if cached.exists():
        return cached
    with tempfile.TemporaryDirectory(prefix="sertdock-gaff-") as scratch:
        prmtop = _run_tleap(ligand, by_atom, Path(scratch))
        system = app.AmberPrmtopFile(str(prmtop)).createSystem(
            nonbondedMethod=app.NoCutoff, constraints=app.HBonds, removeCMMotion=False
        )
        penalties = read_penalties(prmtop.with_suffix(".frcmod").read_text(encoding="utf-8"))
    # The prmtop rounds charges to 1e-8 of its own unit; put the exact ones back.
    force = force_of(system, NonbondedForce)
    for index, charge in enumerate(by_atom):
        _, sigma, epsilon = force.getParticleParameters(index)
        force.setParticleParameters(index, charge * unit.elementary_charge, sigma, epsilon)
    write_json(cached.with_suffix(PENALTIES), [asdict(penalty) for penalty in penalties])
    write_text(cached, XmlSerializer.serialize(system))
    return cached


def read_penalties(frcmod: str) -> list[Penalty]:
    """Return the terms of a file of parmchk2's that cost a penalty, the worst first, each once.

    Parameters
    ----------
    frcmod
        Text of the file: sections such as ``DIHE``, a line a term, the remark ``penalty score= 97.0`` in it.
    """
    worst: dict[tuple[str, str], float] = {}
    section = ""
    for line in frcmod.splitlines():
        if line.strip() in SECTIONS:
            section = line.strip()
            continue
        found = re.search(r"penalty score=\s*([\d.]+)", line)
        if found and section and float(found[1]) > 0:
            term = (section, line[: SECTIONS[section]].replace(" ", ""))
            worst[term] = max(worst.get(term, 0.0), float(found[1]))
    penalties = [Penalty(section, atoms, score) for (section, atoms), score in worst.items()]
    return sorted(penalties, key=lambda penalty: (-penalty.score, penalty.term, penalty.types))


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
        return XmlSerializer.deserialize(cached.read_text(encoding="utf-8"))
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
    write_text(folder / "in.sdf", ambertools.untitled_block(ligand.mol))
    (folder / "charges.txt").write_text(
        "\n".join(f"{charge:.6f}" for charge in by_atom) + "\n", encoding="utf-8"
    )
    ambertools.run(
        ligand.name, folder, "antechamber", "-i", "in.sdf", "-fi", "sdf", "-o", "lig.mol2",
        "-fo", "mol2", "-at", "gaff2", "-c", "rc", "-cf", "charges.txt",
        "-nc", str(ligand.charge), "-rn", LIGAND_RESIDUE, "-dr", "no", "-pf", "y",
    )  # fmt: skip
    ambertools.run(
        ligand.name, folder, "parmchk2", "-i", "lig.mol2", "-f", "mol2", "-o", "lig.frcmod", "-s", GAFF2_SET
    )
    script = (
        "source leaprc.gaff2",
        f"{LIGAND_RESIDUE} = loadmol2 lig.mol2",
        "loadamberparams lig.frcmod",
        f"saveamberparm {LIGAND_RESIDUE} lig.prmtop lig.inpcrd",
        "quit",
    )
    (folder / "leap.in").write_text("\n".join(script) + "\n", encoding="utf-8")
    output = ambertools.run(ligand.name, folder, "tleap", "-f", "leap.in")
    prmtop = folder / "lig.prmtop"
    if not prmtop.exists() or prmtop.stat().st_size == 0:
        raise ParameterError(ligand.name, f"tleap wrote no topology ({output.strip()[-200:]})")
    if "ATTN, need revision" in (folder / "lig.frcmod").read_text(encoding="utf-8"):
        raise ParameterError(ligand.name, "GAFF2 has no parameters for part of it", "check the structure")
    return prmtop
