"""Tasks that come with their label: read from a file, they want no answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from driftwheel.store.label_tables import tasks
from driftwheel.store.record_images import RecordImage
from driftwheel.store.tasks import lock_tasks, save_task

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
) -> list[int]:
    """Finish tasks that nobody has answered, skipped or holds with the labels given; return their keys."""
    done: list[int] = []
    for task in lock_tasks(connection, chosen):
        if task.kind != "real" or task.state != "open" or task.answers or task.leases or task.skips:
            continue
        after = replace(task, state="done", consensus=labels[task.key], confidence=None, finished=now)
        save_task(connection, after)
        done.append(task.key)
    return done
