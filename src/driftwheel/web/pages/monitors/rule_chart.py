"""What a rule saw in past windows: one condition on one segment, with its threshold drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.alerts.finding_words import amount
from driftwheel.monitors.evaluate import Finding
from driftwheel.monitors.rule import Condition
from driftwheel.monitors.rule_text import format_rule
from driftwheel.monitors.signal import Signal, signal_named
from driftwheel.report.charts.scale import nice_ticks
from driftwheel.report.charts.svg import drawing, element, text
from driftwheel.report.numbers import p_statement, p_value

__all__ = ["RESULT_WORDS", "Point", "condition_words", "rule_chart"]

RESULT_WORDS = {
    "ok": "ok",
    "breach": "in breach",
    "no_data": "no data",
    "insufficient": "too few to say",
    "error": "could not be computed",
}
"""What a monitor says of a window, in words."""

_HEIGHT, _TOP, _BOTTOM, _LEFT, _RIGHT = 156, 20, 24, 58, 6
_RAREST = 6.0  # a chance of 1 in a million and below are drawn alike


@dataclass(frozen=True, slots=True)
class Point:
    """What was found for one condition in one window.

    Attributes
    ----------
    firing
        Whether the alert was, or would have been, firing then.
    alpha
        Of a verdict: the chance below which it is drift.
    """

    start: datetime
    end: datetime
    finding: Finding
    firing: bool
    alpha: float | None = None


def condition_words(finding: Finding) -> str:
    """Return the condition that a finding is of, as a rule says it."""
    return format_rule(Condition(finding.signal, finding.comparison, finding.threshold, finding.until))


def rule_chart(points: Sequence[Point], per: str, *, width: int, name: str = "") -> Markup:
    """Return a chart of the windows by time, at least one: values as bars or dots, red in breach.

    A verdict is drawn by its p-value, the rarer the higher. Where the alert fires the ground is shaded.

    Parameters
    ----------
    per
        The model's window: ``hour``, ``day`` or ``week``.
    width
        Of the drawing: 340 or more.
    name
        Of the segment, for who cannot see it.
    """
    signal = signal_named(points[0].finding.signal)
    scale = _Scale.of(signal, points)
    step = (width - _LEFT - _RIGHT) / len(points)
    parts = [_ground(_LEFT + at * step, step) for at, point in enumerate(points) if point.firing]
    parts += _axis(scale, width)
    parts += [_usual(scale, point, _LEFT + at * step, step) for at, point in enumerate(points)]
    if not scale.from_zero:
        parts += _line(scale, points, step)
    parts += [_mark(scale, point, _LEFT + at * step, step, per) for at, point in enumerate(points)]
    parts += _limits(scale, points[-1], width)
    parts += _times(points, per, step, width)
    title = f"{signal.title}, {name or 'whole model'}, in {len(points)} windows"
    return drawing(width, _HEIGHT, title, parts, "rule-chart")


@dataclass(frozen=True, slots=True)
class _Scale:
    signal: Signal
    low: float
    high: float
    from_zero: bool

    @staticmethod
    def of(signal: Signal, points: Sequence[Point]) -> _Scale:
        seen: list[float] = []
        for point in points:
            found = point.finding
            seen += [
                one for one in (_height(signal, point), _limit(signal, point), found.until) if one is not None
            ]
        if signal.kind == "verdict":
            return _Scale(signal, 0.0, _RAREST, True)
        if signal.kind == "evidence":
            return _Scale(signal, 0.0, max([3.0, *(1.1 * one for one in seen)]), True)
        last = points[-1].finding
        if last.threshold is None:  # else what is usual does not count
            seen += [one for one in (last.low, last.high) if one is not None]
        if not seen:
            return _Scale(signal, 0.0, 1.0, True)
        if signal.kind == "number" and min(seen) > 0 and min(seen) > 0.5 * max(seen):
            pad = 0.15 * (max(seen) - min(seen)) or 0.05 * max(seen)
            return _Scale(signal, min(seen) - pad, max(seen) + pad, False)
        top = max(seen) * 1.05 or 1.0
        return _Scale(signal, min(0.0, *seen), min(top, 1.0) if signal.unit == "share" else top, True)

    def y(self, value: float) -> float:
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - part * (_HEIGHT - _TOP - _BOTTOM)

    def ticks(self) -> list[tuple[float, str]]:
        if self.signal.kind == "verdict":
            return [(0.0, "p = 1"), (2.0, "0.01"), (4.0, "0.0001"), (6.0, "10⁻⁶")]
        if self.signal.kind == "evidence":
            return [(float(one), f"{10**one:,}") for one in range(int(self.high) + 1)]
        values = [one for one in nice_ticks(self.low, self.high) if self.low <= one <= self.high][:5]
        return [(one, amount(one, self.signal).split(" record")[0]) for one in values]


def _height(signal: Signal, point: Point) -> float | None:
    """Return how high a window is drawn."""
    if signal.kind == "evidence":
        return _magnitude(point.finding.value)
    if signal.kind != "verdict":
        return point.finding.value
    p = point.finding.p_value
    return None if p is None else min(-math.log10(max(p, 1e-300)), _RAREST)


def _magnitude(evidence: float | None) -> float | None:
    return None if evidence is None else math.log10(max(evidence, 1.0))


def _limit(signal: Signal, point: Point) -> float | None:
    if signal.kind == "evidence":
        return _magnitude(point.finding.high)
    if signal.kind != "verdict":
        return point.finding.threshold
    return None if not point.alpha else min(-math.log10(point.alpha), _RAREST)


def _ground(left: float, step: float) -> Markup:
    return element(
        "rect", x=left, y=_TOP, width=step, height=_HEIGHT - _TOP - _BOTTOM, class_="firing-ground"
    )


def _axis(scale: _Scale, width: int) -> list[Markup]:
    parts = []
    for value, words in scale.ticks():
        y = scale.y(value)
        parts.append(element("line", x1=_LEFT, x2=width - _RIGHT, y1=y, y2=y, class_="rule"))
        parts.append(text(_LEFT - 6, y + 4, words, "end"))
    return parts


def _usual(scale: _Scale, point: Point, left: float, step: float) -> Markup:
    found = point.finding
    if scale.signal.is_found or scale.signal.estimated or found.threshold is not None:
        return Markup()  # what is usual does not count, or is not what the range is
    if found.low is None and found.high is None:
        return Markup()
    top = scale.y(scale.high if found.high is None else found.high)
    base = scale.y(scale.low if found.low is None else found.low)
    return element("rect", x=left, y=top, width=step, height=max(base - top, 1.0), class_="usual")


def _line(scale: _Scale, points: Sequence[Point], step: float) -> list[Markup]:
    """Join the values of windows that follow each other."""
    runs: list[list[str]] = [[]]
    for at, point in enumerate(points):
        height = _height(scale.signal, point)
        if height is None:
            runs.append([])
        else:
            runs[-1].append(f"{_LEFT + (at + 0.5) * step:.1f},{scale.y(height):.1f}")
    return [element("polyline", points=" ".join(run), class_="values") for run in runs if len(run) > 1]


def _mark(scale: _Scale, point: Point, left: float, step: float, per: str) -> Markup:
    height = _height(scale.signal, point)
    kind = {"ok": "ok", "breach": "breach"}.get(point.finding.result, "unknown")
    hit = element("rect", x=left, y=_TOP, width=step, height=_HEIGHT - _TOP - _BOTTOM, class_="hit")
    base = scale.y(scale.low)
    if height is None:
        shape = element("circle", cx=left + step / 2, cy=base - 4, r=2.0, class_="seen absent")
    elif scale.from_zero:
        zero = scale.y(max(0.0, scale.low))
        top = scale.y(height)
        gap = 0.14 * step
        tall = max(abs(zero - top), 1.5)
        shape = element(
            "rect",
            x=left + gap / 2,
            y=min(top, zero - 1.5),
            width=max(step - gap, 0.8),
            height=tall,
            class_=f"seen {kind}",
        )
    else:
        shape = element("circle", cx=left + step / 2, cy=scale.y(height), r=3.5, class_=f"seen {kind}")
    title = element("title", _said(scale.signal, point, per))
    return Markup("<g>{}{}{}</g>").format(title, hit, shape)


def _said(signal: Signal, point: Point, per: str) -> str:
    found = point.finding
    if signal.kind == "verdict":
        value = "drift" if found.value else "no drift"
        value = value if found.value is not None else "no verdict"
        value += f", {p_statement(found.p_value)}" if found.p_value is not None else ""
    else:
        value = amount(found.value, signal)
    firing = "; the alert fires" if point.firing else ""
    why = f" ({found.note})" if found.note and found.value is None else ""
    n = f" (n = {found.n:,})" if found.n else ""
    return f"{_moment(point.start, per)}: {value}{n}, {RESULT_WORDS[found.result]}{why}{firing}"


def _limits(scale: _Scale, last: Point, width: int) -> list[Markup]:
    """Return the thresholds of the newest window as lines, named above the drawing."""
    limit, found = _limit(scale.signal, last), last.finding
    if limit is None:
        return []
    words = f"alarm {found.comparison} {amount(limit, scale.signal)}"
    if scale.signal.kind == "evidence":
        words = f"found at {amount(found.high, scale.signal)}"
    if scale.signal.kind == "verdict":
        words = f"alarm at p = {p_value(last.alpha, 1e-6)}".replace("= <", "<")
    parts = [
        _limit_line(scale, limit, width, "limit"),
        text(width - _RIGHT, 12, f"╌ {words}", "end", "limit-words"),
    ]
    if found.until is not None:
        side = "at most" if found.comparison == "above" else "at least"
        words = f"╌ clears {side} {amount(found.until, scale.signal)}"
        parts.append(_limit_line(scale, found.until, width, "clear-limit"))
        parts.append(text(_LEFT, 12, words, "start", "clear-limit-words"))
    return parts


def _limit_line(scale: _Scale, value: float, width: int, kind: str) -> Markup:
    y = scale.y(value)
    return element("line", x1=_LEFT, x2=width - _RIGHT, y1=y, y2=y, class_=kind)


def _times(points: Sequence[Point], per: str, step: float, width: int) -> list[Markup]:
    y = _HEIGHT - 7
    shown = [(0, "start"), (len(points) - 1, "end")]
    if len(points) > 8:
        shown.insert(1, (len(points) // 2, "middle"))
    if len(points) == 1:
        shown = [(0, "middle")]
    places = {"start": 0.0, "middle": step / 2, "end": step}
    return [
        text(
            min(_LEFT + at * step + places[anchor], width - _RIGHT), y, _moment(points[at].start, per), anchor
        )
        for at, anchor in shown
    ]


def _moment(when: datetime, per: str) -> str:
    return f"{when:%b %-d, %H:%M}" if per == "hour" else f"{when:%b %-d}"
