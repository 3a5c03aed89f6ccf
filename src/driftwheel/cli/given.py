"""What several commands read from their arguments, and say of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["given_url", "not_found_is_usage", "quoted"]


def given_url(url: str) -> str:
    """Return an address, from standard input where it is not on the command line, which others can read."""
    return typer.get_text_stream("stdin").readline().strip() if url == "-" else url


def quoted(name: str) -> str:
    """Return a name as a shell takes it."""
    from shlex import quote

    return quote(name)


@contextmanager
def not_found_is_usage() -> Iterator[None]:
    """Say in one line what a service did not find: what it raises as `LookupError` becomes `UsageError`."""
    from driftwheel.errors import UsageError

    try:
        yield
    except LookupError as error:
        raise UsageError(str(error)) from None
