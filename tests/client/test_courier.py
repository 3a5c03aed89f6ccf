from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.client.failing_server import (
    FailingServer,
    Handler,
    Seen,
    drop,
    failing_server,
    parts,
    refuse,
    slow,
)

from driftwheel.client.courier import Courier, check_url
from driftwheel.client.item import Item, Kind
from driftwheel.client.request import Request, to_request
from driftwheel.errors import UsageError

RECORD = to_request("cats", [Item(Kind.RECORD, b'{"id":"1"}')])


@pytest.fixture
def courier(server: FailingServer) -> Iterator[Courier]:
    made = Courier(f"{server.url}/base", "dw_x", 5.0, None)
    yield made
    made.close()


def test_requests_of_every_kind() -> None:
    record, bare = Item(Kind.RECORD, b'{"id":"1"}', b"\xff\r\n--x"), Item(Kind.RECORD, b'{"id":"2"}')
    lines = to_request("a/b ü", [bare, bare])
    assert (lines.path, lines.content_type) == (
        "/api/v1/models/a%2Fb%20%C3%BC/records",
        "application/x-ndjson",
    )
    assert b"".join(lines.body) == b'{"id":"2"}\n{"id":"2"}\n'
    images = to_request("m", [record, bare, record])
    assert images.path == "/api/v1/models/m/records/images"
    boundary = images.content_type.partition("boundary=")[2].encode()
    assert parts(b"".join(images.body), boundary) == (
        [{"id": "1"}, {"id": "2"}, {"id": "1"}],
        [b"\xff\r\n--x", b"", b"\xff\r\n--x"],
    )
    assert images.length == len(b"".join(images.body))
    profile = to_request("m", [Item(Kind.PROFILE, b"", b"dwp")])
    assert (profile.path, b"".join(profile.body)) == ("/api/v1/models/m/profiles", b"dwp")
    assert to_request("m", [Item(Kind.TRUTH, b"{}")]).path.endswith("/m/truths")
    assert to_request("m", [Item(Kind.FEEDBACK, b"{}")]).path.endswith("/m/feedback")


def test_starlette_reads_the_multipart_body() -> None:
    """By the parser that the server has, with an image full of line ends."""
    import asyncio

    from starlette.datastructures import Headers
    from starlette.formparsers import MultiPartParser

    image = bytes(range(256)) * 5000 + b"\r\n--driftwheel\r\n"
    request = to_request("m", [Item(Kind.RECORD, b'{"id":"%d"}' % i, image) for i in range(3)])

    async def stream() -> Iterator[bytes]:  # type: ignore[misc]
        for piece in request.body:
            yield piece

    async def read() -> list[tuple[str, bytes]]:
        parser = MultiPartParser(Headers({"content-type": request.content_type}), stream())  # type: ignore[arg-type]
        form = await parser.parse()
        found = [
            (name, value.encode() if isinstance(value, str) else await value.read())
            for name, value in form.multi_items()
        ]
        await form.close()
        return found

    expected = [part for i in range(3) for part in (("record", b'{"id":"%d"}' % i), ("image", image))]
    assert asyncio.run(read()) == expected


def test_it_posts_with_its_token_and_reads_the_answer(server: FailingServer, courier: Courier) -> None:
    answer = courier.post(RECORD)
    assert (answer.status, answer.retry_after) == (202, None)
    assert answer.document == {"results": [{"id": "1", "outcome": "accepted"}]}
    (seen,) = server.requests
    assert (seen.path, seen.token) == ("/base/api/v1/models/cats/records", "Bearer dw_x")


def test_the_connection_is_kept(server: FailingServer, courier: Courier) -> None:
    addresses = set()

    def note(handler: Handler, seen: Seen) -> bool:
        addresses.add(handler.client_address)
        return False

    server.always = note
    for _ in range(5):
        courier.post(RECORD)
    assert len(addresses) == 1


def test_a_connection_closed_meanwhile_is_opened_again(server: FailingServer, courier: Courier) -> None:
    courier.post(RECORD)
    server.troubles = [drop]
    assert courier.post(RECORD).status == 202
    server.troubles = [drop, drop]
    with pytest.raises((OSError, http.client.HTTPException)):
        courier.post(RECORD)
    assert courier.post(RECORD).status == 202


def test_an_answer_tells_when_to_come_back(server: FailingServer, courier: Courier) -> None:
    server.troubles = refuse(429, headers={"Retry-After": "7"})
    answer = courier.post(RECORD)
    assert (answer.status, answer.retry_after) == (429, "7")
    assert answer.document == {"detail": "it is 429"}


def test_an_answer_that_is_no_json_has_no_document(server: FailingServer, courier: Courier) -> None:
    def page(handler: Handler, seen: Seen) -> bool:
        handler.answer(200, b"<html>Log in to the hotel's network")
        return True

    server.troubles = [page]
    assert courier.post(RECORD).document is None


def test_a_refusal_before_the_body_was_read_is_heard() -> None:
    """A server may answer 413 and close while the client is still sending."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(
                    b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
                )
                connection.shutdown(socket.SHUT_WR)
                time.sleep(0.3)

        thread = threading.Thread(target=serve)
        thread.start()
        courier = Courier(f"http://127.0.0.1:{listener.getsockname()[1]}", "", 5.0, None)
        large = Request("/", "application/octet-stream", (bytes(20 << 20),))
        assert courier.post(large).status == 413
        courier.close()
        thread.join()


def test_nobody_there_and_too_slow_are_errors(server: FailingServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nobody = Courier(f"http://127.0.0.1:{port}", "", 5.0, None)
    with pytest.raises(ConnectionError):
        nobody.post(RECORD)
    impatient = Courier(server.url, "", 0.05, None)
    server.troubles = [slow(0.5)]
    with pytest.raises(TimeoutError):
        impatient.post(RECORD)
    impatient.close()


def test_aborting_ends_a_request_of_another_thread(server: FailingServer, courier: Courier) -> None:
    server.troubles = [slow(6.0)]
    threading.Timer(0.2, courier.abort).start()
    start = time.monotonic()
    server.troubles += [slow(6.0)]
    with pytest.raises((OSError, http.client.HTTPException)):
        courier.post(RECORD)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8080",
        "ftp://host",
        "http://",
        "http://h:99999",
        "http://u:p@h",
        "http://h?x",
        "http://h#x",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is no address of a server; give one like"):
        check_url(url)


def test_an_address_loses_the_slash_at_its_end() -> None:
    assert check_url("https://host/driftwheel/") == "https://host/driftwheel"
    assert check_url("http://[::1]:80") == "http://[::1]:80"


def test_https_needs_a_certificate_it_knows(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("The program openssl is not installed; install the package `openssl`.")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True)
    with failing_server(certificate=(certificate, key)) as running:
        url = running.url.replace("127.0.0.1", "localhost")
        stranger = Courier(url, "dw_x", 5.0, None)
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.post(RECORD)
        known = Courier(url, "dw_x", 5.0, ssl.create_default_context(cafile=certificate))
        assert known.post(RECORD).status == 202
        known.close()
    assert [seen.token for seen in running.requests] == ["Bearer dw_x"]
