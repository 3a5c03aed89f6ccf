"""Agreement on the line: how often versions of a model agree tells how often they are right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from driftwheel.errors import UsageError

__all__ = ["LEAST_MODELS", "STRAIGHT", "AgreementEstimate", "agreement_interval", "agreement_on_the_line"]

LEAST_MODELS = 3
"""With two models there is one pair, through which any line goes."""

STRAIGHT = 0.95
"""r² of the agreements below which the authors do not trust the line."""


@dataclass(frozen=True, slots=True)
class AgreementEstimate:
    """Estimates of the accuracy of each of m models in a window.

    Attributes
    ----------
    simple
        m accuracies in [0, 1]: those on the reference, moved along the line (ALine-S).
    detailed
        m accuracies in [0, 1] that also fit how often each pair agrees (ALine-D).
    slope, bias
        Of the line, in probits.
    r_squared
        How straight the agreements of the pairs lie, in [0, 1]; NaN where all agree equally often.
    trusted
        Whether `r_squared` is at least 0.95.
    n_reference, n_current
        Images used.
    """

    simple: tuple[float, ...]
    detailed: tuple[float, ...]
    slope: float
    bias: float
    r_squared: float
    trusted: bool
    n_reference: int
    n_current: int


def agreement_on_the_line(
    reference_predicted: ArrayLike, reference_truth: ArrayLike, current_predicted: ArrayLike
) -> AgreementEstimate:
    """Estimate the accuracy of several models in a window from how often pairs of them agree.

    Across models, accuracy before and now lies on a line, in probits; where it does, the share of images on
    which two models agree lies on the same line. Agreement needs no labels.

    Parameters
    ----------
    reference_predicted
        (m, n) classes (whole numbers) that m ≥ 3 models give the same n ≥ 1 images, which none of them was
        trained on.
    reference_truth
        (n,) the true classes.
    current_predicted
        (m, w) classes that the same models give the w ≥ 1 images of the window.

    Raises
    ------
    UsageError
        For fewer models, or shapes that do not fit.

    Notes
    -----
    Shares are moved off 0 and 1 to (k + ½) / (n + 1). Meant for many and various models; with m = 3 three
    pairs make the line. Source: Baek, Jiang, Raghunathan and Kolter, "Agreement-on-the-line: predicting the
    performance of neural networks under distribution shift", NeurIPS 2022, algorithm 1 and equation 6.

    Examples
    --------
    A window in which all is as before:

    >>> truth = [0, 1, 0, 1, 0, 1, 0, 1]
    >>> said = [[0, 1, 0, 1, 0, 1, 0, 0], [0, 1, 0, 1, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0, 0, 0]]
    >>> found = agreement_on_the_line(said, truth, said)
    >>> round(found.slope, 6), [round(one, 3) for one in found.simple]
    (1.0, [0.833, 0.722, 0.611])
    """
    before, now, truth = _checked(reference_predicted, reference_truth, current_predicted)
    pairs = list(combinations(range(len(before)), 2))
    agreed = np.array([[_probit(one[i] == one[j]) for i, j in pairs] for one in (before, now)])
    accurate = np.array([_probit(one == truth) for one in before])
    slope, bias, simple, detailed = _line(pairs, agreed, accurate)
    r_squared = _r_squared(agreed[0], agreed[1])
    return AgreementEstimate(
        tuple(simple.tolist()),
        tuple(detailed.tolist()),
        slope,
        bias,
        r_squared,
        r_squared >= STRAIGHT,
        before.shape[1],
        now.shape[1],
    )


def agreement_interval(
    reference_predicted: ArrayLike,
    reference_truth: ArrayLike,
    current_predicted: ArrayLike,
    *,
    level: float = 0.9,
    draws: int = 300,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return how far chance in which images were seen moves the detailed estimate of each model.

    Images of the reference and of the window are drawn again with replacement (percentile bootstrap). It says
    nothing of whether accuracies lie on the line of the agreements.

    Parameters
    ----------
    reference_predicted, reference_truth, current_predicted
        As of `agreement_on_the_line`.
    level
        Share of the draws within the interval, in (0, 1).

    Returns
    -------
    ndarray
        (m, 2): where it begins and ends, in [0, 1].

    Raises
    ------
    UsageError
        For fewer models, or shapes that do not fit.
    """
    before, now, truth = _checked(reference_predicted, reference_truth, current_predicted)
    pairs = list(combinations(range(len(before)), 2))
    rng = np.random.default_rng(seed)
    known = np.array([*(before[i] == before[j] for i, j in pairs), *(before == truth)])
    past = _drawn(
        known, draws, rng
    )  # the same images tell how often pairs agree and how often models are right
    later = _drawn(np.array([now[i] == now[j] for i, j in pairs]), draws, rng)
    split = len(pairs)
    found = [_line(pairs, np.stack([a[:split], b]), a[split:])[3] for a, b in zip(past, later, strict=True)]
    return np.quantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0).T


def _line(
    pairs: list[tuple[int, int]], agreed: NDArray[np.float64], accurate: NDArray[np.float64]
) -> tuple[float, float, NDArray[np.float64], NDArray[np.float64]]:
    """Return slope and bias of the line, and simple and detailed accuracies in [0, 1]."""
    spread = agreed[0] - agreed[0].mean()
    varies = float((spread**2).sum()) > 1e-12
    slope = float((spread * agreed[1]).sum() / (spread**2).sum()) if varies else 1.0
    bias = float(agreed[1].mean() - slope * agreed[0].mean())
    simple = slope * accurate + bias
    return slope, bias, ndtr(simple), ndtr(_solved(pairs, agreed, accurate, slope, simple))


def _drawn(hits: NDArray[np.bool_], draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return (draws, rows) probits of the share of hits in each row, columns drawn with replacement."""
    n = hits.shape[1]
    times = rng.multinomial(n, np.full(n, 1 / n), size=draws)
    return np.asarray(ndtri((times @ hits.T + 0.5) / (n + 1)))


def _solved(
    pairs: list[tuple[int, int]],
    agreed: NDArray[np.float64],
    accurate: NDArray[np.float64],
    slope: float,
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the m accuracies, in probits, that fit all pairs best; of many, those next to `start`."""
    system = np.zeros((len(pairs), len(accurate)))
    wanted = np.empty(len(pairs))
    for row, (i, j) in enumerate(pairs):
        system[row, [i, j]] = 0.5
        wanted[row] = agreed[1, row] + slope * ((accurate[i] + accurate[j]) / 2 - agreed[0, row])
    solved: NDArray[np.float64] = start + np.linalg.lstsq(system, wanted - system @ start, rcond=None)[0]
    return solved


def _probit(hits: NDArray[np.bool_]) -> float:
    return float(ndtri((hits.sum() + 0.5) / (hits.size + 1)))


def _r_squared(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    if np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1] ** 2)


def _checked(
    before: ArrayLike, truth: ArrayLike, now: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    first, second, true_one = (np.asarray(one, dtype=np.int64) for one in (before, now, truth))
    if first.ndim != 2 or second.ndim != 2 or len(first) != len(second):
        raise UsageError(
            "Predictions are two tables with a row for each model, the same models before and now; got "
            f"shapes {first.shape} and {second.shape}."
        )
    if len(first) < LEAST_MODELS:
        raise UsageError(
            f"Agreement on the line needs {LEAST_MODELS} models or more; got {len(first)}. Use "
            "average_thresholded_confidence for one model."
        )
    if true_one.shape != first.shape[1:] or 0 in {first.shape[1], second.shape[1]}:
        raise UsageError(
            f"There are predictions for {first.shape[1]} images of the reference and {second.shape[1]} of "
            f"the window, and truths of shape {true_one.shape}; expected one truth for each of the "
            "reference, and at least one image on both sides."
        )
    return first, second, true_one
