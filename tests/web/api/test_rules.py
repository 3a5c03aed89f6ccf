"""Quality rules over HTTP: pauses that are undone, and digits to be typed."""

from __future__ import annotations

import httpx
import pytest
from tests.web.api.test_labelling import answer, invited, open_project
from tests.web.serving import Running

from driftwheel.services.label.quality.challenge_annotator import ask_challenge
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.annotators import annotator_named
from driftwheel.store.labels.pools import pool_by_key


@pytest.fixture
def lead(server: Running) -> httpx.Client:
    return server.with_token("engineer")


def test_who_is_too_fast_pauses_until_that_is_undone(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 14, rules={"pause_minutes": 30, "fast_seconds": 0.5})
    rules = lead.get(pool).json()["rules"]
    assert (rules["pause_minutes"], rules["collusion"], rules["skips_in_row"]) == (30, True, 5)
    crowd = server.with_token("annotator")
    tasks = crowd.post(f"{project}/next", json={"annotator": "w1", "count": 13}).json()["tasks"]
    for task in tasks:
        assert answer(crowd, project, task["task"], annotator="w1", seconds=0.1).status_code == 202
    told = crowd.post(f"{project}/next", json={"annotator": "w1"}).json()
    assert (told["why"], told["until"] is None, told["tasks"]) == ("paused", False, [])
    pause, warning = (one for one in lead.get(f"{project}/events").json() if one["annotator"] is not None)
    assert (pause["kind"], warning["kind"], pause["numbers"]["minutes"]) == ("pause", "warning", 30)
    (person,) = lead.get(f"{project}/annotators").json()
    assert person["paused_until"] == told["until"]
    undone = lead.post(f"{project}/events/{pause['key']}/undo").json()
    assert undone["undone_by"].startswith("token ")
    assert len(crowd.post(f"{project}/next", json={"annotator": "w1"}).json()["tasks"]) == 1


def test_digits_are_read_and_typed(server: Running, lead: httpx.Client) -> None:
    project, pool = open_project(server, lead, 2)
    ann, bob = invited(server, lead, project, "ann"), invited(server, lead, project, "bob")
    with writing(server.services.engine) as connection:
        who = annotator_named(connection, int(project.rpartition("/")[2]), "ann")
        where = pool_by_key(connection, int(pool.rpartition("/")[2]))
        assert who is not None
        assert where is not None
        asked = ask_challenge(connection, where, who.key, server.clock())
    told = ann.post(f"{project}/next", json={}).json()
    assert (told["why"], told["challenge"], told["tasks"]) == ("challenge", asked.key, [])
    at = f"{project}/challenges/{told['challenge']}"
    image = ann.get(f"{at}/image")
    assert (image.headers["content-type"], image.headers["cache-control"]) == ("image/png", "no-store")
    assert asked.digits not in ann.post(f"{project}/next", json={}).text
    assert bob.get(f"{at}/image").status_code == 404
    assert bob.post(at, json={"text": asked.digits}).status_code == 404
    assert ann.post(at, json={"text": asked.digits}).json() == {"passed": True}
    assert len(ann.post(f"{project}/next", json={}).json()["tasks"]) == 1
    assert ann.post(at, json={"text": asked.digits}).status_code == 404
