"""A campaign from its steps to its report, as commands run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dock.cli.progress import Progress

if TYPE_CHECKING:
    from dock.campaign.campaign import Campaign


def run_to_report(
    campaign: Campaign, executor: str, workers: int | None, device: str | None, deadline: float
) -> None:
    """Run a campaign, write its report and say how it went.

    Raises
    ------
    StoppedError
        If its time was up.
    click.exceptions.Exit
        With code 1 if a step failed.
    """
    from dock.campaign.reporting import report
    from dock.core.errors import StoppedError
    from dock.docking.search import lost_searches

    with Progress(campaign) as progress:
        campaign.run(executor, workers, progress, device, deadline)
    path = report(campaign)
    click.echo(
        f"{len(campaign.succeeded)} done, {len(campaign.failed)} failed of {len(campaign.steps)} steps"
    )
    for failure in campaign.table("failures").itertuples():
        click.echo(f"failed: {failure.message}", err=True)
    for line in lost_searches(campaign.table("searches").to_dict("records")):
        click.echo(line, err=True)
    click.echo(f"report: {path}")
    if not campaign.complete:
        raise StoppedError(campaign.folder, "stopped before its time was up", "the same command continues it")
    if campaign.failed:
        raise click.exceptions.Exit(1)
