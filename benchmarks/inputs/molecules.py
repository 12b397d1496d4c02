"""Files of molecules and poses given to the product without docking: what became of each."""

from collections.abc import Iterator
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import rdDistGeom

from benchmarks.inputs.base import Case
from dock.campaign.given import given_simulations
from dock.campaign.settings import CampaignSettings, PosesSettings
from dock.core.errors import DockError
from dock.ligands import Ligand
from dock.ligands.library import Library
from dock.ligands.states import PreparationSettings, prepare
from dock.receptors import Receptor
from dock.steps.given import GivenPose
from dock.steps.receptor import PrepareReceptor

CENTRE = (-32.67, -20.74, 1.86)  # angstrom; of the orthosteric site of the shipped SERT model


def prepared(path: Path, **settings: object) -> Iterator[tuple[str, tuple[Ligand, ...] | DockError]]:
    """Yield name and ligands of every entry of a file, or the typed error that it was refused with."""
    for entry in Library([path]):
        try:
            yield entry.name, prepare(entry, PreparationSettings(**settings))
        except DockError as error:
            yield entry.name, error


def judged(name: str, made: tuple[Ligand, ...] | DockError, wanted: set[str]) -> Case:
    """Return a case that is right if exactly these molecules (canonical SMILES) were made."""
    if isinstance(made, DockError):
        return Case(name, "refused", str(made))
    smiles = {ligand.smiles for ligand in made}
    return Case(name, "right" if smiles == wanted else "wrong", f"{sorted(smiles)}, not {sorted(wanted)}")


def given(path: Path) -> list[GivenPose]:
    """Return the poses of a file as `dock simulate` plans them."""
    receptor = PrepareReceptor.of("sert", "sert")
    settings = CampaignSettings(poses=PosesSettings(file=str(path)))
    planned = given_simulations(settings, settings.poses, receptor, Receptor.from_catalogue("sert"))
    found = [step for step in planned if isinstance(step, GivenPose)]
    return found + [step.search for step in planned if not isinstance(step, GivenPose)]


def pose(smiles: str, title: str, seed: int = 7) -> Chem.Mol:
    """Return a molecule with hydrogens in the orthosteric site of SERT."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    rdDistGeom.EmbedMolecule(mol, randomSeed=seed)
    places = mol.GetConformer().GetPositions()
    mol.GetConformer().SetPositions(places - places.mean(axis=0) + CENTRE)
    mol.SetProp("_Name", title)
    return mol


def sdf(mol: Chem.Mol) -> str:
    """Return a molecule as an SDF record."""
    return Chem.SDWriter.GetText(mol)
