"""The scores that a model logged with its predictions, beside a window and beside its reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.records import Records
from driftwheel.store.records.logged_answers import LoggedAnswers

__all__ = ["MOST_CLASSES", "with_logged_scores"]

MOST_CLASSES = 2000
"""With more classes than this, scores are not compared."""


def with_logged_scores(
    usual: Records, current: Records, known: LoggedAnswers, said: LoggedAnswers
) -> tuple[Records, Records]:
    """Return both sides with the scores of one version of the model, or both as they are.

    Only answers of the version that answered most often in the window count; the other images have no scores.
    Where either side has fewer than 20 such answers, both stay as they are. A class that an answer gives no
    score for has 0: that is what it means to log the best five. Where fewer than 20 answers on a side have
    any score, the class that was named has 1 and the others 0: then the mix of classes is all there is.

    Parameters
    ----------
    known
        What the model said of the images of `usual`, and maybe of others.
    said
        What it said of those of `current`, likewise.

    Examples
    --------
    >>> from driftwheel.store.records.logged_answers import pack_answers
    >>> table = Records(("a",), np.zeros((1, 1), np.float32), ("brightness",))
    >>> with_logged_scores(table, table, pack_answers([]), pack_answers([]))[1].scores is None
    True
    """
    by_name = dict(zip(said.records, said.versions, strict=True))
    versions = Counter(by_name[name] for name in current.images if name in by_name)
    if not versions:
        return usual, current
    version = min(versions, key=lambda name: (-versions[name], name))
    sides = [_rows(known, usual.images, version), _rows(said, current.images, version)]
    if min(int((rows >= 0).sum()) for rows in sides) < LEAST_SAMPLE:
        return usual, current
    scored = [_scored(answers, rows) for answers, rows in zip((known, said), sides, strict=True)]
    with_scores = min(int((rows >= 0).sum()) for rows in scored) >= LEAST_SAMPLE
    classes = tuple(sorted({*_classes(known, sides[0]), *_classes(said, sides[1])}))
    if not 2 <= len(classes) <= MOST_CLASSES:
        return usual, current
    if with_scores:
        tables = [_scores(known, scored[0], classes), _scores(said, scored[1], classes)]
    else:
        tables = [_ones(known, sides[0], classes), _ones(said, sides[1], classes)]
    return (
        replace(usual, scores=tables[0], classes=classes),
        replace(current, scores=tables[1], classes=classes),
    )


def _rows(answers: LoggedAnswers, images: Sequence[str], version: str) -> NDArray[np.intp]:
    """Return for each image the row of its answer; −1 where there is none of this version."""
    row = {name: i for i, name in enumerate(answers.records) if answers.versions[i] == version}
    return np.array([row.get(name, -1) for name in images], np.intp)


def _scored(answers: LoggedAnswers, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows with −1 also where an answer has no score."""
    found = rows.copy()
    there = np.flatnonzero(rows >= 0)
    found[there[np.diff(answers.scores.indptr)[rows[there]] == 0]] = -1
    return found


def _classes(answers: LoggedAnswers, rows: NDArray[np.intp]) -> list[str]:
    its = rows[rows >= 0]
    return [
        answers.classes[i] for i in {*answers.labels[its].tolist(), *answers.scores[its].indices.tolist()}
    ]


def _scores(answers: LoggedAnswers, rows: NDArray[np.intp], classes: tuple[str, ...]) -> NDArray[np.float32]:
    table, there = _empty(rows, classes)
    part = answers.scores[rows[there]].tocoo()
    table[there[part.row], _places(answers, classes)[part.col]] = part.data
    return table


def _ones(answers: LoggedAnswers, rows: NDArray[np.intp], classes: tuple[str, ...]) -> NDArray[np.float32]:
    table, there = _empty(rows, classes)
    table[there, _places(answers, classes)[answers.labels[rows[there]]]] = 1.0
    return table


def _empty(rows: NDArray[np.intp], classes: tuple[str, ...]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return a table that is 0 in these rows and else NaN, and their numbers."""
    there = np.flatnonzero(rows >= 0)
    table = np.full((len(rows), len(classes)), np.nan, np.float32)
    table[there] = 0.0
    return table, there


def _places(answers: LoggedAnswers, classes: tuple[str, ...]) -> NDArray[np.intp]:
    """Return where each class of the answers stands among `classes`; −1 where it is not one of them."""
    place = {name: i for i, name in enumerate(classes)}
    return np.array([place.get(name, -1) for name in answers.classes], np.intp)
