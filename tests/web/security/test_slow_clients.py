"""Clients that take for ever are cut; those that are slow, or wait for the server, are not."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from driftwheel.web.security.slow_clients import LARGEST_HEAD, LEAST_BYTES, ImpatientProtocol

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
OK = b"HTTP/1.1 200 OK"


class Impatient(ImpatientProtocol):
    patience = 0.5


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, after a pause where the path says so, and answer with its length."""
    if scope["path"] == "/later":
        await asyncio.sleep(1.5)
    size, more = 0, scope["path"] != "/unread"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message["body"])
        more = message["more_body"]
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    headers = [(b"content-length", str(len(str(size))).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(answer, http=Impatient, lifespan="off", log_level="warning", ws="none")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.fixture
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        yield connection


def is_cut(connection: socket.socket, drop: bytes, seconds: float = 5.0) -> bool:
    """Send `drop` every 50 ms, and return whether the server ends the connection meanwhile."""
    ends = time.monotonic() + seconds
    connection.settimeout(0.05)
    while time.monotonic() < ends:
        try:
            if drop:
                connection.sendall(drop)
            if not connection.recv(4096):
                return True
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return True
    return False


@pytest.mark.parametrize("drop", [b"", b"x", b"X-More: y\r\n"])
@pytest.mark.parametrize("start", [b"", HEAD, b"\r\n"])
def test_a_head_that_never_ends(connection: socket.socket, start: bytes, drop: bytes) -> None:
    connection.sendall(start)
    assert is_cut(connection, drop)


def test_a_second_head_that_never_ends(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
    assert connection.recv(4096).startswith(OK)
    connection.sendall(b"\r\n")
    assert is_cut(connection, b"\r\n")


@pytest.mark.parametrize("path", [b"/", b"/unread"])
def test_a_body_that_trickles(connection: socket.socket, path: bytes) -> None:
    connection.sendall(HEAD.replace(b"/ ", path + b" ", 1) + b"Content-Length: 1000000\r\n\r\n")
    assert is_cut(connection, b"x")


def test_an_endless_head(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    started = time.monotonic()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):  # noqa: PT012
        while True:
            connection.sendall(b"X-More: " + b"y" * LARGEST_HEAD)
    assert time.monotonic() - started < Impatient.patience


def test_a_body_that_is_slow_but_comes(connection: socket.socket) -> None:
    size = 6 * 2 * LEAST_BYTES
    connection.sendall(HEAD + f"Content-Length: {size}\r\n\r\n".encode())
    for _ in range(6):
        time.sleep(Impatient.patience / 2)
        connection.sendall(bytes(2 * LEAST_BYTES))
    assert connection.recv(4096).startswith(OK)


@pytest.mark.parametrize(("path", "size"), [(b"/later", 8 * 1024**2), (b"/later", 1), (b"/slow", 1)])
def test_a_client_that_waits_for_the_server(connection: socket.socket, path: bytes, size: int) -> None:
    connection.sendall(HEAD.replace(b"/ ", path + b" ", 1) + f"Content-Length: {size}\r\n\r\n".encode())
    connection.sendall(bytes(size))
    assert connection.recv(4096).startswith(OK)


def test_a_connection_that_is_kept_for_the_next_request(connection: socket.socket) -> None:
    for _ in range(3):
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\nxx")
        assert connection.recv(4096).endswith(b"2")
        time.sleep(2 * Impatient.patience)


def test_requests_of_a_kilobyte_one_after_the_other_are_no_long_head(connection: socket.socket) -> None:
    head = HEAD + b"X-Long: " + b"y" * 1024 + b"\r\nContent-Length: 1024\r\n\r\n"
    for _ in range(2 * LARGEST_HEAD // 1024):
        connection.sendall(head + bytes(1024))
        assert OK in connection.recv(4096)
