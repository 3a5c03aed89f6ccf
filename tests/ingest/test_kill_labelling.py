"""A server killed while many label, anywhere, has lost no answer and doubled none, and counts agree."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.ingest.history import KEPT, History, violations
from tests.ingest.installation import Installation
from tests.ingest.label_load import Labeller, begin_labelling, run_labellers, stored_answers
from tests.services.labelling_faults import labelling_faults

import driftwheel
from driftwheel.store.engine.database import open_database

POINTS = {
    "tasks-looked-for": 9,
    "tasks-leased": 9,
    "leases-committed": 9,
    "answer-checked": 9,
    "answer-written": 9,
    "commit-begun": 25,
    "answer-committed": 9,
}
"""Each point of labelling, and at which passing the process is killed."""

PEOPLE = 4

pytestmark = pytest.mark.long


@pytest.fixture
def installation(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", database_url)
    made.set_up()
    yield made
    if made.process is not None:
        made.kill()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_between_the_steps_of_leases_and_answers(installation: Installation) -> None:
    kill_at({name: POINTS[name] for name in ("tasks-leased", "answer-written", "commit-begun")}, installation)


@pytest.mark.slow
def test_killed_at_each_point(installation: Installation) -> None:
    kill_at(POINTS, installation)


def kill_at(points: Mapping[str, int], installation: Installation) -> None:
    project, _, token = begin_labelling(installation, 120, golden=20, overlap=2, price=1.0, budget=400.0)
    history = History()
    people = [Labeller(installation, token, project, history, seed) for seed in range(PEOPLE)]
    for point, times in points.items():
        installation.start(DRIFTWHEEL_CRASH_AT=f"{point}:{times}")
        threads = run_labellers(people, threading.Event())
        assert installation.wait() == -signal.SIGKILL, point
        for thread in threads:
            thread.join()
        check(installation, history, people)
    installation.start()
    for thread in run_labellers(people, threading.Event()):
        thread.join()
    assert installation.stop() == 0
    check(installation, history, people)
    assert {event.item for event in history.events} == {item for item, _ in stored_answers(installation)}
    kept = {event.item for event in history.events if event.value in KEPT}
    assert len(kept) > 240  # every image has its two


def check(installation: Installation, history: History, people: list[Labeller]) -> None:
    assert [error for one in people for error in one.errors] == []
    assert violations(history.events, stored_answers(installation)) == []
    engine = open_database(installation.database_url)
    try:
        assert labelling_faults(engine) == []
    finally:
        engine.dispose()


def test_every_point_of_labelling_is_tested() -> None:
    services = Path(driftwheel.__file__).parent / "services" / "label" / "work"
    texts = [
        (services / f"{name}.py").read_text(encoding="utf-8") for name in ("next_tasks", "submit_answer")
    ]
    found = {name for text in texts for name in re.findall(r'\breach\("([a-z-]+)"\)', text)}
    assert found | {"commit-begun"} == set(POINTS)
