"""A person decides: what they say is final, what they reject is labelled again, by others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.services.labelling import Labelling, labelling
from tests.services.labelling_faults import labelling_faults

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.change_pool import change_pool
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.quality.ban_annotator import ban_annotator, undo_ban
from driftwheel.services.label.review.promote_task import promote_task
from driftwheel.services.label.review.review_task import Decision, review_task
from driftwheel.services.label.work.undo_answer import undo_answer
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.review_queue import Review, count_queued, list_reviews, queued_tasks
from driftwheel.store.labels.tasks import ReviewWhy, Task, list_tasks
from driftwheel.store.operate.audit import list_audit


def decide(work: Labelling, task: int, action: Any, payload: Any = None, **more: Any) -> Review:
    decision = Decision(action, payload, **more)
    return review_task(work.engine, work.project.key, task, decision, by="lead", now=work.now)


def queue(work: Labelling, **options: Any) -> list[Task]:
    with reading(work.engine) as connection:
        return queued_tasks(connection, work.project.key, **options)


def counts(work: Labelling) -> dict[ReviewWhy, int]:
    with reading(work.engine) as connection:
        return count_queued(connection, work.project.key)


def disputed(engine: Engine, **options: Any) -> tuple[Labelling, int]:
    """A pool of one image on which two people disagree."""
    known: dict[str, Any] = {"overlap": 2, "most_overlap": 2, "rules": {"review_share": 0.0}}
    work = labelling(engine, 1, **(known | options))
    work.label("ann", "cat")
    task = work.label("bob", "dog")
    assert task is not None
    return work, task.task


def test_what_wants_a_person_is_in_the_queue(label_database: Engine) -> None:
    rules = {"review_share": 1.0, "review_below": 0.7}
    work = labelling(label_database, 4, overlap=2, most_overlap=2, rules=rules)
    sure = work.label("ann", "cat")
    work.label("bob", "cat")
    unsure = work.label("ann", "cat")
    work.label("bob", "dog")
    assert sure is not None
    assert unsure is not None
    for name in ("ann", "bob", "cid", "dot", "eve"):
        (task,) = work.ask(name)
        work.pass_over(name, task.task)
    assert [(one.key, one.review) for one in queue(work)] == [
        (sure.task, "sample"),
        (unsure.task, "unsure"),
        (task.task, "set_aside"),
    ]
    assert counts(work) == {"sample": 1, "unsure": 1, "set_aside": 1}
    assert [one.review for one in queue(work, after_key=sure.task, limit=1)] == ["unsure"]
    assert [one.key for one in queue(work, why="set_aside", pool=work.pool)] == [task.task]
    with pytest.raises(UsageError, match="no consensus to accept; edit or reject it"):
        decide(work, task.task, "accept")
    assert labelling_faults(label_database) == []


def test_what_was_decided_is_final(label_database: Engine) -> None:
    work, task = disputed(label_database)
    assert counts(work) == {"unsure": 1}
    seen = {"class": "dog" if work.task(task).consensus == {"class": "cat"} else "cat"}
    with pytest.raises(UsageError, match="has changed meanwhile; look at it again"):
        decide(work, task, "accept", seen)
    with pytest.raises(UsageError, match="no class 'horse'"):
        decide(work, task, "edit", {"class": "horse"})
    done = decide(work, task, "edit", {"class": "dog"}, reason="a tail")
    assert (done.by, done.time, done.why, done.payload) == ("lead", work.now, "unsure", {"class": "dog"})
    ban = ban_annotator(
        label_database, work.project.key, work.who("bob"), "x", exclude=True, by="lead", now=work.now
    )
    with pytest.raises(UsageError, match="A reviewer has decided of this task"):
        undo_answer(label_database, work.who("ann"), work.answers()[0].id, now=work.now)
    after = work.task(task)
    assert (after.state, after.consensus, after.confidence, after.answers) == (
        "done",
        {"class": "dog"},
        1.0,
        1,
    )
    assert after.reviewed == done.key
    undo_ban(label_database, work.project.key, ban.key, by="lead", now=work.now)
    assert [one.state for one in work.answers()] == ["counted", "surplus"]
    assert (counts(work), work.state().state) == ({}, "closed")
    with pytest.raises(UsageError, match=r"lead has decided of the task \d+ already \(edit, 2"):
        decide(work, task, "accept")
    decide(work, task, "edit", {"class": "cat"}, anew=True)
    with reading(label_database) as connection:
        reviews = list_reviews(connection, work.project.key)
        noted = list_audit(connection, target=f"project {work.project.name}", limit=1)
    assert [(one.payload, one.consensus) for one in reviews] == [
        ({"class": "cat"}, {"class": "dog"}),
        ({"class": "dog"}, reviews[1].consensus),
    ]
    assert (noted[0].action, noted[0].details["action"]) == ("review-task", "edit")
    assert labelling_faults(label_database) == []


@pytest.mark.parametrize("again", ["others", "anyone"])
def test_what_is_rejected_is_labelled_again(label_database: Engine, again: Any) -> None:
    work, task = disputed(label_database, price=1.0, budget=4.0)
    assert work.state().closed_because == "finished"
    done = decide(work, task, "reject", again=again)
    assert (done.payload, done.event is None, work.state().state) == (None, False, "open")
    assert {one.state for one in work.answers()} == {"excluded" if again == "others" else "undone"}
    assert (len(work.ask("ann")), work.state().paid) == (int(again == "anyone"), 2)
    for name in ("ann", "bob") if again == "anyone" else ("cid", "dot"):
        assert work.label(name, "dog") is not None
    assert (work.task(task).consensus, work.task(task).state) == ({"class": "dog"}, "done")
    assert (work.state().paid, work.state().closed_because, counts(work)) == (4, "finished", {})
    assert labelling_faults(label_database) == []


def test_who_may_be_decided_of(label_database: Engine) -> None:
    golden = PoolImage("g0", "golden", {"class": "cat"})
    work = labelling(label_database, [PoolImage("i0"), golden])
    tasks = {one.kind: one.key for one in work.tasks()}
    with pytest.raises(UsageError, match=r"still being answered \(0 of 1\)"):
        decide(work, tasks["real"], "edit", {"class": "cat"})
    with pytest.raises(UsageError, match="is golden: its right answer is known already"):
        decide(work, tasks["golden"], "edit", {"class": "cat"})
    other, task = disputed(label_database)
    with pytest.raises(LookupError, match=f"has no task {task}"):
        decide(work, task, "accept")
    with pytest.raises(UsageError, match="has no payload"):
        decide(other, task, "reject", {"class": "cat"})


def test_a_reviewed_task_becomes_a_golden_one(label_database: Engine) -> None:
    work, task = disputed(label_database)
    project = work.project.key
    other = create_pool(label_database, project, NewPool("second"), by="lead", now=work.now)

    def promote(pool: int, kind: Any = "golden") -> None:
        promote_task(label_database, project, task, pool, kind=kind, by="lead", now=work.now)

    with pytest.raises(UsageError, match="Nobody has decided of the task"):
        promote(other.key)
    decide(work, task, "edit", {"class": "dog"})
    with pytest.raises(UsageError, match="promote it to another pool"):
        promote(work.pool)
    promote(other.key)
    with reading(label_database) as connection:
        (made,) = list_tasks(connection, other.key)
    assert (made.kind, made.truth, made.reason) == ("golden", {"class": "dog"}, "reviewed by lead")
    with pytest.raises(UsageError, match="The pool has the image of 'i0' already"):
        promote(other.key, "exam")


def test_rules_of_a_pool_are_changed(label_database: Engine) -> None:
    work = labelling(label_database, 2, rules={"review_share": 0.0, "review_below": 0.0})

    def change(**rules: Any) -> None:
        change_pool(label_database, work.project.key, work.pool, rules, by="lead", now=work.now)

    work.label("ann")
    assert counts(work) == {}
    with pytest.raises(UsageError, match="There is no rule 'review_shares'"):
        change(review_shares=1.0)
    with pytest.raises(UsageError, match="'review_share' is 2; give a share from 0 to 1"):
        change(review_share=2.0)
    change(review_share=1.0)
    assert work.state().rules == {"review_share": 1.0, "review_below": 0.0}
    work.label("ann")
    assert counts(work) == {"sample": 1}
