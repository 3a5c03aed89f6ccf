"""Answers of annotators who gave each task a set of classes, and their consensus class by class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.agreement.class_answers import Answer, ClassAnswers, Key, class_answers
from driftwheel.agreement.distance_alpha import distance_alpha
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.agreement.krippendorff_alpha import Alpha
from driftwheel.errors import UsageError, did_you_mean

__all__ = [
    "MultiAnswer",
    "MultiAnswers",
    "MultiConsensus",
    "golden_sets",
    "multi_alpha",
    "multi_answers",
    "multi_consensus",
]


@dataclass(frozen=True, slots=True)
class MultiAnswer:
    """One person's answer to one task: every class that applies; none is an answer too.

    Attributes
    ----------
    task, annotator
        Keys.
    labels
        Classes.
    time, seconds
        When it was sent, in seconds since 1970, and how long it took.
    """

    task: Key
    annotator: Key
    labels: frozenset[str]
    time: float = 0.0
    seconds: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class MultiAnswers:
    """n answers, each a set of k classes.

    Attributes
    ----------
    frame
        Tasks, annotators, times and seconds; its labels mean nothing.
    chosen
        (n, k) whether each class was named.
    classes
        (k,) names, at least 1.
    """

    frame: ClassAnswers
    chosen: NDArray[np.bool_]
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.chosen.shape != (len(self.frame), len(self.classes)) or not self.classes:
            raise UsageError(
                f"{len(self.frame)} answers in {len(self.classes)} classes with a table of shape "
                f"{self.chosen.shape}; expected a row an answer and a column a class."
            )

    def of_class(self, number: int) -> ClassAnswers:
        """Return the answers to "is it of this class?": 0 no, 1 yes."""
        frame = self.frame
        return ClassAnswers(
            frame.tasks,
            frame.annotators,
            self.chosen[:, number].astype(np.intp),
            frame.times,
            frame.seconds,
            frame.task_keys,
            frame.annotator_keys,
            ("no", "yes"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class MultiConsensus:
    """What the answers amount to.

    Attributes
    ----------
    probability
        (t, k) posterior that each class applies.
    present
        (t, k) whether it is at least a half.
    confidence
        (t,) chance that the whole set is right: the product over classes.
    n_answers
        (t,).
    """

    probability: NDArray[np.float64]
    present: NDArray[np.bool_]
    confidence: NDArray[np.float64]
    n_answers: NDArray[np.intp]


def multi_answers(
    answers: Iterable[MultiAnswer], classes: Sequence[str], *, tasks: Iterable[Key] = ()
) -> MultiAnswers:
    """Return answers as columns; where an annotator answered a task more than once, the last one counts.

    Raises
    ------
    UsageError
        For a class that is not among `classes`.

    Examples
    --------
    >>> given = multi_answers([MultiAnswer("t", "ann", frozenset({"cat"}))], ["cat", "dog"])
    >>> given.chosen.tolist()
    [[True, False]]
    """
    told = sorted(answers, key=lambda one: one.time)
    places = {name: place for place, name in enumerate(classes)}
    for one in told:
        if unknown := sorted(one.labels - set(places)):
            raise UsageError(
                f"An answer names the class '{unknown[0]}', which the project has not."
                f"{did_you_mean(unknown[0], classes)}"
            )
    frame = class_answers(
        (Answer(one.task, one.annotator, "no", one.time, one.seconds) for one in told),
        ["no", "yes"],
        tasks=tasks,
    )
    last = {(one.task, one.annotator): one.labels for one in told}
    chosen = np.zeros((len(frame), len(classes)), np.bool_)
    for row, (task, annotator) in enumerate(zip(frame.tasks, frame.annotators, strict=True)):
        for label in last[frame.task_keys[task], frame.annotator_keys[annotator]]:
            chosen[row, places[label]] = True
    return MultiAnswers(frame, chosen, tuple(classes))


def golden_sets(answers: MultiAnswers, truths: Mapping[Key, Iterable[str]]) -> NDArray[np.intp]:
    """Return (t, k) whether each class applies to each golden task, 0 or 1; −1 in the rows of the others."""
    places = {name: place for place, name in enumerate(answers.classes)}
    golden = np.full((len(answers.frame.task_keys), len(answers.classes)), -1, np.intp)
    for row, key in enumerate(answers.frame.task_keys):
        if key in truths:
            golden[row] = 0
            for label in truths[key]:
                if label not in places:
                    hint = did_you_mean(label, answers.classes)
                    raise UsageError(f"A golden task is of '{label}', which the project has not.{hint}")
                golden[row, places[label]] = 1
    return golden


def multi_consensus(
    answers: MultiAnswers, golden: ArrayLike | None = None, *, prior_accuracy: float = 0.9
) -> MultiConsensus:
    """Return the posterior of each class of each task: `golden_bayes` of "is it of this class?", for each.

    Classes are taken as independent; each annotator has two error rates a class, from golden tasks.

    Parameters
    ----------
    golden
        (t, k) of `golden_sets`; None: none are known.

    Examples
    --------
    >>> told = [MultiAnswer("t", who, frozenset(said)) for who, said in (("a", "xy"), ("b", "x"), ("c", "x"))]
    >>> multi_consensus(multi_answers(told, ["x", "y"])).present.tolist()
    [[True, False]]
    """
    t, k = len(answers.frame.task_keys), len(answers.classes)
    known = np.full((t, k), -1, np.intp) if golden is None else np.asarray(golden, dtype=np.intp)
    if known.shape != (t, k):
        raise UsageError(f"Golden sets of shape {known.shape}; expected ({t}, {k}), a row a task.")
    probability = np.empty((t, k))
    for number in range(k):
        found = golden_bayes(answers.of_class(number), known[:, number], prior_accuracy=prior_accuracy)
        probability[:, number] = found.consensus.posterior[:, 1]
    sure = np.maximum(probability, 1 - probability)
    n_answers = np.bincount(answers.frame.tasks, minlength=t)
    confidence = np.where(n_answers > 0, sure.prod(axis=1), 0.0)
    return MultiConsensus(probability, probability >= 0.5, confidence, n_answers)


def multi_alpha(answers: MultiAnswers, rng: np.random.Generator, *, draws: int = 1000) -> Alpha:
    """Return Krippendorff's α of sets, with Jaccard's distance: 1 − shared / named by either, 0 if both none.

    Examples
    --------
    >>> told = [MultiAnswer(t, who, frozenset("xy"[t % 2])) for t in range(9) for who in "ab"]
    >>> multi_alpha(multi_answers(told, ["x", "y"]), np.random.default_rng(0)).alpha
    1.0
    """
    chosen = answers.chosen

    def distance(one: int, other: int) -> float:
        either = int((chosen[one] | chosen[other]).sum())
        return 1.0 - int((chosen[one] & chosen[other]).sum()) / either if either else 0.0

    return distance_alpha(answers.frame.tasks, distance, rng, draws=draws)
