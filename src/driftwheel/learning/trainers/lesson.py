"""A lesson: what each step of gradients learns, from which pictures, and which layers learn it."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lesson"]


class Lesson(Protocol):
    """The plug point of `fit_layers`; a `module` is one that `build_torch` made."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """(n,) how often each image of the training split is drawn; 0 for those that teach nothing."""
        ...

    @property
    def in_nats(self) -> bool:
        """Whether its loss is a cross-entropy, and can stand beside that of the validation split."""
        ...

    def parameters(self, module: Any) -> list[Any]:
        """Let only those layers learn that shall, and return their parameters."""
        ...

    def ready(self, module: Any) -> None:
        """Set which normalisations follow what they see, before each epoch."""
        ...

    def judge(self, features: NDArray[np.float32], loss: float) -> float:
        """Return how far from learnt it is on the validation split: the lower, the better the epoch.

        Parameters
        ----------
        features
            (m, d) of all its pictures, in the order of `PreparedPictures.flat`.
        loss
            Mean cross-entropy of the head's answers to them, in nats.
        """
        ...

    def loss(self, torch: Any, module: Any, rows: NDArray[np.intp], rng: np.random.Generator) -> Any:
        """Return the loss on images of the training split, as a tensor to go back from."""
        ...
