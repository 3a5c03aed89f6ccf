"""The fault library: what every known camera fault does to a sample of the reference, as measured numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.records import Mode

__all__ = ["FaultAnswers", "FaultCase", "FaultLibrary"]


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One thing that may have happened to the camera.

    Attributes
    ----------
    fault
        A name in `driftwheel.images.faults.FAULTS`.
    severity
        1 to 5; None for a fault without grades.
    variant
        One of the fault's variants; an empty string for a fault without variants.
    """

    fault: str
    severity: int | None
    variant: str


@dataclass(frozen=True, slots=True, eq=False)
class FaultAnswers:
    """What the monitored model said of N faulty images.

    Attributes
    ----------
    model
        The identity of the classifier that was asked.
    classes
        The k names of its classes.
    predicted
        (N,) the class that it named, an index into `classes`.
    confidence
        (N,) float32 the score of that class, in [0, 1].
    """

    model: str
    classes: tuple[str, ...]
    predicted: NDArray[np.intp]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FaultLibrary:
    """Measured reference images without a fault, and the same images with each one.

    Every image was decoded, given the fault, and stored again the way its own file was, so that what storing
    does to the numbers is in both and drops out of their difference.

    Attributes
    ----------
    cases
        What was simulated, k cases.
    properties
        (N, p) float32 of the faulty images.
    embeddings
        (N, d) float32 of the faulty images, or None without an embedder.
    case
        (N,) index into `cases`.
    base
        (N,) which of the m sampled reference images the faulty image was made from.
    camera
        (N,) which simulated camera took it: images of one camera share what `images.faults.Chance.camera`
        draws.
    clean_properties
        (m, p) float32 of the sampled images, stored again without a fault.
    clean_embeddings
        (m, d) float32, or None.
    images
        m names of the sampled images.
    property_names, embedder, mode
        As in `driftwheel.records.Records`.
    answers
        Of the monitored model to the N faulty images; None where it was not asked.
    """

    cases: tuple[FaultCase, ...]
    properties: NDArray[np.float32]
    embeddings: NDArray[np.float32] | None
    case: NDArray[np.intp]
    base: NDArray[np.intp]
    camera: NDArray[np.intp]
    clean_properties: NDArray[np.float32]
    clean_embeddings: NDArray[np.float32] | None
    images: tuple[str, ...]
    property_names: tuple[str, ...]
    embedder: str | None
    mode: Mode
    answers: FaultAnswers | None = None

    def without(self, fault: str) -> FaultLibrary:
        """Return the library as it would be if `fault` were not known."""
        kept = [i for i, case in enumerate(self.cases) if case.fault != fault]
        number = np.full(len(self.cases), -1, dtype=np.intp)
        number[kept] = np.arange(len(kept))
        rows = np.flatnonzero(number[self.case] >= 0)
        answers = self.answers
        if answers is not None:
            answers = replace(answers, predicted=answers.predicted[rows], confidence=answers.confidence[rows])
        return replace(
            self,
            cases=tuple(self.cases[i] for i in kept),
            properties=self.properties[rows],
            embeddings=None if self.embeddings is None else self.embeddings[rows],
            case=number[self.case[rows]],
            base=self.base[rows],
            camera=self.camera[rows],
            answers=answers,
        )
