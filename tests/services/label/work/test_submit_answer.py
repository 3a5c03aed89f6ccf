"""An answer is kept once, counts where there is room, and is never lost."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.services.labelling import labelling

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus import label_progress
from driftwheel.services.label.consensus.answer_payload import is_correct
from driftwheel.services.label.consensus.label_consensus import (
    ConsensusInputs,
    LabelConsensus,
    consensus_from,
)
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.work import submit_answer as submitting
from driftwheel.services.label.work.submit_answer import NewAnswer, submit_answer
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.projects import AnswerType
from driftwheel.store.labels.task_answers import set_answer


def test_sent_again_it_is_kept_once(label_database: Engine) -> None:
    work = labelling(label_database, 2, overlap=2)
    first, second = (one.task for one in work.ask("ann", 2))
    name = str(uuid.uuid4())
    assert work.say("ann", first, uid=name).outcome == "accepted"
    assert work.say("ann", first, uid=name.upper()).outcome == "duplicate"
    for other in (
        work.say("ann", first, "dog", uid=name),
        work.say("ann", second, uid=name),
        work.say("ann", first),
    ):
        assert (other.outcome, other.state) == ("conflict", None)
    work.ask("bob")
    assert work.say("bob", first, uid=name).outcome == "conflict"
    assert [(one.id, one.payload, one.state) for one in work.answers()] == [
        (name, {"class": "cat"}, "counted")
    ]
    assert [(one.answers, one.leases, one.room) for one in work.tasks()] == [(1, 1, 0), (0, 1, 1)]


def test_a_late_answer_counts_where_there_is_room_and_is_kept_where_there_is_none(
    label_database: Engine,
) -> None:
    work = labelling(label_database, 2)
    late, lost = (one.task for one in work.ask("ann", 2))
    work.later(hours=1)
    (taken,) = work.ask("bob")
    assert taken.task == late
    assert work.say("ann", lost).state == "counted"  # nobody has taken it
    assert work.say("ann", late).state == "surplus"
    assert work.say("bob", late, "dog").state == "counted"
    task = work.task(late)
    assert (task.answers, task.leases, task.state, task.consensus) == (1, 0, "done", {"class": "dog"})
    assert [one.state for one in work.answers()] == ["counted", "surplus", "counted"]


def test_nobody_answers_what_they_were_not_given(label_database: Engine) -> None:
    work = labelling(label_database, 2)
    (held,) = work.ask("ann")
    for task in (held.task, 10**6):
        with pytest.raises(LookupError, match=f"no task {task} that was given to this annotator"):
            work.say("bob", task)
    assert work.answers() == []


def test_ids_reasons_and_seconds_are_looked_at(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    (held,) = work.ask("ann")
    good = {"payload": {"class": "cat"}}
    for wrong, said in (
        ({"id": "7"}, "give a UUID"),
        ({"kind": "skip"}, "A skip has no payload"),
        ({"seconds": -1.0}, "looked at for -1 s"),
        ({"reason": "x" * 2001}, "2,001 characters"),
    ):
        told: Any = {"id": str(uuid.uuid4()), "task": held.task} | good | wrong
        with pytest.raises(UsageError, match=said):
            submit_answer(label_database, work.who("ann"), NewAnswer(**told), now=work.now)


def test_who_cannot_tell_counts_and_has_no_vote(label_database: Engine) -> None:
    work = labelling(label_database, 1, overlap=2)
    (held,) = work.ask("ann")
    work.pass_over("ann", held.task, "cannot_tell")
    work.ask("bob")
    work.say("bob", held.task, "dog")
    task = work.task(held.task)
    assert (task.state, task.answers, task.consensus) == ("done", 2, {"class": "dog"})


SAID: dict[AnswerType, Any] = {
    "class": {"class": "dog"},
    "multi-class": {"classes": ["cat", "dog"]},
    "boxes": {"boxes": [{"class": "cat", "x": 1, "y": 2.5, "w": 3, "h": 4, "rotation": 5}]},
}


@pytest.mark.parametrize("answer", SAID)
@pytest.mark.parametrize("last", ["answer", "cannot_tell"])
def test_the_consensus_is_worked_out_before_the_database_is_locked(
    label_database: Engine, monkeypatch: pytest.MonkeyPatch, answer: AnswerType, last: str
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("worked out while the database was locked")

    monkeypatch.setattr(label_progress, "consensus_from", never)
    work = labelling(label_database, 1, overlap=2, answer=answer)
    (held,) = work.ask("ann")
    work.say("ann", held.task, SAID[answer])
    work.ask("bob")
    if last == "answer":
        work.say("bob", held.task, SAID[answer])
    else:
        work.pass_over("bob", held.task, last)
    task = work.task(held.task)
    assert (task.state, task.answers) == ("done", 2)
    assert task.consensus is not None
    assert list(task.consensus) == list(SAID[answer])


def test_an_answer_is_judged_before_the_database_is_locked(
    label_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = False

    @contextmanager
    def watched(engine: Engine) -> Iterator[Any]:
        nonlocal locked
        with writing(engine) as connection:
            locked = True
            yield connection
        locked = False

    def judged(*of: Any) -> bool:
        assert not locked
        return is_correct(*of)

    monkeypatch.setattr(submitting, "writing", watched)
    monkeypatch.setattr(submitting, "is_correct", judged)
    known = PoolImage("i1", kind="training", truth={"class": "dog"})
    work = labelling(label_database, [PoolImage("i0"), known])
    (held,) = work.ask("ann")
    work.say("ann", held.task, "dog")
    assert [one.correct for one in work.answers()] == [True]


def test_a_consensus_of_other_answers_is_not_taken(
    label_database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = labelling(label_database, 1, overlap=2)
    (held,) = work.ask("ann")
    work.ask("bob")
    work.say("ann", held.task, "cat")
    (first,) = work.answers()

    def undone_meanwhile(inputs: ConsensusInputs) -> LabelConsensus:
        found = consensus_from(inputs)
        with writing(label_database) as connection:
            set_answer(connection, first.key, "undone", paid=False)
        return found

    monkeypatch.setattr(submitting, "consensus_from", undone_meanwhile)
    work.say("bob", held.task, "dog")
    assert work.task(held.task).consensus == {"class": "dog"}


def test_what_everybody_skips_is_set_aside(label_database: Engine) -> None:
    work = labelling(label_database, 1, overlap=2)
    for number in range(5):
        (held,) = work.ask(f"annotator {number}")
        assert work.pass_over(f"annotator {number}", held.task).state == "counted"
    task = work.task(held.task)
    assert (task.state, task.answers, task.skips, task.leases) == ("set_aside", 0, 5, 0)
    assert work.state().closed_because == "finished"


def test_more_are_asked_until_the_consensus_is_sure(label_database: Engine) -> None:
    work = labelling(label_database, 2, overlap=2, most_overlap=4, confidence=0.9)
    for name, sure, unsure in (("a", "cat", "cat"), ("b", "cat", "dog"), ("c", "", "dog"), ("d", "", "cat")):
        keys = [one.task for one in work.ask(name, 2)]
        for key in keys:
            first = key == work.tasks()[0].key
            assert sure or not first  # two who agree are enough
            work.say(name, key, sure if first else unsure)
    agreed, disputed = work.tasks()
    assert (agreed.state, agreed.answers, agreed.consensus) == ("done", 2, {"class": "cat"})
    assert agreed.confidence is not None
    assert agreed.confidence > 0.9
    assert (disputed.state, disputed.answers) == ("disputed", 4)
    assert work.state().closed_because == "finished"


def test_golden_tasks_say_who_is_to_be_believed(label_database: Engine) -> None:
    truths = [{"classes": ["cat" if n % 2 else "dog"]} for n in range(24)]
    images = [PoolImage(f"i{n}") for n in range(24)]
    images += [PoolImage(f"g{n}", "golden", truth) for n, truth in enumerate(truths)]
    kept = {"golden": False}  # nobody is banned for it
    work = labelling(label_database, images, answer="multi-class", overlap=3, golden_share=0.5, rules=kept)
    known = {one.key: one.truth["classes"][0] for one in work.tasks() if one.truth}
    swapped = {"cat": "dog", "dog": "cat"}
    for number, name in enumerate(("good", "wrong", "wrong too")):
        while given := work.ask(name, 5):
            for one in given:
                right = known.get(one.task, "cat")
                work.say(name, one.task, {"classes": [swapped[right] if number else right]})
    real = [one for one in work.tasks() if one.kind == "real"]
    assert {one.state for one in real} == {"done"}
    assert all(one.consensus == {"classes": ["cat"]} for one in real[12:])  # against two of three


@pytest.mark.parametrize(
    ("answer", "said", "kept"),
    [
        ("multi-class", {"classes": ["dog", "cat"]}, {"classes": ["cat", "dog"]}),
        ("multi-class", {"classes": []}, {"classes": []}),
        (
            "boxes",
            {"boxes": [{"class": "cat", "x": 10, "y": 20, "w": 30, "h": 40}]},
            {"boxes": [{"class": "cat", "x": 10.0, "y": 20.0, "w": 30.0, "h": 40.0, "rotation": 0.0}]},
        ),
        ("boxes", {"boxes": []}, {"boxes": []}),
    ],
)
def test_sets_of_classes_and_boxes_are_agreed_on_too(
    label_database: Engine, answer: Any, said: dict[str, Any], kept: dict[str, Any]
) -> None:
    golden = PoolImage("g", "exam", said)
    work = labelling(label_database, [PoolImage("i"), golden], answer=answer, overlap=2)
    for name in ("ann", "bob"):
        for _ in range(2):
            (held,) = work.ask(name)
            work.say(name, held.task, said)
    assert {tuple(one.payload or ()) for one in work.answers()} == {tuple(kept)}
    assert [one.correct for one in work.answers()] == [True, None] * 2
    task = work.tasks()[0]
    assert (task.state, task.consensus) == ("done", kept)
