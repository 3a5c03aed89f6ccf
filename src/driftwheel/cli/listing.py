"""Print rows as a table, or as JSON for scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import typer

__all__ = ["Cell", "print_rows"]

Cell = str | int | bool | datetime | Sequence[str] | None
"""What can stand in a column."""


def print_rows(what: str, rows: Sequence[Mapping[str, Cell]], *, as_json: bool) -> None:
    """Print rows with the same keys to standard output.

    Parameters
    ----------
    what
        What they are; the key of the JSON, and part of what is said when there are none.
    rows
        Column → value; moments are in UTC. None is shown as –.
    as_json
        Print ``{what: [...]}`` with ISO times and spaces in keys as ``_``.
    """
    if as_json:
        from pathlib import Path

        from driftwheel.cli.outputs import write_json

        listed = [{key.replace(" ", "_"): _plain(cell) for key, cell in row.items()} for row in rows]
        write_json({what: listed}, Path("-"))
        return
    if not rows:
        typer.echo(f"There are no {what}.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for name in rows[0]:
        right = all(type(row[name]) is int for row in rows)
        moments = any(isinstance(row[name], datetime) for row in rows)
        table.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=moments)
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row.values()))
    Console().print(table)


def _plain(cell: Cell) -> object:
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    return list(cell) if isinstance(cell, tuple) else cell


def _shown(cell: Cell) -> str:
    match cell:
        case None:
            return "–"
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case str() | int():
            return str(cell)
        case _:
            return ", ".join(cell)
