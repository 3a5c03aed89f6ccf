"""The registry over HTTP: the gate, its answers, promotions, rollbacks, shadows, policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone

import httpx
import pytest
from tests.services.release.registry import NOW, Registry
from tests.services.release.two_colours import CHANGED, CLASSES, log, network
from tests.web.serving import Running, serving

from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.services.release.run_gate import run_gate


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        its = registry(running, "colours")
        for name, weights in (
            ("v1", {"blue": 1.0}),
            ("v2", {"blue": 1.0, "red": 1.0}),
            ("v3", {"red": 1.0, "blue": 0.0}),
        ):
            its.add(name, network(**weights))
        log(its, 60, red=False, seed=1)
        log(its, 40, red=True, seed=2)
        log(its, 40, red=True, seed=3, told=False)
        yield running


def registry(running: Running, name: str) -> Registry:
    services = running.services
    new = NewModel(name, "classification", CLASSES, embedder="none")
    model = register_model(services.engine, new, by="me", now=NOW)
    return Registry(services.engine, services.blobs, model)


@pytest.fixture(scope="module")
def engineer(server: Running) -> httpx.Client:
    client = server.with_token("engineer")
    client.base_url = f"{server.url}/api/v1/models/colours/"
    return client


def make(server: Running, key: int) -> None:
    services = server.services
    assert run_gate(services.engine, services.blobs, key, now=server.clock, threads=1) is not None


def test_a_challenger_goes_to_the_gate_and_live_and_back(server: Running, engineer: httpx.Client) -> None:
    rule = {"margin": 0.12, "latency_ratio": 100}
    policy = engineer.patch("release-policy", json={"rule": rule}).json()
    assert (policy["policy"], policy["rule"]["margin"], policy["rule"]["gain"]) == ("ask", 0.12, 0.05)
    east = CHANGED.astimezone(timezone(timedelta(hours=9)))
    asked = engineer.post("gates", json={"version": "v2", "since": east.isoformat()})
    assert asked.json()["slice"]["since"] == CHANGED.isoformat()  # as it is told: in UTC
    assert asked.status_code == 202, asked.text
    assert asked.json()["state"] == "waiting"
    key = asked.json()["key"]
    make(server, key)
    found = engineer.get(f"gates/{key}").json()
    assert (found["decision"], found["look"], found["more"]) == ("promote", 1, 0)
    assert [one["asked"] for one in found["checks"]] == ["better", "not_worse", "latency", "size"]
    assert found["checks"][2]["p_value"] is None
    assert engineer.get("gates").json() == [found]
    done = engineer.post(f"gates/{key}/promote", json={"reason": "Night."}).json()
    assert (done["answer"], done["note"]) == ("promoted", "Night.")
    assert [one["state"] for one in engineer.get("versions").json()] == ["trained", "champion", "retired"]
    back = engineer.post("rollback", json={}).json()
    assert (back["name"], back["state"]) == ("v1", "champion")
    told = engineer.get("promotions").json()
    assert [(one["version"], one["kind"], one["gate"]) for one in told] == [
        ("v1", "rolled_back", None),
        ("v2", "promoted", key),
        ("v1", "first", None),
    ]


def test_one_that_is_no_better_is_refused_or_lacks_labels(server: Running, engineer: httpx.Client) -> None:
    key = engineer.post("gates", json={"version": "v3", "everything": True}).json()["key"]
    make(server, key)
    found = engineer.get(f"gates/{key}").json()
    assert found["decision"] in {"refuse", "label_more"}
    assert engineer.post(f"gates/{key}/promote", json={}).status_code == 422
    if found["decision"] == "label_more":
        assert engineer.post(f"gates/{key}/label", json={"count": 5}).json()["pool"] is not None
    refused = engineer.post(f"gates/{key}/refuse", json={"reason": "No."}).json()
    assert refused["answer"] == "refused"


def test_shadow_and_states(engineer: httpx.Client) -> None:
    assert engineer.put("shadow", json={"version": "v3"}).json()["state"] == "shadow"
    assert engineer.put("shadow", json={"version": None}).json()["state"] == "trained"
    assert (
        engineer.post("version-state", json={"version": "v3", "state": "retired"}).json()["state"]
        == "retired"
    )
    assert (
        engineer.post("version-state", json={"version": "v3", "state": "trained"}).json()["state"]
        == "trained"
    )
    without = engineer.post("promote", json={"version": "v3"})
    assert (without.status_code, "has not let 'v3' in" in without.text) == (422, True)


def test_who_may_not_and_what_is_not_there(server: Running, engineer: httpx.Client) -> None:
    viewer = server.with_token("viewer")
    assert viewer.get("/api/v1/models/colours/gates").status_code == 200
    assert viewer.post("/api/v1/models/colours/rollback", json={}).status_code == 403
    assert engineer.get("gates/999").status_code == 404
    assert engineer.get("/api/v1/models/colors/gates").status_code == 404
    assert engineer.post("gates", json={"version": "v9"}).status_code == 422
    assert engineer.get("gates", params={"before": 2**63}).status_code == 422
    for wrong in ({"alert": 2**63}, {"since": "0001-01-01T00:00:00+14:00"}):
        assert engineer.post("gates", json={"version": "v2", **wrong}).status_code == 422, wrong
    assert engineer.patch("release-policy", json={"rule": {"margn": 1}}).status_code == 422
