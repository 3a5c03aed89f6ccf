"""Signals beside the windows before: steady days are usual, what stands out is found, on both databases."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from driftwheel.monitors.observation import Observation
from driftwheel.predictions import Box, Classification, Detection, Feedback, Record
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.feedback import add_feedback
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.truths import NewTruth, put_truths
from driftwheel.store.records.writer import write_records
from driftwheel.store.windows.verdicts import list_verdicts, put_verdict
from driftwheel.store.windows.windows import find_window

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
N = 120


@dataclass
class Days:
    """A model without images, and its days; each is judged and its verdict kept, as a worker does."""

    engine: Engine
    blobs: Blobs
    model: Model
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    day: int = 0

    def log(  # noqa: PLR0917
        self,
        n: int = N,
        cats: float = 0.5,
        confidence: float = 0.9,
        latency: float = 0.05,
        errors: float = 0.01,
        tagged: float = 1.0,
        right: float = 0.95,
        wrong: float = 0.02,
    ) -> dict[str, Observation]:
        """Log a day like this, and return what is observed of it."""
        start = MONDAY + timedelta(days=self.day)
        rows, truths, complaints = [], [], []
        n = int(self.rng.normal(n, 0.03 * n))
        for i in range(n):
            name = f"{self.day}-{i}"
            label, other = ("cat", "dog") if self.rng.random() < cats else ("dog", "cat")
            score = float(np.clip(self.rng.normal(confidence, 0.03), 0, 1))
            failed = self.rng.random() < errors
            record = Record(
                name,
                "m",
                start + timedelta(seconds=700 * i),
                tags={"camera": "1"} if self.rng.random() < tagged else {},
                prediction=None if failed else Classification(label, {label: score}),
                latency=float(latency * self.rng.lognormal(0, 0.3)),
                error="no memory" if failed else None,
            )
            rows.append(NewRecord(self.model.key, record, hashlib.sha256(name.encode()).digest(), start))
            if i % 2 == 0:
                truths.append(NewTruth(name, Classification(label if self.rng.random() < right else other)))
            if self.rng.random() < wrong:
                complaints += [Feedback(name, True, note=note) for note in ("no", "really not")]
        with writing(self.engine) as connection:
            write_records(connection, rows)
            put_truths(connection, self.model.key, truths, received=start, by="me")
            add_feedback(connection, self.model.key, complaints, received=start, by="me")
        summarise_windows(self.engine, now=start)
        self.day += 1
        return self.judge(start)

    def judge(self, start: datetime) -> dict[str, Observation]:
        with reading(self.engine) as connection:
            window = find_window(connection, self.model.key, start)
        assert window is not None
        judged = judge_window(self.engine, KnownReferences(self.blobs), self.model, window)
        with writing(self.engine) as connection:
            put_verdict(connection, judged.as_verdict(window, window.end))
        return dict(judged.observations)


def some_days(engine: Engine, folder: Path, task: str = "classification") -> Days:
    with writing(engine) as connection:
        model = create_model(
            connection,
            "m",
            task=task,
            created=MONDAY,
            segment_tags=["camera"],
            embedder="none",  # type: ignore[arg-type]
        )
    return Days(engine, Blobs.open(str(folder)), model)


def unusual(found: dict[str, Observation]) -> set[str]:
    return {name for name, one in found.items() if one.judged}


def test_what_stands_out_is_found_and_nothing_else(database: Engine, tmp_path: Path) -> None:
    days = some_days(database, tmp_path)
    for number in range(14):
        found = days.log()
        assert unusual(found) == set(), number
    assert found["records"].usual == pytest.approx(N, rel=0.05)
    assert found["confidence"].value == pytest.approx(0.9, abs=0.01)
    assert found["accuracy"].value == pytest.approx(0.95, abs=0.08)
    assert found["accuracy"].n == pytest.approx(N / 2, rel=0.1)
    assert found["latency_p95"].value == pytest.approx(0.05 * np.exp(0.3 * 1.645), rel=0.15)
    assert found["feedback_share"].value == pytest.approx(0.02, abs=0.03)
    assert found["drift"].value is None
    assert {name for name, one in found.items() if one.judged is False} == {
        *("records", "confidence", "accuracy", "latency_p95", "feedback_share", "error_share"),
        *("missing_tags_share", "prediction_mix"),
    }
    for signal, said in (
        ("prediction_mix", {"cats": 0.95}),
        ("confidence", {"confidence": 0.6}),
        ("latency_p95", {"latency": 0.5}),
        ("error_share", {"errors": 0.3}),
        ("missing_tags_share", {"tagged": 0.5}),
        ("accuracy", {"right": 0.3}),
        ("feedback_share", {"wrong": 0.4}),
        ("records", {"n": 8}),
    ):
        found = days.log(**said)  # type: ignore[arg-type]
        assert signal in unusual(found), signal
        assert unusual(found) <= {signal, "accuracy"} | ({"latency_p95"} if signal == "records" else set())
        one = found[signal]
        assert one.usual is not None
        assert one.p_value is not None
        assert unusual(days.log()) == set()  # and the day after is a day as any other


def test_a_fault_that_lasts_does_not_become_usual(database: Engine, tmp_path: Path) -> None:
    days = some_days(database, tmp_path)
    for _ in range(12):
        days.log()
    for number in range(8):
        assert "error_share" in unusual(days.log(errors=0.4)), number
    assert "error_share" not in unusual(days.log())


def test_another_way_of_working_becomes_usual(database: Engine, tmp_path: Path) -> None:
    days = some_days(database, tmp_path)
    for _ in range(6):
        days.log()
    answers = ["confidence" in unusual(days.log(confidence=0.7)) for _ in range(12)]
    assert answers[0]
    assert not answers[-1]


def test_a_day_that_is_judged_again_is_not_held_against_itself(database: Engine, tmp_path: Path) -> None:
    days = some_days(database, tmp_path)
    for _ in range(8):
        days.log()
    first = days.log(errors=0.4)
    again = days.judge(MONDAY + timedelta(days=8))
    assert again == first
    days.log()
    assert days.judge(MONDAY + timedelta(days=8)) == first
    with reading(database) as connection:
        assert len(list_verdicts(connection, days.model.key)) == 10


def test_boxes(database: Engine, tmp_path: Path) -> None:
    days = some_days(database, tmp_path, "detection")
    said = Detection((Box("cat", 0, 0, 5, 5, 0.8), Box("dog", 0, 0, 5, 5, 0.6)))
    record = Record("a", "m", MONDAY, prediction=said, tags={"camera": "1"})
    with writing(database) as connection:
        write_records(connection, [NewRecord(days.model.key, record, bytes(32), MONDAY)])
        put_truths(connection, days.model.key, [NewTruth("a", said)], received=MONDAY, by="me")
    summarise_windows(database, now=MONDAY)
    found = days.judge(MONDAY)
    assert found["confidence"].value == pytest.approx(0.7)
    assert found["prediction_mix"].n == 2
    assert (found["accuracy"].value, found["accuracy"].n) == (None, 0)
    assert "boxes" in found["accuracy"].note
    assert found["silence"].value == 86400.0
