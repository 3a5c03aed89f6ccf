"""The vote on the class of each place where annotators drew boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_answers import BoxAnswers, DrawnBox
from driftwheel.agreement.box_matching import match_boxes
from driftwheel.agreement.class_answers import ClassAnswers, Key
from driftwheel.agreement.golden_bayes import GoldenBayes, golden_bayes
from driftwheel.agreement.mean_box import mean_box

__all__ = ["vote_on_classes"]

_ACCURACY = 0.9  # of the class of a box, before golden tasks are seen


def vote_on_classes(
    answers: BoxAnswers,
    golden: Mapping[Key, tuple[DrawnBox, ...]],
    places: Sequence[NDArray[np.intp]],
    place_tasks: Sequence[int],
) -> GoldenBayes | None:
    """Return `golden_bayes` of the classes that were given to each place; its "tasks" are the places.

    The truth of a place in a golden task is the class of the true box that the mean of its boxes matches.

    Parameters
    ----------
    places
        (p,) the rows of the boxes at each place.
    place_tasks
        (p,) the task that each place is in.

    Returns
    -------
    None where there is one class only, or no place.
    """
    n = len(places)
    if len(answers.classes) < 2 or not n:
        return None
    numbers = {name: number for number, name in enumerate(answers.classes)}
    truth = np.full(n, -1, np.intp)
    of_task: dict[int, list[int]] = {}
    for place, task in enumerate(place_tasks):
        if golden.get(answers.task_keys[task]):
            of_task.setdefault(task, []).append(place)
    for task, own in of_task.items():
        true = golden[answers.task_keys[task]]
        drawn = [mean_box(answers.boxes[places[one]], np.ones(len(places[one]))) for one in own]
        pairs = match_boxes(drawn, [(b.x, b.y, b.width, b.height, b.rotation) for b in true])
        truth[np.array(own)[pairs.first]] = [numbers[true[one].label] for one in pairs.second]
    of_box = np.empty(len(answers.owners), np.intp)
    for place, rows in enumerate(places):
        of_box[rows] = place
    given = ClassAnswers(
        of_box,
        answers.box_annotators,
        answers.labels,
        answers.times[answers.owners],
        answers.seconds[answers.owners],
        tuple(range(n)),
        answers.annotator_keys,
        answers.classes,
    )
    return golden_bayes(given, truth, prior_accuracy=max(_ACCURACY, 0.5 * (1 + 1 / len(answers.classes))))
