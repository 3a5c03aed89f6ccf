"""Estimate the accuracy in a window without its truths, from what the truths of the reference taught.

The reference is the model's own records, of which some have a truth, or a folder of images that is sorted by
class. Where the version's ONNX file was asked, faults were simulated on the reference and shown to it; else
the interval is what faults did to other models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import Connection

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.performance.accuracy_estimate import (
    LEAST_ANSWERS,
    LEAST_KNOWN,
    estimate_accuracy,
    learn_accuracy,
)
from driftwheel.performance.answers import Answers, KnownAnswers
from driftwheel.performance.simulated_windows import SimulatedShift
from driftwheel.records import Records
from driftwheel.report.numbers import count, share
from driftwheel.services.check.estimate_check import simulated_shifts
from driftwheel.store.models.models import Model
from driftwheel.store.records.logged_answers import LoggedAnswers, true_classes
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["estimate_window"]

_SIGNAL = "estimated_accuracy"
_OF_SEGMENT = 300  # labelled answers with which a segment of the reference stands for itself


def estimate_window(  # noqa: PLR0917  a window and what it is held against
    connection: Connection,
    model: Model,
    window: StoredWindow,
    reference: Records | None,
    known: LoggedAnswers | None,
    said: LoggedAnswers,
    *,
    truths: Mapping[str, str] | None = None,
    library: FaultLibrary | None = None,
    asked: str = "",
) -> Observation:
    """Return the estimated accuracy in a window of one segment, or why it cannot be told.

    Only answers of the window's most frequent model version count, on both sides. A segment is held against
    the same segment of the reference where 300 answers there have a truth, else against the whole. Records of
    the reference that lie in the window itself are left out.

    Parameters
    ----------
    reference
        Its sample, called by the ids of its records; None without one.
    known
        What the model said of these; None likewise.
    said
        What it said of the window's records: all of them or a sample.
    truths
        The true classes of the reference's images, by name; None: those that were sent of its records.
    library
        What faults do to the reference; None where that was not simulated.
    asked
        The version whose answers are in the library; empty without any.
    """
    if model.task != "classification" or reference is None or known is None:
        boxes = "Of boxes the accuracy is not estimated."
        nothing = "There is no reference with truths to learn from."
        return Observation(_SIGNAL, None, 0, note=nothing if model.task == "classification" else boxes)
    known, true = _known(connection, model, window, reference, known, truths)
    if not len(known):
        return Observation(_SIGNAL, None, 0, note="No record of the reference has a score and a truth.")
    said = said.take(np.flatnonzero(~np.isnan(said.confidence)).tolist())
    if not len(said):
        return Observation(
            _SIGNAL, None, 0, note=f"No record of the window has a score.{_whom(known, truths)}"
        )
    versions = Counter(said.versions)
    version = min(versions, key=lambda name: (-versions[name], name))
    said = said.take([i for i, name in enumerate(said.versions) if name == version])
    known = _of_segment(known, window, reference, version)
    if len(said) < LEAST_ANSWERS or len(known) < LEAST_KNOWN:
        return _untold(len(said), _too_few(len(said), len(known), version))
    true_ones = [true[name] for name in known.records]
    answers = None if library is None else library.answers
    shown = () if answers is None else answers.classes
    number = {name: i for i, name in enumerate(sorted({*_labels(said), *_labels(known), *true_ones, *shown}))}
    learned = learn_accuracy(
        KnownAnswers(
            known.confidence,
            np.array([number[name] for name in _labels(known)], np.intp),
            np.array([number[name] for name in true_ones], np.intp),
        ),
        _shifts(library, true, number) if version == asked else [],
        rng=np.random.default_rng(0),
    )
    predicted = np.array([number[name] for name in _labels(said)], np.intp)
    found = estimate_accuracy(learned, Answers(said.confidence, predicted))
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
            f"which {share(found.usual)} are right{_simulated(found.faults)}."
        ),
    )


def _shifts(
    library: FaultLibrary | None, true: Mapping[str, str], number: Mapping[str, int]
) -> Sequence[SimulatedShift]:
    """Return what faults do to the answers of the version that was asked, classes by these numbers."""
    answers = None if library is None else library.answers
    if library is None or answers is None:
        return []
    places = np.array([number[name] for name in answers.classes], np.intp)
    said = replace(answers, predicted=places[answers.predicted])
    column = {name: number[true[name]] for name in library.images if true.get(name) in number}
    return simulated_shifts(replace(library, answers=said), column)


def _known(  # noqa: PLR0917  a window and what it is held against
    connection: Connection,
    model: Model,
    window: StoredWindow,
    sample: Records,
    known: LoggedAnswers,
    truths: Mapping[str, str] | None,
) -> tuple[LoggedAnswers, Mapping[str, str]]:
    """Return the answers of the reference that have a score and a truth, but for those in the window.

    And the truths, by record id, which may have become known since the reference was read.
    """
    keep = ~sample.between(window.start, window.end)
    ids = {name for name, kept in zip(sample.images, keep, strict=True) if kept}
    true = true_classes(connection, model.key, ids) if truths is None else truths
    usable = ~np.isnan(known.confidence)
    rows = [i for i, name in enumerate(known.records) if usable[i] and name in ids and name in true]
    return known.take(rows), true


def _of_segment(known: LoggedAnswers, window: StoredWindow, sample: Records, version: str) -> LoggedAnswers:
    """Return those of a model version: of the window's segment where there are enough, else all."""
    found = known.take([i for i, name in enumerate(known.versions) if name == version])
    values = sample.tags.get(window.tag)
    if values is None:
        return found
    mine = {name for name, value in zip(sample.images, values, strict=True) if value == window.value}
    own = [i for i, name in enumerate(found.records) if name in mine]
    return found.take(own) if len(own) >= _OF_SEGMENT else found


def _whom(known: LoggedAnswers, truths: Mapping[str, str] | None) -> str:
    """Return what records need for a version to be asked about them; empty where scores are those logged."""
    if truths is None:
        return ""
    versions = ", ".join(f"'{one}'" for one in sorted(set(known.versions)))
    return f" Records that name a version with an ONNX file ({versions}) and keep their image get one."


def _too_few(said: int, known: int, version: str) -> str:
    if known >= LEAST_KNOWN:
        return f"the window has {count(said)} answers with a score; {LEAST_ANSWERS} are needed"
    which = f"answers of version '{version}'" if version else "answers"
    return f"{count(known)} {which} in the reference have a truth and a score; {LEAST_KNOWN} are needed"


def _simulated(faults: int) -> str:
    return f", and from {faults} kinds of camera faults simulated on it" if faults else ""


def _untold(n: int, reason: str, usual: float | None = None) -> Observation:
    return Observation(_SIGNAL, None, n, usual=usual, note=f"{CANNOT_TELL}{reason}.")


def _labels(answers: LoggedAnswers) -> Sequence[str]:
    return [answers.classes[i] for i in answers.labels]
