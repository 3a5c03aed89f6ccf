import itertools
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, update
from tests.store.rows import NOON, new_record

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification
from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.services.label.pools.choose_images import CHOICES, choose_images
from driftwheel.services.label.pools.create_pool import NewPool
from driftwheel.services.label.pools.start_pool import NewProject, PoolWish, start_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import list_projects
from driftwheel.store.labels.tasks import list_tasks
from driftwheel.store.models.models import create_model
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.label_tables import tasks

NUMBERS = itertools.count(1)
CLASSES = [NewClass("cat"), NewClass("dog")]


def model_with(engine: Engine, n: int) -> str:
    """A model whose record i was logged in hour i; the scores of every fifth are in doubt."""
    name = f"choosing-{next(NUMBERS)}"
    with writing(engine) as connection:
        model = create_model(connection, name, task="classification", created=NOON, classes=["cat", "dog"])
        sure = {True: {"cat": 0.51, "dog": 0.49}, False: {"cat": 0.99, "dog": 0.01}}
        rows = [
            new_record(
                model.key,
                f"{name}/{i:03}",
                time=NOON + timedelta(hours=i),
                tags={"camera": str(i % 2)},
                prediction=Classification("cat", sure[i % 5 == 0]),
            )
            for i in range(n)
        ]
        rows.append(new_record(model.key, f"{name}/none", image=None))
        rows.append(
            new_record(model.key, f"{name}/again", image=f"{name}/000", time=NOON + timedelta(days=9))
        )
        write_records(connection, rows)
    return name


def wish(model: str, **more) -> PoolWish:
    new = NewProject(f"project of {model}", "class", CLASSES)
    return PoolWish(**({"query": ImageQuery(model), "project": new, "pool": NewPool("first")} | more))


def start(engine: Engine, wanted: PoolWish):
    rng = np.random.default_rng(0)
    return start_pool(engine, wanted, by="lead", now=NOON, rng=rng, randomness=rng.bytes)


def tasks_of(engine: Engine, pool: int):
    with reading(engine) as connection:
        return list_tasks(connection, pool, limit=1000)


@pytest.mark.parametrize("choice", [one for one in CHOICES if one != "outlier"])
def test_each_picture_once_and_none_twice_in_a_project(label_database: Engine, choice: str) -> None:
    model = model_with(label_database, 40)
    first = start(label_database, wish(model, choice=choice, count=15, why="of alert 7"))
    tasks = tasks_of(label_database, first.pool.key)
    assert first.pool.state == "open"
    assert len(tasks) == len({one.image for one in tasks}) == 15
    assert all(one.reason.startswith("of alert 7") for one in tasks)
    more = wish(model, choice=choice, count=100, project=first.project.key, pool=NewPool("second"))
    second = start(label_database, more)
    rest = tasks_of(label_database, second.pool.key)
    assert {one.image for one in rest}.isdisjoint(one.image for one in tasks)
    assert second.chosen.there == 15
    if choice != "mix":  # which leaves the rest of its holdout out
        assert len(rest) == 25
        with pytest.raises(UsageError, match="No image of this list is left"):
            start(
                label_database, wish(model, project=first.project.key, pool=NewPool("third"), choice=choice)
            )


def test_the_mix_prefers_doubt_and_says_why(label_database: Engine) -> None:
    model = model_with(label_database, 60)
    made = start(label_database, wish(model, count=20))
    reasons = [one.reason for one in tasks_of(label_database, made.pool.key)]
    assert reasons.count("the model is in doubt") >= 6
    assert any(one.startswith("drawn at random to measure on") for one in reasons)


def test_golden_tasks_come_of_what_is_labelled_well(label_database: Engine) -> None:
    model = model_with(label_database, 12)
    first = start(label_database, wish(model, choice="listed", count=6, golden=5))
    assert {one.kind for one in tasks_of(label_database, first.pool.key)} == {
        "real"
    }  # nothing is labelled yet
    with writing(label_database) as connection:
        sure = update(tasks).where(tasks.c.pool == first.pool.key)
        values = {
            "state": "done",
            "consensus": {"class": "cat"},
            "confidence": 0.999,
            "answers": 3,
            "room": 0,
        }
        connection.execute(sure.values(values))
    more = wish(model, choice="listed", project=first.project.key, pool=NewPool("next"), golden=4)
    kinds = [one.kind for one in tasks_of(label_database, start(label_database, more).pool.key)]
    assert (kinds.count("golden"), kinds.count("real")) == (4, 6)
    with pytest.raises(UsageError, match="golden tasks at once"):
        start(label_database, wish(model, project=first.project.key, pool=NewPool("x"), golden=5000))


def test_a_list_is_narrowed_and_taken_in_its_order(label_database: Engine) -> None:
    model = model_with(label_database, 20)
    query = ImageQuery(model, tags={"camera": "1"}, order="oldest")
    made = start(label_database, wish(model, query=query, choice="listed", count=3, opens=False))
    assert [one.record[-3:] for one in tasks_of(label_database, made.pool.key)] == ["001", "003", "005"]
    assert made.pool.state == "draft"


def test_nothing_is_made_where_nothing_fits(label_database: Engine) -> None:
    model = model_with(label_database, 3)
    with pytest.raises(UsageError, match="No image matches this list; take a filter away"):
        start(label_database, wish(model, query=ImageQuery(model, predicted="horse")))
    with pytest.raises(UsageError, match="give 1 to 10,000"):
        choose_images(label_database, 1, ImageQuery(model), "listed", 0, np.random.default_rng(0))
    project = create_project(label_database, f"of {model}", model, "class", CLASSES, by="lead", now=NOON)
    with pytest.raises(UsageError, match="There is already a project"):
        start(label_database, wish(model, project=NewProject(project.name, "class", CLASSES)))
    other = model_with(label_database, 1)
    with pytest.raises(UsageError, match="There is no project"):
        start(label_database, wish(other, project=project.key))
    start(label_database, wish(model, project=project.key, count=1))
    with pytest.raises(UsageError, match="has a pool 'first' already"):
        start(label_database, wish(model, project=project.key))
    with reading(label_database) as connection:
        names = {one.name for one in list_projects(connection)}
        assert f"project of {model}" not in names
        assert [one.name for one in list_pools(connection, project.key)] == ["first"]
