"""Labelling over HTTP, as a page or a crowd elsewhere does it: from the project to the results."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from typing import Any

import httpx
import pytest
from tests.store.rows import NOON
from tests.web.serving import Running
from tests.workflows.installation import picture

from driftwheel.predictions import Classification, Record
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.records.new_record import NewRecord
from driftwheel.store.records.writer import write_records

NUMBERS = itertools.count()
CLASSES = [{"name": "cat"}, {"name": "dog", "key": "d"}]


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def log_images(server: Running, n: int, model: str = "cats") -> list[str]:
    """Log records with images, and return their ids."""
    services = server.services
    with reading(services.engine) as connection:
        key = find_model(connection, model).key
    rows = []
    for _ in range(n):
        number = next(NUMBERS)
        image = services.blobs.put(picture(number, (24, 32)))
        record = Record(
            f"r{number}",
            model,
            NOON,
            image=image.hex(),
            width=32,
            height=24,
            prediction=Classification("cat"),
        )
        rows.append(NewRecord(key, record, hashlib.sha256(image).digest(), NOON))
    with writing(services.engine) as connection:
        write_records(connection, rows)
    return [one.record.id for one in rows]


def open_project(server: Running, lead: httpx.Client, n: int = 3, **pool: Any) -> tuple[str, str]:
    """Make a project with an open pool of so many images, and return the addresses of the two."""
    body = {"name": f"p{next(NUMBERS)}", "model": "cats", "answer": "class", "classes": CLASSES}
    made = lead.post("/api/v1/projects", json=body)
    assert made.status_code == 201, made.text
    project = f"/api/v1/projects/{made.json()['key']}"
    made = lead.post(f"{project}/pools", json={"name": "first", "golden_share": 0.0} | pool)
    assert made.status_code == 201, made.text
    at = f"{project}/pools/{made.json()['key']}"
    images = [{"record": one, "reason": "unsure"} for one in log_images(server, n)]
    assert lead.post(f"{at}/images", json={"images": images}).json() == {
        "added": n,
        "there": 0,
        "missing": [],
    }
    assert lead.post(f"{at}/open").json()["state"] == "open"
    return project, at


def invited(server: Running, lead: httpx.Client, project: str, name: str) -> httpx.Client:
    """Return a client of somebody who has joined a project by a link."""
    secret = lead.post(f"{project}/invitations", json={"note": "students"}).json()["secret"]
    joined = server.client().post("/api/v1/join", json={"invitation": secret, "name": name})
    assert joined.status_code == 201, joined.text
    return server.client({"Authorization": f"Bearer {joined.json()['token']}"})


def answer(client: httpx.Client, project: str, task: int, label: str = "cat", **more: Any) -> httpx.Response:
    body = {"id": str(uuid.uuid4()), "task": task, "payload": {"class": label}, "seconds": 1.5} | more
    return client.post(f"{project}/answers", json=body)


def test_from_a_project_to_its_results(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 3, overlap=2)
    ann, bob = invited(server, lead, project, "ann"), invited(server, lead, project, "bob")
    work = ann.get(f"{project}/work").json()
    assert [one["key"] for one in work["classes"]] == ["1", "d"]
    assert (work["annotator"], work["pools"]) == ("ann", [])
    tasks = ann.post(f"{project}/next", json={"count": 2}).json()["tasks"]
    assert [(one["width"], one["height"], one["training"]) for one in tasks] == [(32, 24, False)] * 2
    name = str(uuid.uuid4())
    for outcome in ("accepted", "duplicate"):
        told = answer(ann, project, tasks[0]["task"], id=name)
        assert (told.status_code, told.json()["outcome"], told.json()["state"]) == (202, outcome, "counted")
    assert answer(ann, project, tasks[0]["task"], "dog", id=name).status_code == 409
    undone = ann.post(f"{project}/answers/{name}/undo").json()
    assert [one["task"] for one in undone["tasks"]] == [tasks[0]["task"]]
    assert answer(ann, project, tasks[0]["task"]).status_code == 202
    for client in (ann, bob):
        while given := client.post(f"{project}/next", json={"count": 2}).json()["tasks"]:
            assert answer(client, project, given[0]["task"]).status_code == 202
    nothing = {"tasks": [], "why": "no_tasks", "missing": "", "until": None, "challenge": None}
    nothing |= {"notices": []}
    assert ann.post(f"{project}/next", json={}).json() == nothing
    found = lead.get(pool).json()
    assert (found["state"], found["closed_because"], found["done"], found["tasks"]) == (
        "closed",
        "finished",
        3,
        3,
    )
    page = lead.get(f"{pool}/results", params={"limit": 2}).json()
    rest = lead.get(f"{pool}/results", params={"limit": 2, "after": page["next"], "state": "done"}).json()
    results = page["results"] + rest["results"]
    assert [one["consensus"] for one in results] == [{"class": "cat"}] * 3
    assert all(one["confidence"] > 0.8 and one["reason"] == "unsure" for one in results)
    assert rest["next"] is None
    said = lead.get(f"{pool}/answers").json()
    assert [one["state"] for one in said["answers"]] == ["undone"] + ["counted"] * 6
    assert [one["kind"] for one in lead.get(f"{project}/events").json()] == ["pool_closed", "pool_opened"]
    assert ann.get(f"{project}/work").json()["pools"][0]["answered"] == 3


def test_who_was_invited_sees_the_images_they_were_given_and_nothing_else(
    server: Running, lead: httpx.Client
) -> None:
    project, pool = open_project(server, lead, 2)
    other, _ = open_project(server, lead, 1)
    ann, bob = invited(server, lead, project, "ann"), invited(server, lead, project, "bob")
    (task,) = ann.post(f"{project}/next", json={}).json()["tasks"]
    image = ann.get(f"{project}/tasks/{task['task']}/image")
    assert (image.status_code, image.headers["content-type"]) == (200, "image/png")
    assert hashlib.sha256(image.content).hexdigest() == task["image"]
    small = ann.get(f"{project}/tasks/{task['task']}/image", params={"size": 320})
    assert small.headers["content-type"] == "image/jpeg"
    assert bob.get(f"{project}/tasks/{task['task']}/image").status_code == 404
    assert answer(bob, project, task["task"]).status_code == 404
    for path in (f"{other}/work", f"{other}/tasks/{task['task']}/image"):
        assert ann.get(path).status_code == 404
    assert ann.post(f"{other}/next", json={}).status_code == 404
    for path in (
        project,
        pool,
        f"{pool}/results",
        f"{pool}/answers",
        "/api/v1/projects",
        f"/api/v1/models/cats/images/{task['image']}",
        "/api/v1/models/cats/records",
    ):
        assert ann.get(path).status_code == 403, path
    assert ann.post(f"{pool}/close", json={}).status_code == 403


def test_nothing_tells_a_golden_task_from_another(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 20, golden_share=0.9, overlap=2)
    golden = [{"record": one, "kind": "golden", "truth": {"class": "cat"}} for one in log_images(server, 6)]
    assert lead.post(f"{pool}/images", json={"images": golden}).json()["added"] == 6
    ann, bob = invited(server, lead, project, "ann"), invited(server, lead, project, "bob")
    tasks = ann.post(f"{project}/next", json={"count": 20}).json()["tasks"]
    ids = [one["task"] for one in tasks]
    assert ids == list(range(ids[0], ids[0] + 20))  # in the order of handing out, whatever they are
    shown = [set(one) for one in tasks]
    assert all(one == shown[0] for one in shown)
    assert bob.get(f"{project}/tasks/{ids[0]}/image").status_code == 404
    told = [answer(ann, project, one, "cat").json() for one in ids]
    assert {(one["state"], one["truth"], one["correct"]) for one in told} == {("counted", None, None)}
    again = answer(ann, project, ids[0], "dog")
    assert again.json()["detail"] == "The task has an answer of this annotator already; undo that first."
    (standing,) = ann.get(f"{project}/work").json()["pools"]
    assert (standing["answered"], standing["golden"], standing["golden_correct"]) == (20, None, None)
    lead.post(f"{project}/next", json={"annotator": "lead"})
    (standing,) = lead.get(f"{project}/work", params={"annotator": "lead"}).json()["pools"]
    assert (standing["golden"], standing["golden_correct"]) == (0, 0)
    kinds = {one["task"]: one["kind"] for one in lead.get(f"{pool}/results").json()["results"]}
    said = {one["task"] for one in lead.get(f"{pool}/answers").json()["answers"]}
    assert {kinds[one] for one in said} == {"real", "golden"}


def test_a_crowd_elsewhere_is_driven_by_one_token(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 2, price=0.05, budget=0.05)
    crowd = server.with_token("annotator")
    (task,) = crowd.post(f"{project}/next", json={"annotator": "w1"}).json()["tasks"]
    assert crowd.post(f"{project}/next", json={"annotator": "w2"}).json()["why"] == "no_tasks"  # the budget
    assert answer(crowd, project, task["task"], annotator="w2").status_code == 404
    skip = {"id": str(uuid.uuid4()), "task": task["task"], "kind": "skip", "annotator": "w1"}
    assert crowd.post(f"{project}/answers", json=skip).status_code == 202
    tasks = crowd.post(f"{project}/next", json={"annotator": "w2", "count": 5}).json()["tasks"]
    assert [one["image"] for one in tasks] == [task["image"]]
    assert answer(crowd, project, tasks[0]["task"], annotator="w2").status_code == 202
    assert (lead.get(pool).json()["paid"], lead.get(pool).json()["closed_because"]) == (1, "budget")
    people = {one["name"]: one for one in lead.get(f"{project}/annotators").json()}
    assert (people["w1"]["skipped"], people["w2"]["answered"]) == (1, 1)


def test_a_ban_and_its_undoing(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 1)
    mal = invited(server, lead, project, "mal")
    (task,) = mal.post(f"{project}/next", json={}).json()["tasks"]
    answer(mal, project, task["task"])
    (person,) = lead.get(f"{project}/annotators").json()
    at = f"{project}/annotators/{person['key']}"
    event = lead.post(f"{at}/ban", json={"reason": "random", "exclude": True}).json()
    assert event["numbers"] == {"excluded": 1}
    assert mal.post(f"{project}/next", json={}).status_code == 401  # the token is revoked
    assert lead.get(pool).json()["state"] == "open"
    undone = lead.post(f"{project}/events/{event['key']}/undo")
    assert undone.json()["undone_by"].startswith("token ")
    assert lead.post(f"{project}/events/{event['key']}/undo").status_code == 422
    assert lead.get(pool).json()["closed_because"] == "finished"
    assert mal.post(f"{project}/next", json={}).json()["why"] == "no_tasks"
    changed = lead.patch(at, json={"skills": {"x-ray": 0.5}, "languages": ["de"]}).json()
    assert (changed["skills"], changed["languages"], changed["tags"]) == ({"x-ray": 0.5}, ["de"], [])


def test_who_is_banned_sees_nothing_more(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1)
    crowd = server.with_token("annotator")
    (task,) = crowd.post(f"{project}/next", json={"annotator": "mal"}).json()["tasks"]
    (person,) = lead.get(f"{project}/annotators").json()
    lead.post(f"{project}/annotators/{person['key']}/ban", json={"reason": "random"})
    for path in (f"{project}/work", f"{project}/tasks/{task['task']}/image"):
        assert crowd.get(path, params={"annotator": "mal"}).status_code == 403
    assert crowd.post(f"{project}/next", json={"annotator": "mal"}).json()["why"] == "banned"
    assert crowd.get(f"{project}/work", params={"annotator": "ann"}).status_code == 200


def test_a_list_of_images_fills_a_pool(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1)
    log_images(server, 3)
    pool = lead.post(f"{project}/pools", json={"name": "newest"}).json()
    at = f"{project}/pools/{pool['key']}/images"
    filled = lead.post(at, json={"list": {"limit": 3, "predicted": "cat", "reason": "new"}})
    assert filled.json() == {"added": 3, "there": 0, "missing": []}
    assert lead.post(at, json={"list": {"limit": 3}}).json()["there"] == 3
    both = {"list": {"limit": 3}, "images": [{"record": "r1"}]}
    assert lead.post(at, json=both).status_code == 422
    golden = {"images": [{"record": "r0", "kind": "golden", "truth": {"class": "cow"}}]}
    assert "no class 'cow'" in lead.post(at, json=golden).json()["detail"]


def test_tokens_of_some_models_know_of_no_other_project(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1)
    narrow = server.with_token("engineer", models=["parts"])
    assert narrow.get("/api/v1/projects").json() == []
    assert narrow.get(project).status_code == 404
    assert narrow.post(f"{project}/next", json={}).status_code == 404
    body = {"name": "x", "model": "cats", "answer": "class", "classes": CLASSES}
    assert narrow.post("/api/v1/projects", json=body).status_code == 403
    assert (
        narrow.post("/api/v1/projects", json=body | {"model": "parts", "answer": "boxes"}).status_code == 201
    )


def test_invitations_are_withdrawn_and_guessing_them_is_slow(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1)
    made = lead.post(f"{project}/invitations", json={"most": 5, "tags": ["a"]}).json()
    assert lead.delete(f"{project}/invitations/{made['key']}").status_code == 204
    assert lead.delete(f"{project}/invitations/{made['key']}").status_code == 404
    (kept,) = lead.get(f"{project}/invitations").json()
    assert "secret" not in kept
    join = {"invitation": made["secret"], "name": "ann"}
    statuses = [server.client().post("/api/v1/join", json=join).status_code for _ in range(6)]
    assert statuses == [404] * 5 + [429]
    lead.patch(project, json={"instructions": "Look twice."})
    assert lead.get(project).json()["instructions"] == "Look twice."
