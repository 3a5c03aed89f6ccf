"""Dataset versions by the API."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.services.datasets.labelled_animals import picture
from tests.web.serving import Running, serving

AT = "/api/v1/models/cats/datasets"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        yield running


@pytest.fixture(scope="module")
def api(site: Running) -> httpx.Client:
    """A client of an engineer, of a model with six told images."""
    client = site.with_token("engineer")
    for n in range(6):
        record = {"id": f"i{n}", "time": "2026-03-04T05:06:07Z", "tags": {"camera": str(n % 2)}}
        meta = {"record": (None, json.dumps(record)), "image": (f"{n}.png", picture(n), "image/png")}
        answer = client.post("/api/v1/models/cats/records/images", files=meta)
        assert answer.status_code == 202, answer.text
        truth = {"record": f"i{n}", "truth": {"class": "cat" if n % 2 else "dog"}}
        assert client.post("/api/v1/models/cats/truths", json=truth).status_code == 202
    return client


def archive(n: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(n):
            made.writestr(f"{'cat' if number % 2 else 'dog'}/{number}.png", picture(50 + number))
    return out.getvalue()


def test_the_life_of_versions(api: httpx.Client) -> None:
    body = {"labels": {}, "note": "first", "splits": {"train": 0.5, "validation": 0.0, "test": 0.5}}
    made = api.post(AT, json=body)
    assert made.status_code == 201, made.text
    first = made.json()["dataset"]
    assert (made.json()["is_new"], first["number"], first["images"]) == (True, 1, 6)
    counts = {one["name"]: one["train"] + one["validation"] + one["test"] for one in first["classes"]}
    assert (counts, first["splits"]["validation"]) == ({"cat": 3, "dog": 3}, 0)
    assert first["sources"] == {"told": 6}
    assert api.post(AT, json=body).json()["is_new"] is False
    more = api.post(f"{AT}/folder", params={"parent": 1, "called": "more"}, content=archive(4))
    assert more.status_code == 201, more.text
    assert (more.json()["dataset"]["images"], more.json()["dataset"]["parent"]) == (10, 1)
    known = api.get(AT, params={"limit": 1}).json()
    assert ([one["number"] for one in known["datasets"]], known["next"]) == ([2], 2)
    assert api.get(AT, params={"before": 2}).json()["datasets"] == [first]
    assert api.patch(f"{AT}/1", json={"note": "kept"}).json()["note"] == "kept"
    gone = api.delete(f"{AT}/2").json()
    assert (gone["number"], gone["removed"] is not None) == (2, True)
    answer = api.get(f"{AT}/2/images")
    assert (answer.status_code, "was removed" in answer.json()["detail"]) == (422, True)


def test_images_and_changes_by_page(api: httpx.Client) -> None:
    base = api.post(AT, json={"labels": {"sources": ["told"]}}).json()["dataset"]["number"]
    labels = b"image,label\ni0.png,cat\ni1,cat\n"
    later = api.post(f"{AT}/folder", params={"parent": base}, content=labels).json()["dataset"]
    seen: list[str] = []
    after = ""
    while True:
        page = api.get(f"{AT}/{later['number']}/images", params={"limit": 4, "after": after}).json()
        seen += [one["name"] for one in page["images"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == [f"i{n}" for n in range(6)]
    changes = api.get(f"{AT}/{later['number']}/changes", params={"from": base}).json()
    assert (changes["same"], changes["counts"]["relabelled"]) == (5, 1)
    assert changes["relabelled"] == [["dog", "cat", 1]]
    (change,) = changes["changes"]
    assert change["before"]["label"] == {"class": "dog"}
    assert (change["after"]["source"], change["after"]["by"][0][:5]) == ("review", "token")
    image = change["after"]["image"]
    assert api.get(f"/api/v1/models/cats/images/{image}").content == picture(0)
    some = api.get(f"{AT}/{later['number']}/changes", params={"from": base, "kind": "added"}).json()
    assert some["changes"] == []


def test_downloads(api: httpx.Client) -> None:
    number = api.post(AT, json={"labels": {}}).json()["dataset"]["number"]
    digest = api.get(f"{AT}/{number}").json()["digest"]
    lines = api.get(f"{AT}/{number}/manifest")
    assert hashlib.sha256(lines.content.splitlines(keepends=True)[0]).hexdigest() == digest
    assert lines.headers["Content-Disposition"] == f'attachment; filename="cats-dataset-{number}.jsonl"'
    folders = api.get(f"{AT}/{number}/labels", params={"format": "folders"})
    assert len(zipfile.ZipFile(io.BytesIO(folders.content)).namelist()) == 6
    csv = api.get(f"{AT}/{number}/labels", params={"format": "csv", "split": "train"}).text.splitlines()
    assert csv[0] == "image,label"
    refused = api.get(f"{AT}/{number}/labels", params={"format": "coco"})
    assert (refused.status_code, "allow 'classes'" in refused.json()["detail"]) == (422, True)


def test_what_is_refused(site: Running, api: httpx.Client, tmp_path: Path) -> None:
    for path, body, status, words in (
        (AT, {}, 422, "Say what the version is made of"),
        (AT, {"parent": 99}, 422, "no dataset version 99"),
        (AT, {"labels": {}, "splits": {"train": 0.9}}, 422, "add up to 1"),
        (AT, {"labels": {}, "splits": {"group_pattern": "x"}}, 422, "neither a time nor a tag"),
        (AT, {"labels": {"since": "2026-03-04"}}, 422, "since"),
        ("/api/v1/models/dogs/datasets", {"labels": {}}, 404, "no model 'dogs'"),
    ):
        answer = api.post(path, json=body)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert api.get(f"{AT}/99").status_code == 404
    broken = api.post(f"{AT}/folder", content=b"PK\x03\x04 nothing")
    assert (broken.status_code, "cannot be opened" in broken.json()["detail"]) == (422, True)
    viewer = site.with_token("viewer")
    assert viewer.get(AT).status_code == 200
    assert viewer.post(AT, json={"labels": {}}).status_code == 403
    assert viewer.delete(f"{AT}/1").status_code == 403
