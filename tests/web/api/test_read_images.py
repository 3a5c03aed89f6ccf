"""Images over HTTP: by their digest, to who may see the model's records, as what they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from tests.web.serving import Running

BASE = "/api/v1/models/cats/images"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
PICKLE = b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."


def jpeg_with_script() -> bytes:
    """A good JPEG that carries a page in a comment."""
    pixels = np.random.default_rng(1).integers(0, 255, (400, 600, 3), dtype=np.uint8)
    plain = cv2.imencode(".jpg", pixels)[1].tobytes()
    return plain[:2] + b"\xff\xfe" + (len(HTML) + 2).to_bytes(2, "big") + HTML + plain[2:]


def log(server: Running, image: bytes, *, model: str = "cats", name: str = "a.jpg") -> dict[str, str]:
    parts = [
        ("record", (None, json.dumps({"time": "2026-03-04T05:06:07Z", "id": name}))),
        ("image", (name, image)),
    ]
    answer = server.with_token("ingest").post(f"/api/v1/models/{model}/records/images", files=parts)
    result: dict[str, str] = answer.json()["results"][0]
    return result


@pytest.fixture(scope="module")
def digest(server: Running) -> str:
    image = jpeg_with_script()
    assert log(server, image)["outcome"] == "accepted"
    return hashlib.sha256(image).hexdigest()


@pytest.fixture(scope="module")
def client(server: Running) -> httpx.Client:
    return server.with_token("viewer")


def test_the_file_comes_back_as_an_image_whatever_is_in_it(client: httpx.Client, digest: str) -> None:
    answer = client.get(f"{BASE}/{digest}")
    assert answer.content == jpeg_with_script()
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "private" in answer.headers["cache-control"]


def test_a_thumbnail_is_made_anew(client: httpx.Client, digest: str) -> None:
    answer = client.get(f"{BASE}/{digest}?size=160")
    assert answer.headers["content-type"] == "image/jpeg"
    assert HTML not in answer.content
    pixels = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert max(pixels.shape[:2]) == 160
    assert client.get(f"{BASE}/{digest}?size=161").status_code == 422


@pytest.mark.parametrize(
    "image", [HTML, SVG, b"\xef\xbb\xbf \n" + SVG, b"<?xml version='1.0'?>" + SVG, PICKLE, b""]
)
def test_pages_svg_and_pickles_are_refused_whatever_they_are_called(server: Running, image: bytes) -> None:
    for name in ("a.png", "a.svg"):
        assert log(server, image, name=name)["outcome"] == "rejected"
    stored = [path.read_bytes() for path in Path(server.services.settings.data).glob("blobs/*/*")]
    assert image not in stored


def test_only_images_of_the_model_are_shown(server: Running, client: httpx.Client, digest: str) -> None:
    assert client.get(f"/api/v1/models/parts/images/{digest}").status_code == 404
    limited = server.with_token("viewer", models=["parts"])
    assert limited.get(f"{BASE}/{digest}").status_code == 403
    assert server.with_token("ingest").get(f"{BASE}/{digest}").status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "../../driftwheel.sqlite",
        "..%2f..%2fdriftwheel.sqlite",
        "..%252f..%252fdriftwheel.sqlite",
        "%2e%2e/%2e%2e/driftwheel.sqlite",
        "....//driftwheel.sqlite",
        "/etc/passwd",
        "%2Fetc%2Fpasswd",
        "file:///etc/passwd",
        "a%00b",
        "A" * 64,
        "0" * 63,
        "0" * 64 + "%0a",
        "0" * 64,
    ],
)
def test_nothing_else_is_reached(server: Running, path: str) -> None:
    for base in (BASE, "/assets", "/assets/0", "/static", "/api/v1/models/cats/records"):
        client = server.with_token("admin")
        request = client.build_request("GET", "/")
        request.url = request.url.copy_with(raw_path=f"{base}/{path}".encode())
        answer = client.send(request)
        assert answer.status_code in {400, 404, 422}, f"{base}/{path}"
        assert b"SQLite format" not in answer.content
        assert b"root:" not in answer.content


def test_a_blob_that_leads_elsewhere_is_not_reached_by_its_link(
    server: Running, client: httpx.Client
) -> None:
    secret = Path(server.services.settings.data) / "secret"
    secret.write_text("secret")
    link = Path(server.services.settings.data) / "blobs" / "00" / ("0" * 62)
    link.symlink_to(secret)
    assert client.get(f"{BASE}/{'0' * 64}").status_code == 404


def test_a_model_file_is_kept_and_never_run(server: Running) -> None:
    client = server.with_token("engineer")
    headers = {"content-type": "application/octet-stream"}
    answer = client.post("/api/v1/models/cats/versions?version=evil", content=PICKLE, headers=headers)
    assert answer.status_code == 422
    assert "no ONNX model" in answer.json()["detail"]
    assert client.post("/api/v1/models/cats/versions?version=1").json()["artifact"] is None
    assert client.post("/api/v1/models/cats/versions?version=1").status_code == 409


def test_no_file_of_the_server_is_read_by_a_request(server: Running) -> None:
    client = server.with_token("engineer")
    body = {"name": "by-path", "task": "detection", "embedder": "/etc/passwd.onnx"}
    assert client.post("/api/v1/models", json=body).status_code == 422
    assert client.patch("/api/v1/models/cats", json={"embedder": "../x.onnx"}).status_code == 422
    reference = {"kind": "folder", "images": "/etc", "source": "/etc"}
    assert client.post("/api/v1/models/cats/references", json=reference).status_code == 422
