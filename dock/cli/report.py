"""`dock report`: write the report of a run folder again."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("folder", default="sertdock-run", type=click.Path(path_type=Path))
def command(folder: Path) -> None:
    """Write report.html and the tables of the run in FOLDER, finished or not."""
    from dock.campaign import Campaign
    from dock.campaign.reporting import report
    from dock.campaign.tables import write_results

    campaign = Campaign.open(folder)
    write_results(campaign.steps, campaign.store)
    click.echo(f"report: {report(campaign)}")
