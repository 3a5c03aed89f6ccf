"""Truth and feedback come later, or before, any number of times, and are joined by the record's id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from tests.store.rows import new_record

from driftwheel.errors import StorageFullError, UsageError
from driftwheel.predictions import Box, Classification, Detection, Feedback, Truth
from driftwheel.services.ingest.ingest_values import Result
from driftwheel.services.ingest.record_feedback import record_feedback
from driftwheel.services.ingest.record_truth import NewTruth, record_truths
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model, find_model
from driftwheel.store.records.feedback import feedback_of
from driftwheel.store.records.truths import find_truth
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.due_windows import due_windows
from driftwheel.store.windows.verdicts import NewVerdict, put_verdict
from driftwheel.store.windows.windows import StoredWindow

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CAT, DOG = Classification("cat"), Classification("dog")
CAR = Detection((Box("car", 1, 2, 3, 4),))


@dataclass(frozen=True)
class Bounds:
    """Of `driftwheel.services.ingest.ingest_values.Limits`."""

    max_image_bytes: int = 1
    max_image_pixels: int = 1
    max_batch_records: int = 20
    queue_records: int = 1
    disk_reserve_bytes: int = 0


@pytest.fixture
def engine(database: Engine) -> Engine:
    with writing(database) as connection:
        create_model(connection, "cats", task="classification", created=NOW)
        create_model(connection, "cars", task="detection", created=NOW)
    return database


def tell(engine: Engine, *told: tuple[str, Truth], model: str = "cats", by: str = "me") -> list[Result]:
    rows = [NewTruth(record, truth) for record, truth in told]
    return record_truths(engine, model, rows, by=by, received=NOW, limits=Bounds())


def say(engine: Engine, *said: Feedback, model: str = "cats", by: str = "me") -> list[Result]:
    return record_feedback(engine, model, said, by=by, received=NOW, limits=Bounds())


def known(engine: Engine, record: str, model: str = "cats") -> Truth | None:
    with reading(engine) as connection:
        found = find_truth(connection, find_model(connection, model).key, record)
    return None if found is None else found.truth


def test_truth_is_kept_counts_once_and_the_latest_stays(engine: Engine) -> None:
    assert tell(engine, ("r1", CAT)) == [Result("r1", "accepted")]
    assert tell(engine, *10 * [("r1", CAT)]) == 10 * [Result("r1", "duplicate")]
    assert tell(engine, ("r1", DOG), ("r2", DOG)) == [Result("r1", "replaced"), Result("r2", "accepted")]
    assert known(engine, "r1") == DOG
    assert tell(engine, ("r1", CAR), model="cars") == [Result("r1", "accepted")]
    assert known(engine, "r1", "cars") == CAR
    assert known(engine, "r3") is None
    assert tell(engine) == []


def test_what_cannot_be_true_is_rejected_beside_what_can(engine: Engine) -> None:
    results = tell(
        engine,
        ("", CAT),
        ("r1", CAT),
        ("a\0", CAT),
        ("r2", CAR),
        ("r3", Classification("cat", {"cat": 1.0})),
        ("r4", Classification("\ud800")),
        ("x" * 129, CAT),
    )
    assert [result.outcome for result in results] == [
        "rejected",
        "accepted",
        "rejected",
        "rejected",
        "rejected",
        "rejected",
        "rejected",
    ]
    assert results[3].reason == "The truth has boxes, but the model's task is classification; give a class."
    assert results[4].reason == "The truth has scores; what is true has none. Leave them out."
    scored = Detection((Box("car", 1, 2, 3, 4, 0.5),))
    assert tell(engine, ("r1", scored), model="cars")[0].outcome == "rejected"
    assert known(engine, "r3") is None


def test_any_number_of_people_speak_of_a_record_and_each_words_count_once(engine: Engine) -> None:
    wrong = Feedback("r1", wrong=True, truth=DOG, note="It barks.")
    assert say(engine, wrong, wrong) == [Result("r1", "accepted"), Result("r1", "duplicate")]
    assert say(engine, wrong, by="you") == [Result("r1", "accepted")]
    assert say(engine, Feedback("r1", wrong=False)) == [Result("r1", "accepted")]
    with reading(engine) as connection:
        kept = feedback_of(connection, find_model(connection, "cats").key, "r1")
    assert [(one.by, one.wrong, one.truth, one.note) for one in kept] == [
        ("me", True, DOG, "It barks."),
        ("you", True, DOG, "It barks."),
        ("me", False, None, ""),
    ]
    results = say(
        engine,
        Feedback("", wrong=True),
        Feedback("r1", wrong=True, note="\0"),
        Feedback("r1", wrong=True, note="x" * 10_001),
        Feedback("r1", wrong=True, truth=CAR),
        Feedback("r1", wrong=True, note="\udfff"),
    )
    assert [result.outcome for result in results] == 5 * ["rejected"]


def test_bounds_hold_and_a_model_must_be_there(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"There is no model 'cat'\. Did you mean 'cats'"):
        tell(engine, ("r1", CAT), model="cat")
    with pytest.raises(UsageError, match=r"There is no model 'cat'\. Did you mean 'cats'"):
        say(engine, Feedback("r1", wrong=True), model="cat")
    with pytest.raises(UsageError, match="21 items were sent at once; send at most 20"):
        tell(engine, *21 * [("r1", CAT)])
    if engine.dialect.name == "sqlite":
        full = Bounds(disk_reserve_bytes=2**60)
        with pytest.raises(StorageFullError, match="that are to stay free"):
            record_truths(engine, "cats", [NewTruth("r1", CAT)], by="me", received=NOW, limits=full)
        with pytest.raises(StorageFullError, match="that are to stay free"):
            record_feedback(engine, "cats", [Feedback("r1", True)], by="me", received=NOW, limits=full)
    assert known(engine, "r1") is None


def test_windows_of_records_that_more_is_known_of_are_judged_again(engine: Engine) -> None:
    def due() -> list[int]:
        with reading(engine) as connection:
            return [one.start.day for one in due_windows(connection, NOW + 9 * DAY, timedelta())]

    def judge() -> None:
        with writing(engine) as connection:
            for one in due_windows(connection, NOW + 9 * DAY, timedelta()):
                put_verdict(connection, verdict_on(one))

    with writing(engine) as connection:
        model = find_model(connection, "cats")
        write_records(
            connection,
            [new_record(model.key, str(day), time=NOW + day * DAY, image=None) for day in range(3)],
        )
    summarise_windows(engine, now=NOW)
    assert due() == [4, 5, 6]
    judge()
    assert due() == []
    tell(engine, ("1", CAT), ("unknown", CAT))
    assert due() == [5]
    judge()
    tell(engine, ("1", CAT))  # the same again
    assert due() == []
    tell(engine, ("1", DOG))
    assert due() == [5]
    judge()
    say(engine, Feedback("2", wrong=True), Feedback("unknown", wrong=True))
    assert due() == [6]
    judge()
    say(engine, Feedback("2", wrong=True))
    assert due() == []


def verdict_on(window: StoredWindow) -> NewVerdict:
    return NewVerdict(
        model=window.model,
        start=window.start,
        end=window.end,
        tag=window.tag,
        value=window.value,
        revision=window.revision,
        reference=None,
        answer="no_reference",
        kind=None,
        p_value=None,
        alpha=None,
        n=0,
        headline="",
        document=None,
        observations={},
        exemplars=(),
        made=NOW,
    )
