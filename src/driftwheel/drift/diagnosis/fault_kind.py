"""The kind of a change that no known fault explains: other content, or a fault that is not in the list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.verdict import Kind

__all__ = ["kind_without_fault"]

_BEYOND = 0.9  # of the known faults move images less
_FAR = 0.7  # likewise, in a direction of its own
_UNLIKE = 0.2  # of the squared shift explained: less makes it a direction of its own


def kind_without_fault(
    window: NDArray[np.float64],
    reference: NDArray[np.float64],
    faults: NDArray[np.float64],
    property_features: int,
    explained: float,
) -> Kind:
    """Return ``content`` for a change unlike what faults do, else ``unknown``.

    Faults change how an image looks, and properties see it at least as well as an embedding does; other
    content moves the embedding. So it is content when the embedding moved further than nine in ten of the
    simulated faults move it, or further in proportion to the properties, or far in a direction in which no
    known fault goes. Without an embedding, properties stand for it. A rule of thumb: a fault that nobody has
    listed can always look like content.

    Parameters
    ----------
    window, reference
        (n, f) and (n_r, f) features, those of properties first.
    faults
        (k, f) mean shift of each simulated case.
    property_features
        How many of the f features come from properties.
    explained
        Largest share of the squared shift that any known fault accounts for, at most 1.
    """
    shift = window.mean(axis=0) - reference.mean(axis=0)
    chance = reference.var(axis=0) / len(window)
    parts = [slice(property_features)]
    if len(shift) > property_features:
        parts.append(slice(property_features, None))
    moved = [np.sqrt(max(0.0, float((shift[p] ** 2 - chance[p]).sum()))) for p in parts]
    usual = [np.sqrt((faults[:, p] ** 2).sum(axis=1)) for p in parts]
    content = moved[-1] > np.quantile(usual[-1], _BEYOND)
    content |= moved[-1] > np.quantile(usual[-1], _FAR) and explained < _UNLIKE
    if len(parts) == 2:
        ratio = usual[1] / np.maximum(usual[0], 1e-9)
        content |= moved[1] > np.quantile(ratio, _BEYOND) * max(moved[0], 1e-9)
    return "content" if content else "unknown"
