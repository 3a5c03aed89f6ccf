"""Records over HTTP: singly, in lines, with images; each is answered for itself."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib

import cv2
import httpx
import numpy as np
import pytest
from tests.web.serving import Running

from driftwheel.profiles import single, to_bytes
from driftwheel.profiles.profile import profile_records
from driftwheel.records import Records
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.records.records import find_record

ADDRESS = "/api/v1/models/cats/records"
TIME = "2026-03-04T05:06:07Z"


@pytest.fixture(scope="module")
def client(server: Running) -> httpx.Client:
    return server.with_token("ingest")


def png(seed: int = 0, side: int = 32) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def test_a_record_is_accepted_and_the_same_again_is_a_duplicate(
    server: Running, client: httpx.Client
) -> None:
    body = {
        "id": "a/1",
        "time": TIME,
        "tags": {"camera": "2"},
        "prediction": {"class": "cat", "scores": {"cat": 0.9}},
        "latency": 0.012,
    }
    first, second = client.post(ADDRESS, json=body), client.post(ADDRESS, json=body)
    assert (first.status_code, first.json()) == (202, {"id": "a/1", "outcome": "accepted"})
    assert (second.status_code, second.json()) == (202, {"id": "a/1", "outcome": "duplicate"})
    with reading(server.services.engine) as connection:
        stored = find_record(connection, find_model(connection, "cats").key, "a/1")
    assert stored is not None
    assert stored.tags == {"camera": "2"}
    assert stored.latency == 0.012


def test_other_content_under_the_same_id_is_409(client: httpx.Client) -> None:
    body = {"id": "conflict", "time": TIME, "prediction": {"class": "cat"}}
    assert client.post(ADDRESS, json=body).status_code == 202
    answer = client.post(ADDRESS, json=body | {"prediction": {"class": "dog"}})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["outcome"] == "conflict"
    assert "Other content" in answer.json()["detail"]


def test_each_line_has_its_result(client: httpx.Client) -> None:
    lines = [
        json.dumps({"id": "l1", "time": TIME, "prediction": {"class": "cat"}}),
        "{not json",
        json.dumps({"id": "l2", "time": TIME, "prediction": {"class": "cat"}, "colour": "red"}),
        json.dumps({"id": "l3", "time": TIME, "prediction": {"boxes": []}}),
        json.dumps({"id": "l1", "time": TIME, "prediction": {"class": "cat"}}),
        "",
    ]
    headers = {"content-type": "application/x-ndjson"}
    answer = client.post(ADDRESS, content="\n".join(lines), headers=headers)
    assert answer.status_code == 202
    told = answer.json()
    assert [one["outcome"] for one in told["results"]] == [
        "accepted",
        "rejected",
        "rejected",
        "rejected",
        "duplicate",
    ]
    assert (told["accepted"], told["duplicate"], told["rejected"]) == (1, 1, 3)
    assert "colour" in told["results"][2]["reason"]
    assert "task is classification" in told["results"][3]["reason"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"id": "x"}, "no time"),
        ({"id": "", "time": TIME}, "id: String should have at least 1 character"),
        ({"id": "x", "time": "2026-03-04T05:06:07"}, "time: Input should have timezone info"),
        ({"id": "x", "time": "2999-03-04T05:06:07Z"}, "in the future"),
        ({"id": "x", "time": "0001-01-01T00:00:00+14:00"}, "too early"),
        ({"id": "x", "time": TIME, "tags": {"a": "\0"}}, "NUL"),
        ({"id": "x", "time": TIME, "image": "http://169.254.169.254/latest"}, "image: Extra inputs"),
        ({"id": "x", "time": TIME, "latency": True}, "latency: Input should be a valid number"),
        (
            {"id": "x", "time": TIME, "prediction": {"class": "cat", "scores": {"cat": 2}}},
            "less than or equal",
        ),
        (
            {
                "id": "x",
                "time": TIME,
                "prediction": {"boxes": [{"class": "a", "x": 1, "y": 1, "w": 0, "h": 1}]},
            },
            "w",
        ),
    ],
)
def test_what_cannot_be_kept_says_why(client: httpx.Client, body: dict[str, object], words: str) -> None:
    answer = client.post(ADDRESS, json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_record_without_an_id_is_given_one(client: httpx.Client) -> None:
    ids = {client.post(ADDRESS, json={"prediction": {"class": "cat"}}).json()["id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(len(one) == 36 and one[14] == "7" for one in ids)


def test_an_unknown_model_is_404_with_the_nearest_name(server: Running) -> None:
    client = server.with_token("engineer")
    for path in ("records", "truths", "feedback"):
        answer = client.post(f"/api/v1/models/cast/{path}", json={"prediction": {"class": "cat"}})
        assert answer.status_code == 404
        assert "Did you mean 'cats'?" in answer.json()["detail"]


def test_too_many_lines_and_other_media_types_are_refused(client: httpx.Client) -> None:
    headers = {"content-type": "application/x-ndjson"}
    assert client.post(ADDRESS, content="{}\n" * 1001, headers=headers).status_code == 413
    assert client.post(ADDRESS, content="\n" * 5000, headers=headers).status_code == 413
    assert client.post(ADDRESS, content="", headers=headers).status_code == 422
    assert client.post(ADDRESS, content="<a/>", headers={"content-type": "text/xml"}).status_code == 415


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
    ],
)
def test_compressed_bodies_are_read(client: httpx.Client, encoding: str, compress: object) -> None:
    assert callable(compress)
    lines = "\n".join(
        json.dumps({"id": f"{encoding}{i}", "time": TIME, "error": "e" * 3000}) for i in range(1000)
    )
    answer = client.post(
        ADDRESS,
        content=compress(lines.encode()),
        headers={"content-type": "application/x-ndjson", "content-encoding": encoding},
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["accepted"] + answer.json()["duplicate"] == 1000


def test_records_with_images(server: Running, client: httpx.Client) -> None:
    image = png(1)
    parts = [
        ("record", (None, json.dumps({"id": "i1", "time": TIME, "prediction": {"class": "cat"}}))),
        ("image", ("a.png", image)),
        ("record", (None, json.dumps({"id": "i2", "time": TIME}))),
        ("record", (None, json.dumps({"id": "i3", "time": TIME}))),
        ("image", ("../../etc/passwd", b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
        ("record", ("r.json", "{}", "application/json")),
        ("image", ("big.png", png(2, 900))),
    ]
    answer = client.post(f"{ADDRESS}/images", files=parts)
    assert answer.status_code == 202, answer.text
    results = answer.json()["results"]
    assert [one["outcome"] for one in results] == ["accepted", "accepted", "rejected", "accepted"]
    assert "SVG" in results[2]["reason"]
    digest = hashlib.sha256(image).hexdigest()
    reader = server.with_token("viewer")
    stored = reader.get(f"{ADDRESS}/i1").json()
    assert (stored["image"], stored["width"], stored["state"]) == (digest, 32, "received")
    assert reader.get(f"{ADDRESS}/i2").json()["state"] == "no_image"
    assert reader.get(f"{ADDRESS}/i3").status_code == 404


def test_parts_out_of_order_are_refused(client: httpx.Client) -> None:
    address = f"{ADDRESS}/images"
    record = ("record", (None, "{}"))
    image = ("image", ("a.png", png()))
    for parts, words in (
        ([image, record], "no `record` before it"),
        ([record, image, image], "no `record` before it"),
        ([record, ("picture", ("a", b"a"))], "a part 'picture'"),
    ):
        answer = client.post(address, files=parts)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
    assert client.post(address, json={}).status_code == 415
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post(address, content=b"--y\r\n", headers=broken).status_code in {400, 422}
    assert (
        client.post(address, content=b"", headers={"content-type": "multipart/form-data"}).status_code == 400
    )


def test_truths_feedback_and_profiles(server: Running, client: httpx.Client) -> None:
    base = "/api/v1/models/cats"
    client.post(ADDRESS, json={"id": "t1", "time": TIME, "prediction": {"class": "cat"}})
    truth = {"record": "t1", "truth": {"class": "dog"}}
    assert client.post(f"{base}/truths", json=truth).json()["outcome"] == "accepted"
    assert client.post(f"{base}/truths", json=truth).json()["outcome"] == "duplicate"
    other = {"record": "t1", "truth": {"class": "cow"}}
    assert client.post(f"{base}/truths", json=other).json()["outcome"] == "replaced"
    lines = json.dumps(other) + "\n" + json.dumps({"record": "t1", "truth": {"boxes": []}})
    answer = client.post(
        f"{base}/truths", content=lines, headers={"content-type": "application/x-ndjson"}
    ).json()
    assert (answer["duplicate"], answer["rejected"]) == (1, 1)
    said = {"record": "t1", "wrong": True, "truth": {"class": "cow"}, "note": "a cow"}
    assert client.post(f"{base}/feedback", json=said).json()["outcome"] == "accepted"
    record = server.with_token("viewer").get(f"{ADDRESS}/t1").json()
    assert record["truth"] == {"class": "cow"}
    assert record["feedback"][0]["note"] == "a cow"
    headers = {"content-type": "application/octet-stream"}
    assert client.post(f"{base}/profiles", content=b"no profile", headers=headers).status_code == 422
    assert client.post(f"{base}/profiles", json={}).status_code == 415
    last = Records(
        ("a",), np.zeros((1, 1), np.float32), ("brightness",), times=np.array(["9999-12-31T23"], "M8[us]")
    )
    answer = client.post(f"{base}/profiles", content=to_bytes(single(profile_records(last))), headers=headers)
    assert answer.status_code == 422
    assert "in the future" in answer.json()["detail"]
