"""Models, references, windows, users and tokens over HTTP."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.web.serving import PASSWORD, Running

TIME = "2026-03-04T05:06:07Z"


@pytest.fixture(scope="module")
def client(server: Running) -> httpx.Client:
    return server.with_token("admin")


def test_a_model_is_registered_changed_and_logged_to(client: httpx.Client) -> None:
    body = {"name": "plates", "task": "detection", "segment_tags": ["camera"], "embedder": "gist"}
    made = client.post("/api/v1/models", json=body)
    assert made.status_code == 201
    assert (made.json()["window"], made.json()["retention_days"]) == ("day", None)
    assert client.post("/api/v1/models", json=body).status_code == 409
    changed = client.patch("/api/v1/models/plates", json={"retention_days": 30, "classes": ["plate"]}).json()
    assert (changed["retention_days"], changed["classes"], changed["segment_tags"]) == (
        30,
        ["plate"],
        ["camera"],
    )
    assert client.patch("/api/v1/models/plates", json={"keep_images": 0.5}).json()["retention_days"] == 30
    assert (
        client.patch("/api/v1/models/plates", json={"retention_days": None}).json()["retention_days"] is None
    )
    record = {"id": "1", "time": TIME, "tags": {"camera": "2"}, "prediction": {"boxes": []}}
    assert client.post("/api/v1/models/plates/records", json=record).status_code == 202
    windows = client.get("/api/v1/models/plates/windows").json()
    assert [(one["start"], one["stale"]) for one in windows] == [("2026-03-04T00:00:00Z", True)]
    segments = client.get("/api/v1/models/plates/windows", params={"tag": "camera"}).json()
    assert [one["value"] for one in segments] == ["2"]
    profile = {"start": "2026-03-04T00:00:00Z"}
    for path in ("windows", "verdicts"):  # long lists have an end
        for limit, status in ((1, 200), (1000, 200), (0, 422), (1001, 422)):
            answer = client.get(f"/api/v1/models/plates/{path}", params={"limit": limit})
            assert answer.status_code == status, (path, limit)
    assert client.get("/api/v1/models/plates/windows/profile", params=profile).status_code == 404


def test_references(client: httpx.Client) -> None:
    address = "/api/v1/models/cats/references"
    made = client.post(address, json={"kind": "trailing", "days": 7})
    assert (made.status_code, made.json()["state"]) == (202, "measuring")
    body = {"kind": "range", "since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}
    assert client.post(address, json=body).status_code == 422
    assert [one["kind"] for one in client.get(address).json()] == ["trailing"]


def test_records_are_read_page_by_page(client: httpx.Client) -> None:
    lines = "\n".join(
        json.dumps(
            {
                "id": f"p/{i:02}",
                "time": f"2026-03-04T05:06:{i:02}Z",
                "tags": {"camera": str(i % 2)},
                "prediction": {"class": "cat" if i % 3 else "dog"},
            }
        )
        for i in range(20)
    )
    headers = {"content-type": "application/x-ndjson"}
    assert client.post("/api/v1/models/cats/records", content=lines, headers=headers).json()["accepted"] == 20
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        params: dict[str, str | int] = {"limit": 7, "order": "oldest", **after}
        page = client.get("/api/v1/models/cats/records", params=params).json()
        seen += [one["id"] for one in page["records"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [f"p/{i:02}" for i in range(20)]
    chosen = client.get(
        "/api/v1/models/cats/records?tag=camera=1&predicted=dog&since=2026-03-04T05:06:05Z"
    ).json()
    assert [one["id"] for one in chosen["records"]] == ["p/15", "p/09"]
    assert client.get("/api/v1/models/cats/records/p/03").json()["prediction"] == {"class": "dog"}
    for query in (
        "tag=camera",
        "after=1",
        "after=nan.1",
        "limit=0",
        "limit=501",
        "since=yesterday",
        "order=x",
    ):
        assert client.get(f"/api/v1/models/cats/records?{query}").status_code == 422, query
    huge = "/api/v1/models/cats/records?after=99999999999999999999999999999999.999999999999999999"
    assert client.get(huge).status_code == 422


def test_users(server: Running, client: httpx.Client) -> None:
    body = {"name": "dora", "password": PASSWORD, "role": "viewer"}
    assert client.post("/api/v1/users", json=body).status_code == 201
    assert client.post("/api/v1/users", json=body).status_code == 409
    weak = client.post("/api/v1/users", json=body | {"name": "erik", "password": "short"})
    assert weak.status_code == 422
    assert "10 to 256" in weak.json()["detail"]
    assert "short" not in weak.json()["detail"]
    listed = client.get("/api/v1/users").json()
    assert "dora" in [one["name"] for one in listed]
    assert all("password" not in one for one in listed)
    assert client.patch("/api/v1/users/dora", json={"password": "four green horses"}).status_code == 200
    assert server.logged_in("dora", "four green horses").get("/api/v1/models").status_code == 200
    assert client.patch("/api/v1/users/nobody", json={"role": "admin"}).status_code == 404
    last = client.patch("/api/v1/users/admin", json={"active": False})
    assert last.status_code == 422
    assert "only active admin" in last.json()["detail"]


def test_who_calls(server: Running) -> None:
    told = server.with_token("engineer", name="notebook").get("/api/v1/session").json()
    assert told["name"] == "token notebook"
    assert told["permissions"] == ["read", "ingest", "edit-models", "annotate"]
