"""The conformance suite: every embedder goes through it by being listed here."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from driftwheel.errors import MissingExtraError
from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_embedder import load_embedder

SIZES = ((1, 1), (8, 8), (37, 400), (400, 37), (224, 224), (480, 640))


@pytest.fixture(params=["fake", "gist", "efficientnet-lite0", "onnx", "onnx of a fixed batch"])
def embedder(request, fake_embedder):
    if request.param == "fake":
        return fake_embedder
    if request.param.startswith("onnx"):
        batch = "n" if request.param == "onnx" else 4
        path = request.getfixturevalue("write_channel_means")((batch, 3, 16, 24))
        return load_embedder(str(path), threads=1)
    try:
        return load_embedder(request.param, threads=1)
    except MissingExtraError as error:
        pytest.skip(str(error))


def image(seed, height, width):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_it_is_an_embedder(embedder):
    assert isinstance(embedder, Embedder)
    assert embedder.identity
    assert embedder.dimensions >= 2


def test_any_size_is_prepared_to_one_shape_and_embedded_to_finite_numbers(embedder):
    prepared = np.stack([embedder.prepare(image(0, *size)) for size in SIZES])
    vectors = embedder.embed(prepared)
    assert vectors.shape == (len(SIZES), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_no_image_at_all_gives_no_vector(embedder):
    prepared = embedder.prepare(image(0, 8, 8))
    assert embedder.embed(prepared[None][:0]).shape == (0, embedder.dimensions)


def test_a_vector_does_not_depend_on_the_rest_of_the_batch(embedder):
    prepared = np.stack([embedder.prepare(image(seed, 60, 80)) for seed in range(19)])
    together = embedder.embed(prepared)
    alone = np.concatenate([embedder.embed(one[None]) for one in prepared])
    lengths = np.linalg.norm(together, axis=1, keepdims=True)
    assert np.abs(together - alone).max() <= 1e-5 * lengths.max()
    backwards = embedder.embed(np.ascontiguousarray(prepared[::-1]))[::-1]
    assert np.abs(together - backwards).max() <= 1e-5 * lengths.max()


def test_different_images_have_different_vectors(embedder):
    dark, light = (np.full((32, 32, 3), grey, np.uint8) for grey in (30, 200))
    vectors = embedder.embed(np.stack([embedder.prepare(dark), embedder.prepare(light)]))
    assert np.linalg.norm(vectors[0] - vectors[1]) > 0.05 * np.linalg.norm(vectors[0])


def test_images_are_not_written_to_and_threads_do_not_disturb_each_other(embedder):
    images = [image(seed, 50 + seed, 70) for seed in range(24)]
    copies = [one.copy() for one in images]
    alone = [embedder.prepare(one) for one in images]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(embedder.prepare, images))
    assert all(np.array_equal(a, b) for a, b in zip(alone, at_once, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(images, copies, strict=True))
