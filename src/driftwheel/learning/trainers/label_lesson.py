"""The lesson that labels give: say the class of each picture, however it is cut, turned and lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.trainers.picture_augmentation import augment_picture
from driftwheel.learning.trainers.prepared_pictures import PreparedPictures
from driftwheel.learning.trainers.recipe import Augmentation

__all__ = ["LabelLesson"]


@dataclass(frozen=True, slots=True, eq=False)
class LabelLesson:
    """Lowers the cross-entropy of labelled pictures. A `Lesson`.

    Attributes
    ----------
    layers
        ``all``; or the ``first`` block and the head: the others keep their weights and normalisations.
    """

    learn: PreparedPictures
    weights: NDArray[np.float64]
    layers: Literal["all", "first"]
    augmentation: Augmentation

    @property
    def in_nats(self) -> bool:
        """See `Lesson.in_nats`."""
        return True

    def parameters(self, module: Any) -> list[Any]:
        """See `Lesson.parameters`."""
        if self.layers == "first":
            for parameter in module.parameters():
                parameter.requires_grad_(False)
            for part in (module.blocks[0], module.head):
                for parameter in part.parameters():
                    parameter.requires_grad_(True)
        return [one for one in module.parameters() if one.requires_grad]

    def ready(self, module: Any) -> None:
        """See `Lesson.ready`."""
        module.train()
        if self.layers == "first":
            for block in list(module.blocks)[1:]:
                block.eval()

    def judge(self, features: NDArray[np.float32], loss: float) -> float:  # noqa: ARG002  the protocol
        """See `Lesson.judge`: the cross-entropy itself."""
        return loss

    def loss(self, torch: Any, module: Any, rows: NDArray[np.intp], rng: np.random.Generator) -> Any:
        """See `Lesson.loss`."""
        pictures = torch.from_numpy(self._seen(rows, rng))
        wanted = torch.from_numpy(self.learn.labels[rows])
        return torch.nn.functional.cross_entropy(module(pictures), wanted)

    def _seen(self, rows: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.uint8]:
        learn = self.learn
        copies = learn.pictures.shape[1] - 1
        seen = np.empty((len(rows), *learn.pictures.shape[2:]), np.uint8)
        for place, row in enumerate(rows):
            faulty = copies > 0 and rng.random() < learn.fault_shares[row]
            copy = 1 + int(rng.integers(copies)) if faulty else 0
            seen[place] = augment_picture(learn.pictures[row, copy], self.augmentation, rng)
        return seen
