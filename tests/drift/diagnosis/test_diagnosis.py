"""Diagnosis on a small made-up world whose faults are known to the digit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.diagnoser import Diagnoser
from driftwheel.drift.diagnosis.diagnosis import diagnose
from driftwheel.drift.diagnosis.fault_library import FaultCase, FaultLibrary
from driftwheel.errors import IncomparableError
from driftwheel.records import Records

NAMES = ("brightness", "contrast", "sharpness", "residual_noise", "saturation", "blockiness")
USUAL = np.array([120.0, 45.0, 6.0, 0.5, 0.4, 1.0])
DEVIATION = np.array([20.0, 9.0, 0.8, 0.3, 0.1, 0.1])
EFFECT = {  # a grade moves an image by so many deviations; sharpness and noise are logarithms here
    "blur": np.array([0.0, -0.1, -1.0, -0.5, 0.0, -0.2]),
    "noise": np.array([0.0, 0.1, 0.6, 1.5, 0.1, 0.0]),
    "over_exposure": np.array([0.9, -0.2, 0.0, 0.0, -0.3, 0.0]),
}
DIMENSIONS = 6
MIXING = np.random.default_rng(99).normal(0, 1, (len(NAMES), DIMENSIONS))


def records(
    count: int, rng: np.random.Generator, *, move: NDArray[np.float64] | float = 0.0, prefix: str = "image"
) -> Records:
    """Return images with correlated properties, moved by so many deviations, and matching embeddings."""
    z = rng.standard_normal((count, len(NAMES)))
    z[:, 1] = 0.6 * z[:, 0] + 0.8 * z[:, 1]
    content = rng.standard_normal((count, DIMENSIONS))
    return measured(z, content, move, prefix)


def measured(
    z: NDArray[np.float64], content: NDArray[np.float64], move: NDArray[np.float64] | float, prefix: str
) -> Records:
    z = z + move
    values = USUAL + DEVIATION * z
    values[:, 2:4] = np.exp(values[:, 2:4])
    embeddings = content + 0.3 * z @ MIXING
    names = tuple(f"{prefix}{i:04d}" for i in range(len(z)))
    return Records(names, values.astype(np.float32), NAMES, embeddings.astype(np.float32), "made-up")


def library(rng: np.random.Generator, images: int = 60) -> tuple[FaultLibrary, Records]:
    z, content = rng.standard_normal((images, len(NAMES))), rng.standard_normal((images, DIMENSIONS))
    z[:, 1] = 0.6 * z[:, 0] + 0.8 * z[:, 1]
    clean = measured(z, content, 0.0, "image")
    cases = tuple(FaultCase(name, grade, "") for name in EFFECT for grade in range(1, 6))
    faulty = [measured(z, content, EFFECT[c.fault] * (c.severity or 0), "image") for c in cases]
    base = np.tile(np.arange(images), len(cases))
    made = FaultLibrary(
        cases=cases,
        properties=np.vstack([f.properties for f in faulty]),
        embeddings=np.vstack([f.embeddings for f in faulty if f.embeddings is not None]),
        case=np.repeat(np.arange(len(cases)), images),
        base=base,
        camera=base % 10,
        clean_properties=clean.properties,
        clean_embeddings=clean.embeddings,
        images=clean.images,
        property_names=NAMES,
        embedder="made-up",
        mode="exact",
    )
    return made, clean


@pytest.fixture(scope="module")
def fitted() -> Diagnoser:
    made, clean = library(np.random.default_rng(0))
    more = records(340, np.random.default_rng(1), prefix="other")
    reference = join(clean, more)
    return Diagnoser.fit(made, reference)


def join(*parts: Records) -> Records:
    return Records(
        tuple(name for part in parts for name in part.images),
        np.vstack([part.properties for part in parts]),
        NAMES,
        np.vstack([part.embeddings for part in parts if part.embeddings is not None]),
        "made-up",
    )


@pytest.mark.parametrize("fault", EFFECT)
@pytest.mark.parametrize("severity", [1, 2, 3, 5])
def test_the_right_fault_is_named_at_about_the_right_severity(
    fitted: Diagnoser, fault: str, severity: int
) -> None:
    rng = np.random.default_rng([severity, len(fault)])
    found = fitted.diagnose(records(50, rng, move=severity * EFFECT[fault]), rng=rng)
    assert found.kind == "appearance"
    first = found.findings[0]
    assert first.fault == fault
    assert first.severity is not None
    assert abs(first.severity - severity) <= 1
    assert first.confidence > 0.9
    assert first.share > 0.6


def test_the_share_of_affected_images_and_which_they_are(fitted: Diagnoser) -> None:
    rng = np.random.default_rng(5)
    usual = records(140, rng, prefix="usual")
    noisy = records(60, rng, move=4 * EFFECT["noise"], prefix="noisy")
    found = fitted.diagnose(join(noisy, usual), rng=rng)
    assert found.findings[0].fault == "noise"
    assert found.findings[0].share == pytest.approx(0.3, abs=0.05)
    assert found.findings[0].severity in {3, 4, 5}
    right = [name.startswith("noisy") for name in found.affected]
    assert np.mean(right) > 0.95
    assert all(right[:20])
    assert len(right) == pytest.approx(60, abs=6)


@pytest.mark.parametrize("fault", EFFECT)
def test_a_fault_that_is_not_in_the_list_is_not_named_another(fitted: Diagnoser, fault: str) -> None:
    unaware = Diagnoser.fit(fitted.library.without(fault), fitted.reference)
    empty = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = unaware.diagnose(records(50, rng, move=4 * EFFECT[fault]), rng=rng)
        empty.append(not found.findings and found.kind in {"content", "unknown"})
    assert all(empty)


def test_other_content_is_no_fault(fitted: Diagnoser) -> None:
    rng = np.random.default_rng(3)
    other = records(50, rng)
    assert other.embeddings is not None
    moved = replace(
        other, embeddings=other.embeddings + np.float32(1.5) * np.array([1, -1, 1, 0, 0, 0], np.float32)
    )
    found = fitted.diagnose(moved, rng=rng)
    assert found.findings == ()
    assert found.affected == ()
    assert found.kind == "content"


@pytest.fixture(scope="module")
def two_scenes() -> Diagnoser:
    """Return a diagnoser whose reference shows two scenes equally often, on either side of an axis."""
    made, clean = library(np.random.default_rng(0))
    assert made.embeddings is not None
    assert made.clean_embeddings is not None
    side = np.where(np.arange(60) % 2, 6, -6).astype(np.float32)
    shift = np.zeros((60, DIMENSIONS), np.float32)
    shift[:, 0] = side
    made = replace(
        made, embeddings=made.embeddings + shift[made.base], clean_embeddings=made.clean_embeddings + shift
    )
    clean = replace(clean, embeddings=made.clean_embeddings)
    rng = np.random.default_rng(1)
    return Diagnoser.fit(made, join(clean, scene(170, 6, rng, "left"), scene(170, -6, rng, "right")))


def scene(
    count: int, side: int, rng: np.random.Generator, prefix: str, move: NDArray[np.float64] | float = 0.0
) -> Records:
    made = records(count, rng, move=move, prefix=prefix)
    assert made.embeddings is not None
    return replace(made, embeddings=made.embeddings + np.eye(1, DIMENSIONS, dtype=np.float32) * side)


def test_another_mix_of_the_reference_is_content(two_scenes: Diagnoser) -> None:
    rng = np.random.default_rng(4)
    found = two_scenes.diagnose(join(scene(45, 6, rng, "a"), scene(5, -6, rng, "b")), rng=rng)
    assert found.kind == "content"
    assert found.findings == ()


@pytest.mark.parametrize("fault", EFFECT)
def test_a_fault_and_another_mix_are_mixed(two_scenes: Diagnoser, fault: str) -> None:
    rng = np.random.default_rng(4)
    move = 3 * EFFECT[fault]
    found = two_scenes.diagnose(scene(80, 6, rng, "a", move), rng=rng)
    assert found.kind == "mixed"
    assert [one.fault for one in found.findings] == [fault]


def test_windows_without_a_change_are_given_no_fault(fitted: Diagnoser) -> None:
    named = 0
    for seed in range(40):
        rng = np.random.default_rng(100 + seed)
        named += bool(fitted.diagnose(records(50, rng), rng=rng).findings)
    assert named <= 1


def test_windows_with_a_fault_are_seldom_refused(fitted: Diagnoser) -> None:
    refused = 0
    for seed in range(60):
        rng = np.random.default_rng(200 + seed)
        name = sorted(EFFECT)[seed % 3]
        found = fitted.diagnose(records(50, rng, move=(1 + seed % 5) * EFFECT[name]), rng=rng)
        refused += not found.findings
    assert refused <= 3


def test_order_of_the_images_does_not_matter(fitted: Diagnoser) -> None:
    window = records(50, np.random.default_rng(8), move=2 * EFFECT["blur"])
    there = fitted.diagnose(window, rng=np.random.default_rng(0))
    back = fitted.diagnose(window.take(range(49, -1, -1)), rng=np.random.default_rng(0))
    assert [f.fault for f in there.findings] == [f.fault for f in back.findings]
    assert there.findings[0].confidence == pytest.approx(back.findings[0].confidence)
    assert set(there.affected) == set(back.affected)


def test_the_same_seed_gives_the_same_diagnosis(fitted: Diagnoser) -> None:
    window = records(50, np.random.default_rng(8), move=3 * EFFECT["blur"])
    first = diagnose(fitted.library, fitted.reference, window, rng=np.random.default_rng(4))
    again = diagnose(fitted.library, fitted.reference, window, rng=np.random.default_rng(4))
    assert first.candidates == again.candidates
    assert first.findings == again.findings


def test_frozen_frames_are_named_and_do_not_hide_another_fault(fitted: Diagnoser) -> None:
    rng = np.random.default_rng(6)
    blurred = records(60, rng, move=3 * EFFECT["blur"])
    stuck = blurred.take([i if i < 40 else 39 for i in range(60)])
    stuck = replace(stuck, images=tuple(f"frame{i:03d}" for i in range(60)))
    found = fitted.diagnose(stuck, rng=rng)
    named = {one.fault: one for one in found.findings}
    assert set(named) == {"frozen_frame", "blur"}
    assert named["frozen_frame"].share == pytest.approx(20 / 60)
    assert named["frozen_frame"].severity is None


def test_without_embeddings_properties_do(fitted: Diagnoser) -> None:
    bare = replace(fitted.library, embeddings=None, clean_embeddings=None, embedder=None)
    reference = replace(fitted.reference, embeddings=None, embedder=None)
    rng = np.random.default_rng(2)
    window = replace(records(50, rng, move=2 * EFFECT["noise"]), embeddings=None, embedder=None)
    assert diagnose(bare, reference, window, rng=rng).findings[0].fault == "noise"


def test_undefined_values_are_passed_over(fitted: Diagnoser) -> None:
    rng = np.random.default_rng(2)
    window = records(50, rng, move=3 * EFFECT["noise"])
    holes = window.properties.copy()
    holes[::7, 4] = np.nan
    assert fitted.diagnose(replace(window, properties=holes), rng=rng).findings[0].fault == "noise"


def test_records_of_another_embedder_are_refused(fitted: Diagnoser) -> None:
    window = replace(records(50, np.random.default_rng(0)), embedder="other")
    with pytest.raises(
        IncomparableError, match="with another embedder than the records: made-up against other"
    ):
        fitted.diagnose(window, rng=np.random.default_rng(0))
