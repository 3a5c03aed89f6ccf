"""A workflow that only one worker at a time may run."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from driftwheel.store.engine.named_lock import NamedLock
from driftwheel.workflows.passing import Done, run_passing

__all__ = ["alone"]


def alone(engine: Engine, what: str, name: str, work: Callable[[], Done]) -> Done | None:
    """Run a workflow under a name while no other worker holds the lock of it; None where one has.

    Of a workflow that has one name for ever, and that a killed worker left half done, this waits for the
    one that goes on with it.
    """
    lock = NamedLock(engine, what)
    if not lock.take():
        return None
    try:
        return run_passing(name, work)
    finally:
        lock.give_back()
