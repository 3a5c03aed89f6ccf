"""Accuracy where only a part is labelled: plain, prediction-powered and stratified estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.performance.figure import NOTHING, Figure
from driftwheel.performance.wilson import wilson_interval

__all__ = ["LEAST_POWERED", "LEAST_STRATIFIED", "Method", "PartlyLabelled", "estimate_partly"]

Method = Literal["plain", "prediction_powered", "stratified"]

LEAST_POWERED = 30
"""Labels from which on scores of all predictions help."""

LEAST_STRATIFIED = 150
"""Labels from which on bins of scores are strata."""

_LEAST_OF_STRATUM = 15
_MOST_GAIN = 4.0  # times as many labels that scores may stand for: what was found on few labels may be luck


@dataclass(frozen=True, slots=True, eq=False)
class PartlyLabelled:
    """Predictions by bin of their score, some of them with a label.

    Attributes
    ----------
    all
        (b,) predictions, with a label or without.
    n, hits
        (b,) labels, and right ones among them, each weighted by 1 / its chance to be drawn; without known
        chances each counts 1.
    squares
        (b,) sums of the squared weights.
    confidence
        (b,) mean scores; NaN where there is none.
    """

    all: NDArray[np.float64]
    n: NDArray[np.float64]
    hits: NDArray[np.float64]
    squares: NDArray[np.float64]
    confidence: NDArray[np.float64]

    @property
    def effective(self) -> float:
        """How many labels of equal chances would tell as much (Kish)."""
        squares = float(self.squares.sum())
        return float(self.n.sum()) ** 2 / squares if squares > 0 else 0.0


def estimate_partly(of: PartlyLabelled, labels: int) -> tuple[Figure, Method]:
    """Return the accuracy over all predictions, and how it was told from those with a label.

    The labels are taken as drawn at random with the chances that their weights say. What is known of all
    predictions, their scores, makes the estimate surer:

    * below 30 labels not at all (plain: the weighted share of right ones);
    * below 150 by one number, how far scores go with right answers (prediction-powered);
    * else by strata, the bins of the scores, each of at least 15 labels, weighted by how many predictions it
      has (stratified).

    Which of them is set by the number of labels and not by what comes out.

    Parameters
    ----------
    labels
        How many there are, not weighted.

    Notes
    -----
    The interval is Wilson's with as many labels as would be as sure without scores, at most 4 times those
    there are. Sources: Angelopoulos, Duchi and Zrnic, "PPI++: efficient prediction-powered inference", 2023;
    Fisch et al., "Stratified prediction-powered inference", NeurIPS 2024; Cochran, "Sampling techniques", 5A.

    Examples
    --------
    All of the unlabelled half have low scores, so accuracy is lower than among the labels:

    >>> half = PartlyLabelled(
    ...     all=np.array([1000.0, 1000.0]), n=np.array([40.0, 160.0]), hits=np.array([20.0, 144.0]),
    ...     squares=np.array([40.0, 160.0]), confidence=np.array([0.5, 0.9]))
    >>> found, method = estimate_partly(half, 200)
    >>> method, round(found.value, 3), round(float(half.hits.sum() / half.n.sum()), 3)
    ('stratified', 0.7, 0.82)
    """
    effective = of.effective
    if effective <= 0:
        return NOTHING, "plain"
    share = float(of.hits.sum() / of.n.sum())
    plain = share * (1 - share) / effective
    method: Method = "plain"
    value, variance = share, plain
    known = ~np.isnan(of.confidence)
    if labels >= LEAST_POWERED and known.any() and of.all.sum() > labels:
        stratified = labels >= LEAST_STRATIFIED
        strata = _strata(of, labels / float(of.n.sum())) if stratified else np.zeros(len(of.all), np.intp)
        if stratified and strata.max() > 0:
            method, (value, variance) = "stratified", _stratified(of, strata, share, effective)
        else:
            method, (value, variance) = "prediction_powered", _powered(of, effective)
    gain = plain / variance if plain > 0 and variance > 0 else 1.0
    size = effective * min(max(gain, 1 / _MOST_GAIN), _MOST_GAIN)
    low, high = wilson_interval(value * size, size)
    return Figure(value, min(float(low), value), max(float(high), value), labels), method


def _powered(of: PartlyLabelled, effective: float) -> tuple[float, float]:
    """Return estimate and variance with the scores as predictions, times the factor that helps most."""
    score = np.where(np.isnan(of.confidence), _middle(of), of.confidence)
    labelled, total = float(of.n.sum()), float(of.all.sum())
    mean = float(of.n @ score / labelled)
    share = float(of.hits.sum() / labelled)
    of_all = float(of.all @ score / total)
    spread = float(of.n @ (score - mean) ** 2 / labelled)
    of_scores = float(of.all @ (score - of_all) ** 2 / total)
    together = float(of.hits @ (score - mean) / labelled)
    if spread <= 0:
        return share, share * (1 - share) / effective
    factor = min(max(together / ((1 + effective / total) * max(spread, of_scores)), 0.0), 2.0)
    value = share + factor * (of_all - mean)
    variance = share * (1 - share) - 2 * factor * together + factor**2 * spread
    return min(max(value, 0.0), 1.0), max(variance, 0.0) / effective + factor**2 * of_scores / total


def _middle(of: PartlyLabelled) -> float:
    """Return the mean score of all predictions that have one: what stands for those that have none."""
    known = ~np.isnan(of.confidence)
    return float(of.all[known] @ of.confidence[known] / max(of.all[known].sum(), 1.0))


def _strata(of: PartlyLabelled, labels_of_weight: float) -> NDArray[np.intp]:
    """Return the stratum of each bin: neighbours together until each has enough labels."""
    strata = np.zeros(len(of.all), np.intp)
    number, had = 0, 0.0
    left = float(of.n.sum()) * labels_of_weight
    for place, weight in enumerate(of.n * labels_of_weight):
        if had >= _LEAST_OF_STRATUM and left >= _LEAST_OF_STRATUM:
            number, had = number + 1, 0.0
        strata[place] = number
        had += weight
        left -= weight
    return strata


def _stratified(
    of: PartlyLabelled, strata: NDArray[np.intp], share: float, effective: float
) -> tuple[float, float]:
    count = int(strata.max()) + 1
    everyone, n, hits, squares = (
        np.bincount(strata, each, count) for each in (of.all, of.n, of.hits, of.squares)
    )
    some = n > 0
    weight = everyone * some / (everyone * some).sum()
    rate = np.divide(hits, n, out=np.full(count, share), where=some)
    size = np.divide(n**2, squares, out=np.zeros(count), where=squares > 0)
    likely = (rate * size + share) / (size + 1)
    variance = weight**2 * likely * (1 - likely) / np.maximum(size, 1e-9)
    found = float(variance[some].sum())
    return float(weight @ rate), found if found > 0 else share * (1 - share) / effective
