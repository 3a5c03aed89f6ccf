"""Records are kept once, whole, and in the order of the promise; what cannot be kept is refused by name."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import Engine, func, select

from driftwheel.errors import QueueFullError, StorageFullError, UsageError
from driftwheel.predictions import Box, Classification, Detection, Record
from driftwheel.services.ingest.ingest_records import Incoming, Ingest, Result
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model, delete_model, find_model
from driftwheel.store.records.records import find_record
from driftwheel.store.records.writer import RecordWriter
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records
from driftwheel.store.windows.windows import list_windows

NOW = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
CAT = Record("r1", "cats", NOW, tags={"camera": "1"}, prediction=Classification("cat", {"cat": 0.75}))


@dataclass(frozen=True)
class Bounds:
    """Small enough to be reached."""

    max_image_bytes: int = 10_000
    max_image_pixels: int = 5_000
    max_batch_records: int = 100
    queue_records: int = 200
    disk_reserve_bytes: int = 0


def png(number: int = 0, size: tuple[int, int] = (40, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (number % 256, number // 256, 7)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


@pytest.fixture
def engine(database: Engine) -> Engine:
    with writing(database) as connection:
        create_model(connection, "cats", task="classification", created=NOW, segment_tags=["camera"])
        create_model(connection, "cars", task="detection", created=NOW, window="hour")
    return database


@pytest.fixture
def writer(engine: Engine) -> Iterator[RecordWriter]:
    with RecordWriter(engine, most_waiting=1000) as writer:
        yield writer


@pytest.fixture
def service(engine: Engine, blobs: Blobs, writer: RecordWriter) -> Ingest:
    return Ingest(engine, blobs, writer, Bounds())


def one(service: Ingest, record: Record, image: bytes | None = None, received: datetime = NOW) -> Result:
    (result,) = service.ingest([Incoming(record, image)], received=received)
    return result


def count(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(records)).scalar_one()


def test_a_record_is_kept_as_it_was_told(service: Ingest, engine: Engine) -> None:
    told = replace(CAT, model_version="2", width=640, height=480, latency=0.01, error="slow")
    assert one(service, told) == Result("r1", "accepted")
    with reading(engine) as connection:
        kept = find_record(connection, find_model(connection, "cats").key, "r1")
    assert kept is not None
    assert (kept.time, kept.received, kept.tags, kept.prediction) == (NOW, NOW, told.tags, told.prediction)
    assert (kept.model_version, kept.width, kept.height, kept.latency) == ("2", 640, 480, 0.01)
    assert (kept.state, kept.image, kept.error) == (RecordState.NO_IMAGE, None, "slow")


def test_an_image_is_kept_and_its_record_waits_to_be_measured(
    service: Ingest, engine: Engine, blobs: Blobs
) -> None:
    image = png()
    assert one(service, replace(CAT, width=1, height=1), image).outcome == "accepted"
    with reading(engine) as connection:
        kept = find_record(connection, find_model(connection, "cats").key, "r1")
    assert kept is not None
    assert kept.image == hashlib.sha256(image).digest()
    assert (kept.width, kept.height, kept.state) == (40, 30, RecordState.RECEIVED)  # as the image says
    assert blobs.get(kept.image) == image


def test_the_windows_of_what_was_accepted_are_out_of_date(service: Ingest, engine: Engine) -> None:
    one(service, CAT)
    with reading(engine) as connection:
        windows = list_windows(connection, find_model(connection, "cats").key)
    assert {(window.tag, window.value, window.stale) for window in windows} == {
        ("", "", True),
        ("camera", "1", True),
    }


def test_ten_times_the_same_is_once(service: Ingest, engine: Engine) -> None:
    for image in (None, png()):
        told = replace(CAT, id="a" if image else "c")
        assert [one(service, told, image).outcome for _ in range(10)] == ["accepted"] + 9 * ["duplicate"]
        again = service.ingest([Incoming(replace(told, id=f"{told.id}b"), image)] * 10, received=NOW)
        assert [result.outcome for result in again] == ["accepted"] + 9 * ["duplicate"]
    assert count(engine) == 4


@pytest.mark.parametrize(
    ("other", "image"),
    [
        (replace(CAT, tags={}), None),
        (replace(CAT, time=NOW + timedelta(microseconds=1)), None),
        (CAT, png()),
    ],
)
def test_other_content_under_the_same_id_is_a_conflict_and_the_first_stays(
    service: Ingest, engine: Engine, other: Record, image: bytes | None
) -> None:
    one(service, CAT)
    result = one(service, other, image)
    assert result.outcome == "conflict"
    assert result.reason is not None
    assert "give each record an id of its own" in result.reason
    with reading(engine) as connection:
        kept = find_record(connection, find_model(connection, "cats").key, "r1")
    assert kept is not None
    assert (kept.tags, kept.time, kept.image) == (CAT.tags, NOW, None)


def test_another_image_is_a_conflict(service: Ingest) -> None:
    assert one(service, CAT, png(1)).outcome == "accepted"
    assert one(service, CAT, png(2)).outcome == "conflict"
    assert one(service, CAT, png(1)).outcome == "duplicate"


def test_ids_are_those_of_one_model(service: Ingest) -> None:
    assert one(service, CAT).outcome == "accepted"
    assert one(service, replace(CAT, model="cars", prediction=Detection())).outcome == "accepted"


def test_each_record_of_a_call_has_its_own_result_in_its_place(service: Ingest, engine: Engine) -> None:
    results = service.ingest(
        [
            Incoming(replace(CAT, id="a")),
            Incoming(replace(CAT, id="b"), b"<svg"),
            Incoming(replace(CAT, id="c"), png()),
            Incoming(replace(CAT, id="a")),
            Incoming(replace(CAT, id="a", tags={})),
            Incoming(replace(CAT, id="d", model="cat")),
            Incoming(replace(CAT, id="e")),
        ],
        received=NOW,
    )
    assert [(result.id, result.outcome) for result in results] == [
        ("a", "accepted"),
        ("b", "rejected"),
        ("c", "accepted"),
        ("a", "duplicate"),
        ("a", "conflict"),
        ("d", "rejected"),
        ("e", "accepted"),
    ]
    assert results[1].reason == "unsupported: SVG, HTML or PDF"
    assert results[5].reason is not None
    assert "Did you mean 'cats'?" in results[5].reason
    assert count(engine) == 3


BAD = {
    "id is empty": replace(CAT, id=""),
    "129 characters": replace(CAT, id="x" * 129),
    "NUL": replace(CAT, id="a\0b"),
    "no Unicode": replace(CAT, id="\ud800"),
    "holds the character NUL": replace(CAT, tags={"a\0": "b"}),
    "half a surrogate": replace(CAT, tags={"a": "\udfff"}),
    "empty name": replace(CAT, tags={"": "b"}),
    "65 tags": replace(CAT, tags={str(number): "" for number in range(65)}),
    "257 characters": replace(CAT, tags={"a": "b" * 257}),
    "The model version has 200": replace(CAT, model_version="2" * 200),
    "no time zone": replace(CAT, time=NOW.replace(tzinfo=None)),
    "25.0 h in the future, more than 25 h": replace(CAT, time=NOW + timedelta(hours=25, microseconds=1)),
    "too early; give one of 1900": replace(CAT, time=datetime(1899, 12, 31, 23, tzinfo=UTC)),
    "The latency is -1 s": replace(CAT, latency=-1),
    "The latency is nan s": replace(CAT, latency=float("nan")),
    "The width is 0 pixels": replace(CAT, width=0),
    "The height is 2147483648 pixels": replace(CAT, height=2**31),
    "the model's task is classification; give a class": replace(CAT, prediction=Detection()),
    "a class without a name": replace(CAT, prediction=Classification("")),
    "A class holds the character NUL": replace(CAT, prediction=Classification("a", {"b\0": 1})),
    "is detection; give boxes": replace(CAT, model="cars"),
    "There is no model 'Cats'. Did you mean 'cats'?": replace(CAT, model="Cats"),
    "The model's name holds the character NUL": replace(CAT, model="\0"),
    "names an image that was not sent": replace(CAT, image="ab" * 32),
    "The error has 10001 characters": replace(CAT, error="x" * 10_001),
    "10001 boxes": replace(
        CAT, model="cars", prediction=Detection(tuple(Box("a", 0, 0, 1, 1) for _ in range(10_001)))
    ),
}


def test_what_cannot_be_kept_is_rejected_and_says_why(service: Ingest, engine: Engine) -> None:
    results = {reason: one(service, record) for reason, record in BAD.items()}
    assert {result.outcome for result in results.values()} == {"rejected"}
    wrong = {said: result.reason for said, result in results.items() if said not in (result.reason or "")}
    assert wrong == {}
    for result in results.values():
        result.id.encode()  # it can be answered
    assert count(engine) == 0


def test_clocks_may_be_wrong_by_a_day_and_data_late_by_any_time(service: Ingest) -> None:
    for hours in (-1_000_000, -25, 0, 25):
        result = one(service, replace(CAT, id=str(hours), time=NOW + timedelta(hours=hours)))
        assert result.outcome == "accepted", hours


def test_a_time_in_another_zone_is_the_same_moment(service: Ingest) -> None:
    one(service, CAT)
    there = NOW.astimezone(timezone(timedelta(hours=-8)))
    assert one(service, replace(CAT, time=there)).outcome == "duplicate"


def test_an_image_that_is_none_is_rejected_with_its_record(
    service: Ingest, engine: Engine, blobs: Blobs
) -> None:
    for image, reason in (
        (b"", "empty"),
        (png()[:30], "truncated"),
        (b"hello", "not an image"),
        (bytes(10_001), "too many bytes"),
        (png(size=(100, 51)), "too many pixels"),
    ):
        assert one(service, CAT, image) == Result("r1", "rejected", reason)
    assert count(engine) == 0
    assert list(blobs.walk()) == []


def test_an_image_must_have_the_digest_that_was_told(service: Ingest) -> None:
    image = png()
    assert (
        one(service, replace(CAT, image=hashlib.sha256(image).hexdigest().upper()), image).outcome
        == "accepted"
    )
    assert one(service, CAT, image).outcome == "duplicate"
    result = one(service, replace(CAT, id="r2", image="ab" * 32), image)
    assert (result.outcome, result.reason is not None and "SHA-256" in result.reason) == ("rejected", True)


def test_records_without_images_are_handed_over_and_answered_once_kept(
    service: Ingest, engine: Engine
) -> None:
    futures = [service.submit([Incoming(replace(CAT, id=str(number)))], received=NOW) for number in range(50)]
    for number, future in enumerate(futures):
        assert not future.cancel()
        assert future.result(timeout=30) == [Result(str(number), "accepted")]
    assert count(engine) == 50
    rejected = service.submit([Incoming(replace(CAT, id=""))], received=NOW)
    assert rejected.result(timeout=0)[0].outcome == "rejected"
    with pytest.raises(UsageError, match=r"call ingest\(\) in a thread"):
        service.submit([Incoming(CAT, png())], received=NOW)


def test_no_more_than_a_batch_at_once(service: Ingest, engine: Engine) -> None:
    many = [Incoming(replace(CAT, id=str(number))) for number in range(101)]
    with pytest.raises(UsageError, match="101 items were sent at once; send at most 100"):
        service.ingest(many, received=NOW)
    assert count(engine) == 0
    assert {result.outcome for result in service.ingest(many[:100], received=NOW)} == {"accepted"}
    assert service.ingest([], received=NOW) == []


def test_when_too_many_images_wait_to_be_measured_others_wait(service: Ingest, engine: Engine) -> None:
    for begin in (0, 100):
        batch = [Incoming(replace(CAT, id=str(number)), png()) for number in range(begin, begin + 100)]
        service.ingest(batch, received=NOW)
    later = NOW + timedelta(seconds=2)
    with pytest.raises(QueueFullError, match="200 images wait to be measured, at most 200 may"):
        one(service, replace(CAT, id="x"), png(), received=later)
    assert one(service, replace(CAT, id="x"), received=later).outcome == "accepted"  # it has no image
    with writing(engine) as connection:
        connection.execute(records.update().values(state=int(RecordState.MEASURED)))
    assert (
        one(service, replace(CAT, id="y"), png(), received=later + timedelta(seconds=2)).outcome == "accepted"
    )


def test_when_too_many_wait_for_the_disk_nothing_is_written(engine: Engine, blobs: Blobs) -> None:
    with RecordWriter(engine, most_waiting=1000) as writer:
        service = Ingest(engine, blobs, writer, Bounds(queue_records=1))
        with pytest.raises(QueueFullError, match="wait to be written"):
            service.ingest([Incoming(replace(CAT, id=i), png()) for i in "ab"], received=NOW)
    assert list(blobs.walk()) == []


def test_below_the_reserve_nothing_is_taken(engine: Engine, tmp_path: Path, writer: RecordWriter) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"), reserve=2**60)
    service = Ingest(engine, blobs, writer, Bounds(disk_reserve_bytes=2**60))
    for image in (None, png()):
        with pytest.raises(StorageFullError, match="that are to stay free"):
            service.ingest([Incoming(CAT, image)], received=NOW)
    assert count(engine) == 0


def test_without_its_image_on_the_disk_there_is_no_record(
    service: Ingest, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            one(service, CAT, png())
    assert count(engine) == 0
    assert one(service, CAT, png()).outcome == "accepted"


def test_a_blob_deleted_while_its_record_is_written_is_put_again(
    engine: Engine, tmp_path: Path, writer: RecordWriter
) -> None:
    """Retention looks for records of a blob, finds none, and deletes it, before this record is committed."""
    steps: list[str] = []
    blobs = Blobs.open(str(tmp_path / "blobs"), on_step=steps.append)
    digest = blobs.put(png())
    service = Ingest(engine, blobs, writer, Bounds())
    submit = writer.submit

    def delete_first(rows):  # type: ignore[no-untyped-def]
        blobs.delete(digest)
        return submit(rows)

    writer.submit = delete_first  # type: ignore[method-assign]
    steps.clear()
    assert one(service, CAT, png()).outcome == "accepted"
    assert blobs.get(digest) == png()
    assert steps == ["blob-kept", "blob-written", "blob-synced", "blob-renamed", "blob-kept"]


def test_a_model_registered_later_is_known_at_once_and_a_deleted_one_forgotten(
    service: Ingest, engine: Engine
) -> None:
    dog = replace(CAT, model="dogs")
    assert one(service, dog).outcome == "rejected"
    with writing(engine) as connection:
        model = create_model(connection, "dogs", task="classification", created=NOW)
    assert one(service, dog).outcome == "accepted"
    with writing(engine) as connection:
        delete_model(connection, model.key)
    with pytest.raises(UsageError, match="A model was deleted meanwhile; nothing was kept"):
        one(service, replace(dog, id="r2"))
    assert one(service, replace(dog, id="r2")).outcome == "rejected"


def test_many_threads_at_once(service: Ingest, engine: Engine, blobs: Blobs) -> None:
    def send(number: int) -> list[Result]:
        incoming = [Incoming(replace(CAT, id=f"{number % 20}-{i}"), png(i)) for i in range(3)]
        return service.ingest(incoming, received=NOW)

    with ThreadPoolExecutor(8) as pool:
        outcomes = [result.outcome for results in pool.map(send, range(40)) for result in results]
    assert sorted(outcomes) == 60 * ["accepted"] + 60 * ["duplicate"]
    assert count(engine) == 60
    assert len(list(blobs.walk())) == 3


TEXT = st.text(max_size=6) | st.sampled_from(["\0", "\ud800", "\\u0000", "x" * 300, "é"])
NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-3, 2**40)
SCORES = st.dictionaries(TEXT, st.floats(0, 1), max_size=3)
SIDE = st.floats(-1e6, 1e308, allow_nan=False, exclude_min=True)
BOXES = st.builds(
    Box, TEXT, SIDE, SIDE, st.floats(0.1, 1e308), st.floats(0.1, 10), st.none() | st.floats(0, 1)
)
RECORDS = st.builds(
    Record,
    id=TEXT,
    model=st.sampled_from(["cats", "cars", "Cats"]) | TEXT,
    time=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), None])),
    model_version=TEXT,
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
    image=st.none() | st.sampled_from(["", "ab" * 32, "\ud800"]),
    width=st.none() | st.integers(-1, 2**40),
    height=st.none() | st.integers(-1, 2**40),
    prediction=st.none() | st.builds(Classification, TEXT, SCORES) | st.builds(Detection, st.tuples(BOXES)),
    latency=st.none() | NUMBER,
    error=st.none() | TEXT,
)
IMAGES = (
    st.none()
    | st.binary(max_size=60)
    | st.builds(lambda cut: png()[:cut], st.integers(0, 90))
    | st.just(png())
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.builds(Incoming, RECORDS, IMAGES), max_size=5))
def test_whatever_is_sent_has_a_result_and_what_was_accepted_is_there(
    service: Ingest, engine: Engine, incoming: list[Incoming]
) -> None:
    before = count(engine)
    results = service.ingest(incoming, received=datetime(9999, 12, 30, tzinfo=UTC))
    assert len(results) == len(incoming)
    assert count(engine) == before + sum(result.outcome == "accepted" for result in results)
    for sent, result in zip(incoming, results, strict=True):
        assert (result.reason is None) == (result.outcome in {"accepted", "duplicate"})
        if result.outcome in {"accepted", "duplicate"}:
            with reading(engine) as connection:
                kept = find_record(connection, find_model(connection, sent.record.model).key, sent.record.id)
            assert kept is not None
            assert kept.time == sent.record.time
            assert kept.tags == sent.record.tags
            assert kept.prediction == sent.record.prediction
