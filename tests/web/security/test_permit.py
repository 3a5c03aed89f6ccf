"""Every route says who may call it, and nobody else may."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from tests.web.serving import Running

from driftwheel.services.access.authorise import PERMISSIONS, ROLES
from driftwheel.settings import Settings
from driftwheel.web.app import create_app
from driftwheel.web.security.permit import guarded_routes, permit, require_permissions

PUBLIC = {
    "/livez",
    "/readyz",
    "/openapi.json",
    "/api/v1/session",
    "/log-in",
    "/assets",
    "/api/v1/join",
    "/join",
}
"""Routes open to all, or what their address begins with; add one here only with a reason.

The addresses of `/join` hold the secret of an invitation, which lets in who has it.
"""


def routes(app: FastAPI) -> list[tuple[str, str, str]]:
    """Method, path and permission of every route."""
    found = []
    for route, permits in guarded_routes(app):
        assert permits, route.path
        methods = sorted(route.methods or ())
        found.extend((method, str(route.path_format), permits[-1].asked) for method in methods)
    return found


def fill(path: str) -> str:
    values = {"sha256": "0" * 64, "key": "999"}  # a token 1 would be the caller's own
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda one: values.get(one[1], "1"), path)


def test_every_route_asks_for_something(server: Running) -> None:
    found = routes(server.app)
    assert len(found) > 25
    assert {asked for _, _, asked in found} <= {*PERMISSIONS, "public", "logged-in"}


def test_the_routes_open_to_all_are_these(server: Running) -> None:
    for method, path, asked in routes(server.app):
        if asked == "public":
            assert any(path == one or path.startswith(one + "/") for one in PUBLIC), f"{method} {path}"


def test_nobody_gets_anything_without_a_token_or_session(server: Running) -> None:
    client = server.client({"accept": "application/json"})
    for method, path, asked in routes(server.app):
        if asked != "public":
            answer = client.request(method, fill(path))
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
            assert answer.headers["content-type"] == "application/problem+json"
            assert "Bearer" in answer.headers["www-authenticate"]


def answer_to_a_head(server: Running, method: str, path: str, *headers: str) -> bytes:
    """Send a request's head, which announces a body, and return the first line of what is answered."""
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(head).encode())
        return connection.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
@pytest.mark.parametrize("length", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_nothing_is_read_of_the_body_of_somebody_who_may_not(server: Running, kind: str, length: str) -> None:
    wrong = {role: f"Authorization: Bearer {server.token(role)}" for role in ROLES}
    seen = set()
    for method, path, asked in routes(server.app):
        if method not in {"POST", "PATCH", "PUT", "DELETE"} or asked == "public":
            continue
        seen.add(f"{method} {path}")
        body = ["Accept: application/json", f"Content-Type: {kind}", length]
        for nobody in ([], ["Authorization: Bearer dw_wrong"], ["Cookie: driftwheel_session=wrong"]):
            line = answer_to_a_head(server, method, fill(path), *nobody, *body)
            assert line == b"HTTP/1.1 401 Unauthorized", f"{method} {path} {nobody}"
        if asked == "logged-in":
            continue
        for role, header in wrong.items():
            if asked not in ROLES[role]:
                line = answer_to_a_head(server, method, fill(path), header, *body)
                assert line == b"HTTP/1.1 403 Forbidden", f"{method} {path} {role}"
    assert {"POST /api/v1/models/{name}/records", "PATCH /api/v1/users/{user}"} <= seen
    assert len(seen) > 15


def test_every_change_by_a_session_needs_its_secret(server: Running) -> None:
    server.user("olga", "admin")
    client = server.logged_in("olga")
    secret = client.headers.pop("X-CSRF-Token")
    seen = 0
    for method, path, asked in routes(server.app):
        if method in {"GET", "HEAD"} or asked == "public":
            continue
        seen += 1
        for headers in (
            {},
            {"X-CSRF-Token": "wrong"},
            {"X-CSRF-Token": secret, "Origin": "https://evil.example"},
        ):
            answer = client.request(method, fill(path), headers={"accept": "application/json"} | headers)
            assert answer.status_code == 403, f"{method} {path} {headers}: {answer.text}"
        answer = client.request(
            method, fill(path), data={"csrf": "wrong"}, headers={"accept": "application/json"}
        )
        assert answer.status_code == 403, f"{method} {path}: {answer.text}"
    assert seen > 15
    assert client.get("/api/v1/session").json()["name"] == "olga"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_may_call_what_it_has_the_permission_for_and_nothing_else(server: Running, role: str) -> None:
    client = server.with_token(role)
    for method, path, asked in routes(server.app):
        if asked in {"public", "logged-in"} or path.startswith("/settings"):
            continue
        allowed = asked in ROLES[role]  # type: ignore[index]
        answer = client.request(method, fill(path), follow_redirects=False)
        if allowed:
            assert answer.status_code not in {401, 403}, f"{role}: {method} {path}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{role}: {method} {path}: {answer.status_code}"


def test_a_forbidden_request_with_a_good_body_changes_nothing(server: Running) -> None:
    for role in ("viewer", "ingest", "annotator", "engineer"):
        client = server.with_token(role)
        new_user = {"name": f"mallory-{role}", "password": "three blue horses", "role": "admin"}
        assert client.post("/api/v1/users", json=new_user).status_code == 403
        assert (
            client.post("/api/v1/tokens", json={"name": f"mine {role}", "role": "admin"}).status_code == 403
        )
    for role in ("viewer", "ingest", "annotator"):
        new_model = {"name": f"m-{role}", "task": "detection"}
        assert server.with_token(role).post("/api/v1/models", json=new_model).status_code == 403
    admin = server.with_token("admin")
    assert not any("mallory" in one["name"] for one in admin.get("/api/v1/users").json())
    assert [one["name"] for one in admin.get("/api/v1/models").json()] == ["cats", "parts"]


def test_ingest_writes_and_reads_nothing(server: Running) -> None:
    client = server.with_token("ingest")
    assert client.post("/api/v1/models/cats/records", json={}).status_code == 202
    assert client.get("/api/v1/models/cats/records").status_code == 403
    assert client.get("/api/v1/models").status_code == 403


def test_a_server_with_a_route_that_asks_nothing_does_not_start(tmp_path: Path) -> None:
    app = create_app(Settings.load(data=tmp_path, worker=False))
    router = APIRouter()

    @router.get("/job")
    def job() -> None:
        """A route that somebody forgot to guard."""

    app.include_router(router)
    with pytest.raises(RuntimeError, match=r"The route /job says nothing of who may call it"):
        require_permissions(app)


def test_a_mount_asks_nothing_so_it_is_refused_too(tmp_path: Path) -> None:
    app = create_app(Settings.load(data=tmp_path, worker=False))
    app.mount("/files", FastAPI())
    with pytest.raises(RuntimeError, match="/files"):
        require_permissions(app)


def test_an_unknown_permission_is_no_permission(tmp_path: Path) -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @app.get("/a", dependencies=[permit("raed")])  # type: ignore[arg-type]
    def a() -> None:
        """A route whose permission is misspelt."""

    with pytest.raises(RuntimeError, match="/a says nothing"):
        require_permissions(app)


def test_a_route_that_would_read_bodies_first_does_not_start(tmp_path: Path) -> None:
    app = create_app(Settings.load(data=tmp_path, worker=False))
    router = APIRouter(dependencies=[permit("ingest")])

    @router.post("/late")
    def late(body: dict[str, str]) -> None:
        """A route of a router without the class that asks first."""

    app.include_router(router)
    with pytest.raises(RuntimeError, match=r"/late reads bodies before it asks who calls; give its router"):
        require_permissions(app)


def test_what_is_not_there_is_a_problem_too(server: Running) -> None:
    answer = server.client().get("/api/v1/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_method_that_is_not_there_is_told_which_are(server: Running) -> None:
    for path, allowed in (
        ("/api/v1/models", "GET, POST"),
        ("/api/v1/models/cats", "GET, PATCH"),
        ("/api/v1/session", "DELETE, GET, POST"),
        ("/livez", "GET"),
    ):
        for headers in ({}, {"accept": "text/html"}):
            answer = server.client(headers).request("PURGE", path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path
    methods = {path: set[str]() for _, path, _ in routes(server.app)}
    for method, path, _ in routes(server.app):
        methods[path].add(method)
    for path, known in methods.items():
        answer = server.client().request("PURGE", fill(path))
        assert answer.status_code == 405
        assert known <= set(answer.headers["allow"].split(", ")), path


def test_websockets_are_refused(server: Running) -> None:
    headers = {"connection": "upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}
    key = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}
    answer = httpx.get(f"{server.url}/api/v1/models", headers=headers | key, trust_env=False)
    assert answer.status_code == 401
