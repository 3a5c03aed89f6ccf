"""The `driftwheel` command: its sub-commands, and one way for all of them to fail."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from driftwheel._version import __version__
from driftwheel.cli import (
    backup,
    check,
    compare,
    demo,
    doctor,
    merge,
    models,
    profile,
    reference,
    restore,
    serve,
    show,
    tokens,
    users,
    worker,
)
from driftwheel.cli.exit_codes import EXIT_ERROR, EXIT_INTERRUPTED
from driftwheel.errors import DriftwheelError

__all__ = ["app", "main"]

app = typer.Typer(
    name="driftwheel",
    help="Notice when the images a vision model sees change, and say what changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(check, profile, merge, show, compare, demo),
    *(serve, worker, models, reference, users, tokens, backup, restore, doctor),
):
    command.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"driftwheel {__version__}")
        raise typer.Exit


_VERSION = typer.Option(
    "--version", callback=_print_version, is_eager=True, help="Print the version and stop."
)


@app.callback()
def _driftwheel(version: Annotated[bool, _VERSION] = False) -> None:
    """Notice when the images a vision model sees change, and say what changed."""


def main() -> None:
    """Run the command line; a mistake of the user's ends in one line on standard error and exit code 1."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        show = getattr(error, "show", None)  # a mistaken option shows its usage; no command at all, the help
        typer.echo(f"Error: {error}", err=True) if show is None else show()
        code = EXIT_ERROR
    except DriftwheelError as error:
        typer.echo(f"Error: {error}", err=True)
        code = EXIT_ERROR
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted.", err=True)
        code = EXIT_INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)
