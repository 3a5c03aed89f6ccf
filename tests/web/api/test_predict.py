"""Predictions by the server: what is answered is kept, and what cannot be answered is told why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from tests.services.halves import halves, network
from tests.web.serving import Running, serving

from driftwheel.predictions import Classification
from driftwheel.services.models.register_model import add_model_version
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.serve.predict import Asked, Predicted, keep_answer
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import find_model
from driftwheel.store.records.records import find_record

PICTURES = [bytes(cv2.imencode(".png", pixels)[1].tobytes()) for pixels, _ in halves(12, seed=3)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data"), predictions_at_once=3) as running:
        for name in ("halves", "swaps"):
            running.model(name)
            for version, gain in (("v1", 10.0), ("v2", 30.0)):
                add(running, name, version, network(gain=gain))
        running.model("none")
        running.model("boxes", "detection")
        yield running


def add(running: Running, model: str, version: str, onnx: bytes | None) -> None:
    services = running.services
    add_model_version(
        services.engine, services.blobs, model, version, onnx=onnx, by="me", now=running.clock()
    )


@pytest.fixture(scope="module")
def camera(server: Running) -> httpx.Client:
    return server.with_token("ingest")


def ask(
    client: httpx.Client, picture: bytes = PICTURES[0], model: str = "halves", **query: Any
) -> httpx.Response:
    return client.post(
        f"/api/v1/models/{model}/predict",
        content=picture,
        headers={"Content-Type": "image/png"},
        params=query,
    )


def test_an_answer_is_a_record_that_is_kept(server: Running, camera: httpx.Client) -> None:
    answer = ask(camera, id="one", time="2026-11-01T10:00:00Z", tag=["camera=2", "site=north=1"])
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["id"], said["model"], said["model_version"], said["logged"]) == (
        "one",
        "halves",
        "v1",
        "accepted",
    )
    assert set(said["scores"]) == {"left", "right"}
    assert said["class"] == max(said["scores"], key=said["scores"].get)
    assert sum(said["scores"].values()) == pytest.approx(1, abs=1e-6)
    with reading(server.services.engine) as connection:
        kept = find_record(connection, find_model(connection, "halves").key, "one")
    assert kept is not None
    assert dict(kept.tags) == {"camera": "2", "site": "north=1"}
    assert kept.time.isoformat() == "2026-11-01T10:00:00+00:00"
    assert kept.model_version == "v1"
    assert kept.prediction.label == said["class"]  # type: ignore[union-attr]
    assert kept.image is not None
    assert server.services.blobs.get(kept.image) == PICTURES[0]


def test_the_same_image_again_gets_the_same_answer_and_counts_once(camera: httpx.Client) -> None:
    first = ask(camera, PICTURES[1], id="again").json()
    second = ask(camera, PICTURES[1], id="again").json()
    assert (first["logged"], second["logged"]) == ("accepted", "duplicate")
    assert {**second, "logged": "accepted"} == first
    other = ask(camera, PICTURES[2], id="again")
    assert other.status_code == 409
    assert "another image was logged before" in other.json()["detail"]


def test_a_form_is_taken_too(camera: httpx.Client) -> None:
    files = {"image": ("a.png", PICTURES[3], "image/png")}
    answer = camera.post("/api/v1/models/halves/predict", files=files, data={"record": '{"id": "form"}'})
    assert (answer.status_code, answer.json()["id"]) == (200, "form")
    assert camera.post("/api/v1/models/halves/predict", files=files).status_code == 200
    strange = camera.post("/api/v1/models/halves/predict", files=files, data={"recrd": "{}"})
    assert (strange.status_code, "a part 'recrd'" in strange.text) == (422, True)
    text = camera.post("/api/v1/models/halves/predict", files=files, data={"record": '{"idd": "x"}'})
    assert text.status_code == 422


def test_only_the_highest_scores_are_told_where_that_is_wanted(camera: httpx.Client) -> None:
    said = ask(camera, top=1).json()
    assert list(said["scores"]) == [said["class"]]


@pytest.mark.parametrize(
    ("picture", "kind", "query", "status", "words"),
    [
        (b"no image at all", "image/png", {}, 422, "The image cannot be read: not an image"),
        (b"<svg/>", "image/svg+xml", {}, 422, "unsupported: SVG"),
        (PICTURES[0][:60], "image/png", {}, 422, "The image cannot be read"),
        (b"", "image/png", {}, 422, "The image is empty"),
        (PICTURES[0], "application/json", {}, 415, "The body is 'application/json'; send the image's file"),
        (PICTURES[0], "image/png", {"tag": "camera"}, 422, "The tag 'camera' is none; give name=value"),
        (PICTURES[0], "image/png", {"time": "2126-01-01T00:00:00Z"}, 422, "in the future"),
        (PICTURES[0], "image/png", {"id": ""}, 422, "at least 1 character"),
    ],
)
def test_what_cannot_be_answered_is_told_why(  # noqa: PLR0917
    camera: httpx.Client, picture: bytes, kind: str, query: dict[str, str], status: int, words: str
) -> None:
    answer = camera.post(
        "/api/v1/models/halves/predict", content=picture, headers={"Content-Type": kind}, params=query
    )
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]


def test_a_model_that_cannot_be_served_says_so(server: Running, camera: httpx.Client) -> None:
    none = ask(camera, model="none")
    assert none.status_code == 503
    assert none.headers["Retry-After"]
    assert "The model 'none' has no champion. Add a version" in none.json()["detail"]
    assert ask(camera, model="boxes").status_code == 422
    assert ask(camera, model="nowhere").status_code == 404
    add(server, "none", "bare", None)
    server.clock.ahead += (type(server.clock.ahead))(seconds=2)
    assert "has no ONNX file" in ask(camera, model="none").json()["detail"]


def test_who_may_only_read_may_not_ask(server: Running) -> None:
    assert ask(server.with_token("viewer")).status_code == 403
    assert ask(server.client()).status_code == 401
    assert ask(server.with_token("ingest", models=["swaps"])).status_code == 403


def test_the_champion_is_swapped_while_it_serves(server: Running, camera: httpx.Client) -> None:
    services = server.services
    sure = ask(camera, model="swaps").json()
    assert sure["model_version"] == "v1"
    promote(services.engine, "swaps", "v2", by="me", now=server.clock(), reason="Test.", without_gate=True)
    server.clock.ahead += (type(server.clock.ahead))(seconds=2)
    versions = {ask(camera, model="swaps").json()["model_version"]}
    services.served._opener.submit(lambda: None).result(60)
    said = ask(camera, model="swaps").json()
    assert versions <= {"v1", "v2"}
    assert said["model_version"] == "v2"
    assert said["scores"][said["class"]] > sure["scores"][sure["class"]]  # v2 is surer
    roll_back(services.engine, "swaps", by="me", now=server.clock())
    server.clock.ahead += (type(server.clock.ahead))(seconds=2)
    assert ask(camera, model="swaps").json()["model_version"] == "v1"


def test_more_than_there_are_places_for_are_told_to_wait(server: Running, camera: httpx.Client) -> None:
    desk = server.services.desk
    with desk.place(), desk.place(), desk.place():
        busy = ask(camera)
    assert busy.status_code == 429
    assert busy.headers["Retry-After"] == "1"
    assert "3 predictions are under way" in busy.json()["detail"]


def test_an_answer_that_cannot_be_kept_is_none_unless_the_caller_wants_it(
    server: Running, camera: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: a limit that nothing has room under, as `DRIFTWHEEL_DISK_RESERVE_BYTES` would set."""
    for disk in server.services.ingest._room._disks:
        monkeypatch.setattr(disk, "_reserve", 1 << 60)
    full = ask(camera, PICTURES[4], id="full")
    assert full.status_code == 507
    tried = ask(camera, PICTURES[4], id="full", log="try")
    assert (tried.status_code, tried.json()["logged"]) == (200, "no")
    assert tried.json()["reason"]
    monkeypatch.undo()
    assert ask(camera, PICTURES[4], id="full").json()["logged"] == "accepted"


def test_all_that_was_answered_under_load_is_kept_once(server: Running, camera: httpx.Client) -> None:
    answered: list[str] = []
    lock = threading.Lock()

    def go(number: int) -> None:
        with server.client(dict(camera.headers)) as own:
            for i in range(6):
                name = f"load-{(number * 3 + i) % 12}"  # others ask about the same ones
                picture = PICTURES[int(name.partition("-")[2])]
                answer = ask(own, picture, id=name)
                assert answer.status_code in {200, 429}, answer.text
                if answer.status_code == 200:
                    with lock:
                        answered.append(name)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with reading(server.services.engine) as connection:
        model = find_model(connection, "halves").key
        kept = {name for name in set(answered) if find_record(connection, model, name) is not None}
    assert answered
    assert kept == set(answered)


def test_the_same_asked_at_the_same_moment_is_answered_once(server: Running, camera: httpx.Client) -> None:
    """Both were computed, and took another time each: the one that was kept first counts."""
    services = server.services
    served = services.served.champion("halves", server.clock())
    asked = Asked("together", server.clock(), PICTURES[2])
    said = Classification("left", {"left": 0.75, "right": 0.25})
    taken = [
        keep_answer(
            services.engine,
            services.ingest,
            served,
            asked,
            Predicted("v1", said, seconds),
            received=server.clock(),
        )
        for seconds in (0.01, 0.02)
    ]
    assert [(one.logged, one.predicted.seconds) for one in taken] == [("accepted", 0.01), ("duplicate", 0.01)]
    assert ask(camera, PICTURES[3], id="together").status_code == 409


def test_metrics_count_them(server: Running, camera: httpx.Client) -> None:
    ask(camera)
    page = server.with_token("viewer").get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in page.splitlines() if line and line[0] != "#")
    assert float(lines['driftwheel_predictions_total{model="halves",result="answered"}']) >= 1
    assert float(lines['driftwheel_prediction_duration_seconds_count{part="whole"}']) >= 1
    assert lines['driftwheel_champion_info{model="halves",version="v1"}'] == "1.0"


def test_the_answer_is_that_of_the_file(camera: httpx.Client) -> None:
    """The scores are what the network's own arithmetic says: the brighter half."""
    for pixels, _ in halves(4, seed=9):
        picture = bytes(cv2.imencode(".png", pixels)[1].tobytes())
        brighter = "left" if np.mean(pixels[:, :8]) > np.mean(pixels[:, 8:]) else "right"
        assert ask(camera, picture).json()["class"] == brighter
