"""Say how the assistant of a project stands: what it learnt, how good it is, what it does to answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from driftwheel.selection.sampled_accuracy import SampledAccuracy, sampled_accuracy
from driftwheel.services.assist.due_assistance import labels_of_people, next_training
from driftwheel.services.assist.train_assistant import LEVEL
from driftwheel.store.assist.assistants import Assistant, assistance_of, list_assistants
from driftwheel.store.assist.prelabels import Answered, answered_prelabels
from driftwheel.store.labels.pools import list_pools
from driftwheel.store.labels.projects import Project

__all__ = ["Anchoring", "AssistantStanding", "describe_assistant"]

_MOST = 5000  # newest answers that are looked at


@dataclass(frozen=True, slots=True)
class Anchoring:
    """What seeing a pre-label does to answers: it was hidden at random, so only that differs.

    Attributes
    ----------
    shown, hidden
        Share of answers that are as the pre-label, where it was shown, and where it was not.
    difference
        Of the two shares: how much more often people answer as the pre-label because they see it; that they
        overlook its errors and that it helps them to see are both in it. None without any of the two.
    low, high
        The interval of the difference at `LEVEL`.
    follows_wrong_shown, follows_wrong_hidden
        Share of answers to golden tasks that are as the pre-label where that is wrong: harm alone.
    """

    shown: SampledAccuracy
    hidden: SampledAccuracy
    difference: float | None
    low: float
    high: float
    follows_wrong_shown: SampledAccuracy
    follows_wrong_hidden: SampledAccuracy


@dataclass(frozen=True, slots=True)
class AssistantStanding:
    """How an assistant stands.

    Attributes
    ----------
    enabled
        Whether it learns and is shown.
    labels
        Of people so far, in the whole project.
    next_at
        At how many it is trained next.
    newest
        What the last training made; None before the first. Its `report` has the cross-validated accuracy.
    reason
        Why the last training made none.
    later_blind
        How often it was right of tasks that got their label after it had said what it thinks, and whose
        annotators did not see that.
    later
        The same of all tasks: people who saw it are swayed by it.
    anchoring
        What it does to answers.
    history
        All trainings, the newest first, without heads.
    """

    enabled: bool
    labels: int
    next_at: int
    newest: Assistant | None
    reason: str | None
    later_blind: SampledAccuracy
    later: SampledAccuracy
    anchoring: Anchoring
    history: tuple[Assistant, ...]


def describe_assistant(connection: Connection, project: Project) -> AssistantStanding:
    """Return how the assistant of a project stands, from its newest 5,000 answered pre-labels."""
    state = assistance_of(connection, project.key)
    history = tuple(list_assistants(connection, project.key))
    pools = [one.key for one in list_pools(connection, project.key)]
    answered = answered_prelabels(connection, pools, limit=_MOST) if pools else []
    of_assistant = [one for one in answered if one.source == "assistant"]
    blind, every = _by_task(of_assistant)
    return AssistantStanding(
        enabled=state.enabled,
        labels=labels_of_people(connection, project.key),
        next_at=next_training(state),
        newest=history[0] if history else None,
        reason=state.reason,
        later_blind=_share(blind),
        later=_share(every),
        anchoring=_anchoring(answered),
        history=history,
    )


def _by_task(answered: Sequence[Answered]) -> tuple[list[bool], list[bool]]:
    """Return whether the pre-label was right: of tasks of which nobody saw it, and of all."""
    tasks: dict[int, tuple[bool, bool]] = {}
    for one in reversed(answered):  # the first pre-label of a task, before any answer to it
        if one.consensus is None:
            continue
        right, seen = tasks.get(one.task, (_same(one.prelabel, one.consensus), False))
        tasks[one.task] = (right, seen or one.shown)
    return [right for right, seen in tasks.values() if not seen], [right for right, _ in tasks.values()]


def _anchoring(answered: Sequence[Answered]) -> Anchoring:
    agree = {
        shown: [_same(one.prelabel, one.answer) for one in answered if one.shown is shown]
        for shown in (True, False)
    }
    wrong = {
        shown: [
            _same(one.prelabel, one.answer)
            for one in answered
            if one.shown is shown and one.truth is not None and not _same(one.prelabel, one.truth)
        ]
        for shown in (True, False)
    }
    shown, hidden = _share(agree[True]), _share(agree[False])
    difference, low, high = None, -1.0, 1.0
    if shown.accuracy is not None and hidden.accuracy is not None:
        # Newcombe's interval of the difference of two shares, from the intervals of each
        difference = shown.accuracy - hidden.accuracy
        low = difference - float(np.hypot(shown.accuracy - shown.low, hidden.high - hidden.accuracy))
        high = difference + float(np.hypot(shown.high - shown.accuracy, hidden.accuracy - hidden.low))
    return Anchoring(shown, hidden, difference, low, high, _share(wrong[True]), _share(wrong[False]))


def _share(right: Sequence[bool]) -> SampledAccuracy:
    return sampled_accuracy(np.array(right, np.bool_), np.ones(len(right)), level=LEVEL)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return dict(one) == dict(other)
