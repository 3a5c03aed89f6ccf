"""Monitors over HTTP: made, changed, switched, tried on history and removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.web.serving import Running

from driftwheel.monitors.observation import Observation, observations_to_json
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.windows.verdicts import NewVerdict, put_verdict
from driftwheel.store.windows.windows import window_of

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SHARES = (0.0, 0.1, 0.2, 0.0, 0.3)


@pytest.fixture(scope="module")
def client(server: Running) -> httpx.Client:
    """A model `watched` with five judged days: unreadable images on the second, third and fifth."""
    client = server.with_token("admin")
    body = {"name": "watched", "task": "classification", "segment_tags": ["camera"]}
    assert client.post("/api/v1/models", json=body).status_code == 201
    engine = server.services.engine
    with reading(engine) as connection:
        model = find_model(connection, "watched").key
    with writing(engine) as connection:
        for day, share in enumerate(SHARES):
            start, end = window_of(MONDAY + timedelta(days=day), "day")
            seen = {"unreadable_share": Observation("unreadable_share", share, 500)}
            put_verdict(
                connection,
                NewVerdict(
                    model=model,
                    start=start,
                    end=end,
                    tag="",
                    value="",
                    revision=1,
                    reference=None,
                    answer="no_reference",
                    kind=None,
                    p_value=None,
                    alpha=None,
                    n=500,
                    headline="",
                    document=None,
                    observations=observations_to_json(seen),
                    exemplars=[],
                    made=end,
                ),
            )
    return client


AT = "/api/v1/models/watched/monitors"
DARK = {"name": "dark images", "when": "property.brightness above 0.5 until 0.3", "severity": "info"}


def made(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.post(AT, json=DARK | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_from_made_to_removed(client: httpx.Client) -> None:
    monitor = made(client, segments=["camera"], note="call ana")
    assert monitor["when"] == "property.brightness above 0.5 σ until 0.3 σ"
    assert (monitor["severity"], monitor["segments"], monitor["of_windows"]) == ("info", ["camera"], 1)
    assert (monitor["origin"], monitor["revision"], monitor["enabled"]) == ("api", 1, True)
    assert client.post(AT, json=DARK).status_code == 409
    at = f"{AT}/{monitor['key']}"
    changed = client.patch(at, json={"when": "property.brightness above 1", "segments": None}).json()
    assert (changed["when"], changed["segments"], changed["revision"]) == (
        "property.brightness above 1 σ",
        None,
        2,
    )
    assert (changed["note"], changed["severity"]) == ("call ana", "info")
    off = client.patch(at, json={"enabled": False, "reason": "too loud"}).json()
    assert (off["enabled"], off["revision"]) == (False, 2)
    revisions = client.get(f"{at}/revisions").json()
    assert [one["revision"] for one in revisions] == [2, 1]
    assert revisions[1]["definition"]["segments"] == ["camera"]
    assert client.get(at).json() == off
    assert off in client.get(AT).json()
    assert client.delete(at).status_code == 204
    assert client.get(at).status_code == 404
    assert client.delete(at).status_code == 404


def test_a_rule_is_tried_on_history_and_nothing_is_saved(client: httpx.Client) -> None:
    before = client.get(AT).json()
    answer = client.post(f"{AT}/replay", json={"when": "unreadable_share above 5 %"}).json()
    assert (answer["windows"], answer["fired"]) == (5, 2)
    assert answer["since"] == "2026-03-02T00:00:00Z"
    (whole,) = answer["segments"]
    assert whole["results"] == {"ok": 2, "breach": 3}
    assert whole["breaches"] == [f"2026-03-0{day}T00:00:00Z" for day in (3, 4, 6)]
    assert [(one["began"][:10], (one["ended"] or "")[:10]) for one in whole["alerts"]] == [
        ("2026-03-03", "2026-03-06"),
        ("2026-03-06", ""),
    ]
    twice = {"when": "unreadable_share above 5 %", "breaches": 2, "until": "2026-03-05T00:00:00Z"}
    assert client.post(f"{AT}/replay", json=twice).json()["fired"] == 1
    assert client.get(AT).json() == before


def test_what_a_monitor_says_of_the_newest_window_is_read(client: httpx.Client) -> None:
    monitor = made(client, name="unreadable", when="unreadable_share above 5 %")
    (last,) = monitor["last"]
    assert (last["tag"], last["result"], last["start"]) == ("", "breach", "2026-03-06T00:00:00Z")
    (evaluation,) = client.get(f"{AT}/{monitor['key']}/evaluations").json()
    (finding,) = evaluation["findings"]
    assert (finding["signal"], finding["value"], finding["n"]) == ("unreadable_share", 0.3, 500)
    assert client.get(f"{AT}/{monitor['key']}/evaluations", params={"tag": "camera"}).json() == []
    assert client.get(f"{AT}/{monitor['key']}/evaluations", params={"limit": 10_001}).status_code == 422
    client.delete(f"{AT}/{monitor['key']}")


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"when": "drift is fond"}, "Rule, character 10, 'fond': after 'drift is' comes 'found'"),
        ({"breaches": 3, "of_windows": 2}, "breaches is 3 and of_windows 2"),
        ({"segments": ["camra"]}, "Did you mean 'camera'"),
        ({"segments": []}, "segments is empty"),
        ({"name": "a\nb"}, "cannot be a monitor's name"),
        ({"severity": "loud"}, "severity"),
        ({"color": "red"}, "color"),
    ],
)
def test_a_mistake_is_told(client: httpx.Client, change: dict[str, Any], detail: str) -> None:
    answer = client.post(AT, json=DARK | change)
    assert answer.status_code == 422
    assert detail in answer.json()["detail"]


def test_what_is_null_cannot_stay(client: httpx.Client) -> None:
    monitor = made(client, name="null")
    answer = client.patch(f"{AT}/{monitor['key']}", json={"when": None})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "'when' is null; leave out what is to stay.",
    )
    client.delete(f"{AT}/{monitor['key']}")


def test_a_monitor_belongs_to_its_model(server: Running, client: httpx.Client) -> None:
    monitor = made(client, name="mine")
    elsewhere = f"/api/v1/models/cats/monitors/{monitor['key']}"
    for answer in (client.get(elsewhere), client.patch(elsewhere, json={}), client.delete(elsewhere)):
        assert answer.status_code == 404
    assert client.get("/api/v1/models/none/monitors").status_code == 404
    viewer = server.with_token("viewer")
    assert viewer.get(AT).status_code == 200
    assert viewer.post(f"{AT}/replay", json={"when": "drift is found"}).status_code == 200
    assert viewer.post(AT, json=DARK).status_code == 403
    assert viewer.delete(f"{AT}/{monitor['key']}").status_code == 403
    client.delete(f"{AT}/{monitor['key']}")
