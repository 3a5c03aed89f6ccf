"""Accuracy by the agreement of versions, in the server: told where the pairs lie on a line, else refused."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.services.halves import CLASSES, halves, network
from tests.services.models.test_ask_reference import MONDAY, Server, server

from driftwheel.alerts.causes import harm_of
from driftwheel.learning.onnx_classifier import open_classifier
from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.predictions import Classification
from driftwheel.services.models.set_reference import Range
from driftwheel.store.engine.database import writing
from driftwheel.store.records.truths import NewTruth, put_truths

__all__ = ["server"]

ASTRAY = {"v1": 1.6, "v2": 0.8, "v3": 0.4, "v4": 0.2}
DAY = Range(MONDAY, MONDAY + timedelta(days=1))


def images(n: int, seed: int, apart: float) -> list[tuple[NDArray[np.uint8], str]]:
    """Images of which one half is so much brighter, all of it in much noise; and their truths."""
    rng = np.random.default_rng(seed)
    made = []
    for truth in rng.integers(2, size=n):
        one = 120 + rng.normal(0, 40, (16, 16, 1)) + np.zeros(3)
        one[:, 8 * truth : 8 * truth + 8] += apart
        made.append((np.clip(one, 0, 255).astype(np.uint8), CLASSES[truth]))
    return made


def send_truths(server: Server, day: int, made: list[tuple[NDArray[np.uint8], str]]) -> None:
    known = [NewTruth(f"{day}-{i}", Classification(label)) for i, (_, label) in enumerate(made)]
    with writing(server.engine) as connection:
        put_truths(connection, server.model.key, known, received=MONDAY, by="me")


def agreement(server: Server, day: int) -> Observation:
    found = server.judge(day).observations["accuracy_by_agreement"]
    assert isinstance(found, Observation)
    return found


def measured(version: str, made: list[tuple[NDArray[np.uint8], str]]) -> float:
    classifier = open_classifier(network(astray=ASTRAY[version]), threads=1)
    seen = np.stack([classifier.prepare(np.asarray(pixels)) for pixels, _ in made])
    said = classifier.scores(seen).argmax(axis=1)
    return float(np.mean([CLASSES[i] == label for i, (_, label) in zip(said, made, strict=True)]))


def test_it_follows_the_accuracy_down_where_scores_were_logged(server: Server) -> None:
    """The files are asked for their agreement alone: the logged scores stand."""
    for name, astray in ASTRAY.items():
        server.add_version(name, network(astray=astray))
    usual, harder = images(300, 1, 12.0), images(300, 2, 7.0)
    server.log(0, usual, version="v1", scored=True)
    reference = server.measure_reference(DAY)
    assert not reference.asked
    assert [one.version for one in reference.beside] == ["v1", "v4", "v3", "v2"]  # the champion first
    server.log(1, harder, version="v1", scored=True)
    assert agreement(server, 1).note == (
        f"{CANNOT_TELL}all models answered 0 reference images with a truth; 100 are needed."
    )
    send_truths(server, 0, usual)
    found = agreement(server, 1)
    assert found.value is not None, found.note
    assert (found.n, found.low, found.judged) == (300, None, None)
    assert found.usual == pytest.approx(measured("v1", usual))
    assert found.value == pytest.approx(measured("v1", harder), abs=0.06)
    assert "Of version 'v1', as 4 versions agree on 300 images" in found.note
    assert harm_of({"accuracy_by_agreement": found}).startswith("accuracy by agreement is")


def test_a_version_that_was_not_asked_cannot_be_told(server: Server) -> None:
    for name in ("v2", "v3", "v4"):
        server.add_version(name, network(astray=ASTRAY[name]))
    server.log(0, images(120, 1, 12.0), version="another")
    assert [one.version for one in server.measure_reference(DAY).asked] == ["v2", "v4", "v3"]
    server.log(1, images(60, 2, 12.0), version="another")
    found = agreement(server, 1)
    assert (found.value, found.n) == (None, 60)
    assert found.note == (
        f"{CANNOT_TELL}version 'another' is none of those that were asked about the reference."
    )


def test_two_versions_draw_no_line_and_nothing_is_asked_for_it(server: Server) -> None:
    for name in ("v3", "v4"):
        server.add_version(name, network(astray=ASTRAY[name]))
    made = halves(120, 1)
    server.log(0, made, version="v4")
    send_truths(server, 0, made)
    assert not server.measure_reference(DAY).beside
    server.log(1, halves(60, 2), version="v4")
    found = agreement(server, 1)
    assert (found.value, found.n) == (None, 0)
    assert found.note == (
        "Agreement needs 3 versions with an ONNX file, and the reference was asked by 2 versions."
    )
