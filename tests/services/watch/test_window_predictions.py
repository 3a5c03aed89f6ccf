"""The summary of predictions in windows: what it counts, and that it outlives the records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.workflows.installation import NOW, add_model, log, some_records

from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.profiles.prediction_summary import (
    PredictionSummary,
    latency_quantile,
    mean_confidence,
    predictions_from_bytes,
    predictions_to_bytes,
    summarise_predictions,
)
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.operate.apply_retention import archive_old_records
from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.windows.window_predictions import archived_predictions, past_predictions, predictions_of
from driftwheel.store.windows.windows import find_window, list_windows


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def said(i: int, **what: object) -> Record:
    return replace(Record(f"r{i}", "m", NOW + timedelta(minutes=i)), **what)  # type: ignore[arg-type]


def tell(engine: Engine, blobs: Blobs, model: Model, records: list[Record]) -> None:
    log(engine, blobs, model, [(one, None) for one in records])


def summary_of(engine: Engine, model: Model, tag: str = "", value: str = "") -> PredictionSummary:
    with reading(engine) as connection:
        window = find_window(connection, model.key, NOW, tag=tag, value=value)
        assert window is not None
        found = predictions_of(connection, window.key)
    assert found is not None
    return predictions_from_bytes(found)


def test_what_is_counted(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, segment_tags=["camera"])
    cat = Classification("cat", {"cat": 0.75, "dog": 0.25})
    boxes = Detection((Box("cat", 1, 2, 3, 4, 0.5), Box("dog", 1, 2, 3, 4)))
    told = [
        said(0, prediction=cat, latency=0.1, tags={"camera": "1"}),
        said(1, prediction=Classification("dog"), tags={"camera": "2", "site": "a"}),
        said(2, prediction=boxes, latency=2.0, tags={"camera": "1"}),
        said(3, prediction=Detection(())),
        said(4, error="out of memory", tags={"site": "a"}),
    ]
    tell(database, blobs, model, told)
    summarise_windows(database, now=NOW)
    whole = summary_of(database, model)
    assert (whole.records, whole.images, whole.errors, whole.predictions) == (5, 0, 1, 4)
    assert whole.classes.each == {"cat": 1, "dog": 1}
    assert whole.boxes.each == {"cat": 1, "dog": 1}
    assert (whole.missing("camera"), whole.missing("site"), whole.missing("line")) == (2, 3, 5)
    assert mean_confidence(whole) == (0.75 + 0.5) / 2
    assert latency_quantile(whole, 0.95) == pytest.approx(2.0, rel=0.02)
    first = summary_of(database, model, "camera", "1")
    assert (first.records, first.predictions, first.classes.each) == (2, 2, {"cat": 1})
    with reading(database) as connection:
        (segment, again) = (
            past_predictions(
                connection, model.key, NOW + timedelta(hours=1), tag="camera", value="1", newest=5
            ),
            past_predictions(connection, model.key, NOW, tag="", value="", newest=5),
        )
    assert list(segment) == [NOW]
    assert again == {}


def test_images_are_counted_once_they_are_measured(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    log(database, blobs, model, some_records(8))
    summarise_windows(database, now=NOW)
    assert summary_of(database, model).images == 0
    while measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1).taken:
        pass
    summarise_windows(database, now=NOW)
    with reading(database) as connection:
        window = find_window(connection, model.key, NOW)
    assert window is not None
    assert summary_of(database, model).images == window.records + window.rejected == 7


def test_it_outlives_the_records(database: Engine, blobs: Blobs) -> None:
    """Deleted in several steps, with late records in between, each window tells of all it ever held."""
    model = add_model(database, embedder="none", retention_days=30)
    log(database, blobs, model, some_records(40))
    while measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1).taken:
        pass
    summarise_windows(database, now=NOW)
    before = everywhere(database, model)
    later = NOW + timedelta(days=40)
    assert archive_old_records(database, model, now=later, limit=13).records == 13
    late = Record("late", "m", NOW, tags={"camera": "1"}, prediction=Classification("dog", {"dog": 0.5}))
    tell(database, blobs, model, [late])
    while archive_old_records(database, model, now=later, limit=13).records:
        pass
    summarise_windows(database, now=later)
    after = everywhere(database, model)
    for place, packed in before.items():
        one, other = predictions_from_bytes(packed), predictions_from_bytes(after[place])
        more = place[1:] in {("", ""), ("camera", "1")} and place[0] == NOW
        assert other.records == one.records + more
        assert other.classes.each.get("dog", 0) == more
        assert more or after[place] == packed
    with reading(database) as connection:
        for window in list_windows(connection, model.key):
            kept = archived_predictions(connection, window.key)
            assert kept == predictions_of(connection, window.key)


def everywhere(engine: Engine, model: Model) -> dict[tuple[object, str, str], bytes]:
    with reading(engine) as connection:
        return {
            (one.start, one.tag, one.value): predictions_of(connection, one.key) or b""
            for one in list_windows(connection, model.key)
        }


def test_the_order_they_came_in_does_not_matter(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    told = [
        said(i, prediction=Classification("ab"[i % 2], {"a": 0.1 * (i % 10), "b": 0.3}), latency=0.01 * i)
        for i in range(30)
    ]
    tell(database, blobs, model, told[::2])
    summarise_windows(database, now=NOW)
    tell(database, blobs, model, told[::-1])
    summarise_windows(database, now=NOW)
    at_once = summarise_predictions(
        records=30,
        predictions=30,
        classes=["ab"[i % 2] for i in range(30)],
        scores=[0.3 if i % 2 else 0.1 * (i % 10) for i in range(30)],
        latencies=[0.01 * i for i in range(30)],
    )
    assert predictions_to_bytes(summary_of(database, model)) == predictions_to_bytes(at_once)
