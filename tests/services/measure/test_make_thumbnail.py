import cv2
import numpy as np
import pytest

from driftwheel.errors import UnreadableImageError, UsageError
from driftwheel.images.decode import decode
from driftwheel.images.header import read_header
from driftwheel.services.measure.make_thumbnail import THUMBNAIL_SIDES, make_thumbnail


def encoded(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, pixels)[1].tobytes()


def halves(height: int, width: int) -> np.ndarray:
    """Left half blue, right half red, BGR."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 255
    pixels[:, width // 2 :, 2] = 255
    return pixels


@pytest.mark.parametrize("side", THUMBNAIL_SIDES)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_the_longer_side_is_as_asked_and_the_picture_the_same(side: int, suffix: str) -> None:
    small = make_thumbnail(encoded(halves(1000, 3000), suffix), side)
    header = read_header(small)
    assert (header.format, header.width, header.height) == ("jpeg", side, round(side / 3))
    pixels = decode(small).pixels.astype(int)
    assert pixels[header.height // 2, side // 4, 0] > 240
    assert pixels[header.height // 2, side // 4, 2] < 15
    assert pixels[header.height // 2, 3 * side // 4, 2] > 240


def test_a_small_image_does_not_grow() -> None:
    header = read_header(make_thumbnail(encoded(halves(20, 31)), 320))
    assert (header.width, header.height) == (31, 20)


def test_an_extreme_shape_keeps_a_pixel() -> None:
    header = read_header(make_thumbnail(encoded(halves(1, 5000)), 160))
    assert (header.width, header.height) == (160, 1)


def test_nothing_after_the_pixels_is_passed_on() -> None:
    smuggled = encoded(halves(40, 40)) + b"<script>alert(1)</script>"
    assert b"script" not in make_thumbnail(smuggled, 160)


def test_an_unreadable_image_says_why() -> None:
    with pytest.raises(UnreadableImageError, match="truncated"):
        make_thumbnail(encoded(halves(400, 400), ".jpg")[:900], 160)
    with pytest.raises(UnreadableImageError, match="too many pixels"):
        make_thumbnail(encoded(halves(40, 40)), 160, max_pixels=1000)


def test_another_side_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no thumbnail of 321 pixels. Ask for one of: 160, 320, 640, 1280"):
        make_thumbnail(encoded(halves(40, 40)), 321)
