from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.store.rows import NOON, new_record

from driftwheel.services.watch.judge_due import JudgedSpan, judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.models.references import create_reference, set_reference_ready
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.due_windows import due_windows
from driftwheel.store.windows.verdicts import find_verdict, list_verdicts

DAY = timedelta(days=1)
MIDNIGHT = NOON.replace(hour=0)
NOW = MIDNIGHT + 9 * DAY
SETTLE = timedelta(seconds=10)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def add(database: Engine, name: str, *days: int) -> Model:
    """Add a model, with records of two cameras on each of these days."""
    with writing(database) as connection:
        model = create_model(
            connection, name, task="classification", created=NOON, segment_tags=["camera"], embedder="none"
        )
        rows = [
            new_record(
                model.key, f"{day}-{i}", time=NOON + day * DAY, tags={"camera": str(i % 2)}, image=None
            )
            for day in days
            for i in range(6)
        ]
        write_records(connection, rows)
    summarise_windows(database, now=NOON)
    return model


def test_span_by_span_in_order_of_time(database: Engine, blobs: Blobs) -> None:
    first, second = add(database, "a", 1, 0), add(database, "b", 0)
    known = KnownReferences(blobs)
    done = []
    while (one := judge_due(database, known, now=NOW, settle=SETTLE)) is not None:
        done.append(one)
    assert [(one.span[0], (one.span[1] - MIDNIGHT).days, one.windows) for one in done] == [
        (first.key, 0, 3),
        (second.key, 0, 3),
        (first.key, 1, 3),
    ]
    with reading(database) as connection:
        verdicts = list_verdicts(connection, first.key)
        assert list_monitors(connection, first.key) != []  # they come by themselves
    assert [(one.start.day, one.value) for one in verdicts] == [
        (day, value) for day in (4, 5) for value in ("", "0", "1")
    ]
    assert {one.answer for one in verdicts} == {"no_reference"}
    assert verdicts[0].observations["records"]["value"] == 6.0


def test_records_that_come_meanwhile_are_judged_next(database: Engine, blobs: Blobs) -> None:
    model = add(database, "a", 0)
    known = KnownReferences(blobs)
    judge_due(database, known, now=NOW, settle=SETTLE)
    with writing(database) as connection:
        write_records(connection, [new_record(model.key, "late", time=NOON, image=None)])
    assert judge_due(database, known, now=NOW, settle=SETTLE) is None
    summarise_windows(database, now=NOON)
    again = judge_due(database, known, now=NOW, settle=SETTLE)
    assert again is not None
    assert again.windows == 1
    with reading(database) as connection:
        found = find_verdict(connection, model.key, MIDNIGHT)
    assert found is not None
    assert found.observations["records"]["value"] == 7.0


def test_a_window_that_cannot_be_judged_now_does_not_hold_up_the_others(
    database: Engine, blobs: Blobs, tmp_path: Path
) -> None:
    first, second = add(database, "a", 0), add(database, "b", 0)
    with writing(database) as connection:
        reference = create_reference(
            connection, first.key, kind="trailing", source={"days": 3}, created=NOON, by="me"
        )
        digest = b"\xab" * 32
        set_reference_ready(connection, reference.key, digest)
    place = tmp_path / "blobs" / "ab"
    (place / digest.hex()[2:]).mkdir(parents=True)  # reading it fails, as of a disk that is gone
    known = KnownReferences(blobs)
    failed = judge_due(database, known, now=NOW, settle=SETTLE)
    assert failed == JudgedSpan((first.key, MIDNIGHT), 0, 0)
    done = judge_due(database, known, now=NOW, settle=SETTLE, skip=[failed.span])
    assert done is not None
    assert (done.span[0], done.windows) == (second.key, 3)
    assert judge_due(database, known, now=NOW, settle=SETTLE, skip=[failed.span]) is None
    with reading(database) as connection:
        assert len(due_windows(connection, NOW, SETTLE)) == 3
