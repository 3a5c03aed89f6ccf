"""Print rows as a table, or as JSON for scripts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime

import typer

__all__ = ["Cell", "print_rows"]

Cell = str | int | bool | datetime | Sequence[str] | None
"""What can stand in a column."""

_GAP = "  "


def print_rows(
    what: str,
    rows: Sequence[Mapping[str, Cell]],
    *,
    as_json: bool,
    sentence: str = "",
    below: Sequence[str] = (),
    hint: str = "",
) -> None:
    """Print rows with the same keys to standard output.

    Parameters
    ----------
    what
        What they are; the key of the JSON, and part of what is said when there are none.
    rows
        Column → value; moments are in UTC. None is shown as –.
    as_json
        Print ``{what: [...]}`` with ISO times and spaces in keys as ``_``.
    sentence, below
        Columns that stand under their row where the table would be wider than the terminal: `sentence` on
        lines of its own, those of `below` on the next with their names. Of these, what is None is left out.
    hint
        What to do when there are none: a sentence.
    """
    if as_json:
        from pathlib import Path

        from driftwheel.cli.outputs import write_json

        listed = [{key.replace(" ", "_"): _plain(cell) for key, cell in row.items()} for row in rows]
        write_json({what: listed}, Path("-"))
        return
    if not rows:
        typer.echo(f"There are no {what}. {hint}".strip())
        return
    for line in _lines(rows, _width(), sentence, below):
        typer.echo(line.rstrip())


def _lines(rows: Sequence[Mapping[str, Cell]], width: int, sentence: str, below: Sequence[str]) -> list[str]:
    """Return a table; if it is too wide, one with lines below its rows; if that is too wide, line by line."""
    shown = [{name: _shown(cell) for name, cell in row.items()} for row in rows]
    movable = {sentence, *below}
    names = [name for name in rows[0] if name not in movable or any(row[name] is not None for row in rows)]
    right = {name for name in names if all(type(row[name]) is int for row in rows)}
    for beside in (names, [name for name in names if name not in movable]):
        widths = [max(_cells(name), *(_cells(row[name]) for row in shown)) for name in beside]
        if sum(widths) + len(_GAP) * (len(widths) - 1) <= width:
            break
    else:
        return _one_by_one(rows, shown, names)
    lines = [typer.style(_line(beside, beside, widths, right).rstrip(), dim=True)]
    for row, texts in zip(rows, shown, strict=True):
        lines.append(_line([texts[name] for name in beside], beside, widths, right))
        under = {name for name in movable.difference(beside) if row.get(name) is not None}
        if sentence in under:
            lines.extend(_wrapped(texts[sentence], width))
        lines.extend(_wrapped(", ".join(f"{name} {texts[name]}" for name in below if name in under), width))
    return lines


def _line(cells: Sequence[str], names: Sequence[str], widths: Sequence[int], right: Container[str]) -> str:
    blanks = [" " * (width - _cells(cell)) for cell, width in zip(cells, widths, strict=True)]
    return _GAP.join(
        blank + cell if name in right else cell + blank
        for cell, name, blank in zip(cells, names, blanks, strict=True)
    )


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    indent = " " * 4
    return textwrap.wrap(text, max(width, 20), initial_indent=indent, subsequent_indent=indent)


def _one_by_one(
    rows: Sequence[Mapping[str, Cell]], shown: Sequence[Mapping[str, str]], names: Sequence[str]
) -> list[str]:
    blocks = [
        [f"{name}: {texts[name]}" for name in names if row[name] is not None]
        for row, texts in zip(rows, shown, strict=True)
    ]
    return [line for at, block in enumerate(blocks) for line in ([""] if at else []) + block]


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    from rich.cells import cell_len

    return cell_len(text)


def _plain(cell: Cell) -> object:
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    return list(cell) if isinstance(cell, tuple) else cell


def _shown(cell: Cell) -> str:
    from driftwheel.report.printable import printable

    match cell:
        case None:
            return "–"
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M}"
        case str() | int():
            return printable(str(cell))
        case _:
            return printable(", ".join(cell))
