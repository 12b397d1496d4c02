"""What steps that give poses of a ligand in a site have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from dock.core.keys import content_key, file_sha256
from dock.core.records import Record
from dock.docking.pose import Pose, load_poses, write_poses
from dock.ligands import Ligand, stereo
from dock.receptors import Receptor
from dock.steps.ligand import LIGAND
from dock.steps.receptor import PrepareReceptor
from dock.workflow.step import Row, Step
from dock.workflow.store import Store

POSES = "poses.sdf"


class PosesResult(Record):
    """What is said of poses beside ``poses.sdf``, which holds them, best first.

    Attributes
    ----------
    best : int
        Which of them is simulated.
    reference_rmsd_A : tuple of float or None
        To the known pose of the site, where it is of the same constitution.
    files : str
        Hash of ``poses.sdf`` and of the ligand's file.
    """

    best: int = 0
    reference_rmsd_A: tuple[float | None, ...]  # noqa: N815
    files: str


Result = TypeVar("Result", bound=PosesResult, covariant=True)


class PoseStep(Step[Result], Generic[Result]):
    """A step that gives poses.

    Attributes
    ----------
    site : str
    """

    site: str

    @property
    def ligand_name(self) -> str:
        """The ligand's name."""
        raise NotImplementedError

    @property
    def home(self) -> PrepareReceptor:
        """The receptor, as it was prepared."""
        raise NotImplementedError

    def receptor_of(self, store: Store) -> Receptor:
        """Return the receptor that the best pose lies in, which may have given way to it."""
        return self.home.receptor(store)

    @property
    def place(self) -> str:
        """Ligand, site and receptor in words."""
        return f"{self.ligand_name} in {self.site} of {self.home.name}"

    @property
    def subject(self) -> dict[str, str]:
        """Receptor, ligand and site."""
        return {**self.home.subject, "ligand": self.ligand_name, "site": self.site}

    def poses(self, store: Store) -> list[Pose]:
        """Return the poses that were kept, best first."""
        ligand = Ligand.load(store.folder(self) / LIGAND)
        return load_poses(store.folder(self) / POSES, ligand)

    def rows(self, store: Store) -> Iterator[Row]:
        """Yield the rows of the poses."""
        known = store.result(self).reference_rmsd_A
        for pose, rmsd in zip(self.poses(store), known, strict=True):
            yield {**self.subject, **pose.row(), **self.search_row(store), "reference_rmsd_A": rmsd}

    def search_row(self, store: Store) -> Row:  # noqa: ARG002
        """Return what the rows of all its poses say alike: where poses lay, how many searches failed."""
        return {"places": "", "searches_failed": 0, "refined": self.kind == "refine"}

    def best(self, store: Store) -> Pose:
        """Return the pose that was chosen to be simulated."""
        return self.poses(store)[store.result(self).best]


def keep(folder: Path, poses: Sequence[Pose], receptor: Receptor) -> dict[str, Any]:
    """Write poses, best first, with their ligand, and return what a `PosesResult` says of them.

    How far one is from the site's known pose is None where there is none of the ligand's constitution.
    """
    ligand, site = poses[0].ligand, poses[0].searched
    write_poses(folder / POSES, poses)
    ligand.write(folder / LIGAND)
    known = receptor.references.get(site)
    if known is not None and stereo.constitution(known) != ligand.constitution:
        known = None
    rmsds = tuple(None if known is None else round(pose.rmsd(known), 3) for pose in poses)
    files = content_key([file_sha256(folder / name) for name in (POSES, LIGAND)])
    return {"reference_rmsd_A": rmsds, "files": files}
