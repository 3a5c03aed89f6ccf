"""Find labels that are likely wrong: those that the model, or images that look alike, contradict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.agreement.box_answers import DrawnBox
from driftwheel.agreement.box_error_finder import BoxSuspicion, ScoredBox, find_box_errors
from driftwheel.agreement.error_finder import find_label_errors
from driftwheel.agreement.multi_error_finder import find_set_errors
from driftwheel.predictions import Classification, Detection
from driftwheel.report.numbers import share
from driftwheel.services.label.consensus.answer_payload import boxes_of, payload_of_boxes
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.sure_tasks import labelled_tasks
from driftwheel.store.labels.tasks import Task
from driftwheel.store.records.record_answers import RecordAnswer, answers_of_records

__all__ = ["LOOKED_AT", "NEIGHBOURS", "FoundErrors", "Source", "Suspect", "find_errors", "sources_for"]

Source = Literal["model", "alike"]
"""What labels are held against: the scores or boxes that the model logged, or the labels of images that look
alike."""

LOOKED_AT = 2000
"""Newest labels that are looked at."""

NEIGHBOURS = 10
"""Images that look most alike, whose labels say what is to be expected of one."""

_LEAST = 20  # labels below which nothing is said
_SUSPICIOUS = 0.5  # something else is as likely as the label
_LEAST_BOX = 0.05  # score of a box that is looked at


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that is likely wrong.

    Attributes
    ----------
    suspicion
        In [0, 1]; it orders, and is no chance.
    suggested
        What to label it instead, as the payload of an answer.
    why
        What contradicts it, in words.
    """

    task: Task
    suspicion: float
    suggested: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class FoundErrors:
    """Labels that are likely wrong, the most suspicious first.

    Attributes
    ----------
    source
        What they were held against.
    looked_at
        Labels that could be: of the newest `LOOKED_AT`, those with scores or an embedding.
    labels
        Of these.
    expected
        Estimated number of wrong labels among those looked at; None where it is not estimated.
    """

    suspects: tuple[Suspect, ...]
    source: Source
    looked_at: int
    labels: int
    expected: float | None = None


def sources_for(project: Project) -> tuple[Source, ...]:
    """Return what the labels of a project can be held against, the better first.

    Scores of a model that knows one class an image say nothing of sets of classes; labels of images that look
    alike say nothing of where a box is.
    """
    match project.answer:
        case "class":
            return get_args(Source)
        case "multi-class":
            return ("alike",)
        case "boxes":
            return ("model",)


def find_errors(connection: Connection, project: Project, source: Source, *, limit: int = 100) -> FoundErrors:
    """Return up to `limit` labels that are likely wrong, without those that a person has decided of.

    Confident learning (`driftwheel.agreement.error_finder`), with chances that the label itself has no part
    in: what the model logged when it had not seen the label, or the labels of the 10 images that look most
    alike. Nothing is found among fewer than 20 labels.
    """
    pools = [one.key for one in list_pools(connection, project.key)]
    tasks = labelled_tasks(connection, pools, limit=LOOKED_AT)
    ids = [one.record for one in tasks]
    known = answers_of_records(connection, project.model, ids, embeddings=source == "alike")
    if project.answer == "boxes":
        return _of_boxes(tasks, known, limit)
    names = [one.name for one in project.classes]
    rows, chances = (_scored if source == "model" else _alike)(tasks, known, names)
    if len(rows) < _LEAST:
        return FoundErrors((), source, len(rows), len(tasks))
    expected: float | None = None
    suspects: Iterator[Suspect]
    if project.answer == "class":
        labels = [names.index((one.consensus or {})["class"]) for one in rows]
        found = find_label_errors(labels, chances)
        expected = found.n_errors
        suspects = (
            Suspect(
                rows[row],
                float(found.suspicion[row]),
                {"class": names[found.suggested[row]]},
                _said(source, float(chances[row, found.suggested[row]]), float(chances[row, labels[row]])),
            )
            for row in found.order
            if found.suspicion[row] >= _SUSPICIOUS
        )
    else:
        suspects = _of_sets(rows, chances, names)
    fresh = [one for one in suspects if one.task.reviewed is None]
    return FoundErrors(tuple(fresh[:limit]), source, len(rows), len(tasks), expected)


def _said(source: Source, other: float, own: float) -> str:
    if source == "model":
        return f"the model gave {share(other)} to that and {share(own)} to the label"
    many, few = other * NEIGHBOURS, own * NEIGHBOURS
    return f"{many:.0f} of {NEIGHBOURS} images that look alike are that, {few:.0f} the label"


def _scored(
    tasks: Sequence[Task], known: Mapping[str, RecordAnswer], names: Sequence[str]
) -> tuple[list[Task], NDArray[np.float64]]:
    """Return the tasks whose record has scores for the classes, and (n, k) shares of them."""
    rows, chances = [], []
    for task in tasks:
        found = known.get(task.record)
        said = None if found is None else found.prediction
        if not isinstance(said, Classification):
            continue
        scores = [said.scores.get(name, 0.0) for name in names]
        if len(said.scores) >= 2 and sum(scores) > 0:
            rows.append(task)
            chances.append([score / sum(scores) for score in scores])
    return rows, np.array(chances, dtype=np.float64).reshape(-1, len(names))


def _alike(
    tasks: Sequence[Task], known: Mapping[str, RecordAnswer], names: Sequence[str]
) -> tuple[list[Task], NDArray[np.float64]]:
    """Return the tasks with an embedding of the commonest space, and (n, k) shares among their neighbours."""
    spaces: dict[tuple[str | None, int], list[Task]] = {}
    for task in tasks:
        found = known.get(task.record)
        if found is not None and found.embedding:
            spaces.setdefault((found.space, len(found.embedding)), []).append(task)
    rows = max(spaces.values(), key=len, default=[])
    if len(rows) <= NEIGHBOURS:
        return [], np.zeros((0, len(names)))
    packed = b"".join(known[one.record].embedding or b"" for one in rows)
    vectors = np.frombuffer(packed, dtype="<f2").astype(np.float32).reshape(len(rows), -1)
    vectors = np.nan_to_num(vectors)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    nearest = np.argpartition(-likeness, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    there = np.array([[_names(one, name) for name in names] for one in rows], dtype=np.float64)
    return rows, np.asarray(there[nearest].mean(axis=1))


def _names(task: Task, name: str) -> bool:
    said = task.consensus or {}
    return said.get("class") == name or name in said.get("classes", ())


def _of_sets(rows: Sequence[Task], chances: NDArray[np.float64], names: Sequence[str]) -> Iterator[Suspect]:
    """Yield each task once, with the class that is the likeliest to be wrong in its set."""
    present = np.array([[_names(one, name) for name in names] for one in rows], dtype=np.bool_)
    found = find_set_errors(present, chances)
    seen: set[int] = set()
    for row, column in zip(found.items.tolist(), found.classes.tolist(), strict=True):
        if row in seen or found.suspicion[row, column] < _SUSPICIOUS:
            continue
        seen.add(row)
        there = present[row].copy()
        there[column] = not there[column]
        chosen = [name for name, is_there in zip(names, there, strict=True) if is_there]
        n = chances[row, column] * NEIGHBOURS
        why = f"{names[column]}: of {n:.0f} of the {NEIGHBOURS} images that look alike"
        yield Suspect(rows[row], float(found.suspicion[row, column]), {"classes": chosen}, why)


def _of_boxes(tasks: Sequence[Task], known: Mapping[str, RecordAnswer], limit: int) -> FoundErrors:
    suspects: list[Suspect] = []
    looked_at = 0
    for task in tasks:
        found = known.get(task.record)
        said = None if found is None else found.prediction
        if not isinstance(said, Detection) or any(box.score is None for box in said.boxes):
            continue
        looked_at += 1
        drawn = boxes_of(task.consensus or {"boxes": []})
        seen = [
            ScoredBox(DrawnBox(one.label, one.x, one.y, one.width, one.height), one.score or 0.0)
            for one in said.boxes
            if (one.score or 0.0) >= _LEAST_BOX
        ]
        worst = find_box_errors(task.key, drawn, seen)[:1]
        if worst and task.reviewed is None and worst[0].suspicion >= _SUSPICIOUS:
            suspects.append(_of_box(task, drawn, worst[0]))
    suspects.sort(key=lambda one: -one.suspicion)
    return FoundErrors(tuple(suspects[:limit]), "model", looked_at, len(tasks))


def _of_box(task: Task, drawn: tuple[DrawnBox, ...], worst: BoxSuspicion) -> Suspect:
    """Return a task with the change that the detector asks for most."""
    boxes, box = list(drawn), worst.suggested
    if worst.labelled is not None:
        label = boxes.pop(worst.labelled).label
        why = {
            "extra": f"the model sees nothing at a box of {label}",
            "class": f"the model sees {box.label if box else ''} at a box of {label}",
            "place": f"the model sees the {label} beside its box",
        }.get(worst.kind, worst.kind)
    else:
        why = f"the model is sure of {box.label if box else ''} where no box is"
    if box is not None:
        boxes.append(box)
    return Suspect(task, worst.suspicion, payload_of_boxes(boxes), why)
