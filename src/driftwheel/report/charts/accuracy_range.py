"""The estimated accuracy with its interval, beside that of the reference, on an axis in per cent."""

from __future__ import annotations

import math

from markupsafe import Markup

from driftwheel.predictions import AccuracyEstimate
from driftwheel.report.charts.svg import drawing, element, text
from driftwheel.report.numbers import share

__all__ = ["accuracy_range"]

_WIDTH, _LEFT, _RIGHT, _BASE, _ROW = 430, 14, 14, 58, 22


def accuracy_range(found: AccuracyEstimate) -> Markup:
    """Return the chart; empty where the accuracy cannot be told.

    The axis ends at 100 % and begins at the ten below all that is shown.
    """
    if not found.told or found.accuracy is None or found.low is None or found.high is None:
        return Markup()
    least = max(0.0, math.floor(10 * min(found.low, found.usual) - 0.5) / 10)

    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - least) / (1 - least)

    y = _BASE - _ROW
    below = found.high < found.usual
    parts = [
        element(
            "rect", x=x(found.low), y=y - 6, width=x(found.high) - x(found.low), height=12, class_="band"
        ),
        element("line", x1=x(found.usual), x2=x(found.usual), y1=16, y2=_BASE, class_="line"),
        text(x(found.usual), 12, f"reference {share(found.usual)}", _anchor(x(found.usual))),
        element("circle", cx=x(found.accuracy), cy=y, r=5, class_="dot far" if below else "dot near"),
        element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_BASE, y2=_BASE, class_="axis"),
    ]
    tens = round(10 * (1 - least))
    for ten in range(0, tens + 1, 1 if tens <= 5 else 2):
        place = x(1 - ten / 10)
        parts.append(text(place, _BASE + 15, share(round(1 - ten / 10, 9)), _anchor(place)))
    title = (
        f"Estimated accuracy {share(found.accuracy)}, interval {share(found.low)} to {share(found.high)}; "
        f"on the reference {share(found.usual)}"
    )
    return drawing(_WIDTH, _BASE + 20, title, parts, "chart range")


def _anchor(place: float) -> str:
    return "start" if place < 60 else "end" if place > _WIDTH - 60 else "middle"
