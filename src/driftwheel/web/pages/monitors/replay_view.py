"""A replay as a page shows it: how often a monitor would have fired, when, and what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.monitors.evaluate import Result
from driftwheel.report.numbers import several
from driftwheel.report.printable import printable
from driftwheel.services.alert.replay_monitor import Replay, SegmentReplay
from driftwheel.web.pages.monitors.finding_value import finding_value
from driftwheel.web.pages.monitors.rule_chart import Point, condition_words, rule_chart

__all__ = ["ReplayView", "SegmentView", "replay_view"]

_DRAWN = 3  # segments
_FIRINGS = 12


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One segment: how often it would have fired, and charts of its conditions (rule, wide, narrow)."""

    words: str
    fired: int
    breaches: int
    windows: int
    unknown: int
    last: str
    charts: tuple[tuple[str, Markup, Markup], ...]


@dataclass(frozen=True, slots=True)
class ReplayView:
    """A replay.

    Attributes
    ----------
    lead
        How often it would have fired.
    tone
        Of the sentence.
    compared
        What the monitor as it is saved would have done; empty where it is the same one.
    firings
        Segment, and from when to when, the newest first; the end is None where it would still fire.
    more_firings
        How many more there are.
    segments
        Those that would have fired most first; only the first few have charts.
    rows
        Windows of the first segment as a table: start, result, values, n, firing.
    """

    lead: str
    tone: str
    compared: str
    firings: tuple[tuple[str, datetime, datetime | None], ...]
    more_firings: int
    segments: tuple[SegmentView, ...]
    rows: tuple[tuple[datetime, Result, str, int, bool], ...]
    windows: int


def replay_view(replay: Replay, per: str, *, saved: Replay | None = None) -> ReplayView:
    """Return how a replay is shown; `per` is the model's window, `saved` the replay of what is saved."""
    ordered = sorted(replay.segments, key=lambda one: (-len(one.episodes), bool(one.tag), one.tag, one.value))
    firings = sorted(
        (
            (_named(segment), episode.began, episode.ended and episode.last_breach)
            for segment in replay.segments
            for episode in segment.episodes
        ),
        key=lambda each: (each[1], each[0]),
        reverse=True,
    )
    return ReplayView(
        _lead(replay, per),
        "note" if not replay.fired else "warn",
        "" if saved is None else f"As it is saved: {_times(saved.fired)}.",
        tuple(firings[:_FIRINGS]),
        max(len(firings) - _FIRINGS, 0),
        tuple(_segment(one, per, drawn=at < _DRAWN) for at, one in enumerate(ordered)),
        _rows(ordered),
        replay.windows,
    )


def _lead(replay: Replay, per: str) -> str:
    if not replay.windows:
        return "No window was judged yet, so there is no history to try it on."
    span = f"the last {several(replay.windows, per)} that were judged"
    if replay.windows == 1:
        span = f"the one {per} that was judged"
    if not replay.segments:
        return f"In {span} there was nothing that it watches."
    if not replay.fired:
        return f"In {span} it would not have fired."
    return f"In {span} it would have fired {_times(replay.fired)}."


def _times(n: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(n, f"{n:,} times")


def _named(segment: SegmentReplay) -> str:
    return printable(f"{segment.tag} = {segment.value}") if segment.tag else "whole model"


def _segment(segment: SegmentReplay, per: str, *, drawn: bool) -> SegmentView:
    results = [one.result for one in segment.windows]
    last = segment.windows[-1].evaluation.findings
    return SegmentView(
        _named(segment),
        len(segment.episodes),
        results.count("breach"),
        len(results),
        len([one for one in results if one not in {"ok", "breach"}]),
        finding_value(last[0]) if last else "–",
        tuple(_charts(segment, per)) if drawn else (),
    )


def _charts(segment: SegmentReplay, per: str) -> list[tuple[str, Markup, Markup]]:
    charts = []
    for number, first in enumerate(segment.windows[0].evaluation.findings):
        points = [
            Point(one.start, one.end, one.evaluation.findings[number], one.firing, one.alpha)
            for one in segment.windows
        ]
        wide, narrow = (rule_chart(points, per, width=width, name=_named(segment)) for width in (640, 340))
        charts.append((condition_words(first), wide, narrow))
    return charts


def _rows(ordered: Sequence[SegmentReplay]) -> tuple[tuple[datetime, Result, str, int, bool], ...]:
    if not ordered:
        return ()
    return tuple(
        (
            one.start,
            one.result,
            "; ".join(finding_value(found) for found in one.evaluation.findings),
            max((found.n for found in one.evaluation.findings), default=0),
            one.firing,
        )
        for one in reversed(ordered[0].windows)
    )
