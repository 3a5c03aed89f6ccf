"""Notes: sentences a person should read that are no error; on standard error, so that answers stay clean."""

from __future__ import annotations

import typer

__all__ = ["print_note"]


def print_note(sentence: str) -> None:
    """Print one note to standard error; control characters in names are escaped."""
    from driftwheel.report.printable import printable

    typer.echo(f"Note: {printable(sentence)}", err=True)
