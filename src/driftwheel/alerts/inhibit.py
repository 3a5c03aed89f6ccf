"""Inhibition: an alert that another one explains is kept, and nobody is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from driftwheel.alerts.episode import Episode, has_fired, is_open
from driftwheel.monitors.rule import Rule, signals_of

__all__ = ["IMAGE_FAULTS", "SYMPTOMS", "inhibitor"]


SYMPTOMS = ("prediction_mix", "confidence", "property.")
"""What drift explains: signals of these names, or whose names begin so."""

IMAGE_FAULTS = ("black_share", "frozen_share", "unreadable_share")
"""A segment whose images are black, frozen or unreadable has a dead camera: no wonder that it drifts."""


def inhibitor(episode: Episode, others: Sequence[Episode], rules: Mapping[int, Rule]) -> int | None:
    """Return the key of the open episode that explains this one, None if there is none.

    - Silence explains every other alert of the same segment; that of the whole model those of its segments.
    - A dead camera (black, frozen or unreadable images) explains the drift of its segment and its symptoms.
    - Drift explains its symptoms (prediction mix, confidence, single properties) on the same segment.

    Only an episode that has fired explains another, and only one that is not explained by one of the first
    kind itself. The drift of a whole model and of its segments are told of together, neither explains the
    other. Where several explain it, the first in this list does, then the one with the smallest key.

    Parameters
    ----------
    episode
        An open one.
    others
        The open episodes of the same model; itself may be among them.
    rules
        Key of a monitor → its rule, for all of them; an episode whose monitor is not there explains nothing.
    """
    own = _kind(episode, rules)
    if own is None:
        return None
    candidates = sorted(
        (rank, one.key)
        for one in others
        if one.key != episode.key and has_fired(one) and is_open(one)
        if (rank := _rank(_kind(one, rules))) is not None
        if rank < _rank_of_explained(own) and _covers(one, episode, rank)
    )
    return candidates[0][1] if candidates else None


_Kind = Literal["silence", "dead", "drift", "symptom", "other"]
_RANKS: dict[_Kind, int] = {"silence": 0, "dead": 1, "drift": 2}


def _kind(episode: Episode, rules: Mapping[int, Rule]) -> _Kind | None:
    rule = None if episode.monitor is None else rules.get(episode.monitor)
    if rule is None:
        return None
    names = signals_of(rule)
    if "silence" in names:
        return "silence"
    if any(name in IMAGE_FAULTS for name in names):
        return "dead"
    if "drift" in names:
        return "drift"
    return "symptom" if all(name.startswith(SYMPTOMS) for name in names) else "other"


def _rank(kind: _Kind | None) -> int | None:
    return None if kind is None else _RANKS.get(kind)


def _rank_of_explained(kind: _Kind) -> int:
    """Return which ranks explain an alert of this kind: those below."""
    return {"silence": 0, "dead": 1, "drift": 2, "symptom": 3, "other": 1}[kind]


def _covers(cause: Episode, episode: Episode, rank: int) -> bool:
    same = (cause.tag, cause.value) == (episode.tag, episode.value)
    return same or (rank == 0 and not cause.tag)
