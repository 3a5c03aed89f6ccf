"""Where and when: the drifted properties by tag and over time, to find the one camera or hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.check import Check
from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.drift.verdict import PropertyDrift
from driftwheel.records import Records
from driftwheel.report.charts.scale import Axis
from driftwheel.report.numbers import several, sigmas
from driftwheel.report.printable import shortened
from driftwheel.report.property_words import property_words
from driftwheel.report.ranking import ranked

__all__ = ["Cell", "Column", "Heat", "heats"]

_Segment = tuple[str, NDArray[np.bool_], NDArray[np.bool_] | None]
"""Its label, which current images are in it, and which reference images it is held against (None: all)."""

_ROWS, _COLUMNS, _LEVELS = 6, 14, 5


@dataclass(frozen=True, slots=True)
class Column:
    """One segment of the current images."""

    label: str
    n: int


@dataclass(frozen=True, slots=True)
class Cell:
    """How far a property's mean moved in one segment; `level` 0 does not count, 1 to 5 do, ever more."""

    text: str
    level: int
    said: str


@dataclass(frozen=True, slots=True)
class Heat:
    """A table of cells: drifted properties down, segments across."""

    by: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]

    @property
    def gaps(self) -> bool:
        """Whether a segment is too small to say anything of it."""
        return any(column.n < LEAST_SAMPLE for column in self.columns)


def heats(check: Check) -> list[Heat]:
    """Return a table for each tag with several values, and one over time; none without a drifted number.

    A cell is the difference of means from the reference, in the reference's standard deviations; where the
    reference has at least 20 images of the same tag value, from those. Segments of fewer than 20 images are
    left empty.
    """
    drifted = [
        one for one in ranked(check.verdict)
        if one.drifted and one.wasserstein_sigmas is not None and _varies(check.reference, one.name)
    ][:_ROWS]  # fmt: skip
    if check.verdict.verdict != "drift" or not drifted:
        return []
    tables = [_by_tag(check, tag, drifted) for tag in sorted(check.current.tags)]
    tables.append(_by_time(check, drifted))
    return [table for table in tables if table is not None]


def _varies(reference: Records, name: str) -> bool:
    if name not in reference.property_names:
        return False
    values = reference.column(name)
    known = values[~np.isnan(values)]
    return known.size > 0 and bool(known.min() < known.max())


def _by_tag(check: Check, tag: str, drifted: list[PropertyDrift]) -> Heat | None:
    now = np.array([value or "" for value in check.current.tags[tag]], dtype=object)
    then = np.array([value or "" for value in check.reference.tags.get(tag, ())], dtype=object)
    names, sizes = np.unique(now.astype(str), return_counts=True)
    if len(names) < 2:
        return None
    largest = np.argsort(-sizes, kind="stable")[:_COLUMNS]
    kept = [str(names[i]) for i in np.sort(largest)]
    segments = []
    for name in kept:
        same = then == name if len(then) else np.zeros(len(check.reference), bool)
        segments.append((name or "none", now == name, same if same.sum() >= LEAST_SAMPLE else None))
    left = len(names) - len(kept)
    note = f"The {left} smallest of {len(names)} are left out." if left else ""
    return _heat(check, shortened(tag, 24), note, segments, drifted)


def _by_time(check: Check, drifted: list[PropertyDrift]) -> Heat | None:
    times = check.current.times
    if times is None or np.isnat(times).all():
        return None
    for unit, label in (("m", "minute"), ("h", "hour"), ("D", "day"), ("M", "month"), ("Y", "year")):
        buckets = times.astype(f"datetime64[{unit}]")
        moments = np.unique(buckets[~np.isnat(buckets)])
        if 2 <= len(moments) <= _COLUMNS:
            segments = [(_moment(str(moment), unit), buckets == moment, None) for moment in moments]
            return _heat(check, label, "Times in UTC.", segments, drifted)
    return None


def _moment(text: str, unit: str) -> str:
    return {"m": text[11:], "h": f"{text[8:10]}. {text[11:]}:00", "D": text[5:]}.get(unit, text)


def _heat(
    check: Check,
    by: str,
    note: str,
    segments: Sequence[_Segment],
    drifted: list[PropertyDrift],
) -> Heat:
    columns = tuple(Column(shortened(label, 14), int(rows.sum())) for label, rows, _ in segments)
    rows = []
    for one in drifted:
        words = property_words(one.name)
        moved = list(_moved(check.reference, check.current, one.name, segments))
        cells = tuple(
            _cell(words.title, column, move, one.threshold)
            for column, move in zip(columns, moved, strict=True)
        )
        rows.append((words.title, cells))
    return Heat(by, note, columns, tuple(rows))


def _moved(
    reference: Records,
    current: Records,
    name: str,
    segments: Sequence[_Segment],
) -> Iterator[float]:
    words = property_words(name)
    axis = Axis(words, 0.0, 1.0, _middle(reference.column(name)) if words.kind == "circular" else 0.0)
    then, now = axis.stretch(reference.column(name)), axis.stretch(current.column(name))
    spread = float(np.nanstd(then))
    for _, rows, same in segments:
        values = now[rows & ~np.isnan(now)]
        base = then[~np.isnan(then) & (same if same is not None else True)]
        if len(values) < LEAST_SAMPLE or not len(base) or spread == 0:
            yield math.nan
        else:
            yield float((values.mean() - base.mean()) / spread)


def _middle(degrees: NDArray[np.float32]) -> float:
    known = np.deg2rad(degrees[~np.isnan(degrees)].astype(np.float64))
    return float(np.rad2deg(np.arctan2(np.sin(known).mean(), np.cos(known).mean())) % 360.0)


def _cell(title: str, column: Column, moved: float, threshold: float) -> Cell:
    where = f"{title}, {column.label}: "
    if math.isnan(moved):
        return Cell("", 0, f"{where}fewer than {LEAST_SAMPLE} images")
    ratio = abs(moved) / threshold if threshold > 0 else math.inf
    level = 0 if ratio <= 1 else min(_LEVELS, 1 + int(2 * math.log2(min(ratio, 2.0**_LEVELS)) / 2))
    sign = "−" if moved < 0 else "+"
    return Cell(
        f"{sign}{sigmas(abs(moved))}",
        level,
        f"{where}{sign}{sigmas(abs(moved))}, {several(column.n, 'image')}",
    )
