from __future__ import annotations

from sqlalchemy import Engine
from tests.store.rows import NOON

from driftwheel.predictions import Classification, Feedback
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model
from driftwheel.store.records.feedback import add_feedback, feedback_of


def test_feedback_is_counted_once(database: Engine, model: Model) -> None:
    said = [
        Feedback("a", wrong=True, truth=Classification("dog"), note="a dög"),
        Feedback("b", wrong=False),
        Feedback("a", wrong=True, truth=Classification("dog"), note="a dög"),
        Feedback("a", wrong=True),
    ]
    with writing(database) as connection:
        first = add_feedback(connection, model.key, said, received=NOON, by="me")
        again = add_feedback(connection, model.key, said, received=NOON, by="me")
        other = add_feedback(connection, model.key, said[:2], received=NOON, by="you")
        assert add_feedback(connection, model.key, [], received=NOON, by="me") == []
    assert first == ["accepted", "accepted", "duplicate", "accepted"]
    assert again == ["duplicate"] * 4
    assert other == ["accepted", "accepted"]
    with reading(database) as connection:
        found = feedback_of(connection, model.key, "b")
        assert [(one.by, one.wrong, one.truth, one.note) for one in found] == [
            ("me", False, None, ""),
            ("you", False, None, ""),
        ]
        about_a = feedback_of(connection, model.key, "a")
        told = sorted((one.by, one.truth is None, one.note) for one in about_a)
        assert told == [("me", False, "a dög"), ("me", True, ""), ("you", False, "a dög")]
        assert [one.truth for one in about_a if one.truth] == [Classification("dog")] * 2
        assert feedback_of(connection, model.key, "c") == []
