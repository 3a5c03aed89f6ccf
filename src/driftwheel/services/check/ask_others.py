"""Other versions of the monitored model, asked about the same images, and how often all of them agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.load_classifier import ClassNames, Model, load_classifier
from driftwheel.performance.accuracy_estimate import LEAST_ANSWERS, LEAST_KNOWN, WIDEST
from driftwheel.performance.agreement_on_the_line import (
    LEAST_MODELS,
    STRAIGHT,
    AgreementEstimate,
    agreement_interval,
    agreement_on_the_line,
)
from driftwheel.predictions import AccuracyByAgreement
from driftwheel.records import Image, Records
from driftwheel.services.check.reference_truths import NOT_KNOWN
from driftwheel.services.measure.classify_images import classify_images
from driftwheel.services.progress import OnProgress, counting
from driftwheel.sources import Source

__all__ = ["NOT_ASKED", "agree", "load_others", "predicted_by"]

NOT_ASKED = -2
"""Stands for the answer of a model that could not be asked about an image."""


def load_others(
    models: Sequence[Model], main: Classifier | None, classes: ClassNames | None
) -> tuple[Classifier, ...]:
    """Return the other versions of the monitored model, ready to be asked.

    Raises
    ------
    UsageError
        When there is no monitored model, fewer than two others, or one that names other classes.
    """
    if not models:
        return ()
    if main is None:
        raise UsageError("Other models were given without the monitored one; give that too.")
    if len(models) + 1 < LEAST_MODELS:
        raise UsageError(
            f"Agreement needs {LEAST_MODELS} models or more, the monitored one and {LEAST_MODELS - 1} "
            f"others, since any line goes through two; {len(models)} other was given."
        )
    found = []
    for model in models:
        other = load_classifier(model, None if isinstance(model, Classifier) else classes)
        if other is None or set(other.classes) != set(main.classes):
            raise UsageError(
                "Another model tells other classes apart than the monitored one. Give versions of one model, "
                "or name the classes (--classes)."
            )
        found.append(other)
    return tuple(found)


def predicted_by(
    others: Sequence[Classifier],
    source: Source,
    records: Records,
    side: str,
    *,
    threads: int | None = None,
    on_progress: OnProgress | None = None,
) -> NDArray[np.intp]:
    """Return (1 + m, n) columns of the classes that the monitored model and m others name in n records.

    Each image is read once more for each of the others. −2: no answer.
    """
    table = np.full((1 + len(others), len(records)), NOT_ASKED, np.intp)
    if records.scores is None:
        return table
    known = ~np.isnan(records.scores).any(axis=1)
    table[0, known] = records.scores[known].argmax(axis=1)
    column = {name: i for i, name in enumerate(records.classes)}
    for row, other in enumerate(others, start=1):
        advance = counting(on_progress, f"Asking model {row + 1} about {side} images", source.count)
        said = classify_images(_images(source, advance), other, threads=threads)
        places = [column[name] for name in other.classes]
        for i, name in enumerate(records.images):
            if name in said:
                table[row, i] = places[int(said[name].argmax())]
    return table


def agree(before: NDArray[np.intp], truths: NDArray[np.intp], now: NDArray[np.intp]) -> AccuracyByAgreement:
    """Return the accuracy of the monitored model, the first, on the current images, from how often all agree.

    Parameters
    ----------
    before, now
        Of the reference and of the current images, as `predicted_by` gives them; images that a model gave no
        answer to are left out.
    truths
        (n,) true columns of the reference, as `reference_truths.true_columns` gives them.
    """
    known = (before != NOT_ASKED).all(axis=0) & (truths != NOT_KNOWN)
    asked = (now != NOT_ASKED).all(axis=0)
    models, n_reference, n = len(before), int(known.sum()), int(asked.sum())

    def untold(reason: str, r_squared: float | None = None) -> AccuracyByAgreement:
        return AccuracyByAgreement(None, r_squared, models, n, n_reference, reason)

    if n_reference < LEAST_KNOWN:
        return untold(
            f"all models answered {n_reference} reference images with a truth; {LEAST_KNOWN} are needed"
        )
    if n < LEAST_ANSWERS:
        return untold(f"all models answered {n} current images; {LEAST_ANSWERS} are needed")
    seen = before[:, known], truths[known], now[:, asked]
    found = agreement_on_the_line(*seen)
    r_squared = None if np.isnan(found.r_squared) else found.r_squared
    if why := _no_line(found):
        return untold(why, r_squared)
    low, high = agreement_interval(*seen)[0]
    if high - low > WIDEST:
        why = f"with other images of the same kind it might be anything from {low:.0%} to {high:.0%}"
        return untold(why, r_squared)
    return AccuracyByAgreement(found.detailed[0], r_squared, models, n, n_reference)


def _no_line(found: AgreementEstimate) -> str:
    """Return why pairs of models make no line that accuracy follows; empty where they do."""
    if np.isnan(found.r_squared):
        return "all pairs of models agree equally often, which draws no line"
    if not found.trusted:
        return f"the models do not lie on a line (r² {found.r_squared:.2f}; {STRAIGHT:g} is needed)"
    if found.slope <= 0:
        return "models that agree more often on the reference agree less often now: they share no line"
    return ""


def _images(source: Source, advance: Callable[[int], None] | None) -> Iterator[Image]:
    for one in source:
        if advance is not None:
            advance(1)
        if isinstance(one, Image):
            yield one
