"""A number by window: dots or bars, the range that is usual, what is unusual in red, and when alerts fired.

The drawing is stretched to its place; its scale and its times stand beside it as text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from driftwheel.report.charts.svg import element, number
from driftwheel.web.pages.rendering import moment

__all__ = ["ChartRow", "Column", "Point", "TimeChart", "frame", "place_of", "time_chart", "top_of"]

WIDTH, HEIGHT = 1000.0, 100.0


@dataclass(frozen=True, slots=True)
class Column:
    """One window of all charts: its start, the same in plain text, its address, whether an alert fired."""

    start: datetime
    when: str
    address: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One window of a chart; `value` is None where there is none.

    Attributes
    ----------
    n
        How many records or images the value was measured on.
    usual, low, high
        What is usual, and its range; None where that is not known.
    unusual
        What the calibrated test says.
    address
        Of the page that looks into this window.
    when
        The window's start in plain text.
    estimated
        The range is an interval that holds the value, and not what is usual.
    untold
        Why the value cannot be told; empty where it can, and where nothing was to be told.
    """

    start: datetime
    value: float | None
    n: int
    usual: float | None
    low: float | None
    high: float | None
    unusual: bool
    address: str
    when: str
    alarm: bool = False
    estimated: bool = False
    untold: str = ""


@dataclass(frozen=True, slots=True)
class ChartRow:
    """One row of the table behind a chart; `why` it has no value, if it has none."""

    start: datetime
    value: str
    usual: str
    n: int
    unusual: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class TimeChart:
    """A chart, what is said with it, and the table behind it.

    `note` is of the newest value, `ranged` the heading of the ranges.
    """

    name: str
    title: str
    sub: str
    unit: str
    picture: Markup
    rows: tuple[ChartRow, ...]
    note: str = ""
    unusual: bool = False
    ranged: str = "Usually"


def time_chart(
    points: Sequence[Point],
    say: Callable[[float], str],
    *,
    title: str,
    window: str,
    kind: Literal["dots", "bars"] = "dots",
    least: float = 0.0,
    ceiling: float | None = None,
    signed: bool = False,
) -> Markup:
    """Return the chart of one number.

    Parameters
    ----------
    say
        Turns a value into text with its unit.
    least
        The scale goes at least so far.
    ceiling
        The scale ends there, and begins at half of it where nothing lies below; None: as the values need.
    signed
        Values and ranges may lie below 0, and 0 is drawn.
    """
    low, high = _scale(points, least, ceiling, signed=signed)
    step = WIDTH / max(len(points), 1)
    parts = []
    for at, one in enumerate(points):
        if one.alarm:
            parts.append(element("rect", x=at * step, y=0, width=step, height=HEIGHT, class_="alarm"))
        if one.low is not None and one.high is not None:
            top, bottom = place_of(one.high, low, high), place_of(one.low, low, high)
            height = max(bottom - top, 1.0)
            parts.append(element("rect", x=at * step, y=top, width=step, height=height, class_="usual"))
    if low < 0 < high:
        y = place_of(0.0, low, high)
        parts.append(element("path", d=f"M0 {number(y)}H{number(WIDTH)}", class_="zero"))
    if kind == "bars":
        parts += [_bar(one, at * step, step, low, high) for at, one in enumerate(points) if one.value]
    else:
        parts += _line(points, step, low, high)
        for at, one in enumerate(points):
            if one.value is not None:
                x, y = (at + 0.5) * step, place_of(one.value, low, high)
                dot = "dot unusual" if one.unusual else "dot"
                parts.append(element("path", d=f"M{number(x)} {number(y)}h0.01", class_=dot))
            elif one.untold:
                d = f"M{number((at + 0.5) * step)} {number(HEIGHT - 6)}h0.01"
                parts += [element("path", d=d, class_=f"dot {kind}") for kind in ("untold", "untold hole")]
    for at, one in enumerate(points):
        if one.value is not None or one.untold:
            parts.append(_hit(one, at * step, step, _told(one, say)))
    return frame(parts, title, say(high), say(low), points, window)


def frame(  # noqa: PLR0917  the drawing, what is told of it, and its ends
    parts: Sequence[Markup], title: str, top: str, bottom: str, points: Sequence[Point], window: str
) -> Markup:
    """Return a drawing of 1000 × 100 with its scale at the left and three times under it."""
    svg = Markup(
        '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(title, Markup().join(parts))
    form = "minute" if window == "hour" else "short-day"
    ends = (points[0], points[len(points) // 2], points[-1]) if points else ()
    said = Markup().join(Markup("<span>{}</span>").format(moment(one.start, form)) for one in ends)
    return Markup(
        '<div class="plot"><div class="scale" aria-hidden="true"><span>{}</span><span>{}</span></div>{}'
        '<div class="ends">{}</div></div>'
    ).format(top, bottom, svg, said)


def place_of(value: float, low: float, high: float) -> float:
    """Return the height in the drawing, from its top; never outside, with a little room for the dots."""
    return 4 + (HEIGHT - 8) * (1 - min(max((value - low) / (high - low), 0.0), 1.0))


def top_of(value: float) -> float:
    """Return the next round number above: 1, 1.5, 2, 3, 4, 5, 6, 8 or 10 times a power of ten.

    Examples
    --------
    >>> top_of(47.0), top_of(0.031), top_of(0.0)
    (50.0, 0.04, 1.0)
    """
    if value <= 0 or not math.isfinite(value):
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    steps = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)
    return float(f"{next(unit * one for one in steps if unit * one >= value * (1 - 1e-9)):.6g}")


def _scale(
    points: Sequence[Point], least: float, ceiling: float | None, *, signed: bool
) -> tuple[float, float]:
    """Return the ends of the scale: 0, or a half of a full scale that all lie above; ranges may leave it.

    Where values lie below 0, or what is usual does, it goes as far down as they do.
    """
    values = [one.value for one in points if one.value is not None]
    if not values:
        return 0.0, ceiling or 1.0
    if ceiling is not None:
        known = values + [one.low for one in points if one.low is not None]
        return (ceiling / 2 if min(known) > ceiling / 2 else 0.0), ceiling
    if signed:
        ends = [end for one in points for end in (one.low, one.high) if end is not None]
        far = 1.6 * max(abs(one) for one in values)
        ends = [*values, *(min(max(one, -far), far) for one in ends)]
        return -top_of(-1.08 * min(ends)) if min(ends) < 0 else 0.0, top_of(1.08 * max(ends))
    most = max(*values, least)
    ends = [one.high for one in points if one.high is not None and one.high <= 1.6 * most]
    return 0.0, top_of(max([most * 1.08, *ends]))


def _line(points: Sequence[Point], step: float, low: float, high: float) -> list[Markup]:
    """Return lines through values of windows that follow each other."""
    runs: list[list[str]] = [[]]
    for at, one in enumerate(points):
        if one.value is None:
            runs.append([])
        else:
            runs[-1].append(f"{number((at + 0.5) * step)} {number(place_of(one.value, low, high))}")
    return [element("path", d="M" + "L".join(run), class_="line") for run in runs if len(run) > 1]


def _bar(one: Point, left: float, step: float, low: float, high: float) -> Markup:
    top = place_of(one.value or 0.0, low, high)
    kind = "bar unusual" if one.unusual else "bar"
    return element("rect", x=left + step * 0.08, y=top, width=step * 0.84, height=HEIGHT - top, class_=kind)


def _hit(one: Point, left: float, step: float, told: str) -> Markup:
    inner = element("rect", x=left, y=0, width=step, height=HEIGHT, class_="hit")
    return Markup('<a href="{}" tabindex="-1" aria-hidden="true"><title>{}</title>{}</a>').format(
        one.address, told, inner
    )


def _told(one: Point, say: Callable[[float], str]) -> str:
    if one.value is None:
        return f"{one.when}: cannot tell: {one.untold}"
    told = f"{one.when}: {say(one.value or 0.0)}, n = {one.n:,}"
    if one.low is not None and one.high is not None:
        told += f"; {'between' if one.estimated else 'usually'} {say(one.low)} to {say(one.high)}"
    return told + ("; unusual" if one.unusual else "")
