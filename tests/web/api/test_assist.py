"""The assistant over HTTP: pre-labels with tasks, how it stands, and automatic labelling."""

from __future__ import annotations

import httpx
import pytest
from tests.services.assist_animals import Animals, animals
from tests.web.serving import Running

from driftwheel.store.assist.automatic_runs import checked_tasks
from driftwheel.store.engine.database import reading


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def trained(server: Running, n: int = 400) -> Animals:
    zoo = animals(server.services.engine, n, apart=8.0)  # nothing may depend on which sample is drawn
    zoo.label(100)
    zoo.train()
    return zoo


def test_tasks_carry_pre_labels_and_the_assistant_says_how_good_it_is(
    server: Running, lead: httpx.Client
) -> None:
    zoo = trained(server, 150)
    at = f"/api/v1/projects/{zoo.project}"
    pool = f"{at}/pools/{zoo.work.pool}"
    assert lead.get(f"{pool}/prelabels").json() == {"prelabels": "assistant", "hidden_share": 0.1}
    assert lead.patch(f"{pool}/prelabels", json={"hidden_share": 0}).json()["hidden_share"] == 0
    given = lead.post(f"{at}/next", json={"count": 3}).json()["tasks"]
    assert [set(one["prelabel"]) for one in given] == [{"payload", "confidence"}] * 3
    assert {one["prelabel"]["payload"]["class"] for one in given} <= {"cat", "dog"}
    answer = {"id": "6f1f9a52-5f0c-4c2e-9a70-0c4c1d5b7f10", "task": given[0]["task"]}
    sent = lead.post(f"{at}/answers", json=answer | {"payload": given[0]["prelabel"]["payload"]})
    assert sent.status_code == 202, sent.text
    back = lead.post(f"{at}/answers/{answer['id']}/undo").json()["tasks"]
    assert back[0]["prelabel"] == given[0]["prelabel"]
    found = lead.get(f"{at}/assistant").json()
    assert found["ready"]
    assert found["newest"]["labels"] == 100
    accuracy = found["newest"]["accuracy"]
    assert accuracy["low"] <= accuracy["share"] <= accuracy["high"]
    assert (found["labels"], found["next_at"], found["coverage"]["bound"]) == (100, 120, 0.02)
    assert lead.post(f"{at}/assistant/training").status_code == 202
    off = lead.patch(f"{at}/assistant", json={"enabled": False}).json()
    assert (off["ready"], off["enabled"]) == (False, False)


def test_the_rest_is_labelled_automatically_and_taken_back(server: Running, lead: httpx.Client) -> None:
    zoo = trained(server)
    at = f"/api/v1/projects/{zoo.project}/pools/{zoo.work.pool}/automatic"
    refused = lead.post(at, json={"bound": 0.6})
    assert refused.status_code == 422
    begun = lead.post(at, json={"bound": 0.1, "sample": 150})
    assert begun.status_code == 202, begun.text
    run = begun.json()
    assert (run["state"], run["sample"], run["sample_answered"]) == ("sampling", 150, 0)
    with reading(zoo.engine) as connection:
        sample = {one.task for one in checked_tasks(connection, run["key"], "sample")}
    zoo.finish([one for one in zoo.work.tasks() if one.key in sample])
    zoo.go_on(run["key"])
    (stands,) = lead.get(at).json()
    assert (stands["state"], stands["sample_answered"]) == ("auditing", 150)
    assert stands["accepted"] > 50
    assert stands["upper"] <= 0.1
    results = lead.get(f"{at.removesuffix('automatic')}results", params={"limit": 1000}).json()["results"]
    sources = [one["source"] for one in results]
    assert (sources.count("automatic"), sources.count("answers")) == (stands["accepted"], 250)
    undone = lead.post(f"{at}/{run['key']}/undo")
    assert undone.json()["state"] == "undoing"
    zoo.go_on(run["key"])
    assert lead.get(at).json()[0]["accepted"] == 0
    assert lead.post(f"{at}/999/undo").status_code == 404


def test_who_annotates_may_not_see_or_change_any_of_it(server: Running) -> None:
    zoo = animals(server.services.engine, 2)
    at = f"/api/v1/projects/{zoo.project}"
    worker = server.with_token("annotator")
    assert worker.get(f"{at}/assistant").status_code == 403
    assert worker.post(f"{at}/pools/{zoo.work.pool}/automatic", json={}).status_code == 403
    assert worker.patch(f"{at}/pools/{zoo.work.pool}/prelabels", json={}).status_code == 403
