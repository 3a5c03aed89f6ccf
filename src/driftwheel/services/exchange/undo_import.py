"""Undo a label file that was read: what it added goes, what it labelled is open again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.exchange.kept_imports import import_of_project
from driftwheel.services.label.consensus.label_progress import offer_again, tally
from driftwheel.services.label.webhooks.tell_webhooks import tell_of_tasks
from driftwheel.services.progress import OnProgress
from driftwheel.store.assist.prelabels import Prelabel, drop_prelabels, put_prelabels
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.labels.label_imports import (
    ImportedLabel,
    LabelImport,
    changed_later,
    import_by_key,
    list_imported,
    set_import,
)
from driftwheel.store.labels.label_sources import drop_sources
from driftwheel.store.labels.leases import ever_given
from driftwheel.store.labels.pools import Pool, lock_pool, pool_by_key
from driftwheel.store.labels.projects import project_by_key
from driftwheel.store.labels.tasks import Task, delete_tasks, lock_tasks, save_task
from driftwheel.store.operate.audit import note

__all__ = ["advance_undo", "undo_import", "undo_now"]

_AT_ONCE = 500


def undo_import(engine: Engine, project: int, key: int, *, by: str, now: datetime) -> LabelImport:
    """Have a worker undo an import, and return it; noted in the audit and as an event.

    New tasks go, labels of open tasks are taken away, corrected labels and pre-labels are what they were.
    What somebody has touched since stays: answered, handed out, reviewed, or changed by a later file.

    Raises
    ------
    LookupError
        When the project has no such import.
    UsageError
        When it was not read yet, is being read, or was undone.
    """
    import_of_project(engine, project, key)
    with writing(engine) as connection:
        found, whose = import_by_key(connection, key, locked=True), project_by_key(connection, project)
        if found is None or whose is None:
            raise LookupError(f"The project has no import {key}.")
        cut_off = found.state == "reading" and found.file is None
        if found.state not in {"done", "failed"} and not cut_off:
            raise UsageError(f"The import {key} is {found.state}; there is nothing to undo.")
        set_import(
            connection,
            key,
            state="undoing",
            images=0,
            options={"back": 0, "kept": 0},
            undone=now,
            undone_by=by,
        )
        reason = f"What came of the file '{found.name}' is taken back."
        add_event(
            connection,
            project,
            "import_undone",
            reason,
            time=now,
            by=by,
            pool=found.pool,
            numbers={"import": key},
        )
        note(connection, now, by, "undo-import", f"project {whose.name}", {"import": key, "file": found.name})
        return import_by_key(connection, key) or found


def advance_undo(engine: Engine, key: int, *, now: datetime) -> bool:
    """Undo the next 500 effects of an import, and return whether there may be more."""
    with writing(engine) as connection:
        found = import_by_key(connection, key, locked=True)
        pool = None if found is None else pool_by_key(connection, found.pool)
        if found is None or pool is None or found.state != "undoing":
            return False
        if pool.most_paid is not None:
            pool = lock_pool(connection, pool.key) or pool
        effects = list_imported(connection, key, after_task=int(found.options["back"]), limit=_AT_ONCE)
        if not effects:
            kept = int(found.options["kept"])
            reason = f"Taken back: {found.images:,}. Touched since, so they stay: {kept:,}."
            set_import(connection, key, state="undone", ended=now, reason=reason)
            return False
        undone = _undo(connection, pool, key, effects, now)
        reach("import-part-undone")
        options = {"back": effects[-1].task, "kept": int(found.options["kept"]) + len(effects) - undone}
        set_import(connection, key, images=found.images + undone, options=options)
    return True


def undo_now(
    engine: Engine,
    project: int,
    key: int,
    *,
    by: str,
    now: datetime,
    on_progress: OnProgress | None = None,
) -> LabelImport:
    """Undo an import at once, without a worker; as `undo_import`."""
    undo_import(engine, project, key, by=by, now=now)
    while advance_undo(engine, key, now=now):
        if on_progress is not None:
            on_progress("labels", _AT_ONCE, None)
    return import_of_project(engine, project, key)


def _undo(
    connection: Connection, pool: Pool, key: int, effects: Sequence[ImportedLabel], now: datetime
) -> int:
    """Undo some effects, and return of how many tasks."""
    of_labels = {one.task: one for one in effects if one.effect != "prelabel"}
    shown = [one for one in effects if one.effect == "prelabel"]
    later = changed_later(connection, key, [one.task for one in effects])
    given = ever_given(connection, [one.task for one in effects if one.effect == "added"])
    gone: list[Task] = []
    opened: list[Task] = []
    restored = 0
    for number, task in enumerate(lock_tasks(connection, set(of_labels) - later - given)):
        one = of_labels[task.key]
        if task.answers or task.leases or task.skips or task.reviewed is not None:
            continue
        if one.effect == "added":
            gone.append(task)
        elif task.state == "done" and one.effect == "labelled":
            opened.append(offer_again(connection, task.reopened(), now, number))
        elif task.state == "done" and one.before is not None:
            save_task(connection, replace(task, consensus=one.before))
            restored += 1
    drop_sources(connection, [one.key for one in (*gone, *opened)])
    delete_tasks(connection, [one.key for one in gone])
    real = [one for one in gone if one.kind == "real"]
    done = len(opened) + sum(one.state != "open" for one in real)
    tell_of_tasks(connection, pool.project, "task.reopened", opened, now)
    tally(connection, pool, now, done=-done, tasks=-len(real))
    fresh = [one for one in shown if one.task not in later]
    put_prelabels(
        connection,
        pool.key,
        {one.task: Prelabel(one.before["payload"], one.before["confidence"]) for one in fresh if one.before},
        time=now,
        by="undo",
    )
    drop_prelabels(connection, [one.task for one in fresh if one.before is None])
    return len(gone) + len(opened) + restored + len(fresh)
