"""Average thresholded confidence (ATC): the share of images whose score is above a learned threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from driftwheel.errors import UsageError
from driftwheel.performance.score_table import as_correct, as_scores

__all__ = [
    "AtcScore",
    "ThresholdedConfidence",
    "average_thresholded_confidence",
    "learn_threshold",
    "share_above",
    "sureness",
]

AtcScore = Literal["max_confidence", "negative_entropy"]
"""What is held against the threshold: the greatest score of a row, or Σ s ln s over its scores."""


@dataclass(frozen=True, slots=True)
class ThresholdedConfidence:
    """An estimate of the accuracy in a window.

    Attributes
    ----------
    accuracy
        In [0, 1].
    threshold
        In the unit of the score. Rows above it count as right.
    at_threshold
        Share of the rows exactly at the threshold that count as right, in (0, 1]; below 1 only where rows of
        the reference tie.
    score
        What was held against the threshold.
    n_reference, n_current
        Rows used.
    """

    accuracy: float
    threshold: float
    at_threshold: float
    score: AtcScore
    n_reference: int
    n_current: int


def average_thresholded_confidence(
    reference_scores: ArrayLike,
    reference_correct: ArrayLike,
    current_scores: ArrayLike,
    *,
    score: AtcScore = "max_confidence",
) -> ThresholdedConfidence:
    """Estimate the accuracy of a window by the share of its rows that are as sure as the right ones were.

    The threshold is where the share of the reference that is less sure is its error rate. So for the
    reference itself the estimate is its accuracy, exactly.

    Parameters
    ----------
    reference_scores
        (n, k) scores in [0, 1] of images that the model was not trained on, n ≥ 1. The paper scales them,
        and those of the window, by a temperature fitted to the reference first (`bench/temperature.py`); of
        two classes that changes nothing.
    reference_correct
        (n,) bool, whether the named class was right.
    current_scores
        (m, k) scores of the window, m ≥ 1. Leave out rows without scores (`known_rows`).
    score
        ``negative_entropy`` needs k ≥ 2.

    Raises
    ------
    UsageError
        For other shapes or values.

    Notes
    -----
    No interval comes with it; `driftwheel.performance.accuracy_estimate` learns one. With few errors in the
    reference the threshold is unsure: of 20 errors by a fifth. Published mean absolute errors, in points:
    MNIST 2.40, CIFAR-10 natural 2.85, synthetic 3.87. Source: Garg, Balakrishnan, Lipton, Neyshabur and
    Sedghi, "Leveraging unlabeled data to predict out-of-distribution performance", ICLR 2022, section 4.

    Examples
    --------
    >>> scores = [[0.95, 0.05], [0.9, 0.1], [0.8, 0.2], [0.6, 0.4]]
    >>> found = average_thresholded_confidence(scores, [True, True, True, False], [[0.7, 0.3], [0.85, 0.15]])
    >>> found.threshold, found.accuracy
    (0.8, 0.5)
    """
    reference, current = as_scores(reference_scores), as_scores(current_scores)
    correct = as_correct(reference_correct, len(reference))
    threshold, at_threshold = learn_threshold(sureness(reference, score), correct)
    accuracy = share_above(sureness(current, score), threshold, at_threshold)
    return ThresholdedConfidence(accuracy, threshold, at_threshold, score, len(reference), len(current))


def sureness(scores: NDArray[np.float64], score: AtcScore) -> NDArray[np.float64]:
    """Return (n,) how sure each row of (n, k) scores is; larger is surer.

    Raises
    ------
    UsageError
        For a score that there is not, or a negative entropy of one column.
    """
    if score == "max_confidence":
        greatest: NDArray[np.float64] = scores.max(axis=1)
        return greatest
    if score != "negative_entropy":
        raise UsageError(f"There is no score '{score}'; expected 'max_confidence' or 'negative_entropy'.")
    if scores.shape[1] < 2:
        raise UsageError("The entropy of scores needs two classes or more; there is one column.")
    entropy: NDArray[np.float64] = xlogy(scores, scores).sum(axis=1)
    return entropy


def learn_threshold(sure: NDArray[np.float64], correct: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the threshold, and the share of rows exactly at it that count as right."""
    errors = len(correct) - int(correct.sum())
    if errors == len(correct):
        return float("inf"), 1.0
    threshold = float(np.sort(sure)[errors])
    below, at = int((sure < threshold).sum()), int((sure == threshold).sum())
    return threshold, 1.0 - (errors - below) / at


def share_above(sure: NDArray[np.float64], threshold: float, at_threshold: float) -> float:
    """Return the share of rows that count as right, in [0, 1]."""
    above, at = int((sure > threshold).sum()), int((sure == threshold).sum())
    return (above + at * at_threshold) / len(sure)
