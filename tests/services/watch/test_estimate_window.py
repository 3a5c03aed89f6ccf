"""Accuracy estimated from scores, learned from the truths of the reference's records, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine

from driftwheel.alerts.causes import harm_of
from driftwheel.monitors.observation import Observation
from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.records import Records
from driftwheel.services.watch.estimate_window import estimate_window
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.logged_answers import logged_answers
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.windows import StoredWindow, find_window, mark_stale

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
TODAY = MONDAY + timedelta(days=7)


@dataclass
class Line:
    """A model whose scores are calibrated, or `harder` to be right for than they say."""

    engine: Engine
    model: Model
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def log(
        self,
        n: int,
        start: datetime = TODAY,
        *,
        truths: bool = False,
        version: str = "v1",
        camera: str = "1",
        less_sure: float = 0.0,
        right: float = 1.0,
        scores: bool = True,
    ) -> Records:
        """Log records like this and return them as a table; with `right` 1 the scores are calibrated."""
        rows, known = [], []
        ids = [hashlib.sha256(self.rng.bytes(8)).hexdigest()[:12] for _ in range(n)]
        for i, name in enumerate(ids):
            sure = float(np.clip(self.rng.beta(6, 1) - less_sure, 0.34, 1.0))
            label = ("cat", "dog", "owl")[int(self.rng.integers(3))]
            record = Record(
                name,
                "m",
                start + timedelta(seconds=i),
                model_version=version,
                tags={"camera": camera},
                prediction=Classification(label, {label: sure} if scores else {}),
            )
            rows.append(NewRecord(self.model.key, record, hashlib.sha256(name.encode()).digest(), start))
            is_right = self.rng.random() < sure * right
            known.append(NewTruth(name, Classification(label if is_right else "fox")))
        with writing(self.engine) as connection:
            write_records(connection, rows)
            if truths:
                put_truths(connection, self.model.key, known, received=start, by="me")
        return table(ids, [one.record.time for one in rows], [camera] * n)

    def estimate(
        self, reference: Records | None, records: Records, *, tag: str = "", value: str = ""
    ) -> Observation:
        tags = {tag: value} if tag else {}
        with writing(self.engine) as connection:
            mark_stale(connection, self.model.key, "day", [TODAY], [tags], [tag] if tag else [])
            window = find_window(connection, self.model.key, TODAY, tag=tag, value=value)
        assert isinstance(window, StoredWindow)
        with reading(self.engine) as connection:
            known = reference and logged_answers(connection, self.model.key, reference.images)
            said = logged_answers(connection, self.model.key, records.images)
            return estimate_window(connection, self.model, window, reference, known, said)


def table(ids: Sequence[str], times: Sequence[datetime], cameras: Sequence[str]) -> Records:
    return Records(
        tuple(ids),
        np.empty((len(ids), 0), np.float32),
        (),
        times=np.array([one.replace(tzinfo=None) for one in times], "datetime64[us]"),
        tags={"camera": tuple(cameras)},
    )


def both(one: Records, other: Records) -> Records:
    return Records(
        one.images + other.images,
        np.empty((len(one) + len(other), 0), np.float32),
        (),
        times=np.concatenate([one.times, other.times]),  # type: ignore[list-item]
        tags={"camera": one.tags["camera"] + other.tags["camera"]},
    )


@pytest.fixture
def line(database: Engine) -> Line:
    with writing(database) as connection:
        model = create_model(
            connection,
            "m",
            task="classification",
            created=MONDAY,
            segment_tags=["camera"],
            embedder="none",
        )
    return Line(database, model)


def told(found: Observation) -> tuple[float, float, float]:
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high


def test_a_day_like_the_reference(line: Line) -> None:
    reference = line.log(800, MONDAY, truths=True)
    found = line.estimate(reference, line.log(400))
    value, low, high = told(found)
    assert value == pytest.approx(6 / 7, abs=0.06)
    assert low < 6 / 7 < high
    assert high - low < 0.2
    assert (found.n, found.judged, found.failed) == (400, None, False)
    assert found.usual == pytest.approx(6 / 7, abs=0.04)
    assert found.note.startswith(
        "Learned from 800 answers of version 'v1' of the reference with a truth, of "
    )
    assert harm_of({"estimated_accuracy": found}).startswith("estimated accuracy is ")
    assert "interval: " in harm_of({"estimated_accuracy": found})


def test_less_sure_answers_are_estimated_lower(line: Line) -> None:
    reference = line.log(800, MONDAY, truths=True)
    usual = line.estimate(reference, line.log(400))
    less = line.estimate(reference, line.log(400, less_sure=0.02))
    assert told(less)[0] < told(usual)[0]


def test_far_less_sure_answers_cannot_be_told(line: Line) -> None:
    reference = line.log(800, MONDAY, truths=True)
    found = line.estimate(reference, line.log(400, less_sure=0.4))
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 400)
    assert found.note.startswith("Cannot tell: scores like these go with any accuracy from ")
    assert harm_of({"estimated_accuracy": found}).startswith(
        "not known: no truth and no feedback has come for these records, and scores do not tell: scores like "
    )


def test_only_answers_of_one_version_count(line: Line) -> None:
    old = line.log(300, MONDAY, truths=True, version="v1")
    found = line.estimate(old, line.log(100, version="v2"))
    assert found.note == (
        "Cannot tell: 0 answers of version 'v2' in the reference have a truth and a score; 100 are needed."
    )
    new = line.log(200, MONDAY + timedelta(days=1), truths=True, version="v2")
    mixed = both(line.log(60, version="v2"), line.log(40, version="v1"))
    found = line.estimate(both(old, new), mixed)
    assert found.n == 60
    assert found.note.startswith("Learned from 200 answers of version 'v2'")


def test_a_segment_is_held_against_its_own_answers_where_there_are_enough(line: Line) -> None:
    good = line.log(400, MONDAY, truths=True, camera="1")
    bad = line.log(400, MONDAY + timedelta(days=1), truths=True, camera="2", right=0.7)
    today = line.log(300, camera="2")
    whole = line.estimate(both(good, bad), today)
    own = line.estimate(both(good, bad), today, tag="camera", value="2")
    assert "Learned from 800 answers" in whole.note
    assert own.usual is None or own.usual == pytest.approx(0.7 * 6 / 7, abs=0.06)
    other = line.estimate(both(good, bad), today, tag="camera", value="3")
    assert other.usual == whole.usual


def test_records_of_the_window_itself_teach_nothing(line: Line) -> None:
    today = line.log(300, truths=True)
    found = line.estimate(today, today)
    assert found == Observation(
        "estimated_accuracy", None, 0, note="No record of the reference has a score and a truth."
    )


def test_what_there_is_nothing_to_say_of(line: Line) -> None:
    reference = line.log(300, MONDAY, truths=True)
    scoreless = line.estimate(reference, line.log(50, scores=False))
    assert (scoreless.n, scoreless.note) == (0, "No record of the window has a score.")
    assert "no reference" in line.estimate(None, line.log(50)).note
    unlabelled = line.log(300, MONDAY, truths=False)
    assert line.estimate(unlabelled, line.log(50)).n == 0
    labelled_later = line.estimate(both(unlabelled, line.log(99, MONDAY, truths=True)), line.log(50))
    assert labelled_later.note.startswith("Cannot tell: 99 answers of version 'v1'")
    few = line.estimate(reference, line.log(20))
    assert few.note == "Cannot tell: the window has 20 answers with a score; 30 are needed."


def test_the_same_records_give_the_same_answer(line: Line) -> None:
    reference, today = line.log(300, MONDAY, truths=True), line.log(100)
    assert line.estimate(reference, today) == line.estimate(reference, today)


def test_boxes_are_not_estimated(database: Engine) -> None:
    with writing(database) as connection:
        model = create_model(connection, "boxes", task="detection", created=MONDAY, embedder="none")
        said = Detection((Box("cat", 0, 0, 5, 5, 0.8),))
        record = Record("a", "boxes", TODAY, prediction=said)
        write_records(connection, [NewRecord(model.key, record, bytes(32), TODAY)])
    found = Line(database, model).estimate(None, table(["a"], [TODAY], ["1"]))
    assert found.note == "Of boxes the accuracy is not estimated."
