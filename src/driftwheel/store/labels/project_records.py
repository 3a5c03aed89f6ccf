"""Which records a labelling project has asked about, and what was said of some at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from driftwheel.store.schema.label_tables import pools, tasks
from driftwheel.store.schema.tables import feedback

__all__ = ["feedback_on", "images_in_project", "records_in_project"]

_CHUNK = 500


def records_in_project(connection: Connection, project: int, ids: Sequence[str]) -> set[str]:
    """Return which of these records a project has a task of, in any of its pools."""
    own = list(connection.execute(select(pools.c.key).where(pools.c.project == project)).scalars())
    found: set[str] = set()
    for begin in range(0, len(ids) if own else 0, _CHUNK):
        part = ids[begin : begin + _CHUNK]
        query = select(tasks.c.record).where(tasks.c.pool.in_(own), tasks.c.record.in_(part))
        found |= set(connection.execute(query).scalars())
    return found


def images_in_project(connection: Connection, project: int, images: Sequence[bytes]) -> set[bytes]:
    """Return which of these images, by their SHA-256, a project has a task of."""
    own = select(pools.c.key).where(pools.c.project == project)
    found: set[bytes] = set()
    for begin in range(0, len(images), _CHUNK):
        part = images[begin : begin + _CHUNK]
        query = select(tasks.c.image).where(tasks.c.image.in_(part), tasks.c.pool.in_(own))
        found |= set(connection.execute(query).scalars())
    return found


def feedback_on(connection: Connection, model: int, ids: Sequence[str]) -> dict[str, bool]:
    """Return, of those of these records that somebody said something of, whether it was called wrong."""
    found: dict[str, bool] = {}
    for begin in range(0, len(ids), _CHUNK):
        query = (
            select(feedback.c.record, feedback.c.wrong)
            .where(feedback.c.model == model, feedback.c.record.in_(ids[begin : begin + _CHUNK]))
            .order_by(feedback.c.key)
        )
        found |= {record: bool(wrong) for record, wrong in connection.execute(query)}
    return found
