"""The consensus of boxes: which objects are there, of which class and where, and how sure one may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_answers import BoxAnswers, DrawnBox
from driftwheel.agreement.box_classes import vote_on_classes
from driftwheel.agreement.box_clusters import cluster_boxes
from driftwheel.agreement.box_presence import box_presence
from driftwheel.agreement.box_skill import BoxSkills, box_skills, compare_with_golden
from driftwheel.agreement.class_answers import Key
from driftwheel.agreement.golden_bayes import GoldenBayes, task_posterior
from driftwheel.agreement.mean_box import mean_box
from driftwheel.box_overlap import box_overlap
from driftwheel.errors import UsageError

__all__ = ["BoxConsensus", "ConsensusBox", "TaskBoxes", "box_consensus"]

_FOLDS = 5  # golden tasks are judged by skills from the other four fifths of them


@dataclass(frozen=True, slots=True)
class ConsensusBox:
    """One place where somebody drew.

    Attributes
    ----------
    box
        The class of the class vote and the weighted mean of the boxes.
    presence
        Posterior chance that an object is there.
    class_confidence
        Posterior chance of the class, given that an object is there.
    overlap
        Mean overlap of what was drawn with `box`; 1 where one person drew.
    drawn_by, not_drawn_by
        Keys of the annotators who answered the task.
    """

    box: DrawnBox
    presence: float
    class_confidence: float
    overlap: float
    drawn_by: tuple[Key, ...]
    not_drawn_by: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class TaskBoxes:
    """The consensus of one image.

    Attributes
    ----------
    task
        Key.
    boxes
        Places with a presence of at least a half, by place.
    rejected
        The others: extra boxes of those who drew them.
    expected_missing
        How many objects, on average, nobody drew.
    confidence
        The chance that all of it is right: every presence, every class, and nothing missing.
    n_answers
        How many people answered.
    """

    task: Key
    boxes: tuple[ConsensusBox, ...]
    rejected: tuple[ConsensusBox, ...]
    expected_missing: float
    confidence: float
    n_answers: int


@dataclass(frozen=True, slots=True, eq=False)
class BoxConsensus:
    """The consensus of every image.

    Attributes
    ----------
    tasks
        In the order of `answers.task_keys`; golden tasks as if their truth were not known.
    skills
        What the annotators were weighed by.
    objects, look_alikes
        Mean number in an image of objects, and of places where people may see one that is none.
    class_votes
        What the votes on classes were weighed by; its "tasks" are places. None where there is one class.
    """

    tasks: tuple[TaskBoxes, ...]
    skills: BoxSkills
    objects: float
    look_alikes: float
    class_votes: GoldenBayes | None


def box_consensus(
    answers: BoxAnswers,
    golden: Mapping[Key, tuple[DrawnBox, ...]] | None = None,
    *,
    known: BoxConsensus | None = None,
) -> BoxConsensus:
    """Return which objects are there, their class and place, from what several people drew.

    Boxes are matched at an overlap of a half and clustered (`cluster_boxes`); of a cluster the presence
    is judged by `box_presence`, the class by `golden_bayes`, and the place is the mean weighed by how closely
    each annotator draws (`BoxSkills.weights`).

    Parameters
    ----------
    golden
        True boxes of golden tasks, by task key; an empty tuple where there is nothing to draw. None: without
        golden tasks, all annotators are as people are expected to be.
    known
        A consensus of the same annotators, in the same order, and classes: annotators are weighed as there,
        and nothing is estimated anew. For the moment an answer comes in.

    Raises
    ------
    UsageError
        For a golden box of an unknown class, or a `known` of another number of annotators.

    Examples
    --------
    >>> from driftwheel.agreement.box_answers import BoxAnswer, box_answers
    >>> drawn = [BoxAnswer("t", who, (DrawnBox("car", x, 0, 9, 9),)) for who, x in (("a", 0), ("b", 1))]
    >>> found = box_consensus(box_answers(drawn, ["car", "bus"])).tasks[0]
    >>> found.boxes[0].box, len(found.rejected)
    (DrawnBox(label='car', x=0.5, y=0.0, width=9.0, height=9.0, rotation=0.0), 0)
    """
    a = len(answers.annotator_keys)
    if known is not None and len(known.skills.recall) != a:
        raise UsageError(
            f"The known consensus is of {len(known.skills.recall)} annotators, the answers are of {a}; give "
            "`box_answers` the same annotators."
        )
    golden = golden if golden and known is None else {}
    skills, by_task = _skills(answers, golden, known)
    places, place_tasks = _places(answers)
    asked: list[list[int]] = [[] for _ in answers.task_keys]
    for task, annotator in zip(answers.tasks, answers.annotators, strict=True):
        asked[task].append(int(annotator))
    presence = box_presence(
        [answers.box_annotators[rows] for rows in places],
        place_tasks,
        asked,
        by_task,
        counted=np.array(
            [key not in golden and bool(who) for key, who in zip(answers.task_keys, asked, strict=True)],
            np.bool_,
        ),
        densities=(known.objects, known.look_alikes) if known else None,
    )
    if known is None:
        votes = vote_on_classes(answers, golden, places, place_tasks)
        posterior = votes.consensus.posterior if votes else np.ones((len(places), 1))
    else:
        votes = known.class_votes
        posterior = np.array([_class_posterior(answers, rows, votes) for rows in places])
    of_task: list[list[ConsensusBox]] = [[] for _ in answers.task_keys]
    for number, (task, rows) in enumerate(zip(place_tasks, places, strict=True)):
        drawers = answers.box_annotators[rows]
        mean = mean_box(answers.boxes[rows], by_task[task].weights[drawers])
        label = int(posterior[number].argmax())
        one = ConsensusBox(
            DrawnBox(answers.classes[label], *map(float, mean)),
            float(presence.chance[number]),
            float(posterior[number, label]),
            float(box_overlap(answers.boxes[rows], mean[None]).mean()),
            tuple(answers.annotator_keys[who] for who in drawers),
            tuple(answers.annotator_keys[who] for who in asked[task] if who not in set(drawers)),
        )
        of_task[task].append(one)
    found = tuple(
        _task_boxes(key, own, float(missing), len(who))
        for key, own, missing, who in zip(
            answers.task_keys, of_task, presence.expected_missing, asked, strict=True
        )
    )
    return BoxConsensus(found, skills, presence.objects, presence.look_alikes, votes)


def _task_boxes(key: Key, places: list[ConsensusBox], missing: float, n_answers: int) -> TaskBoxes:
    places = sorted(places, key=lambda one: (one.box.y, one.box.x))
    boxes = tuple(one for one in places if one.presence >= 0.5)
    rejected = tuple(one for one in places if one.presence < 0.5)
    sure = [one.presence * one.class_confidence for one in boxes] + [1 - one.presence for one in rejected]
    confidence = float(np.prod(sure) * np.exp(-missing)) if n_answers else 0.0
    return TaskBoxes(key, boxes, rejected, missing, confidence, n_answers)


def _skills(
    answers: BoxAnswers, golden: Mapping[Key, tuple[DrawnBox, ...]], known: BoxConsensus | None
) -> tuple[BoxSkills, list[BoxSkills]]:
    """Return the annotators' skills, and those that each task is judged by: a golden one by the others'."""
    t, a = len(answers.task_keys), len(answers.annotator_keys)
    if known is not None:
        return known.skills, [known.skills] * t
    drawings, looked_like = compare_with_golden(answers, golden)
    skills = box_skills(drawings, looked_like, a)
    by_task = [skills] * t
    judged = list(looked_like)
    for fold in range(min(_FOLDS, len(judged)) if len(judged) > 1 else 0):
        part = set(judged[fold::_FOLDS])
        kept = [one for one in drawings if one.task not in part]
        own = box_skills(kept, {task: n for task, n in looked_like.items() if task not in part}, a)
        for task in part:
            by_task[task] = own
    return skills, by_task


def _places(answers: BoxAnswers) -> tuple[list[NDArray[np.intp]], list[int]]:
    """Return the rows of the boxes at each place, and the place's task."""
    places: list[NDArray[np.intp]] = []
    tasks: list[int] = []
    order = np.argsort(answers.box_tasks, kind="stable")
    ends = np.searchsorted(answers.box_tasks[order], np.arange(len(answers.task_keys) + 1))
    for task, (start, end) in enumerate(pairwise(ends)):
        rows = order[start:end]
        own = cluster_boxes(answers.boxes[rows], answers.box_annotators[rows], answers.labels[rows])
        n = int(own.max(initial=-1)) + 1
        places += [rows[own == one] for one in range(n)]
        tasks += [task] * n
    return places, tasks


def _class_posterior(
    answers: BoxAnswers, rows: NDArray[np.intp], votes: GoldenBayes | None
) -> NDArray[np.float64]:
    if votes is None or len(answers.classes) < 2:
        return np.bincount(answers.labels[rows], minlength=len(answers.classes)) / len(rows)
    return task_posterior(votes, answers.box_annotators[rows], answers.labels[rows])
