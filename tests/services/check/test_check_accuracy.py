"""The check with a model and truths: how often the model is right now, or why that cannot be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

import driftwheel
from driftwheel.drift.diagnosis.fault_library import FaultAnswers, FaultCase, FaultLibrary
from driftwheel.errors import UsageError
from driftwheel.images.faults import fault_named
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.embedder import Prepare
from driftwheel.records import Image, Records
from driftwheel.services.check.estimate_check import estimate_check, simulated_shifts
from driftwheel.services.check.reference_truths import NOT_KNOWN
from driftwheel.services.check.simulate_faults import simulate_faults
from driftwheel.services.measure.measure_images import measure_images


@dataclass(frozen=True)
class Brighter:
    """A classifier that says which half of an image is brighter; surer, the further they are apart."""

    identity: str = "brighter-1"
    classes: tuple[str, ...] = ("left", "right")
    shorter_side: int = 8

    @property
    def prepare(self) -> Prepare:
        return partial(centre_crop, height=1, width=2)

    def scores(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        apart = batch.reshape(len(batch), 2, 3).mean(axis=2) @ np.array([1.0, -1.0])
        left = 1 / (1 + np.exp(-apart / 4))
        return np.stack([left, 1 - left], axis=1).astype(np.float32)


def images(n: int, seed: int, contrast: float = 1.0) -> tuple[list[NDArray[np.uint8]], list[str]]:
    """Halves that lie 8 ± 8 grey levels apart, so that some seem the other way round, and the truths."""
    rng = np.random.default_rng(seed)
    truths = rng.integers(2, size=n)
    made = []
    for truth in truths:
        one = np.full((16, 16, 3), 120.0) + rng.normal(0, 6, (16, 16, 1))
        apart = contrast * rng.normal(8, 6)
        one[:, 8 * truth : 8 * truth + 8] += apart
        made.append(np.clip(one, 0, 255).astype(np.uint8))
    return made, [("left", "right")[truth] for truth in truths]


REFERENCE, TRUTHS = images(400, 1)


def test_where_nothing_changed_the_accuracy_is_that_of_the_reference() -> None:
    now, true_ones = images(300, 2)
    options = {"model": Brighter(), "embedder": "none", "diagnose": False, "threads": 1}
    checked = driftwheel.check(REFERENCE, now, truth=TRUTHS, **options)
    found = checked.verdict.accuracy
    assert found is not None
    assert found.told
    assert (found.n, found.n_reference, found.faults) == (300, 400, 0)
    said = Brighter().scores(np.stack([Brighter().prepare(one) for one in now])).argmax(axis=1)
    measured = np.mean([("left", "right")[i] == one for i, one in zip(said, true_ones, strict=True)])
    assert found.low <= measured <= found.high
    assert abs(found.usual - 0.9) < 0.05
    without = driftwheel.check(REFERENCE, now, truth="none", **options)
    assert without.verdict.accuracy is None
    assert replace(checked.verdict, accuracy=None) == without.verdict  # it changes nothing else


def test_few_images_cannot_tell_but_are_no_error() -> None:
    checked = driftwheel.check(
        REFERENCE[:60], images(8, 2)[0], model=Brighter(), truth=TRUTHS[:60], embedder="none", threads=1
    )
    assert checked.verdict.verdict == "insufficient"
    assert checked.verdict.accuracy is not None
    assert not checked.verdict.accuracy.told


def test_truths_without_a_model_are_an_error() -> None:
    with pytest.raises(UsageError, match="Truths were given without a model"):
        driftwheel.check(REFERENCE, REFERENCE, truth=TRUTHS, embedder="none")


def test_the_model_is_asked_about_every_simulated_image() -> None:
    arrays = [Image(f"{i:03d}", one) for i, one in enumerate(REFERENCE[:24])]
    faults = [fault_named("greyscale"), fault_named("contrast")]
    model = Brighter()
    library = simulate_faults(arrays, embedder=None, classifier=model, threads=1, faults=faults)
    answers = library.answers
    assert answers is not None
    assert answers.classes == ("left", "right")
    assert len(answers.predicted) == len(answers.confidence) == len(library.case)
    plain = simulate_faults(arrays, embedder=None, threads=1, faults=faults)
    np.testing.assert_array_equal(plain.properties, library.properties)
    left = library.without("contrast").answers
    assert left is not None
    grey = [case.fault == "greyscale" for case in library.cases]
    np.testing.assert_array_equal(left.confidence, answers.confidence[np.array(grey)[library.case]])
    records = next(iter(measure_images(arrays, classifier=model, threads=1)))
    same = np.abs(records.scores.max(axis=1)[library.base] - answers.confidence)[np.array(grey)[library.case]]
    assert same.max() < 0.05  # these images have no colour to lose


def test_simulated_faults_widen_what_may_have_happened() -> None:
    """Low contrast takes scores down and answers stay right; other faults make answers wrong."""
    rng = np.random.default_rng(3)
    n, faults, each = 1000, 12, 100

    def answers(n: int, lost: float, wrong: float) -> tuple[NDArray, NDArray, NDArray]:
        sure = np.clip(rng.beta(14, 2, n) - lost, 0.5, 1.0)
        truth = rng.integers(2, size=n)
        right = rng.random(n) < np.clip(sure - wrong, 0, 1)
        return sure, np.where(right, truth, 1 - truth), truth

    def table(sure: NDArray, said: NDArray) -> Records:
        scores = np.where(said[:, None] == [0, 1], sure[:, None], 1 - sure[:, None]).astype(np.float32)
        names = tuple(f"{i:04d}" for i in range(len(sure)))
        return Records(
            names, np.zeros((len(sure), 1), np.float32), ("brightness",), scores=scores, classes=("a", "b")
        )

    sure, said, truth = answers(n, 0.0, 0.0)
    reference = table(sure, said)
    parts = [answers(each, 0.01 * fault, 0.01 * fault) for fault in range(faults)]
    # the first images of the reference are those that faults are given to; their truths are what they were
    base = np.tile(np.arange(each), faults)
    right = np.concatenate([part[1] == part[2] for part in parts])
    library = FaultLibrary(
        cases=tuple(FaultCase(f"fault {i}", 1, "") for i in range(faults)),
        properties=np.zeros((faults * each, 1), np.float32),
        embeddings=None,
        case=np.repeat(np.arange(faults), each),
        base=base,
        camera=base % 10,
        clean_properties=np.zeros((each, 1), np.float32),
        clean_embeddings=None,
        images=reference.images[:each],
        property_names=("brightness",),
        embedder=None,
        mode="exact",
        answers=FaultAnswers(
            "m", ("a", "b"), np.where(right, truth[base], 1 - truth[base]),
            np.concatenate([part[0] for part in parts]).astype(np.float32),
        ),
    )  # fmt: skip
    shifts = simulated_shifts(library, dict(zip(reference.images, truth.tolist(), strict=True)))
    assert len(shifts) == faults
    assert shifts[3].answers.correct.mean() == pytest.approx(right[3 * each : 4 * each].mean())
    hurt = answers(1000, 0.06, 0.06)
    current = table(hurt[0], hurt[1])
    found = estimate_check(reference, truth, current, library, seed=0)
    assert found is not None
    assert found.faults == faults
    assert found.told, found.reason
    measured = float((hurt[1] == hurt[2]).mean())
    assert found.low <= measured <= found.high < found.usual
    nothing = np.full(n, NOT_KNOWN)
    assert not simulated_shifts(library, dict(zip(reference.images, nothing.tolist(), strict=True)))
    untold = estimate_check(reference, nothing, current, library, seed=0)
    assert untold is not None
    assert untold.reason == "0 answers of the reference have a truth; 100 are needed"
