from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine
from tests.store.rows import NOON, new_record

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification
from driftwheel.services.browse.list_images import (
    ImageQuery,
    Neighbours,
    count_images,
    find_neighbours,
    list_images,
)
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import create_model
from driftwheel.store.records.records import Measurement, find_record, insert_records, set_measured


@pytest.fixture
def filled(database: Engine) -> Engine:
    """Ten records of `pets`, an hour apart; the even ones have p-values 0.9, 0.7, … and camera 2."""
    with writing(database) as c:
        model = create_model(c, "pets", task="classification", created=NOON).key
        rows = [
            new_record(
                model,
                f"r{i}",
                time=NOON + timedelta(hours=i),
                tags={"camera": "1" if i % 2 else "2"},
                prediction=Classification("dog" if i > 6 else "cat"),
            )
            for i in range(10)
        ]
        insert_records(c, rows)
        for i in range(0, 10, 2):
            set_measured(c, [Measurement(_key(c, i), outlier_p=0.9 - i / 10)])
    return database


def _key(c: Connection, i: int) -> int:
    record = find_record(c, 1, f"r{i}")
    assert record is not None
    return record.key


def names(engine: Engine, query: ImageQuery, limit: int = 3) -> list[list[str]]:
    """The ids of every page."""
    pages, after = [], None
    with reading(engine) as c:
        while True:
            page = list_images(c, query, after=after, limit=limit)
            pages.append([record.id for record in page.records])
            after = page.next
            if after is None:
                return pages


def test_pages_hold_every_record_once_in_order(filled: Engine) -> None:
    newest = names(filled, ImageQuery("pets"))
    assert newest == [["r9", "r8", "r7"], ["r6", "r5", "r4"], ["r3", "r2", "r1"], ["r0"]]
    oldest = names(filled, ImageQuery("pets", order="oldest"), limit=10)
    assert oldest == [[f"r{i}" for i in range(10)]]


def test_the_most_unusual_first_leaves_out_what_has_no_p_value(filled: Engine) -> None:
    assert names(filled, ImageQuery("pets", order="outlier"), limit=5) == [["r8", "r6", "r4", "r2", "r0"]]
    query = ImageQuery("pets", outlier_p_at_most=0.4, order="outlier")
    assert names(filled, query, limit=5) == [["r8", "r6"]]


def test_filters_narrow_together(filled: Engine) -> None:
    query = ImageQuery(
        "pets",
        since=NOON + timedelta(hours=2),
        until=NOON + timedelta(hours=9),
        tags={"camera": "1"},
        predicted="cat",
    )
    assert names(filled, query, limit=9) == [["r5", "r3"]]


def test_neighbours_follow_the_list_with_its_filters(filled: Engine) -> None:
    query = ImageQuery("pets", tags={"camera": "2"})
    with reading(filled) as c:
        keys = [_key(c, i) for i in range(10)]
        record = find_record(c, 1, "r4")
        assert record is not None
        assert find_neighbours(c, query, record) == Neighbours(keys[6], keys[2])
        oldest = ImageQuery("pets", tags={"camera": "2"}, order="oldest")
        assert find_neighbours(c, oldest, record) == Neighbours(keys[2], keys[6])
        odd = ImageQuery("pets", order="outlier")
        assert find_neighbours(c, odd, record) == Neighbours(keys[6], keys[2])
        first = find_record(c, 1, "r8")
        assert first is not None
        assert find_neighbours(c, query, first) == Neighbours(None, keys[6])


def test_the_page_before_is_whole(filled: Engine) -> None:
    query = ImageQuery("pets", order="outlier")
    with reading(filled) as c:
        first = list_images(c, query, limit=2)
        second = list_images(c, query, after=first.next, limit=2)
        assert (first.previous, second.previous is not None) == (None, True)
        assert list_images(c, query, before=second.previous, limit=2) == first
        assert list_images(c, query, before=second.previous, limit=3).records == (
            list_images(c, query, limit=3).records
        )


def test_a_list_is_counted(filled: Engine) -> None:
    with reading(filled) as c:
        assert count_images(c, ImageQuery("pets")).n == 10
        assert count_images(c, ImageQuery("pets", predicted="dog")).n == 3
        assert count_images(c, ImageQuery("pets", outlier_p_at_most=0.4)).n == 2


@pytest.mark.parametrize(
    ("query", "after", "told"),
    [
        (ImageQuery("pats"), None, r"There is no model 'pats'. Did you mean 'pets'\?"),
        (ImageQuery("pets", outlier_p_at_most=1.5), None, "The outlier p-value 1.5 is none"),
        (ImageQuery("pets"), "here", "'here' is no place in a list"),
    ],
)
def test_what_cannot_be_listed_says_why(
    filled: Engine, query: ImageQuery, after: str | None, told: str
) -> None:
    with reading(filled) as c, pytest.raises(UsageError, match=told):
        list_images(c, query, after=after)
