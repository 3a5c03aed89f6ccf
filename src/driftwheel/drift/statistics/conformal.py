"""Conformal p-values: how unusual a score is among those of a reference, with a model-free guarantee."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["benjamini_hochberg", "combined_p_values", "conformal_p_values"]

_BLOCK = 4_000_000  # comparisons held at once


def conformal_p_values(calibration: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Return for each score the share of calibration scores at least as large, itself counted among them.

    p = (1 + #{calibration ≥ score}) / (1 + n). If a score comes from where the calibration scores come
    from, then p ≤ α with a chance of at most α, for every α and every n; no distribution is assumed. Ties
    count as at least as large, so they never make a score look more unusual.

    Parameters
    ----------
    calibration
        (n,) scores of images that were not used to make the score; larger is more unusual. n may be 0: then
        every p is 1.
    scores
        (m,) scores to judge.

    Returns
    -------
    (m,) in [1 / (n + 1), 1].

    Raises
    ------
    UsageError
        If a score is NaN or the arrays are not one-dimensional.

    References
    ----------
    Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", Springer 2005, section 2.2.

    Examples
    --------
    >>> conformal_p_values([1.0, 2.0, 3.0, 4.0], [5.0, 4.0, 2.5, 0.0]).tolist()
    [0.2, 0.4, 0.6, 1.0]
    """
    held_out = np.asarray(calibration, dtype=np.float64)
    given = np.asarray(scores, dtype=np.float64)
    if held_out.ndim != 1 or given.ndim != 1 or np.isnan(held_out).any() or np.isnan(given).any():
        raise UsageError("Conformal p-values are made from two columns of scores without NaN.")
    below = np.searchsorted(np.sort(held_out), given, side="left")
    return np.asarray((1.0 + len(held_out) - below) / (1.0 + len(held_out)), dtype=np.float64)


def combined_p_values(calibration: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Return one conformal p-value an image from several scores: unusual in any of them is unusual.

    Among the n calibration images and the one judged, each has a rank in each score, 1 for the largest. Its
    smallest rank is its combined score, and p is the share of these n + 1 images with a smallest rank at
    least as small. Unlike twice the smaller p-value, this does not become more cautious than it need be
    when the scores agree. With one score it is `conformal_p_values`, and it has the same guarantee.

    Parameters
    ----------
    calibration
        (s, n) s scores of n images that were not used to make the scores; larger is more unusual.
    scores
        (s, m) the same scores of the images to judge.

    Returns
    -------
    (m,) in [1 / (n + 1), 1].

    Raises
    ------
    UsageError
        If a score is NaN or the shapes do not fit.

    Examples
    --------
    >>> held_out = [[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]]
    >>> combined_p_values(held_out, [[9.0, 2.5], [0.0, 2.5]]).tolist()
    [0.4, 1.0]
    """
    held_out = np.asarray(calibration, dtype=np.float64)
    given = np.asarray(scores, dtype=np.float64)
    fits = held_out.ndim == given.ndim == 2 and len(held_out) == len(given) >= 1
    if not fits or np.isnan(held_out).any() or np.isnan(given).any():
        raise UsageError(
            "Combined p-values are made from two tables of the same scores, a row a score, without NaN."
        )
    n, m = held_out.shape[1], given.shape[1]
    ranks = n - np.array([np.searchsorted(np.sort(row), row, side="left") for row in held_out])
    above = np.array(
        [
            n - np.searchsorted(np.sort(row), new, side="left")
            for row, new in zip(held_out, given, strict=True)
        ]
    )
    smallest = 1 + above.min(axis=0)
    p = np.empty(m)
    step = max(1, _BLOCK // max(n, 1))
    for start in range(0, m, step):
        part = slice(start, start + step)
        as_unusual = np.zeros((len(smallest[part]), n), dtype=np.bool_)
        for rank, count in zip(ranks, above, strict=True):
            as_unusual |= rank <= np.minimum(smallest[part], count[part])[:, None]
        p[part] = (1.0 + as_unusual.sum(axis=1)) / (1.0 + n)
    return p


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return adjusted p-values: calling those ≤ q unusual keeps the expected share of false calls at q.

    Holds for independent p-values, and for conformal ones that share their calibration scores (Bates and
    others 2023).

    Parameters
    ----------
    p_values
        (m,) in [0, 1], without NaN; m may be 0.

    References
    ----------
    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal Statistical Society
    B 57(1), 1995. Bates, Candès, Lei, Romano and Sesia, "Testing for outliers with conformal p-values",
    Annals of Statistics 51(1), 2023.

    Examples
    --------
    >>> [round(float(p), 6) for p in benjamini_hochberg([0.01, 0.04, 0.03, 0.5])]
    [0.04, 0.053333, 0.053333, 0.5]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise UsageError("p-values are a column of numbers in [0, 1] without NaN.")
    order = np.argsort(-p, kind="stable")
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / np.maximum(ranks, 1)), 1.0)
    return adjusted
