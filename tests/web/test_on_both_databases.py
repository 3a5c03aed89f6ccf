"""The server on SQLite and on PostgreSQL: first start, log-in, logging, reading."""

from __future__ import annotations

import json
from pathlib import Path

from tests.web.serving import serving

TIME = "2026-03-04T05:06:07Z"


def test_from_the_first_start_to_reading(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url=database_url) as server:
        (password,) = server.told
        admin = server.logged_in("admin", password)
        assert (
            admin.post("/api/v1/models", json={"name": "cats", "task": "classification"}).status_code == 201
        )
        token = admin.post("/api/v1/tokens", json={"name": "line", "models": ["cats"]}).json()["token"]
        client = server.client({"authorization": f"Bearer {token}"})
        lines = "\n".join(
            json.dumps({"id": f"a{i}", "time": TIME, "prediction": {"class": "cat"}}) for i in range(50)
        )
        headers = {"content-type": "application/x-ndjson"}
        for outcome in ("accepted", "duplicate"):
            answer = client.post("/api/v1/models/cats/records", content=lines, headers=headers)
            assert answer.json()[outcome] == 50
        truth = {"record": "a1", "truth": {"class": "dog"}}
        assert client.post("/api/v1/models/cats/truths", json=truth).status_code == 202
        page = admin.get("/api/v1/models/cats/records?limit=30").json()
        rest = admin.get("/api/v1/models/cats/records", params={"limit": 30, "after": page["next"]}).json()
        assert len({one["id"] for one in page["records"] + rest["records"]}) == 50
        assert admin.get("/api/v1/models/cats/records/a1").json()["truth"] == {"class": "dog"}
        for path in ("models/a%00b", "models/cats/records/%00", "users/%ff", "models/%ED%A0%80/records"):
            assert admin.get(f"/api/v1/{path}").status_code in {400, 404, 405}, path
        bad = client.post("/api/v1/models/cats/records", json={"id": "n", "time": TIME, "error": "\0"})
        assert bad.status_code == 422
        surrogate = b'{"id":"\\ud800","time":"2026-03-04T05:06:07Z"}'
        answer = client.post(
            "/api/v1/models/cats/records", content=surrogate, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 422
        for body in ({"name": "a\0b"}, {"name": "x", "models": ["\0"]}):
            assert admin.post("/api/v1/tokens", json=body).status_code == 422
        assert server.client().get("/readyz").status_code == 200
    with serving(tmp_path, database_url=database_url) as server:
        assert server.told == []
        assert server.logged_in("admin", password).get("/api/v1/models/cats").status_code == 200
