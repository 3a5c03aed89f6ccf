"""Images from cameras and from those who mean harm: each is measured, or rejected with its reason."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select
from tests.ingest.installation import MODEL, Installation

from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.records import count_received
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records, windows

SMOOTH = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8), (0, 0), 2)
TIME = "2026-03-04T12:00:00Z"


def save(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    (Image.fromarray(SMOOTH) if image is None else image).save(file, kind, **options)
    return file.getvalue()


def frames(kind: str) -> bytes:
    return save(kind, save_all=True, append_images=[Image.fromarray(255 - SMOOTH)])


def bomb(side: int) -> bytes:
    """A PNG that says it has side × side pixels, in about a thousand bytes."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def damaged(data: bytes) -> bytes:
    """One bit of its coded pixels is another."""
    at = data.index(b"IDAT") + 30
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def fixed_sums(data: bytes, old: bytes, new: bytes) -> bytes:
    """A PNG with other coded pixels of the same length, under a sum that fits."""
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    body = data[start : start + 4 + length].replace(old, new, 1)
    return data[:start] + body + struct.pack(">I", zlib.crc32(body)) + data[start + 8 + length :]


WHOLE = {
    "jpeg": save("JPEG"),
    "jpeg progressive": save("JPEG", progressive=True),
    "jpeg grey": save("JPEG", Image.fromarray(SMOOTH).convert("L")),
    "jpeg cmyk": save("JPEG", Image.fromarray(SMOOTH).convert("CMYK")),
    "png": save("PNG"),
    "png palette": save("PNG", Image.fromarray(SMOOTH).quantize(16), transparency=1),
    "png 16 bit": cv2.imencode(".png", SMOOTH.astype(np.uint16) * 257)[1].tobytes(),
    "png 1 bit": save("PNG", Image.fromarray(SMOOTH).convert("1")),
    "tiff 16 bit": cv2.imencode(".tiff", SMOOTH.astype(np.uint16) * 257)[1].tobytes(),
    "tiff cmyk": save("TIFF", Image.fromarray(SMOOTH).convert("CMYK")),
    "gif animated": frames("GIF"),
    "webp animated": frames("WEBP"),
    "apng": frames("PNG"),
    "bmp": save("BMP"),
}
"""Measured."""

FOUND_LATER = {
    "jpeg cut off": (save("JPEG")[:-300], "truncated"),
    "png cut off": (save("PNG")[:-300], "truncated"),
    "webp cut off": (save("WEBP")[:-30], "truncated"),
    "gif cut off": (save("GIF")[:-300], "truncated"),
    "png of garbage": (fixed_sums(save("PNG"), save("PNG")[60:100], bytes(40)), "corrupt"),
}
"""Their header can be read: kept, with the record, and then rejected with its reason when measured."""

REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"hello", "not an image"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported: SVG, HTML or PDF"),
    "html": (b"<!doctype html><script>alert(1)</script>", "unsupported: SVG, HTML or PDF"),
    "heif": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported: HEIF"),
    "png cut off in its header": (save("PNG")[:30], "truncated"),
    "jpeg cut off in its header": (save("JPEG")[:100], "truncated"),
    "png with a wrong sum": (damaged(save("PNG")), "corrupt"),
    "bomb": (bomb(50_000), "too many pixels"),
    "larger bomb": (bomb(2**31 - 1), "too many pixels"),
}
"""Rejected at once, with the record."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    data = tmp_path_factory.mktemp("images") / "data"
    made = Installation(
        data, f"sqlite:///{data}/driftwheel.sqlite", {"DRIFTWHEEL_MAX_BODY_BYTES": str(16 * 2**20)}
    )
    made.set_up()
    made.start(DRIFTWHEEL_WORKER="true")
    yield made
    assert made.stop() == 0


def post(
    installation: Installation, path: str, body: bytes, kind: str, **headers: str
) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=60)
    told = {"Content-Type": kind, "Authorization": f"Bearer {installation.token}", **headers}
    try:
        connection.request("POST", f"/api/v1/models/{MODEL}/{path}", body, told)
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    return response.status, answer


def send(installation: Installation, images: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """Send each as a record of its own in one request, and return the results by name."""
    parts = []
    for name, image in images.items():
        record = json.dumps({"id": name, "time": TIME}).encode()
        parts.append(b'--xyz\r\nContent-Disposition: form-data; name="record"\r\n\r\n' + record + b"\r\n")
        parts.append(
            b'--xyz\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + image + b"\r\n"
        )
    status, answer = post(
        installation, "records/images", b"".join(parts) + b"--xyz--\r\n", "multipart/form-data; boundary=xyz"
    )
    assert status == 202
    results = answer["results"]
    assert isinstance(results, list)
    return {result["id"]: result for result in results}


def states(installation: Installation) -> dict[str, tuple[int, str | None]]:
    """State and reason of each record, once none waits any more."""
    engine = open_database(installation.database_url)
    try:
        end = time.monotonic() + 120
        while True:
            with reading(engine) as connection:
                if count_received(connection) == 0:
                    rows = connection.execute(select(records.c.id, records.c.state, records.c.reason))
                    return {name: (state, reason) for name, state, reason in rows}
            assert time.monotonic() < end, "The worker does not measure."
            time.sleep(0.2)
    finally:
        engine.dispose()


def peak_mebibytes(installation: Installation) -> float:
    assert installation.process is not None
    status = Path(f"/proc/{installation.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def test_each_image_is_measured_or_rejected_with_its_reason(installation: Installation) -> None:
    later = {name: data for name, (data, _) in FOUND_LATER.items()}
    results = send(installation, WHOLE | later | {name: data for name, (data, _) in REFUSED.items()})
    for name in [*WHOLE, *FOUND_LATER]:
        assert results[name] == {"id": name, "outcome": "accepted"}
    for name, (_, reason) in REFUSED.items():
        assert results[name] == {"id": name, "outcome": "rejected", "reason": reason}
    known = states(installation)
    expected: dict[str, tuple[int, str | None]] = dict.fromkeys(WHOLE, (RecordState.MEASURED, None))
    expected |= {name: (RecordState.REJECTED, reason) for name, (_, reason) in FOUND_LATER.items()}
    assert {name: known[name] for name in expected} == expected
    assert not set(known) & set(REFUSED)


def test_rejected_images_are_counted_in_their_window(installation: Installation) -> None:
    send(installation, WHOLE | {name: data for name, (data, _) in FOUND_LATER.items()})
    states(installation)
    engine = open_database(installation.database_url)
    try:
        end = time.monotonic() + 120
        while True:
            with reading(engine) as connection:
                (found,) = connection.execute(select(windows).where(windows.c.tag == "")).all()
            if not found.stale:
                break
            assert time.monotonic() < end, "The worker does not sum up."
            time.sleep(0.2)
    finally:
        engine.dispose()
    assert (found.rejected, found.records) in {
        (len(FOUND_LATER), len(WHOLE)),
        (len(FOUND_LATER), len(WHOLE) + len(FOUND_LATER)),
    }


def test_a_bomb_costs_no_memory(installation: Installation) -> None:
    send(installation, {"warm": save("PNG")})
    before = peak_mebibytes(installation)
    for number in range(20):
        results = send(installation, {f"bomb {number}": bomb(50_000)})
        assert results[f"bomb {number}"]["reason"] == "too many pixels"
    assert peak_mebibytes(installation) - before < 20


@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_deflated_bomb_is_refused_before_it_is_unpacked(
    installation: Installation, coding: str, pack: object
) -> None:
    assert callable(pack)
    post(installation, "records", b"{}", "application/json")
    before = peak_mebibytes(installation)
    packed = pack(bytes(400 * 2**20))
    status, _ = post(installation, "records", packed, "application/json", **{"Content-Encoding": coding})
    assert status in {413, 415}
    assert peak_mebibytes(installation) - before < 100


VALID = json.dumps({
    "id": "a",
    "time": TIME,
    "model_version": "1",
    "tags": {"camera": "1"},
    "width": 4,
    "height": 3,
    "prediction": {"class": "cat", "scores": {"cat": 0.5}},
    "latency": 0.1,
    "error": None,
}).encode()  # fmt: skip
PIECES = st.sampled_from([
    b"null", b"true", b"-1", b"1e999", b"NaN", b'"\\u0000"', b'"\\ud800"', b"[]", b"{}", b'"', b"\\", b"\xff",
    b"\0", b"\n", b'{"boxes":[]}', b'"9999-12-31T23:59:59-23:59"', b'"0001-01-01T00:00:00+14:00"', b"9" * 400,
    b"[" * 300,
])  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["records", "records/images", "truths", "feedback", "profiles"]),
    st.sampled_from(
        [
            "application/json",
            "application/x-ndjson",
            "multipart/form-data; boundary=xyz",
            "application/octet-stream",
        ]
    ),
    st.binary(max_size=60) | st.just(VALID),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2), PIECES | st.binary(max_size=8)), max_size=3),
)
def test_whatever_the_body_is_the_answer_is_no_5xx(
    installation: Installation, path: str, kind: str, body: bytes, changes: list[tuple[float, float, bytes]]
) -> None:
    for start, length, piece in changes:
        at = int(start * len(body))
        body = body[:at] + piece + body[at + int(length * len(body)) :]
    if "multipart" in kind:
        body = b'--xyz\r\nContent-Disposition: form-data; name="record"\r\n\r\n' + body + b"\r\n--xyz--\r\n"
    status, answer = post(installation, path, body, kind)
    assert status in {202, 400, 409, 413, 415, 422}, answer


def test_after_all_that_the_server_works(installation: Installation) -> None:
    assert send(installation, {"last": WHOLE["jpeg"]})["last"]["outcome"] == "accepted"
    assert states(installation)["last"] == (RecordState.MEASURED, None)
    blobs = Blobs.open(str(installation.data / "blobs"))
    assert all(blobs.size(digest) for digest in blobs.walk())
