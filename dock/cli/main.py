"""The command `dock` and its subcommands."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from importlib.metadata import version

import click

COMMANDS = (
    "run", "status", "report", "init", "schema", "ligand", "receptor", "redock", "screen", "simulate", "doctor",
)  # fmt: skip


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"dock.cli.{cmd_name}").command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("sertdock"), prog_name="dock")
def cli() -> None:
    """Show where each ligand binds, how its poses differ, and how sure we are."""


def main() -> None:
    """Run the command line; an error is one line, and the exit code says whose fault it is."""
    from dock.core.errors import DockError

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("dock: %(message)s"))
    logger = logging.getLogger("dock")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "dock"
        click.echo(f"dock: {error.format_message()} (see '{command} --help')", err=True)
        code = 2
    except click.ClickException as error:
        click.echo(f"dock: {error.format_message()}", err=True)
        code = 2
    except DockError as error:
        click.echo(f"dock: {error}", err=True)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        resumes = sys.argv[1:2] in (["run"], ["screen"], ["simulate"])
        rest = "; the same command continues where this one left off" if resumes else ""
        click.echo(f"dock: stopped{rest}", err=True)
        code = 130
    except BrokenPipeError:
        code = 1
    except OSError as error:
        click.echo(f"dock: {error.filename or 'system'}: {error.strerror or error}", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
