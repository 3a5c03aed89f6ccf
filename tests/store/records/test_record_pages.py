from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, update
from tests.store.rows import NOON, new_record

from driftwheel.errors import UsageError
from driftwheel.predictions import Box, Classification, Detection
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.record_pages import (
    Count,
    Cursor,
    Order,
    RecordFilter,
    count_records,
    page_records,
)
from driftwheel.store.records.records import Measurement, insert_records, next_received, set_measured
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

HOUR = timedelta(hours=1)
LOOKED = 5
"""Key of the autoencoder that the lists by error are of."""

ODD = 'it\'s "odd" [0] $.x é'


@pytest.fixture
def kept(database: Engine, model: Model) -> list[StoredRecord]:
    """40 records with ties in time and p-value, measured, rejected, without an image; and another model's."""
    rows = []
    for i in range(40):
        if i % 4 == 3:
            guess: Any = Detection((Box("cat", 0, 0, 1, 1, 0.5), Box(ODD, 0, 0, 1, 1)) if i % 8 == 3 else ())
        else:
            guess = Classification("cat" if i % 4 else ODD, {"dog": 0.5})
        tags = {"camera": str(i % 3), ODD: str(i % 2)} if i % 5 else {}
        rows.append(
            new_record(
                model.key,
                f"r{(i * 7) % 40:02}",
                time=NOON + (i // 3) * HOUR,
                tags=tags,
                prediction=guess,
                image=None if i % 10 == 9 else "",
            )
        )
    with writing(database) as connection:
        other = create_model(connection, "other", task="classification", created=NOON)
        insert_records(connection, rows)
        insert_records(connection, [new_record(other.key, f"o{i}", tags={"camera": "1"}) for i in range(5)])
        waiting = [one for one in next_received(connection, 0, 100) if one.model == model.key]
        set_measured(
            connection,
            [
                Measurement(
                    one.key,
                    b"",
                    outlier_p=(i % 6) / 7,
                    reason="bad" if i % 11 == 0 else None,
                    reconstruction_error=None if i % 9 == 0 else (i * i % 7) / 9,
                    autoencoder=None if i % 9 == 0 else LOOKED if i % 8 else LOOKED + 1,
                )
                for i, one in enumerate(waiting)
                if i % 5
            ],
        )
        connection.execute(update(records).where(records.c.id == "r07").values(image=None))
    with reading(database) as connection:
        return list(page_records(connection, RecordFilter(model.key), order="oldest", limit=100).rows)


SORTS: dict[Order, Callable[[StoredRecord], Any]] = {
    "oldest": lambda one: (one.time, one.key),
    "newest": lambda one: (-one.time.timestamp(), -one.key),
    "outlier": lambda one: (one.outlier_p, one.key),
    "reconstruction": lambda one: (-(one.reconstruction_error or 0.0), -one.key),
}


def is_in(one: StoredRecord, order: Order) -> bool:
    """Whether a record has what an order goes by."""
    if order == "reconstruction":
        return one.reconstruction_error is not None and one.autoencoder == LOOKED
    return order != "outlier" or one.outlier_p is not None


def listed(model: Model, order: Order, arguments: dict[str, Any]) -> RecordFilter:
    return RecordFilter(model.key, autoencoder=LOOKED if order == "reconstruction" else None, **arguments)


def predicts(one: StoredRecord, label: str) -> bool:
    if isinstance(one.prediction, Detection):
        return any(box.label == label for box in one.prediction.boxes)
    return isinstance(one.prediction, Classification) and one.prediction.label == label


FILTERS: dict[str, tuple[dict[str, Any], Callable[[StoredRecord], bool]]] = {
    "all": ({}, lambda one: True),
    "time": (
        {"since": NOON + 2 * HOUR, "until": NOON + 9 * HOUR},
        lambda one: NOON + 2 * HOUR <= one.time < NOON + 9 * HOUR,
    ),
    "tag": ({"tags": {"camera": "1"}}, lambda one: one.tags.get("camera") == "1"),
    "tags": (
        {"tags": {"camera": "1", ODD: "0"}},
        lambda one: (one.tags.get("camera"), one.tags.get(ODD)) == ("1", "0"),
    ),
    "no such tag": ({"tags": {"$": "1"}}, lambda one: False),
    "predicted": ({"predicted": "cat"}, lambda one: predicts(one, "cat")),
    "predicted odd": ({"predicted": ODD}, lambda one: predicts(one, ODD)),
    "only scored": ({"predicted": "dog"}, lambda one: False),
    "state": ({"state": RecordState.REJECTED}, lambda one: one.state is RecordState.REJECTED),
    "received": ({"state": RecordState.RECEIVED}, lambda one: one.state is RecordState.RECEIVED),
    "outliers": (
        {"outlier_p_at_most": 0.3},
        lambda one: one.outlier_p is not None and one.outlier_p <= 0.3,
    ),
    "image": ({"has_image": True}, lambda one: one.image is not None),
    "no image": ({"has_image": False}, lambda one: one.image is None),
    "version": ({"model_version": "2"}, lambda one: one.model_version == "2"),
    "much": (
        {"predicted": "cat", "tags": {ODD: "1"}, "since": NOON + HOUR, "has_image": True},
        lambda one: (
            predicts(one, "cat")
            and one.tags.get(ODD) == "1"
            and one.time >= NOON + HOUR
            and one.image is not None
        ),
    ),
}


@pytest.mark.parametrize("order", SORTS)
def test_the_pages_of_every_filter_are_the_sorted_list(
    database: Engine, model: Model, kept: list[StoredRecord], order: Order
) -> None:
    assert len(kept) == 40
    for name, (arguments, holds) in FILTERS.items():
        expected = [one for one in kept if holds(one) and is_in(one, order)]
        expected.sort(key=SORTS[order])
        for limit in (1, 7, 39, 40):
            found: list[StoredRecord] = []
            after: Cursor | None = None
            with reading(database) as connection:
                while True:
                    page = page_records(
                        connection,
                        listed(model, order, arguments),
                        order=order,
                        after=after,
                        limit=limit,
                    )
                    found += page.rows
                    if page.next is None:
                        break
                    assert len(page.rows) == limit
                    after = Cursor.from_text(page.next.to_text())
            assert [one.id for one in found] == [one.id for one in expected], (name, limit)
    assert any(holds(one) for one in kept for name, (_, holds) in FILTERS.items() if name == "much")


@pytest.mark.parametrize("order", SORTS)
def test_a_list_is_walked_back_as_it_was_walked_forth(
    database: Engine, model: Model, kept: list[StoredRecord], order: Order
) -> None:
    for name, (arguments, holds) in FILTERS.items():
        expected = [one for one in kept if holds(one) and is_in(one, order)]
        expected.sort(key=SORTS[order])
        if not expected:
            continue
        chosen = listed(model, order, arguments)
        with reading(database) as connection:
            whole = page_records(connection, chosen, order=order, limit=100)
            assert (whole.next, whole.previous) == (None, None)
            page = page_records(connection, chosen, order=order, limit=len(expected) // 2 + 1)
            if page.next is not None:
                page = page_records(connection, chosen, order=order, after=page.next, limit=100)
                assert page.previous is not None, name
            found = list(page.rows)
            while page.previous is not None:
                page = page_records(connection, chosen, order=order, before=page.previous, limit=4)
                assert page.next is not None
                found = [*page.rows, *found]
        assert [one.id for one in found] == [one.id for one in expected], name


@pytest.mark.parametrize("order", SORTS)
def test_a_list_is_counted_as_far_as_it_is_looked_at(
    database: Engine, model: Model, kept: list[StoredRecord], order: Order
) -> None:
    with reading(database) as connection:
        for name, (arguments, holds) in FILTERS.items():
            n = sum(holds(one) and is_in(one, order) for one in kept)
            chosen = listed(model, order, arguments)
            assert count_records(connection, chosen, order=order) == Count(n, exact=True), name
            if n > 2:
                assert count_records(connection, chosen, order=order, most=2) == Count(2, exact=False), name
            few = count_records(connection, chosen, order=order, look_at=5)
            assert few.n <= n, name
            assert few.n == n or not few.exact, name


@pytest.mark.parametrize("look_at", [1, 7, 25, 1000])
@pytest.mark.parametrize("order", SORTS)
def test_a_search_that_stops_goes_on_from_there_both_ways(
    database: Engine, model: Model, kept: list[StoredRecord], order: Order, look_at: int
) -> None:
    """Short pages, and empty ones, but in all the same list."""
    narrow: dict[str, Any] = {"tags": {"camera": "1"}}
    if order != "reconstruction":
        narrow |= {"since": kept[3].time, "until": kept[-3].time, "outlier_p_at_most": 0.8}
    chosen = listed(model, order, narrow)
    forth: list[StoredRecord] = []
    back: list[StoredRecord] = []
    lengths = []
    with reading(database) as connection:
        whole = page_records(connection, chosen, order=order, limit=100).rows
        place: Cursor | None = None
        while not lengths or place is not None:
            page = page_records(connection, chosen, order=order, after=place, limit=3, look_at=look_at)
            forth, place = [*forth, *page.rows], page.next
            lengths.append(len(page.rows))
        ends = {"outlier": Cursor(2, 2**62), "reconstruction": Cursor(-1.0, 0), "newest": Cursor(0, 2**62)}
        end = ends.get(order, Cursor(4 * 10**15, 2**62))
        before: Cursor | None = end
        while before is not None:
            page = page_records(connection, chosen, order=order, before=before, limit=3, look_at=look_at)
            back, before = [*page.rows, *back], page.previous
    assert len(whole) > 3
    assert forth == list(whole)
    assert back == list(whole)
    if look_at == 1:
        assert 0 in lengths


def test_what_comes_between_does_not_move_later_pages(
    database: Engine, model: Model, kept: list[StoredRecord]
) -> None:
    with reading(database) as connection:
        first = page_records(connection, RecordFilter(model.key), limit=10)
    with writing(database) as connection:
        insert_records(
            connection, [new_record(model.key, f"new{i}", time=NOON + 99 * HOUR) for i in range(5)]
        )
    with reading(database) as connection:
        rest = page_records(connection, RecordFilter(model.key), after=first.next, limit=100)
    assert [*first.rows, *rest.rows] == sorted(kept, key=SORTS["newest"])


@pytest.mark.parametrize("order", SORTS)
def test_sqlite_goes_along_an_index_and_sorts_nothing(
    database: Engine, model: Model, kept: list[StoredRecord], order: Order
) -> None:
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL sorts a table this small")
    asked: list[tuple[str, Any]] = []
    listener = lambda c, cursor, statement, parameters, *rest: asked.append((statement, parameters))  # noqa: E731
    event.listen(database, "before_cursor_execute", listener)
    with reading(database) as connection:
        chosen = listed(model, order, {})
        page = page_records(connection, chosen, order=order, limit=5)
        page_records(connection, chosen, order=order, after=page.next, limit=5)
    statement, parameters = asked[-1]
    with reading(database) as connection:
        plan = " ".join(
            row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        )
    assert "USING INDEX ix_records" in plan
    assert "TEMP B-TREE" not in plan
    column = {"outlier": "outlier_p", "reconstruction": "reconstruction_error"}.get(order, "time")
    assert f"({column}" in plan.replace("model=? AND ", "").replace("autoencoder=? AND ", "")


@given(st.floats(0, 1) | st.integers(-(2**62), 2**62), st.integers(1, 2**62))
def test_a_cursor_through_text_and_back(position: float, key: int) -> None:
    cursor = Cursor.from_text(Cursor(position, key).to_text())
    assert cursor == Cursor(position, key)
    assert type(cursor.position) is type(position)


@pytest.mark.parametrize(
    "text",
    ["", ".", "1", "1.", ".1", "a.1", "1.a", "1.2.3.4", "nan.1", "inf.1", "1.-5", "9e999.1", f"1.{2**63}"],
)
def test_a_cursor_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="no place in a list; give the 'next' of the page before"):
        Cursor.from_text(text)


def test_a_cursor_of_another_order_does_no_harm(
    database: Engine, model: Model, kept: list[StoredRecord]
) -> None:
    with reading(database) as connection:
        page_records(connection, RecordFilter(model.key), order="newest", after=Cursor(0.5, 1))
        page_records(connection, RecordFilter(model.key), order="outlier", after=Cursor(10**17, 1))
        with pytest.raises(UsageError, match="no place in a list of times"):
            page_records(connection, RecordFilter(model.key), after=Cursor(10**30, 1))


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_the_last_page_of_a_range_of_time_is_no_slower_than_the_first(
    database: Engine, model: Model, order: Order
) -> None:
    """SQLite goes through the rows of the page, whatever lies before it."""
    if database.dialect.name != "sqlite":
        pytest.skip("It counts the steps of SQLite.")
    minute = timedelta(minutes=1)
    with writing(database) as connection:
        insert_records(
            connection, [new_record(model.key, str(i), time=NOON + i * minute) for i in range(2000)]
        )
    chosen = RecordFilter(model.key, since=NOON, until=NOON + 2000 * minute)
    counts, after = [], None
    with reading(database) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        while True:
            steps: list[int] = []
            driver.set_progress_handler(lambda steps=steps: steps.append(1), 10)
            page = page_records(connection, chosen, order=order, after=after, limit=100)
            driver.set_progress_handler(None, 0)
            counts.append(len(steps))
            after = page.next
            if after is None:
                break
    assert len(counts) == 20
    assert max(counts) < 2 * counts[0]
