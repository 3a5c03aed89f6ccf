"""The marks and labels of an axis, under the drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from markupsafe import Markup

from driftwheel.report.charts.scale import Tick
from driftwheel.report.charts.svg import element, text

__all__ = ["tick_marks"]

_LETTER, _GAP = 6.5, 6  # width of a letter of a label, and of what is free beside it


def tick_marks(
    ticks: Iterable[Tick], x: Callable[[float], float], *, width: float, base: float
) -> list[Markup]:
    """Return ticks with their labels, but those that would touch the label before; none goes over an edge.

    Parameters
    ----------
    ticks
        From left to right.
    x
        Turns a place on the axis, 0 to 1, into one in the drawing.
    width, base
        Of the drawing, and the height in it where the axis is.
    """
    parts: list[Markup] = []
    free = -width
    for tick in ticks:
        place, room = x(tick.place), _LETTER * len(tick.label) + _GAP
        anchor = "end" if place + room / 2 > width else "start" if place < room / 2 else "middle"
        left = place - {"start": 0.0, "middle": room / 2, "end": room}[anchor]
        if left < free:
            continue
        free = left + room
        parts.append(element("line", x1=place, x2=place, y1=base, y2=base + 3, class_="axis"))
        parts.append(text(place, base + 28, tick.label, anchor))
    return parts
