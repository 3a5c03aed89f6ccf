from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.predictions import Box, Classification, Detection
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.records.truths import NewTruth, find_truth, put_truths, truths_of

CAT, DOG = Classification("cat"), Classification("dog")
BOXES = Detection((Box("cat", 1, 2, 3.5, 4),))


def test_truths_are_kept_once_and_the_later_counts(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        rows = [NewTruth("b", CAT), NewTruth("a", BOXES), NewTruth("b", CAT), NewTruth("b", DOG)]
        outcomes = put_truths(connection, model.key, rows, received=NOON, by="me")
        assert outcomes == ["accepted", "accepted", "duplicate", "replaced"]
        assert put_truths(connection, model.key, [], received=NOON, by="me") == []
    later = NOON + timedelta(hours=1)
    with writing(database) as connection:
        rows = [NewTruth("a", BOXES), NewTruth("b", CAT), NewTruth("b", CAT), NewTruth("c", DOG)]
        outcomes = put_truths(connection, model.key, rows, received=later, by="you")
        assert outcomes == ["duplicate", "replaced", "duplicate", "accepted"]
    with reading(database) as connection:
        found = truths_of(connection, model.key, ["c", "b", "a", "missing"])
        assert find_truth(connection, model.key, "missing") is None
        assert find_truth(connection, model.key, "a") == found[0]
    assert [(one.record, one.truth, one.received, one.by) for one in found] == [
        ("a", BOXES, NOON, "me"),
        ("b", CAT, later, "you"),
        ("c", DOG, later, "you"),
    ]
