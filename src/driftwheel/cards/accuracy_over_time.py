"""The drawing of accuracy over time in a card."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from driftwheel.cards.card_words import day, figure
from driftwheel.cards.measured_facts import WindowFacts
from driftwheel.report.charts.svg import drawing, element, number, text
from driftwheel.report.numbers import several, share

__all__ = ["accuracy_over_time"]

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
