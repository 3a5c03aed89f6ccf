"""Sum up what is known of the predictions of a span of time, whole and segments, with the labels so far.

Pages, metrics and monitors read these sums and never the records. A label that comes later, or that is taken
back, makes its window due, and it is summed up anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from driftwheel.performance.packed_sums import sums_from_bytes, sums_to_bytes
from driftwheel.performance.performance_sums import (
    How,
    PerformanceSums,
    SummedPrediction,
    sum_predictions,
)
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.window_profile import WHOLE, Segment
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.record_labels import KnownLabel, known_labels, labelled_ids, project_pools
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.records.said_in_window import said_in_window
from driftwheel.store.windows.performance_due import DuePerformance, changes_of, forget_changes
from driftwheel.store.windows.performance_windows import PerformanceWindow, list_performance, put_performance
from driftwheel.store.windows.segment_values import archived_windows
from driftwheel.store.windows.verdicts import mark_due
from driftwheel.store.windows.windows import StoredWindow, list_windows

__all__ = ["SummedSpan", "how_known", "known_sums", "sum_if_due", "sum_performance", "window_sums"]


@dataclass(frozen=True, slots=True)
class SummedSpan:
    """What was done for one span of time.

    Attributes
    ----------
    windows
        Sums kept.
    changed
        Whether its labels are others than before.
    """

    windows: int
    changed: bool


def sum_performance(engine: Engine, due: DuePerformance, *, now: datetime) -> SummedSpan:
    """Sum up a span of time that is due, note that it is done, and judge it again where its labels changed.

    Where retention has deleted records of it, the sums stay as they were: nothing could be counted anew.
    Several workers may do this at once; it would only be work done twice.
    """
    with reading(engine) as connection:
        changes = changes_of(connection, due)
        model = model_by_key(connection, due.model)
        windows = [] if model is None else _windows(connection, due)
        old = list_performance(connection, due.model, since=due.start, until=_next(due.start))
        kept = next((one for one in old if one.start == due.start), None)
        if (
            model is None
            or model.task != "classification"
            or not windows
            or _is_archived(connection, windows)
        ):
            rows = None
        else:
            sums = window_sums(connection, model, windows[0].start, windows[0].end, _segments(windows))
            rows = [_row(one, sums[one.tag, one.value], now) for one in windows]
    whole = next((one for one in rows or [] if not one.tag), None)
    changed = rows is not None and _labels_of(whole) != _labels_of(kept)
    reach("performance-summed")
    with writing(engine) as connection:
        known = model_by_key(connection, due.model)
        if rows is not None and known is not None:
            put_performance(connection, due.model, due.start, rows)
            if changed:  # monitors of performance see it when the window is judged again
                mark_due(connection, due.model, known.window, [due.start])
        forget_changes(connection, changes)
        reach("performance-written")
    return SummedSpan(len(rows or []), changed)


def sum_if_due(engine: Engine, due: DuePerformance, *, now: datetime) -> None:
    """Sum up a span of time where something of it has changed."""
    with reading(engine) as connection:
        changed = bool(changes_of(connection, due))
    if changed:
        sum_performance(engine, due, now=now)


def window_sums(
    connection: Connection, model: Model, start: datetime, end: datetime, segments: Iterable[Segment]
) -> dict[Segment, PerformanceSums]:
    """Return the sums of the predictions with start ≤ time < end of each segment; `WHOLE` may be among them.

    Labels that an assistant gave are none here: a model is not measured by what a model said.
    """
    own = project_pools(connection, model.key)
    ids = labelled_ids(connection, model.key, start, end, own=own)
    known = known_labels(connection, model.key, ids, pools_of_model=own)
    wanted = set(segments)
    tags = {tag for tag, _ in wanted}
    rows: defaultdict[Segment, list[SummedPrediction]] = defaultdict(list)
    for one in said_in_window(connection, model.key, start, end):
        if "class" not in one.prediction:
            continue
        label = known.get(one.id)
        scores: Mapping[str, float] = one.prediction.get("scores") or {}
        for segment in (WHOLE, *((tag, one.tags[tag]) for tag in tags & one.tags.keys())):
            if segment in wanted:
                how, chance = how_known(label, segment)
                true = label.label.label if label is not None and how else ""
                rows[segment].append(
                    SummedPrediction(one.version, one.prediction["class"], scores, how, true, chance)
                )
    return {one: sum_predictions(rows[one], classes=model.classes) for one in wanted}


def known_sums(connection: Connection, model: Model, window: StoredWindow) -> PerformanceSums:
    """Return the sums of a window as they are kept, or as they are now where something has changed since."""
    found = list_performance(
        *(connection, model.key),
        since=window.start,
        until=_next(window.start),
        tag=window.tag,
        value=window.value,
    )
    kept = next((one for one in found if one.start == window.start), None)
    changed = bool(changes_of(connection, DuePerformance(model.key, window.start)))
    if kept is not None and (not changed or _is_archived(connection, [window])):
        return sums_from_bytes(kept.sums)
    segment = (window.tag, window.value)
    return window_sums(connection, model, window.start, window.end, [segment])[segment]


def how_known(label: KnownLabel | None, segment: Segment) -> tuple[How, float]:
    """Return how a record came to its label, as seen from a segment, and with what chance it was drawn.

    What was drawn at random from the whole model is so in each segment, too; what was drawn from one segment
    stands for that alone. Of images that somebody put into a pool by hand nobody knows how they were chosen.
    """
    if label is None or label.source == "automatic":
        return "", 1.0
    its = label.selected
    if its is not None and its.probability is not None and (its.tag, its.value) in {WHOLE, segment}:
        return "sampled", its.probability
    if its is None and label.source in {"told", "import"}:
        return "told", 1.0
    return "chosen", 1.0


def _windows(connection: Connection, due: DuePerformance) -> list[StoredWindow]:
    found = list_windows(connection, due.model, since=due.start, until=_next(due.start))
    return [one for one in found if one.start == due.start]


def _next(start: datetime) -> datetime:
    return start + timedelta(microseconds=1)


def _segments(windows: Iterable[StoredWindow]) -> list[Segment]:
    return [(one.tag, one.value) for one in windows]


def _is_archived(connection: Connection, windows: Iterable[StoredWindow]) -> bool:
    return bool(archived_windows(connection, [one.key for one in windows]))


def _row(window: StoredWindow, sums: PerformanceSums, now: datetime) -> PerformanceWindow:
    return PerformanceWindow(
        window.model,
        window.start,
        window.end,
        window.tag,
        window.value,
        sums.predictions,
        sums.labels,
        sums_to_bytes(sums),
        now,
    )


def _labels_of(row: PerformanceWindow | None) -> object:
    """Return what labels say of a window: another answer, another label or another number is a change."""
    if row is None:
        return {}
    return {cell: one for cell, one in sums_from_bytes(row.sums).cells.items() if cell.how}
