"""Krippendorff's α of answers of any kind between which a distance is defined: boxes, or sets of classes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_answers import BoxAnswers
from driftwheel.agreement.box_matching import match_boxes
from driftwheel.agreement.krippendorff_alpha import Alpha, check_draws, quantiles

__all__ = ["box_alpha", "box_distance", "distance_alpha"]

_PAIRS = 2000  # answers to different tasks that the expected distance is taken over


def box_alpha(answers: BoxAnswers, rng: np.random.Generator, *, draws: int = 1000) -> Alpha:
    """Return α of box annotations, with `box_distance` between what two people drew in one image.

    Examples
    --------
    >>> from driftwheel.agreement.box_answers import BoxAnswer, DrawnBox, box_answers
    >>> told = [BoxAnswer(t, who, (DrawnBox("car", 40 * t, 0, 9, 9),)) for t in range(9) for who in "ab"]
    >>> box_alpha(box_answers(told, ["car"]), np.random.default_rng(0)).alpha
    1.0
    """
    order = np.argsort(answers.owners, kind="stable")
    ends = np.searchsorted(answers.owners[order], np.arange(len(answers) + 1))
    rows = [order[start:end] for start, end in pairwise(ends)]

    def distance(one: int, other: int) -> float:
        first, second = rows[one], rows[other]
        boxes, labels = answers.boxes, answers.labels
        return box_distance(boxes[first], boxes[second], labels[first], labels[second])

    return distance_alpha(answers.tasks, distance, rng, draws=draws)


def box_distance(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    first_labels: NDArray[np.intp],
    second_labels: NDArray[np.intp],
) -> float:
    """Return 1 − 2 · (sum of overlaps of matched boxes of one class) / (number of boxes), in [0, 1].

    0 where both drew nothing, 1 where no box of one matches one of the other.

    Examples
    --------
    >>> box = np.array([[0.0, 0, 9, 9, 0]])
    >>> car, bus = np.array([0]), np.array([1])
    >>> box_distance(box, box, car, car), box_distance(box, box, car, bus)
    (0.0, 1.0)
    """
    size = len(first) + len(second)
    if not size:
        return 0.0
    if not len(first) or not len(second):
        return 1.0
    found = match_boxes(first, second, first_labels, second_labels)
    alike = first_labels[found.first] == second_labels[found.second]
    return 1.0 - 2.0 * float(found.overlap[alike].sum()) / size


def distance_alpha(
    tasks: NDArray[np.intp],
    distance: Callable[[int, int], float],
    rng: np.random.Generator,
    *,
    draws: int = 1000,
) -> Alpha:
    """Return 1 − observed / expected distance: within tasks, and between answers to different tasks.

    The expected distance is the mean over 2,000 pairs drawn at random (all where there are fewer), so α is
    right to about 0.02; with the same generator it is the same.

    Parameters
    ----------
    tasks
        (n,) the task of each answer.
    distance
        Of two answers, by number; 0 for equal ones, symmetric.

    References
    ----------
    A. Braylan, O. Alonso, M. Lease, "Measuring annotator agreement generally across complex structured,
    multi-object, and free-text annotation tasks", The Web Conference 2022, section 3.
    """
    check_draws(draws)
    order = np.argsort(tasks, kind="stable")
    _, begun = np.unique(tasks[order], return_index=True)
    units = [rows for rows in np.split(order, begun[1:]) if len(rows) >= 2]
    if len(units) < 2:
        nothing = float("nan")
        return Alpha(nothing, nothing, nothing, len(units), sum(map(len, units)))
    within = np.array(
        [
            sum(2 * distance(int(i), int(j)) for place, i in enumerate(rows) for j in rows[place + 1 :])
            / (len(rows) - 1)
            for rows in units
        ]
    )
    size = np.array([len(rows) for rows in units], dtype=np.float64)
    flat = np.concatenate(units)
    of_unit = np.repeat(np.arange(len(units)), size.astype(np.intp))
    pairs = _pairs(of_unit, rng)
    between = np.array([distance(int(flat[i]), int(flat[j])) for i, j in pairs])
    first, second = of_unit[pairs[:, 0]], of_unit[pairs[:, 1]]
    alphas = np.full(draws + 1, np.nan)
    for number in range(draws + 1):
        weight = np.ones(len(units))
        if number:
            drawn = rng.integers(len(units), size=len(units))
            weight = np.bincount(drawn, minlength=len(units)).astype(np.float64)
        both = weight[first] * weight[second]
        if both.sum() > 0 and (expected := both @ between / both.sum()) > 0:
            alphas[number] = 1 - (weight @ within / (weight @ size)) / expected
    low, high = quantiles(alphas[1:])
    return Alpha(float(alphas[0]), low, high, len(units), len(flat))


def _pairs(of_unit: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return (p, 2) pairs of answers to different tasks: all of them, or `_PAIRS` drawn at random."""
    n = len(of_unit)
    if n * (n - 1) // 2 <= _PAIRS:
        pairs = np.column_stack(np.triu_indices(n, 1))
    else:
        pairs = rng.integers(n, size=(2 * _PAIRS, 2))
    return np.asarray(pairs[of_unit[pairs[:, 0]] != of_unit[pairs[:, 1]]][:_PAIRS], dtype=np.intp)
