"""Versions of a model asked about the same images: how often they agree tells how often one is right."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

import driftwheel
from driftwheel.errors import UsageError
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.embedder import Prepare
from driftwheel.report.html import html_report
from driftwheel.report.json_document import json_document
from driftwheel.services.check.ask_others import NOT_ASKED, agree, predicted_by
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.sources import open_source


@dataclass(frozen=True)
class Halves:
    """Says which half of an image is brighter, with so much noise of its own, which the image decides."""

    noise: float
    classes: tuple[str, ...] = ("left", "right")
    shorter_side: int = 8

    @property
    def identity(self) -> str:
        return f"halves-{self.noise}"

    @property
    def prepare(self) -> Prepare:
        return partial(centre_crop, height=16, width=16)

    def scores(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen = batch.astype(float)
        own = [np.random.default_rng([int(one.sum()), int(10 * self.noise)]).normal() for one in seen]
        apart = seen[:, :, :8].mean(axis=(1, 2, 3)) - seen[:, :, 8:].mean(axis=(1, 2, 3))
        apart += self.noise * np.array(own)
        first = 1 / (1 + np.exp(-apart * (1 if self.classes[0] == "left" else -1)))
        return np.stack([first, 1 - first], axis=1).astype(np.float32)


def images(n: int, seed: int, apart: float) -> tuple[list[NDArray[np.uint8]], list[str]]:
    rng = np.random.default_rng(seed)
    truths = rng.integers(2, size=n)
    made = []
    for truth in truths:
        one = 120 + rng.normal(0, 40, (16, 16, 1)) + np.zeros(3)
        one[:, 8 * truth : 8 * truth + 8] += apart
        made.append(np.clip(one, 0, 255).astype(np.uint8))
    return made, [("left", "right")[truth] for truth in truths]


VERSIONS = (Halves(2.0), Halves(4.0), Halves(8.0), Halves(16.0))


def test_agreement_follows_the_accuracy_down() -> None:
    """Measured on 300 images of less contrast: within what 300 images tell."""
    before, truths = images(300, 1, 12.0)
    now, true_now = images(300, 2, 7.0)
    options = {"embedder": "none", "diagnose": False, "threads": 1}
    checked = driftwheel.check(
        before, now, model=VERSIONS[0], truth=truths, other_models=VERSIONS[1:], **options
    )
    found = checked.verdict.agreement
    assert found is not None
    assert (found.models, found.n, found.n_reference) == (4, 300, 300)
    assert found.accuracy is not None, found.reason
    said = VERSIONS[0].scores(np.stack(now)).argmax(axis=1)
    measured = np.mean([("left", "right")[i] == one for i, one in zip(said, true_now, strict=True)])
    assert found.accuracy == pytest.approx(measured, abs=0.06)
    usual = checked.verdict.accuracy
    assert usual is not None
    assert found.accuracy < usual.usual - 0.05
    assert json_document(checked.verdict)["agreement"]["models"] == 4
    assert "as 4 versions agree" in html_report(checked)


def test_classes_in_another_order_are_the_same_classes() -> None:
    source = open_source(images(40, 1, 12.0)[0])
    records = concatenate(measure_images(source, classifier=VERSIONS[0], threads=1))
    turned = Halves(2.0, classes=("right", "left"))
    table = predicted_by([turned], source, records, "reference", threads=1)
    assert table.shape == (2, 40)
    np.testing.assert_array_equal(table[0], table[1])


def test_where_it_cannot_be_told_the_reason_is_given() -> None:
    rng = np.random.default_rng(0)
    truths = rng.integers(2, size=400)
    said = np.where(rng.random((3, 400)) < [[0.95], [0.85], [0.75]], truths, 1 - truths)
    assert agree(said[:, :50], truths[:50], said).reason.endswith(
        "50 reference images with a truth; 100 are needed"
    )
    gone = said.copy()
    gone[1, 20:] = NOT_ASKED
    assert agree(said, truths, gone).reason == "all models answered 20 current images; 30 are needed"
    assert "equally often" in agree(np.stack([truths] * 3), truths, np.stack([truths] * 3)).reason
    turned = said[[2, 1, 0]]  # the best pair became the worst
    assert agree(said, truths, np.concatenate([turned[:1], said[1:]])).accuracy is None


def answers(skills: list[float], n: int, seed: int, harder: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Answers of versions that err on the same images, mostly, and the truth of two classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=n)
    right = np.array(skills)[:, None] - harder > 0.8 * rng.standard_normal(n) + 0.6 * rng.standard_normal(
        (len(skills), n)
    )
    return np.where(right, truth, 1 - truth), truth


def test_few_images_and_versions_alike_lie_on_a_line_by_chance() -> None:
    alike = [1.3, 1.5, 1.7]
    reasons = []
    for seed in range(40):
        before, truth = answers(alike, 205, seed)
        now, hidden = answers(alike, 100, seed + 100, harder=0.9)
        found = agree(before, truth, now)
        reasons.append(found.reason)
        if found.accuracy is not None:
            assert abs(found.accuracy - (now[0] == hidden).mean()) < 0.15
    assert any("might be anything from" in one for one in reasons)


def errors_apart(wrong: tuple[int, ...]) -> np.ndarray:
    """Answers about 200 images of class 0, where no two versions err on the same one."""
    ends = np.cumsum(wrong)[:, None]
    places = np.arange(200)
    return ((places >= ends - np.array(wrong)[:, None]) & (places < ends)).astype(np.intp)


def test_a_line_that_falls_tells_nothing() -> None:
    truth = np.zeros(200, np.intp)
    before, now = (errors_apart(wrong) for wrong in ((10, 20, 40), (35, 25, 5)))
    found = agree(before, truth, now)
    assert found.accuracy is None
    assert found.r_squared is not None
    assert "agree less often now" in found.reason


def test_what_cannot_be_used_is_said() -> None:
    before, truths = images(30, 1, 12.0)
    for options, said in (
        ({"other_models": VERSIONS[1:]}, "without the monitored one"),
        ({"model": VERSIONS[0], "truth": truths, "other_models": VERSIONS[1:2]}, "any line goes through two"),
        ({"model": VERSIONS[0], "other_models": VERSIONS[1:]}, "no truth of the reference is known"),
        (
            {"model": VERSIONS[0], "other_models": [Halves(8.0, ("up", "down")), VERSIONS[2]]},
            "tells other classes apart",
        ),
    ):
        with pytest.raises(UsageError, match=said):
            driftwheel.check(before, before, embedder="none", threads=1, **options)
