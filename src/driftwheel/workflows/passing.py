"""Workflows that are forgotten when they are done: what they did is in the rows that they worked on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import uuid4

from dbos import DBOS, SetWorkflowID

__all__ = ["Done", "forget_old", "once", "run_passing"]

Done = TypeVar("Done")

_AT_ONCE = 500


def run_passing(name: str, work: Callable[[], Done]) -> Done:
    """Run a workflow under a name of its own in this thread, and forget it once it has ended."""
    try:
        with SetWorkflowID(name):
            done = work()
    except Exception:
        DBOS.delete_workflow(name)
        raise
    DBOS.delete_workflow(name)
    return done


def forget_old(before: datetime) -> None:
    """Forget workflows that ended before a moment: scheduled ones, and those that went on after a kill."""
    old = DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"],
        completed_before=before.isoformat(),
        limit=_AT_ONCE,
        load_input=False,
        load_output=False,
    )
    if old:
        DBOS.delete_workflows([one.workflow_id for one in old])


def once(what: str) -> str:
    """Return a name for a workflow that is run once."""
    return f"{what}-{uuid4()}"
