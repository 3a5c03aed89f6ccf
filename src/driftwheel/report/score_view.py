"""The evidence of the monitored model's scores as the report shows it: distributions and mix of classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from driftwheel.drift.check import Check
from driftwheel.drift.evidence.score_evidence import CONFIDENCE
from driftwheel.drift.statistics.kolmogorov_smirnov import kolmogorov_smirnov_columns
from driftwheel.drift.statistics.label_shift import predicted_classes
from driftwheel.drift.verdict import ClassShare, ScoreDrift
from driftwheel.report.charts.distribution import distribution
from driftwheel.report.numbers import count, p_statement, p_value, share
from driftwheel.report.printable import printable, shortened
from driftwheel.report.property_words import PropertyWords
from driftwheel.report.score_words import changed_classes, share_moved

__all__ = ["ScoreChart", "ScoreView", "score_view"]

_CHARTS = 5  # classes whose scores are drawn, beside the confidence
_BARS = 12  # classes whose shares are drawn
_ROWS = 20


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """The distribution of one column of scores, with its Kolmogorov-Smirnov statistic as a share."""

    title: str
    chart: Markup
    gap: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    """All texts are plain.

    `mix` is the drawing of the predicted classes, empty where they are many; `rows` holds name, reference
    share and count, current share and count, change and p-value of classes; `left` counts those that are not
    among them.
    """

    drifted: bool
    p: str
    column: str
    effect: str
    threshold: str
    mix_drifted: bool
    mix_effect: str
    mix_threshold: str
    mix_p: str
    n_reference: str
    n_current: str
    charts: tuple[ScoreChart, ...]
    mix: Markup
    rows: tuple[tuple[str, str, str, str, str, str, str], ...]
    left: int


def score_view(check: Check) -> ScoreView | None:
    """Return the view; None when no model was asked."""
    found = check.verdict.scores
    before, after = check.reference.scores, check.current.scores
    if found is None or before is None or after is None:
        return None
    classes = check.reference.classes
    changed = changed_classes(found)
    rest = sorted((one for one in found.classes if one not in changed), key=lambda one: -one.reference)
    ordered = [*changed, *rest]
    used = {one.name for one in ordered}
    return ScoreView(
        drifted=found.drifted,
        p=p_statement(found.p_value),
        column=_column(found.column),
        effect=share(found.effect),
        threshold=share(found.threshold),
        mix_drifted=found.drifted and found.mix_effect > found.mix_threshold,
        mix_effect=share(found.mix_effect),
        mix_threshold=share(found.mix_threshold),
        mix_p=p_statement(found.mix_p_value),
        n_reference=count(found.n_reference),
        n_current=count(found.n_current),
        charts=_charts(before, after, classes),
        mix=_mix(before, after, classes) if len(used) <= _BARS else Markup(),
        rows=tuple(_row(found, one) for one in ordered[:_ROWS]),
        left=max(0, len(ordered) - _ROWS),
    )


def _charts(
    before: NDArray[np.float32], after: NDArray[np.float32], classes: tuple[str, ...]
) -> tuple[ScoreChart, ...]:
    """Draw the confidence and the classes whose scores differ most."""
    sides = [np.column_stack([scores.max(axis=1), scores]) for scores in (before, after)]
    gaps = np.nan_to_num(kolmogorov_smirnov_columns(*sides).statistic)
    largest = 1 + np.argsort(-gaps[1:], kind="stable")[:_CHARTS]
    charts = []
    for column in (0, *largest.tolist()):
        name = CONFIDENCE if column == 0 else classes[column - 1]
        title = _column(name) if column == 0 else f"score of {shortened(name, 24)}"
        chart = distribution(_words(title), sides[0][:, column], sides[1][:, column], None)
        charts.append(ScoreChart(title, chart, share(float(gaps[column]))))
    return tuple(charts)


def _mix(before: NDArray[np.float32], after: NDArray[np.float32], classes: tuple[str, ...]) -> Markup:
    codes = [np.where(one < 0, np.nan, one) for one in map(predicted_classes, (before, after))]
    names = tuple(printable(name) for name in classes)
    words = PropertyWords("predicted", "predicted class", "", "", "category", "linear", 0, 0, names)
    return distribution(words, codes[0], codes[1], None)


def _words(title: str) -> PropertyWords:
    return PropertyWords("score", title, "", "", "number", "linear", 0.0, 1.0, ())


def _column(name: str) -> str:
    return "largest score of an image" if name == CONFIDENCE else f"score of {shortened(name, 24)}"


def _row(found: ScoreDrift, one: ClassShare) -> tuple[str, str, str, str, str, str, str]:
    moved = share_moved(found, one)
    sign = "+" if moved > 0 else "−" if moved < 0 else ""
    return (
        printable(one.name),
        share(one.reference / max(found.n_reference, 1)),
        count(one.reference),
        share(one.current / max(found.n_current, 1)),
        count(one.current),
        f"{sign}{share(abs(moved))}",
        p_value(one.p_value),
    )
