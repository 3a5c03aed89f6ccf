"""One cell of the heat map, looked into: the chart, the numbers behind it, who carries it, and images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.monitors.observation import Observation
from driftwheel.profiles.property_summary import PropertySummary, mean
from driftwheel.report.numbers import count, p_statement, quantity, quantity_pair, share
from driftwheel.report.property_words import PropertyWords, property_words
from driftwheel.services.browse.compare_window import (
    SegmentShare,
    carrying_segments,
    compare_window,
    pictures_of,
)
from driftwheel.services.watch.watch_model import Watch
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.windows.verdicts import StoredVerdict
from driftwheel.web.pages.models.heat_map import ANSWER_WORDS, effect_words
from driftwheel.web.pages.models.profile_chart import ProfileRow, profile_chart, profile_rows
from driftwheel.web.pages.models.reconstructions import ReconstructionsView, reconstructions_view
from driftwheel.web.pages.models.watch_view import WatchView, images_address, window_words
from driftwheel.web.pages.shots import Shot, shots_of

__all__ = ["CellView", "PicturesView", "SegmentRow", "cell_view", "first_choice"]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment of the window; `share` is that of what counts, None where nothing counts."""

    tag: str
    value: str
    n: str
    effect: str
    answer: str
    drifted: bool
    counts: bool
    share: float | None
    share_words: str
    accuracy: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PicturesView:
    """Images then and now; `since` is the start of the window of those then."""

    then: tuple[Shot, ...]
    since: datetime | None
    then_address: str
    now: tuple[Shot, ...]
    now_address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class CellView:
    """What is said of one property in one window.

    Attributes
    ----------
    start, when
        Of the window; in plain text.
    headline
        The verdict on the window.
    counts
        Whether the property drifted.
    chart
        None where a distribution is lost; `why` says so.
    tests
        Name of a number, the number, and above which it counts.
    whole
        Whether a segment was held against the whole reference.
    reconstructions
        None where no autoencoder looked.
    """

    words: PropertyWords
    start: datetime
    when: str
    headline: str
    notes: tuple[str, ...]
    counts: bool
    before: str
    after: str
    n_before: str
    n_after: str
    chart: Markup | None
    why: str
    rows: tuple[ProfileRow, ...]
    tests: tuple[tuple[str, str, str], ...]
    segments: tuple[SegmentRow, ...]
    pictures: PicturesView
    whole: bool
    reconstructions: ReconstructionsView | None


def cell_view(
    connection: Connection, blobs: Blobs, watch: Watch, view: WatchView, verdict: StoredVerdict
) -> CellView:
    """Return what is seen in the cell that `view` chooses; `verdict` is of its window, with the document."""
    name = view.moved
    words = property_words(name)
    found = compare_window(connection, blobs, verdict, name)
    window = next((one for one in watch.windows if one.start == verdict.start), None)
    seen = None if window is None else window.observed(f"property.{name}")
    when = window_words(verdict.start, view.window)
    chart, why = None, found.why
    rows: tuple[ProfileRow, ...] = ()
    if found.before is not None and found.after is not None and _comparable(found.before, found.after):
        threshold = None if seen is None else seen.high
        chart = profile_chart(words, found.before, found.after, threshold, when)
        rows = profile_rows(words, found.before, found.after)
    elif not why:
        why = "No profile of this window holds it."
    means = quantity_pair(_mean(found.before), _mean(found.after), words.unit)
    listed: Sequence[str] = () if verdict.document is None else verdict.document.get("notes", ())
    return CellView(
        words,
        verdict.start,
        when,
        verdict.headline,
        tuple(listed),
        bool(seen and seen.judged),
        *means,
        "–" if found.before is None else count(found.before.count),
        "–" if found.after is None else count(found.after.count),
        chart,
        why,
        rows,
        tuple(_tests(words, seen, found.numbers, verdict)),
        tuple(_segments(connection, watch, view, verdict, words)),
        _pictures(connection, watch, verdict),
        found.whole,
        reconstructions_view(connection, watch, verdict),
    )


def first_choice(watch: Watch, view: WatchView, order: Sequence[str]) -> tuple[datetime | None, str]:
    """Return the window and the property to look into where the address chooses none.

    It is the newest window with drift, else the newest that was judged; in it the first property in `order`
    that drifted, else the one nearest to counting.
    """
    judged = [one for one in watch.windows if one.verdict is not None]
    chosen = next((one for one in judged if one.start == view.at), None)
    if chosen is None:
        drifted = [one for one in judged if one.verdict is not None and one.verdict.answer == "drift"]
        if not judged:
            return None, ""
        chosen = (drifted or judged)[-1]
    if view.moved in order:
        return chosen.start, view.moved
    seen = [(name, chosen.observed(f"property.{name}")) for name in order]
    counting = [name for name, one in seen if one is not None and one.judged]
    if counting:
        return chosen.start, counting[0]
    near = [(_near(one), name) for name, one in seen if one is not None]
    return chosen.start, max(near)[1] if near else next(iter(order), PROPERTY_NAMES[0])


def _near(seen: Observation) -> float:
    return (seen.value or 0.0) / seen.high if seen.high else 0.0


def _comparable(before: PropertySummary, after: PropertySummary) -> bool:
    return before.definition == after.definition


def _mean(summary: PropertySummary | None) -> float | None:
    return None if summary is None else mean(summary)


def _tests(
    words: PropertyWords, seen: Observation | None, numbers: Mapping[str, Any] | None, verdict: StoredVerdict
) -> list[tuple[str, str, str]]:
    rows = []
    if seen is not None:
        named = "share of images that moved" if words.kind == "category" else "effect (Wasserstein)"
        rows.append((named, effect_words(words, seen.value), effect_words(words, seen.high)))
    p = seen.p_value if seen is not None else None
    if p is not None:
        rows.append(("p-value of this property", p_statement(p).removeprefix("p = ").removeprefix("p "), ""))
    found = numbers or {}
    for key, title in (
        ("statistic", "largest change of a share" if words.kind == "category" else "Kolmogorov-Smirnov"),
        ("psi", "population stability index"),
        ("jensen_shannon", "Jensen-Shannon"),
    ):
        if found.get(key) is not None:
            rows.append((title, quantity(found[key]), ""))
    if verdict.p_value is not None and verdict.alpha is not None:
        p_all = p_statement(verdict.p_value).removeprefix("p = ").removeprefix("p ")
        rows.append(("p-value of the window", p_all, f"below {quantity(verdict.alpha)}"))
    return rows


def _segments(
    connection: Connection, watch: Watch, view: WatchView, verdict: StoredVerdict, words: PropertyWords
) -> list[SegmentRow]:
    found = carrying_segments(connection, watch.model, verdict.start, view.moved)
    return [_segment(one, view, words) for one in found]


def _segment(one: SegmentShare, view: WatchView, words: PropertyWords) -> SegmentRow:
    answer, effect, accuracy = one.answer, one.effect, one.accuracy
    return SegmentRow(
        answer.tag,
        answer.value,
        count(answer.n),
        "–" if effect is None else effect_words(words, effect.value),
        ANSWER_WORDS[answer.answer],
        answer.answer == "drift",
        bool(effect and effect.judged),
        one.share,
        "–" if one.share is None else share(one.share),
        "–" if accuracy is None else f"{share(accuracy.value)} ({count(accuracy.n)})",
        view.to(tag=answer.tag, value=answer.value, at=answer.start),
        (answer.tag, answer.value) == (view.tag, view.value),
    )


def _pictures(connection: Connection, watch: Watch, verdict: StoredVerdict) -> PicturesView:
    found = pictures_of(connection, watch.model, verdict)
    name, tag, value = watch.model.name, verdict.tag, verdict.value
    then = ""
    if found.since is not None and found.until is not None:
        then = images_address(name, found.since, found.until, tag, value)
    return PicturesView(
        tuple(shots_of(name, found.then)),
        found.since,
        then,
        tuple(shots_of(name, found.now)),
        images_address(name, verdict.start, verdict.end, tag, value),
        found.chosen,
    )
