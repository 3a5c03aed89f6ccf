"""Autoencoders of models, given as files: what they find in images, and when they count."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.services.grey_autoencoder import errors_of, grey_autoencoder
from tests.workflows.installation import NOW, add_model, log, picture, record

from driftwheel.errors import UsageError
from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.browse.describe_autoencoders import describe_autoencoders
from driftwheel.services.measure.autoencoder_in_use import autoencoder_in_use
from driftwheel.services.measure.backfill import backfill_records
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_autoencoder import check_autoencoder, remove_autoencoder, set_autoencoder
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import create_reference, set_reference_ready
from driftwheel.store.records.record_pages import RecordFilter
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord

USUAL = [picture(100 + i) for i in range(12)]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def refer(engine: Engine, model: Model) -> int:
    """Give a model a reference, which is not measured: nothing here looks into it."""
    with writing(engine) as connection:
        made = create_reference(
            connection, model.key, kind="folder", source={"images": "x"}, created=NOW, by="me"
        )
        set_reference_ready(connection, made.key, None)
    begin_watching(engine, made.key, now=NOW)
    return made.key


def found(engine: Engine, model: Model, name: str) -> StoredRecord:
    with reading(engine) as connection:
        row = find_record(connection, model.key, name)
    assert row is not None
    return row


def test_images_that_come_are_shown_to_it_and_those_before_when_measured_again(
    database: Engine, blobs: Blobs
) -> None:
    model = add_model(database, embedder="none")
    refer(database, model)
    images = {name: picture(i) for i, name in enumerate("abc")}
    log(database, blobs, model, [record("a", images["a"])])
    measurers = Measurers(blobs)
    assert measure_received(database, blobs, measurers, now=NOW, threads=1).measured == 1
    file = grey_autoencoder(USUAL)
    made = set_autoencoder(database, blobs, "m", file, by="me", now=NOW)
    log(database, blobs, model, [record(name, images[name]) for name in "bc"])
    assert measure_received(database, blobs, measurers, now=NOW, threads=1).measured == 2
    expected = dict(zip("abc", errors_of(file, list(images.values())), strict=True))
    assert found(database, model, "a").reconstruction_error is None
    for name in "bc":
        row = found(database, model, name)
        assert row.reconstruction_error == pytest.approx(expected[name], rel=1e-5)
        assert row.autoencoder == made.key
    blobs.delete(found(database, model, "c").image or b"")
    span = RecordFilter(model.key, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
    later = NOW + timedelta(hours=1)
    assert backfill_records(database, blobs, measurers, span, now=later, threads=1).measured == 2
    for name in "abc":  # of the image that is gone, what was found before stays
        assert found(database, model, name).reconstruction_error == pytest.approx(expected[name], rel=1e-5)


def test_it_belongs_to_the_reference_in_use(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, embedder="none")
    file = grey_autoencoder(USUAL, reference="last year")
    with pytest.raises(UsageError, match=r"no reference that is ready.*driftwheel reference set m --folder"):
        set_autoencoder(database, blobs, "m", file, by="me", now=NOW)
    reference = refer(database, model)
    made = set_autoencoder(database, blobs, "m", file, by="me", now=NOW)
    assert made.reference == reference
    with reading(database) as connection:
        (one,) = describe_autoencoders(connection, blobs, model.key)
    assert (one.in_use, one.is_earlier) == (True, False)
    assert one.facts is not None
    assert (one.facts.reference, len(one.facts.held_out_errors)) == ("last year", 12)
    refer(database, model)
    newer = set_autoencoder(database, blobs, "m", grey_autoencoder(USUAL[:9]), by="me", now=NOW)
    with reading(database) as connection:
        known = describe_autoencoders(connection, blobs, model.key)
    assert [(one.stored.key, one.in_use, one.is_earlier) for one in known] == [
        (newer.key, True, False),
        (made.key, False, True),
    ]
    remove_autoencoder(database, "m", by="me", now=NOW)
    with reading(database) as connection:
        assert describe_autoencoders(connection, blobs, model.key) == []
    with pytest.raises(UsageError, match="The model 'm' has no autoencoder"):
        remove_autoencoder(database, "m", by="me", now=NOW)


def test_its_monitor_comes_with_the_first_and_not_again(database: Engine, blobs: Blobs) -> None:
    model = add_model(database, window="hour")
    refer(database, model)

    def named() -> list[tuple[str, object]]:
        with reading(database) as connection:
            known = list_monitors(connection, model.key)
        return [(one.name, one.definition.get("breaches")) for one in known if one.name == "reconstruction"]

    assert named() == []
    set_autoencoder(database, blobs, "m", grey_autoencoder(USUAL), by="me", now=NOW)
    assert named() == [("reconstruction", 2)]
    with writing(database) as connection:
        connection.exec_driver_sql("DELETE FROM monitors WHERE name = 'reconstruction'")
    set_autoencoder(database, blobs, "m", grey_autoencoder(USUAL[:9]), by="me", now=NOW)
    assert named() == []


def test_what_is_no_autoencoder_is_refused(database: Engine, blobs: Blobs) -> None:
    refer(database, add_model(database))
    with pytest.raises(UsageError, match="no ONNX model, or damaged"):
        set_autoencoder(database, blobs, "m", b"not a network", by="me", now=NOW)
    with pytest.raises(UsageError, match="There is no model 'n'"):
        set_autoencoder(database, blobs, "n", grey_autoencoder(USUAL), by="me", now=NOW)


def test_operators_that_are_not_ours_are_refused_and_ours_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    file = grey_autoencoder(USUAL)
    onnx = pytest.importorskip("onnx")
    for operator, domain in (("Loop", ""), ("ConstantOfShape", ""), ("Relu", "theirs")):
        model = onnx.load_from_string(file)
        model.graph.node.append(onnx.helper.make_node(operator, ["logits"], ["more"], domain=domain))
        with pytest.raises(UsageError, match="no autoencoder of Driftwheel's"):
            check_autoencoder(model.SerializeToString())
    wide = onnx.load_from_string(file)
    (conv,) = (node for node in wide.graph.node if node.op_type == "Conv")
    (pads,) = (one for one in conv.attribute if one.name == "pads")
    pads.ints[:] = [1 << 20] * 4
    with pytest.raises(UsageError, match=r"This autoencoder cannot be (used|opened)"):
        check_autoencoder(wide.SerializeToString())
    monkeypatch.setattr("driftwheel.services.models.try_file._SECONDS", -1.0)
    with pytest.raises(UsageError, match="took longer than -1 seconds"):
        check_autoencoder(file)


def test_nothing_waits_for_one_that_is_lost(
    database: Engine, blobs: Blobs, caplog: pytest.LogCaptureFixture
) -> None:
    model = add_model(database, embedder="none")
    refer(database, model)
    made = set_autoencoder(database, blobs, "m", grey_autoencoder(USUAL[:7]), by="me", now=NOW)
    blobs.delete(made.artifact or b"")
    log(database, blobs, model, [record("a", picture(1))])
    with caplog.at_level(logging.WARNING, "driftwheel.worker"):
        assert measure_received(database, blobs, Measurers(blobs), now=NOW, threads=1).measured == 1
    assert found(database, model, "a").reconstruction_error is None
    with reading(database) as connection:
        assert autoencoder_in_use(connection, blobs, model.key) is None
    assert caplog.text.count("is not used") == 1
