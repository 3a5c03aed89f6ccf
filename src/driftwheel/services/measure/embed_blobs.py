"""Embed images that are kept as blobs, as the embedder makes the vectors: before any projection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.embedder import Embedder
from driftwheel.services.measure.measure_blobs import MeasuredBlob, WantedBlob, measure_blobs
from driftwheel.store.files.blobs import Blobs

__all__ = ["embed_blobs"]

_AT_ONCE = 256  # images that are held decoded


def embed_blobs(
    blobs: Blobs, network: Embedder, images: Sequence[bytes | None], *, threads: int | None = None
) -> NDArray[np.float32]:
    """Return (n, dimensions) embeddings of images by their digests.

    A row is NaN where there is no digest, the blob is not kept, or it is no image that can be read.

    Raises
    ------
    OSError
        When the blobs cannot be read now.
    """
    whole = np.full((len(images), network.dimensions), np.nan, np.float32)
    wanted = [(i, digest) for i, digest in enumerate(images) if digest is not None]
    for begin in range(0, len(wanted), _AT_ONCE):
        part = wanted[begin : begin + _AT_ONCE]
        asked = [WantedBlob(digest, network.prepare) for _, digest in part]
        measured = measure_blobs(blobs, asked, threads=threads)
        rows = [i for (i, _), one in zip(part, measured, strict=True) if isinstance(one, MeasuredBlob)]
        prepared = [one.prepared for one in measured if isinstance(one, MeasuredBlob)]
        if rows:
            whole[rows] = network.embed(np.stack([one for one in prepared if one is not None]))
    return whole
