"""Presence: whether an object is at a place where some annotators drew a box and others did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from driftwheel.agreement.box_skill import BoxSkills

__all__ = ["Presence", "box_presence"]

_ROUNDS = 50
_OBJECTS, _LOOK_ALIKES, _IMAGES = 2.0, 1.0, 2.0  # objects and look-alikes in so many images, to begin with


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """What is there.

    Attributes
    ----------
    chance
        (p,) posterior chance that an object is at each place.
    expected_missing
        (t,) objects of each task that, on average, nobody drew.
    objects, look_alikes
        Mean number in an image of objects, and of places where people may see one that is none.
    """

    chance: NDArray[np.float64]
    expected_missing: NDArray[np.float64]
    objects: float
    look_alikes: float


def box_presence(
    drawn_by: Sequence[NDArray[np.intp]],
    place_tasks: Sequence[int],
    asked: Sequence[Sequence[int]],
    skills: Sequence[BoxSkills],
    *,
    counted: NDArray[np.bool_],
    densities: tuple[float, float] | None = None,
) -> Presence:
    """Return the chance that an object is at each of p places in t tasks.

    An image holds so many objects and so many look-alikes on average; an annotator draws the first with their
    recall, the second with their chance of extras. So of three people the one who drew alone is believed if
    the other two miss much and this one adds little. What was missed by all is expected from the recalls.

    Parameters
    ----------
    drawn_by, place_tasks
        (p,) numbers of the annotators who drew at each place, and its task.
    asked
        (t,) numbers of the annotators who answered each task.
    skills
        (t,) what the annotators of each task are weighed by.
    counted
        (t,) tasks that the mean numbers are estimated over, by EM, from 2 objects and 1 look-alike in 2.
    densities
        The mean numbers, where they are known.

    Examples
    --------
    >>> known = BoxSkills(*(np.full(2, one) for one in (0.9, 0.1, 0.8)), np.zeros(2, int))
    >>> drawn, counted = [np.array([0])], np.array([True])
    >>> found = box_presence(drawn, [0], [[0, 1]], [known], counted=counted, densities=(1, 1))
    >>> found.chance.round(2).tolist(), found.expected_missing.round(2).tolist()
    ([0.5], [0.01])
    """
    odds = np.zeros(len(place_tasks))
    for number, (task, who) in enumerate(zip(place_tasks, drawn_by, strict=True)):
        there = np.array(asked[task], dtype=np.intp)
        recall, extra = skills[task].recall[there], skills[task].extra[there]
        drew = np.isin(there, who)
        odds[number] = np.where(drew, np.log(recall / extra), np.log((1 - recall) / (1 - extra))).sum()
    missed, unseen = np.empty(len(asked)), np.empty(len(asked))
    for task, (known, people) in enumerate(zip(skills, asked, strict=True)):
        missed[task], unseen[task] = np.prod(1 - known.recall[people]), np.prod(1 - known.extra[people])
    if densities is None:
        rows = np.array([counted[task] for task in place_tasks], dtype=np.bool_)
        seen = float((1 - missed[counted]).sum()), float((1 - unseen[counted]).sum())
        densities = _densities(odds[rows], *seen)
    objects, look_alikes = densities
    return Presence(expit(odds + np.log(objects / look_alikes)), objects * missed, objects, look_alikes)


def _densities(
    odds: NDArray[np.float64], objects_seen: float, look_alikes_seen: float
) -> tuple[float, float]:
    """Return objects and look-alikes in an image, with those that nobody drew, by EM.

    The second and third are the numbers of images, times the chance that anybody draws one of either kind.
    """
    objects, look_alikes = _OBJECTS / _IMAGES, _LOOK_ALIKES / _IMAGES
    for _ in range(_ROUNDS):
        chance = expit(odds + np.log(objects / look_alikes))
        objects = (float(chance.sum()) + _OBJECTS) / (objects_seen + _IMAGES)
        look_alikes = (float((1 - chance).sum()) + _LOOK_ALIKES) / (look_alikes_seen + _IMAGES)
    return objects, look_alikes
