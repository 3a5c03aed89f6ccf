"""The drawings of a card that no page has: accuracy over time, and the confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from driftwheel.cards.card_words import day, figure
from driftwheel.cards.measured_facts import MeasuredFacts, WindowFacts
from driftwheel.report.charts.svg import drawing, element, number, text
from driftwheel.report.numbers import count, several, share
from driftwheel.report.printable import shortened

__all__ = ["MOST_CLASSES", "accuracy_over_time", "confusion_chart"]

MOST_CLASSES = 12
"""Classes of a confusion matrix that is drawn; of more the most frequent confusions are told."""

_APART = 92.0  # dates along an axis
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 220, 56.0, 708.0, 12.0, 180.0


def accuracy_over_time(windows: Sequence[WindowFacts], whole: float | None) -> Markup:
    """Return accuracy by window as dots with their intervals; a line at that of all windows together.

    Windows without a label that tells are left out.
    """
    known = [one for one in windows if one.accuracy.value is not None]
    begin, end = min(one.start for one in known), max(one.end for one in known)
    length = (end - begin).total_seconds()
    lowest = min(one.accuracy.value or 0.0 if one.accuracy.low is None else one.accuracy.low for one in known)
    low = max(0.0, min(0.9, math.floor((lowest - 0.01) * 20) / 20))

    def x(one: WindowFacts) -> float:
        middle = one.start + (one.end - one.start) / 2
        return _LEFT + (_RIGHT - _LEFT) * (middle - begin).total_seconds() / length

    def y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (min(max(value, low), 1.0) - low) / (1.0 - low)

    parts = []
    for part in range(5):
        value = low + (1.0 - low) * part / 4
        d = f"M{number(_LEFT)} {number(y(value))}H{number(_RIGHT)}"
        parts += [
            element("path", d=d, class_="grid", fill="none"),
            text(_LEFT - 6, y(value) + 4, share(value), "end"),
        ]
    if whole is not None:
        d = f"M{number(_LEFT)} {number(y(whole))}H{number(_RIGHT)}"
        parts.append(element("path", d=d, class_="perfect", fill="none"))
    for one in known:
        at = x(one)
        if one.accuracy.low is not None and one.accuracy.high is not None:
            d = f"M{number(at)} {number(y(one.accuracy.low))}V{number(y(one.accuracy.high))}"
            parts.append(element("path", d=d, class_="whisker", fill="none"))
        told = f"{day(one.start)}: {figure(one.accuracy)}, {several(one.predictions, 'answer')}"
        spot = Markup('<circle cx="{}" cy="{}" r="3.5" class="spot"><title>{}</title></circle>')
        parts.append(spot.format(number(at), number(y(one.accuracy.value or 0.0)), told))
    written = -_APART
    for one in known:
        at = min(max(x(one), _LEFT + 30), _RIGHT - 30)
        if at - written >= _APART:
            parts.append(text(at, _BOTTOM + 18, day(one.start), "middle"))
            written = at
    return drawing(_WIDTH, _HEIGHT - 14, "Accuracy over time", parts, "chart over-time")


def confusion_chart(found: MeasuredFacts) -> Markup:
    """Return the matrix of at most 12 classes: a row is what is true, a column what was named."""
    names = found.confusion_classes
    cell, left, top = (64.0 if len(names) <= 6 else 46.0), 130.0, 40.0
    tall = 30.0
    parts = [text(left, 12, "named", "start", "axis"), text(left - 8, 12, "true", "end", "axis")]
    for column, name in enumerate(names):
        parts.append(text(left + (column + 0.5) * cell, top - 8, shortened(name, int(cell / 6.5)), "middle"))
    for row, name in enumerate(names):
        total = sum(found.confusion[row])
        parts.append(text(left - 8, top + (row + 0.5) * tall + 4, shortened(name, 18), "end"))
        for column, n in enumerate(found.confusion[row]):
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
