"""The assistant learns what people said, and nothing that it must not know."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import Engine, update
from tests.services.assist_animals import SPACE, animals
from tests.services.labelling import labelling

from driftwheel.errors import UsageError
from driftwheel.services.assist.advance_automatic import advance_automatic
from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.services.assist.describe_assistant import describe_assistant
from driftwheel.services.assist.due_assistance import LEAST, due_assistance, due_of
from driftwheel.services.assist.kept_head import head_of, pack_head, unpack_head
from driftwheel.services.assist.set_assist import ask_for_training, enable_assistant
from driftwheel.services.assist.show_prelabels import predict_tasks
from driftwheel.services.assist.train_assistant import train_assistant
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.services.measure.packed_records import pack_embedding
from driftwheel.store.assist.assistants import assistance_of, list_assistants, set_assistance
from driftwheel.store.assist.automatic_runs import accepted_tasks, checked_tasks
from driftwheel.store.assist.task_embeddings import labels_to_learn
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_sources import put_sources
from driftwheel.store.labels.pools import add_to_pool
from driftwheel.store.schema.label_tables import tasks as label_tasks
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records


def test_it_is_trained_from_thirty_labels_on_and_again_when_a_fifth_is_new(shared_database: Engine) -> None:
    zoo = animals(shared_database, 80)

    def is_due() -> bool:
        with reading(zoo.engine) as connection:
            return due_of(connection, zoo.work.project).train

    zoo.label(LEAST - 1)
    assert not is_due()
    zoo.label(1)
    assert is_due()
    with reading(zoo.engine) as connection:
        assert zoo.project in due_assistance(connection)
    made = zoo.train()
    assert made is not None
    assert made.labels == LEAST
    zoo.label(5)
    assert not is_due()
    zoo.label(1)
    assert is_due()
    zoo.train()
    assert not is_due()
    ask_for_training(zoo.engine, zoo.project, by="lead", now=zoo.work.now)
    assert is_due()
    enable_assistant(zoo.engine, zoo.project, enabled=False, by="lead", now=zoo.work.now)
    assert not is_due()
    with reading(zoo.engine) as connection:
        heads = [one.labels for one in list_assistants(connection, zoo.project)]
    assert heads == [36, 30]


def test_its_accuracy_is_that_on_images_it_has_not_seen(shared_database: Engine) -> None:
    zoo = animals(shared_database, 400, apart=2.5)
    zoo.label(150)
    made = zoo.train()
    assert made is not None
    with reading(zoo.engine) as connection:
        rest = [one for one in zoo.work.tasks() if one.state == "open"]
        said = predict_tasks(connection, zoo.work.project, [one.key for one in rest])
        stands = describe_assistant(connection, zoo.work.project)
    right = [said[one.key].payload["class"] == zoo.truth[one.record] for one in rest]
    assert made.report["low"] <= np.mean(right) <= made.report["high"]
    sure = [said[one.key].confidence for one in rest]
    assert abs(np.mean(sure) - np.mean(right)) < 0.06  # calibrated
    assert set(made.report["counts"]) == {"cat", "dog"}
    assert stands.labels == 150
    assert stands.next_at == 180
    assert stands.newest is not None
    assert made.report["coverage"]["waiting"] == 250


def test_golden_truths_and_automatic_labels_are_never_learnt(shared_database: Engine) -> None:
    zoo = animals(shared_database, 40, golden=10, golden_share=0.0)
    zoo.label(40)
    tasks = zoo.work.tasks()
    done = [one for one in tasks if one.state == "done"]
    unseen = update(label_tasks).where(label_tasks.c.key.in_([done[0].key, done[1].key]))
    with writing(zoo.engine) as connection:
        connection.execute(unseen.values(answers=0))
        put_sources(connection, zoo.work.pool, [done[0].key], "import", zoo.work.now, "a file")
        put_sources(connection, zoo.work.pool, [done[1].key], "automatic", zoo.work.now, "run 1")
    with reading(zoo.engine) as connection:
        rows = labels_to_learn(connection, zoo.project, zoo.work.project.model, SPACE, after_key=0, limit=100)
    learnt = {one.task for _, one in rows if one is not None}
    assert learnt == {one.key for one in done} - {done[1].key}
    assert not learnt & {one.key for one in tasks if one.kind == "golden"}


def test_an_image_that_is_golden_in_another_pool_of_the_project_is_not_learnt(
    shared_database: Engine,
) -> None:
    zoo = animals(shared_database, 30)
    zoo.label(30)
    project, now = zoo.project, zoo.work.now
    pool = create_pool(zoo.engine, project, NewPool("second"), by="lead", now=now)
    fill_pool(
        zoo.engine, project, pool.key, [PoolImage("i3", "golden", {"class": "cat"})], by="lead", now=now
    )
    with reading(zoo.engine) as connection:
        rows = labels_to_learn(connection, project, zoo.work.project.model, SPACE, after_key=0, limit=100)
    (left_out,) = [key for key, one in rows if one is None]
    assert zoo.work.task(left_out).record == "i3"


def test_one_class_alone_is_told_as_the_reason(shared_database: Engine) -> None:
    zoo = animals(shared_database, 40)
    zoo.truth = dict.fromkeys(zoo.truth, "cat")
    zoo.label(40)
    assert zoo.train() is None
    with reading(zoo.engine) as connection:
        state = assistance_of(connection, zoo.project)
        assert not due_of(connection, zoo.work.project).train
    assert state.reason is not None
    assert "of 1 class" in state.reason


def test_a_head_is_kept_as_it_is(shared_database: Engine) -> None:
    zoo = animals(shared_database, 40)
    zoo.label(40)
    made = zoo.train()
    assert made is not None
    head = head_of(made)
    assert head is not None
    again = unpack_head(pack_head(head))
    points = np.random.default_rng(0).normal(size=(20, 16))
    np.testing.assert_array_equal(head.scores(points), again.scores(points))


def test_projects_of_boxes_have_no_assistant(shared_database: Engine) -> None:
    work = labelling(shared_database, 3, answer="boxes")
    with pytest.raises(UsageError, match="asks for boxes; the assistant learns classes"):
        ask_for_training(work.engine, work.project.key, by="lead", now=work.now)
    with pytest.raises(LookupError, match="no project"):
        enable_assistant(work.engine, 10**6, enabled=True, by="lead", now=work.now)
    with writing(work.engine) as connection:
        set_assistance(connection, work.project.key, asked=True)
    with reading(work.engine) as connection:
        assert not due_of(connection, work.project).train


def test_sets_of_classes_are_learnt_shown_and_accepted_within_a_bound(shared_database: Engine) -> None:
    rng = np.random.default_rng(4)
    n = 450
    names = ("cat", "dog", "owl")
    work = labelling(shared_database, n, answer="multi-class", classes=names)
    there = rng.random((n, 3)) < (0.5, 0.4, 0.2)
    places = np.where(there, 1.0, -1.0) @ rng.normal(size=(3, 16)) + rng.normal(0, 0.7, (n, 16))
    truth = {
        f"i{row}": {
            "classes": [name for name, on in zip(("cat", "dog", "owl"), there[row], strict=True) if on]
        }
        for row in range(n)
    }
    with writing(work.engine) as connection:
        for row in range(n):
            changed = update(records).where(records.c.model == work.project.model, records.c.id == f"i{row}")
            packed = pack_embedding(places[row].astype(np.float16))
            connection.execute(
                changed.values(space=SPACE, embedding=packed, state=RecordState.MEASURED.value)
            )
        set_assistance(connection, work.project.key, space=SPACE)

    def finish(keys: set[int]) -> None:
        with writing(work.engine) as connection:
            for one in [each for each in work.tasks() if each.key in keys]:
                row = update(label_tasks).where(label_tasks.c.key == one.key)
                connection.execute(
                    row.values(
                        state="done",
                        answers=1,
                        room=0,
                        confidence=0.9,
                        consensus=truth[one.record],
                        finished=work.now,
                    )
                )
            add_to_pool(connection, work.pool, done=len(keys))

    finish({one.key for one in work.tasks()[:150]})
    with reading(work.engine) as connection:
        assert due_of(connection, work.project).train
    made = train_assistant(work.engine, work.project.key, now=work.now)
    assert made is not None
    assert made.report["accuracy"] > 0.8
    assert unpack_head(made.head or b"").classes == names
    rest = [one for one in work.tasks() if one.state == "open"]
    with reading(work.engine) as connection:
        said = predict_tasks(connection, work.project, [one.key for one in rest])
    right = [said[one.key].payload == truth[one.record] for one in rest]
    assert made.report["low"] - 0.05 <= np.mean(right) <= made.report["high"] + 0.05
    run = begin_automatic(
        work.engine,
        work.project.key,
        work.pool,
        bound=0.1,
        by="lead",
        now=work.now,
        rng=np.random.default_rng(0),
    )
    while advance_automatic(work.engine, run.key, now=work.now):
        pass
    with reading(work.engine) as connection:
        sample = {one.task for one in checked_tasks(connection, run.key, "sample")}
    finish(sample)
    while advance_automatic(work.engine, run.key, now=work.now):
        pass
    with reading(work.engine) as connection:
        accepted = accepted_tasks(connection, run.key, after_key=0, limit=1000)
    records_of = {one.key: one.record for one in work.tasks()}
    wrong = [one for one in accepted if one.payload != truth[records_of[one.task]]]
    assert len(accepted) > 60
    assert len(wrong) / len(accepted) < 0.1
