from __future__ import annotations

import pytest

from driftwheel.errors import LabelFormatError
from driftwheel.formats.label_truth import answer_of, truth_of
from driftwheel.formats.labelled_image import Answer, BoxLabel, ClassLabel
from driftwheel.formats.losses import Loss, Losses
from driftwheel.predictions import Box, Classification, Detection


def test_predictions_become_answers_of_a_model() -> None:
    answer = answer_of(Detection((Box("car", 1, 2, 3, 4, 0.5),)), "v1")
    assert answer == Answer(boxes=(BoxLabel("car", 1, 2, 3, 4, score=0.5),), source="model", by="v1")
    assert truth_of(answer, "a.jpg", Losses()) == Detection((Box("car", 1, 2, 3, 4),))
    assert answer_of(Classification("cat"), "v1").classes == (ClassLabel("cat"),)


def test_nothing_is_a_detection_without_boxes() -> None:
    assert truth_of(Answer(), "a.jpg", Losses()) == Detection()


def test_what_ground_truth_does_not_hold() -> None:
    turned = Answer(boxes=(BoxLabel("car", 0, 0, 4, 2, rotation=90, crowd=True),))
    with pytest.raises(LabelFormatError, match=r"a\.jpg, box 1: 'car' is turned by 90°"):
        truth_of(turned, "a.jpg", Losses())
    losses = Losses({Loss.ROTATION, Loss.FLAGS})
    assert truth_of(turned, "a.jpg", losses) == Detection((Box("car", 1, -1, 2, 4),))
    assert len(losses.all) == 2
    several = Answer((ClassLabel("a"), ClassLabel("b")))
    with pytest.raises(LabelFormatError, match=r"a\.jpg has 2 classes; ground truth is one class, or boxes"):
        truth_of(several, "a.jpg", Losses())
    with pytest.raises(LabelFormatError, match="has classes and boxes"):
        truth_of(Answer((ClassLabel("a"),), (BoxLabel("b", 0, 0, 1, 1),)), "a.jpg", Losses())
