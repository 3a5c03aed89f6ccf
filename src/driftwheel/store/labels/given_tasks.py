"""Tasks that come with their label: read from a file, they want no answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from driftwheel.store.labels.label_imports import ImportedLabel
from driftwheel.store.labels.label_sources import sources_of
from driftwheel.store.labels.tasks import Task, lock_tasks, save_task, tasks_by_key
from driftwheel.store.records.record_images import RecordImage
from driftwheel.store.schema.label_tables import tasks

__all__ = ["add_labelled", "label_open", "would_label"]

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
    connection: Connection, labels: Mapping[int, Mapping[str, Any]], *, now: datetime
) -> list[ImportedLabel]:
    """Finish tasks that nobody has answered, skipped or holds with the labels given, and return what changed.

    A task that had another label of a file is corrected; the others stay.
    """
    changed: list[ImportedLabel] = []
    given = {key for key, source in sources_of(connection, labels).items() if source == "import"}
    for task in lock_tasks(connection, labels):
        effect = _effect(task, labels[task.key], given)
        if effect is not None:
            changed.append(effect)
            after = replace(task, state="done", consensus=labels[task.key], confidence=None, finished=now)
            save_task(connection, after)
    return changed


def would_label(connection: Connection, labels: Mapping[int, Mapping[str, Any]]) -> list[ImportedLabel]:
    """Return what `label_open` would change."""
    given = {key for key, source in sources_of(connection, labels).items() if source == "import"}
    known = tasks_by_key(connection, labels)
    found = [_effect(task, labels[key], given) for key, task in known.items()]
    return [one for one in found if one is not None]


def _effect(task: Task, label: Mapping[str, Any], given: Collection[int]) -> ImportedLabel | None:
    if task.kind != "real" or task.answers or task.leases or task.reviewed is not None:
        return None
    if task.state == "open" and not task.skips:
        return ImportedLabel(task.key, "labelled")
    if task.state == "done" and task.key in given and task.consensus != label:
        return ImportedLabel(task.key, "corrected", task.consensus)
    return None
