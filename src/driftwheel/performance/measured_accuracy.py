"""Measured accuracy: which labels may speak for all predictions, and what they say."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.figure import NOTHING, Figure
from driftwheel.performance.partly_labelled import Method, PartlyLabelled, estimate_partly
from driftwheel.performance.performance_sums import EDGES, UNITS, How, PerformanceSums
from driftwheel.performance.wilson import combined_interval, wilson_interval

__all__ = ["LEAST_SAMPLE", "Basis", "MeasuredAccuracy", "basis_of", "measure_accuracy", "partly"]

Basis = Literal["all", "sample", "told", "chosen", "none"]
"""``all``: as good as every prediction has a label. ``sample``: those drawn at random, and those that were
told for themselves. ``told``: those that were told, as if they were drawn at random. ``chosen``: only images
chosen for what they show have one, so that accuracy cannot be told. ``none``: there is no label."""

LEAST_SAMPLE = 30
"""Labels drawn at random from which on they count in place of told ones."""

_ALL = 0.98
_PLAIN: Method = "plain"


@dataclass(frozen=True, slots=True)
class MeasuredAccuracy:
    """The accuracy of predictions, as far as labels tell it.

    Attributes
    ----------
    figure
        Without a value where it cannot be told.
    basis
        Which labels it rests on.
    method
        How they were made to speak for those without one.
    of_labels
        Share of right ones among all that have a label, however these came about.
    predictions
        With a label or without.
    told, sampled, chosen
        Labels that were told, drawn at random, and chosen.
    """

    figure: Figure
    basis: Basis
    method: Method
    of_labels: Figure
    predictions: int
    told: int
    sampled: int
    chosen: int

    @property
    def labels(self) -> int:
        """All of them."""
        return self.told + self.sampled + self.chosen


def measure_accuracy(sums: PerformanceSums) -> MeasuredAccuracy:
    """Return the accuracy that the labels among some predictions tell.

    Images that were chosen because the model was in doubt, or because they look unusual, are wrong more often
    than others. So they count only where as good as everything is labelled. Labels that were told make a
    stratum of their own beside a random sample; without one they are taken as if they were drawn at random,
    which nobody knows.

    Examples
    --------
    >>> from driftwheel.performance.performance_sums import SummedPrediction, sum_predictions
    >>> rows = [SummedPrediction("", "cat", {}, "chosen", "dog")] + [SummedPrediction("", "cat", {})] * 99
    >>> found = measure_accuracy(sum_predictions(rows))
    >>> found.basis, found.figure.value, found.of_labels.value
    ('chosen', None, 0.0)
    """
    told, sampled, chosen = (_labels(sums, [how]) for how in ("told", "sampled", "chosen"))
    basis = basis_of(sums)
    hits = _hits(sums)
    n = told + sampled + chosen
    low, high = wilson_interval(hits, n)
    of_labels = Figure(hits / n, float(low), float(high), n) if n else NOTHING
    figure, method = NOTHING, _PLAIN
    if basis == "all":
        figure = of_labels
    elif basis == "sample":
        figure, method = _of_sample(sums, told, sampled)
    elif basis == "told":
        figure, method = estimate_partly(partly(sums, ["told"]), told)
    return MeasuredAccuracy(figure, basis, method, of_labels, sums.predictions, told, sampled, chosen)


def basis_of(sums: PerformanceSums) -> Basis:
    """Return which labels may speak for all predictions."""
    told, sampled, chosen = (_labels(sums, [how]) for how in ("told", "sampled", "chosen"))
    labels = told + sampled + chosen
    if labels == 0:
        return "none"
    if labels >= _ALL * sums.predictions:
        return "all"
    if sampled >= LEAST_SAMPLE or (sampled and not told):
        return "sample"
    return "told" if told else "chosen"


def partly(sums: PerformanceSums, hows: Collection[How], *, without: Collection[How] = ()) -> PartlyLabelled:
    """Return predictions by bin of their score, with labels that came about in these ways.

    Those that came about in the ways of `without` are left out of all.
    """
    size = len(EDGES) + 1
    everyone, scores, n, hits, squares = (np.zeros(size) for _ in range(5))
    for cell, tally in sums.cells.items():
        if cell.how in without:
            continue
        everyone[cell.bin] += tally.n
        scores[cell.bin] += tally.scores / UNITS
        if cell.how in hows:
            n[cell.bin] += tally.weights / UNITS
            squares[cell.bin] += tally.squares / UNITS
            if cell.said == cell.true:
                hits[cell.bin] += tally.weights / UNITS
    confidence = np.divide(scores, everyone, out=np.full(size, np.nan), where=everyone > 0)
    confidence[-1] = np.nan  # those without a score
    return PartlyLabelled(everyone, n, hits, squares, confidence)


def _of_sample(sums: PerformanceSums, told: int, sampled: int) -> tuple[Figure, Method]:
    """Return the accuracy of those drawn at random for all that was not told, and of the told for itself."""
    drawn, method = estimate_partly(partly(sums, ["sampled"], without=["told"]), sampled)
    if not told or drawn.value is None or drawn.low is None or drawn.high is None:
        return drawn, method
    hits = _hits(sums, ["told"])
    low, high = wilson_interval(hits, told)
    weight = told / sums.predictions
    weights: NDArray[np.float64] = np.array([weight, 1 - weight])
    values = np.array([hits / told, drawn.value])
    ends = combined_interval(weights, values, [float(low), drawn.low], [float(high), drawn.high])
    return Figure(float(weights @ values), ends[0], ends[1], told + sampled), method


def _labels(sums: PerformanceSums, hows: Collection[str]) -> int:
    return sum(one.n for cell, one in sums.cells.items() if cell.how in hows)


def _hits(sums: PerformanceSums, hows: Collection[str] = ("told", "sampled", "chosen")) -> int:
    return sum(one.n for cell, one in sums.cells.items() if cell.how in hows and cell.said == cell.true)
