"""Measured accuracy after each promotion, by days, with the lines that the suggested rhythm goes by."""

from __future__ import annotations

import math
from collections.abc import Callable

from markupsafe import Markup

from driftwheel.report.charts.svg import drawing, element, number, text
from driftwheel.report.gains import points
from driftwheel.report.numbers import count
from driftwheel.wheel.reign import Decay, Reign
from driftwheel.wheel.rhythm import Rhythm

__all__ = ["MOST_REIGNS", "rhythm_chart"]

MOST_REIGNS = 4
"""Drawn, the newest; each has a colour of its own."""

_WIDTH, _HEIGHT = 560, 230
_STEPS = (1, 2, 5, 7, 14, 30, 60, 90, 180, 365)  # days between two that are written
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 546.0, 12.0, 182.0


def rhythm_chart(rhythm: Rhythm) -> Markup:
    """Return the chart; empty where no label tells anything since a promotion."""
    shown = [(one, decay) for one, decay in zip(rhythm.reigns, rhythm.decays, strict=True) if one.points]
    shown = shown[:MOST_REIGNS]
    if not shown:
        return Markup()
    spots = [spot for reign, _ in shown for spot in reign.points]
    longest = max(1.0, *(spot.days for spot in spots), rhythm.days or 0.0)
    low = max(0.0, math.floor(20 * (min(spot.low for spot in spots) - 0.01)) / 20)
    step = 0.05 if low >= 0.75 else 0.1 if low >= 0.5 else 0.2

    def x(days: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * min(days, longest) / longest

    def y(share: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (min(max(share, low), 1.0) - low) / (1.0 - low)

    parts = []
    for tick in range(math.ceil(low / step - 1e-9), round(1 / step) + 1):
        at = y(tick * step)
        parts.append(element("path", d=f"M{number(_LEFT)} {number(at)}H{number(_RIGHT)}", class_="rail"))
        parts.append(text(_LEFT - 6, at + 4, points(tick * step), "end"))
    every = next((days for days in _STEPS if longest <= 6 * days), _STEPS[-1])
    marked = range(0, math.floor(longest) + 1, every)
    parts += [text(x(days), _BOTTOM + 18, f"{days:,}", "middle") for days in marked]
    parts.append(text((_LEFT + _RIGHT) / 2, _BOTTOM + 38, "days since the promotion", "middle"))
    if rhythm.days is not None:
        d = f"M{number(x(rhythm.days))} {number(_TOP)}V{number(_BOTTOM)}"
        parts.append(element("path", d=d, class_="limit"))
    for place, (reign, decay) in enumerate(shown, 1):
        parts.append(_reign(reign, decay, f"r{place}", x, y))
    return drawing(_WIDTH, _HEIGHT, "Measured accuracy after each promotion, by days", parts, "chart rhythm")


def _reign(
    reign: Reign, decay: Decay | None, kind: str, x: Callable[[float], float], y: Callable[[float], float]
) -> Markup:
    parts = []
    if decay is not None:
        if decay.sudden is not None and decay.before is not None and decay.after is not None:
            fall = f"M{number(x(0))} {number(y(decay.before))}H{number(x(decay.sudden))}"
            fall += f"V{number(y(decay.after))}H{number(x(reign.days))}"
        else:
            end = decay.start - decay.slope * reign.days
            fall = f"M{number(x(0))} {number(y(decay.start))}L{number(x(reign.days))} {number(y(end))}"
        parts.append(element("path", d=fall, class_="fall"))
    for spot in reign.points:
        told = (
            f"{reign.version}, day {spot.days:.3g}: {points(spot.accuracy)} "
            f"({points(spot.low)} to {points(spot.high)}), n = {count(spot.labels)}"
        )
        reach = f"M{number(x(spot.days))} {number(y(spot.low))}V{number(y(spot.high))}"
        dot = element("circle", cx=x(spot.days), cy=y(spot.accuracy), r=3, class_="spot")
        parts.append(
            Markup("<g><title>{}</title>{}{}</g>").format(told, element("path", d=reach, class_="reach"), dot)
        )
    return Markup('<g class="{}">{}</g>').format(kind, Markup().join(parts))
