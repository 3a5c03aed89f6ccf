"""How well each annotator draws: what they find, what they add and how closely, from golden tasks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_answers import BoxAnswers, DrawnBox
from driftwheel.agreement.box_clusters import cluster_boxes
from driftwheel.agreement.box_matching import match_boxes
from driftwheel.agreement.class_answers import Key
from driftwheel.errors import UsageError, did_you_mean

__all__ = ["BoxSkills", "GoldenDrawing", "box_skills", "compare_with_golden"]

_RECALL, _EXTRA, _OVERLAP = 0.85, 0.1, 0.8  # what is expected of people before any is seen
_PRIOR = 10.0  # objects, or places, that this is worth for the pool
_POOL = 8.0  # objects that the pool's figures are worth for one annotator
_EXTRAS = 2.0  # extra boxes, the same
_ROUNDS = 300


@dataclass(frozen=True, slots=True)
class GoldenDrawing:
    """One annotator's answer to one golden task beside its truth.

    Attributes
    ----------
    task, annotator
        Numbers.
    objects, found, extra
        True boxes; those with a matching box drawn; drawn boxes that match none.
    right_class
        Found boxes with the right class.
    overlap
        Sum of the overlaps of the found ones.
    """

    task: int
    annotator: int
    objects: int
    found: int
    extra: int
    right_class: int
    overlap: float


@dataclass(frozen=True, slots=True, eq=False)
class BoxSkills:
    """Figures of each annotator, drawn towards the pool's where golden tasks are few.

    Attributes
    ----------
    recall
        (a,) chance that an object that is there is drawn.
    extra
        (a,) chance that a box is drawn at a place that only looks like an object.
    overlap
        (a,) mean overlap of a drawn box with the true one.
    n_objects
        (a,) objects in golden tasks that each answered.
    """

    recall: NDArray[np.float64]
    extra: NDArray[np.float64]
    overlap: NDArray[np.float64]
    n_objects: NDArray[np.intp]

    @property
    def weights(self) -> NDArray[np.float64]:
        """(a,) weight of each annotator's edges in a mean box: 1 / (1 − overlap)²."""
        return np.asarray((1 - self.overlap) ** -2)


def compare_with_golden(
    answers: BoxAnswers, golden: Mapping[Key, tuple[DrawnBox, ...]]
) -> tuple[tuple[GoldenDrawing, ...], dict[int, tuple[int, ...]]]:
    """Return each answer to a golden task beside its truth, and the places that only looked like objects.

    Parameters
    ----------
    golden
        True boxes by task key; keys without an answer are passed over.

    Returns
    -------
    The comparisons, and for each golden task how many annotators drew at each place without an object.

    Raises
    ------
    UsageError
        For a class that the project has not.
    """
    places = {name: number for number, name in enumerate(answers.classes)}
    of_task = np.argsort(answers.box_tasks, kind="stable")
    ends = np.searchsorted(answers.box_tasks[of_task], np.arange(len(answers.task_keys) + 1))
    drawings: list[GoldenDrawing] = []
    looked_like: dict[int, tuple[int, ...]] = {}
    for task, key in enumerate(answers.task_keys):
        if key not in golden:
            continue
        if unknown := [box.label for box in golden[key] if box.label not in places]:
            hint = did_you_mean(unknown[0], answers.classes)
            raise UsageError(f"A golden box is of '{unknown[0]}', which the project has not.{hint}")
        truth = np.array([(b.x, b.y, b.width, b.height, b.rotation) for b in golden[key]]).reshape(-1, 5)
        labels = np.array([places[box.label] for box in golden[key]], dtype=np.intp)
        rows = of_task[ends[task] : ends[task + 1]]
        loose: list[int] = []
        for annotator in answers.annotators[answers.tasks == task]:
            own = rows[answers.box_annotators[rows] == annotator]
            found = match_boxes(truth, answers.boxes[own], labels, answers.labels[own])
            right = int((labels[found.first] == answers.labels[own[found.second]]).sum())
            n, overlap = len(found.first), float(found.overlap.sum())
            drawings.append(GoldenDrawing(task, int(annotator), len(truth), n, len(own) - n, right, overlap))
            loose += list(np.setdiff1d(own, own[found.second]))
        extra = np.array(sorted(loose), dtype=np.intp)
        clusters = cluster_boxes(answers.boxes[extra], answers.box_annotators[extra], answers.labels[extra])
        looked_like[task] = tuple(map(int, np.bincount(clusters)))
    return tuple(drawings), looked_like


def box_skills(
    drawings: Collection[GoldenDrawing], looked_like: Mapping[int, tuple[int, ...]], n_annotators: int
) -> BoxSkills:
    """Return the figures of each annotator from comparisons with golden tasks.

    The pool's figures are drawn to a recall of 0.85, extras of 0.1 and an overlap of 0.8, as if 10 objects
    had been seen; an annotator's to the pool's, as if 8 had. Places where nobody drew cannot be seen: their
    number is estimated along with the chance of extras (EM on the truncated binomial).

    Parameters
    ----------
    drawings, looked_like
        Of `compare_with_golden`; those of some tasks may be left out of both.

    Examples
    --------
    >>> found = box_skills([GoldenDrawing(0, 0, 40, 40, 0, 40, 36.0)], {}, 2)
    >>> found.recall.round(2).tolist(), found.overlap.round(2).tolist()
    ([0.99, 0.97], [0.9, 0.88])
    """
    numbers = np.array([one.annotator for one in drawings], dtype=np.intp)

    def summed(what: str) -> NDArray[np.float64]:
        values = np.array([getattr(one, what) for one in drawings], dtype=np.float64)
        return np.asarray(np.bincount(numbers, weights=values, minlength=n_annotators), dtype=np.float64)

    objects, found, extra, overlap = map(summed, ("objects", "found", "extra", "overlap"))
    answered = np.bincount(numbers, minlength=n_annotators)
    of_pool = (found.sum() + _PRIOR * _RECALL) / (objects.sum() + _PRIOR)
    recall = (found + _POOL * of_pool) / (objects + _POOL)
    closeness = (overlap.sum() + _PRIOR * _OVERLAP) / (found.sum() + _PRIOR)
    asked: dict[int, int] = {}
    for one in drawings:
        asked[one.task] = asked.get(one.task, 0) + 1
    rate = _chance_of_extras(
        [(drew, asked[task]) for task, places in looked_like.items() for drew in places if task in asked]
    )
    expected = answered * extra.sum() / max(answered.sum(), 1)
    factor = (extra + _EXTRAS) / (expected + _EXTRAS)
    return BoxSkills(
        np.clip(recall, 0.01, 0.99),
        np.clip(rate * factor, 0.005, 0.9),
        np.clip((overlap + _POOL * closeness) / (found + _POOL), 0.5, 0.99),
        objects.astype(np.intp),
    )


def _chance_of_extras(places: list[tuple[int, int]]) -> float:
    """Return the chance that one annotator draws at a place, from (who drew ≥ 1, who were asked)."""
    rate = _EXTRA
    drew = np.array([one for one, _ in places], dtype=np.float64)
    asked = np.array([n for _, n in places], dtype=np.float64)
    for _ in range(_ROUNDS if len(places) else 0):
        nobody = (1 - rate) ** asked
        unseen = asked * nobody / (1 - nobody)
        rate = float((drew.sum() + _PRIOR * _EXTRA) / (asked.sum() + unseen.sum() + _PRIOR))
    return rate
