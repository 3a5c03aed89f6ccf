"""`driftwheel merge`: many profile files into one."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["MergedWindow", "merge", "register"]

_FILES = typer.Argument(metavar="FILES...", help="Profile files, in any order.")
_OUT = typer.Option("--out", "-o", help="The profile file to write, for example week.dwp.")
_WINDOW = typer.Option("--window", help="Join windows to these; 'all' puts all times together.")
_BY = typer.Option("--by", help="Keep the split by this tag only; may be given several times.")
_WHOLE = typer.Option("--whole", help="Put everything into a single profile.")


class MergedWindow(StrEnum):
    """How long a window is after merging."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    ALL = "all"


def merge(
    files: Annotated[list[Path], _FILES],
    out: Annotated[Path, _OUT],
    window: Annotated[MergedWindow | None, _WINDOW] = None,
    by: Annotated[list[str] | None, _BY] = None,
    whole: Annotated[bool, _WHOLE] = False,
) -> None:
    """Merge profile files: the same windows and segments join, others stand side by side.

    The result is the same file, byte for byte, in whatever order they are given (embeddings: to 1e-9).
    """
    from driftwheel.cli.notes import print_note
    from driftwheel.cli.outputs import must_be_writable, writing
    from driftwheel.errors import UsageError
    from driftwheel.profiles import write_profiles
    from driftwheel.profiles.window import as_window
    from driftwheel.services.check.merge_profiles import KEEP, merge_profiles

    if whole and (window is not None or by):
        raise UsageError("--whole puts everything together; leave out --window and --by, or --whole.")
    must_be_writable(out)
    together = whole or window is MergedWindow.ALL
    joined = None if together else KEEP if window is None else as_window(window.value)
    merged = merge_profiles(files, window=joined, by=() if whole else by or KEEP)
    for note in _counted_twice(files):
        print_note(note)
    with writing(out):
        size = write_profiles(merged, out)
    total = sum(profile.n for profile in merged.profiles.values())
    parts = "one profile" if len(merged) == 1 else f"{len(merged):,} profiles"
    typer.echo(f"{out}: {total:,} images from {len(files):,} files, {parts}, {size:,} bytes")


def _counted_twice(files: list[Path]) -> list[str]:
    """Return a sentence for each profile that is given more than once, by name or by content."""
    alike: defaultdict[bytes, list[Path]] = defaultdict(list)
    for file in files:
        alike[sha256(file.read_bytes()).digest()].append(file)
    told = []
    for same in alike.values():
        if len(same) > 1:
            names = " and ".join(map(str, dict.fromkeys(same)))
            said = f"{names} is given" if len(set(same)) == 1 else f"{names} hold the same, which is given"
            times = "twice" if len(same) == 2 else f"{len(same)} times"
            told.append(f"{said} {times}: its images are counted {times}.")
    return told


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(merge)
