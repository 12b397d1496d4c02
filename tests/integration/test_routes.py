"""However a ligand comes to an engine, the engine is given the same bytes, and gives back the same."""

import pickle
import random
import re
from pathlib import Path

import numpy as np
import pytest
from planning import planned
from rdkit import Chem

import dock
from dock.campaign.plan import steps_of
from dock.campaign.screen import Screen
from dock.campaign.settings import CampaignSettings
from dock.core import catalogue
from dock.docking import pdbqt
from dock.docking.pose import write_poses
from dock.docking.search import search_site
from dock.docking.settings import DockingSettings
from dock.ligands import Ligand, stereo
from dock.ligands.library import Library
from dock.ligands.normal import normal_form
from dock.ligands.states import PreparationSettings
from dock.receptors import Receptor
from dock.steps.dock import Dock
from dock.steps.poses import POSES
from dock.workflow.execution import perform
from dock.workflow.step import Conditions
from dock.workflow.store import Store

MAKEABLE = [name for name in catalogue.ligands() if not catalogue.isomers_of(name)]
SETTINGS = DockingSettings(seeds=(1,), ring_conformers=1)


def reloaded(ligand, folder):
    ligand.write(folder / "ligand.sdf")
    return Ligand.load(folder / "ligand.sdf")


def respelt(smiles):
    """The same molecule, written with its atoms in another order."""
    mol = Chem.MolFromSmiles(smiles)
    order = list(range(mol.GetNumAtoms()))
    random.Random(1).shuffle(order)
    return Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)


def said_alike(text):
    """Poses as SDF text without where their ligand comes from, which differs by the route."""
    return re.sub(
        r">  <(source|measured|input_name|origin|share)>.*?(?=>  <|\$\$\$\$)", "", text, flags=re.DOTALL
    )


def everything(mol):
    """What RDKit keeps of a molecule, but for its coordinates."""
    atoms = [(a.GetAtomicNum(), a.GetFormalCharge(), a.GetChiralTag(), a.GetNumExplicitHs(), a.GetNoImplicit(),
              a.GetIsAromatic(), a.GetHybridization()) for a in mol.GetAtoms()]  # fmt: skip
    bonds = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx(), b.GetBondType(), b.GetStereo(), b.GetBondDir(),
              list(b.GetStereoAtoms()), b.GetIsConjugated()) for b in mol.GetBonds()]  # fmt: skip
    return atoms, bonds


@pytest.mark.parametrize("name", MAKEABLE)
def test_every_route_gives_engines_the_same_bytes(name, tmp_path):
    ligand = Ligand.from_catalogue(name)
    read = reloaded(ligand, tmp_path)
    routes = [read, pickle.loads(pickle.dumps(ligand)), pickle.loads(pickle.dumps(read)), *read.conformers()]
    text = pdbqt.ligand_pdbqt(ligand)
    for other in routes:
        assert pdbqt.ligand_pdbqt(other) == text
        assert everything(other.mol) == everything(ligand.mol)
        assert np.array_equal(
            other.mol.GetConformer().GetPositions(), ligand.mol.GetConformer().GetPositions()
        )
    assert read.cip == ligand.cip
    assert read.smiles == ligand.smiles
    one, two = (Ligand.from_smiles(smiles, name) for smiles in (ligand.smiles, respelt(ligand.smiles)))
    assert pdbqt.ligand_pdbqt(one) == pdbqt.ligand_pdbqt(two)
    if (
        one.smiles == ligand.smiles
    ):  # some weak bases are protonated at pH 7.4 otherwise than the catalogue says
        assert pdbqt.ligand_pdbqt(one) == text


@pytest.mark.parametrize("name", ["r-desmethylcitalopram", "maprotiline", "paroxetine"])
def test_ring_conformers_are_the_same_of_a_ligand_that_was_read_back(name, tmp_path):
    ligand = Ligand.from_catalogue(name)
    one, two = (each.with_ring_conformers(2, 7) for each in (ligand, reloaded(ligand, tmp_path)))
    assert list(one.sdf_records()) == list(two.sdf_records())


@pytest.mark.parametrize(
    "smiles", ["C/C=C/C[NH3+]", "C/C=C\\C[NH3+]", "OC(=O)[C@H](N)C", "C[C@]1(F)CCO[C@H](Cl)C1"]
)
def test_the_normal_form_keeps_the_molecule_and_forgets_how_it_was_made(smiles):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    for seed in range(5):
        pieces = Chem.RWMol(mol)
        bonds = [(b.GetEndAtomIdx(), b.GetBeginAtomIdx(), b.GetBondType()) for b in mol.GetBonds()]
        random.Random(seed).shuffle(bonds)
        for one, two, _ in bonds:
            pieces.RemoveBond(one, two)
        for bond in bonds:
            pieces.AddBond(*bond)
        other = pieces.GetMol()
        Chem.SanitizeMol(other)
        labelled = Chem.AddHs(Chem.MolFromSmiles(respelt(smiles)))
        back = Chem.RenumberAtoms(labelled, labelled.GetSubstructMatch(mol, useChirality=True))
        assert everything(normal_form(back)) == everything(normal_form(mol))
        assert Chem.MolToSmiles(normal_form(back)) == Chem.MolToSmiles(mol)
        flat = Chem.Mol(mol)
        Chem.RemoveStereochemistry(flat)
        assert everything(normal_form(other))[1] == everything(normal_form(flat))[1]
    assert stereo.cip_labels(normal_form(mol)) == stereo.cip_labels(mol)


def test_every_route_docks_to_the_same_poses(receptor, tmp_path):
    """In memory, read back, sent to a worker, from SMILES, by a step of `dock run`, by `dock screen`."""
    serotonin, site = Ligand.from_catalogue("serotonin"), receptor.site("allosteric")

    def sdf(search):
        write_poses(tmp_path / "poses.sdf", search.kept)
        return said_alike((tmp_path / "poses.sdf").read_text())

    search = dock.pose("sert", "serotonin", "allosteric", SETTINGS)
    expected = sdf(search)
    read = reloaded(serotonin, tmp_path)
    for threads, ligand in (
        (1, pickle.loads(pickle.dumps(read))),
        (2, Ligand.from_smiles(respelt(serotonin.smiles), "serotonin")),
    ):
        assert sdf(search_site(receptor, ligand, site, SETTINGS, threads)) == expected
    # a step of a campaign
    steps, store = planned(
        CampaignSettings(docking=SETTINGS.model_dump(), sites=["allosteric"], ligands=["serotonin"])
    )
    store = Store(tmp_path / "run", store.versions)
    (docked,) = steps_of(steps, Dock)
    for step in (docked.receptor, docked.ligand, docked):
        assert perform(step, store, Conditions("CPU", threads=2)).kind == "done"
    assert said_alike((store.folder(docked) / POSES).read_text()) == expected
    assert store.result(docked).places == search.places
    # what lies in a site is the same from memory and from the file, and so is what is docked beside it
    mols = search.best.mol, docked.best(store).mol
    one, two = (receptor.with_occupant("allosteric", "serotonin", mol) for mol in mols)
    assert one.key == two.key
    beside = receptor.site("orthosteric")
    assert pdbqt.receptor_pdbqt(one, beside) == pdbqt.receptor_pdbqt(two, beside)
    # a screen, which docks in worker processes
    Screen(tmp_path / "screen", receptor, "allosteric", SETTINGS, PreparationSettings()).run(
        Library(["serotonin"]), workers=1
    )
    screened = (tmp_path / "screen" / "poses" / "allosteric.sdf").read_text()
    assert said_alike(screened) == expected
    assert expected.count("<score_kcal_mol>") == len(search.kept)


def test_a_receptor_that_was_saved_is_the_same_to_engines(receptor, tmp_path):
    receptor.save(tmp_path)
    again = Receptor.from_folder(Path(tmp_path))
    site = receptor.site("orthosteric")
    assert again.key == receptor.key
    assert again.site("orthosteric") == site
    assert pdbqt.receptor_pdbqt(again, site) == pdbqt.receptor_pdbqt(receptor, site)
