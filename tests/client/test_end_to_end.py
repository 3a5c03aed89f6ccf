"""The client beside the real server."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.client.test_predictions import BOXES, results
from tests.ingest.installation import Installation
from tests.web.serving import Running, serving

from driftwheel.client import Client, Stats
from driftwheel.predictions import Box, Classification, Detection
from driftwheel.profiles import ProfileKey, ProfileSet, profile_records, to_bytes
from driftwheel.records import Records
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.records.edge_profiles import list_edge_profiles
from driftwheel.store.records.feedback import feedback_of
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.records.truths import find_truth
from driftwheel.store.schema.record_state import RecordState

FRAME = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
Connect = Callable[..., Client]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with the models `cats` (classes) and `parts` (boxes)."""
    with serving(tmp_path_factory.mktemp("data")) as made:
        made.model("cats")
        made.model("parts", "detection")
        yield made


@pytest.fixture
def connect(running: Running, tmp_path: Path) -> Iterator[Connect]:
    """Makes clients with a token that may only log."""
    made: list[Client] = []

    def make(model: str = "cats", token: str | None = None) -> Client:
        token = running.token("ingest") if token is None else token
        made.append(Client(running.url, token, model, "7", spool=tmp_path / "spool"))
        return made[-1]

    yield make
    for client in made:
        client.close(0.0)


def stored(running: Running, record: str, model: str = "cats") -> StoredRecord:
    with reading(running.services.engine) as connection:
        found = find_record(connection, find_model(connection, model).key, record)
    assert found is not None
    return found


def test_a_record_with_all_there_is(connect: Connect, running: Running) -> None:
    client = connect()
    prediction = Classification("cat", {"cat": 0.75, "dog": 0.25})
    record = client.log(FRAME, prediction, tags={"camera": "2"}, time=NOON, latency=0.5)
    bare = client.log(None, error="out of memory", time=NOON)
    assert client.flush(60)
    assert client.stats == Stats(2, 2, 0, 0, 0)
    found = stored(running, record)
    assert (found.model_version, found.time, found.tags) == ("7", NOON, {"camera": "2"})
    assert (found.prediction, found.latency, found.state) == (prediction, 0.5, RecordState.RECEIVED)
    assert (found.width, found.height) == (64, 48)
    assert found.image is not None
    assert running.services.blobs.get(found.image)[:2] == b"\xff\xd8"
    found = stored(running, bare)
    assert (found.image, found.error, found.state) == (None, "out of memory", RecordState.NO_IMAGE)


def test_boxes_of_a_detector(connect: Connect, running: Running) -> None:
    client = connect("parts")
    record, none = client.log(FRAME, [results()]), client.log(FRAME, Detection())
    assert client.flush(60)
    assert stored(running, record, "parts").prediction == BOXES
    assert stored(running, none, "parts").prediction == Detection()


def test_truth_and_feedback_and_profiles(connect: Connect, running: Running) -> None:
    client = connect("parts")
    record = client.log(None, Detection(), time=NOON)
    box = {"class": "cat", "x": 1, "y": 2, "w": 3, "h": 4}
    client.truth(record, {"boxes": [box | {"score": 0.5}]})
    client.feedback(record, True, {"boxes": [box]}, "a cat sits there")
    times = np.array(["2026-03-04T12:00"], "datetime64[us]")
    part = profile_records(Records(("a.jpg",), np.ones((1, 1), np.float32), ("brightness",), times=times))
    profile = ProfileSet({ProfileKey(NOON.replace(hour=0)): part}, "day")
    client.log_profile(profile)
    assert client.flush(60)
    assert client.stats == Stats(4, 4, 0, 0, 0)
    right = Detection((Box("cat", 1, 2, 3, 4),))
    with reading(running.services.engine) as connection:
        model = find_model(connection, "parts").key
        truth = find_truth(connection, model, record)
        (said,) = feedback_of(connection, model, record)
        kept = [one.digest for one in list_edge_profiles(connection, model)]
    assert truth is not None
    assert truth.truth == right
    assert (said.wrong, said.truth, said.note) == (True, right, "a cat sits there")
    assert kept == [hashlib.sha256(to_bytes(profile)).digest()]


def test_hundreds_of_images(connect: Connect, running: Running) -> None:
    client = connect()
    records = [client.log(np.roll(FRAME, i, axis=1), "cat", time=NOON) for i in range(300)]
    assert client.flush(60)
    assert client.stats == Stats(300, 300, 0, 0, 0)
    for record in records:
        stored(running, record)


def test_the_same_again_is_no_harm_and_another_is_refused(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect()
    for prediction in ("cat", "cat", "dog"):
        client.log(FRAME, prediction, id="one", time=NOON)
        assert client.flush(60)
    assert client.stats == Stats(3, 2, 0, 1, 0)
    assert "(conflict)" in caplog.text


def test_each_refusal_says_why_and_spoils_no_other(
    connect: Connect, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect()
    client.log(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cat")
    good = client.log(FRAME, "cat")
    assert client.flush(60)
    assert client.stats == Stats(2, 1, 0, 1, 0)
    assert "(rejected), which is lost: " in caplog.text
    assert stored(running, good).prediction == Classification("cat")


def test_a_model_that_is_not_there(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    client = connect("catz")
    client.log(FRAME, "cat")
    assert client.flush(60)
    assert client.stats == Stats(1, 0, 0, 1, 0)
    assert "(404)" in caplog.text
    assert "Did you mean 'cats'?" in caplog.text


@pytest.mark.parametrize("role", [None, "viewer"])
def test_a_token_that_may_not(
    role: str | None, connect: Connect, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(token="dw_nonsense" if role is None else running.token(role))
    record = client.log(FRAME, "cat")
    while client.stats.waiting == 0 or not caplog.text:
        time.sleep(0.01)
    client.close()
    assert client.stats == Stats(1, 0, 0, 0, 1)
    assert "Check the token" in caplog.text
    assert connect().flush(60)
    assert stored(running, record).prediction == Classification("cat")


def test_a_server_that_is_killed_again_and_again_gets_everything_once(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data", f"sqlite:///{tmp_path / 'data' / 'driftwheel.sqlite'}")
    installation.data.mkdir()
    installation.set_up()
    installation.start()
    port = installation.port
    records = []
    with Client(
        f"http://127.0.0.1:{port}", installation.token, "cats", spool=tmp_path / "spool", timeout=5
    ) as client:
        stop = threading.Event()

        def log() -> None:
            while not stop.is_set():
                records.append(client.log(np.roll(FRAME, len(records), axis=1), "cat", tags={"camera": "1"}))
                stop.wait(0.01)

        thread = threading.Thread(target=log)
        thread.start()
        try:
            for _ in range(2):
                time.sleep(0.5)
                installation.kill()
                installation.start(DRIFTWHEEL_PORT=str(port))
        finally:
            stop.set()
            thread.join()
        assert client.flush(60)
        n = len(records)
        assert client.stats == Stats(n, n, 0, 0, 0)
    installation.stop()
    found = [name for name, content in installation.stored() if '"lost"' not in content]
    assert sorted(found) == sorted(f"record {record}" for record in records)
