"""What people said of a window's predictions: which they called wrong."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select, true

from driftwheel.store.engine.tag_filter import has_tag
from driftwheel.store.schema.tables import feedback, records

__all__ = ["called_wrong"]


def called_wrong(
    connection: Connection, model: int, start: datetime, end: datetime, *, tag: str = "", value: str = ""
) -> int:
    """Return how many records with start ≤ time < end somebody called wrong."""
    joined = records.join(
        feedback, and_(feedback.c.model == records.c.model, feedback.c.record == records.c.id)
    )
    chosen = select(func.count(records.c.key.distinct())).select_from(joined)
    chosen = chosen.where(feedback.c.wrong == true())
    wrong: int = connection.execute(
        _in_window(connection, chosen, model, start, end, tag, value)
    ).scalar_one()
    return wrong


def _in_window(  # noqa: PLR0917  a segment of a window
    connection: Connection,
    chosen: Select[Any],
    model: int,
    start: datetime,
    end: datetime,
    tag: str,
    value: str,
) -> Select[Any]:
    chosen = chosen.where(records.c.model == model, records.c.time >= start, records.c.time < end)
    return chosen.where(has_tag(connection, tag, value)) if tag else chosen
