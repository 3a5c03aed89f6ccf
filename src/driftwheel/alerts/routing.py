"""Routing: which alerts a channel is for, and what else it is told of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, get_args

from driftwheel.monitors.monitor import Severity

__all__ = ["TOPICS", "ChannelFilter", "Topic", "goes_to", "is_told_of"]

Topic = Literal["alerts", "labels", "decisions", "turns"]
"""``labels``: people are wanted to label or to review; ``decisions``: a challenger waits for an answer;
``turns``: a turn of the wheel has ended."""

TOPICS: Final[tuple[Topic, ...]] = get_args(Topic)


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """What a channel is for: the columns of `channels` by the same names; None is all.

    Attributes
    ----------
    models
        Names.
    severities
        Any of info, warning, critical.
    segments
        Each ``tag=value``; ``tag=*`` is every value of the tag, the empty text the whole model.
    topics
        Any of `TOPICS`. None is all where neither severities nor segments are chosen, else alerts alone: who
        picks among alerts wants to hear of these.
    """

    models: Collection[str] | None = None
    severities: Collection[Severity] | None = None
    segments: Collection[str] | None = None
    topics: Collection[Topic] | None = None


def goes_to(channel: ChannelFilter, *, model: str, severity: Severity, tag: str, value: str) -> bool:
    """Whether an alert of this model (its name), severity and segment is for the channel.

    Examples
    --------
    >>> camera = ChannelFilter(segments=["camera=2"])
    >>> goes_to(camera, model="cats", severity="warning", tag="camera", value="2")
    True
    >>> goes_to(camera, model="cats", severity="warning", tag="", value="")
    False
    """
    if not is_told_of(channel, "alerts", model=model):
        return False
    if channel.severities is not None and severity not in channel.severities:
        return False
    if channel.segments is None:
        return True
    ways = {f"{tag}={value}", f"{tag}=*"} if tag else {""}
    return not ways.isdisjoint(channel.segments)


def is_told_of(channel: ChannelFilter, topic: Topic, *, model: str) -> bool:
    """Whether a channel is told of a topic of this model (its name).

    Examples
    --------
    >>> is_told_of(ChannelFilter(), "labels", model="cats")
    True
    >>> is_told_of(ChannelFilter(severities=["critical"]), "labels", model="cats")
    False
    """
    if channel.models is not None and model not in channel.models:
        return False
    if channel.topics is not None:
        return topic in channel.topics
    return topic == "alerts" or (channel.severities is None and channel.segments is None)
