"""Properties as coordinates: like images lie close together, one unusual value puts an image far from all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.evidence.columns import circular_mean, unroll
from driftwheel.images.properties import Property

__all__ = ["property_space"]

_NORMAL = 1.4826  # standard deviations in a median absolute deviation, for a normal distribution
_LEAST_SPREAD = 1e-3  # of a property's range: smaller differences are of no account
_RARE = 1.5  # in nats of surprise: one level in a hundred is then about as unusual as 3 standard deviations


def property_space(
    properties: Sequence[Property], reference: NDArray[np.floating], current: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the property values of two samples as points in one space, scaled by the reference.

    A number becomes arcsinh(z) with z its distance from the reference's median in robust standard
    deviations: near the middle that is z, far out it grows like a logarithm, so that one wild value does
    not drown all else. A category, and whether a value is defined at all, becomes its surprise, -log(share
    in the reference). Properties of the sequence of images rather than of one image are left out.

    Parameters
    ----------
    properties
        One for each column.
    reference, current
        (n, p) and (m, p); NaN where undefined. n of at least 1.

    Returns
    -------
    (n, c) and (m, c) float32, finite.
    """
    left: list[NDArray[np.floating]] = []
    right: list[NDArray[np.floating]] = []
    for one, a, b in zip(properties, reference.T, current.T, strict=True):
        if one.needs == "sequence":
            continue
        missing = np.isnan(a), np.isnan(b)
        pairs = []
        if one.kind == "category":
            pairs.append(_surprise(np.nan_to_num(a, nan=-1.0), np.nan_to_num(b, nan=-1.0)))
        else:
            if missing[0].any() or missing[1].any():
                pairs.append(_surprise(*missing))
            if not missing[0].all():
                pairs.append(_scaled(one, a, b))
        for x, y in pairs:
            left.append(x)
            right.append(y)
    if not left:
        return np.zeros((len(reference), 1), np.float32), np.zeros((len(current), 1), np.float32)
    return np.column_stack(left).astype(np.float32), np.column_stack(right).astype(np.float32)


def _scaled(
    one: Property, reference: NDArray[np.floating], current: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    pair = reference.astype(np.float64), current.astype(np.float64)
    extent = one.high - one.low
    if one.kind == "circular":
        centre = circular_mean(pair[0])
        pair = unroll(pair[0], centre).astype(np.float64), unroll(pair[1], centre).astype(np.float64)
    elif one.scale == "log":
        pair = np.log(np.maximum(pair[0], one.low)), np.log(np.maximum(pair[1], one.low))
        extent = np.log(one.high / one.low)
    median = np.nanmedian(pair[0])
    spread = max(_NORMAL * np.nanmedian(np.abs(pair[0] - median)), _LEAST_SPREAD * extent)
    a, b = (np.nan_to_num(np.arcsinh((values - median) / spread), nan=0.0) for values in pair)
    return a, b


def _surprise(
    reference: NDArray[np.generic], current: NDArray[np.generic]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return -log of each value's share in the reference, a current value counted as if it were in it."""
    levels, places = np.unique(np.concatenate([reference, current]), return_inverse=True)
    counts = np.bincount(places[: len(reference)], minlength=len(levels))
    a = counts[places[: len(reference)]] / len(reference)
    b = (counts[places[len(reference) :]] + 1) / (len(reference) + 1)
    return -np.log(a) / _RARE, -np.log(b) / _RARE
