import cv2
import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.images.decode import decode
from driftwheel.images.encode import encode
from driftwheel.images.header import Header, read_header

SMOOTH = cv2.GaussianBlur(np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8), (0, 0), 3)


def header(kind, channels=3, quality=float("nan"), chroma=""):
    return Header(kind, 64, 48, channels, 8, 1, 0, quality, chroma)


@pytest.mark.parametrize("kind", ["png", "bmp", "tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_lossless_formats_are_lossless(kind, channels):
    pixels = SMOOTH if channels == 3 else np.dstack([SMOOTH[:, :, 0]] * 3)
    again = decode(encode(pixels, header(kind, channels)))
    assert (again.header.format, again.header.channels) == (kind, channels)
    np.testing.assert_array_equal(again.pixels, pixels)


@pytest.mark.parametrize("quality", [1, 10, 50, 75, 90, 95, 100])
@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpeg_keeps_quality_and_chroma(quality, chroma):
    again = read_header(encode(SMOOTH, header("jpeg", 3, float(quality), chroma)))
    assert (again.format, again.jpeg_quality, again.chroma) == ("jpeg", quality, chroma)


def test_a_jpeg_coded_again_alike_hardly_changes():
    first = encode(SMOOTH, header("jpeg", 3, 80.0, "4:2:0"))
    decoded = decode(first)
    second = decode(encode(decoded.pixels, decoded.header))
    assert np.abs(second.pixels.astype(int) - decoded.pixels).mean() < 1


def test_grey_jpeg_stays_grey():
    again = read_header(encode(SMOOTH, header("jpeg", 1, 70.0)))
    assert (again.channels, again.jpeg_quality) == (1, 70)


def test_formats_without_an_encoder_of_their_own_become_png():
    for kind in ("gif", "array"):
        np.testing.assert_array_equal(decode(encode(SMOOTH, header(kind))).pixels, SMOOTH)


def test_webp_is_close():
    again = decode(encode(SMOOTH, header("webp")))
    assert again.header.format == "webp"
    assert np.abs(again.pixels.astype(int) - SMOOTH).mean() < 6


def test_the_same_bytes_every_time():
    for kind in ("jpeg", "png", "webp", "bmp", "tiff"):
        like = header(kind, 3, 80.0)
        assert encode(SMOOTH, like) == encode(SMOOTH, like)


def test_what_a_format_cannot_hold():
    with pytest.raises(UsageError, match="70000 × 1 pixels cannot be stored as jpeg"):
        encode(np.zeros((1, 70_000, 3), np.uint8), header("jpeg", 3, 80.0))
