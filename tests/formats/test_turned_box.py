from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.formats.labelled_image import BoxLabel
from driftwheel.formats.turned_box import about_centre, corners, edges_around, top_left

edges = st.floats(-1000, 1000)
sides = st.floats(0.5, 1000)
angles = st.floats(0, 359.9)


@given(edges, edges, sides, sides, angles)
def test_corners_are_those_that_opencv_computes(x: float, y: float, w: float, h: float, turn: float) -> None:
    # OpenCV's RotatedRect is turned clockwise about its centre too; its points begin at the lower left.
    expected = cv2.boxPoints(((x + w / 2, y + h / 2), (w, h), turn))
    found = np.array(corners(BoxLabel("a", x, y, w, h, rotation=turn)))
    np.testing.assert_allclose(found[[3, 0, 1, 2]], expected, atol=1e-2)


@given(edges, edges, sides, sides, angles)
def test_turning_about_a_corner_and_about_the_centre_are_inverse(
    x: float, y: float, w: float, h: float, turn: float
) -> None:
    (left, upper, width, height), angle = about_centre(x, y, w, h, turn)
    corner = top_left(BoxLabel("a", left, upper, width, height, rotation=angle))
    np.testing.assert_allclose(corner, (x, y), atol=1e-9)


@given(edges, edges, sides, sides, angles, st.booleans(), st.booleans())
def test_negative_sides_are_the_same_four_points(  # noqa: PLR0917
    x: float, y: float, w: float, h: float, turn: float, across: bool, down: bool
) -> None:
    w, h = (-w if across else w), (-h if down else h)
    radians = np.deg2rad(turn)
    matrix = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    expected = np.array([(0, 0), (w, 0), (w, h), (0, h)]) @ matrix.T + (x, y)
    (left, upper, width, height), angle = about_centre(x, y, w, h, turn)
    found = np.array(corners(BoxLabel("a", left, upper, width, height, rotation=angle)))
    key = lambda points: sorted(map(tuple, np.round(points, 6)))  # noqa: E731
    np.testing.assert_allclose(key(found), key(expected), atol=1e-4)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_quarters_are_exact(turn: float) -> None:
    points = corners(BoxLabel("a", 10, 20, 30, 40, rotation=turn))
    assert sorted(points) in (
        [(10, 20), (10, 60), (40, 20), (40, 60)],
        [(5, 25), (5, 55), (45, 25), (45, 55)],
    )


def test_the_upright_box_around_a_turned_one() -> None:
    x, y, w, h = edges_around(corners(BoxLabel("a", 0, 0, 10, 10, rotation=45)))
    assert (x, y, w, h) == pytest.approx((5 - 50**0.5, 5 - 50**0.5, 200**0.5, 200**0.5))
