"""GIST: what each number answers to, the symmetries it must obey, and how well it tells content apart."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from driftwheel.errors import UsageError
from driftwheel.images.gist import (
    DIMENSIONS,
    GRID,
    ORIENTATIONS,
    SIDE,
    WAVELENGTHS,
    gist,
    reduce_for_gist,
)

EDGES = (len(WAVELENGTHS), len(ORIENTATIONS), GRID, GRID)
N_EDGES = int(np.prod(EDGES))


def describe(*images):
    return gist(np.stack([reduce_for_gist(image) for image in images]))


def edges(vector):
    return vector[:N_EDGES].reshape(EDGES)


def levels(vector):
    return vector[N_EDGES : N_EDGES + 64].reshape(len(WAVELENGTHS), GRID, GRID)


def colours(vector):
    """(4, row, column): luma, red-green, blue-yellow, spread."""
    return vector[-64:].reshape(4, GRID, GRID)


def grating(wavelength, degrees, amplitude=60.0, grey=128.0):
    y, x = np.mgrid[:SIDE, :SIDE]
    angle = np.deg2rad(degrees)
    wave = np.sin(2 * np.pi / wavelength * (x * np.cos(angle) + y * np.sin(angle)))
    return np.repeat(np.rint(grey + amplitude * wave)[..., None], 3, axis=2).astype(np.uint8)


def scene(seed, height=SIDE, width=SIDE):
    """Smooth random structure at all scales, in colour."""
    rng = np.random.default_rng(seed)
    image = np.zeros((height, width, 3))
    for cells in (4, 9, 20, 43):
        image += cv2.resize(
            rng.normal(0, 1, (cells, cells, 3)), (width, height), interpolation=cv2.INTER_CUBIC
        )
    return np.clip(128 + 30 * image, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("scale", range(len(WAVELENGTHS)))
@pytest.mark.parametrize("orientation", range(len(ORIENTATIONS)))
def test_a_grating_answers_at_its_own_wavelength_and_orientation_and_nowhere_more(scale, orientation):
    vector = describe(grating(WAVELENGTHS[scale], ORIENTATIONS[orientation]))[0]
    answer = edges(vector).mean(axis=(2, 3))
    assert np.unravel_index(answer.argmax(), answer.shape) == (scale, orientation)
    assert answer[scale, orientation] > 1.4 * np.delete(answer[scale], orientation).max()


def test_a_level_follows_the_amplitude_of_the_structure():
    weak, strong = describe(grating(14, 0, amplitude=30), grating(14, 0, amplitude=120))
    assert np.allclose(edges(weak), edges(strong), atol=0.02), (
        "shares of energy do not depend on the contrast"
    )
    rise = levels(strong)[2] - levels(weak)[2]
    assert np.all(rise > 0.2 * np.log(2.5))
    assert np.all(rise <= 0.2 * np.log(4))


def test_the_colours_of_a_plain_image_are_known():
    blue, green, red = 50, 100, 200
    vector = describe(np.full((40, 60, 3), (blue, green, red), np.uint8))[0]
    luma, red_green, blue_yellow, spread = colours(vector)
    assert luma == pytest.approx(
        np.full((4, 4), (0.114 * blue + 0.587 * green + 0.299 * red) / 255), abs=1e-5
    )
    assert red_green == pytest.approx(np.full((4, 4), (red - green) / 255), abs=1e-5)
    assert blue_yellow == pytest.approx(np.full((4, 4), (blue - (red + green) / 2) / 255), abs=1e-5)
    assert spread == pytest.approx(np.zeros((4, 4)), abs=2e-3)
    assert vector[: N_EDGES + 64] == pytest.approx(np.zeros(N_EDGES + 64), abs=1e-3), "nothing to see in it"


def test_a_cell_sees_its_own_corner():
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[:16, -16:] = 255
    luma = colours(describe(image)[0])[0]
    assert luma[0, 3] == pytest.approx(0.25, abs=1e-6), "half of the cell's weight along either side"
    assert luma[2:, :].max() == pytest.approx(0, abs=1e-6)
    assert luma[:, :2].max() == pytest.approx(0, abs=1e-6)


def test_grey_images_have_no_colour():
    grey = cv2.cvtColor(cv2.cvtColor(scene(1), cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert colours(describe(grey)[0])[1:] == pytest.approx(np.zeros((3, 4, 4)), abs=2e-3)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_mirroring_an_image_mirrors_its_description(seed):
    image = scene(seed)
    plain, mirrored, transposed = describe(image, image[:, ::-1], image.transpose(1, 0, 2))
    swapped = [0, 5, 4, 3, 2, 1]  # an edge at 30° now runs at 150°
    assert edges(mirrored) == pytest.approx(edges(plain)[:, swapped, :, ::-1], abs=1e-4)
    assert colours(mirrored) == pytest.approx(colours(plain)[..., ::-1], abs=1e-4)
    turned = [3, 2, 1, 0, 5, 4]  # an edge at 30° now runs at 60°
    assert edges(transposed) == pytest.approx(edges(plain)[:, turned].swapaxes(2, 3), abs=1e-4)
    assert levels(transposed) == pytest.approx(levels(plain).swapaxes(1, 2), abs=1e-4)


@given(height=st.integers(1, 300), width=st.integers(1, 300), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_any_size_gives_a_finite_vector_within_the_stated_ranges(height, width, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    vector = describe(image)[0]
    assert vector.shape == (DIMENSIONS,) == (512,)
    assert np.isfinite(vector).all()
    assert vector[:N_EDGES].min() >= 0
    assert np.linalg.norm(edges(vector), axis=(0, 1)).max() <= 1 + 1e-6
    assert levels(vector).min() >= 0
    assert levels(vector).max() < 1
    luma, red_green, blue_yellow, spread = colours(vector)
    assert luma.min() >= 0
    assert luma.max() <= 1 + 1e-5
    assert max(np.abs(red_green).max(), np.abs(blue_yellow).max()) <= 1 + 1e-5
    assert spread.min() >= 0
    assert spread.max() <= 3


def test_a_description_does_not_depend_on_the_batch_and_repeats_to_the_bit():
    images = np.stack([reduce_for_gist(scene(seed)) for seed in range(5)])
    together = gist(images)
    assert np.array_equal(together, np.concatenate([gist(image[None]) for image in images]))
    assert np.array_equal(together, gist(images))
    assert gist(images[:0]).shape == (0, 512)


def test_a_large_image_and_its_reduction_look_alike():
    large = scene(3, 1080, 1920)
    small = cv2.resize(large, (480, 270), interpolation=cv2.INTER_AREA)
    a, b, other = describe(large, small, scene(4, 270, 480))
    assert np.linalg.norm(a - b) < 0.1 * np.linalg.norm(a - other)


def changed(fault):
    """Return mean absolute change of edges, levels and luma over some scenes, in units of their variation."""
    images = [scene(seed) for seed in range(12)]
    before, after = describe(*images), describe(*[fault(image) for image in images])
    shift = (after - before).mean(axis=0) / (before.std(axis=0) + 1e-3)
    return (
        np.abs(shift[:N_EDGES]).mean(),
        shift[N_EDGES : N_EDGES + 64].reshape(4, 16).mean(axis=1),
        shift[-64:],
    )


def test_faults_of_a_camera_show_where_they_should():
    _, blurred, _ = changed(lambda image: cv2.GaussianBlur(image, (0, 0), 2))
    assert blurred[0] < -2, "blur takes the finest structure away"
    assert abs(blurred[3]) < abs(blurred[0]) / 3, "and leaves most of the coarsest"
    rng = np.random.default_rng(0)
    _, noisy, _ = changed(lambda i: np.clip(i + rng.normal(0, 25, i.shape), 0, 255).astype(np.uint8))
    assert noisy[0] > 2, "noise adds fine structure"
    _, dim, colour = changed(lambda image: (image * 0.6).astype(np.uint8))
    assert colour[:16].mean() < -2, "a dark image is dark"
    assert np.all(dim < 0), "and has less contrast"
    _, _, cast = changed(lambda i: np.clip(i + np.array([0, 0, 30.0]), 0, 255).astype(np.uint8))
    assert cast[16:32].mean() > 1, "a red cast is red"


def test_neighbours_of_a_digit_are_the_same_digit():
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))[:900]
    images = [np.repeat((digits.images[i] * 15.9).astype(np.uint8)[..., None], 3, axis=2) for i in order]
    vectors, labels = describe(*images), digits.target[order]
    right = KNeighborsClassifier(3).fit(vectors[:600], labels[:600]).score(vectors[600:], labels[600:])
    assert right >= 0.95


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3)),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_no_bgr_image_is_refused(pixels):
    with pytest.raises(UsageError, match=r"must be uint8 of shape \(h, w, 3\) in BGR order, not "):
        reduce_for_gist(pixels)


def test_images_that_were_not_reduced_are_refused():
    with pytest.raises(
        UsageError, match=r"shape \(n, 128, 128, 3\) made by `reduce_for_gist`, not uint8 of shape"
    ):
        gist(np.zeros((2, 64, 64, 3), np.uint8))
