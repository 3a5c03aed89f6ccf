"""Simulated annotators: the fast, the lazy, those who copy and scripts are found; the good are let be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select
from tests.services.labelling import Labelling, labelling
from tests.services.labelling_faults import labelling_faults

from driftwheel.errors import UsageError
from driftwheel.services.access.create_token import create_token
from driftwheel.services.label.pools.change_pool import change_pool
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.quality.challenge_annotator import reply_challenge, show_challenge
from driftwheel.services.label.quality.undo_event import undo_event
from driftwheel.services.label.quality.watch_annotator import fast_limit_of
from driftwheel.services.label.quality.watch_pool import unwatched_pools, watch_pool
from driftwheel.store.assist.prelabels import ShownPrelabel, put_shown
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import Annotator, add_annotator, annotator_by_key
from driftwheel.store.labels.challenges import last_challenges, open_challenge
from driftwheel.store.labels.label_events import LabelEvent, list_events
from driftwheel.store.schema.label_tables import leases

QUIET = {"review_share": 0.0, "review_below": 0.0}


def events(work: Labelling, *kinds: str) -> list[LabelEvent]:
    """Return the events about annotators, the oldest first, or those of some kinds."""
    with reading(work.engine) as connection:
        found = list_events(connection, work.project.key, limit=1000)
    return [one for one in reversed(found) if one.annotator is not None and (not kinds or one.kind in kinds)]


def annotator(work: Labelling, name: str) -> Annotator:
    with reading(work.engine) as connection:
        found = annotator_by_key(connection, work.who(name))
    assert found is not None
    return found


def go_on(work: Labelling, name: str, n: int, kind: str = "answer", said: str = "cat", **more: Any) -> int:
    """Let somebody do the next n tasks in the same way, and return how many they got."""
    done = 0
    while done < n and (given := work.ask(name, min(n - done, 15))):
        for task in given:
            if kind == "answer":
                work.say(name, task.task, said, **more)
            else:
                work.pass_over(name, task.task, kind)
            work.later(seconds=1)
        done += len(given)
    return done


def undo(work: Labelling, event: LabelEvent) -> LabelEvent:
    return undo_event(work.engine, work.project.key, event.key, by="lead", now=work.now)


def test_who_is_too_fast_is_warned_and_has_to_pause(label_database: Engine) -> None:
    work = labelling(label_database, 60, rules=QUIET)
    go_on(work, "ann", 20, seconds=2.0)
    go_on(work, "ann", 4, seconds=0.1)  # a slip now and then is nobody's fault
    assert events(work) == []
    assert go_on(work, "mal", 30, seconds=0.1) < 30
    warned, paused = events(work)
    assert [(one.kind, one.numbers["rule"], one.numbers["fast"]) for one in (warned, paused)] == [
        ("warning", "too_fast", 5),
        ("pause", "too_fast", 11),
    ]
    look = work.look("mal")
    assert (look.why, look.until) == ("paused", paused.time + timedelta(minutes=10))
    work.later(minutes=10)
    go_on(work, "mal", 30, seconds=0.1)
    assert [one.numbers.get("minutes") for one in events(work, "pause")] == [10, 20]  # they grow
    assert {one.annotator for one in events(work)} == {work.who("mal")}
    assert labelling_faults(label_database) == []


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_a_pause_is_undone_and_not_held_against_them_again(label_database: Engine) -> None:
    work = labelling(label_database, 60, rules=QUIET)
    go_on(work, "ann", 30, seconds=0.1)
    _, paused = events(work)
    undone = undo(work, paused)
    assert (undone.undone, undone.undone_by) == (work.now, "lead")
    assert (annotator(work, "ann").paused_until, work.look("ann").why) == (None, "")
    work.later(seconds=1)
    go_on(work, "ann", 4, seconds=0.1)
    assert len(events(work)) == 2
    with pytest.raises(UsageError, match="was undone already"):
        undo(work, paused)


def test_how_fast_is_too_fast_is_learnt_of_the_good(label_database: Engine) -> None:
    images = [PoolImage(f"i{n}") for n in range(60)]
    images += [PoolImage(f"g{n}", "golden", {"class": "cat"}) for n in range(30)]
    work = labelling(label_database, images, golden_share=0.4, overlap=2, rules=QUIET)
    go_on(work, "ann", 40, seconds=10.0)
    assert fast_limit_of(work.state()) == 0.4
    watch_pool(label_database, work.pool, now=work.now)
    assert fast_limit_of(work.state()) == pytest.approx(2.0)  # a fifth of what ann takes
    go_on(work, "mal", 6, seconds=1.5)
    assert [(one.annotator, one.kind) for one in events(work)] == [(work.who("mal"), "warning")]
    with reading(label_database) as connection:
        assert work.pool not in unwatched_pools(connection)


def test_who_skips_in_a_row_is_warned_and_has_to_pause(label_database: Engine) -> None:
    work = labelling(label_database, 80, overlap=3, rules=QUIET)
    for name in ("ann", "bob"):
        go_on(work, name, 30)
    go_on(work, "ann", 5, "skip")
    assert events(work) == []
    assert go_on(work, "idle", 30, "skip") < 30
    assert [(one.kind, one.numbers["run"]) for one in events(work)] == [("warning", 6), ("pause", 11)]
    assert "tasks in a row were skipped" in events(work)[0].reason


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_where_all_skip_much_nobody_is_blamed(label_database: Engine) -> None:
    work = labelling(label_database, 80, overlap=3, rules=QUIET)
    for name in ("ann", "bob"):
        for number, task in enumerate(work.ask(name, 48)):
            work.pass_over(name, task.task) if number % 4 < 2 else work.say(name, task.task)
    go_on(work, "dot", 8, "skip")
    assert events(work) == []


def test_who_can_never_tell_is_warned_and_has_to_pause(label_database: Engine) -> None:
    work = labelling(label_database, 90, overlap=2, rules=QUIET)
    go_on(work, "idle", 3, "cannot_tell")  # nobody to compare with yet
    go_on(work, "ann", 30)
    go_on(work, "ann", 3, "cannot_tell")
    assert events(work) == []
    go_on(work, "idle", 40, "cannot_tell")
    assert [(one.kind, one.numbers["rule"]) for one in events(work)] == [
        ("warning", "cannot_tell"),
        ("pause", "cannot_tell"),
    ]
    assert {one.annotator for one in events(work)} == {work.who("idle")}


def crowd_of(work: Labelling, people: dict[str, float], copies: dict[str, str], n: int) -> None:
    """Let people of these accuracies answer all images, and others say what they said."""
    rng = np.random.default_rng(7)
    classes = [one.name for one in work.project.classes]
    truth = rng.integers(len(classes), size=n)
    said: dict[tuple[str, str], str] = {}
    for name, accuracy in people.items():
        for number in range(n):
            wrong = (truth[number] + rng.integers(1, len(classes))) % len(classes)
            said[name, f"i{number}"] = classes[int(truth[number] if rng.random() < accuracy else wrong)]
    records = {one.key: one.record for one in work.tasks()}
    for name in (*people, *copies):
        own = copies.get(name, name)
        for task in work.ask(name, 50):
            work.say(name, task.task, said[own, records[task.task]], seconds=3.0)


def test_who_copies_has_to_pause_and_the_others_are_let_be(label_database: Engine) -> None:
    people = {"ann": 0.9, "bob": 0.85, "cid": 0.9, "dot": 0.6, "mal": 0.6}
    work = labelling(label_database, 50, overlap=7, classes=("a", "b", "c", "d"), rules=QUIET)
    crowd_of(work, people, {"eve": "mal"}, 50)
    with reading(label_database) as connection:
        assert work.pool in unwatched_pools(connection)
    done = watch_pool(label_database, work.pool, now=work.now)
    assert {one.annotator for one in done} == {work.who("mal"), work.who("eve")}
    assert [(one.kind, one.numbers["rule"]) for one in done] == [("pause", "collusion")] * 2
    assert done[0].numbers["agreed"] == 50 > done[0].numbers["expected"]
    for event in done:
        undo(work, event)
    work.later(minutes=1)
    assert watch_pool(label_database, work.pool, now=work.now) == []  # not for the same answers again
    change_pool(label_database, work.project.key, work.pool, {"collusion": False}, by="lead", now=work.now)
    assert work.state().fast_limit is not None


def test_who_accept_the_same_pre_labels_do_not_copy(label_database: Engine) -> None:
    people = {"ann": 0.9, "bob": 0.85, "cid": 0.9, "dot": 0.6, "mal": 0.6}
    work = labelling(label_database, 50, overlap=7, classes=("a", "b", "c", "d"), rules=QUIET)
    crowd_of(work, people, {"eve": "mal"}, 50)
    both = {work.who("mal"), work.who("eve")}
    with writing(label_database) as connection:
        theirs = select(leases.c.key).where(leases.c.annotator.in_(both))
        keys = connection.execute(theirs).scalars().all()
        shown = [ShownPrelabel(key, work.pool, {"class": "a"}, 0.5, "model", shown=True) for key in keys]
        put_shown(connection, shown)
    assert watch_pool(label_database, work.pool, now=work.now) == []


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_a_good_crowd_is_let_be(label_database: Engine) -> None:
    images = [PoolImage(f"i{n}") for n in range(40)]
    images += [PoolImage(f"g{n}", "golden", {"class": "cat"}) for n in range(30)]
    work = labelling(label_database, images, golden_share=0.4, overlap=5, rules=QUIET)
    rng = np.random.default_rng(3)
    tasks = {one.key: one for one in work.tasks()}
    for name in ("ann", "bob", "cid", "dot"):
        for given in work.ask(name, 50):
            task = tasks[given.task]
            real, drawn = task.kind == "real", rng.random()
            if drawn < 0.04:
                work.pass_over(name, given.task)
            elif drawn < 0.08 and real:
                work.pass_over(name, given.task, "cannot_tell")
            else:
                cat = not real or int(task.record[1:]) % 2 == 0
                label = "cat" if cat == (rng.random() < 0.93) else "dog"
                work.say(name, given.task, label, seconds=float(rng.lognormal(0.5, 0.6)))
    watch_pool(label_database, work.pool, now=work.now)
    assert events(work) == []


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("answer", ["multi-class", "boxes"])
def test_golden_tasks_of_sets_and_boxes_ban_the_poor_alone(label_database: Engine, answer: Any) -> None:
    boxes = [{"class": "cat", "x": 10.0 * n, "y": 5.0, "w": 8.0, "h": 8.0, "rotation": 0.0} for n in range(4)]
    truth = {"classes": ["cat", "dog"]} if answer == "multi-class" else {"boxes": boxes}
    images = [PoolImage(f"i{n}") for n in range(30)]
    images += [PoolImage(f"g{n}", "golden", truth) for n in range(25)]
    work = labelling(label_database, images, answer=answer, golden_share=0.7, overlap=2, rules=QUIET)
    rng = np.random.default_rng(5)

    def careful() -> Any:  # leaves out one of four now and then, draws a little beside
        if answer == "multi-class":
            return {"classes": ["cat", "dog"] if rng.random() < 0.8 else ["dog"]}
        kept = [one | {"x": one["x"] + rng.normal(0, 0.6)} for one in boxes if rng.random() < 0.85]
        return {"boxes": kept}

    def careless() -> Any:
        if answer == "multi-class":
            return {"classes": []}
        return {"boxes": [boxes[0] | {"x": float(rng.uniform(0, 300)), "y": 90.0}]}

    for name, draw in (("ann", careful), ("mal", careless)):
        for given in work.ask(name, 30):
            work.say(name, given.task, draw())
    assert [(one.kind, one.annotator) for one in events(work)] == [("ban", work.who("mal"))]


def person(work: Labelling, name: str) -> int:
    """Return the key of somebody who has joined by a link: they are challenged."""
    made = create_token(work.engine, f"{name} {work.project.key}", "annotator", by="test", now=work.now)
    with writing(work.engine) as connection:
        return add_annotator(connection, work.project.key, name, created=work.now, token=made.token.key).key


def waiting(work: Labelling, who: int) -> Any:
    with reading(work.engine) as connection:
        return open_challenge(connection, who)


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_now_and_then_digits_are_to_be_typed(label_database: Engine) -> None:
    rules = QUIET | {"challenge_every": 10}
    work = labelling(label_database, 200, rules=rules)
    ann = person(work, "ann")
    assert go_on(work, "ann", 90) == 60  # none with the first fifty, soon after that
    assert go_on(work, "worker elsewhere", 75) == 75  # who sees no page of ours is not asked
    look = work.look("ann")
    asked = waiting(work, ann)
    assert (look.why, look.challenge, look.tasks) == ("challenge", asked.key, ())
    image = show_challenge(label_database, ann, asked.key, now=work.now)
    assert image.startswith(b"\x89PNG")
    assert image == show_challenge(label_database, ann, asked.key, now=work.now)
    with pytest.raises(LookupError, match="no challenge"):
        show_challenge(label_database, work.who("worker elsewhere"), asked.key, now=work.now)
    work.later(seconds=20)
    digits = " ".join(asked.digits)
    assert reply_challenge(label_database, ann, asked.key, digits, now=work.now).passed
    assert work.look("ann").why == ""
    assert events(work) == []


def test_a_script_that_cannot_read_them_is_banned(label_database: Engine) -> None:
    work = labelling(label_database, 200, rules=QUIET | {"challenge_every": 10})
    bot = person(work, "bot")
    go_on(work, "bot", 90)
    for kinds in (["challenge"], ["challenge", "pause"], ["challenge", "pause", "ban"]):
        asked = waiting(work, bot)
        show_challenge(label_database, bot, asked.key, now=work.now)
        work.later(seconds=61 if kinds == ["challenge"] else 1)  # right, and too late
        text = asked.digits if kinds == ["challenge"] else "0"
        assert not reply_challenge(label_database, bot, asked.key, text, now=work.now).passed
        assert [one.kind for one in events(work)] == kinds
    assert {one.state for one in work.answers()} == {"excluded"}
    with reading(label_database) as connection:
        assert len(last_challenges(connection, bot, limit=10)) == 4


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_who_fails_once_goes_on(label_database: Engine) -> None:
    work = labelling(label_database, 200, rules=QUIET | {"challenge_every": 10})
    ann = person(work, "ann")
    go_on(work, "ann", 90)
    for text in ("0", None):
        asked = waiting(work, ann)
        reply_challenge(label_database, ann, asked.key, text or asked.digits, now=work.now)
    assert [one.kind for one in events(work)] == ["challenge"]
    assert work.look("ann").why == ""


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_rules_that_are_off_do_nothing(label_database: Engine) -> None:
    off = {"golden": False, "too_fast": False, "skipping": False, "cannot_tell": False, "challenge_every": 0}
    images = [PoolImage(f"i{n}") for n in range(80)]
    images += [PoolImage(f"g{n}", "golden", {"class": "cat"}) for n in range(20)]
    work = labelling(label_database, images, golden_share=0.3, rules=QUIET | off)
    go_on(work, "mal", 30, said="dog", seconds=0.05)
    go_on(work, "mal", 20, "skip")
    go_on(work, "mal", 20, "cannot_tell")
    assert events(work) == []
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"skips_in_row": 0}, "give 1 to 50"),
        ({"challenge_every": 3}, "fewer than 10"),
        ({"golden": 1}, "true or false"),
    ]
    for rule, said in wrong:
        with pytest.raises(UsageError, match=said):
            change_pool(label_database, work.project.key, work.pool, rule, by="lead", now=work.now)
