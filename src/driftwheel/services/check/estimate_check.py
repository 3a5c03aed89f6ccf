"""Estimate how often the monitored model is right on current images, from a reference with truths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.performance.accuracy_estimate import LEAST_KNOWN, estimate_accuracy, learn_accuracy
from driftwheel.performance.answers import Answers, KnownAnswers, answers_from_scores
from driftwheel.performance.score_table import known_rows
from driftwheel.performance.simulated_windows import SimulatedShift
from driftwheel.predictions import AccuracyEstimate
from driftwheel.records import Records
from driftwheel.services.check.reference_truths import NOT_KNOWN

__all__ = ["LEAST_OF_CASE", "estimate_check", "simulated_shifts"]

LEAST_OF_CASE = 10
"""Images with a truth that a simulated fault tells something by."""


def estimate_check(
    reference: Records,
    truths: NDArray[np.intp],
    current: Records,
    library: FaultLibrary | None,
    *,
    seed: int,
) -> AccuracyEstimate | None:
    """Return the estimated accuracy on `current`, or why it cannot be told; None where no model was asked.

    Parameters
    ----------
    reference, current
        With scores of the same model.
    truths
        (n,) the true columns of the reference, as `reference_truths.true_columns` gives them.
    library
        What camera faults do to the reference, with the model's answers. Without it the interval is that of
        faults on other models.
    seed
        Of the simulated windows.
    """
    if reference.scores is None or current.scores is None:
        return None
    usable = known_rows(reference.scores) & (truths != NOT_KNOWN)
    known = _known(answers_from_scores(reference.scores[usable]), truths[usable])
    said = answers_from_scores(current.scores[known_rows(current.scores)])
    if not len(known):
        why = f"0 answers of the reference have a truth; {LEAST_KNOWN} are needed"
        return AccuracyEstimate(None, None, None, len(said), 0, float("nan"), why)
    column = {name: int(one) for name, one in zip(reference.images, truths, strict=True)}
    shifts = [] if library is None else simulated_shifts(library, column)
    learned = learn_accuracy(known, shifts, rng=np.random.default_rng([seed, len(known)]))
    return estimate_accuracy(learned, said)


def simulated_shifts(library: FaultLibrary, column: dict[str, int]) -> Sequence[SimulatedShift]:
    """Return what a model said of every simulated fault, where its answers and truths are known.

    Parameters
    ----------
    column
        The true column of images of the reference, by name; below −1 and absent: not known.
    """
    answers = library.answers
    if answers is None:
        return []
    true_of = np.array([column.get(name, NOT_KNOWN) for name in library.images], np.intp)[library.base]
    found = []
    for number, case in enumerate(library.cases):
        rows = np.flatnonzero((library.case == number) & (true_of != NOT_KNOWN))
        if len(rows) >= LEAST_OF_CASE:
            confidence = answers.confidence[rows].astype(np.float64)
            its = KnownAnswers(np.clip(confidence, 0.0, 1.0), answers.predicted[rows], true_of[rows])
            found.append(SimulatedShift(case.fault, its))
    return found


def _known(answers: Answers, truths: NDArray[np.intp]) -> KnownAnswers:
    return KnownAnswers(answers.confidence, answers.predicted, truths)
