"""Clusters of boxes: the boxes in one image that several annotators drew around one object."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_matching import LEAST_OVERLAP, match_overlaps
from driftwheel.box_overlap import box_overlap
from driftwheel.errors import UsageError

__all__ = ["cluster_boxes"]


def cluster_boxes(
    boxes: NDArray[np.float64],
    annotators: NDArray[np.intp],
    labels: NDArray[np.intp],
    *,
    least: float = LEAST_OVERLAP,
) -> NDArray[np.intp]:
    """Return (m,) the cluster of each box of one image, numbered from 0 in the order of their first box.

    Each two annotators' boxes are matched; then the matched pairs are joined, the largest overlap first
    (pairs of two classes count half), where the two clusters hold no two boxes of one annotator and overlap
    by `least` on average. The outcome does not depend on the order of annotators or boxes, save for ties.

    Parameters
    ----------
    boxes
        (m, 5) see `box_overlap`.
    annotators
        (m,) who drew each.
    labels
        (m,) classes.

    Raises
    ------
    UsageError
        For columns of another length.

    Examples
    --------
    >>> drawn = np.array([[0, 0, 9, 9, 0], [30, 0, 9, 9, 0], [1, 0, 9, 9, 0]], float)
    >>> cluster_boxes(drawn, np.array([0, 0, 1]), np.array([0, 0, 0])).tolist()
    [0, 1, 0]
    """
    m = len(boxes)
    if annotators.shape != (m,) or labels.shape != (m,):
        raise UsageError(f"{m} boxes with annotators of shape {annotators.shape}, labels {labels.shape}.")
    if m == 0:
        return np.empty(0, np.intp)
    pairs: list[tuple[float, tuple[float, ...], int, int]] = []
    blocks: dict[tuple[int, int], NDArray[np.float64]] = {}  # overlaps of each two annotators' boxes
    place = np.empty(m, np.intp)  # of a box among those of its annotator
    people = list(map(int, np.unique(annotators)))
    for one in people:
        place[annotators == one] = np.arange(np.count_nonzero(annotators == one))
    for one, other in combinations(people, 2):
        rows, columns = np.flatnonzero(annotators == one), np.flatnonzero(annotators == other)
        block = blocks[one, other] = box_overlap(boxes[rows], boxes[columns])
        found = match_overlaps(block, labels[rows], labels[columns], least=least)
        for i, j, overlap in zip(rows[found.first], columns[found.second], found.overlap, strict=True):
            counted = overlap if labels[i] == labels[j] else overlap / 2
            corner = tuple(np.minimum(boxes[i], boxes[j]))
            pairs.append((-float(counted), corner, int(i), int(j)))

    def overlap_of(i: int, j: int) -> float:
        (one, i), (other, j) = sorted(((int(annotators[i]), i), (int(annotators[j]), j)))
        return float(blocks[one, other][place[i], place[j]])

    clusters = {i: [i] for i in range(m)}
    of_box = list(range(m))
    for _, _, i, j in sorted(pairs):
        first, second = of_box[i], of_box[j]
        if first == second:
            continue
        own, others = clusters[first], clusters[second]
        apart = not set(annotators[own]) & set(annotators[others])
        if apart and np.mean([overlap_of(i, j) for i in own for j in others]) >= least:
            own += others
            for each in others:
                of_box[each] = first
            del clusters[second]
    _, begun, numbers = np.unique(of_box, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(begun, kind="stable"), kind="stable")
    return np.asarray(rank[numbers], dtype=np.intp)
