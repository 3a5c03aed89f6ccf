"""The review queue over HTTP: read, decided of, promoted; no annotator sees it."""

from __future__ import annotations

import httpx
import pytest
from tests.web.api.test_labelling import answer, invited, open_project
from tests.web.serving import Running


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def test_a_disputed_task_is_decided_of(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 2, overlap=2, rules={"review_share": 0.0})
    ann, bob = invited(server, lead, project, "ann"), invited(server, lead, project, "bob")
    for client, label in ((ann, "cat"), (bob, "dog")):
        for one in client.post(f"{project}/next", json={"count": 2}).json()["tasks"]:
            answer(client, project, one["task"], label)
    page = lead.get(f"{project}/review", params={"limit": 1}).json()
    (first,) = page["tasks"]
    assert (first["why"], first["state"], page["waiting"]) == ("unsure", "done", {"unsure": 2})
    assert [(one["name"], one["payload"]) for one in first["answers"]] == [
        ("ann", {"class": "cat"}),
        ("bob", {"class": "dog"}),
    ]
    (second,) = lead.get(f"{project}/review", params={"after": page["next"]}).json()["tasks"]
    told = lead.post(
        f"{project}/review/{first['task']}", json={"action": "accept", "payload": first["consensus"]}
    )
    assert told.json()["review"]["payload"] == first["consensus"], told.text
    assert lead.post(f"{project}/review/{first['task']}", json={"action": "accept"}).status_code == 422
    rejected = lead.post(f"{project}/review/{second['task']}", json={"action": "reject", "reason": "blurred"})
    assert (rejected.json()["pool_state"], rejected.json()["review"]["reason"]) == ("open", "blurred")
    assert lead.get(f"{project}/review").json() == {"tasks": [], "waiting": {}, "next": None}
    reviews = lead.get(f"{project}/reviews", params={"limit": 1}).json()
    older = lead.get(f"{project}/reviews", params={"before": reviews["next"]}).json()
    assert [one["action"] for one in reviews["reviews"] + older["reviews"]] == ["reject", "accept"]
    results = {one["task"]: one for one in lead.get(f"{pool}/results").json()["results"]}
    assert results[first["task"]]["reviewed"] == older["reviews"][0]["key"]
    assert results[second["task"]]["state"] == "open"

    made = lead.post(f"{project}/pools", json={"name": "second"}).json()
    body = {"pool": made["key"], "kind": "exam"}
    assert lead.post(f"{project}/review/{first['task']}/promote", json=body).json()["kind"] == "exam"
    for path in (f"{project}/review", f"{project}/reviews"):
        assert ann.get(path).status_code == 403
    assert ann.post(f"{project}/review/{first['task']}", json={"action": "accept"}).status_code == 403


def test_rules_of_a_pool(server: Running, lead: httpx.Client) -> None:
    _, pool = open_project(server, lead, 1, rules={"review_share": 0.5})
    assert lead.get(pool).json()["rules"]["review_share"] == 0.5
    changed = lead.patch(pool, json={"rules": {"review_below": 0.9}}).json()["rules"]
    assert (changed["review_share"], changed["review_below"]) == (0.5, 0.9)
    assert lead.patch(pool, json={"rules": {"review_below": 2}}).status_code == 422
