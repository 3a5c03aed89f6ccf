"""Labels as files over HTTP."""

from __future__ import annotations

import json

import httpx
import pytest
from tests.services.labelling import Labelling, labelling
from tests.web.serving import Running


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


@pytest.fixture
def work(server: Running) -> Labelling:
    return labelling(server.services.engine, 4)


def test_a_download_is_a_file_of_the_format(lead: httpx.Client, work: Labelling) -> None:
    work.label("ann", "dog")
    at = f"/api/v1/projects/{work.project.key}/labels"
    found = lead.get(at, params={"format": "csv"})
    assert found.status_code == 200
    assert found.text == "image,label\r\ni0,dog\r\n"
    assert found.headers["content-type"].startswith("text/csv")
    name = f"animals-{work.project.name.split()[1]}-csv.csv"
    assert found.headers["content-disposition"] == f'attachment; filename="{name}"'
    answers = lead.get(at, params={"format": "label-studio", "what": "answers"}).json()
    assert answers[0]["annotations"][0]["completed_by"] == {"email": "ann"}
    refused = lead.get(at, params={"format": "coco"})
    assert refused.status_code == 422
    assert "allow 'classes'" in refused.json()["detail"]
    assert lead.get(at, params={"format": "coco", "allow": "classes"}).json()["annotations"] == []
    assert lead.get("/api/v1/projects/999999/labels", params={"format": "csv"}).status_code == 404


def test_an_upload_says_what_did_not_join(lead: httpx.Client, work: Labelling) -> None:
    at = f"/api/v1/projects/{work.project.key}/pools/{work.pool}/labels"
    body = "image,label\ni0.jpg,dog\nx.jpg,cat\n" + "".join(f"y{n},cat\n" for n in range(30_000))
    sent = lead.post(at, params={"as": "consensus"}, content=body.encode())
    assert sent.status_code == 200, sent.text
    found = sent.json()
    assert (found["format"], found["images"], found["taken"]) == ("csv", 30_002, 1)
    (left,) = found["not_joined"]
    assert (left["why"], left["count"], len(left["names"])) == ("no_record", 30_001, 20)
    results = lead.get(f"{at.removesuffix('labels')}results").json()["results"]
    assert results[0]["consensus"] == {"class": "dog"}
    task = {"id": 1, "data": {"image": "i1"}, "annotations": [], "predictions": []}
    said = {"type": "choices", "from_name": "c", "to_name": "i", "value": {"choices": ["cat"]}}
    task["predictions"] = [{"model_version": "1", "score": 0.7, "result": [said]}]
    body = json.dumps([task])
    assert lead.post(at, params={"as": "prelabels"}, content=body.encode()).json()["taken"] == 1
    damaged = lead.post(at, params={"as": "consensus"}, content=b'{"images": [')
    assert damaged.status_code == 422
    assert lead.post(at, params={"as": "nonsense"}, content=b"").status_code == 422


def test_who_annotates_gets_no_labels_and_gives_none(server: Running, work: Labelling) -> None:
    worker = server.with_token("annotator")
    at = f"/api/v1/projects/{work.project.key}"
    assert worker.get(f"{at}/labels", params={"format": "csv"}).status_code == 403
    sent = worker.post(f"{at}/pools/{work.pool}/labels", params={"as": "golden"}, content=b"image,label\n")
    assert sent.status_code == 403
