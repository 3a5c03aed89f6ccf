"""One property of a window beside its reference: known answers on a line whose right camera blurs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from tests.services.weaving_line import CAMERAS, MONDAY, Line, fault, weaving_line, write_folder

from driftwheel.profiles.quantile import quantile
from driftwheel.services.browse.compare_window import carrying_segments, compare_window, pictures_of
from driftwheel.services.watch.judge_due import judge_due
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.models.references import current_reference
from driftwheel.store.schema.tables import references
from driftwheel.store.windows.verdicts import StoredVerdict, find_verdict

DAY = timedelta(days=1)
REFERENCE, LOGGED = 120, 80  # images, of both cameras
FINE, BLURRED, EMPTY = MONDAY, MONDAY + DAY, MONDAY + 5 * DAY


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("line")
    engine = open_database(f"sqlite:///{folder}/d.sqlite")
    migrate(engine)
    made = weaving_line(engine, folder, embedder="none")
    made.refer_to(write_folder(made, folder / "reference", REFERENCE), now=MONDAY, faults=False)
    made.log_day(0, LOGGED)
    made.log_day(1, LOGGED, changes={"right": fault("blur", 5)})
    made.work()
    judge(made)
    yield made
    engine.dispose()


def judge(line: Line) -> None:
    known = KnownReferences(line.blobs)
    while judge_due(line.engine, known, now=MONDAY + 9 * DAY, settle=timedelta()) is not None:
        pass


def verdict_on(line: Line, start: datetime, camera: str = "") -> StoredVerdict:
    with reading(line.engine) as connection:
        found = find_verdict(connection, line.model.key, start, tag="camera" if camera else "", value=camera)
    assert found is not None
    return found


@pytest.mark.parametrize(("camera", "share"), [("", 1.0), ("right", 0.5)])
def test_a_property_in_the_reference_and_in_the_window(line: Line, camera: str, share: float) -> None:
    verdict = verdict_on(line, BLURRED, camera)
    assert verdict.answer == "drift"
    with reading(line.engine) as connection:
        found = compare_window(connection, line.blobs, verdict, "sharpness")
        unknown = compare_window(connection, line.blobs, verdict, "no such property")
    assert found.before is not None
    assert found.after is not None
    assert (found.before.count, found.after.count) == (REFERENCE * share, LOGGED * share)
    before, after = (quantile(one, 0.25).value for one in (found.before, found.after))
    assert before > after  # blurred images are less sharp
    assert (found.whole, found.why) == (False, "")
    assert found.numbers is not None
    seen = verdict.observations["property.sharpness"]
    assert found.numbers["effect"] == pytest.approx(seen["value"])
    assert (unknown.before, unknown.after, unknown.numbers) == (None, None, None)


def test_a_segment_that_the_reference_has_not_is_held_against_the_whole(
    database: Engine, tmp_path: Path
) -> None:
    line = weaving_line(database, tmp_path, embedder="none")
    line.refer_to(write_folder(line, tmp_path / "reference", 60), now=MONDAY, faults=False)  # 30 a camera
    line.log_day(0, 60)
    line.work()
    judge(line)
    with reading(database) as connection:
        found = compare_window(connection, line.blobs, verdict_on(line, MONDAY, "left"), "brightness")
    assert found.whole
    assert found.before is not None
    assert found.after is not None
    assert (found.before.count, found.after.count) == (60, 30)
    with writing(database) as connection:
        connection.execute(update(references).values(artifact=bytes(32)))
        lost = compare_window(connection, line.blobs, verdict_on_in(connection, line), "brightness")
        connection.execute(update(references).values(artifact=None))
        gone = compare_window(connection, line.blobs, verdict_on_in(connection, line), "brightness")
    assert (lost.before, lost.after is None) == (None, False)
    assert "lost among the blobs. Set the reference again" in lost.why
    assert "gone" in gone.why


def verdict_on_in(connection: object, line: Line) -> StoredVerdict:
    found = find_verdict(connection, line.model.key, MONDAY)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_segment_that_blurs_carries_it(line: Line) -> None:
    with reading(line.engine) as connection:
        blurred = carrying_segments(connection, line.model, BLURRED, "sharpness")
        fine = carrying_segments(connection, line.model, FINE, "sharpness")
        unknown = carrying_segments(connection, line.model, BLURRED, "no such property")
        assert carrying_segments(connection, line.model, EMPTY, "sharpness") == []
    assert [(one.answer.value, one.answer.answer) for one in blurred] == [
        ("right", "drift"),
        ("left", "no_drift"),
    ]
    assert [one.share for one in blurred] == [1.0, 0.0]
    right, left = (one.effect for one in blurred)
    assert right is not None
    assert left is not None
    assert right.value is not None
    assert left.value is not None
    assert right.value > (right.high or 0.0) > left.value
    assert {one.answer.value for one in fine} == set(CAMERAS)
    assert [one.share for one in fine] == [None, None]  # nothing counts in any
    assert [(one.effect, one.share, one.accuracy) for one in unknown] == [(None, None, None)] * 2


def test_images_then_and_now(line: Line) -> None:
    with reading(line.engine) as connection:
        whole = pictures_of(connection, line.model, verdict_on(line, BLURRED))
        right = pictures_of(connection, line.model, verdict_on(line, BLURRED, "right"))
        first = pictures_of(connection, line.model, verdict_on(line, FINE, "left"))
        reference = current_reference(connection, line.model.key)
    assert reference is not None
    verdict = verdict_on(line, BLURRED)
    assert whole.chosen
    assert [one.id for one in whole.now] == list(verdict.exemplars)
    assert (whole.since, whole.until) == (FINE, FINE + DAY)
    assert len(whole.then) == 8
    assert all(FINE <= one.time < FINE + DAY for one in whole.then)
    ranks = [one.outlier_p or 0.0 for one in whole.then]
    assert ranks == sorted(ranks, reverse=True)
    assert {one.tags["camera"] for one in (*right.then, *right.now)} == {"right"}
    assert (first.then, first.since, first.until, first.chosen) == ((), None, None, False)
    assert len(first.now) == 8
    assert {one.tags["camera"] for one in first.now} == {"left"}
