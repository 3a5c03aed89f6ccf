from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.store.labels.labelled_tasks import label_task, new_pool
from tests.store.rows import NOON, new_record

from driftwheel.performance.measured_accuracy import measure_accuracy
from driftwheel.performance.packed_sums import sums_from_bytes
from driftwheel.performance.performance_sums import PerformanceSums
from driftwheel.predictions import Classification
from driftwheel.services.ingest.record_truth import NewTruth, record_truths
from driftwheel.services.watch.sum_performance import SummedSpan, sum_performance
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.settings import Settings
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.task_selections import TaskSelection
from driftwheel.store.labels.tasks import delete_tasks, list_tasks, save_task
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.performance_due import due_performance
from driftwheel.store.windows.performance_windows import list_performance

DAY = timedelta(days=1)


@pytest.fixture
def model(database: Engine) -> Model:
    with writing(database) as connection:
        return create_model(
            connection,
            "m",
            task="classification",
            created=NOON,
            classes=["cat", "dog"],
            segment_tags=["camera"],
        )


def log(engine: Engine, model: Model, count: int, *, day: int = 0, said: str = "cat") -> list[str]:
    names = [f"d{day}-{n}" for n in range(count)]
    scores = {"cat": 0.8, "dog": 0.2} if said == "cat" else {"cat": 0.3, "dog": 0.7}
    rows = [
        new_record(
            model.key,
            name,
            time=NOON + day * DAY,
            tags={"camera": str(n % 2)},
            prediction=Classification(said, scores),
        )
        for n, name in enumerate(names)
    ]
    with writing(engine) as connection:
        write_records(connection, rows)
    summarise_windows(engine, now=NOON + (day + 1) * DAY)
    return names


def tell(engine: Engine, names: Sequence[str], label: str) -> None:
    told = [NewTruth(name, Classification(label)) for name in names]
    record_truths(engine, "m", told, by="me", received=NOON + 9 * DAY, limits=Settings())


def sum_all(engine: Engine) -> list[SummedSpan]:
    with reading(engine) as connection:
        due = due_performance(connection, limit=100)
    return [sum_performance(engine, one, now=NOON + 10 * DAY) for one in due]


def sums(engine: Engine, model: Model, tag: str = "", value: str = "") -> list[PerformanceSums]:
    with reading(engine) as connection:
        rows = list_performance(connection, model.key, tag=tag, value=value)
    return [sums_from_bytes(one.sums) for one in rows]


def test_labels_that_come_late_change_past_windows(database: Engine, model: Model) -> None:
    first = log(database, model, 10)
    log(database, model, 10, day=1)
    assert [one.windows for one in sum_all(database)] == [3, 3]
    assert [one.labels for one in sums(database, model)] == [0, 0]
    assert sum_all(database) == []
    tell(database, first[:4], "cat")
    assert [one.changed for one in sum_all(database)] == [True]
    tell(database, first[2:4], "dog")
    assert [one.changed for one in sum_all(database)] == [True]
    found = measure_accuracy(sums(database, model)[0])
    assert (found.labels, found.told, found.figure.value) == (4, 4, 0.5)
    assert found.predictions == 10
    assert [one.labels for one in sums(database, model, "camera", "1")] == [2, 0]


def test_a_label_that_is_taken_back_counts_no_more(database: Engine, model: Model) -> None:
    names = log(database, model, 6)
    sum_all(database)
    with writing(database) as connection:
        pool = new_pool(connection, model.key)
        label_task(connection, pool, names[0], "dog")
    assert [one.changed for one in sum_all(database)] == [True]
    assert sums(database, model)[0].labels == 1
    with writing(database) as connection:
        save_task(connection, list_tasks(connection, pool)[0].reopened())
    assert [one.changed for one in sum_all(database)] == [True]
    assert sums(database, model)[0].labels == 0
    with writing(database) as connection:
        key = label_task(connection, pool, names[1], "dog")
    sum_all(database)
    with writing(database) as connection:
        delete_tasks(connection, [key])
    assert [one.changed for one in sum_all(database)] == [True]
    assert sums(database, model)[0].labels == 0


def test_how_labels_came_about(database: Engine, model: Model) -> None:
    names = log(database, model, 8)
    with writing(database) as connection:
        pool = new_pool(connection, model.key)
        label_task(connection, pool, names[0], "cat", selection=TaskSelection("holdout", 0.25))
        label_task(connection, pool, names[1], "cat", selection=TaskSelection("random", 0.5, "camera", "1"))
        label_task(connection, pool, names[2], "cat", selection=TaskSelection("doubt"))
        label_task(connection, pool, names[3], "cat")
        label_task(connection, pool, names[4], "cat", source="import")
        label_task(connection, pool, names[5], "cat", source="automatic")
    tell(database, names[6:7], "cat")
    sum_all(database)
    whole = measure_accuracy(sums(database, model)[0])
    assert (whole.told, whole.sampled, whole.chosen) == (2, 1, 3)
    camera = measure_accuracy(sums(database, model, "camera", "1")[0])
    assert (camera.told, camera.sampled, camera.chosen) == (0, 1, 1)


def test_boxes_are_not_summed_up(database: Engine) -> None:
    with writing(database) as connection:
        boxes = create_model(connection, "boxes", task="detection", created=NOON)
        write_records(connection, [new_record(boxes.key, "a")])
    summarise_windows(database, now=NOON + DAY)
    assert sum_all(database) == []
