"""`dock simulate`: poses simulated where they lie, and measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dock.cli import options

if TYPE_CHECKING:
    from dock.dynamics.protocol import SimulationSettings


@click.command("simulate")
@click.argument("poses", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "folder",
    default="sertdock-simulations",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Run folder.",
)
@click.option(
    "--receptor", "source", default="sert", show_default=True, help="Target, folder, PDB code or file."
)
@click.option(
    "--beside", type=click.Path(path_type=Path), help="SDF file of what lies in other sites meanwhile."
)
@click.option("--system", type=click.Choice(["site", "implicit", "membrane"]), help="What is simulated.")
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

    A campaign of poses that are given: one complex after the other, in several replicas, each measured, with a
    report. One that fails does not stop the others.
    """
    from dock.campaign import Campaign
    from dock.campaign.given import passed_over
    from dock.campaign.settings import CampaignSettings, PosesSettings
    from dock.cli.campaigns import run_to_report
    from dock.report.words import known_text

    deadline = options.deadline(time_limit)
    given = PosesSettings(
        file=str(poses.resolve()), beside=str(beside.resolve()) if beside else None, every=every
    )
    protocol = _settings(settings, system, production, replicas)
    campaign = Campaign(
        CampaignSettings(receptor=source, poses=given, simulation=protocol), folder, platform, accept_changes
    )
    for change in campaign.changes:
        click.echo(change, err=True)
    try:
        run_to_report(campaign, "inline", None, device, deadline)
    finally:
        further = passed_over(campaign.steps)
        if further:
            click.echo(
                f"{further} further poses of these molecules were passed over: --every simulates them",
                err=True,
            )
        for row in campaign.table("ligands").to_dict("records"):
            if known_text(row["notes"]):
                click.echo(f"{row['origin']} {row['ligand']}: {row['notes']}", err=True)
        for row in campaign.table("simulations").to_dict("records"):
            doubt = f"; not credible: {row['doubt']}" if row["doubt"] else ""
            click.echo(
                f"{row['ligand']} in {row['site']}  {row['quantity']:24} {row['mean']:9.2f} +- {row['error']:.2f} "
                f"({row['independent_samples']:.0f} samples){doubt}"
            )


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
        return SimulationSettings.model_validate(content)
    except (ValidationError, TypeError) as error:
        raise settings_error(path or "simulation", error) from error
