"""What annotators are told of their work, and of how golden tasks went; the session of who has joined."""

from __future__ import annotations

import httpx
import pytest
from tests.web.api.test_labelling import answer, invited, log_images, open_project
from tests.web.serving import Running


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def standing(client: httpx.Client, project: str) -> dict[str, object]:
    (found,) = client.get(f"{project}/work").json()["pools"]
    return dict(found)


def test_leads_are_told_of_golden_tasks_at_once(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 2)
    ann = invited(server, lead, project, "ann")
    (task,) = ann.post(f"{project}/next", json={}).json()["tasks"]
    assert answer(ann, project, task["task"]).status_code == 202
    assert standing(ann, project)["golden"] is None
    lead.post(f"{project}/next", json={"annotator": "lead"})
    (found,) = lead.get(f"{project}/work", params={"annotator": "lead"}).json()["pools"]
    assert (found["golden"], found["golden_correct"]) == (0, 0)


def test_stages_are_counted_and_what_there_is_to_do_is_said(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 1)
    special = [
        {"record": one, "kind": kind, "truth": {"class": "cat"}}
        for one, kind in zip(log_images(server, 3), ("training", "exam", "exam"), strict=True)
    ]
    assert lead.post(f"{pool}/images", json={"images": special}).json()["added"] == 3
    ann = invited(server, lead, project, "ann")
    stages = []
    for _ in range(4):
        (task,) = ann.post(f"{project}/next", json={}).json()["tasks"]
        found = standing(ann, project)
        stages.append((found["stage"], found["stage_done"], found["stage_tasks"]))
        assert answer(ann, project, task["task"]).status_code == 202
    assert stages == [("training", 0, 1), ("exam", 0, 2), ("exam", 1, 2), ("work", None, None)]
    assert standing(ann, project)["labelled"] is None  # one image: its share would tell
    assert ann.get(f"{project}/work").json()["state"] == "finished"
    other, at = open_project(server, lead, 1)
    crowd = server.with_token("annotator")
    assert crowd.get(f"{other}/work").json()["state"] == "open"
    lead.post(f"{at}/close", json={})
    assert crowd.get(f"{other}/work").json()["state"] == "closed"


def test_who_joins_says_which_languages_they_know(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1, requires={"languages": ["de"]})
    secret = lead.post(f"{project}/invitations", json={"languages": ["en"]}).json()["secret"]
    body = {"invitation": secret, "name": "ann", "languages": ["de", "en"]}
    joined = server.client().post("/api/v1/join", json=body)
    assert joined.status_code == 201
    (person,) = lead.get(f"{project}/annotators").json()
    assert person["languages"] == ["en", "de"]


def test_only_an_annotators_token_is_a_session(server: Running, lead: httpx.Client) -> None:
    project, _ = open_project(server, lead, 1)
    browser = server.client()
    secret = lead.post(f"{project}/invitations", json={}).json()["secret"]
    form = {"name": "ann"}
    elsewhere = {"Origin": "https://evil.example", "accept": "text/html"}
    assert browser.post(f"/join/{secret}", data=form, headers=elsewhere).status_code == 403
    answered = browser.post(f"/join/{secret}", data=form)
    key = project.rpartition("/")[2]
    assert (answered.status_code, answered.headers["location"]) == (303, f"/annotate/{key}")
    who = browser.get("/api/v1/session").json()
    assert (who["role"], who["permissions"]) == ("annotator", ["annotate"])
    assert browser.post(f"{project}/next", json={}).status_code == 403
    taken = browser.post(f"{project}/next", json={}, headers={"X-CSRF-Token": who["csrf"]})
    assert len(taken.json()["tasks"]) == 1
    for role in ("admin", "engineer", "ingest", "viewer"):
        stolen = server.client({"cookie": f"driftwheel_session={server.token(role)}"})
        assert stolen.get("/api/v1/session").status_code == 401, role
