from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.workflows.installation import picture

from driftwheel.learning.load_embedder import load_embedder
from driftwheel.records import Image
from driftwheel.services.measure.embed_blobs import embed_blobs
from driftwheel.services.measure.measure_images import measure_images
from driftwheel.store.files.blobs import Blobs


def test_kept_images_are_embedded_and_others_are_nan(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    network = load_embedder("gist")
    assert network is not None
    kept = [blobs.put(picture(i)) for i in range(3)]
    damaged = blobs.put(b"\x89PNG\r\n\x1a\n no image")
    found = embed_blobs(blobs, network, [kept[0], None, kept[1], damaged, bytes(32), kept[2]], threads=1)
    assert found.shape == (6, network.dimensions)
    assert np.isnan(found).any(axis=1).tolist() == [False, True, False, True, True, False]
    images = (Image(str(i), picture(i)) for i in range(3))
    (expected,) = measure_images(images, embedder=network, mode="exact", threads=1)
    np.testing.assert_allclose(found[[0, 2, 5]], expected.embeddings, atol=1e-5)


def test_no_images(tmp_path: Path) -> None:
    network = load_embedder("gist")
    assert network is not None
    found = embed_blobs(Blobs.open(str(tmp_path / "blobs")), network, [])
    assert found.shape == (0, network.dimensions)
