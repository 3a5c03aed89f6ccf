"""What a model said of many records: classes and their scores, packed: a thousand classes are common."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sqlalchemy import Connection, Text, cast, select

from driftwheel.store.schema.tables import records, truths

__all__ = ["LoggedAnswers", "logged_answers", "pack_answers", "true_classes"]

_CHUNK = 500


@dataclass(frozen=True, slots=True, eq=False)
class LoggedAnswers:
    """Answers of a classifier, by record id; eight bytes a score.

    Attributes
    ----------
    records, versions
        Ids of the n records, sorted, and the model version that answered.
    classes
        All that were named or have a score, in any order.
    labels
        (n,) places in `classes` of the class that was named.
    confidence
        (n,) scores of the class that was named, in [0, 1]; NaN where it has none.
    scores
        (n, classes) as they were logged: also a score of 0 is stored.
    """

    records: tuple[str, ...]
    versions: tuple[str, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.intp]
    confidence: NDArray[np.float64]
    scores: csr_array

    def __len__(self) -> int:
        return len(self.records)

    @property
    def nbytes(self) -> int:
        """Bytes that the scores take."""
        return int(self.scores.data.nbytes + self.scores.indices.nbytes + self.scores.indptr.nbytes)

    def take(self, rows: Sequence[int]) -> LoggedAnswers:
        """Return some of the answers, in this order."""
        return replace(
            self,
            records=tuple(self.records[i] for i in rows),
            versions=tuple(self.versions[i] for i in rows),
            labels=self.labels[list(rows)],
            confidence=self.confidence[list(rows)],
            scores=self.scores[list(rows)],
        )


def pack_answers(said: Iterable[tuple[str, str, Mapping[str, Any]]]) -> LoggedAnswers:
    """Pack record ids, sorted, model versions and predictions as JSON; those with boxes are left out.

    Examples
    --------
    >>> found = pack_answers([("a", "v1", {"class": "cat", "scores": {"dog": 0.25, "cat": 0.75}})])
    >>> found.classes, found.confidence.tolist(), found.scores.toarray().tolist()
    (('dog', 'cat'), [0.75], [[0.25, 0.75]])
    """
    number: dict[str, int] = {}
    ids, versions, labels, confidence = [], [], [], []
    values, places, starts = array("f"), array("i"), [0]
    named: tuple[str, ...] = ()
    its = array("i")
    for record, version, plain in said:
        if "class" not in plain:
            continue
        scores: Mapping[str, float] = plain.get("scores") or {}
        if tuple(scores) != named:  # mostly the same classes, in the same order
            named = tuple(scores)
            its = array("i", [number.setdefault(name, len(number)) for name in named])
        ids.append(record)
        versions.append(version)
        labels.append(number.setdefault(plain["class"], len(number)))
        confidence.append(scores.get(plain["class"], np.nan))
        values.extend(scores.values())
        places.extend(its)
        starts.append(len(values))
    parts = (np.array(values, np.float32), np.array(places, np.int32), np.array(starts, np.int32))
    return LoggedAnswers(
        tuple(ids),
        tuple(versions),
        tuple(number),
        np.array(labels, np.intp),
        np.array(confidence, np.float64),
        csr_array(parts, shape=(len(ids), len(number))),
    )


def logged_answers(connection: Connection, model: int, ids: Iterable[str]) -> LoggedAnswers:
    """Return what a model said of these of its records, those without an answer left out."""

    def rows() -> Iterable[tuple[str, str, Mapping[str, Any]]]:
        c = records.c
        chosen = select(c.id, c.model_version, cast(c.prediction, Text))
        for part in _chunks(ids):
            found = connection.execute(
                chosen.where(c.model == model, c.prediction.is_not(None), c.id.in_(part))
            )
            for record, version, text in sorted(found):
                yield record, version, json.loads(text)

    return pack_answers(rows())


def true_classes(connection: Connection, model: int, ids: Iterable[str]) -> dict[str, str]:
    """Return the true class of those of these records of which it is known, by record id."""
    found = {}
    for part in _chunks(ids):
        chosen = select(truths.c.record, truths.c.truth)
        rows = connection.execute(chosen.where(truths.c.model == model, truths.c.record.in_(part)))
        found.update({record: plain["class"] for record, plain in rows if "class" in plain})
    return found


def _chunks(ids: Iterable[str]) -> Iterable[Sequence[str]]:
    its = sorted(set(ids))
    return (its[begin : begin + _CHUNK] for begin in range(0, len(its), _CHUNK))
