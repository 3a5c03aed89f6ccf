"""A head on embeddings for sets of classes: a linear classifier for each class by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from driftwheel.errors import IncomparableError

__all__ = ["SetHead", "SetScores", "whole_confidence"]


@dataclass(frozen=True, slots=True, eq=False)
class SetScores:
    """What a head says of n images.

    Attributes
    ----------
    chances
        (n, k) float32, of each class that it is on the image.
    present
        (n, k) bool: the set that is likeliest, class by class.
    confidence
        (n,) float32 in [0, 1]: that the whole set is right.
    """

    chances: NDArray[np.float32]
    present: NDArray[np.bool_]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SetHead:
    """A fitted head; `fit_set_head` makes it.

    Attributes
    ----------
    classes
        The k names of the columns of its scores.
    weights, bias
        (d, k) and (k,) float64: log odds are embeddings · weights + bias, of each class by itself.
    power
        That the product of the classes' chances is raised to: below 1 where classes hang together, so that
        it would be too unsure.
    penalties
        (k,) those that did best out of fold; 0 of a class that there were too few labels of.
    """

    classes: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    power: float
    penalties: NDArray[np.float64]

    def scores(self, embeddings: ArrayLike) -> SetScores:
        """Return what it says of images.

        Parameters
        ----------
        embeddings
            (n, d) of the embedder, and in the space, that the head was fitted in.

        Raises
        ------
        IncomparableError
            For another number of dimensions.
        """
        table = np.asarray(embeddings, dtype=np.float32)
        if table.ndim != 2 or table.shape[1] != len(self.weights):
            raise IncomparableError(
                f"The embeddings have shape {table.shape}; this head was fitted to {len(self.weights)} "
                f"dimensions. Use the same embedder, or fit it again."
            )
        chances = expit(table @ self.weights.astype(np.float32) + self.bias.astype(np.float32))
        sure = whole_confidence(chances, self.power)
        return SetScores(chances.astype(np.float32), np.asarray(chances >= 0.5), sure.astype(np.float32))


def whole_confidence(chances: NDArray[np.floating], power: float) -> NDArray[np.float64]:
    """Return (n,) the chance that every class of (n, k) is told right, as `SetHead.power` says."""
    each = np.maximum(chances, 1 - chances).astype(np.float64)
    return np.asarray(np.exp(power * np.log(each).sum(axis=1)))
