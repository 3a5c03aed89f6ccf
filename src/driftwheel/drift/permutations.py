"""Permutations: which pooled images are called the reference when nothing is supposed to have changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["check_labels", "draw_labels", "observed_labels", "permutation_p_value"]


def draw_labels(
    n_reference: int, n_current: int, permutations: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw permuted labels of the pooled images, the reference's first and the current ones after them.

    Returns
    -------
    (permutations, n_reference + n_current) bool; True means "called reference"; every row has n_reference of
    them, and all such rows are equally likely. Give the same array to several tests, and their nulls belong
    together, so that a maximum over tests is a valid statistic.

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
    labels = np.empty((permutations, n_reference + n_current), dtype=np.bool_)
    labels[:, :n_reference] = True
    labels[:, n_reference:] = False
    return np.asarray(rng.permuted(labels, axis=1, out=labels))


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
