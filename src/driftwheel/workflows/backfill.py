"""The workflow `backfill`: measure the records of a time range again, chunk by chunk."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from dbos import DBOS
from sqlalchemy import Connection, Engine

from driftwheel.services.backfill import backfill_records, check_range
from driftwheel.store.audit import note
from driftwheel.store.database import writing
from driftwheel.store.models import find_model
from driftwheel.store.record_pages import RecordFilter
from driftwheel.store.settings import all_settings, delete_setting, put_setting
from driftwheel.workflows.worker import current

__all__ = ["ask_for_backfill", "asked_backfills", "backfill"]

_PREFIX = "backfill."


def ask_for_backfill(
    engine: Engine, model: str, since: datetime, until: datetime, *, name: UUID, by: str, now: datetime
) -> None:
    """Ask the workers to measure a model's records with since ≤ time < until again.

    `name` tells one wish from another; the same twice is once.

    Raises
    ------
    UsageError
        When there is no such model, or the range is none.
    """
    check_range(since, until)
    with writing(engine) as connection:
        found = find_model(connection, model)
        wish = {"model": found.key, "since": since.isoformat(), "until": until.isoformat()}
        put_setting(connection, f"{_PREFIX}{name}", wish)
        details = {"since": wish["since"], "until": wish["until"]}
        note(connection, now, by, "backfill", model, details)


def asked_backfills(connection: Connection) -> dict[str, dict[str, Any]]:
    """Return the backfills that were asked for and are not done, by name."""
    known = all_settings(connection)
    return {name: value for name, value in known.items() if name.startswith(_PREFIX)}


@DBOS.workflow(name="backfill")
def backfill(name: str, wish: dict[str, Any]) -> dict[str, Any]:
    """Do a backfill that was asked for, and return how many records it went through and measured again."""
    after: str | None = None
    records = measured = 0
    while True:
        done = _chunk(wish, after)
        records += done["records"]
        measured += done["measured"]
        after = done["next"]
        if after is None:
            break
    _finish(name)
    return {"records": records, "measured": measured}


@DBOS.step(name="backfill-chunk")
def _chunk(wish: dict[str, Any], after: str | None) -> dict[str, Any]:
    worker = current()
    chosen = RecordFilter(
        wish["model"],
        since=datetime.fromisoformat(wish["since"]),
        until=datetime.fromisoformat(wish["until"]),
    )
    with worker.step():
        done = backfill_records(
            worker.engine,
            worker.blobs,
            worker.measurers,
            chosen,
            now=worker.now(),
            after=after,
            threads=worker.threads,
        )
    return {"records": done.records, "measured": done.measured, "next": done.next}


@DBOS.step(name="backfill-finish")
def _finish(name: str) -> None:
    worker = current()
    with worker.step(), writing(worker.engine) as connection:
        delete_setting(connection, name)
