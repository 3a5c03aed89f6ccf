"""Open a pool to annotators, and close it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.label_progress import close
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_pool
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key, set_pool_state
from driftwheel.store.operate.audit import note

__all__ = ["close_pool", "open_pool", "open_pool_in"]


def open_pool(engine: Engine, project: int, pool: int, *, by: str, now: datetime) -> Pool:
    """Open a pool, so that its tasks are handed out, and return it; noted in the audit and as an event.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When it is open, has nothing to be labelled, or its budget is spent.
    """
    with writing(engine) as connection:
        return open_pool_in(connection, project, pool, by=by, now=now)


def open_pool_in(connection: Connection, project: int, pool: int, *, by: str, now: datetime) -> Pool:
    """Open a pool as `open_pool` does, in a transaction of somebody else's.

    Raises
    ------
    LookupError, UsageError
        Likewise.
    """
    found, known = pool_of_project(connection, project, pool)
    known = lock_pool(connection, pool) or known
    if known.state == "open":
        raise UsageError(f"The pool '{known.name}' is open already.")
    if known.done >= known.tasks:
        what = "has no images yet" if known.tasks == 0 else "is labelled already"
        raise UsageError(f"The pool '{known.name}' {what}; add images to it first.")
    if known.affordable == 0:
        raise UsageError(
            f"The budget of the pool '{known.name}' pays {known.most_paid or 0:,} answers, and "
            f"{known.paid:,} are paid; make another pool with a budget."
        )
    set_pool_state(connection, pool, "open")
    reason = f"{known.tasks - known.done:,} images are to be labelled."
    add_event(connection, project, "pool_opened", reason, time=now, by=by, pool=pool)
    tell_of_pool(connection, known, "pool.opened", "by_hand", reason, now)
    note(connection, now, by, "open-pool", f"project {found.name}", {"pool": known.name})
    return _again(connection, known)


def close_pool(engine: Engine, project: int, pool: int, *, by: str, now: datetime, reason: str = "") -> Pool:
    """Close an open pool, and return it; who has a task may still answer it. Noted in the audit.

    Raises
    ------
    LookupError
        When there is no such pool.
    UsageError
        When it is not open.
    """
    with writing(engine) as connection:
        found, known = pool_of_project(connection, project, pool)
        known = lock_pool(connection, pool) or known
        if known.state != "open":
            raise UsageError(f"The pool '{known.name}' is not open.")
        close(connection, known, "by_hand", reason or "It was closed by hand.", by, now)
        details = {"pool": known.name, "reason": reason}
        note(connection, now, by, "close-pool", f"project {found.name}", details)
        return _again(connection, known)


def _again(connection: Connection, pool: Pool) -> Pool:
    return pool_by_key(connection, pool.key) or pool
