"""What a channel may be: its name, where it leads, what goes to it, when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from driftwheel.alerts.quiet_hours import quiet_hours_from_json, quiet_hours_to_json
from driftwheel.alerts.routing import TOPICS
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.notify.channel_url import open_channel_url

__all__ = ["ChannelOptions", "check_name", "check_options", "check_url"]

_LONGEST_NAME = 128
_LONGEST_URL = 4096
_LONGEST_WAIT = 7 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """What goes to a channel, and when; see `driftwheel.store.schema.alert_tables.channels`.

    Attributes
    ----------
    enabled
        Off, it is told nothing.
    models
        Names; None: all, those of later too.
    severities
        Any of info, warning, critical; None: all.
    segments
        Each ``tag=value``, ``tag=*`` for every value of a tag, or empty for the whole model; None: all.
    quiet_hours
        As `driftwheel.alerts.quiet_hours`; None: none.
    topics
        Any of alerts, labels, decisions, turns; None: all, but of alerts alone where severities or segments
        are chosen.
    group_wait, group_interval, repeat
        Seconds before the first message of a model's alerts; between messages when something changed; between
        messages when nothing did.
    """

    enabled: bool = True
    models: Sequence[str] | None = None
    severities: Sequence[str] | None = None
    segments: Sequence[str] | None = None
    quiet_hours: Mapping[str, Any] | None = None
    group_wait: int = 30
    group_interval: int = 300
    repeat: int = 14_400
    topics: Sequence[str] | None = None


def check_options(options: ChannelOptions, models: Sequence[str]) -> ChannelOptions:
    """Return options as they are kept: names sorted, each once; `models` are the names of all there are.

    Raises
    ------
    UsageError
        That names what cannot be.
    """
    _check_known("model", options.models, models, "driftwheel models list")
    _check_known("severity", options.severities, SEVERITIES)
    _check_known("topic", options.topics, TOPICS)
    for segment in options.segments or ():
        if segment and not all(segment.partition("=")):
            raise UsageError(
                f"'{segment}' is no segment; write tag=value, tag=* for every value, or nothing for the "
                "whole model."
            )
    for name in ("group_wait", "group_interval", "repeat"):
        _check_seconds(name, getattr(options, name))
    quiet = options.quiet_hours
    severities = _sorted(options.severities, "severity")
    topics = _sorted(options.topics, "topic")
    return ChannelOptions(
        options.enabled,
        _sorted(options.models, "model"),
        None if severities is None else [one for one in SEVERITIES if one in severities],
        _sorted(options.segments, "segment"),
        None if quiet is None else quiet_hours_to_json(quiet_hours_from_json(quiet)),
        options.group_wait,
        options.group_interval,
        options.repeat,
        None if topics is None else [one for one in TOPICS if one in topics],
    )


def check_name(name: str) -> None:
    """Raise `UsageError` for what cannot be a channel's name."""
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A channel cannot be called '{name}'; say in 1 to 128 characters whom it reaches.")


def check_url(url: str, *, allow_private: bool) -> str:
    """Return a channel's address without spaces around it; raise `UsageError` where it cannot be used."""
    bare = url.strip()
    if len(bare) > _LONGEST_URL or not bare.isprintable():
        raise UsageError(f"The address of a channel has at most {_LONGEST_URL:,} characters, on one line.")
    open_channel_url(bare, allow_private=allow_private)
    return bare


def _check_known(
    what: str, names: Iterable[str] | None, known: Sequence[str], listing: str | None = None
) -> None:
    for name in names or ():
        if name not in known:
            help_ = f" List them: {listing}" if listing else f" Expected one of {', '.join(known)}."
            raise UsageError(f"There is no {what} '{name}'.{did_you_mean(name, known)}{help_}")


def _check_seconds(name: str, seconds: int) -> None:
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise UsageError(f"{name} cannot be {seconds} s; expected 0 s to 7 days.")


def _sorted(names: Sequence[str] | None, what: str) -> list[str] | None:
    if names is None:
        return None
    if not names:
        raise UsageError(f"A channel for no {what} at all is of no use; name one, or leave it out for all.")
    return sorted(set(names))
