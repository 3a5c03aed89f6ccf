"""Verdicts over HTTP."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from tests.web.serving import Running

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.windows.verdicts import NewVerdict, put_verdict
from driftwheel.store.windows.windows import find_window

DAY = "2026-03-04T00:00:00Z"


@pytest.fixture(scope="module")
def client(server: Running) -> httpx.Client:
    """A model `judged` with two days, the first of which is judged, as a whole and for one camera."""
    server.model("judged")
    client = server.with_token("admin")
    engine = server.services.engine
    for day in (4, 5):
        record = {"id": f"{day}", "time": f"2026-03-0{day}T05:06:07Z"}
        assert client.post("/api/v1/models/judged/records", json=record).status_code == 202
    with reading(engine) as connection:
        model = find_model(connection, "judged").key
    start = server.clock().replace(year=2026, month=3, day=4, hour=0, minute=0, second=0, microsecond=0)
    with writing(engine) as connection:
        window = find_window(connection, model, start)
        assert window is not None
        for tag, value, answer in (("", "", "drift"), ("camera", "2", "no_drift")):
            verdict = NewVerdict(
                model=model,
                start=start,
                end=start + timedelta(days=1),
                tag=tag,
                value=value,
                revision=window.revision,
                reference=None,
                answer=answer,  # type: ignore[arg-type]
                kind="appearance",
                p_value=0.001,
                alpha=0.0027,
                n=100,
                headline="Drift: blur.",
                document={"verdict": answer},
                observations={"records": {"value": 1}},
                exemplars=["4"],
                made=server.clock(),
            )
            put_verdict(connection, verdict)
    return client


def test_a_list_holds_the_whole_model_or_the_segments_asked_for(client: httpx.Client) -> None:
    address = "/api/v1/models/judged/verdicts"
    (whole,) = client.get(address).json()
    assert (whole["start"], whole["answer"], whole["tag"], whole["exemplars"]) == (DAY, "drift", "", ["4"])
    assert "document" not in whole
    (camera,) = client.get(address, params={"tag": "camera"}).json()
    assert (camera["value"], camera["answer"]) == ("2", "no_drift")
    assert client.get(address, params={"tag": "camera", "value": "1"}).json() == []
    assert client.get(address, params={"since": "2026-03-05T00:00:00Z"}).json() == []


def test_one_has_all_that_it_rests_on_and_says_when_it_is_out_of_date(client: httpx.Client) -> None:
    address = f"/api/v1/models/judged/verdicts/{DAY}"
    found = client.get(address).json()
    assert (found["document"], found["observations"]) == ({"verdict": "drift"}, {"records": {"value": 1}})
    assert found["current"] is False, "the profile of the window is still to be made"
    missing = client.get("/api/v1/models/judged/verdicts/2026-03-05T00:00:00Z")
    assert (missing.status_code, missing.json()["detail"]) == (404, "There is no verdict on this window yet.")
    assert client.get("/api/v1/models/judget/verdicts").status_code == 404
