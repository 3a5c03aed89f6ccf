"""A classifier: the monitored model itself, asked how sure it is of each class."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.embedder import Prepare

__all__ = ["Classifier"]


@runtime_checkable
class Classifier(Protocol):
    """The plug point for the monitored model.

    Attributes
    ----------
    identity
        Names everything that the scores depend on.
    classes
        The k names of the columns of its scores.
    shorter_side
        Pixels that a reduced decode must leave on the shorter side.
    """

    @property
    def identity(self) -> str:
        """Name of everything that the scores depend on."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """The k names of the columns of its scores."""
        ...

    @property
    def shorter_side(self) -> int:
        """Pixels that a reduced decode must leave on the shorter side."""
        ...

    @property
    def prepare(self) -> Prepare:
        """A function that turns one image into an array of one shape and type; see `Embedder.prepare`."""
        ...

    def scores(self, batch: NDArray[Any]) -> NDArray[np.float32]:
        """Return (n, k) float32 in [0, 1], a row a prepared image, that sum to 1."""
        ...
