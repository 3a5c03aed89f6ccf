"""Exemplars: the current images that show the change best, and the reference images that are most typical."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.verdict import PropertyDrift
from driftwheel.records import Records

__all__ = ["exemplars", "typical"]


def exemplars(
    reference: Records,
    current: Records,
    properties: tuple[PropertyDrift, ...],
    scores: NDArray[np.floating] | None,
    count: int = 50,
) -> tuple[str, ...]:
    """Return the names of up to `count` current images that show the change best, the best first.

    Parameters
    ----------
    properties
        What the properties say.
    scores
        (m,) the domain classifier's, the higher the less like the reference. With None, the mean distance
        from the reference over the drifted properties, in its standard deviations, ranks the images. Ties
        go by name.
    """
    ranks = scores
    if ranks is None:
        drifted = [reference.property_names.index(one.name) for one in properties if one.drifted]
        columns = drifted or list(range(len(reference.property_names)))
        _, right = _standardised(reference.properties[:, columns], current.properties[:, columns])
        ranks = np.abs(right).mean(axis=1, dtype=np.float64)
    order = np.lexsort((np.array(current.images), -ranks))
    return tuple(current.images[i] for i in order[:count])


def typical(reference: Records, count: int) -> tuple[str, ...]:
    """Return the names of `count` images spread over the half nearest to the middle of the reference.

    The nearness is that of standardised properties and embeddings to their medians.
    """
    own, _ = _standardised(reference.properties, reference.properties)
    if reference.embeddings is not None:
        own = np.hstack([own, _standardised(reference.embeddings, reference.embeddings)[0]])
    distance = np.abs(own - np.median(own, axis=0)).mean(axis=1)
    nearest = np.argsort(distance, kind="stable")[: max(count, len(reference) // 2)]
    taken = nearest[np.linspace(0, len(nearest) - 1, min(count, len(nearest))).astype(int)]
    return tuple(reference.images[i] for i in taken)


def _standardised(
    reference: NDArray[np.float32], current: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both in reference standard deviations from the reference mean; undefined values become 0.

    Values are clipped at ±20; where the reference is constant a thousandth of its value stands in for the
    standard deviation.
    """
    with np.errstate(invalid="ignore"):
        defined = ~np.isnan(reference)
        counts = np.maximum(defined.sum(axis=0), 1)
        mean = np.where(defined, reference, 0).sum(axis=0, dtype=np.float64) / counts
        deviations = np.where(defined, reference - mean, 0)
        sigma = np.sqrt((deviations**2).sum(axis=0) / counts)
        scale = np.maximum(sigma, 1e-3 * np.abs(mean) + 1e-6)
        return tuple(
            np.nan_to_num((x - mean) / scale).clip(-20, 20).astype(np.float32) for x in (reference, current)
        )
