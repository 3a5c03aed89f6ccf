"""What every test on embeddings does to its input first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import IncomparableError, UsageError

__all__ = ["as_embeddings", "orthonormal_projection"]


def as_embeddings(
    reference: ArrayLike, current: ArrayLike, least: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the two tables as float32, (n, d) and (m, d).

    Raises
    ------
    UsageError
        When one is not two-dimensional, has fewer than `least` rows, or holds a value that is not finite.
    IncomparableError
        When their dimensions differ: different embedders made them.

    Examples
    --------
    >>> as_embeddings([[1, 2]], [[3, 4], [5, 6]], least=1)[1].shape
    (2, 2)
    """
    tables = []
    for name, values in (("reference", reference), ("current", current)):
        table = np.asarray(values).astype(np.float32, copy=False)
        if table.ndim != 2 or table.shape[1] == 0:
            raise UsageError(f"`{name}` has shape {table.shape}; expected (images, dimensions).")
        if table.shape[0] < least:
            raise UsageError(f"`{name}` has {table.shape[0]} images; this test needs at least {least}.")
        if not np.isfinite(table).all():
            raise UsageError(f"`{name}` holds values that are not finite; leave those images out first.")
        tables.append(table)
    if tables[0].shape[1] != tables[1].shape[1]:
        raise IncomparableError(
            f"The reference has {tables[0].shape[1]} dimensions and the current images {tables[1].shape[1]}; "
            "they were made by different embedders. Embed both with the same one."
        )
    return tables[0], tables[1]


def orthonormal_projection(dimensions: int, target: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a random (dimensions, target) matrix with orthonormal columns, to make embeddings shorter.

    It knows nothing of the data, so tests after it stay valid, which is not so of principal axes fitted on
    the reference alone: those fit the reference better than anything new. Multiply by √(dimensions / target)
    to keep mean squared distances.

    Examples
    --------
    >>> matrix = orthonormal_projection(6, 2, np.random.default_rng(0))
    >>> np.allclose(matrix.T @ matrix, np.eye(2), atol=1e-6)
    True
    """
    if not 1 <= target <= dimensions:
        raise UsageError(f"Cannot project {dimensions} dimensions to {target}; expected 1 to {dimensions}.")
    orthonormal, _ = np.linalg.qr(rng.normal(size=(dimensions, target)))
    return np.asarray(orthonormal, dtype=np.float32)
