"""A confusion matrix in a card: drawn with its table, or told by the most frequent confusions."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from driftwheel.cards.confusion_facts import ConfusionFacts
from driftwheel.cards.document import Block, Drawing, Grid
from driftwheel.report.charts.svg import drawing, number, text
from driftwheel.report.numbers import count, share
from driftwheel.report.printable import printable, shortened

__all__ = ["MOST_CLASSES", "compose_confusion"]

MOST_CLASSES: Final = 20
"""Classes of a matrix that is drawn; of more the most frequent confusions are told."""

_CONFUSIONS = 10
_LETTER = 6.5  # pixels, about


def compose_confusion(found: ConfusionFacts, where: str, what: str) -> list[Block]:
    """Return a matrix; nothing where it has no class.

    Parameters
    ----------
    where
        On which images, as "in production".
    what
        What is counted: the rest of the title.
    """
    names = found.classes
    if not names:
        return []
    if len(names) > MOST_CLASSES:
        return _most_frequent(found, where)
    head = ("True", *(f"named {printable(name)}" for name in names))
    counts = tuple((printable(name), *map(_n, found.counts[row])) for row, name in enumerate(names))
    table = Grid("Confusion matrix", head, counts, frozenset(range(1, len(names) + 1)))
    return [Drawing(f"Confusion matrix {where}: {what}", _chart(found), table)]


def _most_frequent(found: ConfusionFacts, where: str) -> list[Block]:
    names = found.classes
    pairs = sorted(
        (
            (n, names[row], names[column], n / max(sum(counts), 1e-9))
            for row, counts in enumerate(found.counts)
            for column, n in enumerate(counts)
            if row != column and n > 0
        ),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    rows = tuple(
        (printable(true), printable(said), _n(n), share(part)) for n, true, said, part in pairs[:_CONFUSIONS]
    )
    titles = ("True", "Named", "Labels", "Share of the true class")
    return [Grid(f"The most frequent confusions {where}", titles, rows, frozenset({2, 3}))] if rows else []


def _chart(found: ConfusionFacts) -> Markup:
    """Return the drawn matrix: a row is what is true, a column what was named.

    Where names are too long for columns, classes are numbered.
    """
    names = found.classes
    cell = 64.0 if len(names) <= 6 else 46.0 if len(names) <= 12 else 34.0
    left, top = 130.0, 40.0
    tall = 30.0
    fits = all(len(name) <= cell / _LETTER for name in names)
    parts = [text(left, 12, "named", "start", "axis"), text(left - 8, 12, "true", "end", "axis")]
    for column, name in enumerate(names):
        title = name if fits else str(column + 1)
        parts.append(text(left + (column + 0.5) * cell, top - 8, title, "middle"))
    for row, name in enumerate(names):
        total = sum(found.counts[row])
        title = shortened(name, 18) if fits else f"{shortened(name, 16)} {row + 1}"
        parts.append(text(left - 8, top + (row + 0.5) * tall + 4, title, "end"))
        for column, n in enumerate(found.counts[row]):
            part = n / total if total else 0.0
            grade = 0 if not n else min(5, 1 + int(part * 5))
            kind = f"right g{grade}" if row == column else f"wrong g{grade}"
            told = f"{name} named {names[column]}: {_n(n)}, {share(part)} of {_n(total)}"
            rectangle = Markup(
                '<rect x="{}" y="{}" width="{}" height="{}" class="{}"><title>{}</title></rect>'
            )
            at = left + column * cell, top + row * tall
            parts.append(
                rectangle.format(*map(number, (at[0] + 1, at[1] + 1, cell - 2, tall - 2)), kind, told)
            )
            parts.append(text(at[0] + cell / 2, at[1] + tall / 2 + 4, _n(n), "middle"))
    width, height = round(left + cell * len(names) + 4), round(top + tall * len(names) + 4)
    drawn = drawing(width, height, "Confusion matrix: rows true, columns named", parts, "chart confusion")
    sized = str(drawn).replace("<svg ", f'<svg width="{width}" ', 1)  # as large as its text, not as the page
    return Markup(sized)  # noqa: S704 - what `drawing` returned


def _n(value: float) -> str:
    """Return a number of labels; one that is weighted with one decimal."""
    return count(round(value)) if abs(value - round(value)) < 0.05 else f"{value:,.1f}"
