"""`dock screen`: a library docked into one site, in a stream."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from dock.campaign.screen import Counts
    from dock.cli.bar import StreamBar
    from dock.core.workers import Outcome
    from dock.docking.screening import Job
    from dock.docking.search import Search

SHOWN_FAILURES = 5


@click.command("screen")
@click.argument("inputs", nargs=-1, required=True, metavar="NAME|SMILES|FILE...")
@click.option("--receptor", "source", default="sert", show_default=True, help="As of 'dock receptor'.")
@click.option("--site", help="Name of a site of the receptor.  [default: the first]")
@click.option(
    "-o", "--output", "folder", required=True, type=click.Path(path_type=Path), help="Folder to write."
)
@click.option("--engines", default="rustina", show_default=True, help="rustina, vina or rustina,vina.")
@click.option("--seeds", default="1", show_default=True, help="Comma-separated seeds.")
@click.option(
    "--ring-conformers", default=1, show_default=True, type=click.IntRange(1, 50),
    help="Most ring conformers of a ligand that are docked.",
)  # fmt: skip
@click.option("--keep", default=1, show_default=True, type=click.IntRange(1, 100), help="Poses of a ligand.")
@click.option("--ph", default=7.4, show_default=True, type=click.FloatRange(0, 14))
@click.option("--smiles-column", help="Column of a table that holds the SMILES.")
@click.option("--name-column", help="Column of a table, or data field of an SDF file, that holds the names.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes [default: one for each core].")
@click.option("--time-limit", default="10 min", show_default=True, help="For one ligand.")
@click.option("--gpu", is_flag=True, help="Search on a graphics card (rustina).")
@click.option("--accept-failed-gate", is_flag=True, help="Go on although the known pose is not found again.")
def command(
    inputs: tuple[str, ...],
    source: str,
    site: str | None,
    folder: Path,
    ph: float,
    smiles_column: str | None,
    name_column: str | None,
    workers: int | None,
    accept_failed_gate: bool,
    gpu: bool,
    **options: Any,
) -> None:
    """Dock every ligand of a library into one site.

    Inputs are as of 'dock ligand'. Where the site has a known pose, it is redocked first as the
    library will be. Written to the folder: poses/SITE.sdf, and as tables poses.csv, ranking.csv, searches.csv,
    failures.csv and gate.csv. The same command goes on where it was stopped; how many workers there are changes no
    result. Exit code 0: every ligand was docked; 1: some were not; 2: none was, or the input is wrong.
    """
    from dock.campaign.screen import Screen
    from dock.cli.bar import StreamBar
    from dock.cli.redock import docking_settings
    from dock.core.errors import StructureError
    from dock.docking.search import lost_searches
    from dock.dynamics.receptor_models import open_receptor
    from dock.ligands.library import Columns, Library
    from dock.ligands.states import PreparationSettings

    settings = docking_settings(**options, device="gpu" if gpu else "cpu")
    library = Library(inputs, Columns(smiles=smiles_column, name=name_column))
    for remark in library.remarks:
        click.echo(remark, err=True)
    receptor = open_receptor(source)
    if site is None and not receptor.sites:
        raise StructureError(source, "has no sites", "prepare it with 'dock receptor --site'")
    place = site or next(iter(receptor.sites))
    todo = Screen(folder, receptor, place, settings, PreparationSettings(ph=ph))
    with StreamBar() as bar:
        counts = todo.run(library, workers, accept_failed_gate, _watcher(bar))
    if counts.failed > SHOWN_FAILURES:
        click.echo(f"... see {folder / 'tables' / 'failures.csv'}", err=True)
    click.echo(_summary(counts))
    for line in lost_searches(counts.outcomes.values()):
        click.echo(line, err=True)
    click.echo(f"poses: {folder / 'poses' / f'{todo.site}.sdf'}")
    if counts.failed:
        raise click.exceptions.Exit(1 if counts.docked else 2)


def _summary(counts: Counts) -> str:
    reasons = ", ".join(f"{number} {reason}" for reason, number in counts.reasons.most_common())
    text = (
        f"{counts.entries} entries read: {counts.docked} ligands docked, {counts.failed} failed"
        f"{f' ({reasons})' if reasons else ''}"
    )
    if counts.unphysical:
        text += f"; {counts.unphysical} ligands have no pose that passes the physical checks"
    return text


def _watcher(bar: StreamBar) -> Callable[[Outcome[Job, Search], Counts], None]:
    """Return what shows how far a screen is, and the first failures."""
    started = time.monotonic()
    ended = 0

    def watch(outcome: Outcome[Job, Search], counts: Counts) -> None:
        nonlocal ended
        ended += 1
        if outcome.error is not None and counts.failed <= SHOWN_FAILURES:
            bar.say(f"{outcome.item.origin}: {outcome.error}", err=True)
        rate = 60 * ended / (time.monotonic() - started + 1e-9)
        text = f"{counts.entries} of {counts.total} entries, {counts.docked} docked, {counts.failed} failed, {rate:.0f}/min"
        bar.show(counts.entries / counts.total, text)

    return watch
