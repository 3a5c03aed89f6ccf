"""The lesson of distillation: see a faulty picture as the network saw the same picture without its fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.networks.classifier_file import ClassifierNetwork
from driftwheel.learning.trainers.network_features import network_features
from driftwheel.learning.trainers.prepared_pictures import PreparedPictures

__all__ = ["DistilLesson", "distil_lesson"]

_FAULTY = 0.75  # of the pictures of a step; the others keep clean images where they are
_LEAST_SPREAD = 0.02  # of a feature, below which its distance counts no more: it hardly ever fires


@dataclass(frozen=True, slots=True, eq=False)
class DistilLesson:
    """Lowers the distance between features of faulty and of clean pictures. A `Lesson`.

    Normalisations keep their statistics, since those of faulty pictures would spoil the clean ones, and the
    head is left alone.

    Attributes
    ----------
    wanted
        (n, 1 or 2, features): what the network that teaches gives for each clean picture, and where pictures
        are mirrored for its mirror image.
    spread
        (features,) standard deviations by which distances are measured.
    """

    learn: PreparedPictures
    weights: NDArray[np.float64]
    wanted: NDArray[np.float32]
    spread: NDArray[np.float32]

    @property
    def in_nats(self) -> bool:
        """See `Lesson.in_nats`."""
        return False

    def parameters(self, module: Any) -> list[Any]:
        """See `Lesson.parameters`."""
        for parameter in module.head.parameters():
            parameter.requires_grad_(False)
        return [one for one in module.parameters() if one.requires_grad]

    def ready(self, module: Any) -> None:
        """See `Lesson.ready`."""
        module.eval()

    def loss(self, torch: Any, module: Any, rows: NDArray[np.intp], rng: np.random.Generator) -> Any:
        """See `Lesson.loss`."""
        copies = self.learn.pictures.shape[1] - 1
        faulty = rng.random(len(rows)) < _FAULTY
        chosen = np.where(faulty, 1 + rng.integers(copies, size=len(rows)), 0)
        mirrored = rng.integers(self.wanted.shape[1], size=len(rows))
        pictures = np.array(self.learn.pictures[rows, chosen])
        pictures[mirrored == 1] = pictures[mirrored == 1][:, :, ::-1]
        found = module.features(torch.from_numpy(pictures))
        wanted = torch.from_numpy(self.wanted[rows, mirrored])
        return ((found - wanted) / torch.from_numpy(self.spread)).square().mean()


def distil_lesson(
    teacher: ClassifierNetwork,
    learn: PreparedPictures,
    weights: NDArray[np.float64],
    *,
    mirrored: bool,
    threads: int = 1,
) -> DistilLesson:
    """Return the lesson that a network gives on pictures with faulty copies.

    Parameters
    ----------
    weights
        (n,) how much each image counts; those that may be given no fault teach nothing.
    mirrored
        Whether mirror images of pictures show the same.
    """
    clean = learn.pictures[:, 0]
    views = [clean, clean[:, :, ::-1]] if mirrored else [clean]
    seen = [network_features(teacher.shape, teacher.weights, view, threads=threads) for view in views]
    spread = seen[0].std(axis=0) + np.float32(_LEAST_SPREAD)
    return DistilLesson(learn, np.where(learn.fault_shares > 0, weights, 0.0), np.stack(seen, axis=1), spread)
