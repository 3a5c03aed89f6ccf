"""Turns of the wheel over the API: read, begun, answered too early, stopped."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.web.pages.turning_site import NAME, Turning, add_turns, turning
from tests.web.serving import serving

AT = f"/api/v1/models/{NAME}/wheel/turns"


@pytest.fixture(scope="module")
def its(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turning]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        made = turning(running)
        add_turns(made)
        yield made


@pytest.fixture(scope="module")
def ella(its: Turning) -> httpx.Client:
    return its.running.with_token("engineer")


def test_turns_are_read_with_their_steps_and_cost(its: Turning, ella: httpx.Client) -> None:
    told = ella.get(AT, params={"limit": 2}).json()
    assert [one["number"] for one in told["turns"]] == [3, 2]
    older = ella.get(AT, params={"before": told["next"], "limit": 2}).json()
    assert ([one["number"] for one in older["turns"]], older["next"]) == ([1], None)
    one = ella.get(f"{AT}/3").json()
    assert one == told["turns"][0]
    assert (one["trigger"], one["step"], one["waits"], one["outcome"]) == ("alert", "label", "labels", None)
    assert one["to_do"][0] == {"words": "Label", "path": f"/annotate/{its.project}"}
    assert one["cost"] == {"labels": 80, "annotators": 3, "people_seconds": 1260.0, "machine_seconds": 334.0}
    assert one["policy"]["images"] == 80
    chosen = one["steps"][0]
    assert (chosen["name"], chosen["found"]) == ("select", {"images": 80, "holdout": 32})
    pool = f"/labels/{its.project}/pools/{its.pool}"
    assert [made["path"] for made in chosen["made"]] == [f"/labels/{its.project}", pool]
    ended = told["turns"][1]
    assert (ended["outcome"], ended["reason"]) == ("promoted", "v2 was promoted and is not worse than v1.")


def test_what_cannot_be_is_told(its: Turning, ella: httpx.Client) -> None:
    assert ella.get(f"{AT}/9").json()["detail"] == f"The model '{NAME}' has no turn 9; it has 1 to 3."
    assert ella.get("/api/v1/models/nosuch/wheel/turns").status_code == 404
    early = ella.post(f"{AT}/3/answer", json={"answer": "promote"})
    assert (early.status_code, "waits for no answer" in early.json()["detail"]) == (422, True)
    second = ella.post(AT, json={"cause": "One more."})
    assert (second.status_code, "goes on" in second.json()["detail"]) == (422, True)
    viewer = its.running.with_token("viewer")
    assert viewer.get(f"{AT}/3").status_code == 200
    assert viewer.post(f"{AT}/3/stop", json={}).status_code == 403


def test_one_is_stopped_and_another_begun(ella: httpx.Client) -> None:
    stopped = ella.post(f"{AT}/3/stop", json={"reason": "Enough."}).json()
    assert (stopped["outcome"], stopped["reason"].endswith("Enough.")) == ("stopped", True)
    begun = ella.post(AT, json={"cause": "The lens was changed."})
    assert begun.status_code == 202
    assert (begun.json()["number"], begun.json()["trigger"]) == (4, "hand")
    assert begun.json()["steps"][0]["state"] == "running"
