"""What an annotator says where something else is true: their confusion matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.box_matching import match_boxes
from driftwheel.services.label.consensus.answer_payload import boxes_of
from driftwheel.store.labels.answer_sample import SampledAnswer
from driftwheel.store.labels.projects import Project

__all__ = ["NOTHING", "AnnotatorConfusion", "annotator_confusion"]

NOTHING = ""
"""Stands for no class: nothing is there, nothing was said, or they could not tell."""


@dataclass(frozen=True, slots=True)
class AnnotatorConfusion:
    """How often something true was called something.

    Attributes
    ----------
    counts
        (true, said) → how often; `NOTHING` on either side for what was missed, and what is not there.
    n_golden, n_consensus
        Answers that were held against a truth, and against the consensus with others.
    """

    counts: Mapping[tuple[str, str], int]
    n_golden: int
    n_consensus: int

    def classes(self, order: Sequence[str], *, most: int) -> tuple[str, ...]:
        """Return the classes that occur most, at most so many, in an order; without `NOTHING`."""
        seen: Counter[str] = Counter()
        for (true, said), n in self.counts.items():
            seen[true] += n
            seen[said] += n * (said != true)
        often = Counter({name: seen[name] for name in order if seen[name]})
        kept = {name for name, _ in often.most_common(most)}
        return tuple(name for name in order if name in kept)


def annotator_confusion(project: Project, told: Sequence[SampledAnswer]) -> AnnotatorConfusion:
    """Return the confusion matrix of an annotator's answers.

    An answer to a golden, training or exam task is held against its truth; one to a finished real task that
    others answered too, against the consensus. Of sets of classes each class counts for itself, of boxes each
    box: one that matches none, at an overlap of a half, was not there.
    """
    counts: Counter[tuple[str, str]] = Counter()
    n_golden = n_consensus = 0
    for one in told:
        true = _truth_of(one)
        if true is None:
            continue
        golden = one.task_kind != "real"
        n_golden, n_consensus = n_golden + golden, n_consensus + (not golden)
        counts.update(_pairs(project, true, one.payload))
    return AnnotatorConfusion(dict(counts), n_golden, n_consensus)


def _truth_of(one: SampledAnswer) -> Mapping[str, Any] | None:
    if one.kind == "skip":
        return None
    if one.task_kind != "real":
        return one.truth
    finished = one.task_state in {"done", "disputed"}
    return one.consensus if finished and one.n_answers >= (2 if one.state == "counted" else 1) else None


def _pairs(
    project: Project, true: Mapping[str, Any], said: Mapping[str, Any] | None
) -> Iterator[tuple[str, str]]:
    match project.answer:
        case "class":
            yield true["class"], NOTHING if said is None else said["class"]
        case "multi-class":
            there, named = set(true["classes"]), set() if said is None else set(said["classes"])
            for name in sorted(there | named):
                yield (name if name in there else NOTHING), (name if name in named else NOTHING)
        case "boxes":
            yield from _box_pairs(project, true, said or {"boxes": []})


def _box_pairs(
    project: Project, true: Mapping[str, Any], said: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    places = {one.name: number for number, one in enumerate(project.classes)}
    there, drawn = boxes_of(true), boxes_of(said)

    def table(boxes: Sequence[Any]) -> NDArray[np.float64]:
        rows = [(one.x, one.y, one.width, one.height, one.rotation) for one in boxes]
        return np.array(rows, dtype=np.float64).reshape(-1, 5)

    def labels(boxes: Sequence[Any]) -> NDArray[np.intp]:
        return np.array([places[one.label] for one in boxes], dtype=np.intp)

    found = match_boxes(table(there), table(drawn), labels(there), labels(drawn))
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    yield from ((there[i].label, drawn[j].label) for i, j in pairs)
    yield from ((one.label, NOTHING) for i, one in enumerate(there) if i not in {i for i, _ in pairs})
    yield from ((NOTHING, one.label) for j, one in enumerate(drawn) if j not in {j for _, j in pairs})
