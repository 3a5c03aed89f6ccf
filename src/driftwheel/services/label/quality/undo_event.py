"""Undo what a rule or a person did about an annotator: a ban, a pause, a warning."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.services.label.quality.apply_rule import end_pause
from driftwheel.services.label.quality.ban_annotator import undo_ban
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_events import LabelEvent, event_by_key

__all__ = ["UNDOABLE", "undo_event"]

UNDOABLE = frozenset({"ban", "pause", "warning", "challenge"})
"""Kinds of events that can be undone."""


def undo_event(engine: Engine, project: int, event: int, *, by: str, now: datetime) -> LabelEvent:
    """Undo an event, and return it; noted in the audit. What it rested on is not held against anybody again.

    Raises
    ------
    LookupError
        When the project has no such event.
    UsageError
        When it is none that can be undone, or was undone.
    """
    with reading(engine) as connection:
        found = event_by_key(connection, event)
    if found is not None and found.kind in UNDOABLE - {"ban"}:
        return end_pause(engine, project, event, by=by, now=now)
    return undo_ban(engine, project, event, by=by, now=now)
