"""The drawings of the performance page: accuracy by window, intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from driftwheel.performance.figure import Figure
from driftwheel.report.charts.svg import element, number
from driftwheel.report.numbers import count, share
from driftwheel.services.performance.describe_performance import WindowPerformance
from driftwheel.web.pages.models.watch_view import window_words
from driftwheel.web.pages.time_chart import Point, frame, place_of

__all__ = ["accuracy_chart", "interval_bar"]

_WIDTH, _HEIGHT = 1000.0, 100.0


def accuracy_chart(windows: Sequence[WindowPerformance], addresses: Sequence[str], window: str) -> Markup:
    """Return accuracy by window: measured as dots with their intervals, estimated as a band with a line.

    Parameters
    ----------
    addresses
        Of the page that looks into each window.
    window
        ``hour``, ``day`` or ``week``.
    """
    low = _bottom(windows)
    step = _WIDTH / max(len(windows), 1)
    parts: list[Markup] = []
    lines: list[list[str]] = [[]]
    for at, one in enumerate(windows):
        seen = one.estimated
        if seen is None or seen.value is None:
            lines.append([])
            if seen is not None and seen.n:
                d = f"M{number((at + 0.5) * step)} {number(_HEIGHT - 6)}h0.01"
                parts += [element("path", d=d, class_=f"dot {kind}") for kind in ("untold", "untold hole")]
            continue
        top, bottom = (place_of(end, low, 1.0) for end in (seen.high or seen.value, seen.low or seen.value))
        parts.append(
            element("rect", x=at * step, y=top, width=step, height=max(bottom - top, 1.0), class_="guess")
        )
        lines[-1].append(f"{number((at + 0.5) * step)} {number(place_of(seen.value, low, 1.0))}")
    parts += [element("path", d="M" + "L".join(run), class_="guessed") for run in lines if len(run) > 1]
    for at, one in enumerate(windows):
        figure = None if one.accuracy is None else one.accuracy.figure
        if figure is None or figure.value is None:
            continue
        x = (at + 0.5) * step
        if figure.low is not None and figure.high is not None:
            ends = f"M{number(x)} {number(place_of(figure.low, low, 1.0))}"
            parts.append(
                element("path", d=f"{ends}V{number(place_of(figure.high, low, 1.0))}", class_="whisker")
            )
        parts.append(
            element("path", d=f"M{number(x)} {number(place_of(figure.value, low, 1.0))}h0.01", class_="dot")
        )
    for at, one in enumerate(windows):
        told = _told(one, window)
        hit = element("rect", x=at * step, y=0, width=step, height=_HEIGHT, class_="hit")
        parts.append(
            Markup('<a href="{}" tabindex="-1" aria-hidden="true"><title>{}</title>{}</a>').format(
                addresses[at], told, hit
            )
        )
    points = [
        Point(one.start, None, 0, None, None, None, False, "", window_words(one.start, window))
        for one in windows
    ]
    return frame(parts, f"Accuracy by {window}", share(1.0), share(low), points, window)


def interval_bar(figure: Figure) -> Markup:
    """Return a share with its interval on a line from 0 to 1; empty where it is not known."""
    if figure.value is None or figure.low is None or figure.high is None:
        return Markup("")
    parts = [
        element("path", d="M0 5H100", class_="rail"),
        element("path", d=f"M{number(100 * figure.low)} 5H{number(100 * figure.high)}", class_="reach"),
        element("path", d=f"M{number(100 * figure.value)} 0.5V9.5", class_="at"),
    ]
    return Markup(
        '<svg class="interval" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(Markup().join(parts))


def _bottom(windows: Sequence[WindowPerformance]) -> float:
    """Return where the scale begins: a tenth below what is shown, never above a half."""
    known = [1.0]
    for one in windows:
        figure = None if one.accuracy is None else one.accuracy.figure
        if figure is not None and figure.value is not None:
            known.append(figure.value if figure.low is None else figure.low)
        if one.estimated is not None and one.estimated.value is not None:
            known.append(one.estimated.value if one.estimated.low is None else one.estimated.low)
    return min(0.5, math.floor(10 * min(known)) / 10)


def _told(one: WindowPerformance, window: str) -> str:
    told = [window_words(one.start, window)]
    accuracy = one.accuracy
    if accuracy is None:
        told.append("no predictions")
    elif accuracy.figure.value is None:
        told.append(f"no label that tells, {count(accuracy.predictions)} predictions")
    else:
        told.append(
            f"measured {_with_interval(accuracy.figure)}, {count(accuracy.figure.n)} labels among "
            f"{count(accuracy.predictions)} predictions"
        )
    seen = one.estimated
    if seen is not None and seen.value is not None:
        told.append(f"estimated {_with_interval(Figure(seen.value, seen.low, seen.high, seen.n))}")
    elif seen is not None and seen.n:
        told.append(f"estimate: {seen.note[:1].lower()}{seen.note[1:]}")
    return f"{told[0]}: {'; '.join(told[1:])}"


def _with_interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return share(figure.value)
    return f"{share(figure.value)} ({share(figure.low)} to {share(figure.high)})"
