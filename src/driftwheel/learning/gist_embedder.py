"""The embedder of the base install: the fixed descriptor of `driftwheel.images.gist`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.images.gist import DIMENSIONS, gist, reduce_for_gist

__all__ = ["GistEmbedder"]


@dataclass(frozen=True, slots=True)
class GistEmbedder:
    """Oriented edges, contrast and colour on a grid: nothing trained, nothing to install.

    Examples
    --------
    >>> embedder = GistEmbedder()
    >>> embedder.embed(embedder.prepare(np.zeros((48, 64, 3), np.uint8))[None]).shape
    (1, 512)
    """

    identity: str = "gist-1"
    dimensions: int = DIMENSIONS

    def prepare(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the (512,) float32 vector of one BGR image of any size.

        All the work is done here, where images are decoded on all processors.
        """
        vector: NDArray[np.float32] = gist(reduce_for_gist(pixels)[None])[0]
        return vector

    def embed(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (n, 512) float32 of n prepared images: what they are already."""
        return batch
