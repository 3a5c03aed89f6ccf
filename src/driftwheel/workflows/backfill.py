"""The workflow `backfill`: measure the records of a time range again, chunk by chunk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS

from driftwheel.services.measure.backfill import backfill_records
from driftwheel.store.engine.database import writing
from driftwheel.store.operate.settings import delete_setting
from driftwheel.store.records.record_pages import RecordFilter
from driftwheel.workflows.worker import current

__all__ = ["backfill"]


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
