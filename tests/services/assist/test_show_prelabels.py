"""What annotators are shown, of golden tasks as of all others, and what it does to their answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, update
from tests.services.assist_animals import Animals, animals
from tests.services.labelling import Labelling, labelling

from driftwheel.errors import UsageError
from driftwheel.formats.prediction_json import prediction_to_json
from driftwheel.predictions import Box, Detection
from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.services.assist.describe_assistant import describe_assistant
from driftwheel.services.assist.set_assist import change_pool_prelabels, enable_assistant
from driftwheel.services.assist.show_prelabels import show_prelabels
from driftwheel.services.label.pools.fill_pool import PoolImage
from driftwheel.store.assist.prelabels import Prelabel, put_prelabels, shown_to
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.schema.tables import records


def options(work: Labelling, **said: Any) -> None:
    change_pool_prelabels(work.engine, work.project.key, work.pool, by="lead", now=work.now, **said)


def show(work: Labelling, n: int, name: str = "ann", seed: int = 0) -> dict[str, Prelabel | None]:
    """Let somebody ask for tasks, and return what came with each, by its record."""
    given = work.ask(name, n)
    shown = show_prelabels(work.engine, given, rng=np.random.default_rng(seed))
    records_of = {one.key: one.record for one in work.tasks()}
    return {records_of[one.task]: shown.get(one.lease) for one in given}


def trained(engine: Engine, n: int = 150, **said: Any) -> Animals:
    zoo = animals(engine, n, **said)
    zoo.label(100)
    zoo.train()
    return zoo


def test_golden_tasks_show_what_the_assistant_says_and_never_the_truth(shared_database: Engine) -> None:
    zoo = trained(shared_database, 110, golden=60, golden_share=0.9, apart=1.5)
    options(zoo.work, hidden_share=0.0)
    found = show(zoo.work, 50)
    golden = {name: one for name, one in found.items() if name.startswith("g")}
    assert len(golden) > 30
    assert all(found.values())  # real and golden ones alike
    said = [one.payload["class"] == zoo.truth[name] for name, one in golden.items() if one is not None]
    assert not all(said)  # it errs of them as of all others
    assert {type(one.confidence) for one in found.values() if one is not None} == {float}


def test_the_same_comes_again_and_a_share_is_hidden(shared_database: Engine) -> None:
    zoo = trained(shared_database)
    options(zoo.work, hidden_share=0.5)
    first = show(zoo.work, 50)
    hidden = sum(one is None for one in first.values())
    assert 10 < hidden < 40
    zoo.train()
    assert show(zoo.work, 50, seed=1) == first  # whatever is drawn, and however much was learnt since


def test_a_pool_shows_what_it_is_told_to(shared_database: Engine) -> None:
    zoo = trained(shared_database)
    options(zoo.work, prelabels="off")
    assert not any(show(zoo.work, 5).values())
    options(zoo.work, prelabels="assistant", hidden_share=0.0)
    enable_assistant(zoo.engine, zoo.project, enabled=False, by="lead", now=zoo.work.now)
    assert not any(show(zoo.work, 5, "bob").values())
    options(zoo.work, prelabels="model")
    assert all(one == Prelabel({"class": "cat"}, 0.75) for one in show(zoo.work, 5, "cem").values())
    with pytest.raises(UsageError, match="Did you mean 'model'"):
        options(zoo.work, prelabels="modle")
    with pytest.raises(UsageError, match=r"give 0 to 0\.9"):
        options(zoo.work, hidden_share=0.95)


def test_boxes_of_the_model_are_shown_as_far_as_it_is_sure_of_them(shared_database: Engine) -> None:
    work = labelling(shared_database, 2, answer="boxes")
    options(work, prelabels="model", hidden_share=0.0)
    said = Detection((Box("dog", 1, 2, 30, 40, 0.9), Box("cat", 5, 5, 5, 5, 0.2)))
    logged = update(records).where(records.c.model == work.project.model, records.c.id == "i0")
    with writing(work.engine) as connection:
        connection.execute(logged.values(prediction=prediction_to_json(said)))
    found = show(work, 2)
    box = {"class": "dog", "x": 1, "y": 2, "w": 30, "h": 40, "rotation": 0}
    assert found["i0"] == Prelabel({"boxes": [box]}, 0.9)
    assert found["i1"] is None  # a class of the whole image says nothing of boxes


def test_those_of_a_file_are_shown_when_no_golden_task_stands_out(shared_database: Engine) -> None:
    images = [PoolImage("i0"), PoolImage("i1"), PoolImage("g", "golden", {"class": "dog"})]
    work = labelling(shared_database, images)
    options(work, hidden_share=0.0)
    keys = {one.record: one.key for one in work.tasks()}

    def put(*names: str) -> None:
        new = {keys[name]: Prelabel({"class": "dog"}, 0.6) for name in names}
        with writing(work.engine) as connection:
            put_prelabels(connection, work.pool, new, time=work.now, by="lead")

    put("i0", "i1")
    assert show(work, 1) == {"i0": None}  # the golden one alone would come without
    put("g", "i1")
    assert show(work, 2, "bob") == {"i1": Prelabel({"class": "dog"}, 0.6)}


def test_nothing_is_shown_while_a_sample_is_answered(shared_database: Engine) -> None:
    zoo = animals(shared_database, 400, golden=20, golden_share=0.3)
    zoo.label(100)
    zoo.train()
    options(zoo.work, hidden_share=0.0)
    begin_automatic(
        zoo.engine,
        zoo.project,
        zoo.work.pool,
        bound=0.05,
        by="lead",
        now=zoo.work.now,
        rng=np.random.default_rng(0),
    )
    found = show(zoo.work, 30)
    assert any(name.startswith("g") for name in found)
    assert not any(found.values())
    with reading(zoo.engine) as connection:
        leases = [one.lease for one in zoo.work.ask("ann", 30)]
        assert {one.source for one in shown_to(connection, leases).values()} == {"held"}


def test_what_pre_labels_do_to_answers_is_measured_against_those_who_did_not_see_them(
    shared_database: Engine,
) -> None:
    zoo = trained(shared_database, 200, apart=1.5)
    options(zoo.work, hidden_share=0.5)
    records_of = {one.key: one.record for one in zoo.work.tasks()}
    given = zoo.work.ask("ann", 50)
    shown = show_prelabels(zoo.engine, given, rng=np.random.default_rng(0))
    for one in given:  # she takes over whatever is shown
        seen = shown.get(one.lease)
        said = {"class": zoo.truth[records_of[one.task]]} if seen is None else seen.payload
        zoo.work.say("ann", one.task, said)
    with reading(zoo.engine) as connection:
        stands = describe_assistant(connection, zoo.work.project)
    found = stands.anchoring
    assert found.shown.accuracy == 1.0
    assert found.hidden.accuracy is not None
    assert found.hidden.accuracy < 0.95
    assert found.difference is not None
    assert 0 < found.low < found.difference <= found.high
    assert stands.later_blind.accuracy == found.hidden.accuracy  # who did not see it said the truth
    assert stands.later.accuracy is not None
    assert stands.later.accuracy > stands.later_blind.accuracy  # who saw it was swayed
