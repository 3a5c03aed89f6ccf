"""Label Studio asks for pre-labels, and tells of annotations, as it does with any of its backends."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.services.assist_animals import Animals, animals
from tests.web.serving import Running

CONFIG = """<View><Image name="image" value="$image"/>
<Choices name="choice" toName="image"><Choice value="cat"/><Choice value="dog"/></Choices></View>"""


def predict_body(*names: str) -> dict[str, Any]:
    tasks = [
        {"id": number, "data": {"image": f"https://elsewhere.example.org/photos/{name}.jpg"}}
        for number, name in enumerate(names, start=1)
    ]
    return {"tasks": tasks, "project": "7.1690000000", "label_config": CONFIG, "params": {"context": None}}


def annotated(name: str, choice: str, action: str = "ANNOTATION_CREATED") -> dict[str, Any]:
    said = {"type": "choices", "from_name": "choice", "to_name": "image", "value": {"choices": [choice]}}
    annotation = {"id": 1, "completed_by": 2, "was_cancelled": False, "result": [said]}
    task = {"id": 1, "data": {"image": f"/data/local-files/?d=photos/{name}.jpg"}}
    return {"action": action, "annotation": annotation, "task": task, "project": {"id": 7}}


def studio(server: Running, role: str = "engineer") -> httpx.Client:
    """Return a client that calls with a user name and a password, which is all that Label Studio can."""
    made = server.client()
    made.auth = httpx.BasicAuth("label-studio", server.token(role))
    return made


@pytest.fixture
def zoo(server: Running) -> Animals:
    return animals(server.services.engine, 60)


def test_it_is_pre_labelled_by_the_assistant_and_before_by_what_was_logged(
    server: Running, zoo: Animals
) -> None:
    at = f"/api/v1/projects/{zoo.project}/pools/{zoo.work.pool}/label-studio"
    client = studio(server)
    assert client.get(f"{at}/health").json() == {"status": "UP", "model_class": zoo.work.project.name}
    setup = {"project": "7.1", "schema": CONFIG, "hostname": "http://studio", "access_token": "t"}
    assert client.post(f"{at}/setup", json=setup).json() == {"model_version": "model"}
    (first, none) = client.post(f"{at}/predict", json=predict_body("i50", "nobody")).json()["results"]
    assert (first["score"], first["result"][0]["value"]) == (0.75, {"choices": ["cat"]})
    assert none["result"] == []
    zoo.label(40)
    made = zoo.train()
    assert made is not None
    found = client.post(f"{at}/predict", json=predict_body("i50", "i51", "nobody")).json()
    assert found["model_version"] == f"assistant {made.key}"
    said = [one["result"][0]["value"]["choices"] for one in found["results"][:2]]
    assert said == [[zoo.truth["i50"]], [zoo.truth["i51"]]]
    assert found["results"][2]["result"] == []


def test_annotations_become_labels_and_are_corrected(server: Running, zoo: Animals) -> None:
    at = f"/api/v1/projects/{zoo.project}/pools/{zoo.work.pool}/label-studio"
    client = studio(server)

    def label() -> Any:
        return next(one.consensus for one in zoo.work.tasks() if one.record == "i5")

    sent = client.post(f"{at}/webhook", json=annotated("i5", "dog"))
    assert sent.status_code == 201, sent.text
    assert sent.json()["result"] == {"taken": 1, "why_not": None}
    assert label() == {"class": "dog"}
    client.post(f"{at}/webhook", json=annotated("i5", "cat", "ANNOTATION_UPDATED"))
    assert label() == {"class": "cat"}
    assert zoo.work.state().done == 1
    lost = client.post(f"{at}/webhook", json=annotated("x", "cat")).json()
    assert lost["result"] == {"taken": 0, "why_not": "no_record"}
    assert client.post(f"{at}/webhook", json={"action": "START_TRAINING", "project": {"id": 7}}).is_success
    assert client.post(f"{at}/webhook", json={"project": 3}).status_code == 422


def test_a_model_answers_with_what_it_logged_and_takes_truths(server: Running, zoo: Animals) -> None:
    at = f"/api/v1/models/{zoo.work.model}/label-studio"
    client = studio(server)
    assert client.get(f"{at}/health").json()["model_class"] == zoo.work.model
    found = client.post(f"{at}/predict", json=predict_body("i1")).json()
    assert found["model_version"] == f"{zoo.work.model} 1"
    assert found["results"][0]["result"][0]["value"] == {"choices": ["cat"]}
    within = predict_body("i1")
    within["tasks"][0]["data"]["image"] = "data:image/png;base64,AA"
    refused = client.post(f"{at}/predict", json=within)
    assert refused.status_code == 422
    assert "has no name to know it by. Import images" in refused.json()["detail"]
    assert client.post(f"{at}/webhook", json=annotated("i1", "dog")).json()["result"] == {"taken": 1}
    read = server.with_token("viewer").get(f"/api/v1/models/{zoo.work.model}/records/i1").json()
    assert read["truth"]["class"] == "dog"


def test_who_may_not_and_passwords_elsewhere_are_refused(server: Running, zoo: Animals) -> None:
    at = f"/api/v1/projects/{zoo.project}/pools/{zoo.work.pool}/label-studio"
    wrong = server.client()
    wrong.auth = httpx.BasicAuth("label-studio", "dw_nothing")
    refused = wrong.get(f"{at}/health")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")  # no browser asks for a password
    assert studio(server).get("/api/v1/projects").status_code == 401  # there, a token is a bearer's
    assert studio(server, "viewer").post(f"{at}/webhook", json=annotated("i5", "dog")).status_code == 403
    assert studio(server, "annotator").post(f"{at}/predict", json=predict_body("i5")).status_code == 403
    damaged = server.client(headers={"Authorization": "Basic !!"})
    assert damaged.get(f"{at}/health").status_code == 401
