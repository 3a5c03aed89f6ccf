"""The consensus of boxes: which objects are there, of which class and where, and how sure one may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from driftwheel.agreement.box_answers import BoxAnswers, DrawnBox
from driftwheel.agreement.box_clusters import cluster_boxes
from driftwheel.agreement.box_matching import match_boxes
from driftwheel.agreement.box_overlap import box_overlap
from driftwheel.agreement.box_skill import BoxSkills, box_skills, compare_with_golden
from driftwheel.agreement.class_answers import ClassAnswers, Key
from driftwheel.agreement.golden_bayes import GoldenBayes, golden_bayes, task_posterior
from driftwheel.agreement.mean_box import mean_box
from driftwheel.errors import UsageError

__all__ = ["BoxConsensus", "ConsensusBox", "TaskBoxes", "box_consensus"]

_FOLDS = 5  # golden tasks are judged by skills from the other four fifths of them
_ROUNDS = 50
_OBJECTS, _PLACES, _IMAGES = 2.0, 1.0, 2.0  # objects and look-alikes in so many images, to begin with
_CLASS_ACCURACY = 0.9  # of a box's class, before golden tasks are seen


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
        Estimated mean number in an image of objects, and of places where people may see one that is none.
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

    Boxes are matched at an overlap of a half and clustered (`cluster_boxes`); in a cluster the presence is
    voted on, the class by `golden_bayes`, and the place is the mean weighed by how closely each annotator
    draws (`BoxSkills.weights`).

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

    Notes
    -----
    The presence is Bayesian: an image holds so many objects and so many look-alikes on average (estimated
    over the tasks that are not golden, by EM); an annotator draws the first with their recall, the second
    with their chance of extras. So of three people the one who drew alone is believed if the other two miss
    much and this one adds little. What was missed by all is expected from the recalls alone.

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
    drawings, looked_like = compare_with_golden(answers, golden)
    skills = known.skills if known else box_skills(drawings, looked_like, a)
    clusters, cluster_tasks = _all_clusters(answers)
    is_golden = np.array([key in golden for key in answers.task_keys], dtype=np.bool_)
    by_task: list[BoxSkills] = [skills] * len(answers.task_keys)
    judged = [task for task in np.flatnonzero(is_golden) if task in looked_like]
    for fold in range(min(_FOLDS, len(judged)) if len(judged) > 1 else 0):
        part = set(map(int, judged[fold::_FOLDS]))
        kept = [one for one in drawings if one.task not in part]
        own = box_skills(kept, {task: n for task, n in looked_like.items() if task not in part}, a)
        for task in part:
            by_task[task] = own

    asked: list[list[int]] = [[] for _ in answers.task_keys]
    for task, annotator in zip(answers.tasks, answers.annotators, strict=True):
        asked[task].append(int(annotator))
    members = _grouped(clusters, len(cluster_tasks))
    odds = np.zeros(len(cluster_tasks))
    for number, task in enumerate(cluster_tasks):
        who = np.array(asked[task], dtype=np.intp)
        drew = np.isin(who, answers.box_annotators[members[number]])
        recall, extra = by_task[task].recall[who], by_task[task].extra[who]
        odds[number] = np.where(drew, np.log(recall / extra), np.log((1 - recall) / (1 - extra))).sum()
    missed = np.array([float(np.prod(1 - s.recall[w])) for s, w in zip(by_task, asked, strict=True)])
    unseen = np.array([float(np.prod(1 - s.extra[w])) for s, w in zip(by_task, asked, strict=True)])
    counted = ~is_golden & np.array([bool(who) for who in asked], dtype=np.bool_)
    if known:
        objects, look_alikes = known.objects, known.look_alikes
    else:
        objects, look_alikes = _densities(odds, cluster_tasks, counted, missed, unseen)
    presence = expit(odds + np.log(objects / look_alikes))
    votes = known.class_votes if known else None
    if votes:
        posteriors = [task_posterior(votes, answers.box_annotators[m], answers.labels[m]) for m in members]
        posterior = np.array(posteriors).reshape(-1, len(answers.classes))
        labels, sure = posterior.argmax(axis=1), posterior.max(axis=1)
    else:
        labels, sure, votes = _classes(answers, golden, clusters, cluster_tasks, members)

    of_task: list[list[ConsensusBox]] = [[] for _ in answers.task_keys]
    for number, task in enumerate(cluster_tasks):
        rows = members[number]
        drawers = answers.box_annotators[rows]
        place = mean_box(answers.boxes[rows], by_task[task].weights[drawers])
        box = DrawnBox(answers.classes[labels[number]], *map(float, place))
        overlap = float(box_overlap(answers.boxes[rows], place[None]).mean())
        keys = tuple(answers.annotator_keys[one] for one in drawers)
        others = tuple(answers.annotator_keys[one] for one in asked[task] if one not in set(drawers))
        of_task[task].append(
            ConsensusBox(box, float(presence[number]), float(sure[number]), overlap, keys, others)
        )
    found = tuple(
        _task_boxes(key, places, objects * float(missed[task]), len(asked[task]))
        for task, (key, places) in enumerate(zip(answers.task_keys, of_task, strict=True))
    )
    return BoxConsensus(found, skills, objects, look_alikes, votes)


def _task_boxes(key: Key, places: list[ConsensusBox], missing: float, n_answers: int) -> TaskBoxes:
    places = sorted(places, key=lambda one: (one.box.y, one.box.x))
    boxes = tuple(one for one in places if one.presence >= 0.5)
    rejected = tuple(one for one in places if one.presence < 0.5)
    sure = [one.presence * one.class_confidence for one in boxes] + [1 - one.presence for one in rejected]
    confidence = float(np.prod(sure) * np.exp(-missing)) if n_answers else 0.0
    return TaskBoxes(key, boxes, rejected, missing, confidence, n_answers)


def _all_clusters(answers: BoxAnswers) -> tuple[NDArray[np.intp], list[int]]:
    """Return (m,) the cluster of each box over all tasks, and the task of each cluster."""
    clusters = np.zeros(len(answers.owners), np.intp)
    tasks: list[int] = []
    order = np.argsort(answers.box_tasks, kind="stable")
    ends = np.searchsorted(answers.box_tasks[order], np.arange(len(answers.task_keys) + 1))
    for task in range(len(answers.task_keys)):
        rows = order[ends[task] : ends[task + 1]]
        own = cluster_boxes(answers.boxes[rows], answers.box_annotators[rows], answers.labels[rows])
        clusters[rows] = own + len(tasks)
        tasks += [task] * (int(own.max(initial=-1)) + 1)
    return clusters, tasks


def _grouped(clusters: NDArray[np.intp], n: int) -> list[NDArray[np.intp]]:
    order = np.argsort(clusters, kind="stable")
    return np.split(order, np.searchsorted(clusters[order], np.arange(1, n))) if n else []


def _densities(
    odds: NDArray[np.float64],
    tasks: list[int],
    counted: NDArray[np.bool_],
    missed: NDArray[np.float64],
    unseen: NDArray[np.float64],
) -> tuple[float, float]:
    """Return objects and look-alikes in an image, with those that nobody drew, by EM over `counted` tasks."""
    rows = np.array([counted[task] for task in tasks], dtype=np.bool_)
    seen_objects = float((1 - missed[counted]).sum()) + _IMAGES
    seen_places = float((1 - unseen[counted]).sum()) + _IMAGES
    objects, places = _OBJECTS / _IMAGES, _PLACES / _IMAGES
    for _ in range(_ROUNDS):
        presence = expit(odds[rows] + np.log(objects / places))
        objects = (float(presence.sum()) + _OBJECTS) / seen_objects
        places = (float((1 - presence).sum()) + _PLACES) / seen_places
    return objects, places


def _classes(
    answers: BoxAnswers,
    golden: Mapping[Key, tuple[DrawnBox, ...]],
    clusters: NDArray[np.intp],
    cluster_tasks: list[int],
    members: list[NDArray[np.intp]],
) -> tuple[NDArray[np.intp], NDArray[np.float64], GoldenBayes | None]:
    """Return the class of each cluster, how sure it is, and what the votes were weighed by."""
    n = len(cluster_tasks)
    if len(answers.classes) < 2 or not n:
        return np.zeros(n, np.intp), np.ones(n), None
    truth = np.full(n, -1, np.intp)
    places = {name: number for number, name in enumerate(answers.classes)}
    weights = np.ones(len(answers.annotator_keys))
    of_task: dict[int, list[int]] = {}
    for number, task in enumerate(cluster_tasks):
        of_task.setdefault(task, []).append(number)
    for task, numbers in of_task.items():
        true = golden.get(answers.task_keys[task], ())
        drawn = np.array(
            [mean_box(answers.boxes[rows], weights[: len(rows)]) for rows in (members[i] for i in numbers)]
            if true
            else []
        ).reshape(-1, 5)
        boxes = np.array([(b.x, b.y, b.width, b.height, b.rotation) for b in true]).reshape(-1, 5)
        pairs = match_boxes(drawn, boxes)
        truth[np.array(numbers)[pairs.first]] = [places[true[i].label] for i in pairs.second]
    given = ClassAnswers(
        clusters,
        answers.box_annotators,
        answers.labels,
        answers.times[answers.owners],
        answers.seconds[answers.owners],
        tuple(range(n)),
        answers.annotator_keys,
        answers.classes,
    )
    prior = max(_CLASS_ACCURACY, 0.5 * (1 + 1 / len(answers.classes)))
    found = golden_bayes(given, truth, prior_accuracy=prior)
    return found.consensus.labels, found.consensus.confidence, found
