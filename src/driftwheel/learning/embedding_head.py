"""A head on embeddings: a linear classifier that is fitted again and again while people label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from driftwheel.errors import IncomparableError

__all__ = ["EmbeddingHead"]


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingHead:
    """A fitted head; `fit_embedding_head` makes it.

    Attributes
    ----------
    classes
        The k names of the columns of its scores: those that it has seen labels of.
    weights, bias
        (d, k) and (k,) float64: logits are embeddings · weights + bias.
    temperature
        That logits are divided by. Above 1 they were too sure of themselves.
    penalty
        The one that did best out of fold; the next fit looks near it.
    """

    classes: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    temperature: float
    penalty: float

    def scores(self, embeddings: ArrayLike) -> NDArray[np.float32]:
        """Return (n, k) scores in [0, 1], a row an image, that sum to 1.

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
        logits = table @ self.weights.astype(np.float32) + self.bias
        return np.asarray(softmax(logits / self.temperature, axis=1), dtype=np.float32)
