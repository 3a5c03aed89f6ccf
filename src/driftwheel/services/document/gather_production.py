"""What a version answered in production, and how right it was: from the sums of windows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.cards.measured_facts import (
    MeasuredFacts,
    OtherVersion,
    ProductionFacts,
    WindowFacts,
    measured_facts,
)
from driftwheel.performance.measured_accuracy import measure_accuracy
from driftwheel.performance.measured_performance import measure_performance
from driftwheel.performance.packed_sums import sums_from_bytes
from driftwheel.performance.performance_sums import PerformanceSums, merge_sums
from driftwheel.store.models.models import Model, ModelVersion
from driftwheel.store.windows.performance_windows import (
    PerformanceWindow,
    labelled_segments,
    list_performance,
    segment_performance,
)

__all__ = ["MOST_WINDOWS", "gather_production"]

MOST_WINDOWS = 400
"""Windows of a model that are looked at, the newest."""

_SEGMENTS = 20


def gather_production(connection: Connection, model: Model, version: ModelVersion) -> ProductionFacts:
    """Return what was measured of a version over the newest 400 windows of its model."""
    if model.task != "classification":
        return ProductionFacts(False, (), False, None, (), ())
    rows = list_performance(connection, model.key, newest=MOST_WINDOWS)
    unpacked = [sums_from_bytes(row.sums) for row in rows]
    sums: list[PerformanceSums] = []
    windows: list[WindowFacts] = []
    for row, whole in zip(rows, unpacked, strict=True):
        its = whole.of_version(version.name)
        if not its.predictions:
            continue
        sums.append(its)
        windows.append(WindowFacts(row.start, row.end, its.predictions, measure_accuracy(its).figure))
    if not windows:
        return ProductionFacts(True, (), False, None, (), ())
    return ProductionFacts(
        True,
        tuple(windows),
        len(rows) == MOST_WINDOWS and windows[0].start == rows[0].start,
        measured_facts(measure_performance(merge_sums(sums))),
        _segments(connection, model, version, windows[0].start, windows[-1].end),
        _others(
            [pair for pair in zip(rows, unpacked, strict=True) if pair[0].start <= windows[-1].start], version
        ),
    )


def _others(
    windows: Sequence[tuple[PerformanceWindow, PerformanceSums]], version: ModelVersion
) -> tuple[OtherVersion, ...]:
    found = []
    for name in merge_sums(sums for _, sums in windows).versions:
        its = [(row, sums.of_version(name)) for row, sums in windows if name in sums.versions]
        if name == version.name or not its:
            continue
        merged = merge_sums(sums for _, sums in its)
        accuracy = measure_accuracy(merged).figure
        found.append(OtherVersion(name, its[0][0].start, its[-1][0].end, merged.predictions, accuracy))
    return tuple(sorted(found, key=lambda one: (one.first, one.name)))


def _segments(
    connection: Connection, model: Model, version: ModelVersion, since: datetime, until: datetime
) -> tuple[tuple[str, str, MeasuredFacts], ...]:
    named = labelled_segments(connection, model.key, since, until, limit=_SEGMENTS)
    order = [(tag, value) for tag, value, _ in named if tag in model.segment_tags]
    sums: defaultdict[tuple[str, str], list[PerformanceSums]] = defaultdict(list)
    for row in segment_performance(connection, model.key, order, since, until):
        sums[row.tag, row.value].append(sums_from_bytes(row.sums).of_version(version.name))
    found = []
    for segment in order:
        merged = merge_sums(sums[segment])
        if merged.labels:
            found.append((*segment, measured_facts(measure_performance(merged))))
    return tuple(found)
