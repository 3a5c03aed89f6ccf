"""What the model said, window by window: the mix of classes beside the usual one, and how sure it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from driftwheel.profiles.prediction_summary import PredictionSummary, class_counts, mean_confidence
from driftwheel.report.charts.svg import element, number
from driftwheel.report.numbers import share
from driftwheel.report.printable import shortened
from driftwheel.services.watch.watch_model import Watch
from driftwheel.web.pages.time_chart import HEIGHT, WIDTH, Point, frame, place_of

__all__ = ["ClassRow", "Mix", "mix_chart", "score_chart", "score_quantiles"]

_NAMED = 6


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class: its shares, usual and in the window that is looked at, in words; `kind` is its colour's."""

    label: str
    kind: str
    usual: str
    now: str


@dataclass(frozen=True, slots=True)
class Mix:
    """The chart of the classes, its legend, and on how many predictions the usual mix rests."""

    picture: Markup
    rows: tuple[ClassRow, ...]
    usual_n: int
    usual_windows: int


def mix_chart(watch: Watch, points: Sequence[Point], at: int | None) -> Mix | None:
    """Return the shares of the classes by window, after the usual ones; None without predictions.

    Usual is the sum of the windows in view whose mix was not unusual. `at` is the window that is looked at.
    """
    task = watch.model.task
    counts = [{} if one.said is None else class_counts(one.said, task) for one in watch.windows]
    if not any(counts):
        return None
    calm = [
        each
        for each, one in zip(counts, watch.windows, strict=True)
        if each and not ((seen := one.observed("prediction_mix")) and seen.judged)
    ]
    usual: Counter[str] = Counter()
    for each in calm:
        usual.update(each)
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    named = [name for name, _ in sorted(total.items(), key=lambda pair: (-pair[1], pair[0])) if name]
    named = named if len(named) <= _NAMED + 1 else named[:_NAMED]
    others = len(total) > len(named)
    gap = 1.6 * WIDTH / (len(counts) + 2.6)
    step = (WIDTH - gap) / max(len(counts), 1)
    parts = _stack(usual, named, 0.0, gap * 0.72, f"usual: {_told(usual, named)}", None)
    for place, (each, point) in enumerate(zip(counts, points, strict=True)):
        if point.alarm:
            left = gap + place * step
            parts.append(element("rect", x=left, y=0, width=step, height=HEIGHT, class_="alarm"))
        if each:
            told = f"{point.when}: {_told(each, named)}, n = {sum(each.values()):,}"
            parts += _stack(each, named, gap + (place + 0.06) * step, step * 0.88, told, point.address)
    looked = counts[at] if at is not None else next(each for each in reversed(counts) if each)
    picture = frame(
        parts, "Share of the predicted classes by window", "100 %", "0", points, watch.model.window
    )
    rows = [_row(name, place, usual, looked) for place, name in enumerate(named)]
    if others:
        rest = [sum(n for name, n in each.items() if name not in named) for each in (usual, looked)]
        rows.append(
            ClassRow(
                "all others", "c-rest", _share(rest[0], usual.total()), _share(rest[1], sum(looked.values()))
            )
        )
    return Mix(picture, tuple(rows), usual.total(), len(calm))


def score_chart(watch: Watch, points: Sequence[Point]) -> Markup:
    """Return, by window, where 90 % of the scores lie, their middle half, and their mean."""
    step = WIDTH / max(len(points), 1)
    parts = []
    spread = {one.start: score_quantiles(one.said) for one in watch.windows if one.said and one.said.scores}
    known = [each[0] for each in spread.values()] + [one.low for one in points if one.low is not None]
    floor = 0.5 if min(known, default=0.0) > 0.5 else 0.0
    for at, (point, one) in enumerate(zip(points, watch.windows, strict=True)):
        left, middle = at * step, (at + 0.5) * step
        if point.alarm:
            parts.append(element("rect", x=left, y=0, width=step, height=HEIGHT, class_="alarm"))
        if point.low is not None and point.high is not None:
            top, bottom = place_of(point.high, floor, 1), place_of(point.low, floor, 1)
            parts.append(
                element("rect", x=left, y=top, width=step, height=max(bottom - top, 1.0), class_="usual")
            )
        if one.said is None or not one.said.scores:
            continue
        low, quarter, _, three, high = spread[one.start]
        kind = " unusual" if point.unusual else ""
        parts.append(_stroke(middle, place_of(high, floor, 1), place_of(low, floor, 1), f"whisker{kind}"))
        top, bottom = place_of(three, floor, 1), place_of(quarter, floor, 1)
        width = min(step * 0.5, 30.0)
        parts.append(
            element(
                "rect",
                x=middle - width / 2,
                y=top,
                width=width,
                height=max(bottom - top, 1.0),
                class_=f"box{kind}",
            )
        )
        mean = place_of(mean_confidence(one.said), floor, 1)
        parts.append(element("path", d=f"M{number(middle)} {number(mean)}h0.01", class_=f"dot{kind}"))
        told = (
            f"{point.when}: mean {mean_confidence(one.said):.3f}, half of the scores from {quarter:.2f} to "
            f"{three:.2f}, n = {one.said.scores:,}"
        )
        hit = element("rect", x=left, y=0, width=step, height=HEIGHT, class_="hit")
        parts.append(
            Markup('<a href="{}" tabindex="-1" aria-hidden="true"><title>{}</title>{}</a>').format(
                point.address, told, hit
            )
        )
    return frame(parts, "Scores by window", "1", f"{floor:g}", points, watch.model.window)


def score_quantiles(said: PredictionSummary) -> tuple[float, float, float, float, float]:
    """Return the scores that 5, 25, 50, 75 and 95 % lie below, to a hundredth; `said` has scores."""
    reached = np.concatenate([[0.0], np.cumsum(said.confidence) / max(said.scores, 1)])
    edges = np.linspace(0.0, 1.0, len(said.confidence) + 1)
    low, quarter, middle, three, high = (
        float(np.interp(q, reached, edges)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)
    )
    return low, quarter, middle, three, high


def _stack(  # noqa: PLR0917  a column and what is told of it
    counts: Mapping[str, int], named: Sequence[str], left: float, width: float, told: str, to: str | None
) -> list[Markup]:
    total = sum(counts.values())
    if not total:
        return []
    parts, below = [], HEIGHT
    for place, name in [*enumerate(named), (-1, "")]:
        n = counts.get(name, 0) if place >= 0 else total - sum(counts.get(one, 0) for one in named)
        height = HEIGHT * n / total
        if n:
            kind = f"c{place + 1}" if place >= 0 else "c-rest"
            parts.append(element("rect", x=left, y=below - height, width=width, height=height, class_=kind))
        below -= height
    body = Markup().join([element("title", told), *parts])
    if to is None:
        return [Markup("<g>{}</g>").format(body)]
    return [Markup('<a href="{}" tabindex="-1" aria-hidden="true">{}</a>').format(to, body)]


def _told(counts: Mapping[str, int], named: Sequence[str]) -> str:
    total = sum(counts.values())
    return ", ".join(f"{shortened(name, 24)} {_share(counts.get(name, 0), total)}" for name in named[:4])


def _row(name: str, place: int, usual: Mapping[str, int], now: Mapping[str, int]) -> ClassRow:
    before, after = (_share(each.get(name, 0), sum(each.values())) for each in (usual, now))
    return ClassRow(shortened(name, 40), f"c{place + 1}", before, after)


def _share(n: int, total: int) -> str:
    return share(n / total) if total else "–"


def _stroke(x: float, top: float, bottom: float, kind: str) -> Markup:
    return element("path", d=f"M{number(x)} {number(top)}V{number(bottom)}", class_=kind)
