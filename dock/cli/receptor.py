"""`dock receptor`: compute the prepared model of a catalogue target from raw entries."""

from __future__ import annotations

from pathlib import Path

import click

from dock.dynamics.platforms import NAMES


@click.command("receptor")
@click.argument("source")
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for model.cif, reference.sdf and record.json.",
)
@click.option(
    "--platform",
    type=click.Choice(NAMES),
    default="auto",
    show_default=True,
)
def command(source: str, folder: Path, platform: str) -> None:
    """Rebuild the model of the catalogue target SOURCE from its raw entries.

    Entries are looked for in the folders named by DOCK_STRUCTURES, then downloaded. Takes
    about six minutes on two cores.
    """
    from dock.dynamics.model import build_model
    from dock.dynamics.platforms import choose_processor

    receptor = build_model(source, folder, choose_processor(platform))
    moved = receptor.record["moved_A"]
    click.echo(
        f"{receptor.record['title']}: {receptor.topology.getNumAtoms()} atoms, experimental atoms moved"
        f" {moved['rms']} A (RMS), at most {moved['max']} A ({moved['max_atom']})"
    )
