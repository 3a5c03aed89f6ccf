"""What every answer carries, and what no answer tells."""

from __future__ import annotations

import asyncio
import socket
import time

import httpx
import pytest
from fastapi import FastAPI
from tests.web.serving import Running

from driftwheel.web.problems import UnexpectedErrors
from driftwheel.web.security.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from driftwheel.web.security.hosts import AllowedHosts, is_allowed


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/livez", 200),
        ("/openapi.json", 200),
        ("/api/v1/models", 401),
        ("/api/v1/nothing", 404),
        ("/api/v1/models?a=%00", 400),
        ("/api/v1/models?" + "a" * 9000, 414),
    ],
)
def test_headers_of_every_answer(server: Running, path: str, status: int) -> None:
    answer = server.client().get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers or "uvicorn" in answer.headers["server"]


def test_the_policy_allows_our_own_scripts_only() -> None:
    policy = dict(part.split(" ", 1) for part in CONTENT_SECURITY_POLICY.split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "10.0.0.1"]
)
def test_other_names_are_refused(server: Running, host: str) -> None:
    for path in ("/api/v1/models", "/openapi.json", "/log-in"):
        answer = server.client({"host": host}).get(path)
        assert answer.status_code == 400
        assert "DRIFTWHEEL_ALLOWED_HOSTS" in answer.json()["detail"]


def test_our_names_and_probes_are_answered(server: Running) -> None:
    for host in ("localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "LOCALHOST"):
        assert server.client({"host": host}).get("/openapi.json").status_code == 200
    assert server.client({"host": "10.1.2.3"}).get("/livez").status_code == 200


def test_names_that_are_allowed() -> None:
    assert is_allowed("a.b.example.org:443", ["*.example.org"])
    assert not is_allowed("example.org", ["*.example.org"])
    assert not is_allowed("evilexample.org", ["*.example.org"])
    assert is_allowed("anything", ["*"])
    assert not is_allowed("localhost:80:80", ["localhost"])
    assert not is_allowed("::1", ["[::1]"])


def test_two_hosts_are_none() -> None:
    reached = []

    async def app(scope: object, receive: object, send: object) -> None:
        reached.append(scope)

    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    for headers in ([], [(b"host", b"localhost"), (b"host", b"localhost")]):
        sent.clear()
        scope = {"type": "http", "path": "/", "headers": headers, "method": "GET"}
        asyncio.run(AllowedHosts(app, ["localhost"])(scope, receive, send))  # type: ignore[arg-type]
        assert sent[0]["status"] == 400
    assert not reached


def test_a_failure_tells_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    app = FastAPI()

    @app.get("/")
    def fail() -> None:
        raise RuntimeError("the password of the database")

    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/")

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "password" not in answer.text
    assert "the password of the database" in caplog.text


def test_a_page_that_needs_a_log_in_leads_to_it(server: Running) -> None:
    client = server.client({"accept": "text/html"})
    answer = client.get("/api/v1/models")
    assert answer.status_code == 401  # the API never redirects


@pytest.mark.parametrize(
    "path",
    [
        "/alerts?before=" + "0" * 30 + "9" * 30,
        "/alerts?before=" + "0" * 5000,
        "/models/cats?span=" + "1" * 5000,
    ],
)
def test_a_number_of_any_length_is_no_failure(server: Running, path: str) -> None:
    assert server.with_token("viewer").get(path).status_code < 500


def test_a_client_that_hangs_up_is_no_failure(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    token = server.token("ingest")
    head = (
        f"POST /api/v1/models/cats/records HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode())
        time.sleep(0.3)
    time.sleep(0.3)
    assert server.client().get("/livez").status_code == 200
    assert caplog.text == ""
