"""The command `dock` and its subcommands."""

from __future__ import annotations

import io
import logging
import os
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
    _speak_utf8()
    from dock.core.errors import DockError

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("dock: %(message)s"))
    logger = logging.getLogger("dock")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        _require_text(sys.argv[1:])
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


def _speak_utf8() -> None:
    """Start again in Python's UTF-8 mode where the locale is another, as ``LC_ALL=C`` on clusters may be.

    Libraries in C++ take every path for UTF-8, and Python must write it the same.
    """
    if sys.getfilesystemencoding().lower() != "utf-8" and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show must end no command


def _require_text(arguments: list[str]) -> None:
    """Refuse names of files that are no UTF-8: they could not be written into any record of a run."""
    from dock.core.errors import InputError

    try:
        place = os.getcwd()  # noqa: PTH109 (what it is called, not where it leads)
    except OSError as error:
        raise InputError("the current folder", f"is gone ({error.strerror})", "go to another") from error
    for text in (*arguments, place):
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise InputError(text, "is a name that is not UTF-8", "rename it")


if __name__ == "__main__":
    main()
