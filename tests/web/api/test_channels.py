"""Channels over HTTP: what is answered, what never is, and who may."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.notify.receivers import webhook
from tests.web.serving import Running, serving

SECRET = "s3cr3t-t0ken"
URL = f"jsons://robot:{SECRET}@hooks.example.com/x"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data"), allow_private_channels=True) as running:
        running.model("cats")
        yield running


@pytest.fixture
def engineer(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def test_from_added_to_removed(engineer: httpx.Client) -> None:
    quiet = {"zone": "Europe/Berlin", "spans": [{"days": ["sat"], "start": "00:00", "end": "24:00"}]}
    body = {"name": "line 2", "url": URL, "models": ["cats"], "quiet_hours": quiet}
    made = engineer.post("/api/v1/channels", json=body)
    assert made.status_code == 201, made.text
    channel = made.json()
    assert (channel["kind"], channel["where"], channel["models"]) == ("JSON", "hooks.example.com", ["cats"])
    assert channel["quiet_hours"]["critical_passes"] is True
    assert engineer.post("/api/v1/channels", json=body).status_code == 409
    path = f"/api/v1/channels/{channel['key']}"
    changed = engineer.patch(path, json={"models": None, "enabled": False})
    assert (changed.json()["models"], changed.json()["enabled"]) == (None, False)
    assert changed.json()["quiet_hours"] == channel["quiet_hours"]
    assert engineer.get("/api/v1/channels").json() == [changed.json()]
    answers = [made, changed, engineer.get("/api/v1/channels")]
    assert not any(SECRET in answer.text or "url" in answer.text for answer in answers)
    assert engineer.delete(path).status_code == 204
    assert engineer.delete(path).status_code == 404
    assert engineer.get("/api/v1/channels").json() == []


def test_the_button_that_tries_a_channel(engineer: httpx.Client) -> None:
    with webhook() as hook:
        made = engineer.post("/api/v1/channels", json={"name": "hook", "url": hook.url}).json()
        path = f"/api/v1/channels/{made['key']}"
        assert engineer.post(f"{path}/test").json() == {"sent": True, "said": ""}
        hook.status = 500
        failed = engineer.post(f"{path}/test").json()
        assert (failed["sent"], "500" in failed["said"]) == (False, True)
        assert len(hook.calls) == 2
        messages = engineer.get(f"{path}/messages").json()
        assert [(one["kind"], one["state"], one["model"]) for one in messages] == [
            ("test", "dead", None),
            ("test", "sent", None),
        ]
        assert messages[1]["title"] == "Test of the channel 'hook': alerts arrive here"
        (older,) = engineer.get(f"{path}/messages", params={"before": messages[0]["key"]}).json()
        assert older == messages[1]
        answer = engineer.get("/api/v1/channels").json()[0]
        assert (answer["dead"], answer["failing_since"] is not None) == (1, True)
        engineer.delete(path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "x", "url": "https://example.com"}, "write jsons:// instead of https://"),
        ({"name": "x", "url": URL, "models": ["cat"]}, "Did you mean 'cats'?"),
        ({"name": "x", "url": URL, "severities": ["urgent"]}, "severities"),
        ({"name": "x", "url": URL, "repeat": -1}, "repeat"),
        ({"name": "x", "url": URL, "color": "red"}, "color"),
        ({"name": "x", "url": f"slack://{SECRET}/x"}, "cannot be used by Slack"),
    ],
)
def test_a_mistake(engineer: httpx.Client, body: dict[str, object], said: str) -> None:
    answer = engineer.post("/api/v1/channels", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert SECRET not in answer.text


def test_private_addresses_are_refused_by_default(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("strict")) as strict:
        client = strict.with_token("admin")
        for url in ("json://127.0.0.1:9/", "json://localhost/", "json://169.254.169.254/latest"):
            answer = client.post("/api/v1/channels", json={"name": "x", "url": url})
            assert answer.status_code == 422
        assert client.get("/api/v1/channels").json() == []


def test_who_may(server: Running) -> None:
    for role in ("viewer", "annotator", "ingest"):
        assert server.with_token(role).get("/api/v1/channels").status_code == 403
    limited = server.with_token("engineer", models=["cats"])
    assert limited.get("/api/v1/channels").status_code == 403
    assert server.client().get("/api/v1/channels").status_code == 401
