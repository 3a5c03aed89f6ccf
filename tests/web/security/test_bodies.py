"""Bodies stay within their bound, whatever they swell to."""

from __future__ import annotations

import gzip
import re
import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.web.process import running_process
from tests.web.serving import Running

import driftwheel.web
from driftwheel.web.security.bodies import may_be_large

ADDRESS = "/api/v1/models/cats/records"
LINES = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def client(server: Running) -> httpx.Client:
    return server.with_token("ingest")


def bomb(size: int, wbits: int = 31) -> bytes:
    """Zeros: one block said again and again, so that the sum at the end, to which nobody reads, is wrong."""
    compressor = zlib.compressobj(9, wbits=wbits)
    block = bytes(1024 * 1024)
    first, again = (compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (size // len(block) - 1) + compressor.flush()


def test_a_body_that_announces_too_much_is_refused_unread(server: Running) -> None:
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = f"POST {ADDRESS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {65 * 1024**2}\r\n\r\n"
        connection.sendall(head.encode())
        connection.settimeout(10)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_one_that_announces_nothing_is_counted(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(66):
            yield bytes(1024 * 1024)

    try:
        answer = client.post(ADDRESS, content=pieces(), headers=LINES)
        assert answer.status_code == 413
    except (httpx.WriteError, httpx.ReadError):  # the answer came before all was sent, and the line was cut
        pass


def test_small_ones_are_small_before_anybody_is_known(server: Running) -> None:
    answer = server.client().post("/api/v1/session", content=b"x" * 300_000)
    assert answer.status_code == 413
    assert "262,144" in answer.json()["detail"]


def test_every_address_that_takes_a_file_takes_large_ones(server: Running) -> None:
    paths = server.client().get("/openapi.json").json()["paths"]
    kinds = {
        path: set(act["requestBody"]["content"]) - {"application/json"}
        for path, acts in paths.items()
        for act in acts.values()
        if "requestBody" in act
    }
    files = [path for path, other in kinds.items() if other]
    templates = Path(driftwheel.web.__file__).parent / "templates"
    pages = [
        action
        for template in templates.rglob("*.j2")
        for action in re.findall(r'action="([^"]*)" enctype="multipart/form-data"', template.read_text())
    ]
    assert (len(files) >= 9, len(pages)) == (True, 4)
    places = [*files, *(one.replace("{{ at }}", "/models/{{ model }}/datasets") for one in pages)]
    assert [one for one in places if not may_be_large(one)] == []


def test_an_image_of_an_ordinary_camera_is_not_too_large_to_be_asked_about(server: Running) -> None:
    picture = b"x" * 1_000_000
    asked = server.with_token("ingest").post(
        "/api/v1/models/cats/predict", content=picture, headers={"content-type": "image/jpeg"}
    )
    added = server.with_token("admin").post("/models/cats/versions/new", files={"file": ("a.onnx", picture)})
    assert {asked.status_code, added.status_code} & {413} == set()


GZIPPED = gzip.compress(b"{}", mtime=0)  # no time in it: the names of tests are the same in every process


@pytest.mark.parametrize(
    ("encoding", "body", "status", "words"),
    [
        ("br", b"x", 415, "gzip or as deflate"),
        ("gzip, gzip", b"x", 415, "gzip or as deflate"),
        ("gzip", b"not gzip", 400, "damaged"),
        ("deflate", b"\x08\xff\xff", 400, "damaged"),
        ("gzip", GZIPPED[:-4], 400, "too early"),
        ("gzip", b"", 400, "too early"),
        ("gzip", GZIPPED + b"more", 400, "follows the end"),
        ("gzip", GZIPPED * 2, 400, "follows the end"),
    ],
)
def test_other_and_damaged_compression(
    client: httpx.Client, encoding: str, body: bytes, status: int, words: str
) -> None:
    answer = client.post(ADDRESS, content=body, headers=LINES | {"content-encoding": encoding})
    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_a_bomb_is_refused_and_memory_stays(tmp_path: Path) -> None:
    bombs = {
        "gzip": bomb(2048 * 1024**2),  # 2 MB that swell to 2 GB
        "deflate": bomb(1024 * 1024**2, 15),
    }
    assert max(map(len, bombs.values())) < 3 * 1024**2
    with running_process(tmp_path) as process:
        token = process.token("ingest", model="cats")
        with httpx.Client(
            base_url=process.url, headers={"authorization": f"Bearer {token}"}, timeout=60, trust_env=False
        ) as client:
            assert client.post(ADDRESS, json={}).status_code == 202
            before = process.peak_memory()
            for encoding, body in bombs.items():
                answer = client.post(ADDRESS, content=body, headers=LINES | {"content-encoding": encoding})
                assert answer.status_code == 413, answer.text
            many = b"\n" * (60 * 1024**2)
            assert client.post(ADDRESS, content=many, headers=LINES).status_code == 413
            mistakes = b'{"prediction":{"boxes":[' + b"0," * 500_000 + b"0]}}"
            assert (
                client.post(
                    ADDRESS, content=mistakes, headers={"content-type": "application/json"}
                ).status_code
                == 422
            )
            deep = b'{"prediction":' * 50_000
            assert (
                client.post(ADDRESS, content=deep, headers={"content-type": "application/json"}).status_code
                == 422
            )
            picture = _png_header(50_000, 50_000)
            parts = [("record", (None, "{}")), ("image", ("bomb.png", picture))]
            answer = client.post(f"{ADDRESS}/images", files=parts)
            assert answer.json()["results"][0]["reason"] == "too many pixels"
            grown = process.peak_memory() - before
            assert grown < 200 * 1024**2, f"{grown / 1024**2:.0f} MiB"
            assert client.post(ADDRESS, json={}).status_code == 202


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10_000)))
