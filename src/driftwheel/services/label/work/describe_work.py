"""Say to an annotator what there is to do in a project, and how far they have come.

Nothing of it tells which tasks are golden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from driftwheel.store.labels.assignments import Assignment, Stage, assignments_of
from driftwheel.store.labels.pools import Pool, PoolState, list_pools
from driftwheel.store.labels.stage_progress import count_stage, early_golden

__all__ = ["BLOCK", "Standing", "Work", "WorkState", "describe_work", "labelled_share"]

BLOCK = 50
"""Of so many answers at once an annotator is told how golden tasks went."""

_STEPS, _LEAST_A_STEP = 10, 20

WorkState = Literal["open", "finished", "budget", "closed", "not_open"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an annotator stands in a pool.

    Attributes
    ----------
    labelled
        Share of the pool's images that want no more answers, 0 to 1, rounded down; None: it has few.
    stage_tasks, stage_done
        Tasks of the training or the exam they are in; None in other stages.
    golden, golden_correct
        Golden tasks that they have answered, and of these right. For who may not know which those are, of the
        first 50, 100, 150 … answers without the last one; None before.
    """

    pool: int
    name: str
    state: PoolState
    stage: Stage
    labelled: float | None
    stage_tasks: int | None
    stage_done: int | None
    answered: int
    skipped: int
    golden: int | None
    golden_correct: int | None


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do.

    Attributes
    ----------
    state
        ``open``: some pool is; else why not: all is labelled, the budget is spent, somebody has closed it, or
        none was opened yet.
    """

    state: WorkState
    standings: tuple[Standing, ...]


def describe_work(connection: Connection, project: int, annotator: int, *, leads: bool) -> Work:
    """Return what an annotator may know of a project's pools, and how they did in each.

    Parameters
    ----------
    leads
        Whether they may see all of the project, and so which tasks are golden.
    """
    pools = {one.key: one for one in list_pools(connection, project)}
    stands = assignments_of(connection, annotator=annotator)
    return Work(
        _state(list(pools.values())),
        tuple(
            _standing(connection, pools[one.pool], one, leads=leads) for one in stands if one.pool in pools
        ),
    )


def labelled_share(tasks: int, done: int) -> float | None:
    """Return the share of a pool's images that is labelled, rounded down so far that it tells of no task.

    Told exactly, it would stand still after a golden task. A step is a tenth, and never fewer than 20 images.

    Examples
    --------
    >>> labelled_share(200, 99), labelled_share(60, 59), labelled_share(30, 15) is None
    (0.4, 0.6666666666666666, True)
    """
    steps = min(_STEPS, tasks // _LEAST_A_STEP)
    return None if steps < 2 else done * steps // tasks / steps


def _state(pools: Sequence[Pool]) -> WorkState:
    if any(one.state == "open" for one in pools):
        return "open"
    closed = [one for one in pools if one.state == "closed"]
    if not closed:
        return "not_open"
    because = {one.closed_because for one in closed}
    if because == {"finished"}:
        return "finished"
    return "budget" if "budget" in because else "closed"


def _standing(connection: Connection, pool: Pool, stands: Assignment, *, leads: bool) -> Standing:
    there = done = None
    if stands.stage == "training" or stands.stage == "exam":  # noqa: PLR1714  mypy reads this one
        there, done = count_stage(connection, pool.key, stands.annotator, stands.stage)
    golden: int | None = stands.golden
    correct: int | None = stands.golden_correct
    if not leads:
        golden, correct = _told_golden(connection, stands)
    return Standing(
        pool.key,
        pool.name,
        pool.state,
        stands.stage,
        labelled_share(pool.tasks, pool.done),
        there,
        done,
        stands.answered,
        stands.skipped,
        golden,
        correct,
    )


def _told_golden(connection: Connection, stands: Assignment) -> tuple[int | None, int | None]:
    """Return golden tasks of whole blocks; the last answer, which could be undone, is in none of them."""
    n = (stands.answered - 1) // BLOCK * BLOCK
    if n <= 0:
        return None, None
    return early_golden(connection, stands.pool, stands.annotator, n)
