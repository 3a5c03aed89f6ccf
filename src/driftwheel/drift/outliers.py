"""Outliers: the current images that are most unlike the reference, with p-values that mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.property_space import property_space
from driftwheel.drift.statistics.conformal import combined_p_values
from driftwheel.drift.statistics.neighbour_distance import neighbour_distances, neighbour_ratios, unit_length
from driftwheel.drift.verdict import Outlier
from driftwheel.errors import IncomparableError, UsageError
from driftwheel.images.properties import property_named
from driftwheel.records import Records

__all__ = ["outliers"]

_MOST_REFERENCE = 20_000


def outliers(
    reference: Records,
    current: Records,
    *,
    k: int = 10,
    rng: np.random.Generator | None = None,
    most_reference: int = _MOST_REFERENCE,
) -> tuple[Outlier, ...]:
    """Rank the current images by how unlike the reference they are, the most unusual first.

    Two scores are combined by `combined_p_values`: the distance to the k-th nearest reference image between
    embeddings of length 1 (where both sides have embeddings), and the same distance between properties as a
    multiple of what is usual around there. A reference image is scored against all others, so that the
    whole reference is both measured against and calibrated on. Leaving one out this way errs on the safe
    side: its distance is taken among n - 1 images, a current image's among n, which makes the reference
    look no less unusual than it is. So at most about 1 % of images like the reference have p ≤ 0.01: proven
    for the distance, and found by simulation from 60 reference images on for the multiple and for properties
    scaled by the reference itself. Images must come independently: in a reference of bursts of near-equal
    frames each image lies nearer to its neighbours than any new one can, unless k is larger than a burst.

    Parameters
    ----------
    reference, current
        Made by the same embedder, with the same properties. With fewer than two reference images every p is
        1; p ≤ 0.01 is possible from 99 of them.
    k
        Which neighbour; at most one less than there are reference images is used.
    rng
        Draws `most_reference` images of a larger reference; needed only then.
    most_reference
        Reference images used at most: time and accuracy grow no further, and the cost is n × (n + m).

    Returns
    -------
    tuple of Outlier
        One for each current image. Equal p-values are ordered by how far the image is out, then by name.

    Raises
    ------
    IncomparableError
        If the embedders or the properties of the two sides differ.
    UsageError
        If k is below 1, or the reference is larger than `most_reference` and there is no `rng`.

    References
    ----------
    Sun, Ming, Zhu and Li, "Out-of-distribution detection with deep nearest neighbors", ICML 2022.
    Yang and others, "OpenOOD: benchmarking generalized out-of-distribution detection", NeurIPS 2022.

    Examples
    --------
    >>> def records(values):
    ...     table = np.array(values, np.float32)[:, None]
    ...     return Records(tuple(f"{v:03}.jpg" for v in values), table, ("brightness",))
    >>> outliers(records(range(100, 200)), records([150, 255, 120]), k=3)[0]
    Outlier(p_value=0.009900990099009901, image='255.jpg')
    """
    if k < 1:
        raise UsageError(f"An outlier is judged by its k-th nearest neighbour with k of at least 1, not {k}.")
    _check_comparable(reference, current)
    if len(reference) < 2 or len(current) == 0:
        return tuple(Outlier(1.0, image) for image in sorted(current.images))
    if len(reference) > most_reference:
        if rng is None:
            raise UsageError(
                f"The reference has {len(reference)} images, more than the {most_reference} that are "
                "used: pass an rng to draw them, or raise most_reference."
            )
        reference = reference.take(np.sort(rng.choice(len(reference), most_reference, replace=False)))
    usual, found = _scores(reference, current, min(k, len(reference) - 1))
    p_values = combined_p_values(usual, found)
    extent = (found / np.maximum(np.median(usual, axis=1, keepdims=True), 1e-12)).max(axis=0)
    order = sorted(range(len(current)), key=lambda i: (p_values[i], -extent[i], current.images[i]))
    return tuple(Outlier(float(p_values[i]), current.images[i]) for i in order)


def _scores(reference: Records, current: Records, k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (scores, n) of the reference images, each against the others, and (scores, m) of the current."""
    properties = [property_named(name) for name in reference.property_names]
    bank, points = property_space(properties, reference.properties, current.properties)
    ratios = neighbour_ratios(bank, points, k=k)
    usual, found = [ratios[0]], [ratios[1]]
    if reference.embeddings is not None and current.embeddings is not None:
        bank, points = unit_length(reference.embeddings), unit_length(current.embeddings)
        usual.append(neighbour_distances(bank, k=k))
        found.append(neighbour_distances(bank, points, k=k))
    return np.array(usual), np.array(found)


def _check_comparable(reference: Records, current: Records) -> None:
    if reference.property_names != current.property_names:
        raise IncomparableError(
            "The two sides were measured with different properties; measure both with one release."
        )
    if reference.embedder != current.embedder:
        raise IncomparableError(
            f"The embeddings were made by different embedders ({reference.embedder} and {current.embedder}); "
            "use one for both sides."
        )
