"""Boxes: overlap, matching, clusters and means, each beside another way to get there."""

from __future__ import annotations

import itertools
import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.box_answers import BoxAnswer, DrawnBox, box_answers
from driftwheel.agreement.box_clusters import cluster_boxes
from driftwheel.agreement.box_matching import match_boxes
from driftwheel.agreement.mean_box import mean_box
from driftwheel.box_overlap import box_corners, box_overlap
from driftwheel.errors import UsageError

sides = st.floats(5, 60)
turned = st.tuples(st.floats(0, 60), st.floats(0, 60), sides, sides, st.floats(-180, 180))


@given(turned, turned)
def test_overlap_of_turned_boxes_is_that_of_opencv(one: tuple[float, ...], other: tuple[float, ...]) -> None:
    rectangles = [((x + w / 2, y + h / 2), (w, h), angle) for x, y, w, h, angle in (one, other)]
    corners = [box_corners([each])[0].astype(np.float32) for each in (one, other)]
    shared, _ = cv2.intersectConvexConvex(*corners)
    union = one[2] * one[3] + other[2] * other[3] - shared
    found = box_overlap([one], [other])[0, 0]
    assert found == pytest.approx(shared / union, abs=2e-3)
    assert cv2.boxPoints(rectangles[0]).mean(axis=0) == pytest.approx(corners[0].mean(axis=0), abs=1e-3)


def clipped(polygon: list[tuple[float, float]], window: np.ndarray) -> float:
    """The shared area of two convex polygons by Sutherland and Hodgman, one edge after the other."""
    for (ax, ay), (bx, by) in itertools.pairwise([*window, window[0]]):
        sides = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in polygon]
        cut = []
        for place, (here, side) in enumerate(zip(polygon, sides, strict=True)):
            before, was = polygon[place - 1], sides[place - 1]
            if (side >= 0) != (was >= 0):
                share = was / (was - side)
                cut.append(tuple(b + share * (h - b) for b, h in zip(before, here, strict=True)))
            if side >= 0:
                cut.append(here)
        polygon = cut
        if len(polygon) < 3:
            return 0.0
    x, y = np.array(polygon).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


@pytest.mark.parametrize("kind", ["any", "edges in common", "far away", "thin"])
def test_overlap_of_many_pairs_is_that_of_clipping_each(kind: str) -> None:
    rng = np.random.default_rng(5)
    first, second = (
        np.column_stack(
            [rng.uniform(0, 60, (40, 2)), rng.uniform(1, 60, (40, 2)), rng.uniform(-180, 180, 40)]
        )
        for _ in range(2)
    )
    if kind == "edges in common":
        for boxes in (first, second):
            boxes[:, :4] = np.ceil(boxes[:, :4] / 15) * 5
            boxes[:, 4] = rng.choice([0, 30, 45, 90, -90, 180, 270, 1e-9, 90 + 1e-9, -45, 135], 40)
        second[:10] = first[:10]
    first[:, :2] += 1e6 * (kind == "far away")
    second[:, :2] += 1e6 * (kind == "far away")
    first[:, 3] *= 1e-6 if kind == "thin" else 1
    found = box_overlap(first, second)
    assert np.isfinite(found).all()
    corners = [box_corners(boxes) for boxes in (first, second)]
    near = {"far away": 1e-5, "thin": 1e-7}.get(kind, 1e-12)
    for i, j in np.ndindex(found.shape):
        shared = clipped([tuple(corner) for corner in corners[0][i]], corners[1][j])
        union = np.prod(first[i, 2:4]) + np.prod(second[j, 2:4]) - shared
        assert found[i, j] == pytest.approx(shared / union, abs=near)


def test_memory_of_overlaps_is_bounded() -> None:
    rng = np.random.default_rng(6)
    boxes = np.column_stack([rng.uniform(0, 1, (400, 2)), rng.uniform(50, 60, (400, 3))])
    tracemalloc.start()
    found = box_overlap(boxes, boxes)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < found.nbytes + 10e6
    assert found.diagonal() == pytest.approx(1.0)
    assert found == pytest.approx(found.T)


@given(turned, turned, st.integers(-2, 2))
def test_laws_of_overlap(one: tuple[float, ...], other: tuple[float, ...], quarters: int) -> None:
    assert box_overlap([one], [one])[0, 0] == pytest.approx(1.0, abs=1e-9)
    forward, backward = box_overlap([one], [other])[0, 0], box_overlap([other], [one])[0, 0]
    assert forward == pytest.approx(backward, abs=1e-9)
    x, y, w, h, angle = one
    if quarters % 2:
        x, y, w, h = x + (w - h) / 2, y + (h - w) / 2, h, w
    again = (x, y, w, h, angle + 90 * quarters)
    assert box_overlap([again], [other])[0, 0] == pytest.approx(forward, abs=1e-6)


def test_rotation_is_clockwise_on_a_screen() -> None:
    upper_left = box_corners([[0, 0, 10, 10, 30]])[0, 0]
    assert upper_left[0] > 0  # y goes down: the upper left corner moves to the right
    assert upper_left[1] < 0


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 10_000))
def test_matching_is_the_best_of_all(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (
        np.column_stack([rng.uniform(0, 12, size=(k, 2)), np.full((k, 2), 12.0), np.zeros(k)]) for k in (n, m)
    )
    labels = rng.integers(2, size=n), rng.integers(2, size=m)
    overlap = box_overlap(first, second)
    worth = np.where(overlap >= 0.5, overlap, 0.0) * np.where(labels[0][:, None] == labels[1], 1.0, 0.5)
    found = match_boxes(first, second, *labels)
    assert (found.overlap >= 0.5).all()
    assert len(set(found.second.tolist())) == len(found.second)
    smaller, larger = (range(n), range(m)) if n <= m else (range(m), range(n))
    table = worth if n <= m else worth.T
    best = max(
        sum(table[i, j] for i, j in zip(smaller, order, strict=False))
        for order in itertools.permutations(larger, len(smaller))
    )
    assert worth[found.first, found.second].sum() == pytest.approx(best)


def test_two_objects_in_one_place_find_their_own_class() -> None:
    person, bicycle = [0, 0, 10, 20, 0], [0, 4, 10, 16, 0]
    found = match_boxes([person, bicycle], [[0, 3, 10, 17, 0], [0, 2, 10, 18, 0]], [0, 1], [1, 0])
    assert found.second.tolist() == [1, 0]


def three_people(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Boxes of n objects apart, who drew them, their class, and the object of each."""
    truth = np.arange(n)
    rows = [
        (100.0 * o + rng.normal(0, 3), rng.normal(0, 3), 50.0, 40.0, 0.0) for o in truth for _ in range(3)
    ]
    return np.array(rows), np.tile(np.arange(3), n), np.zeros(3 * n, np.intp), np.repeat(truth, 3)


def test_clusters_are_the_objects_whatever_the_order() -> None:
    rng = np.random.default_rng(0)
    boxes, who, labels, objects = three_people(rng, 6)
    kept = rng.random(18) < 0.8
    boxes, who, labels, objects = boxes[kept], who[kept], labels[kept], objects[kept]
    for _ in range(5):
        order = rng.permutation(len(boxes))
        found = cluster_boxes(boxes[order], who[order], labels[order])
        same = found[:, None] == found
        assert (same == (objects[order][:, None] == objects[order])).all()


def test_one_annotators_boxes_are_not_compared_with_each_other() -> None:
    boxes = np.tile([0.0, 0.0, 9.0, 9.0, 3.0], (2000, 1))
    tracemalloc.start()
    found = cluster_boxes(boxes, np.zeros(2000, np.intp), np.zeros(2000, np.intp))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6  # all pairs: 32 MB
    assert found.tolist() == list(range(2000))


@given(st.integers(0, 100_000), st.integers(1, 14))
def test_a_cluster_has_one_box_of_each_annotator(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = np.column_stack([rng.uniform(0, 15, (n, 2)), rng.uniform(10, 20, (n, 2)), np.zeros(n)])
    who = rng.integers(4, size=n)
    found = cluster_boxes(boxes, who, rng.integers(2, size=n))
    for cluster in range(found.max() + 1):
        assert len(set(who[found == cluster])) == (found == cluster).sum()
    assert found[0] == 0
    assert sorted(set(found.tolist())) == list(range(found.max() + 1))


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=5), st.integers(0, 359))
def test_the_mean_turns_with_its_boxes(offsets: list[tuple[float, float]], degrees: int) -> None:
    boxes = np.array([(x, y, 40.0, 20.0, 0.0) for x, y in offsets])
    weights = np.arange(1.0, len(boxes) + 1)
    upright = mean_box(boxes, weights)
    assert upright == pytest.approx(np.average(boxes, axis=0, weights=weights))
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = np.array([20.0, 10.0])
    centres = (boxes[:, :2] + half) @ turn.T - half
    moved = np.column_stack([centres, boxes[:, 2:4], np.full(len(boxes), float(degrees))])
    expected = np.array([*((upright[:2] + half) @ turn.T - half), 40, 20, degrees])
    assert box_overlap([mean_box(moved, weights)], [expected])[0, 0] == pytest.approx(1.0, abs=1e-6)


def test_one_box_said_in_four_ways_has_itself_as_mean() -> None:
    ways = [[10, 20, 30, 12, 15], [10, 20, 30, 12, 195], [19, 11, 12, 30, 105], [19, 11, 12, 30, -75]]
    found = mean_box(ways, [1, 1, 1, 1])
    assert box_overlap([found], [ways[0]])[0, 0] == pytest.approx(1.0)


def test_columns_of_boxes() -> None:
    drawn = (DrawnBox("car", 1, 2, 3, 4, 5), DrawnBox("bus", 6, 7, 8, 9))
    told = [BoxAnswer("t", "ann", (), 1.0), BoxAnswer("t", "ann", drawn, 2.0), BoxAnswer("u", "bob", (), 1.0)]
    found = box_answers(told, ["car", "bus"], tasks=["s"])
    assert found.task_keys == ("s", "t", "u")
    assert found.boxes.tolist() == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 0]]
    assert (found.box_tasks.tolist(), found.box_annotators.tolist()) == ([1, 1], [0, 0])
    assert len(found) == 2


def test_what_is_no_box_is_refused() -> None:
    with pytest.raises(UsageError, match=r"class 'cra'.*Did you mean 'car'"):
        box_answers([BoxAnswer("t", "a", (DrawnBox("cra", 0, 0, 1, 1),))], ["car"])
    with pytest.raises(UsageError, match="a side that is not above 0"):
        box_answers([BoxAnswer("t", "a", (DrawnBox("car", 0, 0, 0, 1),))], ["car"])
    found = box_answers([BoxAnswer("t", "a", (DrawnBox("car", 0, 0, 1, 1),))], ["car"])
    with pytest.raises(UsageError, match="A class number is not one of the 1"):
        replace(found, labels=np.array([1]))
    with pytest.raises(UsageError, match=r"expected \(m, 5\)"):
        box_overlap([[0, 0, 1, 1]], [[0, 0, 1, 1]])
    with pytest.raises(UsageError, match="least overlap of 0"):
        match_boxes([], [], least=0.0)
    with pytest.raises(UsageError, match="not all 0"):
        mean_box([[0, 0, 1, 1, 0]], [0.0])
