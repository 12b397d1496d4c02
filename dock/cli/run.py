"""`dock run`: a campaign from its settings to its report."""

from __future__ import annotations

from pathlib import Path

import click

from dock.cli import options


@click.command("run")
@click.argument("campaign", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "folder",
    default="sertdock-run",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Run folder.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes [default: one for each core].")
@click.option("--executor", type=click.Choice(["local", "inline"]), default="local", show_default=True)
@options.platform
@options.device
@options.time_limit
@options.accept_changes
def command(
    campaign: Path | None,
    folder: Path,
    workers: int | None,
    executor: str,
    platform: str,
    device: str | None,
    time_limit: float | None,
    accept_changes: bool,
) -> None:
    """Prepare, dock, simulate, compare and report.

    Without a CAMPAIGN file: both citalopram enantiomers in both sites of human SERT. The same
    command continues a run that was stopped.
    """
    from dock.campaign import Campaign
    from dock.campaign.reporting import report
    from dock.cli.progress import Progress
    from dock.core.errors import StoppedError
    from dock.docking.search import lost_searches

    deadline = options.deadline(time_limit)
    if campaign:
        todo = Campaign.read(campaign, folder, platform, accept_changes)
    else:
        todo = Campaign(None, folder, platform, accept_changes)
    with Progress(todo.tasks) as progress:
        todo.run(executor, workers, progress, device, deadline)
    path = report(todo)
    click.echo(f"{len(todo.succeeded)} done, {len(todo.failed)} failed of {len(todo.tasks)} tasks")
    for failure in todo.table("failures").itertuples():
        click.echo(f"failed: {failure.message}", err=True)
    for line in lost_searches(todo.table("searches").to_dict("records")):
        click.echo(line, err=True)
    click.echo(f"report: {path}")
    if not todo.complete:
        raise StoppedError(folder, "stopped before its time was up", "the same command continues it")
    if todo.failed:
        raise click.exceptions.Exit(1)
