"""Where labels come from that are no consensus of answers: accepted automatically, or read from a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.labels.tasks import Task
from driftwheel.store.schema.assist_tables import label_sources

__all__ = [
    "LabelSource",
    "count_sources",
    "drop_sources",
    "put_sources",
    "source_of",
    "sources_of",
]

LabelSource = Literal["answers", "review", "automatic", "import"]
"""What a label came of: people's answers, a reviewer, an assistant that was sure, or a file."""

_CHUNK = 500


def put_sources(  # noqa: PLR0917
    connection: Connection,
    pool: int,
    keys: Sequence[int],
    source: Literal["automatic", "import"],
    time: datetime,
    by: str,
) -> None:
    """Note where the labels of tasks of a pool come from."""
    rows = [{"task": key, "pool": pool, "source": source, "time": time, "by": by} for key in keys]
    for begin in range(0, len(rows), _CHUNK):
        statement = upsert(connection.dialect.name, label_sources)
        changed = {name: statement.excluded[name] for name in ("source", "time", "by")}
        statement = statement.on_conflict_do_update(index_elements=["task"], set_=changed)
        connection.execute(statement, rows[begin : begin + _CHUNK])


def drop_sources(connection: Connection, keys: Sequence[int]) -> None:
    """Forget what was noted of tasks: they have no such label any more."""
    for begin in range(0, len(keys), _CHUNK):
        part = list(keys[begin : begin + _CHUNK])
        connection.execute(delete(label_sources).where(label_sources.c.task.in_(part)))


def sources_of(connection: Connection, keys: Collection[int]) -> dict[int, Literal["automatic", "import"]]:
    """Return what was noted of these few tasks."""
    columns = (label_sources.c.task, label_sources.c.source)
    rows = connection.execute(select(*columns).where(label_sources.c.task.in_(sorted(keys))))
    return {row.task: row.source for row in rows}


def source_of(task: Task, noted: Mapping[int, Literal["automatic", "import"]]) -> LabelSource | None:
    """Return what the label of a task came of; None where it has none.

    Parameters
    ----------
    noted
        As `sources_of` returned it. It holds as long as nobody has answered or reviewed the task.
    """
    if task.state == "open" or task.consensus is None:
        return None
    if task.reviewed is not None:
        return "review"
    return "answers" if task.answers else noted.get(task.key, "answers")


def count_sources(connection: Connection, pools: Collection[int], source: str) -> int:
    """Return how many tasks of pools have a label of that source."""
    query = select(func.count()).where(
        label_sources.c.pool.in_(sorted(pools)), label_sources.c.source == source
    )
    return connection.scalar(query) or 0
