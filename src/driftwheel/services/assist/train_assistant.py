"""Train the assistant of a project on what people have labelled so far, and measure how good it is."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from driftwheel.agreement.automatic_acceptance import acceptance_threshold
from driftwheel.errors import UsageError
from driftwheel.learning.embedding_head import EmbeddingHead
from driftwheel.learning.fit_embedding_head import FittedHead, fit_embedding_head
from driftwheel.learning.fit_set_head import FittedSetHead, fit_set_head
from driftwheel.learning.set_head import SetHead
from driftwheel.services.assist.due_assistance import labels_of_people
from driftwheel.services.assist.embed_tasks import vectors_of
from driftwheel.services.assist.kept_head import Head, head_of, pack_head
from driftwheel.services.assist.sure_tasks import scored
from driftwheel.store.assist.assistants import (
    Assistant,
    add_assistant,
    assistance_of,
    drop_heads,
    newest_assistant,
    set_assistance,
)
from driftwheel.store.assist.automatic_runs import assistants_in_use
from driftwheel.store.assist.task_embeddings import LearntLabel, labels_to_learn, last_task, waiting_tasks
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project, project_by_key

__all__ = ["BOUND", "LEVEL", "MOST_LABELS", "RISK", "give_up_training", "train_assistant"]

MOST_LABELS = 20_000
"""Learnt from: more take longer, and 128 numbers an image have no more to tell."""

BOUND, RISK = 0.02, 0.05
"""For which the coverage is told: at most so many wrong, with a certainty of 1 − `RISK`."""

LEVEL = 0.9
"""Of intervals."""

_PAGE = 2000
_MOST_WAITING = 20_000  # that the coverage is estimated from


@dataclass(frozen=True, slots=True, eq=False)
class _Lesson:
    """What is learnt from."""

    labels: list[tuple[str, ...]]
    embeddings: NDArray[np.float32]


def train_assistant(engine: Engine, project: int, *, now: datetime) -> Assistant | None:
    """Fit the head of a project anew and keep it with what was measured; None where it cannot be yet.

    It learns the consensus of answers to real tasks, and labels of files; never a truth of a golden, training
    or exam task, nor what was accepted automatically, nor an image that is a golden task anywhere. Of more
    than `MOST_LABELS`, a sample that stays the same. Why it could not be trained is kept and told.

    Notes
    -----
    The accuracy is cross-validated: each label is predicted by a head that did not learn from it. Where the
    images were chosen because they are doubtful, it is that of doubtful images. The coverage is an estimate
    from the same predictions; `begin_automatic` measures it on a random sample.
    """
    with reading(engine) as connection:
        found = project_by_key(connection, project)
        state = assistance_of(connection, project)
        before = newest_assistant(connection, project)
        labels = labels_of_people(connection, project)
        if found is None or state.space is None:
            return None
        lesson = _lesson(connection, found, state.space)
    begun = time.perf_counter()
    fits = before is not None and before.space == state.space
    try:
        fitted = _fit(found, lesson, head_of(before) if fits and before is not None else None)
    except UsageError as error:
        with writing(engine) as connection:
            set_assistance(connection, project, tried=labels, asked=False, reason=str(error))
        return None
    with reading(engine) as connection:
        waiting = _waiting(connection, found, state.space, fitted.head)
    report = _report(fitted, waiting)
    seconds = time.perf_counter() - begun
    with writing(engine) as connection:
        added = add_assistant(
            connection,
            project,
            trained=now,
            seconds=seconds,
            space=state.space,
            head=pack_head(fitted.head),
            labels=fitted.n,
            report=report,
        )
        drop_heads(connection, project, keep={added.key, *assistants_in_use(connection, project)})
        set_assistance(connection, project, tried=labels, asked=False, reason=None)
    return added


def give_up_training(engine: Engine, project: int, reason: str) -> None:
    """Note why images of a project cannot be embedded here; it is tried again when labels have grown."""
    with writing(engine) as connection:
        labels, last = labels_of_people(connection, project), last_task(connection, project)
        set_assistance(connection, project, tried=labels, embedded=last, asked=False, reason=reason)


def _fit(project: Project, lesson: _Lesson, before: Head | None) -> FittedHead | FittedSetHead:
    if not lesson.labels:
        raise UsageError("There is no label yet of an image with an embedding. Label more images.")
    if project.answer == "multi-class":
        names = [one.name for one in project.classes]
        earlier = before if isinstance(before, SetHead) else None
        return fit_set_head(lesson.embeddings, lesson.labels, names, seed=0, before=earlier, level=LEVEL)
    labels = [one[0] for one in lesson.labels]
    same = isinstance(before, EmbeddingHead) and set(before.classes) <= set(Counter(labels))
    last = before if same and isinstance(before, EmbeddingHead) else None
    return fit_embedding_head(lesson.embeddings, labels, seed=0, before=last, level=LEVEL)


def _lesson(connection: Connection, project: Project, space: str) -> _Lesson:
    """Return what is learnt from, the tasks with the lowest hashes where there are too many."""
    known = {one.name for one in project.classes}
    learnt: list[LearntLabel] = []
    after = 0
    while True:
        rows = labels_to_learn(connection, project.key, project.model, space, after_key=after, limit=_PAGE)
        learnt += [one for _, one in rows if one is not None and set(one.classes) <= known]
        if len(learnt) > 2 * MOST_LABELS:
            learnt = _drawn(learnt)
        if len(rows) < _PAGE:
            break
        after = rows[-1][0]
    learnt = _drawn(learnt)
    return _Lesson([one.classes for one in learnt], vectors_of([one.embedding for one in learnt]))


def _drawn(learnt: list[LearntLabel]) -> list[LearntLabel]:
    if len(learnt) <= MOST_LABELS:
        return learnt
    order = sorted(learnt, key=lambda one: hashlib.sha256(str(one.task).encode()).digest())
    return sorted(order[:MOST_LABELS], key=lambda one: one.task)


def _waiting(connection: Connection, project: Project, space: str, head: Head) -> NDArray[np.float64]:
    """Return the confidences of tasks that wait, of at most `_MOST_WAITING` in all."""
    found: list[float] = []
    left = _MOST_WAITING
    for pool in list_pools(connection, project.key):
        after = 0
        while left > 0 and pool.state != "closed":
            rows = waiting_tasks(
                connection,
                project.key,
                project.model,
                space,
                pool.key,
                after_key=after,
                last_key=2**62,
                limit=min(_PAGE, left),
            )
            packed = [one.embedding for one in rows if one.embedding is not None]
            found += [sure for _, sure in scored(head, packed)]
            left -= len(rows)
            if len(rows) < _PAGE:
                break
            after = rows[-1].key
    return np.array(found, dtype=np.float64)


def _report(fitted: FittedHead | FittedSetHead, waiting: NDArray[np.float64]) -> dict[str, Any]:
    found = fitted.accuracy
    acceptance = acceptance_threshold(
        fitted.confidence.clip(0, 1), fitted.right, waiting.clip(0, 1), bound=BOUND, risk=RISK
    )
    return {
        "accuracy": found.accuracy,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "level": found.level,
        "counts": dict(fitted.counts),
        "recalls": {
            name: {"accuracy": one.accuracy, "low": one.low, "high": one.high, "n": one.n}
            for name, one in fitted.recalls.items()
        },
        "mean_confidence": float(fitted.confidence.mean()),
        "coverage": {
            "bound": BOUND,
            "risk": RISK,
            "threshold": acceptance.threshold,
            "share": acceptance.share,
            "waiting": len(waiting),
            "reason": acceptance.reason,
        },
    }
