"""The client beside a server that works, and one that does not."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.client.failing_server import (
    FailingServer,
    Handler,
    Seen,
    drop,
    failing_server,
    keep_and_drop,
    refuse,
    slow,
)

from driftwheel.client import Client, Stats, backoff, sender
from driftwheel.errors import UsageError
from driftwheel.profiles import empty_profile, single, to_bytes

FRAME = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
PROFILE = single(empty_profile())
Connect = Callable[..., Client]


@pytest.fixture(autouse=True)
def quick_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds rather than seconds."""
    monkeypatch.setattr(backoff, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(backoff, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(sender, "_LOCKED_OUT_PAUSE", 0.2)
    monkeypatch.setattr(sender, "_LOOK_AGAIN", 0.1)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.005)


def test_everything_logged_arrives(connect: Connect, server: FailingServer) -> None:
    client = connect(model_version="7", classes=["cat", "dog"])
    when = datetime(2026, 3, 4, 5, 6, 7, 500_000, timezone(timedelta(hours=2)))
    full = client.log(
        FRAME,
        np.array([0.75, 0.25]),
        tags={"camera": 2},  # type: ignore[dict-item]
        time=when,
        latency=np.float32(0.5),  # type: ignore[arg-type]
    )
    bare = client.log(None, error="out of memory", id="mine", time=0)
    client.truth(full, {"dog": 1.0, "cat": 0.0})
    client.feedback(full, True, "dog", note="a tail")
    client.feedback(bare, False)
    client.log_profile(PROFILE)
    assert client.flush(60)
    assert client.stats == Stats(logged=6, sent=6, dropped=0, rejected=0, waiting=0)
    document, image = server.kept[full]
    assert document == {
        "id": full,
        "time": "2026-03-04T03:06:07.500000Z",
        "model_version": "7",
        "tags": {"camera": "2"},
        "width": 64,
        "height": 48,
        "prediction": {"class": "cat", "scores": {"cat": 0.75, "dog": 0.25}},
        "latency": 0.5,
    }
    assert image[:2] == b"\xff\xd8"
    expected = {"id": "mine", "time": "1970-01-01T00:00:00Z", "model_version": "7", "error": "out of memory"}
    assert server.kept["mine"] == (expected, b"")
    assert sorted(server.others, key=json.dumps) == [
        {"record": full, "truth": {"class": "dog"}},
        {"record": full, "wrong": True, "truth": {"class": "dog"}, "note": "a tail"},
        {"record": "mine", "wrong": False},
    ]
    assert server.profiles == [to_bytes(PROFILE)]
    assert {request.token for request in server.requests} == {"Bearer dw_secret"}


def test_the_time_is_now_and_a_naive_one_is_utc(connect: Connect, server: FailingServer) -> None:
    client = connect()
    now, naive = client.log(None), client.log(None, time=datetime(2026, 1, 1))
    assert client.flush(60)
    told = datetime.fromisoformat(server.kept[now][0]["time"])
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
    assert server.kept[naive][0]["time"] == "2026-01-01T00:00:00Z"


def test_truth_has_no_scores_in_boxes_either(connect: Connect, server: FailingServer) -> None:
    client = connect()
    client.truth("1", {"boxes": [{"class": "cat", "score": 0.5, "x": 1, "y": 2, "w": 3, "h": 4}]})
    assert client.flush(60)
    box = {"class": "cat", "x": 1.0, "y": 2.0, "w": 3.0, "h": 4.0}
    assert server.others == [{"record": "1", "truth": {"boxes": [box]}}]


def test_profiles_of_every_kind(connect: Connect, server: FailingServer, tmp_path: Path) -> None:
    client, path = connect(), tmp_path / "day.dwp"
    path.write_bytes(to_bytes(PROFILE))
    client.log_profile(empty_profile())
    client.log_profile(to_bytes(PROFILE))
    client.log_profile(path)
    client.log_profile(str(path))
    assert client.flush(60)
    assert server.profiles == [to_bytes(PROFILE)] * 4


def test_images_stay_where_they_are_in_privacy(connect: Connect, server: FailingServer) -> None:
    client = connect(send_images=False)
    record = client.log(FRAME, "cat")
    assert client.flush(60)
    document, image = server.kept[record]
    assert (document["width"], document["height"], image) == (64, 48, b"")


def test_many_travel_together(connect: Connect, server: FailingServer) -> None:
    client = connect()
    server.troubles = [slow(0.3)]
    records = [client.log(None) for _ in range(1000)]
    assert client.flush(60)
    assert set(server.kept) == set(records)
    assert len(server.requests) < 20
    assert max(len(request.documents) for request in server.requests) <= 500


@pytest.mark.parametrize(
    "trouble", [drop, keep_and_drop, slow(1.0), *refuse(500), *refuse(503), *refuse(507)]
)
def test_nothing_is_lost_or_doubled_when_the_server_fails(
    trouble: Callable[[Handler, Seen], bool], connect: Connect, server: FailingServer
) -> None:
    client = connect(timeout=0.5)
    server.troubles = [trouble] * 4
    records = []
    for _ in range(30):
        records.append(client.log(FRAME, "cat"))
        time.sleep(0.005)
    assert client.flush(60)
    assert set(server.kept) == set(records)
    assert client.stats == Stats(30, 30, 0, 0, 0)
    assert server.troubles == []


def test_what_is_sent_again_is_the_same_to_the_byte(connect: Connect, server: FailingServer) -> None:
    client = connect()
    server.troubles = [keep_and_drop] * 3
    client.log(FRAME, "cat")
    assert client.flush(60)
    assert server.duplicates == 3
    first, *again = server.requests
    assert all(request == first for request in again)
    assert len(again) == 3
    assert client.stats.rejected == 0


def test_an_outage_goes_through_the_spool_and_comes_back(
    connect: Connect, server: FailingServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = connect()
    server.always = refuse(503)[0]
    records = [client.log(FRAME, "cat") for _ in range(20)]
    until(lambda: client._worker.tally.in_memory == 0)
    assert len(list((tmp_path / "spool" / "cats").glob("*.spool"))) >= 1
    assert client.stats.waiting == 20
    assert not client.flush(0.05)
    server.always = None
    assert client.flush(60)
    assert set(server.kept) == set(records)
    assert list((tmp_path / "spool" / "cats").iterdir()) == []
    assert (
        caplog.text.count("Sending is put off, what is logged waits in the spool: the server says 503") == 1
    )
    assert "The server takes data again" in caplog.text


def test_during_a_pause_nothing_stays_in_memory(connect: Connect, server: FailingServer) -> None:
    server.always = refuse(503, headers={"Retry-After": "600"})[0]
    client = connect()
    client.log(FRAME)
    until(lambda: client._worker._sender.down)
    for _ in range(10):
        client.log(FRAME)
    until(lambda: client._worker.tally.in_memory == 0)
    assert client.stats == Stats(11, 0, 0, 0, 11)
    assert len(server.requests) == 1


def test_new_data_does_not_wait_for_all_of_the_old(
    connect: Connect, server: FailingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_MOST_ITEMS", 2)
    server.always = refuse(503)[0]
    client = connect()
    old = [client.log(None) for _ in range(100)]
    until(lambda: client._worker.tally.in_memory == 0)
    server.always = slow(0.02)
    until(lambda: not client._worker._sender.down)
    new = client.log(None)
    assert client.flush(60)
    order = list(server.kept)
    assert set(order) == {*old, new}
    assert order.index(new) < 60


@pytest.mark.parametrize("spooled", [True, False])
def test_one_record_the_server_fails_on_does_not_keep_the_others_waiting(
    spooled: bool, connect: Connect, server: FailingServer
) -> None:
    def failing(handler: Handler, seen: Seen) -> bool:
        return any(one["id"] == "13" for one in seen.documents) and refuse(500)[0](handler, seen)

    client = connect() if spooled else connect(spool=None)
    server.always = failing
    for i in range(100):
        client.log(None, id=str(i))
    until(lambda: len(server.kept) == 99)
    until(lambda: client.stats.waiting == 1)
    server.always = None
    assert client.flush(60)
    assert client.stats == Stats(100, 100, 0, 0, 0)


def test_a_signal_handler_may_log(connect: Connect) -> None:
    client, done = connect(), threading.Event()

    def handle(number: int, frame: object) -> None:
        client.log(FRAME)

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    threading.Timer(1.0, done.set).start()
    n = 0
    try:
        while not done.is_set():
            client.log(None)
            n += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert client.flush(30)
    stats = client.stats
    assert stats.logged > n
    assert (stats.rejected, stats.waiting) == (0, 0)


def test_without_a_spool_memory_waits(connect: Connect, server: FailingServer) -> None:
    client = connect(spool=None)
    server.troubles = refuse(500, times=5)
    records = [client.log(FRAME) for _ in range(10)]
    assert client.flush(60)
    assert set(server.kept) == set(records)


def test_what_there_is_no_room_for_is_dropped_and_counted(
    connect: Connect, server: FailingServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect(spool_bytes=100_000, memory_bytes=200_000)
    server.always = refuse(503)[0]
    for _ in range(200):
        client.log(FRAME)
    until(lambda: client.stats.dropped > 100)
    stats = client.stats
    assert stats.logged == 200 == stats.dropped + stats.waiting
    assert 12 < stats.waiting < 60
    assert (
        caplog.text.count("What is logged is lost from now on: more is logged than can be sent or kept") == 1
    )
    server.always = None
    assert client.flush(60)
    assert client.stats == Stats(200, stats.waiting, stats.dropped, 0, 0)
    assert len(server.kept) == stats.waiting


def test_retry_after_is_honoured(connect: Connect, server: FailingServer) -> None:
    times = []

    def note(handler: Handler, seen: Seen) -> bool:
        times.append(time.monotonic())
        return False

    server.troubles = [lambda h, s: note(h, s) or refuse(429, headers={"Retry-After": "1"})[0](h, s), note]
    client = connect()
    client.log(None)
    assert client.flush(60)
    assert 1.0 <= times[1] - times[0] < 3.0


@pytest.mark.parametrize("status", [404, 405, 415, 422, 409])
def test_what_the_server_refuses_is_never_sent_again(
    status: int, connect: Connect, server: FailingServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect()
    server.troubles = refuse(status)
    client.log(None)
    assert client.flush(60)
    time.sleep(0.1)
    assert len(server.requests) == 1
    assert client.stats == Stats(1, 0, 0, 1, 0)
    assert f"refuses some of what is logged ({status}), which is lost: it is {status}" in caplog.text


def test_one_bad_record_does_not_spoil_the_others(
    connect: Connect, server: FailingServer, caplog: pytest.LogCaptureFixture
) -> None:
    def strict(handler: Handler, seen: Seen) -> bool:
        return any(one.get("error") == "worst" for one in seen.documents) and refuse(422)[0](handler, seen)

    client = connect()
    server.troubles, server.always = [lambda h, s: slow(0.3)(h, s) or strict(h, s)], strict
    good = [client.log(None, error="worst" if i == 37 else "bad" if i == 5 else None) for i in range(100)]
    assert client.flush(60)
    assert set(server.kept) == set(good) - {good[37], good[5]}
    assert client.stats == Stats(100, 98, 0, 2, 0)
    assert "(rejected), which is lost: it is bad" in caplog.text
    assert "(422), which is lost: it is 422" in caplog.text


def test_too_much_at_once_is_sent_in_parts(connect: Connect, server: FailingServer) -> None:
    def small(handler: Handler, seen: Seen) -> bool:
        return len(seen.documents) > 3 and refuse(413)[0](handler, seen)

    client = connect()
    server.troubles, server.always = [slow(0.3)], small
    records = [client.log(FRAME) for _ in range(40)]
    assert client.flush(60)
    assert set(server.kept) == set(records)


@pytest.mark.parametrize("status", [401, 403, 307])
def test_a_client_that_is_locked_out_keeps_everything_and_says_so_once(
    status: int, connect: Connect, server: FailingServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect()
    server.always = refuse(status)[0]
    records = [client.log(FRAME) for _ in range(3)]
    until(lambda: len(server.requests) >= 3)
    records += [client.log(FRAME) for _ in range(3)]
    client.close()
    assert client.stats == Stats(6, 0, 0, 0, 6)
    assert caplog.text.count("Check the token and the address") == 1
    server.always = None
    assert connect().flush(60)
    assert set(server.kept) == set(records)


def test_an_answer_that_is_not_driftwheels_acknowledges_nothing(
    connect: Connect, server: FailingServer
) -> None:
    def hotel(handler: Handler, seen: Seen) -> bool:
        handler.answer(200, b"<html>Welcome! Log in.")
        return True

    client = connect()
    server.troubles = [hotel] * 3
    record = client.log(FRAME)
    assert client.flush(60)
    assert set(server.kept) == {record}
    assert client.stats == Stats(1, 1, 0, 0, 0)


def test_the_next_client_sends_what_the_last_one_could_not(
    connect: Connect, server: FailingServer, tmp_path: Path
) -> None:
    server.always = refuse(500)[0]
    first = connect()
    records = [first.log(FRAME) for _ in range(5)]
    first.close()
    assert first.stats == Stats(5, 0, 0, 0, 5)
    server.always = None
    second = connect()
    until(lambda: len(server.kept) == 5)
    assert set(server.kept) == set(records)
    until(lambda: second.stats == Stats(0, 5, 0, 0, 0))


def test_a_token_for_one_model_never_meets_the_spool_of_another(
    connect: Connect, server: FailingServer
) -> None:
    server.always = refuse(500)[0]
    with connect() as client:
        client.log(None)
    server.always = None
    with Client(server.url, "", "a/b", spool=client._options.spool) as other:
        other.log(None)
        assert other.flush(60)
        assert other.stats.sent == 1
    assert {request.path for request in server.requests[-1:]} == {"/api/v1/models/a%2Fb/records"}


def test_closing_sends_what_is_there(connect: Connect, server: FailingServer) -> None:
    with connect() as client:
        records = [client.log(FRAME) for _ in range(50)]
    assert set(server.kept) == set(records)
    assert client.stats == Stats(50, 50, 0, 0, 0)
    client.close()


def test_closing_beside_a_dead_server_is_quick_and_loses_nothing(
    connect: Connect, server: FailingServer
) -> None:
    server.always = slow(5.0)
    client = connect()
    client.log(FRAME)
    until(lambda: bool(server.requests))
    records = [client.log(FRAME) for _ in range(20)]
    start = time.monotonic()
    client.close(0.3)
    assert time.monotonic() - start < 3.0
    assert client.stats == Stats(21, 0, 0, 0, 21)
    server.always = None
    assert connect().flush(60)
    assert set(records) < set(server.kept)


def test_closing_without_a_spool_counts_what_is_lost(
    connect: Connect, server: FailingServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.always = refuse(500)[0]
    client = connect(spool=None)
    for _ in range(5):
        client.log(FRAME)
    client.close(0.2)
    assert client.stats == Stats(5, 0, 5, 0, 0)
    assert "could not be sent before the end" in caplog.text


def test_what_is_logged_after_closing_is_dropped(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    client = connect()
    client.close()
    assert len(client.log(FRAME)) == 36
    client.truth("1", "cat")
    assert client.stats == Stats(2, 0, 2, 0, 0)
    assert caplog.text.count("the client is closed") == 1


@pytest.mark.parametrize(
    "log",
    [
        lambda client: client.log(object()),
        lambda client: client.log(FRAME, object()),
        lambda client: client.log(FRAME, {"class": "cat", "score": 7}),
        lambda client: client.log(FRAME.astype(np.float32)),
        lambda client: client.log("/nowhere.jpg"),
        lambda client: client.log(None, tags=7),
        lambda client: client.log(None, time="noon"),
        lambda client: client.log(None, time=float("nan")),
        lambda client: client.log(None, latency="slow"),
        lambda client: client.log(None, latency=float("inf")),
        lambda client: client.truth("1", None),
        lambda client: client.feedback("1", True, object()),
        lambda client: client.log_profile(7),
        lambda client: client.log_profile("/nowhere.dwp"),
        lambda client: client.log(SimpleNamespace(detach=None)),
    ],
)
def test_nothing_that_is_logged_ever_raises(
    log: Callable[[Client], object], connect: Connect, server: FailingServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = connect()
    log(client)
    assert client.flush(60)
    assert client.stats == Stats(1, 0, 0, 1, 0)
    assert server.requests == []
    assert caplog.text
    assert client.log(FRAME)
    assert client.flush(60)
    assert client.stats.sent == 1


def test_an_interrupt_is_not_swallowed(connect: Connect) -> None:
    class Image:
        def __array__(self) -> None:
            raise KeyboardInterrupt

    client = connect()
    with pytest.raises(KeyboardInterrupt):
        client.log(Image())
    assert client.stats.logged == 0


def test_a_server_that_comes_later_gets_everything(tmp_path: Path) -> None:
    with failing_server() as running:
        port = int(running.url.rpartition(":")[2])
    with Client(f"http://127.0.0.1:{port}", "", "cats", spool=tmp_path) as client:
        records = [client.log(FRAME) for _ in range(10)]
        until(lambda: client._worker.tally.in_memory == 0)
        with failing_server(port) as running:
            assert client.flush(60)
            assert set(running.kept) == set(records)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"url": "localhost"}, "is no address"),
        ({"model": ""}, "The model's name is empty"),
        ({"token": "dw_\n"}, "The token holds characters"),
        ({"jpeg_quality": 0}, "The JPEG quality is 0"),
        ({"spool_bytes": 0}, "must be above 0"),
    ],
)
def test_a_client_that_cannot_work_says_so_at_once(options: dict[str, object], why: str) -> None:
    arguments = {"url": "http://localhost", "token": "", "model": "cats"} | options
    with pytest.raises(UsageError, match=why):
        Client(**arguments)  # type: ignore[arg-type]
