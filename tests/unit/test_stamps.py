"""What was made of poses knows when they are others, although nothing else is said of them."""

import time
from dataclasses import replace

import pytest
from rdkit import Chem

from dock.core.records import software_versions
from dock.docking.pose import Pose
from dock.steps.given import GivenPose
from dock.steps.poses import PosesResult, keep
from dock.steps.receptor import PrepareReceptor
from dock.steps.region import DrawRegion, RegionResult
from dock.systems.complexes import SystemSettings
from dock.workflow.store import Store


@pytest.fixture
def known(receptor, escitalopram):
    return Pose.known(escitalopram, receptor.references["orthosteric"], "orthosteric")


def moved(pose, by):
    mol = Chem.Mol(pose.mol)
    mol.GetConformer().SetPositions(mol.GetConformer().GetPositions() + by)
    return replace(pose, mol=mol)


def test_poses_elsewhere_are_another_result(receptor, known, tmp_path):
    """Of a site without a known pose nothing else tells them apart."""
    unknown = replace(receptor, references={})
    first, other, again = (
        PosesResult(**keep(tmp_path, [pose], unknown)) for pose in (known, moved(known, 0.01), known)
    )
    assert first.reference_rmsd_A == other.reference_rmsd_A == (None,)
    assert first != other
    assert first == again
    beside = PosesResult(**keep(tmp_path, [known], receptor))
    assert beside.reference_rmsd_A == (0.0,)
    assert PosesResult(**keep(tmp_path, [moved(known, 1.0)], receptor)).reference_rmsd_A == (
        pytest.approx(3**0.5, abs=1e-3),
    )


def test_what_was_made_of_other_poses_is_not_good(receptor, known, tmp_path):
    store, unknown = Store(tmp_path, software_versions()), replace(receptor, references={})
    given = GivenPose(receptor=PrepareReceptor.of("sert", "sert"), name="x", site="orthosteric", sdf="")
    region = DrawRegion(searches=(given,), settings=SystemSettings())

    def write(step, result):
        store.write(step, result, time.perf_counter(), 1)

    write(given, PosesResult(**keep(store.begin(given), [known], unknown)))
    store.begin(region)
    write(region, RegionResult(region={}))
    assert store.is_done(region)
    write(given, PosesResult(**keep(store.begin(given), [known], unknown)))
    assert store.is_done(region)
    write(given, PosesResult(**keep(store.begin(given), [moved(known, 0.01)], unknown)))
    assert not store.is_done(region)
