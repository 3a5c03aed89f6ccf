"""How good the newest answers of a project are: agreement, speed, and each annotator beside the consensus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import numpy as np

from driftwheel.agreement.box_answers import BoxAnswer, box_answers
from driftwheel.agreement.class_answers import Answer, class_answers
from driftwheel.agreement.distance_alpha import box_alpha
from driftwheel.agreement.krippendorff_alpha import Alpha, krippendorff_alpha
from driftwheel.agreement.multi_answers import MultiAnswer, multi_alpha, multi_answers
from driftwheel.services.label.consensus.answer_payload import boxes_of, is_correct
from driftwheel.store.labels.answer_sample import SampledAnswer
from driftwheel.store.labels.projects import AnswerType, Project

__all__ = ["SAMPLE", "AnnotatorFigures", "AnswerQuality", "answer_quality"]

SAMPLE: Mapping[AnswerType, int] = {"class": 2000, "multi-class": 1000, "boxes": 300}
"""Newest answers that are looked at: so many as take some 0.1 s."""

_DRAWS: Mapping[AnswerType, int] = {"class": 1000, "multi-class": 200, "boxes": 200}


@dataclass(frozen=True, slots=True)
class AnnotatorFigures:
    """What the answers that were looked at say of one annotator.

    Attributes
    ----------
    n
        Answers and skips of theirs.
    median_seconds
        How long they looked at an image; None where nothing told that.
    compared, agreed
        Answers to finished tasks that others answered too, and those of them that are the consensus. Their
        own answer has a vote in it.
    """

    n: int
    median_seconds: float | None
    compared: int
    agreed: int


@dataclass(frozen=True, slots=True)
class AnswerQuality:
    """What the answers that were looked at say of a project or a pool.

    Attributes
    ----------
    n
        Answers and skips that were looked at.
    since
        When the oldest of them came; None without any.
    alpha
        Krippendorff's α of the counted ones to real tasks; ``n_tasks`` 0 where none has two answers.
    annotators
        By key.
    """

    n: int
    since: datetime | None
    alpha: Alpha
    annotators: Mapping[int, AnnotatorFigures]


def answer_quality(project: Project, sample: Sequence[SampledAnswer]) -> AnswerQuality:
    """Return what answers of a project say of it: `driftwheel.store.labels.answer_sample` gives the newest.

    Boxes agree with a consensus as they are right beside a truth: each matches one, with its class.
    """
    by_annotator: dict[int, list[SampledAnswer]] = defaultdict(list)
    for one in sample:
        by_annotator[one.annotator].append(one)
    return AnswerQuality(
        len(sample),
        min((one.received for one in sample), default=None),
        _alpha(project, [one for one in sample if _votes(one)]),
        {key: _figures(project, told) for key, told in by_annotator.items()},
    )


def _votes(one: SampledAnswer) -> bool:
    return one.task_kind == "real" and one.kind == "answer" and one.state == "counted"


def _figures(project: Project, told: Sequence[SampledAnswer]) -> AnnotatorFigures:
    seconds = [one.seconds for one in told if one.seconds is not None]
    compared = [one for one in told if _has_others(one)]
    agreed = sum(is_correct(project, one.payload or {}, one.consensus or {}) for one in compared)
    return AnnotatorFigures(len(told), median(seconds) if seconds else None, len(compared), agreed)


def _has_others(one: SampledAnswer) -> bool:
    """Whether an answer can be held against a consensus that is not that answer alone."""
    least = 2 if one.state == "counted" else 1
    return (
        one.task_kind == "real"
        and one.kind == "answer"
        and one.task_state in {"done", "disputed"}
        and one.consensus is not None
        and one.n_answers >= least
    )


def _alpha(project: Project, told: Sequence[SampledAnswer]) -> Alpha:
    rng, draws = np.random.default_rng(0), _DRAWS[project.answer]
    names = [one.name for one in project.classes]
    payloads = [(one.task, one.annotator, one.payload or {}) for one in told]
    match project.answer:
        case "class":
            given = class_answers((Answer(t, who, said["class"]) for t, who, said in payloads), names)
            return krippendorff_alpha(given, rng, draws=draws)
        case "multi-class":
            sets = (MultiAnswer(t, who, frozenset(said["classes"])) for t, who, said in payloads)
            return multi_alpha(multi_answers(sets, names), rng, draws=draws)
        case "boxes":
            drawn = (BoxAnswer(t, who, boxes_of(said)) for t, who, said in payloads)
            return box_alpha(box_answers(drawn, names), rng, draws=draws)
