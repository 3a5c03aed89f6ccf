"""Labels that are accepted without a look keep the bound that was promised, and can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.services.assist_animals import Animals, animals

from driftwheel.errors import UsageError
from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.services.assist.describe_automatic import describe_automatic, describe_run
from driftwheel.services.assist.due_assistance import labels_of_people
from driftwheel.services.assist.set_assist import enable_assistant
from driftwheel.services.assist.undo_automatic import undo_automatic
from driftwheel.store.assist.automatic_runs import AutomaticRun, checked_tasks, is_ready
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_events import list_events
from driftwheel.store.labels.label_sources import count_sources
from driftwheel.store.labels.tasks import Task


def begin(zoo: Animals, **options: float) -> AutomaticRun:
    known = {"bound": 0.05, "risk": 0.05} | options
    rng = np.random.default_rng(1)
    return begin_automatic(
        zoo.engine, zoo.project, zoo.work.pool, by="lead", now=zoo.work.now, rng=rng, **known
    )


def checks(zoo: Animals, run: int, role: str) -> list[Task]:
    with reading(zoo.engine) as connection:
        keys = {one.task for one in checked_tasks(connection, run, role)}  # type: ignore[arg-type]
    return [one for one in zoo.work.tasks() if one.key in keys]


def automatic(zoo: Animals) -> list[Task]:
    return [one for one in zoo.work.tasks() if one.state == "done" and one.answers == 0]


def until_accepted(engine: Engine, n: int = 700, *, apart: float = 4.0) -> tuple[Animals, AutomaticRun]:
    zoo = animals(engine, n, apart=apart)
    zoo.label(100)
    zoo.train()
    run = begin(zoo)
    zoo.finish(checks(zoo, run.key, "sample"))
    zoo.go_on(run.key)
    return zoo, run


def test_what_is_accepted_keeps_the_bound_and_the_rest_waits_for_people(shared_database: Engine) -> None:
    zoo = animals(shared_database, 900, apart=3.2)  # one in eighteen is on the wrong side
    zoo.label(150)
    zoo.train()
    run = begin(zoo)
    sample = checks(zoo, run.key, "sample")
    assert len(sample) == 177
    assert zoo.go_on(run.key) == 0  # people have not answered
    first = zoo.work.ask("ann", 10)
    assert {one.task for one in first} <= {one.key for one in sample}  # they come first
    zoo.finish(sample[:-1])
    with reading(zoo.engine) as connection:
        assert not is_ready(connection, run)
    zoo.finish(sample[-1:])
    with reading(zoo.engine) as connection:
        assert is_ready(connection, run)
    zoo.go_on(run.key)
    taken = automatic(zoo)
    wrong = [one for one in taken if one.consensus != {"class": zoo.truth[one.record]}]
    assert len(taken) > 200
    assert len(wrong) <= 0.05 * len(taken)
    with reading(zoo.engine) as connection:
        stands = describe_run(connection, zoo.work.pool, run.key)
        assert count_sources(connection, [zoo.work.pool], "automatic") == len(taken) == stands.accepted
        assert labels_of_people(connection, zoo.project) == 150 + 177
        kinds = [one.kind for one in list_events(connection, zoo.project)]
    assert stands.run.state == "auditing"
    assert stands.upper is not None
    assert stands.upper <= 0.05
    assert stands.audits > 0
    assert all((one.confidence or 0) >= (stands.run.threshold or 1) for one in taken)
    assert {"automatic_begun", "automatic_accepted"} <= set(kinds)
    assert zoo.work.state().done == 150 + 177 + len(taken)
    assert [one.key for one in zoo.work.tasks() if one.state == "open"]


def test_audits_that_are_right_finish_it(shared_database: Engine) -> None:
    zoo, run = until_accepted(shared_database)
    audits = checks(zoo, run.key, "audit")
    assert zoo.go_on(run.key) == 0
    zoo.finish(audits)
    zoo.go_on(run.key)
    with reading(zoo.engine) as connection:
        said = {one.task: one.payload["class"] for one in checked_tasks(connection, run.key, "audit")}
    wrong = sum(said[one.key] != zoo.truth[one.record] for one in audits)
    stands = _runs(zoo)[0]
    assert (stands.run.state, stands.audited, stands.audited_wrong) == ("finished", len(audits), wrong)
    assert zoo.work.state().state == "open"
    with pytest.raises(UsageError, match="let people label them all"):
        begin(zoo, bound=0.02)


def test_audits_that_are_wrong_give_everything_back(shared_database: Engine) -> None:
    zoo, run = until_accepted(shared_database)
    n = len(automatic(zoo))
    audits = checks(zoo, run.key, "audit")
    assert n > 0
    zoo.finish(audits, wrong={one.key for one in audits})
    zoo.go_on(run.key)
    stands = _runs(zoo)[0]
    assert (stands.run.state, stands.accepted) == ("stopped", 0)
    assert "automatic acceptance has stopped" in stands.run.reason
    assert automatic(zoo) == []
    assert zoo.work.state().done == 100 + stands.sample + stands.audits
    with reading(zoo.engine) as connection:
        assert count_sources(connection, [zoo.work.pool], "automatic") == 0
    given = zoo.work.ask("ann", 50)
    assert len(given) == 50  # they are handed out again


def test_it_can_be_undone_and_what_people_changed_stays(shared_database: Engine) -> None:
    zoo, run = until_accepted(shared_database)
    taken = automatic(zoo)
    undo_automatic(zoo.engine, zoo.project, zoo.work.pool, run.key, by="lead", now=zoo.work.now)
    zoo.go_on(run.key)
    stands = _runs(zoo)[0]
    assert stands.run.state == "undone"
    assert automatic(zoo) == []
    back = {one.key: one for one in zoo.work.tasks()}
    assert all(back[one.key].state == "open" and back[one.key].room == 1 for one in taken)
    with pytest.raises(UsageError, match="is undone; there is nothing to undo"):
        undo_automatic(zoo.engine, zoo.project, zoo.work.pool, run.key, by="lead", now=zoo.work.now)
    with pytest.raises(LookupError, match="no run"):
        undo_automatic(zoo.engine, zoo.project, zoo.work.pool, 10**6, by="lead", now=zoo.work.now)


def test_a_run_is_ended_while_its_sample_is_answered(shared_database: Engine) -> None:
    zoo = animals(shared_database, 400)
    with pytest.raises(UsageError, match=r"give 0\.001 at the least"):
        begin(zoo, bound=1e-300)
    with pytest.raises(UsageError, match="no assistant yet"):
        begin(zoo)
    zoo.label(60)
    zoo.train()
    enable_assistant(zoo.engine, zoo.project, enabled=False, by="lead", now=zoo.work.now)
    with pytest.raises(UsageError, match="switched off"):
        begin(zoo)
    enable_assistant(zoo.engine, zoo.project, enabled=True, by="lead", now=zoo.work.now)
    run = begin(zoo)
    with pytest.raises(UsageError, match="already"):
        begin(zoo)
    ended = undo_automatic(zoo.engine, zoo.project, zoo.work.pool, run.key, by="lead", now=zoo.work.now)
    assert ended.state == "cancelled"
    with pytest.raises(UsageError, match="it takes 59 right answers"):
        begin(zoo, sample=20)
    assert zoo.go_on(run.key) == 0


def test_nothing_is_accepted_of_what_the_assistant_does_not_know(shared_database: Engine) -> None:
    zoo, run = until_accepted(shared_database, 400, apart=0.0)
    stands = _runs(zoo)[0]
    assert (stands.run.state, stands.accepted) == ("nothing", 0)
    assert "not shown" in stands.run.reason
    assert automatic(zoo) == []
    assert zoo.go_on(run.key) == 0


def _runs(zoo: Animals) -> list:  # type: ignore[type-arg]
    with reading(zoo.engine) as connection:
        return describe_automatic(connection, zoo.work.pool)
