"""The wheel over HTTP: its policy, what the triggers see, the suggested rhythm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import httpx
import pytest
from tests.web.serving import Running, serving

from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.web.api.wheel_bodies import WheelPolicyBody
from driftwheel.wheel.wheel_policy import WheelPolicy

AT = "/api/v1/models/seams/wheel"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        services, who = running.services, {"by": "me", "now": running.clock()}
        new = NewModel("seams", "classification", ("good", "bad"), embedder="none")
        register_model(services.engine, new, **who)
        add_model_version(services.engine, services.blobs, "seams", "v1", onnx=None, **who)
        yield running


@pytest.fixture(scope="module")
def engineer(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def test_the_api_knows_every_value_of_the_policy_and_its_default() -> None:
    assert WheelPolicyBody().model_dump() == asdict(WheelPolicy())


def test_a_policy_is_read_changed_and_set_anew(server: Running, engineer: httpx.Client) -> None:
    first = engineer.get(AT).json()
    assert (first["changed"], first["policy"]["images"], first["begins"]) == (None, 200, False)
    assert first["told"] == "The wheel does not turn by itself: it is off."
    changed = engineer.patch(AT, json={"enabled": True, "every_days": 30, "accuracy_below": 0.9}).json()
    assert changed["policy"]["accuracy_below"] == pytest.approx(0.9)
    assert [(one["name"], one["enabled"]) for one in changed["triggers"]] == [
        ("alert", True),
        ("performance", True),
        ("labels", False),
        ("schedule", True),
    ]
    assert changed["told"] == "No trigger is met."
    assert (changed["budget"]["turns_left"], changed["turn"], changed["because"]) == (4, None, None)
    assert engineer.patch(AT, json={"accuracy_below": None}).json()["policy"]["every_days"] == 30
    put = engineer.put(AT, json={"images": 80}).json()
    assert put["policy"] == asdict(WheelPolicy(images=80))
    assert put["by"] == changed["by"] != ""


def test_the_rhythm_says_why_it_cannot_tell(engineer: httpx.Client) -> None:
    rhythm = engineer.get(AT).json()["rhythm"]
    assert (rhythm["kind"], rhythm["suggested"], rhythm["loss"]) == ("cannot_tell", None, 0.05)
    assert rhythm["told"].startswith("Cannot tell: of 1 promotion none has 50 labels on four days or more")
    assert [(one["version"], one["points"], one["decay"]) for one in rhythm["reigns"]] == [("v1", [], None)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"images": 5}, "greater than or equal to 10"),
        ({"image": 80}, "image"),
        ({"images": 700}, "most_labels is 600, but a turn chooses 700 images"),
        ({"project": "nosuch"}, "no labelling project 'nosuch'"),
    ],
)
def test_what_cannot_be_is_refused(engineer: httpx.Client, body: dict[str, object], said: str) -> None:
    refused = engineer.patch(AT, json=body)
    assert refused.status_code == 422
    assert said in refused.text


def test_who_may_only_read_changes_nothing_and_a_model_that_is_not_there_is_not_found(
    server: Running, engineer: httpx.Client
) -> None:
    viewer = server.with_token("viewer")
    assert viewer.get(AT).status_code == 200
    assert viewer.put(AT, json={}).status_code == 403
    assert viewer.patch(AT, json={}).status_code == 403
    assert engineer.get("/api/v1/models/nosuch/wheel").status_code == 404
    assert engineer.put("/api/v1/models/nosuch/wheel", json={}).status_code == 404
