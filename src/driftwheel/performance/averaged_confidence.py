"""Averaged confidence: a model as accurate as it says it is."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from driftwheel.performance.score_table import as_correct, as_scores

__all__ = ["AveragedConfidence", "averaged_confidence"]


@dataclass(frozen=True, slots=True)
class AveragedConfidence:
    """Two estimates of the accuracy in a window.

    Attributes
    ----------
    accuracy
        Mean of the greatest score of each row, in [0, 1]: right where the scores are calibrated.
    difference
        Accuracy of the reference less what the mean confidence fell by, in [0, 1]: right where the scores
        are wrong by the same amount before and now.
    n_reference, n_current
        Rows used.
    """

    accuracy: float
    difference: float
    n_reference: int
    n_current: int


def averaged_confidence(
    reference_scores: ArrayLike, reference_correct: ArrayLike, current_scores: ArrayLike
) -> AveragedConfidence:
    """Estimate the accuracy of a window from the mean of its confidences.

    Parameters
    ----------
    reference_scores
        (n, k) scores in [0, 1] of images that the model was not trained on, n ≥ 1.
    reference_correct
        (n,) bool, whether the named class was right.
    current_scores
        (m, k) scores of the window, m ≥ 1. Leave out rows without scores (`known_rows`).

    Raises
    ------
    UsageError
        For other shapes or values.

    Notes
    -----
    Published mean absolute errors of the first, in points: MNIST 6.9, CIFAR-10 11.9 and 14.8 (Garg and others
    2022). Sources: Hendrycks and Gimpel, ICLR 2017; the difference: Guillory, Shankar, Ebrahimi, Darrell and
    Schmidt, "Predicting with confidence on unseen distributions", ICCV 2021.

    Examples
    --------
    >>> found = averaged_confidence([[0.9, 0.1]] * 4, [True, True, True, False], [[0.7, 0.3]] * 3)
    >>> round(found.accuracy, 3), round(found.difference, 3)
    (0.7, 0.55)
    """
    reference, current = as_scores(reference_scores), as_scores(current_scores)
    correct = as_correct(reference_correct, len(reference))
    before, now = float(reference.max(axis=1).mean()), float(current.max(axis=1).mean())
    difference = min(1.0, max(0.0, float(correct.mean()) + now - before))
    return AveragedConfidence(now, difference, len(reference), len(current))
