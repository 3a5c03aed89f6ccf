"""The lesson of distillation: see a faulty picture as the network saw the same picture without its fault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.networks.classifier_file import ClassifierNetwork
from driftwheel.learning.trainers.network_features import network_features
from driftwheel.learning.trainers.prepared_pictures import PreparedPictures

__all__ = ["DistilLesson", "distil_lesson"]

_FAULTY = 0.75  # of the pictures of a step; the others keep clean images where they are
_LEAST_SPREAD = 0.02  # of a feature, below which its distance counts no more: it hardly ever fires
_LOGITS = 0.1  # how much the distance of logits counts beside that of features


@dataclass(frozen=True, slots=True, eq=False)
class DistilLesson:
    """Lowers the distance between what is made of faulty and of clean pictures. A `Lesson`.

    The distance is that of the features, and of the logits that the head makes of them: of a thousand
    directions in which features may be off, those few are the ones that answers depend on. Normalisations
    keep their statistics, since those of faulty pictures would spoil the clean ones, and the head is left
    alone.

    Attributes
    ----------
    wanted
        (n, 1 or 2, features): what the network that teaches gives for each clean picture, and where pictures
        are mirrored for its mirror image.
    checked
        (m, features): the same of each clean picture of the validation split.
    check_weights
        (m · (1 + copies),) how much each of its pictures counts in judging, in the order of `flat`.
    spread
        (features,) standard deviations by which distances are measured.
    head
        (classes, features): the head, less its mean over the classes, over the deviation of its logits.
    """

    learn: PreparedPictures
    weights: NDArray[np.float64]
    wanted: NDArray[np.float32]
    checked: NDArray[np.float32]
    check_weights: NDArray[np.float64]
    spread: NDArray[np.float32]
    head: NDArray[np.float32]

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

    def judge(self, features: NDArray[np.float32], loss: float) -> float:  # noqa: ARG002  the protocol
        """See `Lesson.judge`: the distance, since another head is fitted afterwards."""
        each = len(features) // max(1, len(self.checked))
        off = features - np.repeat(self.checked, each, axis=0)
        apart = np.square(off / self.spread).mean(axis=1) + _LOGITS * np.square(off @ self.head.T).mean(
            axis=1
        )
        return float(np.average(apart, weights=self.check_weights))

    def loss(self, torch: Any, module: Any, rows: NDArray[np.intp], rng: np.random.Generator) -> Any:
        """See `Lesson.loss`."""
        copies = self.learn.pictures.shape[1] - 1
        faulty = rng.random(len(rows)) < _FAULTY
        chosen = np.where(faulty, 1 + rng.integers(copies, size=len(rows)), 0)
        mirrored = rng.integers(self.wanted.shape[1], size=len(rows))
        pictures = np.array(self.learn.pictures[rows, chosen])
        pictures[mirrored == 1] = pictures[mirrored == 1][:, :, ::-1]
        found = module.features(torch.from_numpy(pictures))
        off = found - torch.from_numpy(self.wanted[rows, mirrored])
        apart = (off / torch.from_numpy(self.spread)).square().mean()
        return apart + _LOGITS * (off @ torch.from_numpy(self.head).T).square().mean()


def distil_lesson(
    teacher: ClassifierNetwork,
    learn: PreparedPictures,
    check: PreparedPictures,
    check_features: NDArray[np.float32],
    weights: NDArray[np.float64],
    *,
    mirrored: bool,
    threads: int = 1,
) -> DistilLesson:
    """Return the lesson that a network gives on pictures with faulty copies.

    It is judged on those of `check` that have copies too, where there are any.

    Parameters
    ----------
    check_features
        (m · (1 + copies), features): what the network gives for `check.flat`.
    weights
        (n,) how much each image counts; those that may be given no fault teach nothing.
    mirrored
        Whether mirror images of pictures show the same.
    """
    clean = learn.pictures[:, 0]
    views = [clean, clean[:, :, ::-1]] if mirrored else [clean]
    seen = [network_features(teacher.shape, teacher.weights, view, threads=threads) for view in views]
    may = check.fault_shares > 0
    judging = replace(check, fault_shares=np.where(may, _FAULTY, 0.0))
    head = teacher.weights["head.weight"] - teacher.weights["head.weight"].mean(axis=0)
    deviation = np.sqrt((seen[0] @ head.T).var(axis=0).mean()) + np.finfo(np.float32).tiny
    return DistilLesson(
        learn,
        np.where(learn.fault_shares > 0, weights, 0.0),
        np.stack(seen, axis=1),
        check_features[:: check.pictures.shape[1]],
        judging.flat_weights((may if may.any() else np.ones(len(may))).astype(np.float64)),
        seen[0].std(axis=0) + np.float32(_LEAST_SPREAD),
        head / deviation,
    )
