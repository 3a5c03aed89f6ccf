"""Who answers golden tasks poorly is banned by a rule, who is good stays; undone, a ban is a new start."""

from __future__ import annotations

from sqlalchemy import Engine
from tests.services.labelling import Labelling, labelling

from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.quality.ban_annotator import undo_ban
from driftwheel.services.label.quality.notices import notices_of
from driftwheel.services.label.quality.undo_event import undo_event
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_events import LabelEvent, list_events


def work_with_golden(engine: Engine) -> Labelling:
    images = [PoolImage(f"i{n}") for n in range(30)]
    images += [PoolImage(f"g{n}", "golden", {"class": "cat"}) for n in range(40)]
    return labelling(engine, images, golden_share=0.6, overlap=3)


def bans(work: Labelling) -> list[LabelEvent]:
    with reading(work.engine) as connection:
        return [one for one in list_events(connection, work.project.key) if one.kind == "ban"]


def answer_until(work: Labelling, name: str, golden: list[str]) -> None:
    """Let somebody label; golden tasks get these answers in turn, until they are used up or nothing comes."""
    kinds = {one.key: one.kind for one in work.tasks()}
    left = list(golden)
    while left and (given := work.ask(name)):
        special = kinds[given[0].task] == "golden"
        work.say(name, given[0].task, left.pop(0) if special else "cat")


def test_the_poor_are_banned_and_the_good_stay(label_database: Engine) -> None:
    work = work_with_golden(label_database)
    answer_until(work, "good", ["cat"] * 12 + ["dog"] + ["cat"] * 6)
    assert bans(work) == []
    answer_until(work, "poor", ["dog", "cat"] * 10)
    (event,) = bans(work)
    assert (event.annotator, event.by, event.numbers["rule"]) == (work.who("poor"), "rules", "golden_test")
    assert 0 < event.numbers["n"] < 15
    assert event.numbers["excluded"] > 0
    assert "golden tasks were answered right" in event.reason
    assert work.look("poor").why == "banned"
    assert {one.state for one in work.answers() if one.annotator == work.who("poor")} == {
        "counted",  # golden tasks
        "excluded",
    }
    answer_until(work, "good", ["dog"] * 12)  # no longer good
    assert [one.numbers["rule"] for one in bans(work)] == ["skill_watch", "golden_test"]


def test_who_can_never_tell_is_banned_too(label_database: Engine) -> None:
    work = work_with_golden(label_database)
    for _ in range(40):
        given = work.ask("idle")
        if given:
            work.pass_over("idle", given[0].task, "cannot_tell")
    (event,) = bans(work)
    assert (event.annotator, event.numbers["rule"]) == (work.who("idle"), "golden_test")
    assert event.numbers["right"] == 0


def test_after_a_ban_that_was_undone_they_begin_anew(label_database: Engine) -> None:
    work = work_with_golden(label_database)
    answer_until(work, "ann", ["dog"] * 9)
    (event,) = bans(work)
    work.later(minutes=1)
    undo_ban(label_database, work.project.key, event.key, by="lead", now=work.now)
    work.later(minutes=1)
    answer_until(work, "ann", ["dog"])
    assert len(bans(work)) == 1  # one wrong answer is not enough
    assert work.look("ann").why == ""


def test_who_is_near_a_ban_is_told_in_plain_words_and_not_at_once(label_database: Engine) -> None:
    work = work_with_golden(label_database)
    answer_until(work, "ann", ["cat", "dog", "cat", "dog", "cat", "cat", "dog"])
    with reading(label_database) as connection:
        (event,) = [one for one in list_events(connection, work.project.key) if one.kind == "warning"]
        assert event.numbers["rule"] == "golden_warning"
        assert "near a ban" in event.reason

    def told() -> list[str]:
        with reading(label_database) as connection:
            return [one.words for one in notices_of(connection, work.project.key, who, work.now)]

    who = work.who("ann")
    assert told() == []  # or they would know which image it was
    work.later(seconds=5)
    answer_until(work, "ann", ["cat"] * 8)
    (words,) = told()
    assert "Several of your answers to images whose answer is known were not right." in words
    assert "Tell who invited you" in words
    undo_event(label_database, work.project.key, event.key, by="lead", now=work.now)
    assert told() == []
    assert bans(work) == []
