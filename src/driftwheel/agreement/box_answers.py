"""Answers of annotators who drew boxes, as compact columns; an image without a box is an answer too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.class_answers import Key
from driftwheel.errors import UsageError, did_you_mean

__all__ = ["BoxAnswer", "BoxAnswers", "DrawnBox", "box_answers"]


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """One box, in pixels of the upright image.

    Attributes
    ----------
    label
        Class.
    x, y, width, height
        Left and upper edge and size before it is turned; width and height above 0.
    rotation
        Clockwise degrees about the *centre* of the box.
    """

    label: str
    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """What one annotator drew in one image.

    Attributes
    ----------
    task, annotator
        Keys.
    boxes
        May be empty: nothing is there.
    time, seconds
        When it was sent, in seconds since 1970, and how long it took.
    """

    task: Key
    annotator: Key
    boxes: tuple[DrawnBox, ...]
    time: float = 0.0
    seconds: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class BoxAnswers:
    """n answers of a annotators to t tasks, with m boxes of k classes; one answer an annotator and task.

    Attributes
    ----------
    tasks, annotators
        (n,) numbers from 0 of each answer.
    times, seconds
        (n,) float64 as in `BoxAnswer`.
    owners
        (m,) the number of the answer that each box is of.
    labels
        (m,) class numbers.
    boxes
        (m, 5) float64 x, y, width, height, rotation, as in `DrawnBox`.
    task_keys, annotator_keys, classes
        (t,), (a,) and (k,) names.
    """

    tasks: NDArray[np.intp]
    annotators: NDArray[np.intp]
    times: NDArray[np.float64]
    seconds: NDArray[np.float64]
    owners: NDArray[np.intp]
    labels: NDArray[np.intp]
    boxes: NDArray[np.float64]
    task_keys: tuple[Key, ...]
    annotator_keys: tuple[Key, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        n, m = len(self.tasks), len(self.owners)
        if any(column.shape != (n,) for column in (self.annotators, self.times, self.seconds)):
            raise UsageError("Tasks, annotators, times and seconds of answers are columns of one length.")
        if self.labels.shape != (m,) or self.boxes.shape != (m, 5):
            raise UsageError(
                f"{m} boxes have labels of shape {self.labels.shape} and places of shape {self.boxes.shape}; "
                f"expected ({m},) and ({m}, 5): x, y, width, height, rotation."
            )
        for what, column, end in (
            ("task", self.tasks, len(self.task_keys)),
            ("annotator", self.annotators, len(self.annotator_keys)),
            ("answer", self.owners, n),
            ("class", self.labels, len(self.classes)),
        ):
            if len(column) and (column.min() < 0 or column.max() >= end):
                raise UsageError(f"A {what} number is not one of the {end} from 0 to {end - 1}.")
        if not np.isfinite(self.boxes).all() or not (self.boxes[:, 2:4] > 0).all():
            raise UsageError("A box has an edge that is no finite number, or a side that is not above 0.")
        if len(np.unique(self.tasks * len(self.annotator_keys) + self.annotators)) < n:
            raise UsageError(
                "An annotator has answered a task twice; keep the last answer, as `box_answers` does."
            )

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def box_tasks(self) -> NDArray[np.intp]:
        """(m,) the task of each box."""
        return self.tasks[self.owners]

    @property
    def box_annotators(self) -> NDArray[np.intp]:
        """(m,) who drew each box."""
        return self.annotators[self.owners]


def box_answers(
    answers: Iterable[BoxAnswer],
    classes: Sequence[str],
    *,
    tasks: Iterable[Key] = (),
    annotators: Iterable[Key] = (),
) -> BoxAnswers:
    """Return answers as columns; where an annotator answered a task more than once, the last one counts.

    Parameters
    ----------
    classes
        All classes that a box may have, in the order of the project.
    tasks, annotators
        Keys to hold, in this order, even where there is no answer; the others follow as they come.

    Raises
    ------
    UsageError
        For a class that is not among `classes`, or a box without size.

    Examples
    --------
    >>> drawn = (DrawnBox("car", 2, 3, 10, 8),)
    >>> given = box_answers([BoxAnswer("t", "ann", drawn), BoxAnswer("t", "bob", ())], ["car"])
    >>> len(given), given.boxes.tolist()
    (2, [[2.0, 3.0, 10.0, 8.0, 0.0]])
    """
    places = {name: place for place, name in enumerate(classes)}
    task_places: dict[Key, int] = {}
    for key in tasks:
        task_places.setdefault(key, len(task_places))
    annotator_places: dict[Key, int] = {}
    for key in annotators:
        annotator_places.setdefault(key, len(annotator_places))
    last: dict[tuple[int, int], BoxAnswer] = {}
    for one in answers:
        task = task_places.setdefault(one.task, len(task_places))
        annotator = annotator_places.setdefault(one.annotator, len(annotator_places))
        before = last.get((task, annotator))
        if before is None or one.time >= before.time:
            last[task, annotator] = one
    owners, labels, boxes = [], [], []
    for number, one in enumerate(last.values()):
        for box in one.boxes:
            if box.label not in places:
                raise UsageError(
                    f"A box is of the class '{box.label}', which the project has not."
                    f"{did_you_mean(box.label, classes)}"
                )
            owners.append(number)
            labels.append(places[box.label])
            boxes.append((box.x, box.y, box.width, box.height, box.rotation))
    pairs = np.array(list(last), dtype=np.intp).reshape(-1, 2)
    return BoxAnswers(
        pairs[:, 0],
        pairs[:, 1],
        np.array([one.time for one in last.values()], dtype=np.float64),
        np.array([one.seconds for one in last.values()], dtype=np.float64),
        np.array(owners, dtype=np.intp),
        np.array(labels, dtype=np.intp),
        np.array(boxes, dtype=np.float64).reshape(-1, 5),
        tuple(task_places),
        tuple(annotator_places),
        tuple(classes),
    )
