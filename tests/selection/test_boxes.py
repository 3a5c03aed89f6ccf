"""Doubt about boxes and disagreement on them."""

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.predictions import Box, Detection
from driftwheel.selection.box_disagreement import box_disagreement
from driftwheel.selection.box_doubt import box_doubt
from driftwheel.selection.box_overlap import box_overlaps


def box(label="cup", x=0.0, score=0.9, size=10.0):
    return Box(label, x, 0, size, 10, score=score)


def test_a_box_is_in_doubt_by_its_score_and_by_its_rival():
    far, near = box("mug", x=6, score=0.9), box("mug", x=1, score=0.45)
    images = [
        Detection((box(score=1.0),)),
        Detection((box(score=0.5), box(x=50, score=1.0))),
        Detection((box(), far)),
        Detection((box(), near)),
        Detection((box(), box("cup", x=1, score=0.9))),  # the same class twice is no doubt about the class
    ]
    assert box_doubt(images) == pytest.approx([0, 1, 0.2, 0.9, 0.2])


def test_no_boxes_are_no_doubt_and_no_score_is_not_known():
    assert box_doubt([Detection(), None, Detection((box(score=None),))]) == pytest.approx(
        [0, np.nan, np.nan], nan_ok=True
    )


def test_overlap_of_a_box_with_itself_a_half_and_none():
    half = Box("a", 0, 0, 5, 10)
    assert box_overlaps([box()], [box(), half, box(x=10)]).tolist() == [[1.0, 0.5, 0.0]]
    assert box_overlaps([], [box()]).shape == (0, 1)


def test_disagreement_is_one_less_f1_of_the_best_pairing():
    two = Detection((box(), box(x=30)))
    shifted = Detection((box(x=1), box(x=32)))
    renamed = Detection((box("mug"), box(x=30)))
    weak = Detection((box(score=0.2),))
    assert box_disagreement([two] * 4, [two, shifted, renamed, weak]) == pytest.approx([0, 0, 0.5, 1])
    # both could pair with the first; the best pairing gives each its own
    crowd, other = Detection((box(x=0), box(x=2))), Detection((box(x=1), box(x=-2)))
    assert box_disagreement([crowd], [other]) == pytest.approx([0])


def test_disagreement_is_mutual_and_needs_both():
    one, other = [Detection((box(),)), None, Detection()], [Detection(), Detection(), Detection()]
    assert box_disagreement(one, other) == pytest.approx([1, np.nan, 0], nan_ok=True)
    assert box_disagreement(other, one) == pytest.approx([1, np.nan, 0], nan_ok=True)
    with pytest.raises(UsageError, match="1 images and the other for 2"):
        box_disagreement([None], [None, None])
