"""What is known of how a version was trained, and what it was worth on images held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftwheel.cards.confusion_facts import ConfusionFacts
from driftwheel.performance.figure import Figure
from driftwheel.performance.gate import Decision, GateCheck

__all__ = ["EpochFacts", "GateFacts", "HeldOutFacts", "TrainingFacts"]


@dataclass(frozen=True, slots=True)
class EpochFacts:
    """An epoch: its number from 1 on, losses in nats, the share of right ones on the validation split."""

    number: int
    loss: float | None
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, slots=True)
class HeldOutFacts:
    """What was measured on images that were held out.

    Attributes
    ----------
    fault
        The camera fault that each image was given, in words; empty: as they are.
    split
        Of the dataset version.
    accuracy
        With its interval of 90 %.
    loss
        Mean cross-entropy, in nats.
    recalls
        (class, share of its images that were named right).
    confusion
        Of these images; None: it was not kept.
    champion
        Accuracy of the champion of then on the same images; None: there was none.
    gain
        Accuracy beyond the champion's, in 0…1, with its interval.
    """

    fault: str
    split: str
    accuracy: Figure
    loss: float
    recalls: tuple[tuple[str, Figure], ...]
    confusion: ConfusionFacts | None
    champion: Figure | None
    gain: Figure | None


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """A training run.

    Attributes
    ----------
    run
        Its number.
    kind
        ``train``, ``search``, ``repair`` or ``adapt``.
    recipe
        Every choice, as JSON has it; `driftwheel.learning.trainers.recipe.recipe_from` reads it.
    dataset
        Number of its dataset version; None: it is gone, or there was none.
    start
        The version that it went on from; None: from scratch.
    seconds
        That it was worked on.
    attempts
        How often a worker took it.
    trials
        Of a search.
    held_out
        What was measured: images as they are, then with a fault where one was simulated.
    """

    run: int
    kind: str
    recipe: Mapping[str, Any]
    dataset: int | None
    start: str | None
    by: str
    begun: datetime | None
    finished: datetime | None
    seconds: float
    attempts: int
    trials: int
    images: int | None
    epochs: tuple[EpochFacts, ...]
    held_out: tuple[HeldOutFacts, ...]


@dataclass(frozen=True, slots=True)
class GateFacts:
    """A gate run with the version as the challenger.

    Attributes
    ----------
    slice
        The images that it had to be better on, in words.
    look
        How many times had been looked at then: at this pair, and at challengers that the same turn of the
        wheel had sent before.
    answer
        ``promoted`` or ``refused``; None: nobody has answered.
    left_out
        Labelled images that were not compared.
    """

    run: int
    champion: str
    slice: str
    finished: datetime | None
    look: int
    decision: Decision
    answer: str | None
    answered_by: str | None
    note: str
    confidence: float
    checks: tuple[GateCheck, ...]
    notes: tuple[str, ...]
