"""The `driftwheel` command: its sub-commands, and one way for all of them to fail."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, Any

import typer

from driftwheel._version import __version__
from driftwheel.cli import (
    alerts,
    apply,
    autoencoder,
    backup,
    card,
    channels,
    check,
    compare,
    dataset,
    demo,
    doctor,
    export,
    gate,
    labels,
    merge,
    models,
    monitors,
    performance,
    profile,
    reference,
    restore,
    serve,
    show,
    simulate,
    tokens,
    train,
    users,
    webhooks,
    wheel,
    worker,
)
from driftwheel.cli.exit_codes import EXIT_ERROR, EXIT_INTERRUPTED
from driftwheel.cli.mistakes import plain_mistake
from driftwheel.cli.whole_help import WholeHelp
from driftwheel.errors import DriftwheelError

__all__ = ["app", "main"]

app = typer.Typer(
    name="driftwheel",
    cls=WholeHelp,
    help="Notice when the images a vision model sees change, and say what changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(check, profile, merge, show, compare, labels, simulate, autoencoder, demo),
    *(
        serve,
        worker,
        models,
        reference,
        dataset,
        performance,
        train,
        gate,
        card,
        wheel,
        monitors,
        alerts,
        channels,
        webhooks,
        apply,
        export,
    ),
    *(users, tokens, backup, restore, doctor),
):
    command.register(app)
for group in app.registered_groups:
    group.cls = WholeHelp


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


def _given(error: Exception) -> Any:
    """Return the value that the parser refused, where it says so."""
    errors = getattr(error.__cause__, "errors", None)
    return errors()[0].get("input") if callable(errors) else None


def _give_up_standard_output() -> int:
    """Lose what could not be written, which Python would try to write once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_ERROR


def main() -> None:
    """Run the command line; a mistake of the user's ends in a line on standard error and exit code 1."""
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        error.message = plain_mistake(error.message, _given(error))
        show = getattr(error, "show", None)  # a mistaken option shows its usage; no command at all, the help
        typer.echo(f"Error: {error}", err=True) if show is None else show()
        code = EXIT_ERROR
    except DriftwheelError as error:
        typer.echo(f"Error: {error}", err=True)
        code = EXIT_ERROR
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        typer.echo(
            f"Error: Cannot write the answer: {error.strerror}. Free some, or write elsewhere.", err=True
        )
        code = _give_up_standard_output()
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("Interrupted.", err=True)
        code = EXIT_INTERRUPTED
    sys.exit(code if isinstance(code, int) else 0)
