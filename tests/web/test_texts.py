"""Texts with NUL, which PostgreSQL cannot keep: every field of the API and of the pages refuses them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.web.serving import Running, serving

from driftwheel.errors import UsageError
from driftwheel.profiles import ProfileKey, ProfileSet, to_bytes
from driftwheel.profiles.profile import profile_records
from driftwheel.records import Records
from driftwheel.services.operate.configuration import read_configuration
from driftwheel.web.security.permit import guarded_routes

TIME = "2026-03-04T05:06:07Z"
NUL = "a\0b"
CAT = {"class": "cat"}
RECORD = {"id": "n", "time": TIME}

LOGGED = [  # these are read piece by piece: all else of each is as it should be
    ("records", RECORD | {"id": NUL}),
    ("records", RECORD | {"model_version": NUL}),
    ("records", RECORD | {"error": NUL}),
    ("records", RECORD | {"tags": {"camera": NUL}}),
    ("records", RECORD | {"tags": {NUL: "1"}}),
    ("records", RECORD | {"prediction": {"class": NUL}}),
    ("records", RECORD | {"prediction": CAT | {"scores": {NUL: 0.5}}}),
    ("truths", {"record": NUL, "truth": CAT}),
    ("truths", {"record": "n", "truth": {"class": NUL}}),
    ("feedback", {"record": NUL, "wrong": True}),
    ("feedback", {"record": "n", "wrong": True, "note": NUL}),
    ("feedback", {"record": "n", "wrong": True, "truth": {"class": NUL}}),
]


@pytest.fixture
def server(tmp_path: Path, database_url: str) -> Iterator[Running]:
    with serving(tmp_path, database_url=database_url) as running:
        running.model("cats")
        yield running


def with_nul(schema: Mapping[str, Any], known: Mapping[str, Any], depth: int = 0) -> Iterator[Any]:
    """Yield values of a schema, each with NUL in another text; of objects that one field alone."""
    if "$ref" in schema:
        yield from with_nul(known[schema["$ref"].rsplit("/", 1)[1]], known, depth + 1)
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from with_nul(part, known, depth)
    if schema.get("type") == "string":
        yield NUL
    for name, field in schema.get("properties", {}).items():
        yield from ({name: value} for value in with_nul(field, known, depth + 1) if depth < 9)
    if "items" in schema:
        yield from ([value] for value in with_nul(schema["items"], known, depth + 1))
    if schema.get("type") == "object":
        yield {NUL: "x"}


def filled(path: str) -> str:
    """Return an address of a route."""
    return re.sub(r"{(\w+)}", lambda of: {"name": "cats", "user": "admin"}.get(of[1], "1"), path)


def test_every_text_of_the_api(server: Running) -> None:
    described = server.client().get("/openapi.json").json()
    admin = server.with_token("admin")
    tried = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" not in content or path.endswith(("/records", "/truths", "/feedback")):
                continue
            address = filled(path)
            for body in with_nul(content["application/json"]["schema"], described["components"]["schemas"]):
                answer = admin.request(method, address, json=body)
                assert answer.status_code == 422, (method, path, body, answer.text)
                assert "holds the character NUL; leave it out" in answer.json()["detail"]
                tried += 1
    assert tried > 60
    assert server.client().get("/readyz").status_code == 200


def test_every_text_that_is_logged(server: Running) -> None:
    client = server.with_token("ingest")
    for path, body in LOGGED:
        address = f"/api/v1/models/cats/{path}"
        answer = client.post(address, json=body)
        assert (answer.status_code, "NUL" in answer.json()["detail"]) == (422, True), body
        lines = {"content-type": "application/x-ndjson"}
        answer = client.post(address, content=json.dumps(body), headers=lines)
        assert answer.json()["rejected"] == 1, body


@pytest.mark.parametrize("words", [(NUL, "NUL"), ("x" * 257, "at most 256"), ("", None)])
def test_segments_of_a_profile_from_the_edge(server: Running, words: tuple[str, str | None]) -> None:
    value, wrong = words
    moment = np.array([TIME.removesuffix("Z")], "M8[us]")
    seen = profile_records(Records(("a",), np.zeros((1, 1), np.float32), ("brightness",), times=moment))
    answer = server.with_token("ingest").post(
        "/api/v1/models/cats/profiles",
        content=to_bytes(ProfileSet({ProfileKey(None, (value,)): seen}, None, ("camera",))),
        headers={"content-type": "application/octet-stream"},
    )
    assert answer.status_code == (202 if wrong is None else 422)
    assert wrong is None or wrong in answer.json()["detail"]


def test_every_form(server: Running) -> None:
    admin = server.with_token("admin")
    names = (
        "name",
        "note",
        "url",
        "path",
        "when",
        "reason",
        "role",
        "classes",
        "segment_tags",
        "back",
        "old",
    )
    form = dict.fromkeys(names, NUL)
    refused = 0
    for route, _ in guarded_routes(server.app):
        if "POST" not in (route.methods or ()) or str(route.path_format).startswith("/api/"):
            continue
        address = filled(str(route.path_format))
        for body in ({"data": form}, {"files": {name: (None, text) for name, text in form.items()}}):
            answer = admin.post(address, **body)
            assert answer.status_code < 500, (address, answer.text)
            refused += answer.status_code == 422 and "NUL" in answer.json()["detail"]
    assert refused > 40
    assert admin.get("/readyz").status_code == 200


def test_a_configuration() -> None:
    text = '[models.m.monitors.x]\nwhen = "drift is found"\nnote = "a\\u0000b"'
    with pytest.raises(UsageError, match=r"d\.toml: models\.m\.monitors\.x\.note holds the character NUL"):
        read_configuration(text, {}, source="d.toml")
