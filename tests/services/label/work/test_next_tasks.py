"""Tasks are handed out once to each annotator, in order, and come again when somebody lets them go."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.services.labelling import labelling

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.pools.open_pool import close_pool
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.annotators import update_annotator


def test_each_annotator_gets_each_image_once_and_in_order(label_database: Engine) -> None:
    work = labelling(label_database, 5, overlap=2)
    order = [one.key for one in work.tasks()]
    for name in ("ann", "bob"):
        assert [one.task for one in work.ask(name, 3)] == order[:3]
        for key in order[:3]:
            work.say(name, key)
        assert [one.task for one in work.ask(name, 9)] == order[3:]
        for key in order[3:]:
            work.say(name, key)
        assert work.look(name).why == "no_tasks"
    assert work.look("cem").why == "no_tasks"  # every image has its two answers
    assert [one.state for one in work.tasks()] == ["done"] * 5
    assert (work.state().state, work.state().closed_because, work.state().done) == ("closed", "finished", 5)


def test_asked_again_the_same_tasks_come_and_their_leases_last_longer(label_database: Engine) -> None:
    work = labelling(label_database, 4)
    first = work.ask("ann", 2)
    work.later(seconds=400)
    again = work.ask("ann", 3)
    assert [one.task for one in again[:2]] == [one.task for one in first]
    assert again[0].expires > first[0].expires
    assert len(again) == 3
    work.later(seconds=400)  # beyond the first leases, not beyond the renewed ones
    assert [one.task for one in work.ask("bob", 9)] == [work.tasks()[3].key]
    assert [one.leases for one in work.tasks()] == [1, 1, 1, 1]


def test_who_only_asks_and_never_answers_holds_nothing_for_ever(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    (held,) = work.ask("mal")
    for _ in range(4):
        assert work.ask("bob") == []
        work.later(seconds=590)
        work.ask("mal")
    work.later(seconds=41)  # 4 × 600 s after the first
    assert [one.task for one in work.ask("mal")] == [held.task]  # nobody else has asked for it
    assert [one.task for one in work.ask("bob")] == [held.task]
    assert work.ask("mal") == []
    assert work.say("bob", held.task).state == "counted"


def test_who_took_a_break_gets_the_task_anew(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    (held,) = work.ask("ann")
    work.later(hours=3)
    again = work.ask("ann")[0]
    assert (again.task, again.lease, again.begun) == (held.task, held.lease, work.now)
    assert work.ask("bob") == []


def test_who_takes_too_long_loses_the_task_to_others(label_database: Engine) -> None:
    work = labelling(label_database, 2)
    (held,) = work.ask("ann")
    (other,) = work.ask("bob")
    assert work.ask("cem") == []
    work.later(seconds=601)
    assert {one.task for one in work.ask("cem", 2)} == {held.task, other.task}
    assert work.ask("ann") == []
    assert all((one.leases, one.room) == (1, 0) for one in work.tasks())


def test_a_lease_that_ran_out_comes_back_to_the_same_person_when_nobody_else_took_it(
    label_database: Engine,
) -> None:
    work = labelling(label_database, 1)
    (held,) = work.ask("ann")
    work.later(hours=3)
    assert work.ask("ann")[0].task == held.task
    work.later(hours=3)
    assert work.look("bob", 0).tasks == ()  # it takes back what has expired
    assert work.ask("ann")[0].task == held.task
    assert work.tasks()[0].leases == 1


def test_what_is_wanted_again_comes_before_the_rest_and_only_to_those_who_have_not_seen_it(
    label_database: Engine,
) -> None:
    work = labelling(label_database, 30)
    for _ in range(10):
        work.label("ann")
    skipped = work.ask("ann")[0].task
    work.pass_over("ann", skipped)
    assert work.ask("ann")[0].task != skipped
    assert work.ask("bob")[0].task == skipped
    work.later(hours=1)
    for _ in range(19):
        assert work.label("ann") is not None
    assert work.look("ann").why == "no_tasks"
    assert work.ask("bob")[0].task == skipped


def test_golden_tasks_come_by_their_share_balanced_over_classes_and_never_twice(
    label_database: Engine,
) -> None:
    images = [PoolImage(f"i{n}") for n in range(60)]
    images += [PoolImage(f"c{n}", "golden", {"class": "cat"}) for n in range(30)]
    images += [PoolImage(f"d{n}", "golden", {"class": "dog"}) for n in range(6)]
    work = labelling(label_database, images, golden_share=0.3)
    golden = {one.key: one.truth for one in work.tasks() if one.kind == "golden"}
    seen: list[int] = []
    while given := work.ask("ann", 10):
        for one in given:
            work.say("ann", one.task, golden.get(one.task) or "cat")
            seen.append(one.task)
    had = [key for key in seen if key in golden]
    assert len(seen) == len(set(seen))
    assert len(seen) - len(had) == 60
    assert 14 <= len(had) <= 36  # 26 are expected
    assert sum(golden[key] == {"class": "dog"} for key in had) == 6
    first = had[:10]
    assert sum(golden[key] == {"class": "dog"} for key in first) == 5
    other = [one.task for _ in range(6) for one in [work.label("bob")] if one is not None]
    assert other == []  # golden tasks alone are not handed out


def test_training_then_the_exam_then_the_work(label_database: Engine) -> None:
    images = [PoolImage(f"t{n}", "training", {"class": "cat"}) for n in range(2)]
    images += [PoolImage(f"e{n}", "exam", {"class": "dog"}) for n in range(4)]
    images += [PoolImage(f"i{n}") for n in range(3)]
    work = labelling(label_database, images, exam_pass=0.75)
    kinds = {one.key: one.kind for one in work.tasks()}
    for name, right, why in (("ann", 3, ""), ("bob", 2, "exam_failed")):
        given = work.ask(name, 5)
        assert [kinds[one.task] for one in given] == ["training"] * 2
        assert all(one.training for one in given)
        told = work.say(name, given[0].task, "dog")
        assert (told.truth, told.correct) == ({"class": "cat"}, False)
        assert [one.task for one in work.ask(name, 5)] == [given[1].task]  # the exam comes after it
        work.say(name, given[1].task)
        exam = work.ask(name, 5)
        assert [kinds[one.task] for one in exam] == ["exam"] * 4
        assert not any(one.training for one in exam)
        for number, one in enumerate(exam):
            told = work.say(name, one.task, "dog" if number < right else "cat")
            assert (told.truth, told.correct) == (None, None)
        found = work.look(name, 1)
        assert found.why == why
        assert [kinds[one.task] for one in found.tasks] == ([] if why else ["real"])


@pytest.mark.parametrize("kind", ["skip", "cannot_tell"])
def test_training_and_exam_are_not_passed_over(label_database: Engine, kind: str) -> None:
    images = [PoolImage("t", "training", {"class": "cat"})]
    images += [PoolImage(f"e{n}", "exam", {"class": "dog"}) for n in range(3)]
    work = labelling(label_database, [*images, PoolImage("i")], exam_pass=0.6)
    (training,) = work.ask("mal", 9)
    with pytest.raises(UsageError, match="This is training: answer it"):
        work.pass_over("mal", training.task, kind)
    work.say("mal", training.task)
    first, *rest = work.ask("mal", 9)
    work.say("mal", first.task, "dog")  # the only one that is right
    for one in rest:
        work.pass_over("mal", one.task, kind)
    assert work.look("mal").why == "exam_failed"


def test_nothing_goes_to_who_lacks_what_is_required(label_database: Engine) -> None:
    work = labelling(label_database, 1, requires=Requirements({"x-ray": 0.8}, ("de",), ("team a",)))
    who = work.who("ann")
    for has, lacks in (
        ({"skills": {"x-ray": 0.7}}, "the skill 'x-ray' of 0.8 or more"),
        ({"skills": {"x-ray": 0.8}}, "the language 'de'"),
        ({"languages": ["en", "de"]}, "the tag 'team a'"),
    ):
        with writing(label_database) as connection:
            update_annotator(connection, who, **has)  # type: ignore[arg-type]
        found = work.look("ann")
        assert (found.tasks, found.why, found.missing) == ((), "not_qualified", lacks)
    with writing(label_database) as connection:
        update_annotator(connection, who, tags=["team a"])
    assert len(work.ask("ann")) == 1


@pytest.mark.parametrize("answers", [3, 4])
def test_a_budget_is_never_passed_and_closes_the_pool(label_database: Engine, answers: int) -> None:
    work = labelling(label_database, 10, price=0.02, budget=0.02 * answers)
    assert len(work.ask("ann", 2)) == 2
    assert len(work.ask("bob", 10)) == answers - 2  # what ann has is kept for her
    assert work.ask("cem") == []
    assert work.state().state == "open"
    work.later(hours=1)
    assert len(work.ask("cem", 10)) == answers
    for one in work.ask("cem", 10):
        work.say("cem", one.task)
    pool = work.state()
    assert (pool.state, pool.closed_because, pool.paid, pool.reserved) == ("closed", "budget", answers, 0)
    assert work.look("ann").why == "no_tasks"


def test_a_closed_pool_gives_nothing_and_takes_what_is_out(label_database: Engine) -> None:
    work = labelling(label_database, 3)
    (held,) = work.ask("ann")
    close_pool(label_database, work.project.key, work.pool, by="lead", now=work.now)
    assert work.look("ann").why == "no_tasks"
    assert work.say("ann", held.task).state == "counted"
