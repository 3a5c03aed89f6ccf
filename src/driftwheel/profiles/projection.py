"""The projection of embeddings to at most 128 dimensions: principal components of the reference."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import IncomparableError

__all__ = ["MOST_DIMENSIONS", "Projection", "fit_projection", "projection_from"]

MOST_DIMENSIONS = 128
"""A profile keeps embeddings in at most this many dimensions."""

_NOISE = 1e-10  # components below this share of the largest variance are rounding, not image content


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """An affine map y = matrix · (x − centre).

    Attributes
    ----------
    id
        16 hex digits, a hash of the map: two profiles are comparable when theirs are equal.
    centre
        (d,) float32, the mean of the embeddings it was fitted on.
    matrix
        (k, d) float32, k ≤ 128 orthonormal rows, the largest variance first.
    """

    id: str
    centre: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def apply(self, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the (n, k) projections of (n, d) embeddings.

        Raises
        ------
        IncomparableError
            When the embeddings have another width than those it was fitted on.
        """
        if embeddings.shape[1] != len(self.centre):
            raise IncomparableError(
                f"The embeddings have {embeddings.shape[1]} dimensions, the reference's projection expects "
                f"{len(self.centre)}. Use the embedder the reference was profiled with."
            )
        return (embeddings.astype(np.float64) - self.centre) @ self.matrix.astype(np.float64).T


def projection_from(centre: NDArray[np.float32], matrix: NDArray[np.float32]) -> Projection:
    """Return the projection of these numbers, with the id that follows from them."""
    digest = hashlib.sha256()
    digest.update(f"{matrix.shape[0]}x{matrix.shape[1]}:".encode())
    digest.update(centre.astype("<f4").tobytes())
    digest.update(matrix.astype("<f4").tobytes())
    return Projection(digest.hexdigest()[:16], centre.astype(np.float32), matrix.astype(np.float32))


def fit_projection(
    mean: NDArray[np.float64], scatter: NDArray[np.float64], *, dimensions: int = MOST_DIMENSIONS
) -> Projection:
    """Fit principal components to the moments of embeddings.

    Parameters
    ----------
    mean, scatter
        (d,) and (d, d): the mean and the (scaled or unscaled) covariance of the reference's embeddings.
    dimensions
        The most components to keep. Fewer are kept when the reference spans fewer (n images span at most n −
        1).

    Returns
    -------
    Projection
        Signs are fixed (each row's entry of largest size is positive), so equal moments give an equal map.

    Examples
    --------
    >>> fit_projection(np.zeros(3), np.diag([1.0, 4.0, 0.0])).matrix
    array([[0., 1., 0.],
           [1., 0., 0.]], dtype=float32)
    """
    variances, vectors = np.linalg.eigh(scatter)
    order = np.argsort(variances)[::-1][:dimensions]
    kept = order[variances[order] > _NOISE * max(float(variances[order[0]]), np.finfo(np.float64).tiny)]
    rows = vectors[:, kept].T
    largest = np.take_along_axis(rows, np.abs(rows).argmax(axis=1, keepdims=True), axis=1)
    signed = rows * np.where(largest < 0, -1.0, 1.0) + 0.0
    return projection_from(mean.astype(np.float32), signed.astype(np.float32))
