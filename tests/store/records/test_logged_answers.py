"""Answers of a classifier, packed: as they were logged, and small."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import Engine

from driftwheel.predictions import Box, Classification, Detection, Prediction, Record
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.logged_answers import logged_answers, pack_answers, true_classes
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.records.writer import write_records

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def put(database: Engine, said: dict[str, Prediction | None], truths: dict[str, Prediction]) -> int:
    with writing(database) as connection:
        model = create_model(connection, "m", task="classification", created=NOON)
        new = [
            NewRecord(
                model.key, Record(name, "m", NOON, "v1", prediction=one), hashlib.sha256(b"").digest(), NOON
            )
            for name, one in said.items()
        ]
        write_records(connection, new)
        known = [NewTruth(name, one) for name, one in truths.items()]
        put_truths(connection, model.key, known, received=NOON, by="me")
    return model.key


def test_answers_are_those_that_were_logged(database: Engine) -> None:
    box = Box("cat", 0, 0, 1, 1, 0.5)
    said: dict[str, Prediction | None] = {
        "c": Classification("dog", {"cat": 0.25, "dog": 0.75}),
        "a": Classification("owl", {"cat": 0.125, "dog": 0.0}),
        "b": Classification("cat"),
        "boxes": Detection((box,)),
        "nothing": None,
        "other": Classification("fox"),
    }
    model = put(database, said, {"a": Classification("cat"), "boxes": Detection((box,))})
    with reading(database) as connection:
        found = logged_answers(connection, model, ["nothing", "c", "boxes", "b", "a", "unheard of"])
        assert true_classes(connection, model, ["a", "b", "boxes"]) == {"a": "cat"}
    assert found.records == ("a", "b", "c")
    assert [found.classes[i] for i in found.labels] == ["owl", "cat", "dog"]
    assert found.confidence.tolist() == pytest.approx([np.nan, np.nan, 0.75], nan_ok=True)
    columns = [found.classes.index(name) for name in ("cat", "dog", "owl")]
    assert found.scores.toarray()[:, columns].tolist() == [[0.125, 0, 0], [0, 0, 0], [0.25, 0.75, 0]]
    assert np.diff(found.scores.indptr).tolist() == [2, 0, 2]  # a score of 0 is one that was logged
    part = found.take([2, 0])
    assert (part.records, part.scores.toarray()[0, columns].tolist()) == (("c", "a"), [0.25, 0.75, 0])


def test_a_thousand_classes_take_eight_bytes_a_score() -> None:
    names = [f"class {i}" for i in range(1000)]
    rng = np.random.default_rng(0)
    rows = rng.dirichlet(np.full(1000, 0.1), 200)
    said = [
        (f"r{i:03}", "v1", {"class": names[row.argmax()], "scores": dict(zip(names, row, strict=True))})
        for i, row in enumerate(rows)
    ]
    found = pack_answers(said)
    assert np.array_equal(found.scores.toarray(), rows.astype(np.float32))
    assert np.array_equal(found.confidence, rows.max(axis=1))
    assert found.nbytes < 8.1 * rows.size


def test_no_answers() -> None:
    found = pack_answers([])
    assert (len(found), found.classes, found.scores.shape) == (0, (), (0, 0))
    assert len(found.take([])) == 0
