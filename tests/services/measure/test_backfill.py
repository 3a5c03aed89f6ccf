from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine
from tests.workflows.installation import NOW, add_model, everything, log, picture, record, some_records

from driftwheel.errors import UsageError
from driftwheel.services.measure.backfill import ask_for_backfill, asked_backfills, backfill_records
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.register_model import ModelChange, change_model
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.record_pages import RecordFilter
from driftwheel.store.records.records import find_record
from driftwheel.store.windows.windows import list_windows


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def settle(engine: Engine, blobs: Blobs) -> None:
    measurers = Measurers(blobs)
    while measure_received(engine, blobs, measurers, now=NOW, threads=1).taken:
        pass
    while summarise_windows(engine, now=NOW).made:
        pass


def test_a_backfill_without_a_change_changes_nothing(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    log(database, blobs, model, some_records(30))
    settle(database, blobs)
    before = everything(database, blobs)
    after: str | None = None
    seen = 0
    while True:
        done = backfill_records(
            *(database, blobs, Measurers(blobs), RecordFilter(model.key)),
            now=NOW,
            after=after,
            limit=8,
            threads=1,
        )
        seen += done.records
        after = done.next
        if after is None:
            break
    assert seen == 30
    with reading(database) as connection:
        assert all(one.stale for one in list_windows(connection, model.key))
    settle(database, blobs)
    assert everything(database, blobs) == before


def test_a_backfill_measures_a_range_as_the_model_is_now(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none", segment_tags=[])
    records = [record(str(i), picture(i), NOW + timedelta(hours=i)) for i in range(4)]
    log(database, blobs, model, records)
    settle(database, blobs)
    gone = bytes.fromhex(records[2][0].image or "")
    blobs.delete(gone)
    change_model(database, "m", ModelChange(embedder="gist"), by="me", now=NOW)
    chosen = RecordFilter(model.key, since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=3))
    done = backfill_records(database, blobs, Measurers(blobs), chosen, now=NOW + timedelta(days=1), threads=1)
    assert (done.records, done.measured, done.next) == (2, 1, None)
    with reading(database) as connection:
        rows = [find_record(connection, model.key, str(i)) for i in range(4)]
        stale = [one.stale for one in list_windows(connection, model.key)]
    assert [row is not None and row.embedding is not None for row in rows] == [False, True, False, False]
    assert all(row is not None and row.reason is None and row.properties for row in rows)
    assert stale == [False, True, True, False]


def test_wishes_are_kept_once(database: Engine) -> None:
    add_model(database)
    for _ in range(2):
        ask_for_backfill(database, "m", NOW, NOW + timedelta(1), name=UUID(int=1), by="me", now=NOW)
    with reading(database) as connection:
        assert list(asked_backfills(connection)) == [f"backfill.{UUID(int=1)}"]


def test_mistakes(database: Engine) -> None:
    add_model(database)
    with pytest.raises(UsageError, match="is empty; give since < until"):
        ask_for_backfill(database, "m", NOW, NOW, name=UUID(int=1), by="me", now=NOW)
    with pytest.raises(UsageError, match="needs a time zone"):
        ask_for_backfill(database, "m", NOW.replace(tzinfo=None), NOW, name=UUID(int=1), by="me", now=NOW)
    with pytest.raises(UsageError, match=r"There is no model 'mm'. Did you mean 'm'"):
        ask_for_backfill(database, "mm", NOW, NOW + timedelta(1), name=UUID(int=1), by="me", now=NOW)
