"""Logged scores in the judgement of a window: put beside the images, held against the reference's records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from driftwheel.formats.prediction_json import prediction_to_json
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.records import Records
from driftwheel.services.alert.judged import Judged
from driftwheel.services.measure.packed_records import pack_hash, pack_properties
from driftwheel.services.models.set_reference import (
    Range,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.services.watch.judge_window import judge_window
from driftwheel.services.watch.known_references import KnownReferences
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.services.watch.window_scores import with_logged_scores
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.records.logged_answers import pack_answers
from driftwheel.store.records.records import Measurement, NewRecord, set_measured
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.tables import records
from driftwheel.store.windows.windows import find_window, mark_stale

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CLASSES = ("cat", "dog", "owl")


def table(names: list[str]) -> Records:
    return Records(tuple(names), np.zeros((len(names), 1), np.float32), ("brightness",))


Said = tuple[str, str, Mapping[str, Any]]


def answers(names: list[str], scores=None, version: str = "v1", label: str = "cat") -> list[Said]:
    said = {"cat": 0.7, "dog": 0.3} if scores is None else scores
    return [(name, version, prediction_to_json(Classification(label, said))) for name in names]


def named(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i:03}" for i in range(n)]


def put_together(usual: list[Said], current: list[Said], n=40) -> tuple[Records, Records]:
    both = pack_answers(usual), pack_answers(current)
    return with_logged_scores(table(named("r", n)), table(named("c", n)), *both)


def test_scores_stand_beside_the_images_they_are_of_and_a_class_without_one_has_0() -> None:
    usual = answers(named("r", 30)) + answers(["r030"], {"owl": 0.4, "cat": 0.5})
    left, right = put_together(usual, answers(named("c", 25)))
    assert left.classes == right.classes == CLASSES
    assert left.scores is not None
    assert right.scores is not None
    assert left.scores[30] == pytest.approx([0.5, 0.0, 0.4])
    assert np.isnan(left.scores[31:]).all()
    assert right.scores[0] == pytest.approx([0.7, 0.3, 0.0])
    assert (~np.isnan(right.scores).any(axis=1)).sum() == 25


def test_only_the_version_that_answers_most_in_the_window_counts() -> None:
    usual = answers(named("r", 25), version="v2") + answers(named("r", 40)[25:], version="v1")
    current = answers(named("c", 30), version="v2") + answers(named("c", 40)[30:], version="v1")
    left, right = put_together(usual, current)
    assert left.scores is not None
    assert right.scores is not None
    assert np.isnan(left.scores[25:]).all()
    assert np.isnan(right.scores[30:]).all()


def test_classes_without_scores_are_one_and_nothing() -> None:
    usual = answers(named("r", 20), {}) + answers(named("r", 40)[20:], {}, label="dog")
    left, right = put_together(usual, answers(named("c", 30), {}))
    assert left.scores is not None
    assert right.scores is not None
    assert left.classes == ("cat", "dog")
    assert left.scores[[0, 39]].tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("usual", "current"),
    [
        (answers(named("r", 19)), answers(named("c", 40))),
        (answers(named("r", 40)), answers(named("c", 19))),
        (answers(named("r", 40), version="old"), answers(named("c", 40))),
        (answers(named("r", 40), {}), answers(named("c", 40), {})),  # one class only
        ([], []),
    ],
)
def test_too_little_to_compare_leaves_both_as_they_are(usual, current) -> None:
    left, right = put_together(usual, current)
    assert (left.scores, right.scores) == (None, None)


def test_boxes_are_no_scores() -> None:
    one = prediction_to_json(Detection((Box("cat", 0, 0, 1, 1, 0.9),)))
    boxes = [(name, "v1", one) for name in named("c", 40)]
    assert put_together(answers(named("r", 40)), boxes)[1].scores is None


@dataclass
class Line:
    """A model with measured records whose properties never change."""

    engine: Engine
    blobs: Blobs
    model: Model
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def log(self, day: int, n: int, prior=(0.4, 0.3, 0.3), *, darker: float = 0.0) -> None:
        """Log a day of answers right nine times in ten; darker images are, and make the model less sure."""
        start = MONDAY + timedelta(days=day)
        new, values = [], {}
        for i in range(n):
            name = f"{day}-{i}"
            truth = int(self.rng.choice(3, p=prior))
            logits = (4 - darker) * np.eye(3)[truth] + 1.6 * self.rng.normal(size=3)
            scores = np.exp(logits) / np.exp(logits).sum()
            said = Classification(
                CLASSES[int(scores.argmax())], dict(zip(CLASSES, scores.tolist(), strict=True))
            )
            digest = hashlib.sha256(name.encode()).digest()
            record = Record(
                name, "m", start + timedelta(seconds=i), "v1", image=digest.hex(), prediction=said
            )
            new.append(NewRecord(self.model.key, record, digest, start))
            row = np.full(len(PROPERTY_NAMES), np.nan, np.float32)
            row[PROPERTY_NAMES.index("brightness")] = 120 + 10 * (self.rng.normal() - darker + truth)
            row[PROPERTY_NAMES.index("contrast")] = 50 + 5 * self.rng.normal()
            values[name] = row
        with writing(self.engine) as connection:
            write_records(connection, new)
            keys = connection.execute(select(records.c.key, records.c.id).where(records.c.id.in_(values)))
            found = [
                Measurement(
                    key,
                    pack_properties(values[name]),
                    None,
                    width=8,
                    height=8,
                    hash=pack_hash(int(self.rng.integers(2**63))),
                )
                for key, name in keys
            ]
            set_measured(connection, found)
            mark_stale(connection, self.model.key, "day", [start], [{}], [])
        summarise_windows(self.engine, now=start)

    def refer_to(self, first: int, last: int) -> None:
        span = Range(MONDAY + timedelta(days=first), MONDAY + timedelta(days=last))
        row = set_reference(self.engine, "m", span, by="me", now=MONDAY)
        artifact = measure_reference_row(self.engine, self.blobs, row.key, now=MONDAY)
        assert artifact is not None
        finish_reference(self.engine, self.blobs, row.key, artifact)

    def judge(self, day: int) -> Judged:
        with reading(self.engine) as connection:
            window = find_window(connection, self.model.key, MONDAY + timedelta(days=day))
        assert window is not None
        return judge_window(self.engine, KnownReferences(self.blobs), self.model, window)


@pytest.fixture
def line(database: Engine, tmp_path: Path) -> Line:
    with writing(database) as connection:
        model = create_model(connection, "m", task="classification", created=MONDAY, embedder="none")
    return Line(database, Blobs.open(str(tmp_path / "blobs")), model)


def test_a_window_is_judged_by_the_scores_logged_with_it(line: Line) -> None:
    line.log(0, 400)
    line.refer_to(0, 1)
    line.log(1, 100)
    line.log(2, 150, (0.1, 0.1, 0.8))
    line.log(3, 150, darker=1.5)
    usual, content, darker = (line.judge(day) for day in (1, 2, 3))
    assert usual.answer == "no_drift"
    assert usual.document is not None
    assert usual.document["scores"]["n_current"] == 100
    assert usual.document["scores"]["n_reference"] == 400
    assert usual.document["scores"]["drifted"] is False
    assert (content.answer, content.kind) == ("drift", "content")
    assert content.document is not None
    assert content.document["scores"]["drifted"] is True
    first = content.document["scores"]["classes"][0]
    assert (first["name"], first["current"] > 2 * first["reference"] * 150 / 400) == ("owl", True)
    assert (darker.answer, darker.kind) == ("drift", "appearance")
