"""Choose new tasks of a pool for an annotator: training, the exam, images, and golden ones among these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from sqlalchemy import Connection

from driftwheel.services.label.projects.pool_rules import RULES
from driftwheel.store.labels.assignments import Assignment, save_assignment
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.offered_tasks import count_strata, find_special, free_tasks, lock_free
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.task_answers import exam_results
from driftwheel.store.labels.tasks import Task, again_position
from driftwheel.store.schema.columns import EPOCH

__all__ = ["choose_tasks"]

_SETTLED = timedelta(minutes=1)  # what is wanted again is looked at by everybody for so long: clocks differ
_WINDOW, _WIDEST = 64, 2048  # tasks looked at in one question


@dataclass(slots=True)
class _Search:
    """What became of a search of tasks with room."""

    taken: list[Task]
    cursor: int


def choose_tasks(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    stands: Assignment,
    room: int,
    now: datetime,
    rng: np.random.Generator,
    *,
    waits: bool,
) -> tuple[Assignment, list[Task]]:
    """Return where the annotator stands after it, which is kept, and new tasks for them, locked.

    Parameters
    ----------
    stands
        Where they stand, locked.
    room
        How many they may have more, at least 1.
    rng
        Decides where golden tasks come, and which.
    waits
        They have tasks still: the stage they are in is not over.
    """
    before = stands
    found: list[Task] = []
    for kind in ("training", "exam"):
        if stands.stage != kind:
            continue
        found = _in_order(connection, pool, stands, kind, room)
        if found or waits:
            break
        stands = _passed(connection, pool, stands, now)
    if not found and stands.stage == "work":
        stands, found = _work(connection, pool, stands, room, now, rng)
    if stands != before:
        save_assignment(connection, stands)
    return stands, found


def _in_order(
    connection: Connection, pool: Pool, stands: Assignment, kind: Literal["training", "exam"], room: int
) -> list[Task]:
    found: list[Task] = []
    while len(found) < room:
        had = [one.key for one in found]
        task = find_special(connection, pool.key, stands.annotator, kind, without=had)
        if task is None:
            break
        found.append(task)
    return found


def _passed(connection: Connection, pool: Pool, stands: Assignment, now: datetime) -> Assignment:
    """Return the stage after one whose tasks are all answered."""
    if stands.stage == "training":
        return replace(stands, stage="exam")
    correct, n = exam_results(connection, pool.key, stands.annotator)
    if n == 0:
        return replace(stands, stage="work")
    passed = correct >= pool.exam_pass * n - 1e-9
    reason = f"{correct} of {n} tasks of the exam were answered right; {pool.exam_pass:.0%} are asked for."
    add_event(
        connection,
        pool.project,
        "exam_passed" if passed else "exam_failed",
        reason,
        time=now,
        by=RULES,
        pool=pool.key,
        annotator=stands.annotator,
        numbers={"correct": correct, "n": n, "exam_pass": pool.exam_pass},
    )
    return replace(stands, stage="work" if passed else "failed")


def _work(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    stands: Assignment,
    room: int,
    now: datetime,
    rng: np.random.Generator,
) -> tuple[Assignment, list[Task]]:
    """Return real tasks with golden ones among them; no golden one where there is no real one left."""
    golden = [bool(one) for one in rng.random(room) < pool.golden_share]
    n_real = golden.count(False)
    stands, real = _real_tasks(connection, pool, stands, n_real, now)
    if n_real and not real:
        return stands, []
    if not n_real and not _any_left(connection, pool, stands):
        return stands, []
    extra = _golden_tasks(connection, pool, stands, room - n_real, rng)
    if len(extra) < room - n_real and len(real) == n_real:  # all were seen: more real ones in their place
        stands, more = _real_tasks(
            connection, pool, stands, room - n_real - len(extra), now, [one.key for one in real]
        )
        real += more
    new = [*real, *extra]
    order = rng.permutation(len(new)) if extra else np.arange(len(new))
    return replace(stands, given=stands.given + len(new)), [new[number] for number in order]


def _real_tasks(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    stands: Assignment,
    most: int,
    now: datetime,
    without: Sequence[int] = (),
) -> tuple[Assignment, list[Task]]:
    """Lock up to `most` tasks with room that are open to the annotator: those wanted again first."""
    if most <= 0:
        return stands, []
    taken = set(without)
    again = _search(connection, pool, stands.annotator, stands.again, True, most, taken)
    ahead = _search(connection, pool, stands.annotator, stands.ahead, False, most - len(again.taken), taken)
    recent = again_position(max(now - _SETTLED, EPOCH))
    after = replace(stands, again=max(stands.again, min(again.cursor, recent)), ahead=ahead.cursor)
    return after, [*again.taken, *ahead.taken]


def _search(  # noqa: PLR0917
    connection: Connection,
    pool: Pool,
    annotator: int,
    start: int,
    again: bool,
    most: int,
    taken: set[int],
) -> _Search:
    """Lock tasks beyond a position; the cursor moves over those that are never open to the annotator again.

    What others have locked at this moment is passed over, and the cursor stays before it.
    """
    found: list[Task] = []
    place, cursor, moving, window = start, start, True, _WINDOW
    while len(found) < most:
        rows = free_tasks(connection, pool.key, annotator, after=place, again=again, limit=window)
        keys = [key for key, _, mine in rows if mine and key not in taken]
        got = lock_free(connection, keys, most - len(found))
        found += got
        taken.update(one.key for one in got)
        for key, position, mine in rows:
            moving = moving and (not mine or key in taken)
            if moving:
                cursor = position - 1  # others may have the same position
        if len(rows) < window:
            break
        place, window = rows[-1][1] - 1 if rows[-1][1] - 1 > place else rows[-1][1], min(2 * window, _WIDEST)
    return _Search(found, max(start, cursor))


def _any_left(connection: Connection, pool: Pool, stands: Assignment) -> bool:
    for again, after in ((True, stands.again), (False, stands.ahead)):
        rows = free_tasks(connection, pool.key, stands.annotator, after=after, again=again, limit=_WINDOW)
        if any(mine for _, _, mine in rows) or len(rows) == _WINDOW:
            return True
    return False


def _golden_tasks(
    connection: Connection, pool: Pool, stands: Assignment, most: int, rng: np.random.Generator
) -> list[Task]:
    """Return golden tasks of the classes that the annotator has had least of, each drawn at random."""
    if most <= 0:
        return []
    strata = count_strata(connection, pool.key, stands.annotator)
    found: list[Task] = []
    had = {name: given for name, (n, given) in strata.items() if given < n}
    while had and len(found) < most:
        least = min(had.values())
        names = sorted(name for name, given in had.items() if given == least)
        name = names[int(rng.integers(len(names)))]
        task = find_special(
            connection,
            pool.key,
            stands.annotator,
            "golden",
            stratum=name,
            without=[one.key for one in found],
            skip=int(rng.integers(strata[name][0] - had[name])),
        )
        if task is None:
            del had[name]
            continue
        found.append(task)
        had[name] += 1
        if had[name] >= strata[name][0]:
            del had[name]
    return found
