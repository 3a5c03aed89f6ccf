"""Every camera fault in the table obeys the same laws; adding a row is enough to be tested here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.images.faults import FAULT_NAMES, FAULTS, SEVERITIES, Fault, apply_fault, fault_named

PIXEL_FAULTS = [fault for fault in FAULTS if fault.function is not None]
GRADED = [fault for fault in PIXEL_FAULTS if fault.has_severity]
ROWS = [(fault, variant) for fault in PIXEL_FAULTS for variant in fault.variants]
ROW_IDS = [f"{fault.name}-{variant or 'plain'}" for fault, variant in ROWS]
SHRINKS = "resolution"


def scene(height: int = 96, width: int = 128, seed: int = 1) -> NDArray[np.uint8]:
    """Return a coloured scene with edges, texture, smooth parts, and no symmetry."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 226, (6, 8, 3)).astype(np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    texture = cv2.GaussianBlur(rng.normal(0, 40, (height, width, 3)).astype(np.float32), (0, 0), 1.0)
    cv2.rectangle(smooth, (width // 8, height // 6), (width // 3, height // 2), (40, 180, 220), -1)
    return np.clip(smooth + texture, 0, 255).astype(np.uint8)


def distance(fault: Fault, severity: int | None, pixels: NDArray[np.uint8], variant: str) -> float:
    """Return how far the fault moves `pixels`, in grey levels, or in percent of pixels lost."""
    faulty = apply_fault(pixels, fault.name, severity, 5, variant=variant)
    if faulty.shape != pixels.shape:
        return 100 * (1 - faulty.size / pixels.size)
    return float(np.abs(faulty.astype(float) - pixels).mean())


def test_the_table_has_every_fault_of_the_design() -> None:
    assert set(FAULT_NAMES) == {
        "blur", "motion_blur", "noise", "dead_pixels", "pixelation", "compression", "over_exposure",
        "under_exposure", "contrast", "colour_cast", "greyscale", "haze", "occlusion", "rotation", "flip",
        "crop", "resolution", "frozen_frame",
    }  # fmt: skip
    assert len(set(FAULT_NAMES)) == len(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_row_is_complete(fault: Fault) -> None:
    assert fault.name.isidentifier()
    assert fault.name == fault.name.lower()
    assert fault.title
    assert fault.sentence.endswith(".")
    assert fault.variants
    assert len(set(fault.variants)) == len(fault.variants)
    assert (fault.function is None) == (fault.scope == "stream")
    assert fault_named(fault.name) is fault


@pytest.mark.parametrize(("fault", "variant"), ROWS, ids=ROW_IDS)
@pytest.mark.parametrize("size", [(96, 128), (24, 24), (28, 28), (61, 37)], ids=str)
def test_shape_type_and_input_untouched(fault: Fault, variant: str, size: tuple[int, int]) -> None:
    pixels = scene(*size)
    before = pixels.copy()
    for severity in fault.severities:
        faulty = apply_fault(pixels, fault.name, severity, 5, variant=variant)
        assert faulty.dtype == np.uint8
        assert faulty.flags.c_contiguous
        assert faulty.ndim == 3
        assert faulty.shape[2] == 3
        assert not np.shares_memory(faulty, pixels)
        if fault.name == SHRINKS:
            assert faulty.shape[0] < size[0]
            assert faulty.shape[1] < size[1]
        else:
            assert faulty.shape == pixels.shape
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.parametrize(("fault", "variant"), ROWS, ids=ROW_IDS)
def test_the_same_seed_gives_the_same_pixels(fault: Fault, variant: str) -> None:
    pixels = scene()
    first = apply_fault(pixels, fault.name, fault.severities[-1], 5, variant=variant)
    again = apply_fault(pixels.copy(), fault.name, fault.severities[-1], 5, variant=variant)
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("name", ["noise", "dead_pixels", "occlusion", "motion_blur", "crop"])
def test_another_seed_is_another_camera(name: str) -> None:
    pixels = scene()
    assert not np.array_equal(apply_fault(pixels, name, 4, 5), apply_fault(pixels, name, 4, 6))


@pytest.mark.parametrize(("fault", "variant"), ROWS, ids=ROW_IDS)
@pytest.mark.parametrize("size", [(96, 128), (24, 24)], ids=str)
def test_the_mildest_severity_changes_a_colour_image(
    fault: Fault, variant: str, size: tuple[int, int]
) -> None:
    assert distance(fault, fault.severities[0], scene(*size), variant) > 0.05


@pytest.mark.parametrize("fault", GRADED, ids=lambda fault: fault.name)
@pytest.mark.parametrize("size", [(240, 320), (96, 128), (28, 28)], ids=str)
def test_a_graver_severity_is_further_away(fault: Fault, size: tuple[int, int]) -> None:
    for variant in fault.variants:
        mean = [
            np.mean([distance(fault, severity, scene(*size, seed=seed), variant) for seed in range(4)])
            for severity in SEVERITIES
        ]
        assert np.all(np.diff(mean) > 0), f"{fault.name} {variant}: {np.round(mean, 2)}"


@pytest.mark.parametrize(("fault", "variant"), ROWS, ids=ROW_IDS)
def test_an_image_without_colour_keeps_none_except_under_a_cast(fault: Fault, variant: str) -> None:
    grey = np.repeat(scene()[..., :1], 3, axis=2)
    for severity in fault.severities:
        faulty = apply_fault(grey, fault.name, severity, 5, variant=variant)
        coloured = bool(np.any(faulty[..., 0] != faulty[..., 2]) or np.any(faulty[..., 0] != faulty[..., 1]))
        assert coloured == (fault.name == "colour_cast")


@given(
    name=st.sampled_from([fault.name for fault in GRADED]),
    severity=st.sampled_from(SEVERITIES),
    size=st.tuples(st.integers(8, 40), st.integers(8, 40)),
    seed=st.integers(0, 2**32 - 1),
    level=st.integers(0, 255),
)
@settings(max_examples=150, deadline=None)
def test_any_size_seed_and_flat_image_is_accepted(
    name: str, severity: int, size: tuple[int, int], seed: int, level: int
) -> None:
    faulty = apply_fault(np.full((*size, 3), level, np.uint8), name, severity, seed)
    assert faulty.dtype == np.uint8
    assert min(faulty.shape[:2]) >= 4


def test_an_unknown_fault_is_refused_with_a_hint() -> None:
    with pytest.raises(UsageError, match=r"no camera fault 'blurr'\. Did you mean 'blur'\?"):
        fault_named("blurr")


@pytest.mark.parametrize(
    ("name", "severity", "variant", "message"),
    [
        ("blur", 6, None, r"severity of 'blur' is 1, 2, 3, 4 or 5; got 6"),
        ("blur", None, None, r"severity of 'blur' is 1, 2, 3, 4 or 5; got None"),
        ("greyscale", 2, None, r"severity of 'greyscale' is None, since it has no grades; got 2"),
        ("rotation", 2, "clockwize", r"no variant 'clockwize'\. Did you mean 'clockwise'\?"),
        ("frozen_frame", None, None, r"acts on a sequence of images; use frozen_order"),
    ],
)
def test_what_a_fault_cannot_do_is_said(
    name: str, severity: int | None, variant: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        apply_fault(scene(), name, severity, 0, variant=variant)


def test_pixels_of_another_kind_are_refused() -> None:
    with pytest.raises(UsageError, match=r"needs \(h, w, 3\) BGR uint8 pixels; got \(8, 8\) of float64"):
        apply_fault(np.zeros((8, 8)), "blur", 1, 0)  # type: ignore[arg-type]
