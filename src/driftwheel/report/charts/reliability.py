"""The reliability curve: accuracy by score."""

from __future__ import annotations

import math

from markupsafe import Markup

from driftwheel.performance.calibration import Calibration
from driftwheel.report.charts.svg import drawing, element, number, text
from driftwheel.report.numbers import count, share

__all__ = ["reliability_chart"]


def reliability_chart(found: Calibration) -> Markup:
    """Return accuracy by score, with intervals, beside the line on which scores say what is true."""
    left, bottom, size = 46, 226, 200

    def x(value: float) -> float:
        return left + size * value

    def y(value: float) -> float:
        return bottom - size * value

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(
            element("path", d=f"M{number(x(0))} {number(y(tick))}H{number(x(1))}", class_="grid", fill="none")
        )
        parts.append(text(left - 6, y(tick) + 4, share(tick), "end"))
        if tick in {0.0, 0.5, 1.0}:
            parts.append(text(x(tick), bottom + 16, share(tick), "middle"))
    parts.append(
        element("path", d=f"M{number(x(0))} {number(y(0))}L{number(x(1))} {number(y(1))}", class_="perfect")
    )
    for one in found.bins:
        value = one.accuracy.value or 0.0
        ends = one.accuracy.low, one.accuracy.high
        if ends[0] is not None and ends[1] is not None:
            d = f"M{number(x(one.confidence))} {number(y(ends[0]))}V{number(y(ends[1]))}"
            parts.append(element("path", d=d, class_="whisker"))
        told = (
            f"score {share(one.confidence)}: {share(value)} right, n = {count(one.accuracy.n)}, "
            f"{share(one.share)} of predictions"
        )
        radius = 2.5 + 5 * math.sqrt(one.share)
        spot = Markup('<circle cx="{}" cy="{}" r="{}" class="spot"><title>{}</title></circle>')
        parts.append(spot.format(number(x(one.confidence)), number(y(value)), number(radius), told))
    parts.append(text(x(0.5), bottom + 34, "score of the named class", "middle"))
    parts.append(text(left - 40, y(1.0) - 10, "right"))
    return drawing(270, 264, "Accuracy by score", parts, "chart reliability")
