"""Who is banned gets nothing more; their answers may be taken out, and all of it can be undone."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.services.labelling import Labelling, labelling
from tests.services.labelling_faults import labelling_faults

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import authorise_token
from driftwheel.services.label.people.invite_annotators import invite_annotators, join_project
from driftwheel.services.label.quality.ban_annotator import ban_annotator, undo_ban
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_events import LabelEvent, list_events


def ban(work: Labelling, name: str, *, exclude: bool) -> LabelEvent:
    project, who = work.project.key, work.who(name)
    return ban_annotator(
        work.engine, project, who, "random answers", exclude=exclude, by="lead", now=work.now
    )


def test_a_ban_takes_answers_out_and_asks_others_and_is_undone(label_database: Engine) -> None:
    work = labelling(label_database, 4, overlap=1, price=1.0, budget=10.0)
    done = [one.task for one in work.ask("mal", 2)]
    for key in done:
        work.say("mal", key, "dog")
    (held,) = work.ask("mal")
    event = ban(work, "mal", exclude=True)
    assert (event.numbers, event.by) == ({"excluded": 2}, "lead")
    assert work.look("mal").why == "banned"
    assert [(one.answers, one.leases, one.room, one.state) for one in work.tasks()] == [(0, 0, 1, "open")] * 4
    assert (work.state().done, work.state().paid, work.state().reserved) == (0, 0, 0)
    assert work.say("mal", held.task).state == "excluded"  # kept, and without effect
    assert {one.task for one in work.ask("ann", 3)} == {*done, held.task}
    work.say("ann", done[0])
    with pytest.raises(UsageError, match="'mal' is banned already"):
        ban(work, "mal", exclude=False)

    work.later(hours=1)
    work.ask("bob", 0)  # it takes back what ann did not answer
    undo_ban(label_database, work.project.key, event.key, by="chief", now=work.now)
    states = {(one.annotator, one.task): one.state for one in work.answers()}
    mal, ann = work.who("mal"), work.who("ann")
    assert states == {
        (mal, done[0]): "surplus",
        (mal, done[1]): "counted",
        (mal, held.task): "counted",
        (ann, done[0]): "counted",
    }
    assert [(one.answers, one.state) for one in work.tasks()] == [(1, "done")] * 3 + [(0, "open")]
    assert (work.state().done, work.state().paid) == (3, 3)
    assert len(work.ask("mal")) == 1
    with reading(label_database) as connection:
        kept = next(one for one in list_events(connection, work.project.key) if one.kind == "ban")
    assert (kept.undone_by, kept.undone) == ("chief", work.now)
    with pytest.raises(UsageError, match="was undone already"):
        undo_ban(label_database, work.project.key, event.key, by="chief", now=work.now)


def test_a_ban_may_leave_what_was_said(label_database: Engine) -> None:
    work = labelling(label_database, 2)
    work.label("mal")
    work.ask("mal")
    ban(work, "mal", exclude=False)
    assert [(one.answers, one.leases, one.state) for one in work.tasks()] == [(1, 0, "done"), (0, 0, "open")]
    with reading(label_database) as connection:
        opened = list_events(connection, work.project.key)[-1]
    with pytest.raises(UsageError, match="is no ban, but 'pool_opened'"):
        undo_ban(label_database, work.project.key, opened.key, by="lead", now=work.now)
    for wrong in (work.project.key + 1, work.project.key):
        with pytest.raises(LookupError, match="has no event"):
            undo_ban(label_database, wrong, 99, by="lead", now=work.now)


def test_a_task_that_wanted_more_wants_one_in_place_of_the_banned(label_database: Engine) -> None:
    work = labelling(label_database, 1, overlap=2, most_overlap=5)
    for name, said in (("ann", "cat"), ("mal", "dog"), ("bob", "cat")):
        (one,) = work.ask(name)
        work.say(name, one.task, said)
    (task,) = work.tasks()
    assert (task.answers, task.wanted, task.state) == (3, 4, "open")
    ban(work, "mal", exclude=True)
    (task,) = work.tasks()
    assert (task.answers, task.wanted, task.room) == (2, 3, 1)
    (one,) = work.ask("cleo")
    assert work.ask("dan") == []  # one is enough
    work.say("cleo", one.task, "cat")
    assert labelling_faults(label_database) == []


def test_an_answer_that_came_too_late_takes_the_place_of_the_banned(label_database: Engine) -> None:
    work = labelling(label_database, 1, lease_seconds=60)
    (one,) = work.ask("late")
    work.later(minutes=5)
    work.label("mal", "dog")
    assert work.say("late", one.task, "cat").state == "surplus"
    assert work.tasks()[0].state == "done"
    ban(work, "mal", exclude=True)
    (task,) = work.tasks()
    assert (task.state, task.consensus, task.answers) == ("done", {"class": "cat"}, 1)
    assert {one.state for one in work.answers()} == {"excluded", "counted"}
    assert work.state().done == 1
    assert labelling_faults(label_database) == []


def test_a_ban_opens_a_finished_pool_again(label_database: Engine) -> None:
    work = labelling(label_database, 2)
    work.label("mal")
    work.label("mal")
    assert work.state().closed_because == "finished"
    ban(work, "mal", exclude=True)
    assert (work.state().state, work.state().closed_because) == ("open", None)
    assert len(work.ask("ann", 5)) == 2


def test_what_the_budget_no_longer_pays_stays_out_when_a_ban_is_undone(label_database: Engine) -> None:
    work = labelling(label_database, 5, overlap=2, price=1.0, budget=5.0)
    for name in ("mal", "ann"):
        for one in work.ask(name, 2):
            work.say(name, one.task)
    event = ban(work, "mal", exclude=True)
    assert len(work.ask("ann", 2)) == 2  # others; the two of mal have room
    undo_ban(label_database, work.project.key, event.key, by="lead", now=work.now)
    assert (work.state().paid, work.state().reserved) == (3, 2)
    mine = [one for one in work.answers() if one.annotator == work.who("mal")]
    assert sorted((one.state, one.paid) for one in mine) == [("counted", True), ("surplus", False)]
    assert labelling_faults(label_database) == []


def test_a_ban_revokes_the_token_of_who_joined_by_a_link(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    project = work.project.key
    made = invite_annotators(label_database, project, by="lead", now=work.now)
    joined = join_project(label_database, made.secret, "mal", now=work.now)
    event = ban(work, "mal", exclude=False)
    with reading(label_database) as connection:
        assert authorise_token(connection, joined.token, work.now) is None
    with pytest.raises(LookupError, match="used up"):  # an invitation is for one unless it says for more
        join_project(label_database, made.secret, "mal again", now=work.now)
    undo_ban(label_database, project, event.key, by="lead", now=work.now)
    with reading(label_database) as connection:
        assert authorise_token(connection, joined.token, work.now) is not None
