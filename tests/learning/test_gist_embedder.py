"""The base embedder hands on what `driftwheel.images.gist` computes."""

import numpy as np

from driftwheel.images.gist import gist, reduce_for_gist
from driftwheel.learning.gist_embedder import GistEmbedder


def test_it_is_the_descriptor():
    image = np.random.default_rng(0).integers(0, 256, (40, 90, 3), dtype=np.uint8)
    embedder = GistEmbedder()
    assert np.array_equal(embedder.embed(embedder.prepare(image)[None]), gist(reduce_for_gist(image)[None]))
    assert (embedder.identity, embedder.dimensions) == ("gist-1", 512)
