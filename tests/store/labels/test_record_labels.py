from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine
from tests.store.labels.labelled_tasks import label_task, new_pool
from tests.store.rows import NOON, new_record

from driftwheel.predictions import Classification
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.record_labels import known_labels, record_labels
from driftwheel.store.labels.task_selections import TaskSelection
from driftwheel.store.models.models import Model
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.records.writer import write_records

HOUR = timedelta(hours=1)


def test_the_surest_label_counts_and_of_two_of_a_kind_the_newer(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        write_records(connection, [new_record(model.key, name) for name in "abcdef"])
        first, second = (new_pool(connection, model.key) for _ in range(2))
        for record in "abcd":
            label_task(connection, first, record, "dog", source="automatic")
        label_task(connection, second, "b", "cat", source="import")
        label_task(connection, second, "c", "cat")
        label_task(connection, second, "d", "cat", source="review")
        label_task(connection, first, "e", "cat", at=NOON + HOUR)
        label_task(connection, second, "e", "dog", at=NOON)
        told = [NewTruth("d", Classification("told")), NewTruth("f", Classification("told"))]
        put_truths(connection, model.key, told, received=NOON, by="me")
    with reading(database) as connection:
        found = record_labels(connection, model.key)
    assert [(one.id, one.known.label.label, one.known.source) for one in found] == [
        ("a", "dog", "automatic"),
        ("b", "cat", "import"),
        ("c", "cat", "consensus"),
        ("d", "told", "told"),
        ("e", "cat", "consensus"),
        ("f", "told", "told"),
    ]
    assert [one.correct for one in found] == [False, True, True, False, True, False]
    assert found[0].prediction == Classification("cat", {"cat": 0.75})
    assert found[0].known.task is not None
    assert found[5].known.task is None


def test_only_sources_that_are_asked_for(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        write_records(connection, [new_record(model.key, name) for name in "ab"])
        pool = new_pool(connection, model.key)
        label_task(connection, pool, "a", "dog", source="automatic")
        label_task(connection, pool, "b", "dog")
    with reading(database) as connection:
        found = record_labels(connection, model.key, sources=["told", "review", "consensus"])
    assert [one.id for one in found] == ["b"]


def test_pages_by_key_and_time_and_segment(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        rows = [
            new_record(model.key, f"r{n}", time=NOON + n * HOUR, tags={"camera": str(n % 2)})
            for n in range(8)
        ]
        write_records(connection, rows)
        told = [NewTruth(f"r{n}", Classification("cat")) for n in range(8) if n != 3]
        put_truths(connection, model.key, told, received=NOON, by="me")
    with reading(database) as connection:
        first = record_labels(connection, model.key, limit=3)
        second = record_labels(connection, model.key, limit=10, after_key=first[-1].key)
        span = record_labels(connection, model.key, since=NOON + HOUR, until=NOON + 5 * HOUR)
        camera = record_labels(connection, model.key, tag="camera", value="1")
    assert [one.id for one in first] == ["r0", "r1", "r2"]
    assert [one.id for one in second] == ["r4", "r5", "r6", "r7"]
    assert [one.id for one in span] == ["r1", "r2", "r4"]
    assert [one.id for one in camera] == ["r1", "r5", "r7"]


def test_labels_know_how_their_images_were_selected(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        write_records(connection, [new_record(model.key, name) for name in "abc"])
        first, second = (new_pool(connection, model.key) for _ in range(2))
        label_task(connection, first, "a", "cat", selection=TaskSelection("doubt"))
        label_task(connection, second, "a", None, selection=TaskSelection("holdout", 0.1))
        label_task(connection, first, "b", "cat", selection=TaskSelection("random", 0.2, "camera", "2"))
        put_truths(connection, model.key, [NewTruth("a", Classification("dog"))], received=NOON, by="me")
        label_task(connection, first, "c", "cat")
    with reading(database) as connection:
        found = known_labels(connection, model.key, ["a", "b", "c", "unknown"])
    assert found["a"].source == "told"
    assert found["a"].holdout
    assert found["a"].selected == TaskSelection("holdout", 0.1)
    assert found["b"].selected == TaskSelection("random", 0.2, "camera", "2")
    assert not found["b"].holdout
    assert found["c"].selected is None
    assert "unknown" not in found


def test_boxes_and_unfinished_tasks_are_no_label(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        write_records(connection, [new_record(model.key, name) for name in "ab"])
        label_task(connection, new_pool(connection, model.key, answer="boxes"), "a", {"boxes": []})
        label_task(connection, new_pool(connection, model.key), "b", None)
    with reading(database) as connection:
        assert record_labels(connection, model.key) == []
