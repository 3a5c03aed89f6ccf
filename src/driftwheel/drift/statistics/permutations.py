"""Permutations: which pooled images are called the reference when nothing is supposed to have changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = [
    "cell_order",
    "check_labels",
    "draw_cells",
    "draw_labels",
    "observed_labels",
    "permutation_p_value",
]

_LARGEST_CELL = 8
_FEW = 4000  # pooled images up to which single images are permuted: cells buy little time there
_LEAST_CELLS = 100  # in the smaller sample: with fewer, a few outliers that share a cell would count as one
_SINGLE = 10  # images left single in the larger sample for each one left single in the smaller


def draw_cells(n_reference: int, n_current: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Divide the pooled images into cells of up to 8 at random, none with images of both samples.

    Permutations that move whole cells, and single images among single images, are a subgroup of all
    permutations that the real labels belong to, so p-values by them are as valid; and sums over cells can
    be taken once for all of them. With 100 cells or more in the smaller sample their nulls are hardly
    coarser. Up to 4,000 pooled images, or below 200 in the smaller sample, every image is a cell.

    Returns
    -------
    (n_reference + n_current,) cell numbers from 0; give them to `draw_labels` and `mmd_permutations`.

    References
    ----------
    Domingo-Enrich, Dwivedi, Mackey, "Cheap Permutation Testing", 2025.

    Examples
    --------
    >>> np.bincount(np.bincount(draw_cells(5000, 402, np.random.default_rng(0)))).tolist()
    [0, 22, 0, 0, 1345]
    """
    smaller = min(n_reference, n_current)
    size = int(np.clip(smaller // _LEAST_CELLS, 1, _LARGEST_CELL))
    if size == 1 or n_reference + n_current <= _FEW:
        return np.arange(n_reference + n_current)
    numbers: list[NDArray[np.intp]] = []
    first = 0
    for count in (n_reference, n_current):
        whole = (count - smaller % size * (_SINGLE if count > smaller else 1)) // size
        single = count - whole * size
        own = np.concatenate([np.repeat(np.arange(whole), size), np.arange(whole, whole + single)])
        numbers.append(first + rng.permutation(own))
        first += whole + single
    return np.concatenate(numbers)


def cell_order(
    cells: NDArray[np.intp], labels: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (rows,) the order that brings cells together, and (c,) where each cell begins in it.

    Raises
    ------
    UsageError
        When some of the (B, rows) labels cut a cell.
    """
    order = np.argsort(cells, kind="stable")
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    together = np.diff(cells[order]) == 0
    placed = labels[:, order]
    if (placed[:, 1:] != placed[:, :-1])[:, together].any():
        raise UsageError("A permutation cuts a cell; draw the labels with `draw_labels(..., cells=cells)`.")
    return order, starts


def draw_labels(
    n_reference: int,
    n_current: int,
    permutations: int,
    rng: np.random.Generator,
    cells: NDArray[np.intp] | None = None,
) -> NDArray[np.bool_]:
    """Draw permuted labels of the pooled images, the reference's first and the current ones after them.

    Returns
    -------
    (permutations, n_reference + n_current) bool; True means "called reference"; every row has n_reference of
    them, and all such rows are equally likely. Give the same array to several tests, and their nulls belong
    together, so that a maximum over tests is a valid statistic. With `cells` from `draw_cells`, all such rows
    are that leave every cell whole and put it in the place of one of the same size.

    Examples
    --------
    >>> draw_labels(2, 3, 4, np.random.default_rng(0)).sum(axis=1)
    array([2, 2, 2, 2])
    """
    if n_reference < 1 or n_current < 1 or permutations < 1:
        raise UsageError(
            f"Cannot permute {n_reference} reference and {n_current} current images {permutations} times; "
            "each number must be at least 1."
        )
    real = observed_labels(n_reference, n_current)
    if cells is None:
        return np.asarray(rng.permuted(np.tile(real, (permutations, 1)), axis=1))
    _, member, places, sizes = np.unique(cells, return_index=True, return_inverse=True, return_counts=True)
    labels = np.empty((permutations, len(sizes)), dtype=np.bool_)
    for size in np.unique(sizes):
        alike = np.flatnonzero(sizes == size)
        labels[:, alike] = rng.permuted(np.tile(real[member[alike]], (permutations, 1)), axis=1)
    return np.take(labels, places, axis=1)


def observed_labels(n_reference: int, n_current: int) -> NDArray[np.bool_]:
    """Return the (n_reference + n_current,) labels as they really are."""
    return np.arange(n_reference + n_current) < n_reference


def check_labels(labels: NDArray[np.bool_], n_reference: int, n_current: int) -> None:
    """Raise `UsageError` unless `labels` is (B, n_reference + n_current) bool with n_reference True a row."""
    expected = n_reference + n_current
    if labels.ndim != 2 or labels.shape[1] != expected or labels.dtype != np.bool_:
        raise UsageError(
            f"The permutations are {labels.dtype} of shape {labels.shape}; expected bool of shape "
            f"(permutations, {expected}), as `draw_labels` makes them."
        )
    if not (np.count_nonzero(labels, axis=1) == n_reference).all():
        raise UsageError(
            f"A permutation does not call {n_reference} of the {expected} images the reference; "
            "make the permutations with `draw_labels` for these sample sizes."
        )


def permutation_p_value(observed: float, null: NDArray[np.floating]) -> float:
    """Return (1 + #{null ≥ observed}) / (1 + #null), which is never 0 and valid at any number.

    Examples
    --------
    >>> permutation_p_value(3.0, np.array([1.0, 2.0, 3.0]))
    0.5
    """
    return float((1 + np.count_nonzero(null >= observed)) / (1 + null.size))
