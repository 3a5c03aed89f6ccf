"""The step `label`: wait until people have labelled the pool, or its deadline has passed."""

from __future__ import annotations

from datetime import timedelta

from driftwheel.services.label.consensus.label_progress import close
from driftwheel.services.wheel.turn_moves import At, end, go_on, moving, wait
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import lock_pool, pool_by_key
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["await_labels"]


def await_labels(at: At) -> bool:
    """Go on when the pool is closed, by itself or by a person; close it at the deadline."""
    key = at.last("pool")
    with reading(at.engine) as connection:
        pool = None if key is None else pool_by_key(connection, key)
    if pool is None:
        with moving(at) as connection:
            end(connection, at, "failed", "The pool that it had opened was deleted.")
        return True
    deadline = at.step.begun + timedelta(days=at.policy.deadline_days)
    if pool.state == "open" and at.now < deadline:
        told = f"{pool.tasks:,} images are to be labelled in the pool '{pool.name}'."
        with moving(at) as connection:
            wait(connection, at, "labels", told, until=deadline)
        return False
    with moving(at) as connection:
        pool = lock_pool(connection, pool.key) or pool
        told = f"{pool.done:,} of {pool.tasks:,} images are settled"
        if pool.state == "open":
            late = f"People had {at.policy.deadline_days:g} days."
            close(connection, pool, "by_hand", late, WHEEL, at.now)
            told = f"The deadline of {at.policy.deadline_days:g} days passed: {told}"
        go_on(connection, at, "consensus", told=f"{told}.", found={"tasks": pool.tasks, "done": pool.done})
    return True
