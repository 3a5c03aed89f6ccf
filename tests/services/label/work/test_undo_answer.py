"""The last answer can be undone, and everything that followed from it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.services.labelling import labelling
from tests.services.labelling_faults import labelling_faults

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.work.undo_answer import undo_answer


def test_an_undone_answer_gives_the_task_back(label_database: Engine) -> None:
    work = labelling(label_database, 1, price=0.5, budget=0.5)
    (held,) = work.ask("ann")
    told = work.say("ann", held.task)
    assert work.state().closed_because == "finished"
    undone = undo_answer(label_database, work.who("ann"), told.id, now=work.now)
    assert (undone.id, undone.state) == (told.id, "counted")
    pool, task = work.state(), work.task(held.task)
    assert (pool.state, pool.done, pool.paid, pool.reserved) == ("open", 0, 0, 1)
    assert (task.state, task.answers, task.leases, task.room, task.consensus) == ("open", 0, 1, 0, None)
    assert [one.task for one in work.ask("ann")] == [held.task]
    assert work.say("ann", held.task, "dog").state == "counted"
    assert [(one.state, one.payload) for one in work.answers()] == [
        ("undone", {"class": "cat"}),
        ("counted", {"class": "dog"}),
    ]
    assert (work.state().paid, work.state().reserved, work.state().done) == (1, 0, 1)


def test_only_the_last_answer_is_undone_and_only_once(label_database: Engine) -> None:
    work = labelling(label_database, 3)
    first, second, _ = work.ask("ann", 3)
    old, new = work.say("ann", first.task), work.say("ann", second.task)
    for wrong in (old.id, "nothing"):
        with pytest.raises(UsageError, match="is not the last of this annotator"):
            undo_answer(label_database, work.who("ann"), wrong, now=work.now)
    undo_answer(label_database, work.who("ann"), new.id, now=work.now)
    with pytest.raises(UsageError, match="was undone already"):
        undo_answer(label_database, work.who("ann"), new.id, now=work.now)
    with pytest.raises(UsageError, match="is not the last"):  # one after the other, back to the first
        undo_answer(label_database, work.who("ann"), old.id, now=work.now)
    assert [one.answers for one in work.tasks()] == [1, 0, 0]
    assert [one.leases for one in work.tasks()] == [0, 1, 1]


def test_an_answer_stays_after_some_minutes(label_database: Engine) -> None:
    work = labelling(label_database, 2)
    first, second = work.ask("ann", 2)
    told = work.say("ann", first.task)
    work.later(minutes=11)
    with pytest.raises(UsageError, match="more than 10 min old"):
        undo_answer(label_database, work.who("ann"), told.id, now=work.now)
    told = work.say("ann", second.task)
    work.later(minutes=9)
    undo_answer(label_database, work.who("ann"), told.id, now=work.now)


def test_a_golden_task_is_not_leased_anew_beyond_the_budget(label_database: Engine) -> None:
    images = [PoolImage("i0"), PoolImage("i1"), PoolImage("g", "golden", {"class": "cat"})]
    work = labelling(label_database, images, price=1.0, budget=1.0, golden_share=0.9)
    golden = next(one.key for one in work.tasks() if one.kind == "golden")
    name = next(one for one in map(str, range(50)) if [each.task for each in work.ask(one)] == [golden])
    skip = work.pass_over(name, golden)
    assert len(work.ask("bob")) == 1  # all that the budget pays
    undo_answer(label_database, work.who(name), skip.id, now=work.now)
    assert (work.state().reserved, work.state().affordable) == (1, 0)
    assert labelling_faults(label_database) == []


def test_a_skip_is_undone_where_nobody_took_the_task(label_database: Engine) -> None:
    work = labelling(label_database, 2)
    first, second = work.ask("ann", 2)
    skip = work.pass_over("ann", first.task)
    undo_answer(label_database, work.who("ann"), skip.id, now=work.now)
    assert {one.task for one in work.ask("ann", 2)} == {first.task, second.task}
    skip = work.pass_over("ann", first.task)
    assert work.ask("bob")[0].task == first.task
    undo_answer(label_database, work.who("ann"), skip.id, now=work.now)
    assert [one.task for one in work.ask("ann", 2)] == [second.task]
    assert (work.task(first.task).skips, work.task(first.task).leases) == (0, 1)
