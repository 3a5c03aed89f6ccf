from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel, LabelledImage
from driftwheel.formats.stored_coordinates import displayed_from_stored, stored_from_displayed
from driftwheel.formats.turned_box import corners
from driftwheel.images.decode import decode

ORIENTATIONS = range(1, 9)


def of(box: BoxLabel) -> LabelledImage:
    return LabelledImage("a.jpg", 64, 40, (Answer(boxes=(box,)),))


def tagged(pixels: np.ndarray, orientation: int) -> bytes:
    """A JPEG with an EXIF orientation."""
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    exif = b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]


def covered(box: BoxLabel, shape: tuple[int, ...]) -> np.ndarray:
    """The pixels whose centres lie in a box."""
    down, across = np.mgrid[: shape[0], : shape[1]] + 0.5
    points = np.array(corners(box))
    inside = np.ones(shape[:2], bool)
    for (x, y), (u, v) in zip(points, np.roll(points, -1, axis=0), strict=True):
        inside &= (u - x) * (down - y) - (v - y) * (across - x) >= 0
    return inside


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("turn", [0.0, 30.0])
def test_a_box_stays_on_what_it_was_drawn_around(orientation: int, turn: float) -> None:
    """Draw the box into the stored pixels, let the decoder turn them, and look where it is."""
    box = BoxLabel("a", 8, 16, 24, 8, rotation=turn)
    pixels = np.repeat(covered(box, (40, 64))[:, :, None] * np.uint8(255), 3, axis=2)
    shown = decode(tagged(pixels, orientation)).pixels[:, :, 0] > 127
    moved = displayed_from_stored(of(box), orientation)
    assert (moved.height, moved.width) == shown.shape
    (found,) = moved.answers[0].boxes
    again = covered(found, shown.shape)
    assert np.sum(shown != again) <= 2  # at the edge, by JPEG


@given(
    st.sampled_from(ORIENTATIONS), st.floats(-9, 60), st.floats(-9, 60), st.floats(1, 50), st.floats(1, 50),
    st.sampled_from([0.0, 12.5, 90.0, 200.0]),
)  # fmt: skip
def test_there_and_back(  # noqa: PLR0917
    orientation: int, x: float, y: float, w: float, h: float, turn: float
) -> None:
    box = BoxLabel("a", x, y, w, h, rotation=turn, occluded=True)
    back = stored_from_displayed(displayed_from_stored(of(box), orientation), orientation)
    assert (back.width, back.height) == (64, 40)
    (found,) = back.answers[0].boxes
    np.testing.assert_allclose(corners(found), corners(box), atol=1e-9)
    assert found.occluded


@pytest.mark.parametrize(
    ("orientation", "edges"),
    [
        (1, (1, 2, 4, 8)), (2, (59, 2, 4, 8)), (3, (59, 30, 4, 8)), (4, (1, 30, 4, 8)),
        (5, (2, 1, 8, 4)), (6, (30, 1, 8, 4)), (7, (30, 59, 8, 4)), (8, (2, 59, 8, 4)),
    ],
)  # fmt: skip
def test_known_answers(orientation: int, edges: tuple[float, ...]) -> None:
    (box,) = displayed_from_stored(of(BoxLabel("a", 1, 2, 4, 8)), orientation).answers[0].boxes
    assert (box.x, box.y, box.width, box.height) == edges


def test_classes_need_no_size_and_boxes_do() -> None:
    classes = LabelledImage("a.jpg", answers=(Answer((ClassLabel("a"),)),))
    assert displayed_from_stored(classes, 6) == classes
    with pytest.raises(UsageError, match=r"The size of 'a\.jpg' is not known"):
        displayed_from_stored(LabelledImage("a.jpg", answers=of(BoxLabel("a", 1, 1, 1, 1)).answers), 6)
    with pytest.raises(UsageError, match="orientation 9 is none"):
        displayed_from_stored(classes, 9)
