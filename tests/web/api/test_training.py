"""Trainings over HTTP: asked for, followed, stopped; commands; repairs of an alert's model."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.learning.digits import need_training
from tests.services.train.blurred_alert import blurred_alert
from tests.services.train.striped_model import StripedModel, striped_model
from tests.web.serving import Running

need_training()

ADDRESS = "/api/v1/models/stripes/training"
SMALL = {"trainer": "linear-head", "side": 32}


@pytest.fixture(scope="module")
def stripes(server: Running, tmp_path_factory: pytest.TempPathFactory) -> StripedModel:
    services = server.services
    folder: Path = tmp_path_factory.mktemp("given")
    return striped_model(services.engine, services.blobs, folder)


def test_a_training_is_asked_for_followed_and_done(server: Running, stripes: StripedModel) -> None:
    client = server.with_token("engineer")
    assert client.get(ADDRESS).json() == {"trainings": [], "next": None}

    asked = client.post(ADDRESS, json={"recipe": SMALL, "version": "first"})

    assert asked.status_code == 202
    key = asked.json()["key"]
    assert (asked.json()["state"], asked.json()["dataset"]) == ("waiting", 1)
    stripes.do(key)
    done = client.get(f"{ADDRESS}/{key}").json()
    assert (done["state"], done["version"], done["recipe"]["side"]) == ("done", "first", 32)
    assert done["results"]["clean"]["n"] > 0
    assert [one["number"] for one in done["epochs"]] == [1]
    log = client.get(f"{ADDRESS}/{key}/log", params={"limit": 2}).json()
    rest = client.get(f"{ADDRESS}/{key}/log", params={"after": log["next"]}).json()
    assert log["open"] is False
    assert log["lines"][-1]["number"] < rest["lines"][0]["number"]
    assert [one["key"] for one in client.get(ADDRESS).json()["trainings"]] == [key]
    assert "Done: it is version 'first'." in server.with_token("viewer").get(f"{ADDRESS}/{key}/log").text


def test_one_is_stopped_and_what_is_wrong_is_said(server: Running, stripes: StripedModel) -> None:
    client, viewer = server.with_token("engineer"), server.with_token("viewer")
    key = client.post(ADDRESS, json={"recipe": SMALL}).json()["key"]
    assert viewer.post(f"{ADDRESS}/{key}/stop").status_code == 403
    assert client.post(f"{ADDRESS}/{key}/stop").json()["state"] == "stopped"
    again = client.post(f"{ADDRESS}/{key}/stop")
    assert (again.status_code, "is over already" in again.json()["detail"]) == (422, True)
    assert client.get(f"{ADDRESS}/999").status_code == 404
    assert client.get(f"/api/v1/models/cats/training/{key}").status_code == 404
    assert viewer.post(ADDRESS, json={}).status_code == 403
    told = client.post("/api/v1/models/cats/training", json={}).json()["detail"]
    assert "has no dataset version to learn from" in told
    told = client.post("/api/v1/models/parts/training", json={}).json()["detail"]
    assert "for classification" in told


def test_commands_are_switched_off_by_default(server: Running) -> None:
    client = server.with_token("engineer")
    address = "/api/v1/training-commands"
    assert client.get(address).json() == []
    refused = client.put(f"{address}/mine", json={"command": "python3 train.py"})
    assert refused.status_code == 422
    assert "DRIFTWHEEL_TRAINING_COMMANDS=true" in refused.json()["detail"]
    assert client.delete(f"{address}/mine").status_code == 404
    assert server.with_token("viewer").get(address).status_code == 403


def test_a_repair_is_offered_and_asked_for(server: Running, stripes: StripedModel) -> None:
    client = server.with_token("engineer")
    alert = blurred_alert(server.services.engine, stripes.dataset.model)
    address = f"/api/v1/alerts/{alert.key}/repair"

    offer = client.get(address).json()
    asked = client.post(address, json={"kind": "adapt"})

    assert (offer["fault"], offer["severity"], offer["champion"]) == ("blur", 4, "first")
    assert (offer["lacking"], offer["repairs"]) == ("", [])
    assert asked.status_code == 202
    assert (asked.json()["kind"], asked.json()["alert"]) == ("adapt", alert.key)
    assert [one["key"] for one in client.get(address).json()["repairs"]] == [asked.json()["key"]]
    assert server.with_token("engineer", models=["cats"]).get(address).status_code == 404
    unexplained = blurred_alert(server.services.engine, stripes.dataset.model, confidence=0.1, number=2)
    assert client.get(f"/api/v1/alerts/{unexplained.key}/repair").status_code == 404
