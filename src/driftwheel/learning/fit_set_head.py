"""Fit a head for sets of classes to the labels so far, and measure how often a whole set is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit
from threadpoolctl import threadpool_limits

from driftwheel.errors import UsageError
from driftwheel.learning.cross_fitted_regression import (
    LEAST_LABELS,
    check_embeddings,
    cross_fitted_regression,
    penalties_near,
)
from driftwheel.learning.principal_axes import principal_axes
from driftwheel.learning.set_head import SetHead, whole_confidence
from driftwheel.selection.sampled_accuracy import SampledAccuracy, sampled_accuracy

__all__ = ["LEAST_OF_CLASS", "FittedSetHead", "fit_set_head"]

LEAST_OF_CLASS = 3
"""Images that have a class, and that have it not, to tell it by the embedding; below, all get its share."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FittedSetHead:
    """A head and what is known of it.

    Attributes
    ----------
    head
        Fitted to all labels.
    accuracy
        How often the whole set is right, of images whose label was not learnt from.
    recalls
        Class → how often it was told of images that have it.
    n
        Labels learnt from.
    counts
        Class → images that have it.
    chances
        (n, k) out of fold, of each class that it is on the image.
    confidence, right
        (n,) of each label learnt from, in their order: that the set out of fold is right, and whether it is.
    """

    head: SetHead
    accuracy: SampledAccuracy
    recalls: Mapping[str, SampledAccuracy]
    n: int
    counts: Mapping[str, int]
    chances: NDArray[np.float64]
    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]


def fit_set_head(
    embeddings: ArrayLike,
    sets: Sequence[Collection[str]],
    classes: Sequence[str],
    *,
    seed: int,
    before: SetHead | None = None,
    folds: int = 5,
    level: float = 0.9,
) -> FittedSetHead:
    """Fit a linear classifier for each class to embeddings labelled with sets, and measure them together.

    Parameters
    ----------
    embeddings
        (n, d), finite.
    sets
        n sets of class names; empty ones too.
    classes
        The k classes that there are.
    seed
        Draws the folds, the same for all classes.
    before
        The head before, of the same classes: only penalties near its own are tried.
    folds
        At least 2. Each image is predicted once by a head that did not learn from it.
    level
        Of intervals.

    Raises
    ------
    UsageError
        For fewer than 10 labels, or none of whose classes there are enough with and without it.

    Notes
    -----
    Binary relevance: classes that hang together are not told by each other, which costs little where the
    image itself shows each of them. That all are right has the product of their chances, raised to a power
    that is fitted out of fold (one number, by maximum likelihood): the product would be too low where errors
    come together. 1,000 labels of ten classes at 128 dimensions take about 1 s on one core.

    References
    ----------
    J. Read, B. Pfahringer, G. Holmes, E. Frank, "Classifier chains for multi-label classification", Machine
    Learning 85 (2011), section 2 (binary relevance).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> both = rng.random((80, 2)) < 0.5
    >>> places = np.where(both, 1.0, -1.0) + rng.normal(0, 0.3, (80, 2))
    >>> named = [[name for name, there in zip("ab", row) if there] for row in both]
    >>> found = fit_set_head(places, named, ["a", "b"], seed=0)
    >>> found.accuracy.accuracy > 0.9, found.head.scores([[1.0, -1.0]]).present.tolist()
    (True, [[True, False]])
    """
    table = np.asarray(embeddings, dtype=np.float64)
    names = tuple(classes)
    _check(table, sets, names, folds)
    n = len(table)
    there = np.array([[name in one for name in names] for one in sets], dtype=np.bool_).reshape(n, -1)
    told = np.minimum(there.sum(axis=0), n - there.sum(axis=0)) >= LEAST_OF_CLASS
    if n < LEAST_LABELS or not told.any():
        raise UsageError(
            f"There are {n} labels to learn from; a head needs at least {LEAST_LABELS}, with a class that "
            f"{LEAST_OF_CLASS} of the images have and {LEAST_OF_CLASS} have not. Label more images."
        )
    fold = np.random.default_rng(seed).permutation(n) % folds
    known = before is not None and before.classes == names
    with threadpool_limits(1, "blas"):  # small products: more threads only wait for each other
        centre, axes, points = principal_axes(table)
        weights, bias = np.zeros((table.shape[1], len(names))), np.zeros(len(names))
        chances, penalties = np.empty((n, len(names))), np.zeros(len(names))
        for column in range(len(names)):
            share = (there[:, column].sum() + 0.5) / (n + 1)
            if not told[column]:
                bias[column], chances[:, column] = np.log(share / (1 - share)), share
                continue
            tried = penalties_near(before.penalties[column] if known and before is not None else None)
            labels = there[:, column].astype(np.intp)
            one = cross_fitted_regression(points, labels, 2, fold, penalties=tried)
            odds = np.diff(one.coefficients, axis=1)[:, 0] / one.temperature
            spread = axes @ odds[:-1]
            weights[:, column] = spread
            bias[column] = odds[-1] - centre @ spread
            chances[:, column] = expit(np.diff(one.logits, axis=1)[:, 0] / one.temperature)
            penalties[column] = one.penalty
    right = ((chances >= 0.5) == there).all(axis=1)
    power = _power(chances, right)
    everywhere = np.ones(n)
    return FittedSetHead(
        SetHead(names, weights, bias, power, penalties),
        sampled_accuracy(right, everywhere, level=level),
        {
            name: sampled_accuracy((chances[:, c] >= 0.5)[rows], everywhere[rows], level=level)
            for c, name in enumerate(names)
            for rows in [there[:, c]]
            if rows.any()
        },
        n,
        {name: int(count) for name, count in zip(names, there.sum(axis=0), strict=True)},
        chances,
        whole_confidence(chances, power),
        right,
    )


def _power(chances: Array, right: NDArray[np.bool_]) -> float:
    """Return the best power in [0.05, 5], with one more set that is wrong and one that is right."""
    logs = np.log(np.maximum(np.maximum(chances, 1 - chances), 1e-9)).sum(axis=1)
    n = len(right)
    hits = np.append(right, [True, False])
    logs = np.append(logs, [logs.mean(), logs.mean()]) if n else logs

    def loss(log_power: float) -> float:
        sure = np.exp(np.exp(log_power) * logs)
        wrong = np.log(np.maximum(-np.expm1(np.exp(log_power) * logs), 1e-12))
        return -float(np.where(hits, np.log(np.maximum(sure, 1e-12)), wrong).mean())

    found = minimize_scalar(loss, bounds=(-3.0, 1.6), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x))


def _check(table: Array, sets: Sequence[Collection[str]], names: tuple[str, ...], folds: int) -> None:
    if table.ndim != 2 or len(sets) != len(table):
        raise UsageError(
            f"A head is fitted to embeddings (images, dimensions) with one set each; got shape {table.shape} "
            f"and {len(sets)} sets."
        )
    check_embeddings(table, folds)
    if strange := sorted({name for one in sets for name in one} - set(names)):
        raise UsageError(f"A set names '{strange[0]:.60}', which is none of the {len(names)} classes.")
