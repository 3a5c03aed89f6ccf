"""What a selection says: each image chosen and why, and which were drawn at random to measure on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["REASONS", "Chosen", "Drawn", "Reason", "Selection"]

Reason = Literal["holdout", "random", "feedback", "drift", "disagreement", "doubt", "typical"]

REASONS: Mapping[Reason, str] = {
    "holdout": "drawn at random to measure on; never learnt from",
    "random": "drawn at random to learn from",
    "feedback": "called wrong, or like an image that was",
    "drift": "like the images that show the drift best",
    "disagreement": "versions of the model disagree on it",
    "doubt": "the model is in doubt",
    "typical": "stands for many images without a label",
}
"""Why an image is chosen → what a page says of it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One image to label.

    Attributes
    ----------
    image
        Its name.
    reason
        The first of `REASONS` that it was chosen for.
    score
        How much the reason weighs: the position in [0, 1) for holdout and random, the share of the pool that
        it stands for where it is typical, else the worth that the candidates gave.
    rank
        From 1: the order to label in. Any first part of it holds the reasons in about the same shares.
    probability
        The chance that it had to be in the sample, for holdout and random; None for other reasons, and for
        random images that only fill up what no reason could use: no chance of theirs could be told.
    """

    image: str
    reason: Reason
    score: float
    rank: int
    probability: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """One image of the window's random sample, whether chosen now or labelled before.

    Attributes
    ----------
    image
        Its name.
    probability
        The chance that it had to be in the sample. Of several windows that hold an image the highest counts.
    holdout
        Whether it is never learnt from. Answers for the others count only if they come from a model that has
        not learnt from them (out of fold).
    """

    image: str
    probability: float
    holdout: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Images to label, and the random sample among all that are labelled then.

    Attributes
    ----------
    chosen
        In the order of their ranks.
    drawn
        The sample that accuracy over the window is measured on, see `sampled_accuracy`; by name.
    candidates, labelled, kept
        Images in the window; of them labelled before; of the others kept as holdout and not chosen.
    near_duplicates
        Images left out since they show nearly the same as one that is labelled or chosen.
    unspent
        How many fewer were chosen than asked for, since no other images are left.
    """

    chosen: tuple[Chosen, ...]
    drawn: tuple[Drawn, ...]
    candidates: int
    labelled: int
    kept: int
    near_duplicates: int
    unspent: int

    @property
    def counts(self) -> Mapping[Reason, int]:
        """Images chosen by reason, in the order of `REASONS`; reasons with none are left out."""
        found = Counter(one.reason for one in self.chosen)
        return {reason: found[reason] for reason in REASONS if found[reason]}
