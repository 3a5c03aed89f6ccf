"""Connections are held where they are made, in their own context only."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import threading
from collections.abc import Iterator

import pytest

from driftwheel.notify.connection_guard import guarded


@pytest.fixture
def listening() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


def test_refused_within_and_free_outside(listening: tuple[str, int]) -> None:
    with guarded(allow_private=False) as guard, pytest.raises(PermissionError, match=r"127\.0\.0\.1 is not"):
        socket.create_connection(listening, timeout=5)
    assert guard.refused == ["127.0.0.1"]
    socket.create_connection(listening, timeout=5).close()


def test_allowed_when_private_is(listening: tuple[str, int]) -> None:
    with guarded(allow_private=True) as guard:
        socket.create_connection(listening, timeout=5).close()
        with socket.socket() as one, pytest.raises(PermissionError):
            one.connect(("169.254.169.254", 80))
    assert guard.refused == ["169.254.169.254"]


def test_every_way_to_reach_out(listening: tuple[str, int]) -> None:
    with (
        guarded(allow_private=False) as guard,
        socket.socket() as one,
        socket.socket(type=socket.SOCK_DGRAM) as two,
        socket.socket(socket.AF_UNIX) as three,
    ):
        with pytest.raises(PermissionError):
            one.connect_ex(listening)
        with pytest.raises(PermissionError):
            two.sendto(b"x", listening)
        with pytest.raises(PermissionError):
            two.sendmsg([b"x"], [], 0, listening)
        with pytest.raises(PermissionError):
            three.connect("/run/docker.sock")
        with pytest.raises(PermissionError):
            one.connect(("localhost", listening[1]))
    assert guard.refused == ["127.0.0.1"] * 3 + ["/run/docker.sock", "localhost"]


def test_asyncio_is_held_too(listening: tuple[str, int]) -> None:
    with guarded(allow_private=False), pytest.raises(OSError, match="not a public address"):
        asyncio.run(_reach(*listening))


async def _reach(host: str, port: int) -> None:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()


def test_another_thread_is_held_only_in_this_context(listening: tuple[str, int]) -> None:
    refused: list[bool] = []

    def connect() -> None:
        try:
            socket.create_connection(listening, timeout=5).close()
        except PermissionError:
            refused.append(True)
        else:
            refused.append(False)

    with guarded(allow_private=False):
        for run in (connect, lambda: contextvars.copy_context().run(connect)):
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        inside = threading.Thread(target=contextvars.copy_context().run, args=(connect,))
        inside.start()
        inside.join()
    assert refused == [False, False, True]


def test_a_guard_in_a_guard_holds_until_its_end(listening: tuple[str, int]) -> None:
    with guarded(allow_private=True):
        with guarded(allow_private=False), pytest.raises(PermissionError):
            socket.create_connection(listening, timeout=5)
        socket.create_connection(listening, timeout=5).close()
