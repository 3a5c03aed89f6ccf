from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from driftwheel.errors import UnreadableImageError
from driftwheel.images.properties import PROPERTIES, PROPERTY_NAMES, measure


def test_threads_and_order_do_not_matter(scene, jpeg):
    files = [jpeg(scene(100 + 60 * k, 120 + 50 * k, seed=k)) for k in range(8)]
    alone = [measure(file).values for file in files]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda file: measure(file).values, files[::-1] * 3))
    for index, values in enumerate(together):
        np.testing.assert_array_equal(values, alone[::-1][index % len(files)])


def test_an_array_in_rgb_is_measured_like_its_lossless_file(scene):
    pixels = scene(90, 70)
    png = measure(cv2.imencode(".png", pixels)[1].tobytes())
    array = measure(np.ascontiguousarray(pixels[:, :, ::-1]))
    differ = [
        name
        for name, one, other in zip(PROPERTY_NAMES, png.values, array.values, strict=True)
        if not (one == other or (np.isnan(one) and np.isnan(other)))
    ]
    assert differ == ["file_bytes", "bytes_per_pixel", "format"]


def test_bad_data_is_unreadable():
    with pytest.raises(UnreadableImageError, match="not an image"):
        measure(b"hello")


def test_fast_mode_is_exact_for_small_and_for_other_files(scene, jpeg):
    for data in (jpeg(scene(223, 400)), cv2.imencode(".png", scene(480, 640))[1].tobytes(), scene(480, 640)):
        np.testing.assert_array_equal(measure(data, "fast").values, measure(data).values)


@pytest.mark.parametrize(("shape", "reduction"), [((240, 330), 2), ((480, 641), 4)])
def test_fast_mode_decodes_at_medium_scale(scene, jpeg, shape, reduction):
    data = jpeg(scene(*shape))
    height, width = shape
    assert measure(data, "fast").pixels.shape == (-(-height // reduction), -(-width // reduction), 3)
    assert measure(data, "fast", shorter_side=200).pixels.shape[0] >= 200
    assert measure(data, "fast", shorter_side=5000).pixels.shape == (*shape, 3)
    np.testing.assert_array_equal(
        measure(data, "fast", shorter_side=200).values, measure(data, "fast").values
    )


# the largest error of the median over scenes that fast mode may make, as a share of the spread between scenes
SMALL = 0.25


def test_fast_mode_is_close_to_exact_where_a_reduced_decode_is_enough(scene, jpeg):
    files = [jpeg(scene(480, 640, seed=seed)) for seed in range(12)]
    exact = np.array([measure(file).values for file in files])
    fast = np.array([measure(file, "fast").values for file in files])
    for column, row in enumerate(PROPERTIES):
        if row.needs in ("header", "sequence"):
            np.testing.assert_array_equal(fast[:, column], exact[:, column])
        elif row.needs == "reduced" and row.kind == "number":
            error = np.median(np.abs(fast[:, column] - exact[:, column]))
            assert error <= SMALL * np.std(exact[:, column]) + 0.002 * (row.high - row.low), row.name


def test_fast_mode_leaves_out_what_cannot_be_seen_in_it(scene, jpeg):
    values = measure(jpeg(scene(480, 640)), "fast").values
    undefined = {name for name, value in zip(PROPERTY_NAMES, values, strict=True) if np.isnan(value)}
    assert undefined == {"stuck_pixels", "near_duplicate"}
