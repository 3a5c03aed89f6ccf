"""Where a command's answer goes: a file known to be writable before the work starts, or standard output."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from driftwheel.errors import UsageError

__all__ = ["must_be_writable", "write_json"]


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


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write `document` to `path`, or to standard output when `path` is ``-``."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if str(path) == "-":
        typer.echo(text, nl=False)
    else:
        path.write_text(text, encoding="utf-8")
