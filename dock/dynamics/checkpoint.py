"""The checkpoint: where a simulation stands, in one file that any processor can continue from."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dock.core.errors import ChangedError, OutputError, SimulationError
from dock.core.files import read_json, write_json, write_text
from dock.core.keys import content_key
from dock.core.records import software_versions
from dock.dynamics.frames import ENERGIES, TRAJECTORY
from dock.dynamics.protocol import SimulationSettings

if TYPE_CHECKING:
    from openmm import State

    from dock.systems.complexes import ComplexSystem

CHECKPOINT, BEGUN = "checkpoint.json", "begun.json"
VERSIONS = ("sertdock", "openmm")
# What may differ when a simulation is continued: how long it is, and how often it is saved.
FREE = frozenset({"production", "replicas", "checkpoint_interval", "precision"})
# What steps and frames are counted in; with others of these no simulation can be continued.
COUNTED_IN = frozenset({"timestep", "equilibration", "equilibration_timestep", "frame_interval"})


@dataclass(frozen=True)
class Checkpoint:
    """Where a simulation stands.

    Attributes
    ----------
    step : int
        Planned steps done, those of equilibration included.
    trajectory_bytes, energies_bytes : int
        Length of the files at this step: what stands behind was written after it.
    state : str
        OpenMM's state as XML: positions, velocities and box in double precision, for any platform.
    seconds : float
        Working time of the steps so far.
    events : tuple of dict
        Each breakdown so far: step, problem and the time step, in fs, that it went on with.
    sessions : tuple of dict
        Each stretch of work so far: the platform and the steps it did.
    extension : int
        Steps by which the equilibration was longer than planned, since the temperature had not settled.
    settled : dict
        How it ended, see `dock.dynamics.settling.Settling`; empty while it goes on.
    """

    step: int
    trajectory_bytes: int
    energies_bytes: int
    state: str
    seconds: float = 0.0
    events: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    sessions: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    extension: int = 0
    settled: dict[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Write it, atomically, over the one before."""
        write_text(folder / CHECKPOINT, json.dumps(asdict(self)))

    @classmethod
    def load(cls, folder: Path) -> Checkpoint | None:
        """Read the checkpoint of a folder, or return None if there is none.

        Raises
        ------
        SimulationError
            If it is damaged.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return None
        try:
            content = read_json(path)
            for name in ("events", "sessions"):
                content[name] = tuple(content[name])
            return cls(**content)
        except (ValueError, TypeError, KeyError) as error:
            raise SimulationError(
                path, f"is damaged ({error})", "restore it, or simulate into another folder"
            ) from error

    def openmm_state(self) -> State:
        """Return the state as OpenMM's object."""
        from openmm import XmlSerializer

        return XmlSerializer.deserialize(self.state)


def identify(complex_system: ComplexSystem, settings: SimulationSettings, replica: int) -> dict[str, Any]:
    """Return what a simulation must have in common with the one that it continues."""
    from openmm import XmlSerializer

    xml = re.sub(r' openmmVersion="[^"]*"', "", XmlSerializer.serialize(complex_system.system), count=1)
    atoms = [[a.name, a.residue.name, a.residue.id] for a in complex_system.topology.atoms()]
    places = complex_system.positions.round(4).tolist()
    return {
        "system": content_key([xml, atoms, places]),
        "atoms": len(atoms),
        "settings": settings.model_dump(mode="json", exclude=set(FREE)),
        "replica": replica,
        "versions": software_versions(VERSIONS),
    }


def begin(folder: Path, identity: dict[str, Any], accept_changes: bool) -> None:
    """Write down what is simulated in a folder, or make sure that it is the same as before.

    Raises
    ------
    OutputError
        If it holds somebody else's files.
    ChangedError
        If the folder holds a simulation of something else, or by other software, and changes
        are not accepted, or cannot be, since frames or atoms would not fit those that are there.
    """
    path = folder / BEGUN
    foreign = [name for name in (TRAJECTORY, ENERGIES) if (folder / name).exists()]
    if foreign and not path.exists():
        problem = f"holds {' and '.join(foreign)}, which no simulation here has begun"
        raise OutputError(folder, problem, "simulate into another folder")
    if path.exists():
        before = read_json(path)
        changes = _changes(before, identity)
        if not changes:
            return
        possible = not _misfits(before, identity)
        if not (accept_changes and possible):
            raise ChangedError(
                folder,
                f"holds a simulation with {'; '.join(changes)}",
                "simulate into another folder"
                + (", or accept the change (--accept-changes)" if possible else ""),
            )
        identity = {**identity, "before": [*before.get("before", []), {**before, "before": []}]}
    write_json(path, identity)


def _changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return in words what differs."""
    found = []
    for name in VERSIONS:
        old, new = before["versions"].get(name), now["versions"][name]
        if old != new:
            found.append(f"{name} {old}, not {new}")
    for name, value in now["settings"].items():
        if before["settings"].get(name) != value:
            found.append(f"{name} {before['settings'].get(name)}, not {value}")
    if before["replica"] != now["replica"]:
        found.append(f"replica {before['replica']}, not {now['replica']}")
    if not found and before["system"] != now["system"]:
        found.append("another system: other atoms, parameters or starting positions")
    return found


def _misfits(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Return whether frames or atoms are others than those of the files that are there."""
    counted = any(before["settings"].get(name) != now["settings"][name] for name in COUNTED_IN)
    return counted or before.get("atoms", now["atoms"]) != now["atoms"]
