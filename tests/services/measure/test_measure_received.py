from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from tests.workflows.installation import NOW, add_model, log, picture, record

from driftwheel.images.properties import PROPERTY_NAMES, measure
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.services.measure.embedding_space import fixed_space
from driftwheel.services.measure.measure_blobs import CRASHED, MeasuredBlob, WantedBlob, measure_blobs
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measure_records import LOST
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.measure.packed_records import unpack_properties
from driftwheel.services.models.set_reference import (
    Folder,
    finish_reference,
    measure_reference_row,
    set_reference,
)
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.records import find_record, next_received
from driftwheel.store.schema.record_state import RecordState


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def test_a_record_gets_what_the_library_measures(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    image = picture(3)
    log(database, blobs, model, [record("a", image)])
    burst = measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1)
    assert (burst.taken, burst.measured, burst.rejected) == (1, 1, 0)
    with reading(database) as connection:
        row = find_record(connection, model.key, "a")
    assert row is not None
    measured = measure(image)
    values = unpack_properties(row.properties or b"")
    np.testing.assert_array_equal(values, measured.values)
    assert np.isnan(values[PROPERTY_NAMES.index("near_duplicate")])
    assert (row.width, row.height, row.state) == (80, 60, RecordState.MEASURED)
    assert row.hash == measured.hash64.to_bytes(8, "big")
    gist = load_embedder("gist")
    assert gist is not None
    space = fixed_space(gist)
    placed = space.place(gist.embed(gist.prepare(measured.pixels)[None]))
    assert (row.embedding, row.space) == (placed[0].tobytes(), space.name)
    assert row.outlier_p is None


def test_damaged_images_are_rejected_with_their_reason(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    good = picture(1)
    log(database, blobs, model, [record("cut", good[:200]), record("good", good), record("empty", b"")])
    burst = measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1)
    assert (burst.measured, burst.rejected) == (1, 2)
    with reading(database) as connection:
        cut = find_record(connection, model.key, "cut")
        empty = find_record(connection, model.key, "empty")
        good_row = find_record(connection, model.key, "good")
        assert not next_received(connection, 0, 10)
    assert cut is not None
    assert empty is not None
    assert good_row is not None
    assert (cut.state, empty.state) == (RecordState.REJECTED, RecordState.REJECTED)
    assert cut.reason
    assert empty.reason
    assert good_row.embedding is None


def test_an_image_that_is_away_is_waited_for_and_then_lost(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    log(database, blobs, model, [record("a", picture(1))])
    (digest,) = blobs.walk()
    blobs.delete(digest)
    early = measure_received(database, blobs, Measurers(blobs), now=NOW + timedelta(minutes=9), threads=1)
    assert (early.taken, early.measured, early.rejected) == (1, 0, 0)
    late = measure_received(database, blobs, Measurers(blobs), now=NOW + timedelta(minutes=11), threads=1)
    assert late.rejected == 1
    with reading(database) as connection:
        row = find_record(connection, model.key, "a")
    assert row is not None
    assert row.reason == LOST


def test_outliers_stand_out_beside_the_reference(database: Engine, blobs: Blobs, tmp_path: Path) -> None:
    model = add_model(database)
    folder = tmp_path / "reference"
    folder.mkdir()
    for i in range(120):
        (folder / f"{i}.png").write_bytes(picture(i))
    reference = set_reference(database, "m", Folder(str(folder)), by="me", now=NOW)
    artifact = measure_reference_row(database, blobs, reference.key, now=NOW, threads=1)
    assert artifact is not None
    assert finish_reference(database, blobs, reference.key, artifact)
    usual = [record(f"usual{i}", picture(1000 + i)) for i in range(20)]
    odd = [record(f"odd{i}", picture(2000 + i, (200, 30))) for i in range(3)]
    log(database, blobs, model, usual + odd)
    measurers = Measurers(blobs)
    assert measure_received(database, blobs, measurers, now=NOW, limit=7, threads=1).measured == 7
    measure_received(database, blobs, measurers, now=NOW, threads=1)
    with reading(database) as connection:
        found = {one.id: find_record(connection, model.key, one.id) for one, _ in usual + odd}
    p = {name: row.outlier_p for name, row in found.items() if row is not None}
    assert all(value is not None for value in p.values())
    assert max(p[f"odd{i}"] or 0.0 for i in range(3)) < 0.02
    assert float(np.median([p[f"usual{i}"] or 0.0 for i in range(20)])) > 0.2
    spaces = {row.space for row in found.values() if row is not None}
    assert spaces == {fixed_space(load_embedder("gist")).name}  # type: ignore[arg-type]


def test_records_of_a_model_that_cannot_be_measured_do_not_hold_up_others(
    database: Engine, blobs: Blobs, caplog: pytest.LogCaptureFixture
) -> None:
    model = add_model(database, embedder="none")
    log(database, blobs, model, [record("a", picture(1))])
    with writing(database) as connection:
        connection.exec_driver_sql("UPDATE models SET embedder = 'gone.onnx'")
    burst = measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1)
    assert (burst.taken, burst.measured, burst.last_key) == (1, 0, 1)
    assert "gone.onnx" in caplog.text


def test_an_image_that_ends_its_process_harms_no_other(blobs: Blobs) -> None:
    def deadly(pixels: np.ndarray) -> np.ndarray:
        """Stand for a decoder that brings its process down over one image."""
        if pixels.shape[0] == 61:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.zeros(1, np.float32)

    images = [picture(i, (61, 40) if i == 5 else (40, 60)) for i in range(12)]
    digests = [*(blobs.put(image) for image in images), bytes(32)]
    wanted = [WantedBlob(digest, deadly) for digest in digests]
    found = measure_blobs(blobs, wanted, threads=2)
    assert found[5] == CRASHED
    assert found[12] is None
    assert all(isinstance(one, MeasuredBlob) for i, one in enumerate(found) if i not in {5, 12})
