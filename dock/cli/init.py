"""`dock init`: a campaign file to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("init")
@click.argument("name", default="default")
@click.option(
    "-o", "--output", "path", default="campaign.yaml", show_default=True, type=click.Path(path_type=Path)
)
def command(name: str, path: Path) -> None:
    """Write a commented campaign file to start from.

    NAME is default (two enantiomers, two sites), library (a file of ligands), card (long simulations, for a GPU) or
    protein (a structure of your own).
    """
    from dock.campaign.settings import template, templates
    from dock.core.catalogue import unknown_name
    from dock.core.errors import OutputError
    from dock.core.files import output_file, write_text

    if name not in templates():
        raise unknown_name(name, "campaign file", list(templates()))
    if path.exists():
        raise OutputError(path, "is there already", "name another file with -o")
    write_text(output_file(path), template(name))
    click.echo(f"written: {path}; run it with: dock run {shlex.quote(str(path))}")
