"""Label files that were read into pools, and what each did to which task."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.import_tables import imported_labels, label_imports

__all__ = [
    "Effect",
    "ImportState",
    "ImportedLabel",
    "LabelImport",
    "active_imports",
    "add_import",
    "changed_later",
    "count_effects",
    "delete_import",
    "effects_on",
    "forget_effects",
    "import_by_key",
    "list_imported",
    "list_imports",
    "note_effects",
    "old_checked",
    "set_import",
]

ImportState = Literal["checked", "waiting", "reading", "done", "failed", "undoing", "undone"]
Effect = Literal["added", "labelled", "corrected", "prelabel"]
"""The task is new; it was open and has a label now; its label was another one of a file; it has a pre-label
now."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class LabelImport:
    """A file; the columns are described in `driftwheel.store.schema.import_tables`."""

    key: int
    project: int
    pool: int
    name: str
    what: str
    state: ImportState
    file: bytes | None
    options: Mapping[str, Any]
    images: int
    report: Mapping[str, Any] | None
    reason: str | None
    time: datetime
    by: str
    ended: datetime | None
    undone: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class ImportedLabel:
    """What a file did to a task, and what was there before of a label or pre-label that it corrected."""

    task: int
    effect: Effect
    before: Mapping[str, Any] | None = None


def add_import(connection: Connection, **values: Any) -> LabelImport:
    """Add a file, its columns by name but the key, and return it."""
    return _import(connection.execute(insert(label_imports).values(values).returning(*label_imports.c)).one())


def set_import(connection: Connection, key: int, **values: Any) -> None:
    """Change columns of a file."""
    connection.execute(update(label_imports).where(label_imports.c.key == key).values(values))


def delete_import(connection: Connection, key: int) -> None:
    """Forget a file that was never read."""
    connection.execute(delete(label_imports).where(label_imports.c.key == key))


def import_by_key(connection: Connection, key: int, *, locked: bool = False) -> LabelImport | None:
    """Return the file of that key, `locked` until the transaction ends; None where there is none."""
    query = select(label_imports).where(label_imports.c.key == key)
    row = connection.execute(query.with_for_update() if locked else query).first()
    return None if row is None else _import(row)


def list_imports(
    connection: Connection, project: int, *, before_key: int | None = None, limit: int = 100
) -> list[LabelImport]:
    """Return up to `limit` files of a project, the newest first, after the one with that key."""
    query = select(label_imports).where(label_imports.c.project == project)
    if before_key is not None:
        query = query.where(label_imports.c.key < before_key)
    return [
        _import(row) for row in connection.execute(query.order_by(label_imports.c.key.desc()).limit(limit))
    ]


def active_imports(connection: Connection) -> list[LabelImport]:
    """Return all files that a worker is to read or to undo, the oldest first."""
    kept = label_imports.c.state.in_(("waiting", "reading")) & label_imports.c.file.is_not(None)
    query = select(label_imports).where(kept | (label_imports.c.state == "undoing"))
    return [_import(row) for row in connection.execute(query.order_by(label_imports.c.key))]


def old_checked(connection: Connection, before: datetime) -> list[LabelImport]:
    """Return files that nobody has decided of since a moment."""
    query = select(label_imports).where(label_imports.c.state == "checked", label_imports.c.time < before)
    return [_import(row) for row in connection.execute(query.order_by(label_imports.c.key))]


def note_effects(connection: Connection, key: int, new: Sequence[ImportedLabel]) -> None:
    """Keep what a file did to tasks; what was kept of one before stays."""
    rows = [
        {
            "label_import": key,
            "task": one.task,
            "effect": one.effect,
            "before": None if one.before is None else dict(one.before),
        }
        for one in new
    ]
    for begin in range(0, len(rows), _CHUNK):
        statement = upsert(connection.dialect.name, imported_labels).on_conflict_do_nothing()
        connection.execute(statement, rows[begin : begin + _CHUNK])


def forget_effects(connection: Connection, tasks: Collection[int]) -> None:
    """Forget what files did to these few tasks: somebody else has said what they are since."""
    if tasks:
        connection.execute(delete(imported_labels).where(imported_labels.c.task.in_(sorted(tasks))))


def effects_on(connection: Connection, key: int, tasks: Collection[int]) -> dict[int, Effect]:
    """Return what a file has done to these few tasks."""
    query = select(imported_labels.c.task, imported_labels.c.effect).where(
        imported_labels.c.label_import == key, imported_labels.c.task.in_(sorted(tasks))
    )
    return {row.task: row.effect for row in connection.execute(query)} if tasks else {}


def list_imported(
    connection: Connection, key: int, *, after_task: int = 0, limit: int = 500
) -> list[ImportedLabel]:
    """Return up to `limit` of what a file did, by task, after one."""
    columns = (imported_labels.c.task, imported_labels.c.effect, imported_labels.c.before)
    query = select(*columns).where(imported_labels.c.label_import == key, imported_labels.c.task > after_task)
    rows = connection.execute(query.order_by(imported_labels.c.task).limit(limit))
    return [ImportedLabel(row.task, row.effect, row.before) for row in rows]


def count_effects(connection: Connection, key: int) -> dict[Effect, int]:
    """Return how many tasks a file had each effect on."""
    query = select(imported_labels.c.effect, func.count()).where(imported_labels.c.label_import == key)
    return {row[0]: row[1] for row in connection.execute(query.group_by(imported_labels.c.effect))}


def changed_later(connection: Connection, key: int, tasks: Collection[int]) -> set[int]:
    """Return those of these few tasks whose label a later file changed, which was not undone."""
    later = exists().where(
        label_imports.c.key == imported_labels.c.label_import,
        label_imports.c.state.not_in(("undone", "failed")),
    )
    query = select(imported_labels.c.task).where(
        imported_labels.c.task.in_(sorted(tasks)), imported_labels.c.label_import > key, later
    )
    return set(connection.execute(query).scalars()) if tasks else set()


def _import(row: Row[Any]) -> LabelImport:
    return LabelImport(**row._mapping)
