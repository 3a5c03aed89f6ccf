"""Answers of annotators who gave each task one class, as compact columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["Answer", "ClassAnswers", "Key", "as_golden", "class_answers", "golden_column", "vote_counts"]

Key = str | int
"""What names a task or an annotator: a row's key in a database, or a name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's answer to one task; "cannot tell" and skips are no answers.

    Attributes
    ----------
    task, annotator
        Keys.
    label
        The class that was named.
    time
        When it was sent, in seconds since 1970.
    seconds
        How long the task was looked at; NaN where that is not known.
    """

    task: Key
    annotator: Key
    label: str
    time: float = 0.0
    seconds: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class ClassAnswers:
    """n answers of a annotators to t tasks, each naming one of k classes; at most one an annotator and task.

    A model's predictions may stand among them as an annotator of their own: what they are worth is then
    learnt as it is of people.

    Attributes
    ----------
    tasks, annotators, labels
        (n,) numbers from 0: places in `task_keys`, `annotator_keys` and `classes`.
    times
        (n,) float64 seconds since 1970, when each was sent.
    seconds
        (n,) float64 how long each took; NaN where unknown.
    task_keys, annotator_keys
        (t,) and (a,) keys; a task or an annotator may be without an answer.
    classes
        (k,) names, at least 2.
    """

    tasks: NDArray[np.intp]
    annotators: NDArray[np.intp]
    labels: NDArray[np.intp]
    times: NDArray[np.float64]
    seconds: NDArray[np.float64]
    task_keys: tuple[Key, ...]
    annotator_keys: tuple[Key, ...]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.tasks)
        columns = (self.tasks, self.annotators, self.labels, self.times, self.seconds)
        if any(column.shape != (n,) for column in columns):
            raise UsageError(
                f"Answers are columns of one length; got {', '.join(str(c.shape) for c in columns)}."
            )
        if len(self.classes) < 2:
            raise UsageError(f"Answers are given in at least 2 classes; got {len(self.classes)}.")
        _check_range("task", self.tasks, len(self.task_keys))
        _check_range("annotator", self.annotators, len(self.annotator_keys))
        _check_range("class", self.labels, len(self.classes))
        if np.isnan(self.times).any():
            raise UsageError("An answer has no time; give the second at which it was sent.")
        pairs = self.tasks * len(self.annotator_keys) + self.annotators
        if len(np.unique(pairs)) < n:
            raise UsageError(
                "An annotator has answered a task twice; keep the last answer, as `class_answers` does."
            )

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many tasks, annotators and classes."""
        return len(self.task_keys), len(self.annotator_keys), len(self.classes)

    def incidence(self) -> csr_array:
        """Return (t, a·k), 1 where an annotator gave a task a class: column annotator · k + class."""
        t, a, k = self.shape
        columns = self.annotators * k + self.labels
        return csr_array((np.ones(len(self)), (self.tasks, columns)), shape=(t, a * k))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> ClassAnswers:
        """Return some of the answers, with the same tasks, annotators and classes."""
        return ClassAnswers(
            self.tasks[rows],
            self.annotators[rows],
            self.labels[rows],
            self.times[rows],
            self.seconds[rows],
            self.task_keys,
            self.annotator_keys,
            self.classes,
        )

    def without(self, annotators: Iterable[Key]) -> ClassAnswers:
        """Return the answers that are not of these annotators: of those who were banned, say."""
        left_out = set(annotators)
        banned = np.array([key in left_out for key in self.annotator_keys], dtype=np.bool_)
        return self.take(~banned[self.annotators] if len(banned) else np.ones(len(self), np.bool_))


def class_answers(
    answers: Iterable[Answer],
    classes: Sequence[str],
    *,
    tasks: Iterable[Key] = (),
    annotators: Iterable[Key] = (),
) -> ClassAnswers:
    """Return answers as columns; where an annotator answered a task more than once, the last one counts.

    Of equal times the one that comes later in `answers` is the last.

    Parameters
    ----------
    classes
        All classes that may be named, in the order of the project.
    tasks, annotators
        Keys to hold, in this order, even where there is no answer; the others follow as they come.

    Raises
    ------
    UsageError
        For a class that is not among `classes`.

    Examples
    --------
    >>> given = class_answers([Answer("t1", "ann", "cat"), Answer("t1", "bob", "dog")], ["cat", "dog"])
    >>> given.labels.tolist(), given.annotator_keys
    ([0, 1], ('ann', 'bob'))
    """
    places = {name: place for place, name in enumerate(classes)}
    task_places: dict[Key, int] = {}
    for key in tasks:
        task_places.setdefault(key, len(task_places))
    annotator_places: dict[Key, int] = {}
    for key in annotators:
        annotator_places.setdefault(key, len(annotator_places))
    last: dict[tuple[int, int], tuple[int, float, float]] = {}
    for one in answers:
        if (label := places.get(one.label)) is None:
            raise UsageError(
                f"An answer names the class '{one.label}', which the project has not."
                f"{did_you_mean(one.label, classes)}"
            )
        task = task_places.setdefault(one.task, len(task_places))
        annotator = annotator_places.setdefault(one.annotator, len(annotator_places))
        before = last.get((task, annotator))
        if before is None or one.time >= before[1]:
            last[task, annotator] = (label, one.time, one.seconds)
    pairs = np.array(list(last), dtype=np.intp).reshape(-1, 2)
    said = np.array(list(last.values()), dtype=np.float64).reshape(-1, 3)
    return ClassAnswers(
        pairs[:, 0],
        pairs[:, 1],
        said[:, 0].astype(np.intp),
        said[:, 1],
        said[:, 2],
        tuple(task_places),
        tuple(annotator_places),
        tuple(classes),
    )


def golden_column(answers: ClassAnswers, truths: Mapping[Key, str]) -> NDArray[np.intp]:
    """Return (t,) the true class of each golden task, −1 for the others; keys without a task are passed over.

    Raises
    ------
    UsageError
        For a class that the answers do not know.
    """
    places = {name: place for place, name in enumerate(answers.classes)}
    if unknown := sorted(set(truths.values()) - set(places)):
        raise UsageError(
            f"A golden task is of the class '{unknown[0]}', which the project has not."
            f"{did_you_mean(unknown[0], answers.classes)}"
        )
    return np.array([places[truths[key]] if key in truths else -1 for key in answers.task_keys], np.intp)


def as_golden(answers: ClassAnswers, golden: ArrayLike | None) -> NDArray[np.intp]:
    """Return `golden` as a (t,) column of classes, −1 for unknown; None: nothing is known.

    Raises
    ------
    UsageError
        When its length or a class number does not fit the answers.
    """
    t, _, k = answers.shape
    if golden is None:
        return np.full(t, -1, np.intp)
    column = np.asarray(golden, dtype=np.intp)
    if column.shape != (t,) or (column < -1).any() or (column >= k).any():
        raise UsageError(
            f"The golden column has shape {column.shape}; expected one class number a task ({t}), "
            f"from 0 to {k - 1}, or −1 where the truth is not known."
        )
    return column


def vote_counts(answers: ClassAnswers) -> NDArray[np.float64]:
    """Return (t, k) how many annotators gave each task each class."""
    t, _, k = answers.shape
    counts = np.bincount(answers.tasks * k + answers.labels, minlength=t * k)
    return counts.reshape(t, k).astype(np.float64)


def _check_range(what: str, numbers: NDArray[np.intp], end: int) -> None:
    if len(numbers) and not (numbers.min() >= 0 and numbers.max() < end):
        raise UsageError(
            f"There is a {what} number {int(numbers.min() if numbers.min() < 0 else numbers.max())}; "
            f"with {end} of them they go from 0 to {end - 1}."
        )
