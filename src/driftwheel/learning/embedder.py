"""An embedder turns an image into a vector in which like images lie close together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Embedder", "Prepare"]

Prepare = Callable[[NDArray[np.uint8]], NDArray[Any]]
"""From the pixels of an image to what its embedder reads."""


@runtime_checkable
class Embedder(Protocol):
    """The plug point for embedders; built-in ones come in by the same door.

    Attributes
    ----------
    identity
        Names everything that the vectors depend on: two embedders of one identity give the same vectors,
        within rounding. For example ``gist-1``, ``efficientnet-lite0-1`` or ``onnx:mine:0123456789ab``.
    dimensions
        Length of the vectors.
    """

    @property
    def identity(self) -> str:
        """Name of everything that the vectors depend on."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        ...

    @property
    def prepare(self) -> Prepare:
        """A function that turns one image into an array of one shape and type for all images.

        It gets (h, w, 3) BGR uint8 of any size from 1 × 1. It is called in several threads and sent to other
        processes, where images are decoded: it holds no network.
        """
        ...

    def embed(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Return (n, dimensions) float32, finite, of n ≥ 0 prepared images stacked along the first axis.

        A row depends on its own image only: other companions in the batch change it by less than 1e-5 of
        its length.
        """
        ...
