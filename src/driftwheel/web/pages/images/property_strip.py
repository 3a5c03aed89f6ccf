"""One value beside the range of the reference: a strip a row, each on the axis of its own property."""

from __future__ import annotations

import math

from markupsafe import Markup

from driftwheel.report.charts.svg import element
from driftwheel.services.browse.reference_ranges import PropertyRange

__all__ = ["property_strip"]

_HUES = 36


def property_strip(range_: PropertyRange, value: float) -> Markup:
    """Return a strip of the middle 99 % (light), the middle half (dark) and the median of the reference.

    The dot is `value`: filled where it lies outside the middle 99 %. The strip reaches a quarter beyond that
    range to either side; a value further out stands at its end. That of an angle is the whole circle with the
    mean direction in its middle, and colours under it where it is a hue.
    """
    circular = range_.definition.kind == "circular"
    stretch = float if circular else range_.stretch  # the ends of an angle's range lie on its way already
    low, high = stretch(range_.low), stretch(range_.high)
    room = (high - low) * 0.25 or max(abs(low), 1.0) * 0.05
    start, end = low - room, high + room
    if circular:
        circle = range_.definition.high - range_.definition.low
        start, end = range_.centre - circle / 2, range_.centre + circle / 2

    def place(stretched: float) -> float:
        return 100 * min(max((stretched - start) / (end - start), 0.0), 1.0)

    quarter, middle, three = map(stretch, (range_.quarter, range_.median, range_.three_quarters))
    parts = [
        *(_hues(start) if range_.definition.name == "hue" else ()),
        _bar(place(low), place(high), 5, 10, "span"),
        _bar(place(quarter), place(three), 5, 10, "half"),
        element("line", x1=f"{place(middle):.2f}%", x2=f"{place(middle):.2f}%", y1=3, y2=17, class_="middle"),
    ]
    if not math.isnan(value):
        at = f"{place(range_.stretch(value)):.2f}%"
        parts.append(
            element("circle", cx=at, cy=10, r=4.2, class_="dot far" if range_.outside(value) else "dot")
        )
    return Markup('<svg class="strip" width="100%" height="20" aria-hidden="true">{}</svg>').format(
        Markup().join(parts)
    )


def _hues(start: float) -> list[Markup]:
    """Return the colours of the circle, from the hue `start` on, as a line along the bottom."""
    step = 100 / _HUES
    return [
        element(
            "rect",
            x=f"{i * step:.2f}%",
            y=17.5,
            width=f"{step + 0.3:.2f}%",
            height=2.5,
            fill=f"hsl({(start + (i + 0.5) * 360 / _HUES) % 360:.0f} 80% 50%)",
        )
        for i in range(_HUES)
    ]


def _bar(left: float, right: float, top: int, height: int, kind: str) -> Markup:
    width = max(right - left, 0.6)
    return element("rect", x=f"{left:.2f}%", y=top, width=f"{width:.2f}%", height=height, rx=2, class_=kind)
