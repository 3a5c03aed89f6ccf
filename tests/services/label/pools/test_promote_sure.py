import pytest
from sqlalchemy import Engine
from tests.services.labelling import Labelling, labelling

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.promote_sure import count_sure, promote_sure
from driftwheel.services.label.review.review_task import Decision, review_task
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.tasks import count_kinds, list_tasks


def labelled(engine: Engine) -> tuple[Labelling, int]:
    """Six images, of which i5 is disputed, the others sure, four cats and one dog; and another pool."""
    made = labelling(engine, 6, overlap=5, most_overlap=5)
    for name in ("ann", "bob", "cy", "dan", "eve"):
        for task in made.ask(name, 6):
            record = made.task(task.task).record
            said = "dog" if record == "i4" or (record == "i5" and name in {"ann", "bob"}) else "cat"
            made.say(name, task.task, said)
    other = create_pool(engine, made.project.key, NewPool("next"), by="lead", now=made.now)
    return made, other.key


def promote(made: Labelling, pool: int, count: int, *, reviewed_only: bool = False):
    return promote_sure(
        made.engine, made.project.key, pool, count, reviewed_only=reviewed_only, by="lead", now=made.now
    )


def test_sure_labels_become_golden_one_of_each_class_in_turn(label_database: Engine) -> None:
    made, pool = labelled(label_database)
    with reading(label_database) as connection:
        assert count_sure(connection, made.project.key, pool) == (0, 5)
    assert promote(made, pool, 2).added == 2
    with reading(label_database) as connection:
        assert count_kinds(connection, pool) == {("golden", "cat"): 1, ("golden", "dog"): 1}
        dog = next(one for one in list_tasks(connection, pool) if one.truth == {"class": "dog"})
    assert dog.record == "i4"
    assert dog.reason.endswith("sure by 5 answers in another pool")
    assert promote(made, pool, 50).added == 3
    with pytest.raises(UsageError, match="review some, or pick images by hand"):
        promote(made, pool, 1)


def test_what_a_person_decided_comes_first_and_alone_where_that_is_asked(label_database: Engine) -> None:
    made, pool = labelled(label_database)
    with pytest.raises(UsageError, match="A person has decided of no label of another pool"):
        promote(made, pool, 5, reviewed_only=True)
    task = next(one for one in made.tasks() if one.record == "i5")
    wish = Decision("edit", {"class": "dog"})
    review_task(label_database, made.project.key, task.key, wish, by="lead", now=made.now)
    assert promote(made, pool, 5, reviewed_only=True).added == 1
    with reading(label_database) as connection:
        (golden,) = list_tasks(connection, pool)
    assert (golden.record, golden.truth, golden.kind) == ("i5", {"class": "dog"}, "golden")
    for wrong in (0, 1001):
        with pytest.raises(UsageError, match="give 1 to 1,000"):
            promote(made, pool, wrong)
