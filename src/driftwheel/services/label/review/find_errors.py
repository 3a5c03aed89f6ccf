"""Find labels that are likely wrong: that the model, other labels or images that look alike contradict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from driftwheel.agreement.box_answers import DrawnBox
from driftwheel.agreement.box_error_finder import BoxSuspicion, ScoredBox, find_box_errors
from driftwheel.agreement.error_finder import find_label_errors
from driftwheel.agreement.multi_error_finder import find_set_errors
from driftwheel.agreement.pooled_chances import pooled_chances
from driftwheel.predictions import Detection
from driftwheel.services.label.consensus.answer_payload import boxes_of, payload_of_boxes
from driftwheel.services.label.review.label_opinions import LabelOpinions, label_opinions, present_classes
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.sure_tasks import labelled_tasks
from driftwheel.store.labels.tasks import Task
from driftwheel.store.records.record_answers import RecordAnswer, answers_of_records

__all__ = ["LOOKED_AT", "FoundErrors", "Source", "Suspect", "find_errors", "sources_for"]

Source = Literal["all", "model", "learnt", "alike"]
"""What labels are held against: the scores or boxes that the model logged, what was learnt from the other
labels (of each by a head that did not see it), the labels of images that look alike; or all of these."""

LOOKED_AT = 2000
"""Newest labels that are looked at."""

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
    """Return what the labels of a project can be held against, the best first.

    Scores of a model that knows one class an image say nothing of sets of classes; labels of other images say
    nothing of where a box is.
    """
    match project.answer:
        case "class":
            return ("all", "model", "learnt", "alike")
        case "multi-class":
            return ("all", "learnt", "alike")
        case "boxes":
            return ("model",)


def find_errors(connection: Connection, project: Project, source: Source, *, limit: int = 100) -> FoundErrors:
    """Return up to `limit` labels that are likely wrong, without those that a person has decided of.

    Confident learning (`driftwheel.agreement.error_finder`), with chances that the label itself has no part
    in. All together they find more than each: what one of them says wrongly, the others outvote
    (`driftwheel.agreement.pooled_chances`). Nothing is found among fewer than 20 labels.
    """
    pools = [one.key for one in list_pools(connection, project.key)]
    tasks = labelled_tasks(connection, pools, limit=LOOKED_AT)
    ids = [one.record for one in tasks]
    reads = {"predictions": source in {"all", "model"}, "embeddings": source != "model"}
    known = answers_of_records(connection, project.model, ids, **reads)
    if project.answer == "boxes":
        return _of_boxes(tasks, known, limit)
    names = [one.name for one in project.classes]
    said = label_opinions(project, tasks, known, chosen=None if source == "all" else source)
    if len(said.tasks) < _LEAST:
        return FoundErrors((), source, len(said.tasks), len(tasks))
    single = project.answer == "class"
    chances = pooled_chances(list(said.opinions.values()), single=single)
    expected: float | None = None
    suspects: Iterator[Suspect]
    if single:
        labels = [names.index((one.consensus or {})["class"]) for one in said.tasks]
        found = find_label_errors(labels, chances)
        expected = found.n_errors
        suspects = (
            Suspect(
                said.tasks[row],
                float(found.suspicion[row]),
                {"class": names[found.suggested[row]]},
                said.of_class(row, int(found.suggested[row]), labels[row]),
            )
            for row in found.order
            if found.suspicion[row] >= _SUSPICIOUS
        )
    else:
        suspects = _of_sets(said, chances, names)
    fresh = [one for one in suspects if one.task.reviewed is None]
    return FoundErrors(tuple(fresh[:limit]), source, len(said.tasks), len(tasks), expected)


def _of_sets(said: LabelOpinions, chances: NDArray[np.float64], names: Sequence[str]) -> Iterator[Suspect]:
    """Yield each task once, with the class that is the likeliest to be wrong in its set."""
    present = present_classes(said.tasks, names)
    found = find_set_errors(present, chances)
    seen: set[int] = set()
    for row, column in zip(found.items.tolist(), found.classes.tolist(), strict=True):
        if row in seen or found.suspicion[row, column] < _SUSPICIOUS:
            continue
        seen.add(row)
        there = present[row].copy()
        there[column] = not there[column]
        chosen = [name for name, is_there in zip(names, there, strict=True) if is_there]
        why = f"{names[column]}: {said.of_presence(row, column)}"
        yield Suspect(said.tasks[row], float(found.suspicion[row, column]), {"classes": chosen}, why)


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
