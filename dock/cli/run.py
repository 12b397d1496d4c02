"""`dock run`: a campaign from its settings to its report."""

from __future__ import annotations

from pathlib import Path

import click

from dock.dynamics.platforms import NAMES


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
@click.option(
    "--platform",
    type=click.Choice(NAMES),
    default="auto",
    show_default=True,
    help="Processor of the simulations.",
)
def command(campaign: Path | None, folder: Path, workers: int | None, executor: str, platform: str) -> None:
    """Prepare, dock, simulate, compare and report.

    Without a CAMPAIGN file: both citalopram enantiomers in both sites of human SERT. The same
    command continues a run that was stopped.
    """
    from dock.campaign import Campaign
    from dock.campaign.reporting import report
    from dock.cli.progress import Progress
    from dock.dynamics.platforms import choose_processor

    todo = Campaign.read(campaign, folder) if campaign else Campaign(folder=folder)
    choose_processor(platform)
    with Progress(todo.tasks) as progress:
        todo.run(executor, workers, platform, progress)
    path = report(todo)
    click.echo(f"{len(todo.succeeded)} done, {len(todo.failed)} failed of {len(todo.tasks)} tasks")
    for failure in todo.table("failures").itertuples():
        click.echo(f"failed: {failure.message}", err=True)
    click.echo(f"report: {path}")
    if todo.failed:
        raise click.exceptions.Exit(1)
