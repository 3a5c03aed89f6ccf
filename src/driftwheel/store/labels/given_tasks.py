"""Tasks that come with their label: read from a file, they want no answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from driftwheel.store.labels.label_sources import sources_of
from driftwheel.store.labels.tasks import lock_tasks, save_task
from driftwheel.store.records.record_images import RecordImage
from driftwheel.store.schema.label_tables import tasks

__all__ = ["add_labelled", "label_open"]

_CHUNK = 500


def add_labelled(
    connection: Connection,
    pool: int,
    images: Sequence[RecordImage],
    labels: Mapping[str, Mapping[str, Any]],
    *,
    first: int,
    wanted: int,
    now: datetime,
) -> list[int]:
    """Add real tasks that are done, with the labels of their records, and return their keys.

    Parameters
    ----------
    first
        Position of the first of them.
    wanted
        Answers that they would want, were they opened again.
    """
    rows = [
        {
            "pool": pool,
            "kind": "real",
            "position": first + number,
            "record": one.record,
            "image": one.image,
            "width": one.width,
            "height": one.height,
            "reason": "",
            "truth": None,
            "stratum": None,
            "state": "done",
            "wanted": wanted,
            "answers": 0,
            "leases": 0,
            "skips": 0,
            "room": 0,
            "consensus": dict(labels[one.record]),
            "confidence": None,
            "finished": now,
        }
        for number, one in enumerate(images)
    ]
    keys: list[int] = []
    for begin in range(0, len(rows), _CHUNK):
        part = rows[begin : begin + _CHUNK]
        connection.execute(insert(tasks), part)
        names = [row["record"] for row in part]
        query = select(tasks.c.key).where(tasks.c.pool == pool, tasks.c.record.in_(names))
        keys += connection.execute(query.order_by(tasks.c.key)).scalars()
    return keys


def label_open(
    connection: Connection, chosen: Collection[int], labels: Mapping[int, Mapping[str, Any]], *, now: datetime
) -> tuple[list[int], list[int]]:
    """Finish tasks that nobody has answered, skipped or holds with the labels given.

    Returns
    -------
    tuple
        The keys of those that are finished now, and of those that had another label of a file, which are
        corrected.
    """
    done: list[int] = []
    corrected: list[int] = []
    given = {key for key, source in sources_of(connection, chosen).items() if source == "import"}
    for task in lock_tasks(connection, chosen):
        if task.kind != "real" or task.answers or task.leases or task.reviewed is not None:
            continue
        if task.state == "open" and not task.skips:
            done.append(task.key)
        elif task.state == "done" and task.key in given and task.consensus != labels[task.key]:
            corrected.append(task.key)
        else:
            continue
        after = replace(task, state="done", consensus=labels[task.key], confidence=None, finished=now)
        save_task(connection, after)
    return done, corrected
