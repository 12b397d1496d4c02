"""`dock schema`: what a campaign file may hold."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON schema of a campaign file, by which editors complete and check it."""
    from dock.campaign.settings import settings_schema

    click.echo(json.dumps(settings_schema(), indent=1, sort_keys=True))
