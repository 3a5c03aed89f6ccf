"""Simulated annotators: what somebody of a known quality would say of an image whose class is known.

They rehearse a pool: its overlap, rules and price, before people are asked. Real people's errors resemble one
another more than these do, so a consensus of real ones is no better than what a rehearsal shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.errors import UsageError

__all__ = [
    "POOR",
    "AnnotatorKind",
    "SimulatedAnnotator",
    "SimulatedAnswer",
    "expected_accuracy",
    "make_annotator",
    "simulate_answer",
]

AnnotatorKind = Literal["good", "careless", "lazy", "spammer", "first-class"]

POOR: Final = 0.75
"""Who is right less often is rightly banned: half-way between the 60 % and 90 % of the golden test."""

_CARELESS: Final = 0.4  # what is left of the distance between chance and a good annotator
_LAZY_SKIPS: Final = 0.4
_HASTE: Final = {"good": 1.0, "careless": 0.5, "lazy": 0.5, "spammer": 0.25, "first-class": 0.25}
_SPREAD: Final = 0.5  # sd of the logarithm of the seconds at an image, as of people at screens


@dataclass(frozen=True, slots=True)
class SimulatedAnnotator:
    """Somebody of a known quality.

    Attributes
    ----------
    kind
        ``good``, ``careless`` (errs more, takes half the time), ``lazy`` (skips 40 % of the images, and is
        otherwise good), ``spammer`` (any class, without looking) or ``first-class`` (always the first).
    confusion
        (k, k): the chance that they say class l of an image of class c, at [c][l]; rows sum to 1.
    skips
        Chance that they skip an image, 0…1.
    seconds
        Median seconds at an image, above 0.
    """

    kind: AnnotatorKind
    confusion: tuple[tuple[float, ...], ...]
    skips: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """What one says of an image: the number of a class, or None for a skip; after so many seconds."""

    label: int | None
    seconds: float


def make_annotator(
    kind: AnnotatorKind, n_classes: int, quality: float | ArrayLike = 0.92, seconds: float = 4.0
) -> SimulatedAnnotator:
    """Return an annotator of a kind.

    Parameters
    ----------
    n_classes
        At least 2.
    quality
        Of a good annotator, whom the careless and the lazy fall short of: the share of images they say right,
        all other classes alike; or (k, k) chances or counts of what they say of each class.
    seconds
        Median seconds that a good annotator takes at an image.

    Raises
    ------
    UsageError
        For fewer than two classes, a quality that is none, or seconds that are not above 0.

    Examples
    --------
    >>> make_annotator("good", 2, 0.9).confusion
    ((0.9, 0.1), (0.1, 0.9))
    >>> make_annotator("first-class", 2).confusion
    ((1.0, 0.0), (1.0, 0.0))
    """
    if n_classes < 2:
        raise UsageError(f"Annotators choose among {n_classes} classes; at least 2 are needed.")
    if not (np.isfinite(seconds) and seconds > 0):
        raise UsageError(f"A good annotator takes {seconds:g} s at an image; give more than 0.")
    good = _confusion(quality, n_classes)
    chance = np.full((n_classes, n_classes), 1 / n_classes)
    match kind:
        case "good" | "lazy":
            table = good
        case "careless":
            table = _CARELESS * good + (1 - _CARELESS) * chance
        case "spammer":
            table = chance
        case "first-class":
            table = np.tile(np.eye(n_classes)[0], (n_classes, 1))
    rows = tuple(tuple(round(float(one), 12) for one in row) for row in table)
    return SimulatedAnnotator(kind, rows, _LAZY_SKIPS if kind == "lazy" else 0.0, seconds * _HASTE[kind])


def simulate_answer(
    annotator: SimulatedAnnotator, truth: int | None, rng: np.random.Generator
) -> SimulatedAnswer:
    """Return what an annotator says of an image of the class `truth`; of an unknown one they skip.

    The seconds are log-normal about the annotator's median. The same `rng` gives the same answer.

    Examples
    --------
    >>> simulate_answer(make_annotator("first-class", 3), 2, np.random.default_rng(0)).label
    0
    """
    seconds = annotator.seconds * float(np.exp(rng.normal(0.0, _SPREAD)))
    skips, chance = rng.random(2)
    if truth is None or skips < annotator.skips:
        return SimulatedAnswer(None, seconds)
    cumulated = np.cumsum(annotator.confusion[truth])
    label = int(np.searchsorted(cumulated, chance * cumulated[-1], side="right"))
    return SimulatedAnswer(min(label, len(cumulated) - 1), seconds)


def expected_accuracy(annotator: SimulatedAnnotator, truths: Sequence[int]) -> float | None:
    """Return how often an annotator says these classes right on average; None without any."""
    if not truths:
        return None
    return float(np.mean([annotator.confusion[one][one] for one in truths]))


def _confusion(quality: float | ArrayLike, n_classes: int) -> NDArray[np.float64]:
    given = np.asarray(quality, dtype=np.float64)
    if given.ndim == 0:
        right = float(given)
        if not 0 <= right <= 1:
            raise UsageError(f"A good annotator is right {right:g} of the time; give a share from 0 to 1.")
        table = np.full((n_classes, n_classes), (1 - right) / (n_classes - 1))
        np.fill_diagonal(table, right)
        return table
    if given.shape != (n_classes, n_classes):
        raise UsageError(
            f"The confusion matrix is {' × '.join(map(str, given.shape))}; "
            f"{n_classes} classes need {n_classes} × {n_classes}."
        )
    sums = given.sum(axis=1, keepdims=True)
    if not np.isfinite(given).all() or (given < 0).any() or (sums <= 0).any():
        raise UsageError("A confusion matrix holds counts or chances ≥ 0, and something in each row.")
    return np.asarray(given / sums, dtype=np.float64)
