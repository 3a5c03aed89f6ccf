"""Which turns of the wheel can go on: what they wait for has come, or their time has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.labels.review_queue import count_queued
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import gate_run_by_key
from driftwheel.store.train.training_runs import run_by_key
from driftwheel.store.wheel.turn_steps import made_last, steps_of
from driftwheel.store.wheel.turns import Turn, all_open_turns
from driftwheel.wheel.turn_step import Waits

__all__ = ["ready_turns"]


def ready_turns(connection: Connection, now: datetime) -> list[Turn]:
    """Return the turns of all models that can go on, the oldest first.

    A model has at most one open turn, and of each a few rows are read by their keys: that is cheap enough to
    be asked every second.
    """
    return [one for one in all_open_turns(connection) if one.due <= now or _has_come(connection, one)]


def _has_come(connection: Connection, turn: Turn) -> bool:
    """Return whether what a turn waits for is there, or will never be."""
    steps = steps_of(connection, turn.key)
    match turn.waits:
        case "labels" | "review":
            return _is_labelled(connection, made_last(steps, "pool"), turn.waits)
        case "training":
            key = made_last(steps, "training") or made_last(steps, "repair")
            run = None if key is None else run_by_key(connection, key)
            return run is None or not run.is_open
        case "gate" | "answer":
            return _is_decided(connection, turn, made_last(steps, "gate"))
        case "images":
            return False
        case _:
            return True


def _is_labelled(connection: Connection, key: int | None, waits: Waits) -> bool:
    pool = None if key is None else pool_by_key(connection, key)
    if pool is None:
        return True
    if waits == "labels":
        return pool.state != "open"
    return not count_queued(connection, pool.project, pool=pool.key)


def _is_decided(connection: Connection, turn: Turn, key: int | None) -> bool:
    gate = None if key is None else gate_run_by_key(connection, key)
    if gate is None:
        return True
    if turn.waits == "gate":
        return gate.state != "waiting"
    champion = find_alias(connection, turn.model, "champion")
    return gate.answer is not None or champion is None or champion.version != gate.champion
