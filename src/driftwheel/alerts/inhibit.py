"""Inhibition: an alert that another one explains is kept, and nobody is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from driftwheel.alerts.episode import Episode, has_fired, is_open
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.monitors.rule import Rule, signals_of

__all__ = ["CAMERA_FAULTS", "NEVER_EXPLAINED", "SYMPTOMS", "inhibitor"]


SYMPTOMS = ("prediction_mix", "confidence", "reconstruction", "property.")
"""What drift explains: signals of these names, or whose names begin so."""

CAMERA_FAULTS = ("black_share", "frozen_share", "unreadable_share")
"""A segment whose images are black, frozen or unreadable has a dead camera: no wonder that it drifts."""

NEVER_EXPLAINED = ("accuracy", "feedback_share", "error_share", "latency_p95")
"""Harm that was measured is told of whatever else is wrong."""


def inhibitor(episode: Episode, others: Sequence[Episode], rules: Mapping[int, Rule]) -> int | None:
    """Return the key of the open episode that explains this one, None if there is none.

    - Silence explains the other alerts of its segment; that of the whole model also those of its segments.
    - A dead camera (black, frozen or unreadable images of one segment) explains the segment's drift and its
      symptoms. Of a whole model it explains nothing: other cameras may have drifted.
    - Drift explains its symptoms (prediction mix, confidence, reconstruction error, single properties) on the
      same segment. The drift of a whole model and that of its segments are told of together, neither explains
      the other.

    Only an episode that has fired explains another, and none that is milder. What watches measured harm is
    never explained. Where several explain it, the first in this list does, then the one with the smallest
    key.

    Parameters
    ----------
    episode
        An open one.
    others
        The open episodes of the same model; itself may be among them.
    rules
        Key of a monitor → its rule, for all of them; an episode whose monitor is not there explains nothing
        and is not explained.
    """
    own = _kind(episode, rules)
    if own is None or own == "harm":
        return None
    explaining = [
        (_KINDS.index(kind), one.key)
        for one in others
        if one.key != episode.key and has_fired(one) and is_open(one)
        if SEVERITIES.index(one.severity) >= SEVERITIES.index(episode.severity)
        if (kind := _kind(one, rules)) is not None and _explains(kind, one, own, episode)
    ]
    return min(explaining)[1] if explaining else None


_Kind = Literal["silence", "dead camera", "drift", "symptom", "other", "harm"]
_KINDS: tuple[_Kind, ...] = get_args(_Kind)


def _kind(episode: Episode, rules: Mapping[int, Rule]) -> _Kind | None:
    rule = None if episode.monitor is None else rules.get(episode.monitor)
    if rule is None:
        return None
    names = signals_of(rule)
    ways: tuple[tuple[_Kind, bool], ...] = (
        ("harm", any(name in NEVER_EXPLAINED for name in names)),
        ("silence", "silence" in names),
        ("dead camera", any(name in CAMERA_FAULTS for name in names)),
        ("drift", "drift" in names),
        ("symptom", all(name.startswith(SYMPTOMS) for name in names)),
    )
    return next((kind for kind, is_so in ways if is_so), "other")


def _explains(kind: _Kind, cause: Episode, own: _Kind, episode: Episode) -> bool:
    same_segment = (cause.tag, cause.value) == (episode.tag, episode.value)
    if kind == "silence":
        return (own != "silence" and same_segment) or (not cause.tag and bool(episode.tag))
    if kind == "dead camera":
        return same_segment and bool(cause.tag) and own in {"drift", "symptom"}
    return kind == "drift" and same_segment and own == "symptom"
