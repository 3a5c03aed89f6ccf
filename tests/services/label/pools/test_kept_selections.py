from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.services.label.pools.test_start_pool import model_with, start, tasks_of, wish

from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.task_selections import TaskSelection, selections_of


def kept(engine: Engine, query: ImageQuery, **more: Any) -> list[TaskSelection]:
    made = start(engine, wish(query.model, query=query, **more))
    with reading(engine) as connection:
        found = selections_of(connection, [one.key for one in tasks_of(engine, made.pool.key)])
    return [one for _, one in sorted(found.items())]


def test_a_mix_keeps_reasons_and_the_chances_of_those_drawn(shared_database: Engine) -> None:
    found = kept(shared_database, ImageQuery(model_with(shared_database, 60)), choice="mix", count=30)
    assert len(found) == 30
    drawn = {one.reason for one in found if one.probability is not None}
    assert drawn
    assert drawn <= {"holdout", "random"}
    assert all(0 < one.probability <= 1 for one in found if one.probability is not None)
    assert {one.reason for one in found} - drawn


def test_images_drawn_from_a_whole_list_have_one_chance(shared_database: Engine) -> None:
    found = kept(shared_database, ImageQuery(model_with(shared_database, 40)), choice="random", count=10)
    assert set(found) == {TaskSelection("random", 0.25)}


@pytest.mark.parametrize("choice", ["random", "mix"])
def test_what_is_drawn_of_images_that_were_picked_stands_for_no_window(
    shared_database: Engine, choice: str
) -> None:
    model = model_with(shared_database, 40)
    narrow = ImageQuery(model, tags={"camera": "1"})  # no segment of this model
    assert {one.probability for one in kept(shared_database, narrow, choice=choice, count=10)} == {None}


def test_the_first_of_a_list_and_the_most_unusual_are_chosen(shared_database: Engine) -> None:
    found = kept(shared_database, ImageQuery(model_with(shared_database, 20)), choice="listed", count=5)
    assert set(found) == {TaskSelection("listed")}
