"""What is kept of a window's predictions, and of those of its records that retention deleted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from driftwheel.store.schema.tables import windows

__all__ = [
    "archived_predictions",
    "past_predictions",
    "predictions_of",
    "put_archived_predictions",
    "put_predictions",
]


def predictions_of(connection: Connection, window: int) -> bytes | None:
    """Return the summary of a window's predictions, None until it is first made."""
    found: bytes | None = connection.execute(
        select(windows.c.predictions).where(windows.c.key == window)
    ).scalar_one_or_none()
    return found


def put_predictions(connection: Connection, window: int, predictions: bytes) -> None:
    """Keep the summary of a window's predictions, in the transaction that keeps its profile."""
    connection.execute(update(windows).where(windows.c.key == window).values(predictions=predictions))


def archived_predictions(connection: Connection, window: int) -> bytes | None:
    """Return the summary of the records that were deleted from a window, None where none were."""
    found: bytes | None = connection.execute(
        select(windows.c.predictions_archive).where(windows.c.key == window)
    ).scalar_one_or_none()
    return found


def put_archived_predictions(connection: Connection, window: int, predictions: bytes) -> None:
    """Keep the summary of all records deleted from a window, in the transaction that deletes them."""
    connection.execute(update(windows).where(windows.c.key == window).values(predictions_archive=predictions))


def past_predictions(
    connection: Connection, model: int, before: datetime, *, tag: str, value: str, newest: int
) -> dict[datetime, bytes]:
    """Return start → summary of the last windows of a segment that start before a moment, the oldest first.

    Those without a summary are left out.
    """
    rows = connection.execute(
        select(windows.c.start, windows.c.predictions)
        .where(
            windows.c.model == model,
            windows.c.tag == tag,
            windows.c.value == value,
            windows.c.start < before,
            windows.c.predictions.is_not(None),
        )
        .order_by(windows.c.start.desc())
        .limit(newest)
    ).all()
    return {row.start: row.predictions for row in reversed(rows)}
