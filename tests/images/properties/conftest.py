"""Images made for the purpose, and the views and values of an array."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.images.decode import decode
from driftwheel.images.header import Header
from driftwheel.images.properties import property_named
from driftwheel.images.views import Views


def make_views(pixels: NDArray[np.uint8], file_format: str = "jpeg") -> Views:
    """The views of (h, w) grey or (h, w, 3) BGR pixels, as if decoded from a file of 1,000 bytes."""
    colour = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels
    height, width = colour.shape[:2]
    header = Header(file_format, width, height, 3, 8, 1, 1000, 90.0 if file_format == "jpeg" else math.nan)
    return Views(header, np.ascontiguousarray(colour, dtype=np.uint8))


def make_scene(height: int, width: int, seed: int = 0, noise: float = 1.0) -> NDArray[np.uint8]:
    """A natural-looking BGR image: three correlated fields with amplitude falling as 1 / frequency."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]) + 1 / max(
        height, width
    )
    fields = []
    for _ in range(3):
        spectrum = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
        field = np.fft.irfft2(spectrum / frequency**1.4, s=(height, width))
        fields.append(field / field.std())
    light = fields[0]
    colour = np.stack([light, light + 0.3 * fields[1], light + 0.3 * fields[2]], axis=-1)
    return np.clip(120 + 40 * colour + rng.normal(0, noise, colour.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def views_of() -> Callable[..., Views]:
    return make_views


@pytest.fixture(scope="session")
def value() -> Callable[[str, NDArray[np.uint8]], float]:
    """From the name of a property and pixels to its value."""
    return lambda name, pixels: property_named(name).measure(make_views(pixels))


@pytest.fixture(scope="session")
def scene() -> Callable[..., NDArray[np.uint8]]:
    return make_scene


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """From BGR pixels and a quality to a JPEG file."""

    def encode(pixels: NDArray[np.uint8], quality: int = 90) -> bytes:
        written, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert written
        return data.tobytes()

    return encode


@pytest.fixture(scope="session")
def through_jpeg(jpeg: Callable[..., bytes]) -> Callable[..., NDArray[np.uint8]]:
    """Pixels after a JPEG of a quality."""
    return lambda pixels, quality: decode(jpeg(pixels, quality)).pixels
