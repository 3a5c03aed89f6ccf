"""Undo a run of automatic labelling, or end one whose sample is still being answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.assist.automatic_runs import AutomaticRun, active_run, run_by_key, set_run
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.operate.audit import note

__all__ = ["undo_automatic"]


def undo_automatic(
    engine: Engine, project: int, pool: int, run: int, *, by: str, now: datetime
) -> AutomaticRun:
    """Have all that a run accepted go back to people, and return the run; noted in the audit and as an event.

    A worker does it, task by task; what people have changed since stays. A run whose sample is still being
    answered is only ended: the sample is labelled as all other tasks are.

    Raises
    ------
    LookupError
        When the pool has no such run.
    UsageError
        When nothing of it is left to undo, or another run of the pool goes on.
    """
    with writing(engine) as connection:
        found, whole = pool_of_project(connection, project, pool)
        known = run_by_key(connection, run, locked=True)
        if known is None or known.pool != pool:
            raise LookupError(f"The pool '{whole.name}' has no run {run}.")
        going = active_run(connection, pool)
        if going is not None and going.key != run:
            raise UsageError(f"The run {going.key} of this pool goes on; undo that first.")
        if known.state == "sampling":
            reason = "It was ended before anything was accepted."
            set_run(connection, run, state="cancelled", reason=reason, ended=now)
        elif known.state in {"accepting", "auditing", "finished"}:
            reason = "What was accepted goes back to people."
            set_run(connection, run, state="undoing", reason=reason, ended=None)
        else:
            raise UsageError(f"The run {run} is {known.state}; there is nothing to undo.")
        add_event(
            connection,
            project,
            "automatic_undo",
            reason,
            time=now,
            by=by,
            pool=pool,
            numbers={"run": run},
        )
        note(connection, now, by, "undo-automatic", f"project {found.name}", {"pool": whole.name, "run": run})
        return run_by_key(connection, run) or known
