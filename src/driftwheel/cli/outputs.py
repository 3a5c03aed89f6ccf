"""Where a command's answer goes: a file known to be writable before the work starts, or standard output."""

from __future__ import annotations

import errno
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from driftwheel.errors import DriftwheelError, StorageFullError, UsageError

__all__ = ["cannot_write", "must_be_writable", "write_json", "write_text", "writing"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_NUMBERS = re.compile(r"\[\n\s+([-+\w.,\s]+?)\n\s*\]")  # a text cannot fit: no line ends within one


def must_be_writable(path: Path) -> None:
    """Raise `UsageError` now rather than lose an answer later: the folder must exist and take the file.

    Examples
    --------
    >>> must_be_writable(Path("no/such/report.html"))
    Traceback (most recent call last):
    driftwheel.errors.UsageError: Cannot write 'no/such/report.html': there is no folder 'no/such'. Make it...
    """
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(
            f"Cannot write '{path}': there is no folder '{folder}'. Make it: mkdir -p '{folder}'"
        )
    if path.is_dir():
        raise UsageError(f"Cannot write '{path}': it is a folder. Give the name of a file in it.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"Cannot write '{path}': permission denied. Give a file in a folder of your own.")
    if not path.exists():
        with writing(path), tempfile.TemporaryFile(dir=folder):  # some folders take none, whoever asks
            pass


@contextmanager
def writing(what: object) -> Iterator[None]:
    """Turn an `OSError` within into an error that names `what` was being written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_write(what, error) from error


def cannot_write(what: object, error: OSError) -> DriftwheelError:
    """Return the error for an answer that could not be written to `what`, a path or words.

    Examples
    --------
    >>> str(cannot_write("day1.dwp", OSError(errno.ENOSPC, "No space left on device")))
    "Cannot write 'day1.dwp': No space left on device. Free some, or write to another disk."
    """
    why = f"Cannot write '{what}': {error.strerror or error}."
    if error.errno in _FULL:
        return StorageFullError(f"{why} Free some, or write to another disk.")
    return UsageError(f"{why} Give another file.")


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write `document` to `path`, or to standard output for ``-``; a list of numbers stands on one line."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(_NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text), path)


def write_text(text: str, path: Path) -> None:
    """Write `text` as UTF-8 to `path`, or to standard output when `path` is ``-``.

    Raises
    ------
    StorageFullError
        When there is no space left.
    UsageError
        When it cannot be written for another reason.
    """
    if str(path) == "-":
        typer.echo(text, nl=False)
        return
    with writing(path):
        path.write_text(text, encoding="utf-8")
