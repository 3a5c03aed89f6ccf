"""Print what rich can render: as it is on a terminal, without blanks at the ends of lines anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["print_all"]

_NBSP = "\u00a0"


def print_all(*parts: RenderableType, console: Console | None = None) -> None:
    """Print `parts` one below the other on `console`, by default standard output.

    What goes into a file or a pipe has plain blanks in place of no-break ones, and none at the ends of lines.
    """
    from rich.console import Console

    console = console or Console()
    if console.is_terminal or console.is_jupyter:
        console.print(*parts, sep="\n")
        return
    with console.capture() as printed:
        console.print(*parts, sep="\n")
    for line in printed.get().splitlines():
        console.file.write(line.replace(_NBSP, " ").rstrip() + "\n")
