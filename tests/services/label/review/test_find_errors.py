import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from sqlalchemy import Engine, update
from tests.store.rows import NOON, new_record

from driftwheel.predictions import Box, Classification, Detection, Prediction
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.services.label.review.find_errors import FoundErrors, find_errors, sources_for
from driftwheel.services.label.review.review_task import Decision, review_task
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import list_tasks
from driftwheel.store.models.models import create_model
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.label_tables import tasks
from driftwheel.store.schema.tables import records

NUMBERS = itertools.count(1)
CLASSES = ("cat", "dog", "owl")


def labelled(
    engine: Engine,
    answer: str,
    labels: Sequence[dict],
    said: Sequence[Prediction | None],
    embeddings: Sequence[Sequence[float]] | None = None,
) -> Project:
    """A project whose image i is labelled so, of which the model said that, with such embeddings."""
    name = f"errors-{next(NUMBERS)}"
    with writing(engine) as connection:
        model = create_model(connection, name, task="classification", created=NOON)
        rows = [new_record(model.key, f"i{i:03}", prediction=one) for i, one in enumerate(said)]
        write_records(connection, rows)
        for i, one in enumerate(embeddings or ()):
            packed = np.array(one, dtype="<f2").tobytes()
            row = update(records).where(records.c.model == model.key, records.c.id == f"i{i:03}")
            connection.execute(row.values(embedding=packed, space="gist/0"))
    new = [NewClass(one) for one in CLASSES]
    project = create_project(engine, name, name, answer, new, by="lead", now=NOON)
    pool = create_pool(engine, project.key, NewPool("first"), by="lead", now=NOON)
    images = [PoolImage(f"i{i:03}") for i in range(len(labels))]
    fill_pool(engine, project.key, pool.key, images, by="lead", now=NOON)
    with writing(engine) as connection:
        for one, label in zip(list_tasks(connection, pool.key, limit=1000), labels, strict=True):
            row = update(tasks).where(tasks.c.key == one.key)
            connection.execute(row.values(state="done", consensus=label, confidence=0.9, answers=2, room=0))
    return project


def found(engine: Engine, project: Project, source: str) -> FoundErrors:
    with reading(engine) as connection:
        return find_errors(connection, project, source)


def planted(n: int, wrong: int) -> tuple[list[int], list[int]]:
    """Return the true classes of n images, and labels of which so many are wrong, drawn by chance."""
    rng = np.random.default_rng(3)
    true = rng.integers(3, size=n)
    given = true.copy()
    rows = rng.permutation(n)[:wrong]
    given[rows] = (true[rows] + 1) % 3
    return true.tolist(), given.tolist()


def test_planted_errors_come_first_by_what_the_model_said(label_database: Engine) -> None:
    true, given = planted(200, 12)
    rng = np.random.default_rng(5)
    said = []
    for label in true:
        scores = rng.dirichlet([1.0, 1.0, 1.0]) * 0.4
        scores[label if rng.random() < 0.9 else rng.integers(3)] += 0.6
        said.append(
            Classification(CLASSES[int(scores.argmax())], dict(zip(CLASSES, scores.tolist(), strict=True)))
        )
    project = labelled(label_database, "class", [{"class": CLASSES[one]} for one in given], said)
    it = found(label_database, project, "model")
    wrong = {f"i{i:03}" for i in range(200) if true[i] != given[i]}
    first = [one.task.record for one in it.suspects[:24]]
    assert len(wrong & set(first)) >= 10
    top = it.suspects[0]
    assert top.suggested == {"class": CLASSES[true[int(top.task.record[1:])]]}
    assert (it.looked_at, it.labels) == (200, 200)
    assert it.expected == pytest.approx(12, abs=20)
    wish = Decision("edit", top.suggested)
    review_task(label_database, project.key, top.task.key, wish, by="lead", now=NOON)
    assert top.task.key not in {one.task.key for one in found(label_database, project, "model").suspects}


def test_planted_errors_come_first_by_the_labels_of_images_that_look_alike(label_database: Engine) -> None:
    true, given = planted(120, 8)
    rng = np.random.default_rng(7)
    corners = np.eye(3)
    near = [corners[label] + rng.normal(0, 0.15, 3) for label in true]
    nothing = [None] * 120
    project = labelled(label_database, "class", [{"class": CLASSES[one]} for one in given], nothing, near)
    it = found(label_database, project, "alike")
    wrong = {f"i{i:03}" for i in range(120) if true[i] != given[i]}
    assert wrong <= {one.task.record for one in it.suspects[:12]}
    assert "images that look alike are that" in it.suspects[0].why
    assert found(label_database, project, "model").looked_at == 0


def test_all_together_outvote_a_model_that_is_often_wrong(label_database: Engine) -> None:
    true, given = planted(150, 10)
    rng = np.random.default_rng(11)
    near = [np.eye(3)[label] + rng.normal(0, 0.3, 3) for label in true]
    said = []
    for label in true:  # right six times in ten
        scores = rng.dirichlet([2.0, 2.0, 2.0])
        scores[label if rng.random() < 0.6 else rng.integers(3)] += 1
        scores /= scores.sum()
        said.append(
            Classification(CLASSES[int(scores.argmax())], dict(zip(CLASSES, scores.tolist(), strict=True)))
        )
    project = labelled(label_database, "class", [{"class": CLASSES[one]} for one in given], said, near)
    wrong = {f"i{i:03}" for i in range(150) if true[i] != given[i]}

    def hits(source: str) -> int:
        return len(wrong & {one.task.record for one in found(label_database, project, source).suspects[:20]})

    assert hits("all") >= 9 > hits("model")
    assert hits("learnt") >= 8
    why = found(label_database, project, "all").suspects[0].why
    for words in ("the model gave", "by the other labels", "images that look alike"):
        assert words in why


def test_a_class_that_is_missing_from_a_set_is_suggested(label_database: Engine) -> None:
    rng = np.random.default_rng(9)
    labels = [{"classes": ["cat", "dog"] if i % 2 else ["owl"]} for i in range(60)]
    near = [np.eye(2)[i % 2] + rng.normal(0, 0.1, 2) for i in range(60)]
    labels[7] = {"classes": ["cat"]}
    project = labelled(label_database, "multi-class", labels, [None] * 60, near)
    assert sources_for(project) == ("all", "learnt", "alike")
    it = found(label_database, project, "all")
    assert it.suspects[0].task.record == "i007"
    assert it.suspects[0].suggested == {"classes": ["cat", "dog"]}


def test_boxes_that_the_detector_contradicts(label_database: Engine) -> None:
    def box(label: str, x: float) -> dict[str, object]:
        return {"class": label, "x": x, "y": 5.0, "w": 20.0, "h": 20.0, "rotation": 0.0}

    def seen(label: str, x: float, score: float) -> Box:
        return Box(label, x, 5.0, 20.0, 20.0, score)

    cases = [
        ([box("cat", 10)], [seen("cat", 10, 0.9)]),
        ([box("cat", 10)], [seen("dog", 10, 0.95)]),
        ([], [seen("owl", 60, 0.97)]),
        ([box("owl", 60), box("cat", 10)], [seen("cat", 10, 0.9)]),
    ]
    project = labelled(
        label_database,
        "boxes",
        [{"boxes": drawn} for drawn, _ in cases],
        [Detection(tuple(boxes)) for _, boxes in cases],
    )
    it = found(label_database, project, "model")
    changes = {one.task.record: (one.why, one.suggested["boxes"]) for one in it.suspects}
    assert set(changes) == {"i001", "i002", "i003"}
    assert changes["i001"] == ("the model sees dog at a box of cat", [box("dog", 10)])
    assert changes["i002"] == ("the model is sure of owl where no box is", [box("owl", 60)])
    assert changes["i003"] == ("the model sees nothing at a box of owl", [box("cat", 10)])


def test_nothing_is_said_of_few_labels(label_database: Engine) -> None:
    scores = Classification("cat", {"cat": 0.1, "dog": 0.9})
    project = labelled(label_database, "class", [{"class": "cat"}] * 5, [scores] * 5)
    assert found(label_database, project, "model").suspects == ()
    assert found(label_database, project, "alike").looked_at == 0
