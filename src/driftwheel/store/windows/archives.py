"""What retention leaves of deleted records: their profile, in the row of each window they were in."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from driftwheel.store.schema.tables import windows

__all__ = ["archive_of", "put_archive"]


def archive_of(connection: Connection, window: int) -> bytes | None:
    """Return the ``.dwp`` file of the records that were deleted from a window, None where none were.

    In a transaction that writes, on PostgreSQL, the window is locked until its end.
    """
    query = select(windows.c.archive).where(windows.c.key == window)
    if not connection.get_execution_options().get("driftwheel_reads", False):
        query = query.with_for_update()
    archive: bytes | None = connection.execute(query).scalar_one_or_none()
    return archive


def put_archive(connection: Connection, window: int, archive: bytes) -> None:
    """Keep the profile of all records deleted from a window, in the transaction that deletes them."""
    connection.execute(update(windows).where(windows.c.key == window).values(archive=archive))
