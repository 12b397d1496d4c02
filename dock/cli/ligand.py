"""`dock ligand`: names, SMILES and files to prepared ligands in an SDF file, with tables."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from dock.cli.bar import StreamBar
    from dock.ligands.library import Library
    from dock.ligands.output import Counts, Prepared

SHOWN_FAILURES = 5


@click.command("ligand")
@click.argument("inputs", nargs=-1, required=True, metavar="NAME|SMILES|FILE...")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="SDF file to write (.sdf or .sdf.gz); OUT.csv and OUT.failures.csv are written beside it.",
)
@click.option(
    "--ph",
    default=7.4,
    show_default=True,
    type=click.FloatRange(0, 14),
    help="At which SMILES are protonated.",
)
@click.option(
    "--stereo",
    type=click.Choice(["enumerate", "refuse"]),
    default="enumerate",
    show_default=True,
    help="What becomes of molecules with open stereo centres or double bonds.",
)
@click.option("--max-isomers", default=32, show_default=True, type=click.IntRange(1, 256))
@click.option(
    "--min-share", default=0.25, show_default=True, type=click.FloatRange(0, 1, min_open=True),
    help="Least share of a protomer beside the most frequent one.",
)  # fmt: skip
@click.option("--max-protomers", default=4, show_default=True, type=click.IntRange(1, 32))
@click.option("--tautomers", is_flag=True, help="Make other tautomers, too.")
@click.option(
    "--ring-conformers", default=1, show_default=True, type=click.IntRange(1, 50),
    help="Most conformers of a ligand that differ in their rings.",
)  # fmt: skip
@click.option("--keep-coordinates", is_flag=True, help="Leave the heavy atoms of SDF records where they are.")
@click.option("--smiles-column", help="Column of a table that holds the SMILES.")
@click.option("--name-column", help="Column of a table, or data field of an SDF file, that holds the names.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes [default: one for each core].")
@click.option(
    "--time-limit", default=60.0, show_default=True, type=click.FloatRange(0, min_open=True),
    help="Seconds for one molecule.",
)  # fmt: skip
def command(
    inputs: tuple[str, ...],
    output: Path,
    smiles_column: str | None,
    name_column: str | None,
    workers: int | None,
    time_limit: float,
    **settings: Any,
) -> None:
    """Prepare ligands: salts stripped, isomers labelled, protonated, with a conformer.

    Files are .smi, .smiles, .txt, .csv, .tsv and .sdf, each also gzipped. A line that cannot be prepared
    is recorded with its number and reason and does not stop the others. Exit code 0: every line
    was prepared; 1: some were not; 2: none was, or the input is wrong.
    """
    from dock.cli.bar import StreamBar
    from dock.ligands.library import Columns, Library
    from dock.ligands.output import output_paths, write_library
    from dock.ligands.states import PreparationSettings, prepare_library

    library = Library(inputs, Columns(smiles=smiles_column, name=name_column))
    paths = output_paths(output, library.files)
    for remark in library.remarks:
        click.echo(remark, err=True)
    outcomes = prepare_library(library, PreparationSettings(**settings), workers, time_limit)
    try:
        with StreamBar() as bar:
            counts = write_library(outcomes, paths, _watcher(library, bar))
    except KeyboardInterrupt:
        click.echo("dock: stopped; nothing was written", err=True)
        raise click.exceptions.Exit(130) from None
    if counts.failed > SHOWN_FAILURES:
        click.echo(f"... and {counts.failed - SHOWN_FAILURES} more in {paths.failures}", err=True)
    click.echo(_summary(counts))
    if not counts.prepared:
        if not counts.read:
            click.echo(f"dock: {' '.join(inputs)}: holds no molecules; check the files", err=True)
        raise click.exceptions.Exit(2)
    if counts.failed:
        raise click.exceptions.Exit(1)


def _summary(counts: Counts) -> str:
    reasons = ", ".join(f"{number} {reason}" for reason, number in counts.reasons.most_common())
    text = (
        f"{counts.read} read: {counts.prepared} prepared, {counts.failed} failed"
        f"{f' ({reasons})' if reasons else ''}; {counts.ligands} ligands"
    )
    if counts.conformers != counts.ligands:
        text += f", {counts.conformers} conformers"
    if counts.impossible_isomers:
        text += f"; {counts.impossible_isomers} isomers left out that exist on paper only"
    if counts.stripped:
        text += f"; counter-ions or solvents stripped from {counts.stripped} (column stripped)"
    if counts.noted:
        text += f"; remarks on {counts.noted} (column notes)"
    return text


def _watcher(library: Library, bar: StreamBar) -> Callable[[Prepared, Counts], None]:
    """Return what shows how far a library is, the ligands of arguments and the first failures."""
    started = time.monotonic()

    def watch(outcome: Prepared, counts: Counts) -> None:
        if outcome.error is not None and counts.failed <= SHOWN_FAILURES:
            bar.say(f"{outcome.item.origin}: {outcome.error}", err=True)
        if not library.files:
            for ligand in outcome.result or ():
                labels = " ".join(ligand.cip) or "no stereo centre"
                stripped, notes = ligand.provenance.stripped, ligand.provenance.notes
                more = f"; stripped {' '.join(stripped)}" if stripped else ""
                more += f"; {notes}" if notes else ""
                bar.say(f"{ligand.name}: {ligand.smiles}, charge {ligand.charge:+d}, {labels}{more}")
        rate = counts.read / (time.monotonic() - started + 1e-9)
        bar.show(library.fraction, f"{counts.read} read, {counts.failed} failed, {rate:.0f}/s")

    return watch
