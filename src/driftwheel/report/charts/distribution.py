"""The distribution of one property, reference and current: histograms, or bars where values are few."""

from __future__ import annotations

import math

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from driftwheel.report.charts.levels import level_shares
from driftwheel.report.charts.scale import Axis, axis_for
from driftwheel.report.charts.svg import drawing, element, steps, text
from driftwheel.report.charts.tick_marks import tick_marks
from driftwheel.report.numbers import several, share
from driftwheel.report.property_words import PropertyWords

__all__ = ["FEW", "distribution"]

FEW = 8
"""Up to so many different values, a number is drawn as bars, one pair a value."""

_WIDTH, _LEFT, _RIGHT, _TOP, _BASE = 360, 12, 6, 14, 118
_BAR, _NAME = 26, 96


def distribution(
    words: PropertyWords,
    reference: NDArray[np.floating],
    current: NDArray[np.floating],
    threshold: float | None,
) -> Markup:
    """Return the chart of (n,) and (m,) values, NaN ignored.

    Under a histogram lies the threshold: a band as far as the mean may move from the reference's before the
    effect counts, with a tick for either mean. An effect can count while the mean stays inside, since the
    shape counts too.
    """
    before, after = (values[~np.isnan(values)] for values in (reference, current))
    sizes = f"reference, {several(len(before), 'image')}, and current, {several(len(after), 'image')}"
    title = f"Distribution of {words.title}: {sizes}"
    values = np.unique(np.concatenate([before, after]))
    if len(values) == 0:
        return drawing(_WIDTH, 40, title, [text(_WIDTH / 2, 24, "not defined for any image", "middle")])
    if words.kind == "category" or len(values) <= FEW:
        return _bars(words, before, after, values, title)
    return _histogram(axis_for(words, before, after), before, after, threshold, title)


def _histogram(
    axis: Axis,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    threshold: float | None,
    title: str,
) -> Markup:
    stretched = [np.clip(axis.stretch(values), axis.low, axis.high) for values in (before, after)]
    bins = int(np.clip(2 * math.sqrt(max(1, min(len(before), len(after)))), 12, 40))
    edges = np.linspace(axis.low, axis.high, bins + 1)
    shares = [np.histogram(values, edges)[0] / max(1, len(values)) for values in stretched]
    top = max(float(each.max()) for each in shares)
    x = [_x(axis.place(float(edge))) for edge in edges]
    parts = [
        element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_TOP, y2=_TOP, class_="grid"),
        text(0, _TOP - 3, f"{share(top)} of images"),
        text(_LEFT - 4, _BASE, "0", "end"),
    ]
    for each, name in zip(shares, ("ref", "cur"), strict=True):
        outline = steps(x, [_BASE - float(s) / top * (_BASE - _TOP) for s in each], _BASE)
        parts.append(element("path", d=outline, class_=name))
    parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_BASE, y2=_BASE, class_="axis"))
    parts += _means(axis, before, after, threshold)
    parts += tick_marks(axis.ticks(), _x, width=_WIDTH, base=_BASE)
    parts.append(text((_LEFT + _WIDTH - _RIGHT) / 2, _BASE + 44, _axis_label(axis.words), "middle"))
    return drawing(_WIDTH, _BASE + 50, title, parts)


def _means(
    axis: Axis, before: NDArray[np.floating], after: NDArray[np.floating], threshold: float | None
) -> list[Markup]:
    """The band of the threshold and the two means, in the units in which the property is compared."""
    lane = _BASE + 5
    parts = []
    if axis.words.name == "hue":
        parts += [
            element(
                "rect", x=_x(i / 36), y=_BASE + 15, width=(_WIDTH - _LEFT - _RIGHT) / 36 + 0.5, height=3,
                fill=f"hsl({(axis.centre - 175 + i * 10) % 360:.0f} 80% 50%)",
            )
            for i in range(36)
        ]  # fmt: skip
    if len(before):
        values = axis.stretch(before)
        mean, spread = float(values.mean()), float(values.std())
        if threshold is not None and math.isfinite(threshold) and spread > 0:
            left, right = (_x(axis.place(mean + sign * threshold * spread)) for sign in (-1, 1))
            parts.append(
                element("rect", x=left, y=lane, width=max(right - left, 3.0), height=8, class_="band")
            )
        parts.append(_mark(_x(axis.place(mean)), lane, "refmark"))
    if len(after):
        parts.append(_mark(_x(axis.place(float(axis.stretch(after).mean()))), lane, "curmark"))
    return parts


def _mark(x: float, lane: float, class_: str) -> Markup:
    return element("line", x1=x, x2=x, y1=lane - 1, y2=lane + 9, class_=class_)


def _bars(
    words: PropertyWords,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    values: NDArray[np.floating],
    title: str,
) -> Markup:
    rows = level_shares(words, before, after, values)
    top = max(max(one.reference, one.current) for one in rows) or 1.0
    room = _WIDTH - _NAME - 44
    parts = []
    for place, one in enumerate(rows):
        y = 4 + place * (_BAR + 8)
        parts.append(text(_NAME - 6, y + 16, one.label, "end"))
        for line, (amount, name) in enumerate(((one.reference, "ref"), (one.current, "cur"))):
            width = amount / top * room
            parts.append(
                element("rect", x=_NAME, y=y + line * 13, width=max(width, 0.5), height=11, class_=name)
            )
            parts.append(text(_NAME + width + 4, y + line * 13 + 9.5, share(amount)))
    height = 4 + len(rows) * (_BAR + 8)
    parts.append(element("line", x1=_NAME, x2=_NAME, y1=0, y2=height - 4, class_="axis"))
    parts.append(text(_NAME, height + 10, "share of images"))
    return drawing(_WIDTH, height + 16, title, parts, "chart bars")


def _axis_label(words: PropertyWords) -> str:
    unit = "share of the image" if words.unit == "share" else "" if words.unit == "°" else words.unit
    scale = "log scale" if words.scale == "log" else ""
    return ", ".join(filter(None, (words.title, unit, scale)))


def _x(place: float) -> float:
    return _LEFT + place * (_WIDTH - _LEFT - _RIGHT)
