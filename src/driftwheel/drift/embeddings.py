"""What every test on embeddings does to its input first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import IncomparableError, UsageError

__all__ = ["as_embeddings"]


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
