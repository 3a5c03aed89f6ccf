"""What single faults do to pixels whose answer can be worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.images.faults import apply_fault, compression_quality, frozen_order


def flat(level: int, height: int = 64, width: int = 64) -> NDArray[np.uint8]:
    return np.full((height, width, 3), level, np.uint8)


def test_exposure_scales_light_by_its_stops() -> None:
    assert apply_fault(flat(100), "over_exposure", 3, 0)[0, 0, 0] == round(100 * 2 ** (1.3 / 2.2))
    assert apply_fault(flat(100), "under_exposure", 2, 0)[0, 0, 0] == round(100 * 2 ** (-0.9 / 2.2))
    assert apply_fault(flat(250), "over_exposure", 1, 0).max() == 255


def test_haze_follows_koschmieder() -> None:
    assert apply_fault(flat(0), "haze", 3, 0)[0, 0, 0] == 90
    assert apply_fault(flat(225), "haze", 5, 0)[0, 0, 0] == 225


def test_contrast_keeps_the_mean_and_scales_the_spread() -> None:
    pixels = np.where(np.arange(64)[:, None, None] % 2 == 0, 80, 160) * np.ones((64, 64, 3))
    faulty = apply_fault(pixels.astype(np.uint8), "contrast", 3, 0)
    assert sorted(np.unique(faulty)) == [100, 140]


def test_noise_has_the_stated_deviation_and_no_bias() -> None:
    faulty = apply_fault(flat(128, 200, 200), "noise", 3, 0).astype(float)
    assert faulty.std() == pytest.approx(18, rel=0.02)
    assert faulty.mean() == pytest.approx(128, abs=0.2)


def test_noise_differs_from_image_to_image_of_one_camera() -> None:
    first, second = (apply_fault(flat(level), "noise", 3, 0).astype(int) - level for level in (120, 128))
    assert np.abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


def test_dead_pixels_stay_where_they_are() -> None:
    first, second = (apply_fault(flat(level), "dead_pixels", 4, 0) != level for level in (100, 128))
    np.testing.assert_array_equal(first, second)
    assert first[..., 0].sum() == round(0.02 * 64 * 64)


def test_occlusion_covers_what_it_says_and_stays() -> None:
    covered = [
        np.mean(apply_fault(flat(200, 200, 300), "occlusion", 3, seed)[..., 0] < 140) for seed in range(20)
    ]
    assert np.mean(covered) == pytest.approx(0.15, abs=0.02)


def test_blur_keeps_the_mean_and_spreads_a_point_evenly() -> None:
    point = flat(0, 101, 101)
    point[50, 50] = 255
    spread = apply_fault(point, "blur", 5, 0)[..., 0]
    radius = 0.06 * 101
    assert np.count_nonzero(spread) == pytest.approx(np.pi * (radius + 0.5) ** 2, rel=0.2)
    np.testing.assert_array_equal(spread, spread.T)


def test_motion_blur_runs_along_its_direction() -> None:
    bar = flat(0, 101, 101)
    bar[50, :] = 255
    along = [apply_fault(bar, "motion_blur", 4, seed, variant="0°")[50, 20:80, 0].mean() for seed in range(8)]
    across = [
        apply_fault(bar, "motion_blur", 4, seed, variant="90°")[50, 20:80, 0].mean() for seed in range(8)
    ]
    assert np.mean(along) > 1.5 * np.mean(across)


def test_pixelation_makes_blocks() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    faulty = apply_fault(pixels, "pixelation", 4, 0)
    np.testing.assert_array_equal(faulty[:5, :5], np.broadcast_to(faulty[0, 0], (5, 5, 3)))
    np.testing.assert_allclose(faulty[0, 0], pixels[:5, :5].reshape(-1, 3).mean(axis=0), atol=0.51)


def test_colour_cast_leans_to_its_hue() -> None:
    blue, green, red = apply_fault(flat(100), "colour_cast", 4, 0, variant="red")[0, 0].tolist()
    assert (blue, green, red) == (82, 82, 136)


def test_greyscale_is_luminance() -> None:
    pixels = flat(0)
    pixels[...] = (200, 50, 100)
    expected = round(0.114 * 200 + 0.587 * 50 + 0.299 * 100)
    assert apply_fault(pixels, "greyscale", None, 0)[3, 3].tolist() == [expected] * 3


def test_flip_variants() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    down = apply_fault(pixels, "flip", None, 0, variant="upside_down")
    np.testing.assert_array_equal(down, cv2.rotate(pixels, cv2.ROTATE_180))
    np.testing.assert_array_equal(apply_fault(down, "flip", None, 0, variant="upside_down"), pixels)
    np.testing.assert_array_equal(apply_fault(pixels, "flip", None, 0, variant="mirrored"), pixels[:, ::-1])


def test_rotation_turns_the_way_it_says_and_leaves_no_black_corner() -> None:
    pixels = flat(60, 101, 101)
    pixels[48:53, 75:] = 250
    turned = apply_fault(pixels, "rotation", 5, 0, variant="anticlockwise")
    rows, columns = np.nonzero(turned[..., 0] > 200)
    near = np.hypot(rows - 50, columns - 50) < 45
    assert rows[near].mean() < 40
    assert columns[near].mean() > 60
    assert turned.min() > 40  # but for the ringing of the cubic kernel, nothing is darker than the 60 it was


def test_crop_enlarges_about_the_centre() -> None:
    pixels = flat(0, 100, 100)
    pixels[45:55, 45:55] = 255
    enlarged = apply_fault(pixels, "crop", 5, 0)[..., 0] > 127
    assert enlarged.sum() == pytest.approx(100 / 0.4**2, rel=0.1)


def test_resolution_scales_both_sides() -> None:
    assert apply_fault(flat(9, 100, 200), "resolution", 3, 0).shape == (50, 100, 3)


def test_compression_writes_blocks_and_its_quality_is_below_the_usual_one() -> None:
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.normal(0, 60, (128, 128)), (0, 0), 2.0) + 128
    texture = np.repeat(texture.astype(np.uint8)[..., None], 3, axis=2)
    faulty = apply_fault(texture, "compression", 5, 0)[..., 0].astype(int)
    jumps = np.abs(np.diff(faulty, axis=1)).mean(axis=0)
    assert jumps[7::8].mean() > 2 * np.delete(jumps, np.arange(7, 127, 8)).mean()
    assert [compression_quality(k, 95.0) for k in range(1, 6)] == [50, 32, 18, 10, 5]
    for usual in (10.0, 30.0, 50.0, 75.0, 100.0):
        assert compression_quality(1, usual) < usual


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_frozen_order_repeats_the_frame_before(share: float) -> None:
    order = frozen_order(200, share, np.random.default_rng(1))
    repeats = np.diff(order) == 0
    assert order[0] == 0
    assert repeats.sum() == min(round(share * 200), 199)
    assert np.all(np.diff(order) >= 0)
    np.testing.assert_array_equal(order[1:][~repeats], np.arange(1, 200)[~repeats])
