"""Measured performance: every figure that the labels among some predictions tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from driftwheel.performance.area_under_roc import macro_area
from driftwheel.performance.calibration import Calibration, calibration
from driftwheel.performance.class_metrics import Metrics, class_metrics
from driftwheel.performance.confusion import ConfusionMatrix, count_pairs
from driftwheel.performance.figure import LEVEL, NOTHING, Figure
from driftwheel.performance.measured_accuracy import (
    Basis,
    MeasuredAccuracy,
    measure_accuracy,
    partly,
)
from driftwheel.performance.partly_labelled import PartlyLabelled
from driftwheel.performance.performance_sums import (
    UNITS,
    How,
    PerformanceSums,
    ScoreSums,
    merge_sums,
)

__all__ = ["MeasuredPerformance", "measure_performance", "usable"]

_CURVE = range(0, 20, 2)  # bins of scores that make the ten of the reliability curve


@dataclass(frozen=True, slots=True)
class MeasuredPerformance:
    """Figures of some predictions, and what they rest on.

    Attributes
    ----------
    accuracy
        With how it was told.
    matrix
        Labels by what is true and what was named, weighted where only a sample of all has one; then they add
        up to the effective number of labels.
    metrics
        Of that matrix.
    area_under_roc
        Of two classes that of the second, of more the mean of each class against the rest.
    log_loss
        Mean of −log(score of the true class), in nats; scores below 1.2e-7 count as that.
    calibration
        Whether scores are the shares of right answers that they say.
    """

    accuracy: MeasuredAccuracy
    matrix: ConfusionMatrix
    metrics: Metrics
    area_under_roc: Figure
    log_loss: Figure
    calibration: Calibration


_USABLE: Mapping[Basis, tuple[How, ...]] = {
    "all": ("told", "sampled", "chosen"),
    "sample": ("told", "sampled"),
    "told": ("told",),
    "chosen": (),
    "none": (),
}


def usable(basis: Basis) -> tuple[How, ...]:
    """Return which labels figures rest on."""
    return _USABLE[basis]


def measure_performance(
    sums: PerformanceSums, *, rng: np.random.Generator | None = None
) -> MeasuredPerformance:
    """Return every figure that the labels among some predictions tell.

    Figures other than accuracy rest on the same labels. Where these are a sample, the confusion matrix weighs
    each by the predictions it stands for; area under the ROC curve and log loss take the labels as they are.

    Parameters
    ----------
    rng
        Draws the interval of the calibration error; by default the same draws each time.

    Examples
    --------
    >>> from driftwheel.performance.performance_sums import SummedPrediction, sum_predictions
    >>> rows = [SummedPrediction("v1", "cat", {"cat": 0.9, "dog": 0.1}, "told", true)
    ...         for true in ["cat"] * 9 + ["dog"]]
    >>> found = measure_performance(sum_predictions(rows, classes=["cat", "dog"]))
    >>> found.accuracy.figure.value, round(found.log_loss.value, 3), round(found.calibration.error.value, 3)
    (0.9, 0.325, 0.0)
    """
    accuracy = measure_accuracy(sums)
    hows = usable(accuracy.basis)
    matrix = _matrix(sums, hows, accuracy.basis)
    scored = _merged_scores(sums, hows)
    metrics = class_metrics(matrix)
    return MeasuredPerformance(
        accuracy,
        matrix,
        replace(metrics, accuracy=accuracy.figure),
        macro_area(scored.roc),
        _log_loss(scored),
        _calibration(partly(sums, hows), rng or np.random.default_rng(0)),
    )


def _merged_scores(sums: PerformanceSums, hows: tuple[How, ...]) -> ScoreSums:
    """Return what scores say of all versions together, of labels that came about in these ways."""
    parts = [PerformanceSums({}, {("", ""): one}) for (_, how), one in sums.scored.items() if how in hows]
    return merge_sums(parts).scored.get(("", ""), ScoreSums())


def _matrix(sums: PerformanceSums, hows: tuple[How, ...], basis: Basis) -> ConfusionMatrix:
    """Return the weighted matrix; told labels beside a sample stand for themselves alone."""
    weights: defaultdict[tuple[str, str], float] = defaultdict(float)
    squares = total = 0.0
    told = sum(one.n for cell, one in sums.cells.items() if cell.how == "told")
    drawn = sum(one.weights for cell, one in sums.cells.items() if cell.how == "sampled") / UNITS
    scale = (sums.predictions - told) / drawn if basis == "sample" and drawn else 1.0
    for cell, one in sums.cells.items():
        if cell.how not in hows:
            continue
        by_chance = basis == "sample" and cell.how == "sampled"
        weight = scale * one.weights / UNITS if by_chance else float(one.n)
        square = scale**2 * one.squares / UNITS if by_chance else float(one.n)
        weights[cell.true, cell.said] += weight
        total, squares = total + weight, squares + square
    size = total / squares if squares else 1.0  # weights then add up to the effective number
    return count_pairs([(true, said, weight * size) for (true, said), weight in sorted(weights.items())])


def _log_loss(scored: ScoreSums) -> Figure:
    if scored.n == 0:
        return NOTHING
    mean = scored.losses / UNITS / scored.n
    if scored.n == 1:
        return Figure(mean, None, None, 1)
    variance = max(scored.squares / UNITS / scored.n - mean**2, 0.0) * scored.n / (scored.n - 1)
    half = float(stdtrit(scored.n - 1, (1 + LEVEL) / 2)) * float(np.sqrt(variance / scored.n))
    return Figure(mean, max(0.0, mean - half), mean + half, scored.n)


def _calibration(of: PartlyLabelled, rng: np.random.Generator) -> Calibration:
    """Return the calibration in ten bins of scores."""
    known = ~np.isnan(of.confidence)
    known[-1] = False  # those without a score
    everyone, n, hits = (np.where(known, one, 0.0)[:-1] for one in (of.all, of.n, of.hits))
    scores = np.where(known, of.confidence * of.all, 0.0)[:-1]
    starts = np.array(_CURVE)
    counted, labels, right, total = (np.add.reduceat(one, starts) for one in (everyone, n, hits, scores))
    confidence = np.divide(total, counted, out=np.zeros(len(starts)), where=counted > 0)
    share = counted / counted.sum() if counted.sum() > 0 else counted
    return calibration(confidence.tolist(), right.tolist(), labels.tolist(), share.tolist(), rng=rng)
