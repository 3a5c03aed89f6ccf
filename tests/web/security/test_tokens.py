"""Tokens: stored hashed, limited to a role and models, revocable; their last use is shown."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
from tests.web.serving import Running

from driftwheel.web.start import note_token_uses

RECORD = {"time": "2026-03-04T05:06:07Z", "id": "1"}


def test_only_the_hash_is_stored(server: Running) -> None:
    text = server.token("viewer")
    assert server.client({"authorization": f"Bearer {text}"}).get("/api/v1/models").status_code == 200
    folder = Path(server.services.settings.data)
    stored = b"".join(path.read_bytes() for path in sorted(folder.glob("driftwheel.sqlite*")))
    assert text.encode() not in stored
    assert text.removeprefix("dw_").encode() not in stored
    assert hashlib.sha256(text.encode()).digest() in stored


def test_a_token_of_one_model_is_good_for_that_only(server: Running) -> None:
    client = server.with_token("engineer", models=["cats"])
    assert client.post("/api/v1/models/cats/records", json=RECORD).status_code == 202
    for method, path in (
        ("POST", "/api/v1/models/parts/records"),
        ("GET", "/api/v1/models/parts/records"),
        ("GET", "/api/v1/models/parts"),
        ("GET", f"/api/v1/models/parts/images/{'0' * 64}"),
        ("GET", "/api/v1/models/nothing"),
    ):
        answer = client.request(method, path)
        assert answer.status_code == 403, path
        assert "not for the model" in answer.json()["detail"]
    assert client.post("/api/v1/models", json={"name": "new", "task": "detection"}).status_code == 403
    assert [one["name"] for one in client.get("/api/v1/models").json()] == ["cats"]
    assert client.get("/api/v1/session").json()["models"] == ["cats"]


def test_the_overview_counts_what_waits_of_its_own_models_only(server: Running) -> None:
    image = cv2.imencode(".png", np.zeros((32, 32, 3), np.uint8))[1].tobytes()
    parts = [("record", (None, "{}")), ("image", ("a.png", image))]
    sent = server.with_token("ingest").post("/api/v1/models/parts/records/images", files=parts)
    assert sent.status_code == 202
    words = "waiting to be measured"
    assert words in server.with_token("viewer").get("/").text
    assert words in server.with_token("viewer", models=["parts"]).get("/").text
    assert words not in server.with_token("viewer", models=["cats"]).get("/").text


def test_a_limited_admin_token_makes_no_unlimited_one(server: Running) -> None:
    client = server.with_token("admin", models=["cats"])
    assert client.post("/api/v1/tokens", json={"name": "all", "role": "admin"}).status_code == 403
    assert client.get("/api/v1/users").status_code == 403


def test_a_revoked_token_stops_at_once(server: Running) -> None:
    admin = server.with_token("admin")
    made = admin.post("/api/v1/tokens", json={"name": "short-lived", "role": "viewer"}).json()
    client = server.client({"authorization": f"Bearer {made['token']}"})
    assert client.get("/api/v1/models").status_code == 200
    assert admin.delete(f"/api/v1/tokens/{made['key']}").status_code == 204
    answer = client.get("/api/v1/models")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert admin.delete(f"/api/v1/tokens/{made['key']}").status_code == 404


def test_one_revoked_by_another_process_stops_within_two_seconds(server: Running) -> None:
    client = server.with_token("viewer", name="elsewhere")
    assert client.get("/api/v1/models").status_code == 200
    server.revoke("elsewhere")
    server.clock.ahead += timedelta(seconds=2)
    assert client.get("/api/v1/models").status_code == 401


def test_a_token_ends_when_it_says(server: Running) -> None:
    ends = server.clock() + timedelta(hours=1)
    client = server.with_token("viewer", expires=ends)
    assert client.get("/api/v1/models").status_code == 200
    server.clock.ahead += timedelta(hours=1, seconds=1)
    assert client.get("/api/v1/models").status_code == 401


def test_the_last_use_is_shown_without_a_write_for_each_request(server: Running) -> None:
    admin = server.with_token("admin")
    client = server.with_token("viewer", name="counted")
    client.get("/api/v1/models")
    note_token_uses(server.services)

    def last_used() -> str | None:
        tokens = admin.get("/api/v1/tokens").json()
        return next(one["last_used"] for one in tokens if one["name"] == "counted")

    first = last_used()
    assert first is not None
    database = Path(server.services.settings.data) / "driftwheel.sqlite-wal"
    before = database.stat().st_mtime_ns, database.stat().st_size
    for _ in range(20):
        client.get("/api/v1/models")
    assert (database.stat().st_mtime_ns, database.stat().st_size) == before
    second = last_used()
    assert second is not None
    assert second > first


def test_nonsense_is_no_token(server: Running) -> None:
    for header in ("Bearer", "Bearer x" * 1000, "Basic YTpi", "dw_x", "Bearer dw_\xff", "bearer dw_x"):
        answer = server.client().get("/api/v1/models", headers={"authorization": header.encode("latin-1")})
        assert answer.status_code == 401, header


def test_a_token_needs_no_csrf_token_and_shows_none(server: Running) -> None:
    client = server.with_token("admin")
    assert client.get("/api/v1/session").json()["csrf"] is None
    headers = {"origin": "https://evil.example"}
    body = {"name": "from a script", "role": "viewer"}
    assert client.post("/api/v1/tokens", json=body, headers=headers).status_code == 201
