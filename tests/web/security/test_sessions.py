"""Logging in: the cookie, the forms, the guesses."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.web.serving import PASSWORD, Running, serving

SESSION = "/api/v1/session"


@pytest.fixture(scope="module", autouse=True)
def users(server: Running) -> None:
    server.user("anna", "admin")
    server.user("vera", "viewer")


@pytest.fixture(autouse=True)
def five_minutes_later(server: Running) -> Iterator[None]:
    """Let the attempts of the test before be forgotten."""
    yield
    server.clock.ahead += timedelta(minutes=5)


def test_the_cookie_is_hidden_from_scripts_and_other_sites(server: Running) -> None:
    told = {"name": "anna", "password": PASSWORD}
    for answer in (server.client().post(SESSION, json=told), server.client().post("/log-in", data=told)):
        (cookie,) = answer.headers.get_list("set-cookie")
        parts = [part.strip().lower() for part in cookie.split(";")]
        assert parts[0].startswith("driftwheel_session=")
        assert {"httponly", "samesite=lax", "path=/"} <= set(parts)
        assert "secure" not in parts
        assert not any(part.startswith("domain") for part in parts)


def test_it_is_secure_behind_https(tmp_path: Path, server: Running) -> None:
    headers = {"x-forwarded-proto": "https"}  # a proxy on this machine
    answer = server.client(headers).post(SESSION, json={"name": "anna", "password": PASSWORD})
    assert "; secure" in answer.headers["set-cookie"].lower()
    with serving(tmp_path, secure_cookies="always") as other:
        other.user("anna", "viewer")
        answer = other.client().post(SESSION, json={"name": "anna", "password": PASSWORD})
        assert "; secure" in answer.headers["set-cookie"].lower()


def test_a_session_is_stored_hashed_and_each_is_new(server: Running) -> None:
    first, second = server.logged_in("anna"), server.logged_in("anna")
    one, other = (client.cookies["driftwheel_session"] for client in (first, second))
    assert one != other
    assert len(one) >= 43
    folder = Path(server.services.settings.data)
    stored = b"".join(path.read_bytes() for path in sorted(folder.glob("driftwheel.sqlite*")))
    assert one.encode() not in stored


def test_logging_out_ends_it_on_the_server(server: Running) -> None:
    client = server.logged_in("anna")
    cookie = client.cookies["driftwheel_session"]
    assert client.get(SESSION).json()["name"] == "anna"
    assert client.delete(SESSION).status_code == 204
    stolen = server.client({"cookie": f"driftwheel_session={cookie}"})
    assert stolen.get(SESSION).status_code == 401


def test_it_ends_by_itself(server: Running) -> None:
    client = server.logged_in("vera")
    cookie = client.cookies["driftwheel_session"]
    kept = server.client({"cookie": f"driftwheel_session={cookie}"})
    assert kept.get(SESSION).status_code == 200
    server.clock.ahead += timedelta(hours=84, seconds=1)
    assert kept.get(SESSION).status_code == 401


def test_it_ends_when_the_user_is_switched_off_or_changed(server: Running) -> None:
    admin = server.logged_in("anna")
    server.user("carl", "viewer")
    client = server.logged_in("carl")
    assert admin.patch("/api/v1/users/carl", json={"role": "ingest"}).status_code == 200
    assert client.get(SESSION).status_code == 401
    client = server.logged_in("carl")
    assert admin.patch("/api/v1/users/carl", json={"active": False}).json()["active"] is False
    assert client.get(SESSION).status_code == 401
    wrong = server.client().post(SESSION, json={"name": "carl", "password": PASSWORD})
    assert wrong.status_code == 401


def test_a_change_needs_the_csrf_token(server: Running) -> None:
    client = server.logged_in("anna")
    body = {"name": "csrf", "role": "viewer"}
    good = client.headers.pop("X-CSRF-Token")
    for headers in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": good[:-1]}):
        answer = client.post("/api/v1/tokens", json=body, headers=headers)
        assert answer.status_code == 403
        assert "out of date" in answer.json()["detail"]
    form = {"name": "csrf"}
    assert client.post("/api/v1/tokens", data=form).status_code in {403, 422}
    assert client.delete(SESSION).status_code == 403
    other = server.logged_in("anna").headers["X-CSRF-Token"]  # of another session
    assert client.post("/api/v1/tokens", json=body, headers={"X-CSRF-Token": other}).status_code == 403
    assert client.post("/api/v1/tokens", json=body, headers={"X-CSRF-Token": good}).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_cannot_act_nor_log_anybody_in(server: Running, headers: dict[str, str]) -> None:
    client = server.logged_in("anna")
    assert client.post("/api/v1/tokens", json={"name": "x"}, headers=headers).status_code == 403
    body = {"name": "anna", "password": PASSWORD}
    assert server.client().post(SESSION, json=body, headers=headers).status_code == 403
    by_form = server.client().post("/log-in", data=body, headers=headers)
    assert by_form.status_code == 403
    assert "set-cookie" not in by_form.headers


def test_our_own_pages_can(server: Running) -> None:
    headers = {"origin": server.url, "sec-fetch-site": "same-origin"}
    answer = server.logged_in("anna").post("/api/v1/tokens", json={"name": "own page"}, headers=headers)
    assert answer.status_code == 201


def test_five_guesses_then_a_pause_even_for_the_right_password(server: Running) -> None:
    client = server.client()
    for _ in range(5):
        assert client.post(SESSION, json={"name": "vera", "password": "wrong"}).status_code == 401
    answer = client.post(SESSION, json={"name": "vera", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert client.post(SESSION, json={"name": "VERA", "password": PASSWORD}).status_code == 429
    assert client.post(SESSION, json={"name": "anna", "password": PASSWORD}).status_code == 201
    server.clock.ahead += timedelta(minutes=5)
    assert client.post(SESSION, json={"name": "vera", "password": PASSWORD}).status_code == 201


def test_guesses_at_once_are_no_way_around(server: Running) -> None:
    statuses: list[int] = []

    def guess() -> None:
        answer = httpx.post(
            server.url + SESSION, json={"name": "vera", "password": "wrong"}, trust_env=False, timeout=60
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [401] * 5 + [429] * 7


def test_one_address_guesses_thirty_names(server: Running) -> None:
    client = server.client()
    statuses = {
        client.post(SESSION, json={"name": f"nobody{i}", "password": "wrong"}).status_code for i in range(30)
    }
    assert statuses == {401}
    assert client.post(SESSION, json={"name": "nobody30", "password": "wrong"}).status_code == 429


def test_a_wrong_name_is_told_like_a_wrong_password_and_takes_as_long(server: Running) -> None:
    client = server.client()
    details, seconds = [], []
    for name in ("anna", "nobody"):
        tries = []
        for _ in range(4):
            start = time.perf_counter()
            answer = client.post(SESSION, json={"name": name, "password": "wrong"})
            tries.append(time.perf_counter() - start)
        seconds.append(min(tries))
        details.append((answer.status_code, answer.json()["detail"]))
    assert details[0] == details[1]
    assert seconds[1] > seconds[0] / 4  # a name that is not there is hashed, too


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "' OR 1=1 --", "x" * 129, ""])
def test_odd_names_are_refused(server: Running, name: str) -> None:
    import json

    body = json.dumps({"name": name, "password": "wrong"})
    answer = server.client().post(SESSION, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {401, 422}
