"""The first few images that could not be read, with their reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from driftwheel.drift.verdict import Verdict
    from driftwheel.records import Unreadable

__all__ = ["print_unreadable"]

_SHOWN = 3
_WIDTH = 40


def print_unreadable(verdict: Verdict) -> None:
    """Print the names of up to three unreadable images a side to standard output; nothing without any."""
    for side, missing in (("current", verdict.unreadable), ("reference", verdict.unreadable_reference)):
        if missing:
            typer.echo("\n".join(_lines(side, missing)))


def _lines(side: str, missing: Sequence[Unreadable]) -> list[str]:
    from driftwheel.report.printable import printable, shortened

    lines = [f"Unreadable {side} images:"]
    lines += [f"  {shortened(one.image, _WIDTH)}: {printable(one.reason)}" for one in missing[:_SHOWN]]
    if len(missing) > _SHOWN:
        lines.append(f"  and {len(missing) - _SHOWN:,} more; --json lists them all")
    return lines
