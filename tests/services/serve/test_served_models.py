"""The champion that serves is swapped under way, and nothing that fails to open takes its place."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.services.halves import network
from tests.services.release.registry import NOW, Registry, new_registry

from driftwheel.errors import UnavailableError, UsageError
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.serve.prediction_desk import PredictionDesk
from driftwheel.services.serve.served_models import ServedModels
from driftwheel.store.files.blobs import Blobs

SECOND = timedelta(seconds=1)


class Opener:
    """Opens files as the server does, without a process of its own, and counts."""

    def __init__(self) -> None:
        self.opened = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, onnx: bytes, classes: tuple[str, ...]) -> Classifier:
        assert self.may_go_on.wait(30)
        self.opened += 1
        return open_classifier(onnx, threads=1, classes=None)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def its(shared_database: Engine, blobs: Blobs) -> Registry:
    made = new_registry(shared_database, blobs, classes=("left", "right"))
    made.add("v1", network(gain=10.0))
    made.add("v2", network(gain=20.0))
    return made


def go_live(its: Registry, version: str) -> None:
    promote(its.engine, its.name, version, by="me", now=NOW, reason="Test.", without_gate=True)


def test_another_champion_is_opened_beside_the_one_that_serves(its: Registry) -> None:
    opener = Opener()
    served = ServedModels(its.engine, its.blobs, open_file=opener)
    assert served.champion(its.name, NOW).version.name == "v1"
    go_live(its, "v2")
    assert served.champion(its.name, NOW + SECOND / 2).version.name == "v1"  # nobody has looked yet
    opener.may_go_on.clear()
    assert served.champion(its.name, NOW + SECOND).version.name == "v1"  # v2 is being opened
    opener.may_go_on.set()
    served._opener.submit(lambda: None).result(30)  # the one before it is done
    assert served.champion(its.name, NOW + SECOND).version.name == "v2"
    assert served.serving() == {its.name: "v2"}


def test_a_rollback_opens_nothing(its: Registry) -> None:
    opener = Opener()
    served = ServedModels(its.engine, its.blobs, open_file=opener)
    served.champion(its.name, NOW)
    go_live(its, "v2")
    served.champion(its.name, NOW + SECOND)
    served._opener.submit(lambda: None).result(30)
    assert opener.opened == 2
    roll_back(its.engine, its.name, by="me", now=NOW)
    assert served.champion(its.name, NOW + 2 * SECOND).version.name == "v1"
    assert opener.opened == 2


def test_one_whose_file_is_lost_does_not_take_the_place_of_one_that_serves(its: Registry) -> None:
    served = ServedModels(its.engine, its.blobs, open_file=Opener())
    served.champion(its.name, NOW)
    artifact = its.version("v2").artifact
    assert artifact is not None
    its.blobs.delete(artifact)
    go_live(its, "v2")
    served.champion(its.name, NOW + SECOND)
    served._opener.submit(lambda: None).result(30)
    assert served.champion(its.name, NOW + 2 * SECOND).version.name == "v1"
    fresh = ServedModels(its.engine, its.blobs, open_file=Opener())  # a server that starts now
    with pytest.raises(UnavailableError, match=r"The champion 'v2' of .* cannot be run: its file is lost"):
        fresh.champion(its.name, NOW)
    with pytest.raises(UnavailableError, match="its file is lost"):
        fresh.champion(its.name, NOW)


def test_many_ask_at_once_and_it_is_opened_once(its: Registry) -> None:
    opener = Opener()
    served = ServedModels(its.engine, its.blobs, open_file=opener)
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(served.champion(its.name, NOW).version.name))
        for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == ["v1"] * 8
    assert opener.opened == 1


def test_without_a_champion_or_a_file_it_says_what_to_do(shared_database: Engine, blobs: Blobs) -> None:
    served = ServedModels(shared_database, blobs, open_file=Opener())
    none = new_registry(shared_database, blobs)
    with pytest.raises(
        UnavailableError, match=r"has no champion. Add a version with its ONNX file: driftwheel"
    ):
        served.champion(none.name, NOW)
    bare = new_registry(shared_database, blobs, "v1")
    with pytest.raises(UnavailableError, match=r"The champion 'v1' of .* has no ONNX file"):
        served.champion(bare.name, NOW)
    boxes = new_registry(shared_database, blobs, task="detection")
    with pytest.raises(UsageError, match="is a model of detection; only classification is served"):
        served.champion(boxes.name, NOW)
    with pytest.raises(UsageError, match="There is no model 'nowhere'"):
        served.champion("nowhere", NOW)


def test_the_desk_has_so_many_places() -> None:
    desk = PredictionDesk(2, threads=1)
    with desk.place(), desk.place():
        assert desk.under_way == 2
        with pytest.raises(UnavailableError, match="2 predictions are under way"), desk.place():
            pass
    with desk.place():
        assert desk.compute(lambda: 7).result(30) == 7
    assert desk.under_way == 0
    desk.close()
