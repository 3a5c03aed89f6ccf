"""Hand tasks to an annotator: those they have, and new ones, golden tasks among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.agreement.challenge import challenge_due
from driftwheel.services.crash_points import reach
from driftwheel.services.label.consensus.label_progress import take_back_expired, tally
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.services.label.projects.requirements import Requirements, missing_of
from driftwheel.services.label.quality.challenge_annotator import ask_challenge, is_challenged
from driftwheel.services.label.work.choose_tasks import choose_tasks
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.annotators import Annotator, annotator_by_key
from driftwheel.store.labels.assignments import Assignment, lock_assignment, save_assignment
from driftwheel.store.labels.challenges import open_challenge
from driftwheel.store.labels.leases import Lease, find_lease, give_lease, renew_leases
from driftwheel.store.labels.pools import Pool, lock_pool, open_pools, pool_by_key
from driftwheel.store.labels.tasks import Task, save_task, tasks_by_key

__all__ = ["MOST_AT_ONCE", "GivenTask", "NextTasks", "WhyNone", "next_tasks"]

MOST_AT_ONCE = 50
"""Tasks that one annotator may have."""

_RENEWED = 4  # a lease lasts no longer than so many of its pool's, however often tasks are asked for
_UNCHALLENGED = 50  # tasks of a pool that come without a challenge: nobody writes a script for fewer

WhyNone = Literal["", "no_tasks", "not_qualified", "exam_failed", "paused", "challenge", "banned"]


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A task that an annotator has. Nothing tells a golden task from another.

    Attributes
    ----------
    task
        Its key, which is not for the annotator: golden tasks lie together.
    lease
        The key of the lease, by which the annotator knows the task.
    training
        The right answer is told after the annotator's own.
    expires
        Until then nobody else gets it in their place; asking for tasks again moves that, up to four times
        the lease of the pool after `begun`.
    """

    task: int
    lease: int
    pool: int
    image: bytes
    width: int | None
    height: int | None
    training: bool
    begun: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class NextTasks:
    """What an annotator is to do.

    Attributes
    ----------
    tasks
        In the order to do them.
    why
        Why there is none: no pool has one for them, they lack what open pools require, they failed the exam,
        they have to pause, a challenge waits for them, or they are banned; empty where there is one.
    missing
        What they lack, in words.
    until
        How long they have to pause.
    challenge
        Key of the challenge that waits for them.
    """

    tasks: tuple[GivenTask, ...]
    why: WhyNone = ""
    missing: str = ""
    until: datetime | None = None
    challenge: int | None = None


def next_tasks(
    engine: Engine,
    annotator: int,
    *,
    count: int,
    now: datetime,
    rng: np.random.Generator,
    pool: int | None = None,
) -> NextTasks:
    """Return the tasks that an annotator has in open pools, with new ones up to `count`, oldest pool first.

    Now and then a challenge comes before the next ones
    (`driftwheel.services.label.quality.challenge_annotator`).

    Told again without an answer to a task, the same ones come again, their leases renewed: a page that was
    loaded anew, or lost the answer, loses no task. First a pool's training tasks are handed out, then its
    exam, then its images, and among these golden tasks by the pool's share, at random, of the classes that
    the annotator has had least of. No task comes again that was answered or skipped.

    Parameters
    ----------
    count
        1 to `MOST_AT_ONCE`.
    rng
        Decides where golden tasks come.
    pool
        Only of this one.
    """
    with reading(engine) as connection:
        found = annotator_by_key(connection, annotator)
        pools = [] if found is None else open_pools(connection, found.project)
        waiting = open_challenge(connection, annotator)
    if found is None or found.banned is not None:
        return NextTasks((), "banned")
    if found.rests(now):
        return NextTasks((), "paused", until=found.paused_until)
    if waiting is not None:
        return NextTasks((), "challenge", challenge=waiting.key)
    given: list[GivenTask] = []
    why: WhyNone = "no_tasks"
    lacks = ""
    for one in pools:
        if pool is not None and one.key != pool:
            continue
        missing = missing_of(Requirements.from_json(one.requires), found)
        if missing is not None:
            why, lacks = ("not_qualified" if why == "no_tasks" else why), lacks or missing
            continue
        with writing(engine) as connection:
            reach("tasks-looked-for")
            more, failed = _of_pool(connection, one, found, min(count, MOST_AT_ONCE) - len(given), now, rng)
            reach("tasks-leased")
        reach("leases-committed")
        given += more
        if failed:
            why = "exam_failed"
        if len(given) >= count:
            break
    return NextTasks(tuple(given)) if given else NextTasks((), why, lacks if why == "not_qualified" else "")


def _of_pool(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    annotator: Annotator,
    most: int,
    now: datetime,
    rng: np.random.Generator,
) -> tuple[list[GivenTask], bool]:
    """Return the tasks of one pool, up to `most`, and whether its exam was failed."""
    stands = lock_assignment(connection, annotator.key, pool.key)
    current = (lock_pool if pool.most_paid is not None else pool_by_key)(connection, pool.key)
    still = annotator_by_key(connection, annotator.key)
    if current is None or current.state != "open" or still is None or still.banned is not None:
        return [], False
    if take_back_expired(connection, current, now):
        current = pool_by_key(connection, pool.key) or current
    lasts = timedelta(seconds=pool.lease_seconds)
    expires = now + lasts
    leases = renew_leases(connection, pool.key, annotator.key, expires, longest=_RENEWED * lasts)
    known = tasks_by_key(connection, [one.task for one in leases])
    tasks = [known[one.task] for one in leases]
    room = most - len(leases)
    if current.affordable is not None:
        room = min(room, current.affordable)
        if room <= 0 and not leases:
            tally(connection, current, now)
    if room > 0:
        stands, new = choose_tasks(connection, current, stands, room, now, rng, waits=bool(leases))
        for task in new:
            leases.append(_give(connection, current, annotator, task, now, expires))
        _challenge(connection, current, annotator, stands, len(new), now, rng)
        tasks += new
        if new and current.most_paid is not None:
            tally(connection, current, now, reserved=len(new))
    given = [_given(task, lease) for task, lease in zip(tasks, leases, strict=True)]
    return given[: max(most, 0)], stands.stage == "failed"


def _challenge(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    annotator: Annotator,
    stands: Assignment,
    new: int,
    now: datetime,
    rng: np.random.Generator,
) -> None:
    """Ask for what no script can do, now and then; what was handed out before it stays theirs."""
    rules = PoolRules.from_json(pool.rules)
    if stands.stage != "work" or stands.given <= _UNCHALLENGED or not is_challenged(rules, annotator):
        return
    first = stands.given - new - (stands.challenged or 0)
    if any(challenge_due(first + one, rng, every=rules.challenge_every) for one in range(1, new + 1)):
        ask_challenge(connection, pool, annotator.key, now)
        save_assignment(connection, replace(stands, challenged=stands.given))


def _give(  # noqa: PLR0917
    connection: Connection, pool: Pool, annotator: Annotator, task: Task, now: datetime, expires: datetime
) -> Lease:
    """Lease a task; who had it, and lost it a short while ago, has it no longer than if they had kept it.

    So who asks again and again, and never answers, leaves a gap in which others get it.
    """
    if task.kind == "real":
        save_task(connection, replace(task, leases=task.leases + 1))
    lasts = timedelta(seconds=pool.lease_seconds)
    before = find_lease(connection, task.key, annotator.key)
    begun = now if before is None or now - before.expires >= lasts else before.begun
    expires = min(expires, begun + _RENEWED * lasts)
    return give_lease(
        connection, task.key, pool=pool.key, annotator=annotator.key, begun=begun, expires=expires
    )


def _given(task: Task, lease: Lease) -> GivenTask:
    return GivenTask(
        task.key,
        lease.key,
        task.pool,
        task.image,
        task.width,
        task.height,
        task.kind == "training",
        lease.begun,
        lease.expires,
    )
