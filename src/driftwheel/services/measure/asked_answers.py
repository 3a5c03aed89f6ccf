"""Answers that a version's ONNX file gave when it was asked about the images of a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from driftwheel.store.records.logged_answers import LoggedAnswers

__all__ = ["AskedAnswers", "as_logged", "pack_asked", "unpack_asked"]


@dataclass(frozen=True, slots=True, eq=False)
class AskedAnswers:
    """What one version said.

    Attributes
    ----------
    version
        Its name.
    artifact
        Digest of its ONNX file among the blobs.
    identity
        Of the classifier.
    classes
        The k names of the columns of its scores.
    scores
        (n, k) float32 in [0, 1], a row an image; NaN where the image could not be had, or was learnt from.
    """

    version: str
    artifact: bytes
    identity: str
    classes: tuple[str, ...]
    scores: NDArray[np.float32]


def as_logged(asked: Sequence[tuple[Sequence[str], AskedAnswers]]) -> LoggedAnswers:
    """Return answers about images of these names as if they had been logged; rows of NaN are left out.

    Examples
    --------
    >>> said = AskedAnswers("v1", b"", "m", ("cat", "dog"), np.array([[0.75, 0.25]], np.float32))
    >>> found = as_logged([(["a"], said)])
    >>> found.records, found.versions, found.confidence.tolist(), found.scores.toarray().tolist()
    (('a',), ('v1',), [0.75], [[0.75, 0.25]])
    """
    classes = tuple(dict.fromkeys(name for _, one in asked for name in one.classes))
    place = {name: i for i, name in enumerate(classes)}
    rows = sorted(
        (name, one.version, turn, row)
        for turn, (names, one) in enumerate(asked)
        for row, name in enumerate(names)
        if not np.isnan(one.scores[row]).any()
    )
    scores = [asked[turn][1].scores[row] for _, _, turn, row in rows]
    places = [np.array([place[name] for name in one.classes], np.int32) for _, one in asked]
    indices = [places[turn] for _, _, turn, _ in rows]
    starts = np.cumsum([0, *map(len, scores)]).astype(np.int32)
    flat = np.concatenate(scores) if scores else np.empty(0, np.float32)
    columns = np.concatenate(indices) if indices else np.empty(0, np.int32)
    return LoggedAnswers(
        tuple(name for name, *_ in rows),
        tuple(version for _, version, *_ in rows),
        classes,
        np.array([places[turn][asked[turn][1].scores[row].argmax()] for _, _, turn, row in rows], np.intp),
        np.array([min(float(one.max()), 1.0) for one in scores], np.float64),
        csr_array((flat, columns, starts), shape=(len(rows), len(classes))),
    )


def pack_asked(asked: AskedAnswers) -> dict[str, Any]:
    """Return answers as plain values; scores as float16."""
    return {
        "version": asked.version,
        "artifact": asked.artifact,
        "identity": asked.identity,
        "classes": list(asked.classes),
        "scores": asked.scores.astype("<f2").tobytes(),
    }


def unpack_asked(plain: Mapping[str, Any]) -> AskedAnswers:
    """Return what `pack_asked` packed."""
    classes = tuple(plain["classes"])
    scores = np.frombuffer(plain["scores"], "<f2").astype(np.float32).reshape(-1, len(classes))
    return AskedAnswers(plain["version"], plain["artifact"], plain["identity"], classes, scores)
