"""What an autoencoder makes of an image, as a picture, and how unusual its error is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.services.grey_autoencoder import grey_autoencoder
from tests.workflows.installation import picture

from driftwheel.errors import UnreadableImageError
from driftwheel.services.browse.show_reconstruction import show_reconstruction
from driftwheel.store.files.blobs import Blobs


def test_both_halves_are_enlarged_by_a_whole_number(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path))
    red = np.zeros((40, 30, 3), np.uint8)
    red[..., 2] = 255
    artifact = blobs.put(grey_autoencoder([picture(1)]))
    image = blobs.put(cv2.imencode(".png", red)[1].tobytes())
    png = show_reconstruction(blobs, artifact, image, 10_000)
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown is not None
    assert shown.shape == (160, 324, 4)
    assert np.unique(shown[:, :160].reshape(-1, 4), axis=0).tolist() == [[0, 0, 255, 255]]
    assert np.unique(shown[:, 160:164, 3]).tolist() == [0]
    assert np.unique(shown[:, 164:].reshape(-1, 4), axis=0).tolist() == [[128, 128, 128, 255]]
    assert show_reconstruction(blobs, artifact, image, 10_000) is png  # kept at hand


def test_what_cannot_be_shown(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path))
    artifact = blobs.put(grey_autoencoder([picture(1)]))
    with pytest.raises(FileNotFoundError):
        show_reconstruction(blobs, artifact, bytes(32), 10_000)
    with pytest.raises(UnreadableImageError):
        show_reconstruction(blobs, artifact, blobs.put(b"no image"), 10_000)
    with pytest.raises(UnreadableImageError):
        show_reconstruction(blobs, artifact, blobs.put(picture(2)), 100)
