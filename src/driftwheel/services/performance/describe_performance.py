"""Describe the performance of a model over windows, by segment and by version, measured and estimated.

All of it is made from the sums of windows; no record is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection

from driftwheel.monitors.observation import Observation, observation_from_json
from driftwheel.performance.measured_accuracy import MeasuredAccuracy, measure_accuracy
from driftwheel.performance.measured_performance import MeasuredPerformance, measure_performance
from driftwheel.performance.packed_sums import merge_packed, sums_from_bytes
from driftwheel.performance.performance_sums import PerformanceSums, merge_sums
from driftwheel.services.watch.watch_model import Span
from driftwheel.store.models.models import Model
from driftwheel.store.windows.performance_windows import (
    PerformanceWindow,
    labelled_segments,
    list_performance,
    segment_performance,
)
from driftwheel.store.windows.verdicts import list_verdicts

__all__ = [
    "MOST_SEGMENTS",
    "PartPerformance",
    "PerformanceReport",
    "WindowPerformance",
    "describe_performance",
]

MOST_SEGMENTS = 12
"""Segments that are told of, those with the most labels."""

_ESTIMATED = "estimated_accuracy"


@dataclass(frozen=True, slots=True)
class WindowPerformance:
    """One window.

    Attributes
    ----------
    accuracy
        What labels tell so far; None where nothing was summed up, or nothing predicted.
    estimated
        What the scores tell without labels: an observation without a value where that cannot be told; None
        where it was not looked for.
    made
        When it was last summed up, so with which labels.
    """

    start: datetime
    end: datetime
    accuracy: MeasuredAccuracy | None
    estimated: Observation | None
    made: datetime | None


@dataclass(frozen=True, slots=True)
class PartPerformance:
    """A segment (tag and value) or a version (its name as `value`, no tag)."""

    tag: str
    value: str
    found: MeasuredPerformance


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """What is known of a model, or of a segment or version of it, over a span of windows.

    Attributes
    ----------
    windows
        Side by side, the oldest first.
    whole
        Of all windows that have a label.
    predictions
        In all windows, with a label or not.
    versions, segments
        In the windows that have a label: versions by name, segments with the most labels first.
    """

    model: Model
    tag: str
    value: str
    version: str | None
    windows: tuple[WindowPerformance, ...]
    whole: MeasuredPerformance
    predictions: int
    versions: tuple[PartPerformance, ...]
    segments: tuple[PartPerformance, ...]

    @property
    def estimated(self) -> WindowPerformance | None:
        """The newest window whose accuracy was looked for without labels."""
        return next((one for one in reversed(self.windows) if one.estimated is not None), None)


def describe_performance(
    connection: Connection,
    model: Model,
    span: Span,
    *,
    tag: str = "",
    value: str = "",
    version: str | None = None,
) -> PerformanceReport:
    """Return what is known of a model over a span of windows.

    Parameters
    ----------
    tag, value
        The segment; both empty for the whole model.
    version
        Only predictions of this version; estimates without labels are those of the most frequent one, and are
        left out.
    """
    since = span.starts[0]
    rows = {
        one.start: one
        for one in list_performance(connection, model.key, since=since, until=span.end, tag=tag, value=value)
    }
    seen = {
        one.start: one.observations.get(_ESTIMATED)
        for one in list_verdicts(connection, model.key, since=since, until=span.end, tag=tag, value=value)
    }
    sums = {start: _sums(row, version) for start, row in rows.items()}
    windows = []
    for start, end in zip(span.starts, (*span.starts[1:], span.end), strict=True):
        plain = seen.get(start) if version is None else None
        its = sums.get(start)
        windows.append(
            WindowPerformance(
                start,
                end,
                measure_accuracy(its) if its is not None and its.predictions else None,
                None if plain is None else observation_from_json(plain),
                rows[start].made if start in rows else None,
            )
        )
    labelled = merge_sums(one for one in sums.values() if one.labels)
    versions = tuple(
        PartPerformance("", name, measure_performance(labelled.of_version(name)))
        for name in labelled.versions
        if labelled.of_version(name).labels
    )
    return PerformanceReport(
        model,
        tag,
        value,
        version,
        tuple(windows),
        measure_performance(labelled),
        sum(one.predictions for one in sums.values()),
        versions,
        () if tag else _segments(connection, model, since, span.end, version),
    )


def _segments(
    connection: Connection, model: Model, since: datetime, until: datetime, version: str | None
) -> tuple[PartPerformance, ...]:
    named = labelled_segments(connection, model.key, since, until, limit=MOST_SEGMENTS)
    order = [(tag, value) for tag, value, _ in named]
    rows = segment_performance(connection, model.key, order, since, until)
    found: dict[tuple[str, str], MeasuredPerformance] = {}
    for segment, its in groupby(rows, key=lambda one: (one.tag, one.value)):
        merged = merge_packed([one.sums for one in its])
        found[segment] = measure_performance(merged if version is None else merged.of_version(version))
    return tuple(PartPerformance(*segment, found[segment]) for segment in order if segment in found)


def _sums(row: PerformanceWindow, version: str | None) -> PerformanceSums:
    found = sums_from_bytes(row.sums)
    return found if version is None else found.of_version(version)
