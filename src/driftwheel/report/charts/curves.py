"""The curves of trainings: a number by epoch, of one run or of several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.report.charts.svg import drawing, element, number, text
from driftwheel.report.gains import points

__all__ = ["Curve", "curve_chart"]

_WIDTH, _HEIGHT = 520, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 508.0, 12.0, 178.0


@dataclass(frozen=True, slots=True)
class Curve:
    """A line: its name, its kind (a class of the style sheet), and (epoch, value) pairs in order."""

    name: str
    kind: str
    values: tuple[tuple[int, float], ...]


def curve_chart(curves: Sequence[Curve], title: str, *, is_share: bool) -> Markup:
    """Return a chart of curves over epochs; empty where none has a value.

    Parameters
    ----------
    is_share
        Values lie in 0…1 and are shown as percentages; else from 0 up.
    """
    shown = [one for one in curves if one.values]
    if not shown:
        return Markup("")
    last = max(epoch for one in shown for epoch, _ in one.values)
    values = [value for one in shown for _, value in one.values if math.isfinite(value)]
    low, high, ticks = _scale(values, is_share=is_share)

    def x(epoch: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * ((epoch - 1) / max(last - 1, 1) if last > 1 else 0.5)

    def y(value: float) -> float:
        inside = min(max(value, low), high)
        return _BOTTOM - (_BOTTOM - _TOP) * (inside - low) / (high - low)

    parts = []
    for tick in ticks:
        d = f"M{number(_LEFT)} {number(y(tick))}H{number(_RIGHT)}"
        parts.append(element("path", d=d, class_="grid", fill="none"))
        parts.append(text(_LEFT - 6, y(tick) + 4, points(tick) if is_share else f"{tick:g}", "end"))
    marked = sorted({round(1 + (last - 1) * part / 4) for part in range(5)})
    parts += [text(x(epoch), _BOTTOM + 18, str(epoch), "middle") for epoch in marked]
    parts.append(text((_LEFT + _RIGHT) / 2, _BOTTOM + 38, "epoch", "middle"))
    for one in shown:
        path = "L".join(f"{number(x(epoch))} {number(y(value))}" for epoch, value in one.values)
        parts.append(element("path", d=f"M{path}", class_=f"curve {one.kind}", fill="none"))
        for epoch, value in one.values:
            told = f"{one.name}, epoch {epoch}: {points(value) if is_share else f'{value:.4f}'}"
            spot = Markup('<circle cx="{}" cy="{}" r="3" class="spot {}"><title>{}</title></circle>')
            parts.append(spot.format(number(x(epoch)), number(y(value)), one.kind, told))
    return drawing(_WIDTH, _HEIGHT, title, parts, "chart curves")


def _scale(values: Sequence[float], *, is_share: bool) -> tuple[float, float, list[float]]:
    """Return the ends of the axis, and where its lines are."""
    if is_share:
        low = max(0.0, math.floor((min(values) - 0.02) * 20) / 20)
        step = (1.0 - low) / 4
        return low, 1.0, [low + step * part for part in range(5)]
    high = max(*values, 1e-3)
    step = 10 ** math.floor(math.log10(high / 2))
    step *= next(one for one in (1, 2, 5, 10) if one * step * 5 >= high)
    top = step * math.ceil(high / step - 1e-9)
    return 0.0, top, [step * part for part in range(round(top / step) + 1)]
