"""Show what an autoencoder makes of an image: as it reads it, and beside that what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.drift.statistics.conformal import conformal_p_values
from driftwheel.errors import DriftwheelError
from driftwheel.images.decode import decode
from driftwheel.services.measure.autoencoder_in_use import read_autoencoder
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import autoencoder_by_key
from driftwheel.store.records.stored_record import StoredRecord

__all__ = ["ShownError", "error_of_record", "show_reconstruction"]

_KEPT = 256  # pictures at hand, of some 20 kB each
_SIDE = 160  # px that a picture is enlarged to, by a whole number
_GAP = 4  # px, see-through


@dataclass(frozen=True, slots=True)
class ShownError:
    """The reconstruction error of one image beside those of the reference.

    Attributes
    ----------
    autoencoder
        Key of the one that looked.
    error, baseline
        In nats a pixel and channel; the mean error of the images held out of its training.
    p_value
        Conformal: the share of held-out images with an error at least as large.
    n_held_out
        How many those are.
    """

    autoencoder: int
    error: float
    baseline: float
    p_value: float
    n_held_out: int


def error_of_record(connection: Connection, blobs: Blobs, record: StoredRecord) -> ShownError | None:
    """Return how unusual the error of an image is; None where none was found, or the network is lost."""
    if record.reconstruction_error is None or record.autoencoder is None:
        return None
    stored = autoencoder_by_key(connection, record.autoencoder)
    if stored is None or stored.artifact is None:
        return None
    try:
        facts = read_autoencoder(blobs, stored.artifact).facts
    except (DriftwheelError, FileNotFoundError):
        return None
    error = record.reconstruction_error
    (p_value,) = conformal_p_values(facts.held_out_errors, [error]).tolist()
    return ShownError(stored.key, error, facts.baseline, p_value, len(facts.held_out_errors))


@lru_cache(maxsize=_KEPT)
def show_reconstruction(blobs: Blobs, artifact: bytes, image: bytes, max_pixels: int) -> bytes:
    """Return a PNG of an image as the autoencoder reads it, at the left, and what it makes of that.

    Both are enlarged by a whole number to about 160 px, each pixel staying a square: what is blurred, the
    network has blurred. The result is kept at hand.

    Parameters
    ----------
    artifact, image
        Digests of the network and of the image.
    max_pixels
        The most pixels a header may announce.

    Raises
    ------
    FileNotFoundError
        When either is lost.
    UnreadableImageError
        When the image cannot be decoded.
    UsageError, MissingExtraError
        When the network cannot be run here.
    """
    network = read_autoencoder(blobs, artifact)
    picture = network.prepare(decode(blobs.get(image), max_pixels=max_pixels).pixels)
    made = network.reconstruct(picture[None])[0]
    left, right = (_enlarged(one) for one in (picture, made))
    gap = np.zeros((left.shape[0], _GAP, 4), np.uint8)
    _, png = cv2.imencode(".png", np.concatenate([left, gap, right], axis=1))
    return bytes(png)


def _enlarged(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (side, side, 3) RGB or (side, side, 1) luma as BGRA, enlarged."""
    code = cv2.COLOR_RGB2BGRA if picture.shape[2] == 3 else cv2.COLOR_GRAY2BGRA
    side = max(1, _SIDE // picture.shape[0]) * picture.shape[0]
    pixels = cv2.resize(cv2.cvtColor(picture, code), (side, side), interpolation=cv2.INTER_NEAREST)
    return np.asarray(pixels, dtype=np.uint8)
