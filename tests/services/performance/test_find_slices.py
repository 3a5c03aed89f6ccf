from __future__ import annotations

import numpy as np
from sqlalchemy import Engine, update
from tests.services.performance.labelled_days import NOON, LabelledDays, labelled_days

from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.services.measure.packed_records import pack_embedding, pack_properties
from driftwheel.services.performance.find_slices import find_slices, is_search_due
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.failure_slices import ask_slices, asked_slices, find_slices_of
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

N = 400


def wrong_where_dark(engine: Engine) -> LabelledDays:
    """A day in which the model is wrong on half of the dark images, which lie together, and else seldom."""
    rng = np.random.default_rng(0)
    days = labelled_days(engine)
    days.log(0, {"cat": N})
    dark = rng.random(N) < 0.25
    right = rng.random(N) < np.where(dark, 0.45, 0.97)
    days.tell_each(0, ["cat" if one else "dog" for one in right])
    with writing(engine) as connection:
        for n in range(N):
            values = np.full(len(PROPERTY_NAMES), 50.0, np.float32)
            values[PROPERTY_NAMES.index("brightness")] = (20 if dark[n] else 120) + rng.normal(0, 5)
            vector = rng.normal(0, 0.1, 8) + (5.0 if dark[n] else 0.0)
            connection.execute(
                update(records)
                .where(records.c.model == days.model.key, records.c.id == f"d0-{n}")
                .values(
                    state=int(RecordState.MEASURED),
                    properties=pack_properties(values),
                    embedding=pack_embedding(vector.astype(np.float16)),
                    space="test",
                )
            )
    days.sum_up()
    return days


def test_slices_are_found_by_properties_and_kept_with_records_that_show_them(database: Engine) -> None:
    days = wrong_where_dark(database)
    with reading(database) as connection:
        assert is_search_due(connection, days.model.key)
    found = find_slices(database, days.model.key, now=NOON)
    assert found is not None
    with reading(database) as connection:
        kept = find_slices_of(connection, days.model.key)
        assert not is_search_due(connection, days.model.key)
    assert kept is not None
    assert (kept.labels, kept.document["n"]) == (N, N)
    first = kept.document["slices"][0]
    assert first["conditions"][0]["feature"] in {"property.brightness", "cluster"}
    assert first["accuracy"]["value"] < 0.7
    assert first["rest"]["value"] > 0.9
    assert 0.15 < first["share"] < 0.35
    assert 0 < len(first["records"]) <= 12
    assert first["p_value"] < 0.01


def test_with_few_labels_it_says_so_and_a_wish_is_done(database: Engine) -> None:
    days = labelled_days(database)
    days.log(0, {"cat": 20})
    days.tell(0, "cat", 20)
    days.sum_up()
    with writing(database) as connection:
        ask_slices(connection, days.model.key)
    with reading(database) as connection:
        assert asked_slices(connection) == [days.model.key]
        assert is_search_due(connection, days.model.key)
    find_slices(database, days.model.key, now=NOON)
    with reading(database) as connection:
        kept = find_slices_of(connection, days.model.key)
        assert asked_slices(connection) == []
    assert kept is not None
    assert kept.document["reason"] == "20 labels, of 100 that are needed"


def test_of_a_model_that_is_gone_nothing_is_found(database: Engine) -> None:
    assert find_slices(database, 99, now=NOON) is None
