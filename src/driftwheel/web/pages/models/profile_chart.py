"""The distribution of one property in the reference and in a window, from their histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from driftwheel.profiles.property_summary import PropertySummary, mean, standard_deviation
from driftwheel.report.charts.scale import Axis
from driftwheel.report.charts.svg import drawing, element, steps, text
from driftwheel.report.charts.tick_marks import tick_marks
from driftwheel.report.numbers import count, quantity, several, share
from driftwheel.report.property_words import PropertyWords

__all__ = ["ProfileRow", "profile_chart", "profile_rows"]

_WIDTH, _LEFT, _RIGHT, _TOP, _BASE = 360, 12, 6, 16, 128
_BARS, _TAIL = 36, 0.0025
_BAR, _NAME = 26, 96
_MOST_LEVELS = 8


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One row of the table behind the chart: texts for the reference and for the window."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, eq=False)
class _Bars:
    """Both histograms over the same bins, in the units in which the property is compared."""

    axis: Axis
    edges: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def profile_chart(
    words: PropertyWords, before: PropertySummary, after: PropertySummary, threshold: float | None, now: str
) -> Markup:
    """Return the chart: shares of images, the reference grey; `now` says what the other one is.

    Under a histogram lies the threshold: a band as far as the mean may move from the reference's before the
    effect counts, with a tick for either mean.
    """
    title = (
        f"Distribution of {words.title}: reference, {several(before.count, 'image')}, "
        f"and {now}, {several(after.count, 'image')}"
    )
    if before.definition.kind == "category":
        return _levels(before, after, title)
    bars = _bars(words, before, after)
    high = float(max(bars.before.max(initial=0), bars.after.max(initial=0))) or 1.0
    x = [_x(bars.axis.place(float(edge))) for edge in bars.edges]
    parts = [
        element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_TOP, y2=_TOP, class_="grid"),
        text(_LEFT, _TOP - 4, f"{share(high)} of images"),
    ]
    for shares, kind in ((bars.before, "ref"), (bars.after, "cur")):
        tops = [_BASE - float(each) / high * (_BASE - _TOP) for each in shares]
        parts.append(element("path", d=steps(x, tops, _BASE), class_=kind))
    parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_BASE, y2=_BASE, class_="axis"))
    parts += _means(bars, threshold)
    parts += tick_marks(bars.axis.ticks(), _x, width=_WIDTH, base=_BASE)
    parts.append(text((_LEFT + _WIDTH - _RIGHT) / 2, _BASE + 44, _label(words), "middle"))
    return drawing(_WIDTH, _BASE + 50, title, parts)


def profile_rows(
    words: PropertyWords, before: PropertySummary, after: PropertySummary
) -> tuple[ProfileRow, ...]:
    """Return the numbers behind the chart; quantiles are those of the histograms."""
    both = (before, after)
    rows = [ProfileRow("images", *(count(one.count) for one in both))]
    if any(one.missing for one in both):
        rows.append(ProfileRow("not defined for", *(count(one.missing) for one in both)))
    if not (before.count and after.count):
        return tuple(rows)
    if before.definition.kind == "category":
        names = before.definition.categories
        for at in np.flatnonzero(before.counts + after.counts)[:40]:
            part = [one.counts[at] / one.count for one in both]
            rows.append(ProfileRow(names[at], *(share(float(each)) for each in part)))
        return tuple(rows)
    rows.append(ProfileRow("mean", *(quantity(mean(one), words.unit) for one in both)))
    if before.definition.kind == "number":
        rows.append(ProfileRow("least", *(quantity(one.minimum, words.unit) for one in both)))
        for label, q in (("5 % lie below", 0.05), ("median", 0.5), ("95 % lie below", 0.95)):
            rows.append(ProfileRow(label, *(quantity(_quantile(one, q), words.unit) for one in both)))
        rows.append(ProfileRow("most", *(quantity(one.maximum, words.unit) for one in both)))
    spread = (quantity(standard_deviation(one), words.unit) for one in both)
    rows.append(ProfileRow("standard deviation", *spread))
    return tuple(rows)


def _bars(words: PropertyWords, before: PropertySummary, after: PropertySummary) -> _Bars:
    edges = before.definition.edges()
    counts = [one.counts.astype(np.float64) for one in (before, after)]
    shares = [each / max(each.sum(), 1.0) for each in counts]
    if words.kind == "circular":
        centre = mean(before)
        axis = Axis(words, -180.0, 180.0, 180.0 if math.isnan(centre) else centre)
        middles = axis.stretch((edges[:-1] + edges[1:]) / 2)
        order = np.argsort(middles)
        width = 360.0 / len(middles)
        places = np.append(middles[order] - width / 2, middles[order][-1] + width / 2)
        return _grouped(axis, places, *(each[order] for each in shares))
    places = Axis(words, 0.0, 1.0).stretch(edges)
    inside = [
        np.flatnonzero((np.cumsum(each) > _TAIL) & (np.cumsum(each[::-1])[::-1] > _TAIL)) for each in shares
    ]
    found = np.concatenate(inside)
    first, last = (int(found.min()), int(found.max())) if len(found) else (0, len(edges) - 2)
    room = max(1, round((last - first) * 0.06))
    first, last = max(0, first - room), min(len(edges) - 2, last + room)
    kept = [each[first : last + 1].copy() for each in shares]
    for each, whole in zip(kept, shares, strict=True):
        each[0] += whole[:first].sum()
        each[-1] += whole[last + 1 :].sum()
    axis = Axis(words, float(places[first]), float(places[last + 1]))
    return _grouped(axis, places[first : last + 2], kept[0], kept[1])


def _grouped(
    axis: Axis, edges: NDArray[np.float64], before: NDArray[np.float64], after: NDArray[np.float64]
) -> _Bars:
    """Return bars of neighbouring bins together, so that there are at most as many as can be told apart."""
    each = max(1, math.ceil(len(before) / _BARS))
    starts = np.arange(0, len(before), each)
    ends = np.append(edges[:-1][starts], edges[-1])
    return _Bars(axis, ends, np.add.reduceat(before, starts), np.add.reduceat(after, starts))


def _means(bars: _Bars, threshold: float | None) -> list[Markup]:
    lane = _BASE + 5
    middles = (bars.edges[:-1] + bars.edges[1:]) / 2
    parts = []
    if bars.before.sum() > 0:
        usual = float((middles * bars.before).sum() / bars.before.sum())
        spread = math.sqrt(float((bars.before * (middles - usual) ** 2).sum() / bars.before.sum()))
        if threshold is not None and math.isfinite(threshold) and spread > 0:
            left, right = (_x(bars.axis.place(usual + sign * threshold * spread)) for sign in (-1, 1))
            parts.append(
                element("rect", x=left, y=lane, width=max(right - left, 3.0), height=8, class_="band")
            )
        parts.append(_mark(_x(bars.axis.place(usual)), lane, "refmark"))
    if bars.after.sum() > 0:
        seen = float((middles * bars.after).sum() / bars.after.sum())
        parts.append(_mark(_x(bars.axis.place(seen)), lane, "curmark"))
    return parts


def _levels(before: PropertySummary, after: PropertySummary, title: str) -> Markup:
    shares = [one.counts / max(one.count, 1) for one in (before, after)]
    known = np.flatnonzero(before.counts + after.counts)
    chosen = sorted(known, key=lambda at: -max(shares[0][at], shares[1][at]))[:_MOST_LEVELS]
    high = max((float(max(shares[0][at], shares[1][at])) for at in chosen), default=1.0) or 1.0
    room = _WIDTH - _NAME - 50
    parts = []
    for row, at in enumerate(chosen):
        y = 4 + row * (_BAR + 8)
        parts.append(text(_NAME - 6, y + 16, before.definition.categories[at], "end"))
        for line, (each, kind) in enumerate(zip(shares, ("ref", "cur"), strict=True)):
            width = max(float(each[at]) / high * room, 0.5)
            parts.append(element("rect", x=_NAME, y=y + line * 13, width=width, height=11, class_=kind))
            parts.append(text(_NAME + width + 4, y + line * 13 + 9.5, share(float(each[at]))))
    height = 4 + len(chosen) * (_BAR + 8)
    parts.append(element("line", x1=_NAME, x2=_NAME, y1=0, y2=height - 4, class_="axis"))
    parts.append(text(_NAME, height + 10, "share of images"))
    return drawing(_WIDTH, height + 16, title, parts, "chart bars")


def _quantile(one: PropertySummary, q: float) -> float:
    """Return a quantile as the histogram has it, within the least and the most."""
    edges = one.definition.edges()
    reached = np.concatenate([[0.0], np.cumsum(one.counts) / max(one.count, 1)])
    found = float(np.interp(q, reached, edges))
    return min(max(found, one.minimum), one.maximum)


def _mark(x: float, lane: float, kind: str) -> Markup:
    return element("line", x1=x, x2=x, y1=lane - 1, y2=lane + 9, class_=kind)


def _label(words: PropertyWords) -> str:
    unit = "share of the image" if words.unit == "share" else "" if words.unit == "°" else words.unit
    return ", ".join(filter(None, (words.title, unit, "log scale" if words.scale == "log" else "")))


def _x(place: float) -> float:
    return _LEFT + place * (_WIDTH - _LEFT - _RIGHT)
