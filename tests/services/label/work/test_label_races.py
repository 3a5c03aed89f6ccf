"""Many annotators at once, slow ones and hasty ones: nothing is lost or doubled, no task gets too many."""

from __future__ import annotations

import random
import threading
import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.labelling import Labelling, labelling
from tests.services.labelling_faults import labelling_faults

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import Identity
from driftwheel.services.label.people.find_annotator import find_annotator
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.services.label.quality.ban_annotator import ban_annotator, undo_ban
from driftwheel.services.label.work.next_tasks import next_tasks
from driftwheel.services.label.work.submit_answer import NewAnswer, submit_answer
from driftwheel.services.label.work.undo_answer import undo_answer
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.leases import end_expired
from driftwheel.store.labels.tasks import lock_unlocked

ANNOTATORS = 8


class Person:
    """Takes tasks ahead, answers some, skips some, repeats itself, and now and then comes too late."""

    def __init__(self, work: Labelling, number: int, clock: list[int], ended: threading.Event) -> None:
        self.work, self.number, self.clock, self.ended = work, number, clock, ended
        self.key = work.who(f"annotator {number}")
        self.random = random.Random(number)
        self.rng = np.random.default_rng(number)
        self.told: dict[str, str] = {}
        self.failed: list[BaseException] = []

    def run(self) -> None:
        try:
            for _ in range(400):
                if self.ended.is_set() or not self.step():
                    return
        except BaseException as error:
            self.failed.append(error)

    def step(self) -> bool:
        self.clock[0] += 25 if self.random.random() < 0.1 else 1  # a lost count does not matter
        now = self.work.now + timedelta(seconds=self.clock[0])
        engine = self.work.engine
        found = next_tasks(engine, self.key, count=self.random.randint(1, 4), now=now, rng=self.rng)
        if not found.tasks:
            return self.work.state().state == "open" and found.why == "no_tasks"
        for task in found.tasks:
            if self.random.random() < 0.15:
                continue  # it is left until its lease has run out
            kind = "answer" if self.random.random() < 0.9 else "skip"
            said = {"class": "cat" if self.random.random() < 0.95 else "dog"} if kind == "answer" else None
            new = NewAnswer(str(uuid.UUID(int=self.random.getrandbits(128))), task.task, kind, said)  # type: ignore[arg-type]
            late = now + timedelta(seconds=self.random.choice([0, 0, 0, 40]))
            for _ in range(self.random.choice([1, 1, 2])):
                done = submit_answer(engine, self.key, new, now=late)
                if done.outcome != "conflict":
                    before = self.told.setdefault(new.id, done.outcome)
                    assert before == "accepted"
            if self.random.random() < 0.1:
                try:
                    undo_answer(engine, self.key, new.id, now=late)
                except UsageError:
                    continue
        return True


def run_all(work: Labelling, seconds: int, also: Any = None) -> list[Person]:
    clock, ended = [0], threading.Event()
    people = [Person(work, number, clock, ended) for number in range(ANNOTATORS)]
    threads = [threading.Thread(target=one.run) for one in people]
    for thread in threads:
        thread.start()
    if also is not None:
        also(people)
    for thread in threads:
        thread.join(timeout=seconds)
    ended.set()
    for thread in threads:
        thread.join(timeout=60)
    assert [error for one in people for error in one.failed] == []
    work.now += timedelta(seconds=clock[0] + 100)
    return people


@pytest.mark.parametrize(
    "options",
    [
        {"overlap": 2, "most_overlap": 4, "golden_share": 0.2},
        {"overlap": 3, "price": 1.0, "budget": 60.0},
    ],
    ids=["dynamic", "budget"],
)
def test_nothing_is_lost_doubled_or_too_much(label_database: Engine, options: dict[str, Any]) -> None:
    images = [PoolImage(f"i{n}") for n in range(24)]
    images += [PoolImage(f"g{n}", "golden", {"class": "cat"}) for n in range(10)]
    work = labelling(label_database, images, lease_seconds=20, **options)
    people = run_all(work, 120)
    assert labelling_faults(label_database) == []
    kept = {one.id for one in work.answers()}
    told = {name for one in people for name in one.told}
    assert told == kept
    assert len(work.answers()) == len(kept)
    for number in range(4):  # eight people may all have passed over an image, or have come too late
        while given := work.ask(f"helper {number}", 8):
            for one in given:
                work.say(f"helper {number}", one.task)
    assert work.state().closed_because in {"budget", "finished"}
    assert labelling_faults(label_database) == []


def test_the_same_worker_and_the_same_id_at_one_moment(label_database: Engine) -> None:
    work = labelling(label_database, 8)
    crowd = Identity("token crowd", "annotator")
    found: list[int] = []
    outcomes: list[str] = []
    ready = threading.Barrier(8)
    name = str(uuid.uuid4())

    def call(number: int) -> None:
        ready.wait()
        who = find_annotator(label_database, work.project.key, crowd, now=work.now, name="w").key
        found.append(who)
        ready.wait()
        if number == 0:
            work.ask("w", 8)
        ready.wait()
        new = NewAnswer(name, work.tasks()[number].key, payload={"class": "cat"})
        outcomes.append(submit_answer(label_database, who, new, now=work.now).outcome)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert sorted(outcomes) == ["accepted"] + ["conflict"] * 7
    assert len(work.answers()) == 1


def test_nobody_waits_for_who_takes_back_their_leases(label_database: Engine) -> None:
    if label_database.dialect.name == "sqlite":
        pytest.skip("One transaction writes at a time.")
    work = labelling(label_database, 2, lease_seconds=20)
    (own,), (other,) = work.ask("ann"), work.ask("bob")
    work.later(seconds=30)
    found: list[list[int]] = []

    def ask() -> None:
        found.append([one.task for one in work.ask("ann", 2)])

    thread = threading.Thread(target=ask)
    with writing(label_database) as connection:  # somebody takes back ann's lease, and is not done yet
        lock_unlocked(connection, [own.task])
        assert end_expired(connection, [own.task], work.now) == [own.task]
        thread.start()
        thread.join(timeout=30)
        assert found == [[other.task]]
        connection.rollback()


def test_bans_in_between_lose_nothing(label_database: Engine) -> None:
    work = labelling(label_database, 30, overlap=2, lease_seconds=20)

    def ban(people: list[Person]) -> None:
        for number in range(3):
            project, key = work.project.key, people[number].key
            event = ban_annotator(
                label_database, project, key, "a try", exclude=True, by="lead", now=work.now
            )
            if number == 1:
                undo_ban(label_database, project, event.key, by="lead", now=work.now)

    run_all(work, 120, ban)
    assert labelling_faults(label_database) == []
    assert {one.state for one in work.answers()} >= {"counted"}
