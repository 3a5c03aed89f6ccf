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
from driftwheel.services.label.consensus.answer_payload import boxes_of, payload_of_boxes
from driftwheel.store.labels.projects import AnswerType, Project
from driftwheel.store.labels.task_answers import StoredAnswer, golden_answers

__all__ = ["ConsensusInputs", "LabelConsensus", "consensus_from", "consensus_inputs"]

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


@dataclass(frozen=True, slots=True)
class ConsensusInputs:
    """All that the consensus of a task comes from: with equal inputs it is equal.

    Attributes
    ----------
    told
        (annotator, payload) of each answer that has a vote.
    known
        (task, annotator, payload, truth) of the newest answers of those annotators to golden tasks.
    """

    answer: AnswerType
    names: tuple[str, ...]
    task: int
    told: tuple[tuple[int, Mapping[str, Any]], ...]
    known: tuple[tuple[int, int, Mapping[str, Any], Mapping[str, Any]], ...]


def consensus_inputs(
    connection: Connection,
    project: Project,
    task: int,
    answers: Sequence[StoredAnswer],
    more: Sequence[tuple[int, Mapping[str, Any]]] = (),
) -> ConsensusInputs:
    """Return what the consensus of a task comes from.

    Parameters
    ----------
    answers
        To the task; those that do not count are passed over, and those who could not tell have no vote.
    more
        Annotator and payload of answers that are not kept yet.
    """
    counted = [one for one in answers if one.state == "counted" and one.kind == "answer"]
    told = [*((one.annotator, one.payload or {}) for one in counted), *more]
    found = golden_answers(connection, [who for who, _ in told], limit=_GOLDEN)
    known = tuple((one.task, one.annotator, one.payload or {}, truth) for one, truth in found)
    names = tuple(one.name for one in project.classes)
    return ConsensusInputs(project.answer, names, task, tuple(told), known)


def consensus_from(inputs: ConsensusInputs) -> LabelConsensus:
    """Return what counted answers to one task amount to, annotators weighed by their golden tasks.

    Golden-weighted Bayes: `driftwheel.agreement.golden_bayes`, `multi_consensus` or `box_consensus`. Of many
    boxes or classes that takes seconds: never while a database waits, where it can be helped.
    """
    if not inputs.told:
        return LabelConsensus(None, 0.0)
    task, names = inputs.task, inputs.names
    both = [(task, who, said) for who, said in inputs.told] + [one[:3] for one in inputs.known]
    truths = {one[0]: one[3] for one in inputs.known}
    match inputs.answer:
        case "class":
            given = class_answers(
                (Answer(key, who, said["class"]) for key, who, said in both), names, tasks=[task]
            )
            golden = golden_column(given, {key: truth["class"] for key, truth in truths.items()})
            found = golden_bayes(given, golden).consensus
            return LabelConsensus({"class": names[found.labels[0]]}, float(found.confidence[0]))
        case "multi-class":
            sets = multi_answers(
                (MultiAnswer(key, who, frozenset(said["classes"])) for key, who, said in both),
                names,
                tasks=[task],
            )
            several = multi_consensus(sets, golden_sets(sets, {k: t["classes"] for k, t in truths.items()}))
            chosen = [name for name, there in zip(names, several.present[0], strict=True) if there]
            return LabelConsensus({"classes": chosen}, float(several.confidence[0]))
        case "boxes":
            drawn = box_answers(
                (BoxAnswer(key, who, boxes_of(said)) for key, who, said in both),
                names,
                tasks=[task],
            )
            boxes = box_consensus(drawn, {key: boxes_of(truth) for key, truth in truths.items()}).tasks[0]
            return LabelConsensus(payload_of_boxes([one.box for one in boxes.boxes]), float(boxes.confidence))
