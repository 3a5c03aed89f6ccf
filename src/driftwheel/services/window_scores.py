"""The scores that a model logged with its predictions, beside a window and beside its reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.predictions import Classification
from driftwheel.records import Records
from driftwheel.store.answers import StoredAnswer

__all__ = ["MOST_CLASSES", "with_logged_scores"]

MOST_CLASSES = 2000
"""With more classes than this, scores are not compared."""


def with_logged_scores(
    usual: Records, current: Records, known: Mapping[str, StoredAnswer], said: Sequence[StoredAnswer]
) -> tuple[Records, Records]:
    """Return both sides with the scores of one version of the model, or both as they are.

    Only answers of the version that answered most often in the window count; the other images have no scores.
    Where either side has fewer than 20 such answers, both stay as they are. A class that an answer gives no
    score for has 0: that is what it means to log the best five. Where fewer than 20 answers on a side have
    any score, the class that was named has 1 and the others 0: then the mix of classes is all there is.

    Parameters
    ----------
    known
        What the model said of the images of `usual`, by their names.
    said
        What it said of those of `current`.

    Examples
    --------
    >>> table = Records(("a",), np.zeros((1, 1), np.float32), ("brightness",))
    >>> with_logged_scores(table, table, {}, [])[1].scores is None
    True
    """
    of_window = {one.record: one for one in said if isinstance(one.prediction, Classification)}
    answers = [of_window[name] for name in current.images if name in of_window]
    if not answers:
        return usual, current
    versions = Counter(one.model_version for one in answers)
    version = min(versions, key=lambda name: (-versions[name], name))
    sides = [
        [_said(by_name.get(name), version) for name in records.images]
        for by_name, records in ((known, usual), (of_window, current))
    ]
    if min(sum(one is not None for one in side) for side in sides) < LEAST_SAMPLE:
        return usual, current
    with_scores = min(sum(one is not None and bool(one.scores) for one in side) for side in sides)
    named = [one for side in sides for one in side if one is not None]
    classes = tuple(sorted({name for one in named for name in (one.label, *one.scores)}))
    if not 2 <= len(classes) <= MOST_CLASSES:
        return usual, current
    tables = [_table(side, classes, scored=with_scores >= LEAST_SAMPLE) for side in sides]
    return (
        replace(usual, scores=tables[0], classes=classes),
        replace(current, scores=tables[1], classes=classes),
    )


def _said(answer: StoredAnswer | None, version: str) -> Classification | None:
    if answer is None or answer.model_version != version:
        return None
    return answer.prediction if isinstance(answer.prediction, Classification) else None


def _table(
    answers: Sequence[Classification | None], classes: tuple[str, ...], *, scored: bool
) -> NDArray[np.float32]:
    place = {name: i for i, name in enumerate(classes)}
    table = np.full((len(answers), len(classes)), np.nan, np.float32)
    for row, one in zip(table, answers, strict=True):
        if one is None or (scored and not one.scores):
            continue
        row[:] = 0.0
        for name, score in one.scores.items() if scored else ((one.label, 1.0),):
            row[place[name]] = score
    return table
