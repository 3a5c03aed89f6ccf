"""The consensus of boxes: by hand for one image, and on a simulated crowd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwheel.agreement.box_answers import BoxAnswer, DrawnBox, box_answers
from driftwheel.agreement.box_consensus import TaskBoxes, box_consensus
from driftwheel.agreement.box_matching import match_boxes
from driftwheel.agreement.box_skill import box_skills, compare_with_golden
from driftwheel.errors import UsageError

CLASSES = ("car", "bus", "van")


def place(box: DrawnBox) -> tuple[float, ...]:
    return box.x, box.y, box.width, box.height, box.rotation


def all_right(found: TaskBoxes, truth: tuple[DrawnBox, ...]) -> bool:
    if len(found.boxes) != len(truth):
        return False
    pairs = match_boxes([place(one.box) for one in found.boxes], [place(one) for one in truth])
    same = [
        found.boxes[i].box.label == truth[j].label for i, j in zip(pairs.first, pairs.second, strict=True)
    ]
    return len(same) == len(truth) and all(same)


@pytest.fixture(scope="module")
def crowd(crowds: Any) -> tuple[dict[int, tuple[DrawnBox, ...]], Any, Any]:
    rng = np.random.default_rng(4)
    truth, told = crowds.draw_boxes(rng, ["good"] * 6 + ["sloppy"] * 3 + ["random"], 320, 3, CLASSES)
    answers = box_answers(told, CLASSES)
    return truth, answers, box_consensus(answers, {task: truth[task] for task in range(80)})


def test_two_of_three_are_believed_and_one_is_not() -> None:
    car, lone = DrawnBox("car", 0, 0, 40, 40), DrawnBox("car", 200, 0, 40, 40)
    told = [BoxAnswer("t", "a", (car, lone)), BoxAnswer("t", "b", (car,)), BoxAnswer("t", "c", ())]
    found = box_consensus(box_answers(told, CLASSES)).tasks[0]
    assert [one.box for one in found.boxes] == [car]
    assert [one.box for one in found.rejected] == [lone]
    assert (found.boxes[0].drawn_by, found.boxes[0].not_drawn_by) == (("a", "b"), ("c",))
    assert found.rejected[0].drawn_by == ("a",)
    assert 0 < found.confidence < found.boxes[0].presence < 1


def test_an_image_without_a_box_is_an_answer_and_one_without_answers_is_none() -> None:
    found = box_consensus(box_answers([BoxAnswer("t", w, ()) for w in "abc"], CLASSES, tasks=["t", "u"]))
    empty, unseen = found.tasks
    assert (empty.boxes, empty.rejected, empty.n_answers) == ((), (), 3)
    assert empty.confidence > 0.9
    assert empty.expected_missing < 0.05
    assert (unseen.confidence, unseen.n_answers) == (0.0, 0)


def test_turned_boxes_stay_turned() -> None:
    told = [BoxAnswer("t", who, (DrawnBox("bus", 0, 0, 60, 20, 40.0 + i),)) for i, who in enumerate("abc")]
    (found,) = box_consensus(box_answers(told, CLASSES)).tasks[0].boxes
    assert found.box.rotation == pytest.approx(41.0)
    assert found.overlap > 0.9


def test_the_consensus_is_better_than_one_good_annotator(crowd: Any) -> None:
    truth, answers, found = crowd
    right = [all_right(found.tasks[task], truth[task]) for task in range(80, 320)]
    alone = []
    for number in np.flatnonzero((answers.tasks >= 80) & (answers.annotators < 6)):
        rows = answers.owners == number
        own = truth[int(answers.tasks[number])]
        pairs = match_boxes(answers.boxes[rows], [place(one) for one in own])
        same = [
            answers.classes[answers.labels[rows][i]] == own[j].label
            for i, j in zip(pairs.first, pairs.second, strict=True)
        ]
        alone.append(len(same) == len(own) == int(rows.sum()) and all(same))
    assert np.mean(right) > 0.75
    assert np.mean(right) > np.mean(alone)


def test_confidence_says_how_often_it_is_right(crowd: Any) -> None:
    truth, _, found = crowd
    real = range(80, 320)
    right = np.array([all_right(found.tasks[task], truth[task]) for task in real])
    sure = np.array([found.tasks[task].confidence for task in real])
    assert sure.mean() == pytest.approx(right.mean(), abs=0.08)
    assert right[sure > 0.9].mean() > right[sure <= 0.9].mean() + 0.1


def test_skills_are_those_of_the_drawers(crowd: Any) -> None:
    _, answers, found = crowd
    kinds = np.array([str(key).split()[0] for key in answers.annotator_keys])
    recall, extra = found.skills.recall, found.skills.extra
    assert recall[kinds == "good"].mean() == pytest.approx(0.95, abs=0.05)
    assert recall[kinds == "good"].min() > recall[kinds == "random"].max()
    assert extra[kinds == "good"].mean() < extra[kinds == "sloppy"].mean()
    assert found.skills.weights[kinds == "good"].min() > found.skills.weights[kinds == "sloppy"].max()
    assert found.objects == pytest.approx(2.0, abs=0.35)


def test_comparisons_with_golden_tasks() -> None:
    car, bus, off = (
        DrawnBox("car", 0, 0, 40, 40),
        DrawnBox("bus", 100, 0, 40, 40),
        DrawnBox("car", 300, 0, 9, 9),
    )
    told = [
        BoxAnswer("g", "a", (car, DrawnBox("car", 100, 0, 40, 40), off)),
        BoxAnswer("g", "b", (car, off)),
        BoxAnswer("g", "c", ()),
    ]
    drawings, looked_like = compare_with_golden(box_answers(told, CLASSES), {"g": (car, bus), "h": ()})
    assert [(one.objects, one.found, one.extra, one.right_class) for one in drawings] == [
        (2, 2, 1, 1),
        (2, 1, 1, 1),
        (2, 0, 0, 0),
    ]
    assert looked_like == {0: (2,)}
    skills = box_skills(drawings, looked_like, 3)
    assert skills.recall[0] > skills.recall[1] > skills.recall[2]
    assert skills.n_objects.tolist() == [2, 2, 2]


def test_places_that_nobody_drew_are_reckoned_with() -> None:
    from driftwheel.agreement.box_skill import GoldenDrawing

    rng = np.random.default_rng(0)
    drawings, looked_like = [], {}
    for task in range(2000):
        drew = rng.random(3) < 0.15
        drawings += [GoldenDrawing(task, who, 0, 0, int(drew[who]), 0, 0.0) for who in range(3)]
        looked_like[task] = (int(drew.sum()),) if drew.any() else ()
    assert box_skills(drawings, looked_like, 3).extra == pytest.approx(0.15, abs=0.03)


def test_one_image_is_judged_as_it_would_be_among_the_others(crowds: Any) -> None:
    rng = np.random.default_rng(5)
    truth, told = crowds.draw_boxes(rng, ["good"] * 3 + ["sloppy"] * 2, 60, 3, CLASSES)
    answers = box_answers(told, CLASSES)
    found = box_consensus(answers, {task: truth[task] for task in range(30)})
    for task in range(40, 50):
        own = [one for one in told if one.task == task]
        alone = box_consensus(box_answers(own, CLASSES, annotators=answers.annotator_keys), known=found)
        assert [one.box for one in alone.tasks[0].boxes] == [one.box for one in found.tasks[task].boxes]
        assert alone.tasks[0].confidence == pytest.approx(found.tasks[task].confidence)
    with pytest.raises(UsageError, match="known consensus is of 5 annotators, the answers are of 3"):
        box_consensus(box_answers(told[:3], CLASSES), known=found)


def test_an_unknown_golden_class_is_refused() -> None:
    answers = box_answers([BoxAnswer("t", "a", ())], CLASSES)
    with pytest.raises(UsageError, match=r"golden box is of 'cra'.*Did you mean 'car'"):
        box_consensus(answers, {"t": (DrawnBox("cra", 0, 0, 1, 1),)})
