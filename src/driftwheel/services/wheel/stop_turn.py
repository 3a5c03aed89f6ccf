"""Stop a turn of the wheel: what it waits for is let go of, what is labelled and trained stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.label_progress import close
from driftwheel.services.remark import check_remark
from driftwheel.services.wheel.describe_turn import turn_numbered
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.pools import lock_pool
from driftwheel.store.models.models import find_model, lock_model
from driftwheel.store.operate.audit import note
from driftwheel.store.train.training_runs import end_run, open_runs
from driftwheel.store.wheel.turn_steps import set_step, steps_of
from driftwheel.store.wheel.turns import Turn, lock_turn, set_turn, turn_by_key
from driftwheel.wheel.turn_step import STEP_WORDS, WHEEL

__all__ = ["let_go", "stop_turn"]


def stop_turn(engine: Engine, model: str, number: int, *, by: str, now: datetime, reason: str = "") -> Turn:
    """End a turn at once and return it; noted in the audit.

    Its pools that are open are closed, and its trainings that are under way stopped. What was labelled, made
    and trained stays, and so does the champion.

    Raises
    ------
    UsageError
        When there is no such model or turn, or the turn has ended.
    """
    check_remark("reason", reason)
    with writing(engine) as connection:
        known = find_model(connection, model)
        lock_model(connection, known.key)
        found = turn_numbered(connection, known, number)
        turn = lock_turn(connection, found.key)
        if turn is None or not turn.is_open:
            raise UsageError(f"Turn {number} of '{model}' has ended already.")
        told = f"It was stopped by {by} at the step '{STEP_WORDS[turn.step]}'."
        if reason.strip():
            told = f"{told[:-1]}: {reason.strip()}"
        let_go(connection, turn, told, by, now)
        last = steps_of(connection, turn.key)[-1]
        set_step(connection, turn.key, last.number, state="skipped", ended=now, told="It was stopped.")
        set_turn(connection, turn.key, ended=now, outcome="stopped", reason=told, waits=None, waits_for="")
        details = {"turn": number, "step": turn.step, "reason": reason.strip()}
        note(connection, now, by, "stop turn", known.name, details)
        return turn_by_key(connection, turn.key) or turn


def let_go(connection: Connection, turn: Turn, why: str, by: str, now: datetime) -> None:
    """Close the pools of a turn that are open, and stop its trainings that are under way."""
    for step in steps_of(connection, turn.key):
        for key in step.made.get("pool", []):
            pool = lock_pool(connection, key)
            if pool is not None and pool.state == "open":
                close(connection, pool, "by_hand", why, by, now)
    for run in open_runs(connection):
        if run.model == turn.model and run.by == WHEEL:  # not those that people began
            end_run(connection, run.key, "stopped", now=now, reason=why)
