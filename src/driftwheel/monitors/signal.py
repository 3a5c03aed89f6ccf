"""Signals: the named numbers of one window of one segment that a monitor can watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.images.properties import PROPERTIES

__all__ = ["SIGNALS", "SIGNAL_NAMES", "Side", "Signal", "SignalKind", "signal_named"]

SignalKind = Literal["share", "number", "count", "seconds", "verdict", "evidence", "effect"]
"""A share is 0…1, an effect a property's distance from the reference, a verdict 1 for drift and else 0,
evidence the capital of an e-process (see `driftwheel.drift.e_process`).
"""

Side = Literal["above", "below", "either"]


@dataclass(frozen=True, slots=True)
class Signal:
    """One number of a window.

    Attributes
    ----------
    name
        As rules name it.
    title
        As people read it, in lower case.
    unit
        Of the value: ``share``, ``%``, ``records``, ``s``, ``σ`` or empty.
    kind
        Which numbers it takes, and so which units a threshold may have.
    meaning
        One sentence.
    usual
        On which side of what is usual a value is unusual.
    sampled
        Whether its `n` counts what the value was measured on, so that few make it unsure. Volume and silence
        are known exactly however few records came, and evidence says itself how sure it is.
    told_later
        Whether people tell it, some time after the records came: of an older window it is news.
    estimated
        Whether the value is an estimate, or a figure without a test against past windows: then `low` and
        `high` of its observations are the interval that holds it with 90 %, and not what is usual.
    """

    name: str
    title: str
    unit: str
    kind: SignalKind
    meaning: str
    usual: Side
    sampled: bool = True
    told_later: bool = False
    estimated: bool = False

    @property
    def is_found(self) -> bool:
        """Whether rules say of it only that it ``is found``: it sets its threshold itself."""
        return self.kind in ("verdict", "evidence")


# fmt: off
_PLAIN = (
    Signal("drift", "drift", "", "verdict",
           "Whether the images have drifted from the reference.", "above"),
    Signal("evidence", "evidence over time", "", "evidence",
           "How much evidence of drift has added up over the windows: a change too weak for any one of them.",
           "above", sampled=False),
    Signal("reconstruction", "reconstruction error over the reference's", "%", "number",
           "How much further what an autoencoder makes of the images is from them than of the reference's.",
           "either"),
    Signal("unreadable_share", "unreadable images", "share", "share",
           "How many of the images could not be read.", "above"),
    Signal("wrong_size_share", "images of another size", "share", "share",
           "How many of the images have a width and height that the reference does not have.", "above"),
    Signal("black_share", "black images", "share", "share",
           "How many of the images are black all over.", "above"),
    Signal("frozen_share", "repeated images", "share", "share",
           "How many of the images look the same as the one before, as from a frozen camera.", "above"),
    Signal("missing_tags_share", "records without their tags", "share", "share",
           "How many of the records lack a tag that the model is segmented by.", "above"),
    Signal("prediction_mix", "change of the prediction mix", "share", "share",
           "How far the shares of the predicted classes are from what is usual (total variation).", "above"),
    Signal("confidence", "confidence", "", "number",
           "The mean score of the class that was named.", "either"),
    Signal("records", "records", "records", "count",
           "How many records came in the window.", "either", sampled=False),
    Signal("silence", "silence", "s", "seconds",
           "How long ago the last record came.", "above", sampled=False),
    Signal("accuracy", "accuracy", "share", "share",
           "How many of the predictions with a known truth were right.", "below", told_later=True),
    Signal("balanced_accuracy", "balanced accuracy", "share", "share",
           "How many images of a class were called so, on average over the classes.", "below",
           told_later=True, estimated=True),
    Signal("macro_f1", "macro F1", "share", "share",
           "The F1 of a class, on average over the classes.", "below", told_later=True, estimated=True),
    Signal("area_under_roc", "area under ROC", "", "number",
           "How well the scores tell the classes apart: ½ is by chance, 1 without a mistake.", "below",
           told_later=True, estimated=True),
    Signal("log_loss", "log loss", "", "number",
           "The mean of −log of the score of the true class, in nats.", "above", told_later=True,
           estimated=True),
    Signal("calibration_error", "calibration error", "share", "share",
           "How far the scores are from the share of right predictions (ECE).", "above", told_later=True,
           estimated=True),
    Signal("estimated_accuracy", "estimated accuracy", "share", "share",
           "How many of the predictions are right as far as their scores tell, without truths.", "below",
           estimated=True),
    Signal("accuracy_by_agreement", "accuracy by agreement", "share", "share",
           "How many of the predictions are right as far as the agreement of several versions tells.",
           "below", estimated=True),
    Signal("feedback_share", "predictions called wrong", "share", "share",
           "How many of the predictions were called wrong by the people who use them.", "above",
           told_later=True),
    Signal("latency_p95", "latency (95th percentile)", "s", "seconds",
           "The time that 95 of 100 inferences stay below.", "above"),
    Signal("error_share", "failed inferences", "share", "share",
           "How many of the records say that the model gave no prediction.", "above"),
)
# fmt: on

SIGNALS: tuple[Signal, ...] = (
    *_PLAIN,
    *(
        Signal(
            f"property.{one.name}",
            one.title,
            "share" if one.kind == "category" else "σ",
            "effect",
            "How far the images are from the reference in this: " + one.meaning[:1].lower() + one.meaning[1:],
            "above",
        )
        for one in PROPERTIES
    ),
)

SIGNAL_NAMES: tuple[str, ...] = tuple(one.name for one in SIGNALS)

_BY_NAME = {one.name: one for one in SIGNALS}


def signal_named(name: str) -> Signal:
    """Return the signal of that name; raise `UsageError` for an unknown one.

    Examples
    --------
    >>> signal_named("latency_p95").unit
    's'
    >>> signal_named("acuracy")
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: There is no signal 'acuracy'. Did you mean 'accuracy'?
    """
    found = _BY_NAME.get(name)
    if found is None:
        raise UsageError(f"There is no signal '{name}'.{did_you_mean(name, SIGNAL_NAMES)}")
    return found
