"""The form of a channel: what goes to it and when, read from a request and filled from what is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fastapi import Request

from driftwheel.alerts.quiet_hours import DAYS
from driftwheel.alerts.routing import TOPICS, Topic
from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.report.numbers import NBSP
from driftwheel.report.printable import shortened
from driftwheel.services.channels.channel_checks import ChannelOptions

__all__ = [
    "TOPIC_WORDS",
    "ChannelForm",
    "QuietRow",
    "changes_of",
    "form_of_options",
    "given_channel",
    "options_from",
    "quiet_words",
    "span_words",
]

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d{1,9})\s*(s|min|h|d)?")
_MOST_ROWS = 12
TOPIC_WORDS: Mapping[Topic, str] = {
    "alerts": "alerts",
    "labels": "labels or a review are wanted",
    "decisions": "a challenger waits for an answer",
    "turns": "a turn of the wheel has ended",
}
"""What a channel may be told of."""


@dataclass(frozen=True, slots=True)
class QuietRow:
    """One span of quiet hours: days, from, until; a row without times is none."""

    days: tuple[str, ...] = DAYS
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class ChannelForm:
    """What the form says, as it was written; no chosen models, severities or segments are all of them."""

    name: str = ""
    url: str = ""
    models: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    whole: bool = False
    segments: str = ""
    zone: str = ""
    quiet: tuple[QuietRow, ...] = (QuietRow(),)
    critical_passes: bool = True
    group_wait: str = "30 s"
    group_interval: str = "5 min"
    repeat: str = "4 h"
    topics: tuple[str, ...] = ()

    def without_url(self) -> ChannelForm:
        """Return it as it may be shown again."""
        return replace(self, url="")


async def given_channel(request: Request) -> ChannelForm:
    """Return the form that was sent."""
    form = await request.form()

    def text(name: str, default: str = "") -> str:
        value = form.get(name, default)
        return value.strip() if isinstance(value, str) else default

    def several(name: str) -> tuple[str, ...]:
        return tuple(str(one) for one in form.getlist(name))

    rows = [
        QuietRow(several(f"days{at}"), text(f"start{at}"), text(f"end{at}"))
        for at in range(_MOST_ROWS)
        if f"start{at}" in form
    ]
    return ChannelForm(
        text("name"),
        text("url"),
        several("models"),
        several("severities"),
        "whole" in form,
        text("segments"),
        text("zone"),
        tuple(rows),
        "critical_passes" in form,
        text("group_wait"),
        text("group_interval"),
        text("repeat"),
        several("topics"),
    )


def form_of_options(name: str, options: ChannelOptions) -> ChannelForm:
    """Return the form of a channel that is kept."""
    quiet: Mapping[str, Any] = options.quiet_hours or {}
    rows = [QuietRow(tuple(one["days"]), one["start"], one["end"]) for one in quiet.get("spans", ())]
    segments = list(options.segments or ())
    return ChannelForm(
        name,
        "",
        tuple(options.models or ()),
        tuple(options.severities or ()),
        "" in segments,
        ", ".join(one for one in segments if one),
        str(quiet.get("zone", "")),
        (*rows, QuietRow()),
        bool(quiet.get("critical_passes", True)),
        span_words(options.group_wait),
        span_words(options.group_interval),
        span_words(options.repeat),
        tuple(options.topics or ()),
    )


def options_from(form: ChannelForm) -> ChannelOptions:
    """Return what a form says of a channel; raise `UsageError` for what cannot be."""
    segments = [one for one in map(str.strip, form.segments.split(",")) if one]
    if form.whole:
        segments.append("")
    spans = [_quiet(row) for row in form.quiet if row.start or row.end]
    quiet = {"zone": form.zone or "UTC", "spans": spans, "critical_passes": form.critical_passes}
    return ChannelOptions(
        models=list(form.models) or None,
        severities=None if set(form.severities) == set(SEVERITIES) else list(form.severities) or None,
        segments=segments or None,
        quiet_hours=quiet if spans else None,
        group_wait=_seconds(form.group_wait),
        group_interval=_seconds(form.group_interval),
        repeat=_seconds(form.repeat),
        topics=None if set(form.topics) == set(TOPICS) else list(form.topics) or None,
    )


def changes_of(options: ChannelOptions) -> dict[str, Any]:
    """Return options as changes of a channel, without whether it is on."""
    return {name: value for name, value in asdict(options).items() if name != "enabled"}


def span_words(seconds: int) -> str:
    """Return a span of time as the form takes it.

    Examples
    --------
    >>> span_words(30), span_words(300), span_words(14400), span_words(0)
    ('30 s', '5 min', '4 h', '0 s')
    """
    for unit in ("d", "h", "min"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]} {unit}"
    return f"{seconds} s"


def quiet_words(quiet: Mapping[str, Any] | None) -> str:
    """Return quiet hours in words; empty for none.

    Examples
    --------
    >>> span = {"days": list(DAYS), "start": "22:00", "end": "07:00"}
    >>> quiet_words({"zone": "UTC", "spans": [span], "critical_passes": True})
    'every day 22:00–07:00 (UTC), but for critical alerts'
    """
    if quiet is None:
        return ""
    spans = [f"{_days(one['days'])} {one['start']}–{_end(one['end'])}" for one in quiet["spans"]]
    passes = ", but for critical alerts" if quiet.get("critical_passes", True) else ", critical alerts too"
    return f"{', '.join(spans)} ({quiet['zone']}){passes}"


def _end(end: str) -> str:
    return "24:00" if end == "00:00" else end


def _days(days: Sequence[str]) -> str:
    named = {
        ", ".join(DAYS): "every day",
        ", ".join(DAYS[:5]): "Monday to Friday",
        ", ".join(DAYS[5:]): "at weekends",
    }
    said = ", ".join(days)
    return named.get(said, said)


def _quiet(row: QuietRow) -> dict[str, Any]:
    if not (row.start and row.end):
        raise UsageError("Quiet hours have a beginning and an end; give both, or neither.")
    return {"days": list(row.days), "start": row.start, "end": row.end}


def _seconds(text: str) -> int:
    found = _SPAN.fullmatch(text.replace(NBSP, " "))
    if found is None:
        raise UsageError(f"'{shortened(text, 20)}' is no span of time; write one such as 30 s, 5 min or 4 h.")
    return int(found[1]) * _SECONDS[found[2] or "s"]
