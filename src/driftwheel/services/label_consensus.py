"""What the answers to one task amount to, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from driftwheel.agreement.box_answers import BoxAnswer, box_answers
from driftwheel.agreement.box_consensus import box_consensus
from driftwheel.agreement.class_answers import Answer, class_answers, golden_column
from driftwheel.agreement.golden_bayes import golden_bayes
from driftwheel.agreement.multi_answers import MultiAnswer, golden_sets, multi_answers, multi_consensus
from driftwheel.services.answer_payload import boxes_of, payload_of_boxes
from driftwheel.store.projects import Project
from driftwheel.store.task_answers import StoredAnswer, golden_answers

__all__ = ["LabelConsensus", "consensus_of_task"]

_GOLDEN = 100  # newest answers of an annotator to golden tasks that say how good they are


@dataclass(frozen=True, slots=True)
class LabelConsensus:
    """What the answers to a task amount to.

    Attributes
    ----------
    payload
        As that of an answer; None where nobody could tell.
    confidence
        Chance that it is right, 0…1.
    """

    payload: Mapping[str, Any] | None
    confidence: float


def consensus_of_task(
    connection: Connection, project: Project, answers: Sequence[StoredAnswer]
) -> LabelConsensus:
    """Return what counted answers to one task amount to, annotators weighed by their golden tasks.

    Golden-weighted Bayes: `driftwheel.agreement.golden_bayes`, `multi_consensus` or `box_consensus`. Those
    who could not tell have no vote.

    Parameters
    ----------
    answers
        To the task; those that do not count are passed over.
    """
    told = [one for one in answers if one.state == "counted" and one.kind == "answer"]
    if not told:
        return LabelConsensus(None, 0.0)
    known = golden_answers(connection, [one.annotator for one in told], limit=_GOLDEN)
    task = told[0].task
    both = [*told, *(one for one, _ in known)]
    truths = {one.task: truth for one, truth in known}
    names = [one.name for one in project.classes]
    match project.answer:
        case "class":
            given = class_answers(
                (Answer(one.task, one.annotator, _said(one)["class"]) for one in both), names, tasks=[task]
            )
            golden = golden_column(given, {key: truth["class"] for key, truth in truths.items()})
            found = golden_bayes(given, golden).consensus
            return LabelConsensus({"class": names[found.labels[0]]}, float(found.confidence[0]))
        case "multi-class":
            sets = multi_answers(
                (MultiAnswer(one.task, one.annotator, frozenset(_said(one)["classes"])) for one in both),
                names,
                tasks=[task],
            )
            several = multi_consensus(sets, golden_sets(sets, {k: t["classes"] for k, t in truths.items()}))
            chosen = [name for name, there in zip(names, several.present[0], strict=True) if there]
            return LabelConsensus({"classes": chosen}, float(several.confidence[0]))
        case "boxes":
            drawn = box_answers(
                (BoxAnswer(one.task, one.annotator, boxes_of(_said(one))) for one in both),
                names,
                tasks=[task],
            )
            boxes = box_consensus(drawn, {key: boxes_of(truth) for key, truth in truths.items()}).tasks[0]
            return LabelConsensus(payload_of_boxes([one.box for one in boxes.boxes]), float(boxes.confidence))


def _said(answer: StoredAnswer) -> Mapping[str, Any]:
    return answer.payload or {}
