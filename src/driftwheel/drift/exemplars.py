"""Exemplars: the current images that show the change best, and the reference images that are most typical."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.domain_classifier import LEAST_IMAGES, domain_classifier
from driftwheel.drift.verdict import Verdict
from driftwheel.records import Records

__all__ = ["exemplars", "features", "typical"]


def exemplars(
    reference: Records, current: Records, verdict: Verdict, *, rng: np.random.Generator, count: int = 50
) -> tuple[str, ...]:
    """Return the names of up to `count` current images that show the change best, the best first.

    A cross-fitted domain classifier on standardised properties and embeddings ranks them; with fewer images
    than it is meant for, the mean distance from the reference over the drifted properties, in its standard
    deviations, does. Ties go by name.
    """
    if len(reference) + len(current) >= LEAST_IMAGES:
        left, right = features(reference, current)
        scores = np.asarray(domain_classifier(left, right, rng=rng).current_scores, dtype=np.float64)
    else:
        drifted = [reference.property_names.index(p.name) for p in verdict.properties if p.drifted]
        columns = drifted or list(range(len(reference.property_names)))
        left, right = standardised(reference.properties[:, columns], current.properties[:, columns])
        scores = np.abs(right).mean(axis=1, dtype=np.float64)
    order = np.lexsort((np.array(current.images), -scores))
    return tuple(current.images[i] for i in order[:count])


def typical(reference: Records, count: int) -> tuple[str, ...]:
    """Return the names of `count` images spread over the half nearest to the middle of the reference.

    The nearness is that of standardised properties and embeddings to their medians.
    """
    own, _ = features(reference, reference)
    distance = np.abs(own - np.median(own, axis=0)).mean(axis=1)
    nearest = np.argsort(distance, kind="stable")[: max(count, len(reference) // 2)]
    taken = nearest[np.linspace(0, len(nearest) - 1, min(count, len(nearest))).astype(int)]
    return tuple(reference.images[i] for i in taken)


def features(reference: Records, current: Records) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (n, f) and (m, f) standardised properties, followed by embeddings where both have them."""
    left, right = standardised(reference.properties, current.properties)
    if reference.embeddings is not None and current.embeddings is not None:
        more_left, more_right = standardised(reference.embeddings, current.embeddings)
        return np.hstack([left, more_left]), np.hstack([right, more_right])
    return left, right


def standardised(
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
        )  # type: ignore[return-value]
