"""`dock simulate`: poses simulated where they lie, and measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dock.cli import options

if TYPE_CHECKING:
    from dock.docking.pose import Pose
    from dock.dynamics.protocol import SimulationSettings
    from dock.receptors import Receptor


@click.command("simulate")
@click.argument("poses", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "folder",
    default="sertdock-simulations",
    show_default=True,
    type=click.Path(path_type=Path),
    help="A folder for each complex goes into it.",
)
@click.option(
    "--receptor", "source", default="sert", show_default=True, help="Target, folder, PDB code or file."
)
@click.option(
    "--beside", type=click.Path(path_type=Path), help="SDF file of what lies in other sites meanwhile."
)
@click.option(
    "--system", type=click.Choice(["auto", "site", "implicit", "membrane"]), help="What is simulated."
)
@click.option("--production", help="Simulated time of each replica, such as 50ps.")
@click.option("--replicas", type=click.IntRange(min=1), help="Simulations of each complex.")
@click.option("--settings", type=click.Path(path_type=Path), help="YAML file of all simulation settings.")
@click.option(
    "--every", is_flag=True, help="Simulate every pose of the file, not the first of each ligand and site."
)
@options.platform
@options.device
@options.time_limit
@options.accept_changes
def command(
    poses: Path,
    folder: Path,
    source: str,
    beside: Path | None,
    system: str | None,
    production: str | None,
    replicas: int | None,
    settings: Path | None,
    every: bool,
    platform: str,
    device: str | None,
    time_limit: float | None,
    accept_changes: bool,
) -> None:
    """Simulate POSES, an SDF file with hydrogens in the frame of the receptor; run again to continue.

    One complex after the other, in several replicas, each measured. One that fails does not stop the others.
    """
    from dock.core.errors import DockError, InputError, StoppedError
    from dock.core.files import alone_in, output_folder
    from dock.docking.pose import read_poses
    from dock.dynamics.model import open_receptor
    from dock.verbs import simulate

    deadline = options.deadline(time_limit)
    protocol = _settings(settings, system, production, replicas)
    receptor = open_receptor(source)
    todo = read_poses(poses, receptor)
    if beside:
        receptor = _occupied(receptor, beside)
    failed = 0
    with alone_in(output_folder(folder)):
        chosen = _all(todo) if every else _first(todo)
        for label, pose in chosen.items():
            alike = [other for other in chosen.values() if other.site == pose.site]
            try:
                done = simulate(
                    receptor,
                    pose,
                    folder / label,
                    protocol,
                    platform,
                    device,
                    deadline,
                    accept_changes,
                    alike,
                )
            except (StoppedError, InputError):
                raise
            except DockError as error:
                failed += 1
                click.echo(f"failed: {label}: {error}", err=True)
                continue
            done.write()
            click.echo(f"done: {label}")
            if done.analysis.doubt:
                click.echo(f"  not credible: {done.analysis.doubt}")
            for name, value in done.averages.items():
                click.echo(
                    f"  {name:24} {value.mean:9.2f} +- {value.error:.2f} ({value.samples:.0f} samples)"
                )
    if failed:
        raise click.exceptions.Exit(1)


def _settings(
    path: Path | None, system: str | None, production: str | None, replicas: int | None
) -> SimulationSettings:
    """Return the settings of a file with what the options say."""
    from pydantic import ValidationError

    from dock.core.records import read_yaml, settings_error
    from dock.dynamics.protocol import SimulationSettings

    content: dict[str, Any] = read_yaml(path) if path else {}
    content |= {
        name: value
        for name, value in (("production", production), ("replicas", replicas))
        if value is not None
    }
    try:
        if system is not None:
            content["system"] = {**(content.get("system") or {}), "kind": system}
        return SimulationSettings(**content)
    except (ValidationError, TypeError) as error:
        raise settings_error(path or "simulation", error) from error


def _occupied(receptor: Receptor, path: Path) -> Receptor:
    """Return the receptor with the poses of a file in its sites."""
    from dock.docking.pose import read_poses

    for pose in _first(read_poses(path, receptor)).values():
        receptor = receptor.with_occupant(pose.site, pose.ligand.name, pose.mol)
    return receptor


def _first(poses: list[Pose]) -> dict[str, Pose]:
    """Return the first pose of each ligand in each site, by the name of its folder."""
    first: dict[str, Pose] = {}
    for pose in poses:
        first.setdefault(f"{pose.ligand.name}-{pose.site}".replace("/", "_"), pose)
    return first


def _all(poses: list[Pose]) -> dict[str, Pose]:
    """Return every pose by the name of its folder, which holds its place in the file."""
    return {f"{pose.ligand.name}-{pose.site}-{pose.rank}".replace("/", "_"): pose for pose in poses}
