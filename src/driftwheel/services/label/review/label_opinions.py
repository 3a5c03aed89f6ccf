"""What there is to hold labels against: the model, the other labels, images that look alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.neighbour_chances import neighbour_chances
from driftwheel.errors import UsageError
from driftwheel.learning.fit_embedding_head import fit_embedding_head
from driftwheel.learning.fit_set_head import fit_set_head
from driftwheel.predictions import Classification
from driftwheel.report.numbers import share
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import Task
from driftwheel.store.records.record_answers import RecordAnswer

__all__ = ["NEIGHBOURS", "LabelOpinions", "Opinion", "label_opinions", "present_classes"]

Opinion = Literal["model", "learnt", "alike"]

NEIGHBOURS = 10
"""Images that look most alike, whose labels say what is to be expected of one."""

_LEAST = 20  # labels to learn from


@dataclass(frozen=True, slots=True, eq=False)
class LabelOpinions:
    """Opinions of the labels of tasks.

    Attributes
    ----------
    tasks
        Those of whose image anything is said.
    opinions
        By what says it, (n, k) chances of each class, that the label itself has no part in; rows of NaN where
        it says nothing.
    """

    tasks: Sequence[Task]
    opinions: Mapping[Opinion, NDArray[np.float64]]

    def of_class(self, row: int, other: int, own: int) -> str:
        """Return in words what is said of a label, and of the class that is suggested."""
        said: list[str] = []
        for name, table in self.opinions.items():
            if np.isnan(table[row]).any():
                continue
            to, of = float(table[row, other]), float(table[row, own])
            if name == "alike":
                to, of = to * NEIGHBOURS, of * NEIGHBOURS
                said.append(f"{to:.0f} of {NEIGHBOURS} images that look alike are that, {of:.0f} the label")
            elif name == "model":
                said.append(f"the model gave {share(to)} to that and {share(of)} to the label")
            else:
                said.append(f"by the other labels it is that to {share(to)}, the label to {share(of)}")
        return "; ".join(said)

    def of_presence(self, row: int, column: int) -> str:
        """Return in words what is said of a class that is on an image, or is not."""
        said: list[str] = []
        for name, table in self.opinions.items():
            chance = float(table[row, column])
            if np.isnan(chance):
                continue
            if name == "alike":
                said.append(f"on {chance * NEIGHBOURS:.0f} of the {NEIGHBOURS} images that look alike")
            else:
                said.append(f"by the other labels there to {share(chance)}")
        return "; ".join(said)


def label_opinions(
    project: Project,
    tasks: Sequence[Task],
    known: Mapping[str, RecordAnswer],
    *,
    chosen: Opinion | None = None,
) -> LabelOpinions:
    """Return what is said of the labels of tasks; of none, where too few can be compared.

    Parameters
    ----------
    known
        What is kept of their records.
    chosen
        Only this; None: all that there is.
    """
    names = [one.name for one in project.classes]
    k = len(names)
    tables: dict[Opinion, NDArray[np.float64]] = {}
    if project.answer == "class" and chosen in {None, "model"}:
        tables["model"] = np.array([_scores(known.get(one.record), names) for one in tasks]).reshape(-1, k)
    rows = _embedded(tasks, known)
    if len(rows) > max(NEIGHBOURS, _LEAST - 1):
        own = [tasks[row] for row in rows]
        packed = b"".join(known[one.record].embedding or b"" for one in own)
        if chosen in {None, "learnt"}:
            said = tuple(tuple(_classes(one)) for one in own)
            learnt = _learnt(packed, said, tuple(names), project.answer == "class")
            if learnt is not None:
                tables["learnt"] = _spread(learnt, rows, len(tasks))
        if chosen in {None, "alike"}:
            alike = neighbour_chances(_vectors(packed, len(own)), present_classes(own, names))
            tables["alike"] = _spread(alike, rows, len(tasks))
    told = [row for row in range(len(tasks)) if any(not np.isnan(one[row]).any() for one in tables.values())]
    kept = {name: table[told] for name, table in tables.items() if not np.isnan(table[told]).all()}
    return LabelOpinions([tasks[row] for row in told], kept)


def present_classes(tasks: Sequence[Task], names: Sequence[str]) -> NDArray[np.bool_]:
    """Return (n, k) whether each class is on each task, as it is labelled."""
    there = [[name in set(_classes(one)) for name in names] for one in tasks]
    return np.array(there, dtype=np.bool_).reshape(-1, len(names))


def _classes(task: Task) -> Sequence[str]:
    said = task.consensus or {}
    return [said["class"]] if "class" in said else said.get("classes", ())


def _scores(found: RecordAnswer | None, names: Sequence[str]) -> list[float]:
    """Return the shares of the classes in what the model said; NaN where it has said too little."""
    said = None if found is None else found.prediction
    scores = [said.scores.get(name, 0.0) for name in names] if isinstance(said, Classification) else []
    if not isinstance(said, Classification) or len(said.scores) < 2 or sum(scores) <= 0:
        return [float("nan")] * len(names)
    return [score / sum(scores) for score in scores]


def _embedded(tasks: Sequence[Task], known: Mapping[str, RecordAnswer]) -> list[int]:
    """Return the rows of tasks with an embedding of the commonest space."""
    spaces: dict[tuple[str | None, int], list[int]] = {}
    for row, task in enumerate(tasks):
        found = known.get(task.record)
        if found is not None and found.embedding:
            spaces.setdefault((found.space, len(found.embedding)), []).append(row)
    return max(spaces.values(), key=len, default=[])


def _vectors(packed: bytes, n: int) -> NDArray[np.float32]:
    return np.nan_to_num(np.frombuffer(packed, dtype="<f2").astype(np.float32).reshape(n, -1))


def _spread(table: NDArray[np.float64], rows: Sequence[int], n: int) -> NDArray[np.float64]:
    whole = np.full((n, table.shape[1]), np.nan)
    whole[list(rows)] = table
    return whole


@lru_cache(maxsize=4)  # a page is looked at again and again
def _learnt(
    packed: bytes, said: tuple[tuple[str, ...], ...], names: tuple[str, ...], single: bool
) -> NDArray[np.float64] | None:
    """Return what heads that did not see a label say of it; None where there is nothing to learn."""
    vectors = _vectors(packed, len(said))
    try:
        if not single:
            return fit_set_head(vectors, said, names, seed=0).chances
        fitted = fit_embedding_head(vectors, [one[0] for one in said], seed=0)
    except UsageError:
        return None
    found = np.zeros((len(said), len(names)))
    found[:, [names.index(name) for name in fitted.head.classes]] = fitted.chances
    return found
