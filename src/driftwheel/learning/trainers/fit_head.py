"""Fit the head of a network to features of images: convex, exact, in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from threadpoolctl import threadpool_limits

from driftwheel.learning.best_temperature import best_temperature
from driftwheel.learning.principal_axes import principal_axes
from driftwheel.learning.softmax_regression import softmax_regression

__all__ = ["PENALTIES", "FittedHead", "Labelled", "fit_head", "weighted_loss"]

PENALTIES = (3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
"""That are tried, for features whose mean squared length about their mean is 1."""

_PATIENCE = 2  # penalties in a row that do worse than the best, until the search ends

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Features with labels: (n, d), (n,) and (n,) how much each counts, at least 0 and not all 0."""

    features: NDArray[np.float32]
    labels: NDArray[np.intp]
    weights: Array


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """A linear head: logits are features · weightsᵀ + bias.

    Attributes
    ----------
    weights, bias
        (k, d) and (k,) float32.
    temperature
        That logits are divided by, fitted to the validation split.
    penalty
        The one that did best on it.
    loss
        On it, at the temperature, in nats.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    penalty: float
    loss: float


def fit_head(
    learn: Labelled,
    check: Labelled,
    classes: int,
    *,
    before: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
) -> FittedHead:
    """Fit a head by softmax regression; its penalty and temperature are those that do best on `check`.

    Parameters
    ----------
    before
        Weights (k, d) and bias (k,) of the head to go on from: the penalty then pulls towards it, so that
        few labels change little.

    Notes
    -----
    20,000 images of 1,280 features and two classes take some 15 s on one core.
    """
    with threadpool_limits(1, "blas"):
        centre, axes, points = principal_axes(np.asarray(learn.features, dtype=np.float64))
        weights = (learn.weights / learn.weights.sum())[:, None]
        held = (np.asarray(check.features, dtype=np.float64) - centre) @ axes
        offsets = None if before is None else _logits(learn.features, before)
        there = 0.0 if before is None else _logits(check.features, before)
        best: tuple[float, float, float, Array] = (np.inf, 1.0, 0.0, np.empty(0))
        found: Array | None = None
        worse = 0
        for penalty in PENALTIES:
            found = softmax_regression(
                points, learn.labels, weights, classes, penalty=penalty, start=found, offsets=offsets
            )
            logits = held @ found[0, :-1] + found[0, -1] + there
            temperature, loss = best_temperature(logits, check.labels, check.weights)
            if loss < best[0] - 1e-4:
                best, worse = (loss, temperature, penalty, found[0]), 0
            else:
                worse += 1
            if worse == _PATIENCE:
                break
    loss, temperature, penalty, coefficients = best
    spread = (axes @ coefficients[:-1]).T
    bias = coefficients[-1] - spread @ centre
    if before is not None:
        spread, bias = spread + before[0], bias + before[1]
    return FittedHead(spread.astype(np.float32), bias.astype(np.float32), temperature, penalty, loss)


def weighted_loss(logits: NDArray[Any], labels: NDArray[np.intp], weights: Array) -> float:
    """Return the mean cross-entropy in nats."""
    logs = log_softmax(logits, axis=1)[np.arange(len(labels)), labels]
    return -float(np.average(logs, weights=weights))


def _logits(features: NDArray[np.float32], head: tuple[NDArray[np.float32], NDArray[np.float32]]) -> Array:
    return np.asarray(features @ head[0].T + head[1], dtype=np.float64)
