"""Fault features: what is compared to tell camera faults apart, on comparable scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.images.properties import property_named
from driftwheel.records import Records

__all__ = ["FaultFeatures", "fit_fault_features"]

STORAGE = frozenset(
    {"file_bytes", "bytes_per_pixel", "jpeg_quality", "orientation", "channels", "format", "near_duplicate"}
)
"""Left out: they tell how an image was stored, which changes for reasons that are no fault of the camera."""

EMBEDDED = 32
"""Dimensions kept of the embeddings, those in which reference and faults vary most."""

_LINEAR = 3.0  # reference deviations up to which a feature is linear; beyond it grows as a logarithm
_LEAST_SPREAD = (
    0.02  # of the spread over all faults: the scale of a property that is constant in the reference
)
_COLOURLESS = 0.2  # saturation below which hue loses its weight


@dataclass(frozen=True, slots=True, eq=False)
class FaultFeatures:
    """The map from records to features, fitted on a reference and what faults make of it.

    Attributes
    ----------
    names
        The p property names it was fitted on.
    centre, spread
        (f,) of each property feature, over the reference.
    embedding_centre, directions
        (d,) and (d, e): the embedding is centred and projected; None without embeddings.
    """

    names: tuple[str, ...]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    embedding_centre: NDArray[np.float64] | None
    directions: NDArray[np.float64] | None

    def of(
        self, properties: NDArray[np.float32], embeddings: NDArray[np.float32] | None
    ) -> NDArray[np.float64]:
        """Return (n, f + e) features of (n, p) properties and (n, d) embeddings; undefined is usual."""
        z = (_columns(properties, self.names) - self.centre) / self.spread
        z = np.where(np.isfinite(z), z, 0.0)
        beyond = np.maximum(np.abs(z), _LINEAR)
        z = np.where(np.abs(z) > _LINEAR, np.sign(z) * _LINEAR * (1 + np.log(beyond / _LINEAR)), z)
        if embeddings is None or self.directions is None or self.embedding_centre is None:
            return z
        return np.hstack([z, (embeddings.astype(np.float64) - self.embedding_centre) @ self.directions])

    @property
    def property_features(self) -> int:
        """How many of the features, the first ones, come from properties."""
        return len(self.centre)


def fit_fault_features(library: FaultLibrary, reference: Records) -> FaultFeatures:
    """Fit the map: property features in robust reference deviations, embeddings in their main directions.

    Values of a property with a logarithmic scale are taken as logarithms; hue as a vector that is shorter
    the less colour there is. Embeddings keep up to 32 main directions of reference and faulty images
    together, the largest with a reference deviation of 3.
    """
    names = library.property_names
    usual = _columns(reference.properties, names)
    faulty = _columns(library.properties, names)
    with np.errstate(invalid="ignore"):
        centre = _or_zero(_nanmean(usual))
        spread = np.sqrt(_or_zero(_nanmean((usual - centre) ** 2)))
        overall = np.sqrt(_or_zero(_nanmean((np.vstack([usual, faulty]) - centre) ** 2)))
    spread = np.maximum(spread, _LEAST_SPREAD * overall)
    spread[spread <= 0] = 1.0
    if reference.embeddings is None or library.embeddings is None:
        return FaultFeatures(names, centre, spread, None, None)
    middle = reference.embeddings.astype(np.float64).mean(axis=0)
    clean = reference.embeddings.astype(np.float64) - middle
    moved = library.embeddings.astype(np.float64) - middle
    second = clean.T @ clean / len(clean) + moved.T @ moved / len(moved)
    kept = min(EMBEDDED, len(middle), max(1, len(clean) // 4))
    directions = np.linalg.eigh(second)[1][:, ::-1][:, :kept]
    widest = (clean @ directions).std(axis=0).max()
    return FaultFeatures(names, centre, spread, middle, directions * (_LINEAR / max(widest, 1e-12)))


def _columns(properties: NDArray[np.float32], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return (n, f) property columns, well-behaved: logarithms, hue as a vector, NaN where undefined."""
    columns = []
    for i, name in enumerate(names):
        if name in STORAGE:
            continue
        row = property_named(name)
        values = properties[:, i].astype(np.float64)
        if row.kind == "circular":
            weight = np.minimum(1.0, properties[:, names.index("saturation")] / _COLOURLESS)
            weight = np.where(np.isfinite(values), weight, 0.0)
            angle = np.deg2rad(np.where(np.isfinite(values), values, 0.0))
            columns += [weight * np.sin(angle), weight * np.cos(angle)]
        elif row.scale == "log":
            columns.append(np.log(np.clip(values, row.low, row.high)))
        else:
            columns.append(values)
    return np.stack(columns, axis=1)


def _nanmean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each column over its finite values; NaN for a column without any."""
    finite = np.isfinite(values)
    count = finite.sum(axis=0)
    return np.where(count > 0, np.where(finite, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _or_zero(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(values), values, 0.0)
