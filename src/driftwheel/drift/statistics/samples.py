"""What every drift test does to its input first: check the shape, remove the undefined values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = ["as_columns", "as_counts", "as_sample"]

Floats = NDArray[np.floating[Any]]


def as_sample(values: ArrayLike, name: str) -> Floats:
    """Return the finite values of a sample: 1-D, float32 if it came as float32, else float64.

    NaN and infinite values are *undefined* and removed; the sample may come out empty.

    Raises
    ------
    UsageError
        When `values` is not one-dimensional or not numeric; `name` says which argument it was.

    Examples
    --------
    >>> as_sample([1, float("nan"), 3], "reference")
    array([1., 3.])
    """
    array = _as_floats(values, name)
    if array.ndim != 1:
        raise UsageError(
            f"`{name}` has {array.ndim} dimensions; expected one column of values. "
            "For a table of columns use the function that ends in _columns."
        )
    finite = np.isfinite(array)
    return array if finite.all() else array[finite]


def as_columns(reference: ArrayLike, current: ArrayLike) -> tuple[Floats, Floats]:
    """Return the two tables, (n, p) and (m, p), in one float dtype, with every undefined value as NaN.

    Raises
    ------
    UsageError
        When one is not two-dimensional, or their numbers of columns differ.
    """
    tables = []
    for name, values in (("reference", reference), ("current", current)):
        array = _as_floats(values, name)
        if array.ndim != 2:
            raise UsageError(
                f"`{name}` has {array.ndim} dimensions; expected a table of shape (images, columns)."
            )
        infinite = np.isinf(array)
        tables.append(np.where(infinite, np.nan, array) if infinite.any() else array)
    first, second = tables
    if first.shape[1] != second.shape[1]:
        raise UsageError(
            f"`reference` has {first.shape[1]} columns and `current` {second.shape[1]}; "
            "both must hold the same columns in the same order."
        )
    dtype = np.result_type(first, second)
    return first.astype(dtype, copy=False), second.astype(dtype, copy=False)


def as_counts(reference: ArrayLike, current: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return two histograms, (b,) or (p, b), as int64.

    Raises
    ------
    UsageError
        When shapes differ, or a count is negative or not whole.
    """
    tables = []
    for name, values in (("reference_counts", reference), ("current_counts", current)):
        array = np.asarray(values)
        if array.ndim not in (1, 2) or array.shape[-1] == 0:
            raise UsageError(f"`{name}` has shape {array.shape}; expected (bins,) or (columns, bins).")
        counts = array.astype(np.int64)
        if not np.array_equal(counts, array) or (counts < 0).any():
            raise UsageError(f"`{name}` holds a value that is not a count; expected whole numbers ≥ 0.")
        tables.append(counts)
    if tables[0].shape != tables[1].shape:
        raise UsageError(
            f"`reference_counts` has shape {tables[0].shape} and `current_counts` {tables[1].shape}; "
            "both must have the same bins."
        )
    return tables[0], tables[1]


def _as_floats(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values)
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind not in "biuf" and array.size:
        raise UsageError(f"`{name}` holds {array.dtype} values; expected numbers.")
    return array.astype(np.float64)
