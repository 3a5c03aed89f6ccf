"""Routing: which alerts a channel is for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from driftwheel.monitors.monitor import Severity

__all__ = ["ChannelFilter", "goes_to"]


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
    """

    models: Collection[str] | None = None
    severities: Collection[Severity] | None = None
    segments: Collection[str] | None = None


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
    if channel.models is not None and model not in channel.models:
        return False
    if channel.severities is not None and severity not in channel.severities:
        return False
    if channel.segments is None:
        return True
    ways = {f"{tag}={value}", f"{tag}=*"} if tag else {""}
    return not ways.isdisjoint(channel.segments)
