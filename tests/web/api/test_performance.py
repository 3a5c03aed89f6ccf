"""Performance over HTTP: the API, and the page as its server writes it."""

from __future__ import annotations

import httpx
import pytest
from tests.services.performance.labelled_days import NOON, LabelledDays, labelled_days
from tests.web.serving import Running

from driftwheel.services.performance.find_slices import find_slices
from driftwheel.store.engine.database import writing
from driftwheel.store.models.failure_slices import put_slices

URL = "/api/v1/models/animals/performance"


@pytest.fixture(scope="module")
def days(server: Running) -> LabelledDays:
    made = labelled_days(server.services.engine, "animals")
    made.log(0, {"cat": 40, "dog": 20}, version="1.0")
    made.log(1, {"cat": 60}, version="1.1")
    made.tell(0, "cat", 50)
    made.tell(1, "cat", 30)
    made.sum_up()
    return made


@pytest.fixture(scope="module")
def reader(server: Running, days: LabelledDays) -> httpx.Client:
    del days
    return server.with_token("viewer")


def test_figures_windows_versions_and_segments(reader: httpx.Client) -> None:
    found = reader.get(URL).json()
    assert found["predictions"] == 120
    assert found["basis"] == "told"
    assert found["labels"] == {"told": 80, "sampled": 0, "chosen": 0}
    accuracy = found["figures"]["accuracy"]
    assert accuracy["n"] == 80
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    assert found["confusion"] == {"classes": ["cat", "dog"], "counts": [[70.0, 10.0], [0.0, 0.0]]}
    told = [one for one in found["windows"] if one["predictions"]]
    assert [one["measured"]["labels"]["told"] for one in told] == [50, 30]
    assert len(found["windows"]) == 28
    assert [one["version"] for one in found["versions"]] == ["1.0", "1.1"]
    assert {(one["tag"], one["value"]) for one in found["segments"]} == {("camera", "0"), ("camera", "1")}
    assert [one["class"] for one in found["classes"]] == ["cat", "dog"]


def test_a_segment_a_version_and_a_span(reader: httpx.Client) -> None:
    one = reader.get(URL, params={"version": "1.1", "windows": 2}).json()
    assert one["figures"]["accuracy"]["value"] == 1.0
    assert [each["predictions"] for each in one["windows"]] == [0, 60]
    camera = reader.get(URL, params={"tag": "camera", "value": "1"}).json()
    assert camera["labels"]["told"] == 40
    assert camera["segments"] == []
    earlier = reader.get(URL, params={"until": "2026-03-04T12:00:00Z", "windows": 1}).json()
    assert earlier["labels"]["told"] == 50


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"tag": "camera"}, 422, "give both, or neither"),
        ({"windows": 0}, 422, "greater than or equal to 1"),
    ],
)
def test_what_makes_no_sense_is_said(
    reader: httpx.Client, asked: dict[str, str], status: int, said: str
) -> None:
    answer = reader.get(URL, params=asked)
    assert answer.status_code == status, answer.text
    assert said in answer.text
    assert reader.get("/api/v1/models/anmals/performance").status_code == 404


def test_the_page_says_what_is_known(server: Running, days: LabelledDays) -> None:
    del days
    server.user("vera", "viewer")
    client = server.logged_in("vera")
    page = client.get("/models/animals/performance").text
    assert "80 labels among 120 predictions of the 2 days that have any." in page.replace("\u00a0", " ")
    assert "Taken as if the labelled predictions were drawn at random" in page
    for part in ("Accuracy by day", "Confusion matrix", "By model version", "By segment", "Calibration"):
        assert part in page
    assert 'aria-current="page">Performance</a>' in page
    version = client.get("/models/animals/performance", params={"version": "1.1"}).text
    assert "30 labels among 60 predictions" in version.replace("\u00a0", " ")
    segment = client.get("/models/animals/performance", params={"segment": "camera=1"}).text
    assert "camera = 1" in segment


def test_the_page_without_labels_and_of_boxes(server: Running) -> None:
    client = server.logged_in("vera")
    assert "No prediction in this time." in client.get("/models/cats/performance").text
    assert "performance is not measured here yet" in client.get("/models/parts/performance").text
    assert client.get("/models/unknown/performance").status_code == 404


def test_slices_are_asked_for_and_told(server: Running, days: LabelledDays, reader: httpx.Client) -> None:
    assert reader.get(f"{URL}/slices").json()["made"] is None
    assert reader.post(f"{URL}/slices").status_code == 403
    assert server.with_token("engineer").post(f"{URL}/slices").status_code == 202
    assert reader.get(f"{URL}/slices").json()["asked"] is True
    find_slices(days.engine, days.model.key, now=NOON)
    found = reader.get(f"{URL}/slices").json()
    assert (found["asked"], found["reason"]) == (False, "80 labels, of 100 that are needed")
    figure = {"low": 0.4, "high": 0.6, "n": 40}
    told = {
        "conditions": [{"feature": "tag.camera", "value": "<b>1", "low": None, "high": None}],
        "share": 0.25,
        "labels": 80,
        "wrong": 40,
        "accuracy": {"value": 0.5, **figure},
        "rest": {"value": 0.9, **figure},
        "p_value": 0.001,
        "records": ["d0-0", "gone"],
    }
    document = {"n": 400, "fair": True, "proposed": 5, "looked_at": 60, "reason": "", "slices": [told]}
    with writing(days.engine) as connection:
        put_slices(connection, days.model.key, labels=400, document=document, made=NOON)
    [one] = reader.get(f"{URL}/slices").json()["slices"]
    assert (one["words"], one["records"], one["accuracy"]["value"]) == ("camera = <b>1", ["d0-0"], 0.5)
    page = server.logged_in("vera").get("/models/animals/performance").text
    assert "camera = &lt;b&gt;1" in page
    assert "Half of 400 labels proposed 5 of 60 parts that were looked at" in page.replace("\u00a0", " ")
    assert "Look again" not in page  # a viewer may not
