"""What answers may say, and when they are right."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.rows import NOON

from driftwheel.errors import UsageError
from driftwheel.services.label.consensus.answer_payload import (
    boxes_of,
    checked_payload,
    is_correct,
    payload_of_boxes,
    stratum_of,
)
from driftwheel.store.labels.projects import AnswerType, LabelClass, Project

CLASSES = tuple(LabelClass(name, "", "#000000") for name in ("cat", "dog"))


def project(answer: AnswerType) -> Project:
    return Project(1, "p", 1, answer, CLASSES, "", NOON, "lead")


def box(x: float, y: float, w: float, h: float, name: str = "cat", *, rotation: float = 0) -> dict[str, Any]:
    return {"class": name, "x": x, "y": y, "w": w, "h": h, "rotation": rotation}


@pytest.mark.parametrize(
    ("answer", "payload", "said"),
    [
        ("class", {"class": "cow"}, "no class 'cow'"),
        ("class", {"classes": ["cat"]}, "asks for 'class'; the answer has classes"),
        ("class", None, "asks for 'class'; the answer has nothing"),
        ("multi-class", {"classes": "cat"}, "'classes' is a list"),
        ("multi-class", {"classes": ["cat", "dgo"]}, "Did you mean 'dog'"),
        ("boxes", {"boxes": [{"class": "cat", "x": 1, "y": 1, "w": 0, "h": 5}]}, "0 wide and 5 high"),
        ("boxes", {"boxes": [{"class": "cat", "x": float("nan"), "y": 1, "w": 1, "h": 5}]}, "The x of a box"),
        ("boxes", {"boxes": [{"class": "cat", "x": 1, "y": 1, "w": 1}]}, "A box has class, x, y, w, h"),
    ],
)
def test_what_is_not_asked_for_is_refused(answer: Any, payload: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked_payload(project(answer), payload)


def test_too_many_boxes_are_refused() -> None:
    with pytest.raises(UsageError, match="1,001 boxes"):
        checked_payload(project("boxes"), {"boxes": [box(0, 0, 1, 1)] * 1001})


def test_classes_are_right_when_they_are_the_same() -> None:
    single, several = project("class"), project("multi-class")
    assert is_correct(single, {"class": "cat"}, {"class": "cat"})
    assert not is_correct(single, {"class": "dog"}, {"class": "cat"})
    truth = checked_payload(several, {"classes": ["dog", "cat", "dog"]})
    assert is_correct(several, checked_payload(several, {"classes": ["cat", "dog"]}), truth)
    assert not is_correct(several, {"classes": ["cat"]}, truth)
    assert [stratum_of(one) for one in (truth, {"classes": []}, {"boxes": []})] == ["cat", "", ""]


@pytest.mark.parametrize(
    ("drawn", "right"),
    [
        ([box(0, 0, 10, 10), box(52, 50, 20, 20, "dog")], True),
        ([box(52, 50, 20, 20, "dog"), box(1, 0, 10, 10)], True),
        ([box(0, 0, 10, 10)], False),  # one is missing
        ([box(0, 0, 10, 10), box(50, 50, 20, 20, "dog"), box(90, 90, 5, 5)], False),  # one too many
        ([box(0, 0, 10, 10), box(50, 50, 20, 20)], False),  # of another class
        ([box(6, 0, 10, 10), box(50, 50, 20, 20, "dog")], False),  # they overlap by a quarter
        ([], False),
    ],
)
def test_boxes_are_right_when_they_match_one_to_one(drawn: list[dict[str, Any]], right: bool) -> None:
    boxes = project("boxes")
    truth = checked_payload(boxes, {"boxes": [box(0, 0, 10, 10), box(50, 50, 20, 20, "dog")]})
    assert is_correct(boxes, checked_payload(boxes, {"boxes": drawn}), truth) is right
    assert payload_of_boxes(boxes_of(truth)) == truth


def test_an_image_without_an_object_is_right_without_a_box() -> None:
    assert is_correct(project("boxes"), {"boxes": []}, {"boxes": []})
    assert not is_correct(project("boxes"), {"boxes": [box(0, 0, 1, 1)]}, {"boxes": []})
