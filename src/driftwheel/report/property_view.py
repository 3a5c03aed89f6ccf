"""One property as the report shows it: words, chart, strip, and the table of numbers behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from driftwheel.drift.check import Check
from driftwheel.drift.verdict import PropertyDrift
from driftwheel.report.charts.distribution import FEW, distribution
from driftwheel.report.charts.effect_strip import EffectAxis, effect_axis, effect_ratio
from driftwheel.report.charts.levels import level_shares
from driftwheel.report.numbers import count, p_statement, p_value, quantity, quantity_pair, share
from driftwheel.report.property_words import PropertyWords, property_words
from driftwheel.report.ranking import ranked
from driftwheel.report.sentence import effect_size, is_share

__all__ = ["PropertyView", "Row", "property_views"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: what it is, and its text for the reference and for the current images."""

    label: str
    reference: str
    current: str


@dataclass(frozen=True, slots=True)
class PropertyView:
    """All texts are plain, only `chart` and `strip` are markup; the `column_` texts have their unit apart."""

    words: PropertyWords
    drifted: bool
    ratio: float
    p: str
    p_said: str
    effect: str
    threshold: str
    before: str
    after: str
    column_unit: str
    column_before: str
    column_after: str
    n_reference: str
    n_current: str
    chart: Markup
    strip: Markup
    rows: tuple[Row, ...]
    tests: tuple[tuple[str, str], ...]


def property_views(check: Check) -> tuple[EffectAxis, list[PropertyView]]:
    """Return the axis of the strips, and a view of every property of the verdict, ranked."""
    axis = effect_axis(check.verdict.properties)
    return axis, [_view(check, one, axis) for one in ranked(check.verdict)]


def _view(check: Check, one: PropertyDrift, axis: EffectAxis) -> PropertyView:
    words = property_words(one.name)
    before, after = _values(check, one.name)
    means = quantity_pair(one.reference_mean, one.current_mean, words.unit)
    column = quantity_pair(one.reference_mean, one.current_mean, words.inline_unit)
    return PropertyView(
        words=words,
        drifted=one.drifted,
        ratio=effect_ratio(one),
        p=p_value(one.p_value),
        p_said=p_statement(one.p_value),
        effect=effect_size(one),
        threshold=effect_size(one, one.threshold),
        before=means[0],
        after=means[1],
        column_unit=words.column_unit,
        column_before=column[0],
        column_after=column[1],
        n_reference=count(one.n_reference),
        n_current=count(one.n_current),
        chart=distribution(words, before, after, one.threshold),
        strip=axis.strip(one),
        rows=tuple(_rows(words, before, after)),
        tests=tuple(_tests(one)),
    )


def _values(check: Check, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The raw values; none where the records do not hold the property (a verdict may outlive its records)."""
    nothing = np.empty(0, np.float32)
    before, after = (
        records.column(name) if name in records.property_names else nothing
        for records in (check.reference, check.current)
    )
    return before, after


def _rows(words: PropertyWords, before: NDArray[np.float32], after: NDArray[np.float32]) -> list[Row]:
    known = [values[~np.isnan(values)] for values in (before, after)]
    undefined = [len(values) - len(rest) for values, rest in zip((before, after), known, strict=True)]
    rows = [Row("images", *(count(len(rest)) for rest in known))]
    if any(undefined):
        rows.append(Row("not defined for", *(count(n) for n in undefined)))
    if not (len(known[0]) and len(known[1])):
        return rows
    values = np.unique(np.concatenate(known))
    if words.kind == "category" or len(values) <= FEW:
        levels = level_shares(words, known[0], known[1], values)
        return rows + [
            Row(one.label, _counted(one.n_reference, one.reference), _counted(one.n_current, one.current))
            for one in levels
        ]
    if words.kind == "circular":
        return rows
    exact = [rest.astype(np.float64) for rest in known]
    for label, q in (
        ("least", 0.0),
        ("5 % lie below", 0.05),
        ("median", 0.5),
        ("95 % lie below", 0.95),
        ("most", 1.0),
    ):
        rows.append(Row(label, *(quantity(float(np.quantile(each, q)), words.unit) for each in exact)))
    rows.append(Row("standard deviation", *(quantity(float(each.std()), words.unit) for each in exact)))
    return rows


def _counted(n: int, part: float) -> str:
    return f"{count(n)} ({share(part)})"


def _tests(one: PropertyDrift) -> list[tuple[str, str]]:
    numbers = [
        ("largest change of a share" if is_share(one) else "Kolmogorov-Smirnov", one.statistic),
        ("population stability index", one.psi),
        ("Jensen-Shannon", one.jensen_shannon),
    ]
    return [(name, quantity(value)) for name, value in numbers if value is not None]
