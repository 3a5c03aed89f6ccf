"""Estimate the accuracy in a window without its truths, from what the truths of the reference taught.

The reference is the model's own records, of which some have a truth. Faults cannot be simulated here, since
the server does not run the model: the interval is what faults did to other models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.performance.accuracy_estimate import (
    LEAST_ANSWERS,
    LEAST_KNOWN,
    estimate_accuracy,
    learn_accuracy,
)
from driftwheel.performance.answers import Answers, KnownAnswers
from driftwheel.predictions import Classification
from driftwheel.records import Records
from driftwheel.report.numbers import count, share
from driftwheel.store.answers import StoredAnswer, answers_of
from driftwheel.store.models import Model
from driftwheel.store.windows import StoredWindow

__all__ = ["estimate_window"]

_SIGNAL = "estimated_accuracy"
_OF_SEGMENT = 300  # labelled answers with which a segment of the reference stands for itself


def estimate_window(
    connection: Connection,
    model: Model,
    window: StoredWindow,
    reference: Records | None,
    records: Records,
) -> Observation:
    """Return the estimated accuracy in a window of one segment, or why it cannot be told.

    Only answers of the window's most frequent model version count, on both sides. A segment is held against
    the same segment of the reference where 300 answers there have a truth, else against the whole. Records of
    the reference that lie in the window itself are left out.

    Parameters
    ----------
    reference
        Its sample, called by the ids of its records; None without one.
    records
        Of the window, likewise: all of them or a sample.
    """
    if model.task != "classification" or reference is None:
        boxes = "Of boxes the accuracy is not estimated."
        nothing = "There is no reference with truths to learn from."
        return Observation(_SIGNAL, None, 0, note=nothing if model.task == "classification" else boxes)
    known = _known(connection, model, window, reference)
    if not known:
        return Observation(_SIGNAL, None, 0, note="No record of the reference has a score and a truth.")
    said = [one for one in answers_of(connection, model.key, records.images) if _confidence(one) is not None]
    if not said:
        return Observation(_SIGNAL, None, 0, note="No record of the window has a score.")
    versions = Counter(one.model_version for one in said)
    version = min(versions, key=lambda name: (-versions[name], name))
    said = [one for one in said if one.model_version == version]
    known = _of_segment(known, window, reference, version)
    if len(said) < LEAST_ANSWERS or len(known) < LEAST_KNOWN:
        return _untold(len(said), _too_few(len(said), len(known), version))
    names = {*map(_label, said), *map(_label, known), *map(_truth, known)}
    number = {name: i for i, name in enumerate(sorted(names))}
    learned = learn_accuracy(
        KnownAnswers(
            _confidences(known),
            np.array([number[_label(one)] for one in known], np.intp),
            np.array([number[_truth(one)] for one in known], np.intp),
        ),
        rng=np.random.default_rng(0),
    )
    predicted = np.array([number[_label(one)] for one in said], np.intp)
    found = estimate_accuracy(learned, Answers(_confidences(said), predicted))
    if not found.told or found.accuracy is None:
        return _untold(found.n, found.reason, found.usual)
    of_version = f" of version '{version}'" if version else ""
    return Observation(
        _SIGNAL,
        found.accuracy,
        found.n,
        usual=found.usual,
        low=found.low,
        high=found.high,
        note=(
            f"Learned from {count(found.n_reference)} answers{of_version} of the reference with a truth, of "
            f"which {share(found.usual)} are right."
        ),
    )


def _known(connection: Connection, model: Model, window: StoredWindow, sample: Records) -> list[StoredAnswer]:
    """Return the answers of the reference that have a score and a truth, but for those in the window."""
    keep = np.ones(len(sample), bool)
    if sample.times is not None:
        first, last = (np.datetime64(one.replace(tzinfo=None), "us") for one in (window.start, window.end))
        keep = ~((sample.times >= first) & (sample.times < last))
    ids = [name for name, kept in zip(sample.images, keep, strict=True) if kept]
    return [
        one
        for one in answers_of(connection, model.key, ids, with_truth=True)
        if _confidence(one) is not None and isinstance(one.truth, Classification)
    ]


def _of_segment(
    known: Sequence[StoredAnswer], window: StoredWindow, sample: Records, version: str
) -> list[StoredAnswer]:
    """Return those of a model version: of the window's segment where there are enough, else all."""
    found = [one for one in known if one.model_version == version]
    values = sample.tags.get(window.tag)
    if values is None:
        return found
    mine = {name for name, value in zip(sample.images, values, strict=True) if value == window.value}
    own = [one for one in found if one.record in mine]
    return own if len(own) >= _OF_SEGMENT else found


def _too_few(said: int, known: int, version: str) -> str:
    if known >= LEAST_KNOWN:
        return f"the window has {count(said)} answers with a score; {LEAST_ANSWERS} are needed"
    which = f"answers of version '{version}'" if version else "answers"
    return f"{count(known)} {which} in the reference have a truth and a score; {LEAST_KNOWN} are needed"


def _untold(n: int, reason: str, usual: float | None = None) -> Observation:
    return Observation(_SIGNAL, None, n, usual=usual, note=f"{CANNOT_TELL}{reason}.")


def _confidence(answer: StoredAnswer) -> float | None:
    said = answer.prediction
    return said.confidence if isinstance(said, Classification) else None


def _confidences(answers: Sequence[StoredAnswer]) -> NDArray[np.float64]:
    return np.array([_confidence(one) for one in answers], np.float64)


def _label(answer: StoredAnswer) -> str:
    return answer.prediction.label if isinstance(answer.prediction, Classification) else ""


def _truth(answer: StoredAnswer) -> str:
    return answer.truth.label if isinstance(answer.truth, Classification) else ""
