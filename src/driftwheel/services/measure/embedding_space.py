"""The space that a model's embeddings are kept in: an embedder, and a projection to at most 128 dimensions.

The projection is fixed: it depends on the embedder's name only, so that records of any worker and any day
lie in one space, with a reference or without. Each of its 128 axes is the signed sum of dimensions of its
own, scaled to length 1, which keeps distances on average (Charikar, Chen and Farach-Colton, "Finding frequent
items in data streams", 2004).

It is not fitted on the reference, though principal axes would keep more of the variance: the reference would
lie closer to axes that were fitted on it than any other images of the same kind do, and every test between
the two would find a difference where there is none. (Of 300 textile images against 100 more of them, p-values
in the space of the 300 were below 0.003 in 16 of 16 trials; in the fixed space in none, at the same power as
with all dimensions.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.embedder import Embedder
from driftwheel.profiles.projection import MOST_DIMENSIONS, Projection, projection_from

__all__ = ["EmbeddingSpace", "fixed_projection", "fixed_space"]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingSpace:
    """Where embeddings lie; those of two spaces are never compared.

    Attributes
    ----------
    embedder
        The identity of the embedder.
    projection
        None where embeddings keep the embedder's own dimensions, of which there are at most 128.
    """

    embedder: str
    projection: Projection | None

    @property
    def name(self) -> str:
        """What the records say of it: the embedder, and after ``/`` the projection's id."""
        return self.embedder if self.projection is None else f"{self.embedder}/{self.projection.id}"

    def place(self, embeddings: NDArray[np.float32]) -> NDArray[np.float16]:
        """Return (n, k) float16 with k ≤ 128 of (n, d) embeddings as the embedder made them.

        Values beyond what float16 holds become its largest. Raises `IncomparableError` when d is not the
        projection's.
        """
        placed = embeddings if self.projection is None else self.projection.apply(embeddings)
        largest = float(np.finfo(np.float16).max)
        return np.clip(placed, -largest, largest).astype(np.float16)


def fixed_space(embedder: Embedder) -> EmbeddingSpace:
    """Return the space of an embedder."""
    if embedder.dimensions <= MOST_DIMENSIONS:
        return EmbeddingSpace(embedder.identity, None)
    return EmbeddingSpace(embedder.identity, fixed_projection(embedder.identity, embedder.dimensions))


def fixed_projection(embedder: str, dimensions: int) -> Projection:
    """Return the projection of an embedder's dimensions that every machine makes alike.

    Examples
    --------
    >>> matrix = fixed_projection("gist-1", 512).matrix
    >>> matrix.shape, bool(np.allclose(matrix @ matrix.T, np.eye(128), atol=1e-6))
    ((128, 512), True)
    """
    draws = [hashlib.sha256(f"{embedder}:{column}".encode()).digest() for column in range(dimensions)]
    matrix = np.zeros((min(MOST_DIMENSIONS, dimensions), dimensions), np.float32)
    for place, column in enumerate(sorted(range(dimensions), key=draws.__getitem__)):
        matrix[place % len(matrix), column] = 1.0 if draws[column][-1] & 1 else -1.0
    counts = np.count_nonzero(matrix, axis=1).astype(np.float64)
    scaled = (matrix / np.sqrt(counts)[:, None]).astype(np.float32)
    return projection_from(np.zeros(dimensions, np.float32), scaled)
