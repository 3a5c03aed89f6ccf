"""Alerts over HTTP: read, acknowledged, snoozed and closed, by those who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine
from tests.services.alerting import change, fire
from tests.web.serving import Running, serving

from driftwheel.alerts.episode import Episode
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model

AT = "/api/v1/alerts"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        running.model("dogs")
        yield running


@pytest.fixture
def client(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def key_of(engine: Engine, name: str) -> int:
    with reading(engine) as connection:
        return find_model(connection, name).key


def alight(server: Running, model: str = "cats", number: int = 1, **more: object) -> Episode:
    engine = server.services.engine
    return fire(engine, key_of(engine, model), number, now=server.clock(), **more)


def test_open_ones_come_first_and_those_that_ended_by_page(server: Running, client: httpx.Client) -> None:
    now = server.clock()
    mild, grave = alight(server, number=1, severity="info"), alight(server, number=2)
    ended = [
        change(server.services.engine, alight(server, number=n), now=now, state="resolved", ended=now)
        for n in (3, 4, 5)
    ]
    page = client.get(AT, params={"limit": 2}).json()
    assert [one["key"] for one in page["open"]] == [grave.key, mild.key]
    assert [one["key"] for one in page["ended"]] == [ended[2].key, ended[1].key]
    rest = client.get(AT, params={"limit": 2, "before": page["next"]}).json()
    assert ([one["key"] for one in rest["ended"]], rest["open"], rest["next"]) == ([ended[0].key], [], None)
    first = page["open"][0]
    assert (first["model"], first["severity"], first["state"]) == ("cats", "critical", "firing")
    assert first["wrong"]
    assert first["n"] > 0
    assert [one["key"] for one in client.get(AT, params={"severity": "info"}).json()["open"]] == [mild.key]
    assert client.get(AT, params={"state": "ended"}).json()["open"] == []
    assert client.get(AT, params={"model": "dogs"}).json() == {"open": [], "ended": [], "next": None}
    assert client.get(AT, params={"model": "cts"}).status_code == 404


def test_acknowledged_snoozed_woken_and_closed(server: Running, client: httpx.Client) -> None:
    at = f"{AT}/{alight(server).key}"
    known = client.post(f"{at}/acknowledge", json={"note": "on it"}).json()
    assert (known["acknowledged_note"], known["acknowledged_by"][:6]) == ("on it", "token ")
    until = (server.clock() + timedelta(hours=2)).isoformat()
    assert client.post(f"{at}/snooze", json={"until": until}).json()["snoozed_until"]
    assert client.get(AT, params={"state": "snoozed"}).json()["open"]
    assert client.post(f"{at}/unsnooze").status_code == 200
    answer = client.post(f"{at}/unsnooze")
    assert (answer.status_code, "is not snoozed" in answer.json()["detail"]) == (422, True)
    closed = client.post(f"{at}/close", json={"reason": "a known thing"}).json()
    assert (closed["state"], closed["reason"]) == ("closed", "a known thing")
    answer = client.post(f"{at}/acknowledge", json={})
    assert (answer.status_code, "was closed at" in answer.json()["detail"]) == (422, True)
    assert client.get(at).json() == closed


def test_mistakes_are_told(server: Running, client: httpx.Client) -> None:
    at = f"{AT}/{alight(server).key}"
    assert client.get(f"{AT}/999").status_code == 404
    assert client.post(f"{AT}/999/acknowledge", json={}).status_code == 404
    past = (server.clock() - timedelta(hours=1)).isoformat()
    assert "is past" in client.post(f"{at}/snooze", json={"until": past}).json()["detail"]
    assert client.post(f"{at}/snooze", json={"until": "2026-11-20T12:00:00"}).status_code == 422
    assert client.post(f"{at}/close", json={"reason": ""}).status_code == 422


def test_a_snooze_beyond_all_calendars_harms_nobody(server: Running, client: httpx.Client) -> None:
    at = f"{AT}/{alight(server).key}"
    answer = client.post(f"{at}/snooze", json={"until": "9999-12-31T23:59:59-14:00"})
    assert (answer.status_code, "a year at most" in answer.json()["detail"]) == (422, True)
    assert client.get(at).json()["snoozed_until"] is None


def test_who_may(server: Running) -> None:
    key = alight(server).key
    viewer = server.with_token("viewer")
    assert viewer.get(f"{AT}/{key}").status_code == 200
    for act in ("acknowledge", "snooze", "unsnooze", "close"):
        assert viewer.post(f"{AT}/{key}/{act}", json={}).status_code == 403
    assert server.with_token("ingest").get(AT).status_code == 403


def test_a_token_for_some_models_sees_their_alerts(server: Running) -> None:
    cats, dogs = alight(server, "cats", 1), alight(server, "dogs", 2)
    limited = server.with_token("engineer", models=["dogs"])
    assert [one["key"] for one in limited.get(AT).json()["open"]] == [dogs.key]
    assert limited.get(f"{AT}/{dogs.key}").status_code == 200
    assert limited.get(f"{AT}/{cats.key}").status_code == 404
    assert limited.post(f"{AT}/{cats.key}/close", json={"reason": "x"}).status_code == 404
    assert limited.get(AT, params={"model": "cats"}).status_code == 403
