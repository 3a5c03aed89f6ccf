"""Projects and pools are made of what they can be, and their images stay."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.services.labelling import NOON, Labelling, labelling
from tests.store.rows import digest, new_record

from driftwheel.errors import UsageError
from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool, select_images
from driftwheel.services.label.pools.open_pool import close_pool, open_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project, edit_project
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.records.retention import drop_images, unused_digests
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.tables import records


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('labels') / 'd.sqlite'}")
    migrate(opened)
    yield opened
    opened.dispose()


def test_images_are_added_once_and_kept_for_as_long_as_the_pool(label_database: Engine) -> None:
    work = labelling(label_database, [PoolImage(f"own{n}") for n in range(3)])
    model = work.project.model
    with writing(label_database) as connection:
        write_records(connection, [new_record(model, "new"), new_record(model, "bare", image=None)])
    new = [PoolImage(name, reason="unsure") for name in ("own1", "new", "bare", "nowhere")]
    done = fill_pool(label_database, work.project.key, work.pool, new, by="lead", now=NOON)
    assert (done.added, done.there, done.missing) == (1, 1, ("bare", "nowhere"))
    assert [(one.record, one.reason) for one in work.tasks()][-1] == ("new", "unsure")
    assert (work.state().tasks, [one.position for one in work.tasks()]) == (4, [1, 2, 3, 4])
    with writing(label_database) as connection:
        drop_images(connection, list(connection.execute(select(records.c.key)).scalars()))
    with reading(label_database) as connection:
        assert unused_digests(connection, [digest("own0"), digest("other")]) == {digest("other")}


def test_a_list_of_images_becomes_a_pool(label_database: Engine) -> None:
    work = labelling(label_database, 7)
    with reading(label_database) as connection:
        chosen = select_images(connection, ImageQuery(work.model), limit=4, reason="the newest")
    assert [one.record for one in chosen] == ["i6", "i5", "i4", "i3"]
    assert {one.reason for one in chosen} == {"the newest"}
    closed = close_pool(label_database, work.project.key, work.pool, by="lead", now=NOON)
    assert closed.closed_because == "by_hand"
    with pytest.raises(UsageError, match="The pool is closed"):
        fill_pool(label_database, work.project.key, work.pool, chosen, by="lead", now=NOON)
    assert open_pool(label_database, work.project.key, work.pool, by="lead", now=NOON).state == "open"
    with pytest.raises(UsageError, match="'first' is open already"):
        open_pool(label_database, work.project.key, work.pool, by="lead", now=NOON)


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_pool_that_is_all_labelled_takes_images_and_opens_again(
    label_database: Engine, by_hand: bool
) -> None:
    work = labelling(label_database, 1)
    at = (label_database, work.project.key, work.pool)
    (held,) = work.ask("ann")
    if by_hand:
        close_pool(*at, by="lead", now=NOON)
    work.say("ann", held.task)
    assert work.state().closed_because == ("by_hand" if by_hand else "finished")
    with pytest.raises(UsageError, match="is labelled already; add images to it first"):
        open_pool(*at, by="lead", now=NOON)
    with writing(label_database) as connection:
        write_records(connection, [new_record(work.project.model, "more")])
    assert fill_pool(*at, [PoolImage("more")], by="lead", now=NOON).added == 1
    assert open_pool(*at, by="lead", now=NOON).state == "open"
    assert len(work.ask("ann")) == 1


@pytest.fixture(scope="module")
def work(engine: Engine) -> Labelling:
    return labelling(engine, 1)


@pytest.fixture(scope="module")
def project(work: Labelling) -> int:
    return work.project.key


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"overlap": 3, "most_overlap": 2}, "An overlap of 3 to 2"),
        ({"overlap": 30}, "An overlap of 30 is more"),
        ({"golden_share": 1.0}, "The share of golden tasks is 1"),
        ({"exam_pass": 2.0}, "to pass the exam is 2"),
        ({"lease_seconds": 1}, "A lease of 1 s"),
        ({"price": -1.0}, "The price of an answer is -1"),
        ({"budget": 5.0}, "give a price too"),
        ({"requires": Requirements({"x": 7.0})}, "skill 'x' is 7"),
        ({"requires": Requirements(tags=("",))}, "'' is no name of tags"),
        ({"name": "first"}, "has a pool 'first' already"),
        ({"name": ""}, "A pool cannot be called ''"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(engine: Engine, project: int, given: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        create_pool(engine, project, NewPool(**({"name": "second"} | given)), by="lead", now=NOON)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (PoolImage("i0", "golden"), "is golden and has no truth"),
        (PoolImage("i0", truth={"class": "cat"}), "is real and has a truth"),
        (PoolImage("i0", "exam", {"class": "cow"}), "no class 'cow'"),
    ],
)
def test_an_image_that_cannot_be_is_refused(
    engine: Engine, project: int, image: PoolImage, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        fill_pool(engine, project, 1, [image], by="lead", now=NOON)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"classes": ["a"]}, "There are 1 classes; give 2"),
        ({"classes": ["a", "a"]}, "The class 'a' is given twice"),
        ({"answer": "colour"}, "no answer type 'colour'"),
        ({"model": "dogs"}, "There is no model 'dogs'"),
        ({"name": ""}, "cannot be called ''"),
        ({"instructions": "x" * 20_001}, "20,001 characters"),
    ],
)
def test_a_project_that_cannot_be_is_refused(engine: Engine, work: Labelling, given: Any, said: str) -> None:
    known: dict[str, Any] = {
        "name": "p",
        "model": work.model,
        "answer": "class",
        "classes": ["a", "b"],
    } | given
    known["classes"] = [NewClass(one) for one in known["classes"]]
    with pytest.raises(UsageError, match=said):
        create_project(engine, **known, by="lead", now=NOON)


def test_classes_get_keys_and_colours_and_stay(engine: Engine, work: Labelling) -> None:
    new = [NewClass("a"), NewClass("b", key="1"), NewClass("c", colour="#ABCDEF")]
    made = create_project(engine, "p", work.model, "class", new, by="lead", now=NOON)
    assert [one.key for one in made.classes] == ["2", "1", "3"]
    assert made.classes[2].colour == "#abcdef"
    for wrong, said in (
        ([NewClass("a", "x"), NewClass("b", "x")], "'x' is given to more than one"),
        ([NewClass("a", colour="red"), NewClass("b")], "'red' is no colour"),
        ([NewClass("b"), NewClass("a"), NewClass("c")], "begin with a, b, c"),
    ):
        with pytest.raises(UsageError, match=said):
            edit_project(engine, made.key, classes=wrong, by="lead", now=NOON)
    more = [NewClass("a", key="x"), NewClass("b"), NewClass("c"), NewClass("d")]
    after = edit_project(engine, made.key, classes=more, instructions="Look twice.", by="lead", now=NOON)
    assert [(one.name, one.key) for one in after.classes] == [("a", "x"), ("b", "1"), ("c", "2"), ("d", "3")]
    assert after.instructions == "Look twice."
