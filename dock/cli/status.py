"""`dock status`: how far a run is."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("status")
@click.argument("folder", default="sertdock-run", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Show how far the run in FOLDER is, also while it is at work."""
    from dock.campaign import Campaign
    from dock.cli import outlook

    campaign = Campaign.open(folder)
    for line in outlook.lines(campaign):
        click.echo(line)
    for failure in campaign.table("failures").itertuples():
        click.echo(f"failed: {failure.label}: {failure.message}")
