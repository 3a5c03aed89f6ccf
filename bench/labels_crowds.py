"""Simulated crowds: annotators whose kind, and tasks whose truth, are known. For benchmarks and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_answers import BoxAnswer, DrawnBox
from driftwheel.agreement.class_answers import ClassAnswers

KINDS = ("good", "sloppy", "random", "one class", "colluding", "script")
ACCURACY = {"good": 0.92, "sloppy": 0.60, "colluding": 0.60}
COPIES = 0.9  # of the tasks that a colluder was not the first of the group to answer
SECONDS = {"script": 0.3}  # median seconds an answer; of people 4


@dataclass(frozen=True)
class Crowd:
    """kinds (a,) of KINDS; confusions (a, k, k); hard (t,) chance that honest people err on it together."""

    kinds: tuple[str, ...]
    confusions: NDArray[np.float64]


def make_crowd(
    rng: np.random.Generator, counts: Mapping[str, int], n_classes: int, *, spread: float = 0.03
) -> Crowd:
    """Annotators of each kind; people's errors follow a pattern that all share, as classes resemble."""
    kinds = tuple(kind for kind, n in counts.items() for _ in range(n))
    pattern = rng.dirichlet(np.full(n_classes, 0.5), size=n_classes) * (1 - np.eye(n_classes)) + 1e-3
    np.fill_diagonal(pattern, 0.0)
    pattern /= pattern.sum(axis=1, keepdims=True)
    tables = []
    for kind in kinds:
        if kind in ACCURACY:
            rate = np.clip(rng.normal(ACCURACY[kind], spread, size=n_classes), 0.3, 0.99)
            own = 0.7 * pattern + 0.3 * (1 - np.eye(n_classes)) / (n_classes - 1)
            tables.append(np.diag(rate) + (1 - rate)[:, None] * own)
        elif kind == "one class":
            tables.append(np.tile(np.eye(n_classes)[rng.integers(n_classes)], (n_classes, 1)))
        else:
            tables.append(np.full((n_classes, n_classes), 1 / n_classes))
    return Crowd(kinds, np.array(tables).reshape(-1, n_classes, n_classes))


def answer_all(
    rng: np.random.Generator, crowd: Crowd, truth: NDArray[np.intp], *, hard: float = 0.0
) -> NDArray[np.intp]:
    """Return (t, a) what every annotator would say of every task.

    Colluders copy the first colluder's answer with `COPIES`. A share `hard` of tasks looks like another
    class: honest people answer as of that class with a chance of a half.
    """
    t, (a, k) = len(truth), crowd.confusions.shape[:2]
    cumulated = crowd.confusions.cumsum(axis=2)
    shown = np.tile(truth[:, None], (1, a))
    looks_like = (truth + rng.integers(1, k, size=t)) % k
    confused = (rng.random(t) < hard)[:, None] & (rng.random((t, a)) < 0.5)
    shown = np.where(confused, looks_like[:, None], shown)
    drawn = rng.random((t, a))
    said = np.empty((t, a), np.intp)
    for one in range(a):
        said[:, one] = (drawn[:, one, None] > cumulated[one][shown[:, one]]).sum(axis=1).clip(0, k - 1)
    group = [i for i, kind in enumerate(crowd.kinds) if kind == "colluding"]
    for one in group[1:]:
        copies = rng.random(t) < COPIES
        said[copies, one] = said[copies, group[0]]
    return said


def assigned(rng: np.random.Generator, said: NDArray[np.intp], overlap: int, crowd: Crowd) -> ClassAnswers:
    """Give every task to `overlap` annotators drawn at random, in the order of the tasks."""
    t, a = said.shape
    who = rng.random((t, a)).argsort(axis=1)[:, :overlap]
    return as_answers(rng, np.repeat(np.arange(t), overlap), who.ravel(), said, crowd)


def as_answers(
    rng: np.random.Generator,
    tasks: NDArray[np.intp],
    annotators: NDArray[np.intp],
    said: NDArray[np.intp],
    crowd: Crowd,
) -> ClassAnswers:
    """The answers that these annotators give to these tasks, one a second, with the seconds they take."""
    medians = np.array([SECONDS.get(kind, 4.0) for kind in crowd.kinds])
    seconds = medians[annotators] * np.exp(rng.normal(0, 0.5, size=len(tasks)))
    return ClassAnswers(
        tasks,
        annotators,
        said[tasks, annotators],
        np.arange(len(tasks), dtype=np.float64),
        seconds,
        tuple(range(said.shape[0])),
        tuple(f"{kind} {i}" for i, kind in enumerate(crowd.kinds)),
        tuple(f"class {c}" for c in range(crowd.confusions.shape[1])),
    )


def golden_of(rng: np.random.Generator, truth: NDArray[np.intp], share: float) -> NDArray[np.intp]:
    """Return (t,) the truth of a random share of tasks, balanced over classes as far as it goes; else −1."""
    golden = np.full(len(truth), -1, np.intp)
    classes = np.unique(truth)
    for label in classes:
        rows = rng.permutation(np.flatnonzero(truth == label))
        rows = rows[: max(1, round(share * len(truth) / len(classes)))]
        golden[rows] = label
    return golden


@dataclass(frozen=True)
class Drawer:
    """How one draws boxes: chance to find, to draw at a look-alike, sd of edges in pixels, of the class."""

    recall: float = 0.95
    extra: float = 0.05
    jitter: float = 2.0
    class_accuracy: float = 0.95


DRAWERS = {
    "good": Drawer(),
    "sloppy": Drawer(0.7, 0.3, 6.0, 0.8),
    "random": Drawer(0.1, 0.5, 20.0, 0.5),
}


def draw_boxes(
    rng: np.random.Generator, kinds: list[str], n_tasks: int, overlap: int, classes: tuple[str, ...]
) -> tuple[dict[int, tuple[DrawnBox, ...]], list[BoxAnswer]]:
    """Return the true boxes of each image (2 objects, 0.5 look-alikes on average) and what people drew."""
    truth: dict[int, tuple[DrawnBox, ...]] = {}
    answers = []
    for task in range(n_tasks):
        slots = rng.permutation(25)  # a grid of 5 × 5 places of 128 pixels, so that objects stand apart
        n_objects, n_alike = int(rng.poisson(2)), int(rng.poisson(0.5))
        boxes = [_in_slot(rng, int(slot), classes) for slot in slots[: n_objects + n_alike]]
        truth[task] = tuple(boxes[:n_objects])
        for who in rng.permutation(len(kinds))[:overlap]:
            drawer = DRAWERS[kinds[who]]
            drawn = []
            for place, box in enumerate(boxes):
                if rng.random() < (drawer.recall if place < n_objects else drawer.extra):
                    drawn.append(redrawn(rng, box, drawer, classes))
            answers.append(BoxAnswer(task, f"{kinds[who]} {who}", tuple(drawn), float(len(answers)), 9.0))
    return truth, answers


def as_place(box: DrawnBox) -> tuple[float, ...]:
    return box.x, box.y, box.width, box.height, box.rotation


def _in_slot(rng: np.random.Generator, slot: int, classes: tuple[str, ...]) -> DrawnBox:
    width, height = rng.uniform(40, 90, size=2)
    x, y = (slot % 5) * 128 + rng.uniform(0, 30), (slot // 5) * 128 + rng.uniform(0, 30)
    return DrawnBox(classes[rng.integers(len(classes))], float(x), float(y), float(width), float(height))


def redrawn(rng: np.random.Generator, box: DrawnBox, drawer: Drawer, classes: tuple[str, ...]) -> DrawnBox:
    left, top, right, bottom = rng.normal(0, drawer.jitter, size=4)
    label = box.label
    if rng.random() > drawer.class_accuracy:
        label = classes[(classes.index(label) + int(rng.integers(1, len(classes)))) % len(classes)]
    return DrawnBox(
        label,
        float(box.x + left),
        float(box.y + top),
        float(max(5.0, box.width + right - left)),
        float(max(5.0, box.height + bottom - top)),
    )
