"""Which worker this is: a number that no other running worker of the database has.

DBOS notes with each workflow the worker that runs it. A worker that starts takes the lowest number that is
free, and with it the workflows that a killed worker of that number left; the others look after numbers that
nobody has taken again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.store.engine.named_lock import NamedLock

__all__ = ["dead_workers", "take_number", "worker_name"]

_MOST = 1000


def worker_name(number: int) -> str:
    """Return the name of a worker, as DBOS keeps it.

    Examples
    --------
    >>> worker_name(3)
    'worker-3'
    """
    return f"worker-{number}"


def take_number(engine: Engine) -> tuple[str, NamedLock]:
    """Take the lowest free number, and return the worker's name and the lock to give back at the end.

    Raises
    ------
    UsageError
        When there is a worker already and the database is SQLite, which has one.
    """
    most = _MOST if engine.dialect.name == "postgresql" else 1
    for number in range(1, most + 1):
        lock = NamedLock(engine, worker_name(number))
        if lock.take():
            return worker_name(number), lock
    if most == 1:
        raise UsageError(
            "A worker runs on this data already; an SQLite database has one. Start the server with "
            "--no-worker to run the worker beside it, or keep the data in PostgreSQL to run several."
        )
    raise UsageError(f"There are {_MOST} workers on this database already.")


def dead_workers(engine: Engine, names: Iterable[str]) -> list[tuple[str, NamedLock]]:
    """Return those of these workers that do not run any more, each with its lock, which is ours now."""
    found = []
    for name in sorted(set(names)):
        lock = NamedLock(engine, name)
        if lock.take():
            found.append((name, lock))
    return found
