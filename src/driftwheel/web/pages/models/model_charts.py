"""Everything else that is watched, window by window: volume, accuracy, errors, latency and the like."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from driftwheel.alerts.finding_words import duration
from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.monitors.signal import Signal, signal_named
from driftwheel.profiles.prediction_summary import mean_confidence
from driftwheel.report.numbers import count, share
from driftwheel.services.watch.watch_model import Watch, WatchedWindow
from driftwheel.web.pages.models.prediction_charts import score_chart
from driftwheel.web.pages.models.watch_view import WatchView, window_words
from driftwheel.web.pages.time_chart import ChartRow, Column, Point, TimeChart, time_chart

__all__ = [
    "columns_of",
    "lacking",
    "over_usual",
    "percent",
    "plain_charts",
    "points_of",
    "score_points",
    "signal_words",
    "volume_of",
]

_EVIDENCE = "evidence"
_ALWAYS = (
    "reconstruction",
    "accuracy",
    "estimated_accuracy",
    "accuracy_by_agreement",
    "error_share",
    "latency_p95",
    "unreadable_share",
)
_WHEN_SEEN = ("feedback_share", "black_share", "frozen_share", "wrong_size_share", "missing_tags_share")
_LEAST = {"share": 0.05, "count": 1.0}
_TITLES = {
    "records": "Volume",
    "evidence": "Evidence of drift over time",
    "reconstruction": "Reconstruction error over the reference's",
    "accuracy": "Accuracy",
    "estimated_accuracy": "Estimated accuracy",
    "accuracy_by_agreement": "Accuracy by agreement of versions",
    "error_share": "Error rate",
    "latency_p95": "Latency, 95th percentile",
    "unreadable_share": "Unreadable images",
    "confidence": "Scores",
}


def signal_words(signal: Signal) -> Callable[[float], str]:
    r"""Return what turns a value of a signal into text with its unit.

    Examples
    --------
    >>> signal_words(signal_named("latency_p95"))(0.0312).replace("\u00a0", " ")
    '31.2 ms'
    """
    if signal.kind == "share":
        return share
    if signal.kind == "count":
        return lambda value: count(round(value))
    if signal.kind == "seconds":
        return duration
    return over_usual if signal.unit == "%" else lambda value: f"{value:.3g}"


def over_usual(value: float) -> str:
    r"""Return how far something is above what is usual, in per cent, with its sign.

    Examples
    --------
    >>> over_usual(44.2).replace("\u00a0", " "), over_usual(-3.14).replace("\u00a0", " ")
    ('+44 %', '−3.1 %')
    """
    text = percent(abs(value))
    sign = "" if text.startswith("0\u00a0") else "−" if value < 0 else "+"
    return sign + text


def percent(value: float) -> str:
    """Return per cent, 0 or more, with a decimal below 10 where it is not 0."""
    text = f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
    return f"{text}\u00a0%"


def columns_of(watch: Watch, view: WatchView) -> list[Column]:
    """Return the windows as the columns of all charts."""
    to = view.cell()
    return [
        Column(
            one.start,
            window_words(one.start, view.window),
            to(one.start, ""),
            any(each.began < one.end and each.last_breach > one.start for each in watch.shown),
        )
        for one in watch.windows
    ]


def points_of(watch: Watch, columns: Sequence[Column], name: str) -> list[Point]:
    """Return a signal as points of a chart, one a window."""
    return [_point(column, one, name) for column, one in zip(columns, watch.windows, strict=True)]


def volume_of(watch: Watch, columns: Sequence[Column]) -> TimeChart:
    """Return the chart of how many records came; of windows that are not judged yet, how many so far."""
    points = []
    for column, one in zip(columns, watch.windows, strict=True):
        point = _point(column, one, "records")
        if point.value is None and one.window is not None:
            n = one.window.records + one.window.rejected
            point = replace(point, value=float(n), n=n)
        points.append(point)
    total = sum(round(one.value or 0) for one in points)
    sub = f"Records by {watch.model.window}, {count(total)} in all."
    return _chart("records", points, sub, watch, kind="bars")


def plain_charts(watch: Watch, columns: Sequence[Column]) -> list[TimeChart]:
    """Return the charts of the signals that have a value in any window."""
    charts = []
    if (evidence := _evidence_chart(watch, columns)) is not None:
        charts.append(evidence)
    for name in (*_ALWAYS, *_WHEN_SEEN):
        points = points_of(watch, columns, name)
        seen = [one for one in points if one.value is not None]
        if not seen or (name in _WHEN_SEEN and not any(one.value for one in seen)):
            continue
        charts.append(_chart(name, points, _meaning(name), watch))
    return charts


def _evidence_chart(watch: Watch, columns: Sequence[Column]) -> TimeChart | None:
    """Return the chart of the evidence, on a scale of tenfolds; the band ends where drift is found."""
    seen = points_of(watch, columns, _EVIDENCE)
    if not any(one.value for one in seen):
        return None
    points = [
        replace(one, value=_tenfolds(one.value), low=_tenfolds(one.low), high=_tenfolds(one.high))
        for one in seen
    ]
    found = [window.observed(_EVIDENCE) for window in watch.windows]
    note = next((f": {one.note}" for one in reversed(found) if one is not None and one.judged), "")
    sub = (
        f"What adds up over the {watch.model.window}s, on a scale of tenfolds. Where the band ends, a slow "
        f"or slight change is found{note}."
    )
    ends = [one.high for one in points if one.high is not None]

    def say(value: float) -> str:
        return f"{10**value:,.0f}"

    chart = _chart(_EVIDENCE, points, sub, watch, say=say, least=max(ends, default=0.0))
    return replace(chart, note=f"{chart.note} of {say(ends[-1])}") if ends and chart.note else chart


def _tenfolds(evidence: float | None) -> float | None:
    return None if evidence is None else math.log10(max(evidence, 1.0))


def score_points(watch: Watch, columns: Sequence[Column]) -> TimeChart | None:
    """Return the chart of the scores, None where no window has any."""
    points = []
    for column, one in zip(columns, watch.windows, strict=True):
        point = _point(column, one, "confidence")
        if point.value is None and one.said is not None and one.said.scores:
            point = replace(point, value=mean_confidence(one.said), n=one.said.scores)
        points.append(point)
    if not any(one.value is not None for one in points):
        return None
    sub = "The mean (dot), the middle half (box) and 90 % (line) of the scores of the named class."
    chart = _chart("confidence", points, sub, watch)
    return replace(chart, picture=score_chart(watch, points))


def lacking(watch: Watch) -> list[str]:
    """Return what no window has a value of, though it could be sent: its title, and what it comes from."""
    sources = {"accuracy": "truths", "latency_p95": "latencies", "confidence": "scores"}
    return [
        f"{signal_named(name).title}, from {source}"
        for name, source in sources.items()
        if all(one.observed(name) is None for one in watch.windows)
    ]


def _meaning(name: str) -> str:
    signal = signal_named(name)
    if name == "reconstruction":
        return f"{signal.meaning} Within the band it does not count."
    if name == "accuracy_by_agreement":
        return "What other versions tell, without truths: how often all agree. Hollow: cannot tell."
    if signal.estimated:
        return "What the scores tell, without truths. Grey: the 90 % interval; hollow: cannot tell."
    return signal.meaning


def _chart(
    name: str,
    points: Sequence[Point],
    sub: str,
    watch: Watch,
    *,
    kind: str = "dots",
    say: Callable[[float], str] | None = None,
    least: float = 0.0,
) -> TimeChart:
    signal = signal_named(name)
    say = say or signal_words(signal)
    title = _TITLES.get(name, signal.title[:1].upper() + signal.title[1:])
    known = [one for one in points if one.value is not None]
    newest = known[-1] if known else None
    unit = {"share": "", "records": "records"}.get(signal.unit, signal.unit)
    accurate = name == "accuracy" or signal.estimated
    picture = time_chart(
        points,
        say,
        title=f"{title} by {watch.model.window}",
        window=watch.model.window,
        kind="bars" if kind == "bars" else "dots",
        least=max(least, _LEAST.get(signal.kind, 0.0)),
        ceiling=1.0 if accurate else None,
        signed=signal.unit == "%",
    )
    rows = tuple(_row(one, say) for one in reversed(points) if one.value is not None or one.untold)
    said = "" if newest is None else f"{say(newest.value or 0.0)}"
    if newest is not None and rows[0].start > newest.start:
        said = "cannot tell"
    unusual = newest is not None and newest.unusual
    ranged = "90 % interval" if signal.estimated else "Usually"
    return TimeChart(name, title, sub, unit, picture, rows, said, unusual, ranged)


def _row(one: Point, say: Callable[[float], str]) -> ChartRow:
    usual = "–"
    if one.low is not None and one.high is not None:
        usual = f"{say(one.low)} to {say(one.high)}"
    value = "cannot tell" if one.value is None else say(one.value)
    return ChartRow(one.start, value, usual, one.n, one.unusual, one.untold)


def _point(column: Column, one: WatchedWindow, name: str) -> Point:
    seen = one.observed(name)
    start, when, to, alarm = column.start, column.when, column.address, column.alarm
    if seen is None:
        untold = _untold(one.observations.get(name))
        n = one.observations[name].n if untold else 0
        return Point(start, None, n, None, None, None, False, to, when, alarm, untold=untold)
    low, high = seen.low, seen.high
    if high is not None and low is None:
        low = 0.0
    if low is not None and high is None and signal_named(name).kind == "share":
        high = 1.0
    return Point(
        *(start, seen.value, seen.n, seen.usual, low, high, bool(seen.judged), to, when, alarm),
        estimated=signal_named(name).estimated,
    )


def _untold(seen: Observation | None) -> str:
    """Return why an estimate has no value, without a full stop; empty where there was nothing to tell."""
    if seen is None or not seen.n or not seen.note.startswith(CANNOT_TELL):
        return ""
    return seen.note.removeprefix(CANNOT_TELL).rstrip(".")
