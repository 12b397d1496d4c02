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
@click.option("--share", is_flag=True, help="Take results from other runs, and give them, through the cache.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and what it takes; do nothing.")
def command(
    campaign: Path | None,
    folder: Path,
    workers: int | None,
    executor: str,
    platform: str,
    device: str | None,
    time_limit: float | None,
    accept_changes: bool,
    share: bool,
    dry_run: bool,
) -> None:
    """Prepare, dock, simulate, compare and report.

    Without a CAMPAIGN file: both citalopram enantiomers in both sites of human SERT. The same
    command continues a run that was stopped.
    """
    from dock.campaign import Campaign
    from dock.campaign.settings import read_settings
    from dock.cli import outlook
    from dock.cli.campaigns import run_to_report

    deadline = options.deadline(time_limit)
    settings = read_settings(campaign) if campaign else None
    todo = Campaign(settings, folder, platform, accept_changes, share)
    for change in todo.changes:
        click.echo(change, err=True)
    if dry_run:
        for line in outlook.lines(todo):
            click.echo(line)
        return
    run_to_report(todo, executor, workers, device, deadline)
