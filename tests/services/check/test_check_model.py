"""The check with the monitored model: its scores are evidence, and tell content from appearance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import driftwheel
from driftwheel.errors import UsageError
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.classifier import Classifier
from driftwheel.learning.embedder import Prepare
from driftwheel.report.html import html_report
from driftwheel.services.check.check_images import check_against
from driftwheel.services.check.measure_reference import measure_reference


@dataclass(frozen=True)
class Brightest:
    """A classifier that says which third of an image is brightest, and how surely."""

    identity: str = "brightest-1"
    classes: tuple[str, ...] = ("left", "middle", "right")
    shorter_side: int = 8

    @property
    def prepare(self) -> Prepare:
        return partial(centre_crop, height=1, width=3)

    def scores(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits = batch.reshape(len(batch), 3, 3).mean(axis=2) / 12
        powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=0))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def images(n: int, seed: int, shares=(1 / 3, 1 / 3, 1 / 3)) -> list[NDArray[np.uint8]]:
    """Noise with one bright third; the shares of the thirds are all that differs."""
    rng = np.random.default_rng(seed)
    made = []
    for third in rng.choice(3, p=shares, size=n):
        one = rng.integers(60, 120, (24, 24, 3))
        one[:, 8 * third : 8 * third + 8] += 40
        made.append(one.astype(np.uint8))
    return made


def test_another_mix_of_classes_is_found_by_the_scores_and_is_content() -> None:
    current = images(60, 2, (0.05, 0.05, 0.9))
    found = driftwheel.check(images(120, 1), current, model=Brightest(), embedder="none", diagnose=False)
    assert found.verdict.verdict == "drift"
    assert found.verdict.kind == "content"
    scores = found.verdict.scores
    assert scores is not None
    assert scores.drifted
    assert scores.classes[0].name == "right"
    assert (scores.n_reference, scores.n_current) == (120, 60)
    assert found.current.scores is not None
    assert found.current.scores.shape == (60, 3)
    page = html_report(found)
    assert "What the model makes of them" in page
    assert "Mix of predicted classes" in page


def test_without_a_model_nothing_is_said_of_scores() -> None:
    found = driftwheel.check(images(60, 1), images(40, 2), embedder="none", diagnose=False)
    assert found.verdict.scores is None
    assert found.current.scores is None
    assert "What the model makes of them" not in html_report(found)


def test_a_reference_keeps_its_model() -> None:
    reference = measure_reference(images(80, 1), model=Brightest(), embedder="none")
    assert isinstance(reference.classifier, Classifier)
    found = check_against(reference, images(40, 3), diagnose=False)
    assert found.verdict.scores is not None
    assert found.verdict.verdict == "no_drift"


def test_measuring_in_processes_gives_the_same_scores() -> None:
    one, many = (
        measure_reference(images(150, 1), model=Brightest(), embedder="none", threads=threads).records.scores
        for threads in (1, 2)
    )
    assert one is not None
    np.testing.assert_array_equal(one, many)


def test_names_without_a_model_and_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a model"):
        driftwheel.check(images(20, 1), images(20, 2), classes=["a", "b"], embedder="none")
    with pytest.raises(UsageError, match="no such file"):
        driftwheel.check(images(20, 1), images(20, 2), model=tmp_path / "x.onnx", embedder="none")
