"""The life of an alert on its page: what happened to it, who was told, what people did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from driftwheel.alerts.message import message_from_json
from driftwheel.notify.plain_text import as_text
from driftwheel.report.numbers import several
from driftwheel.report.printable import printable
from driftwheel.services.alert.describe_alert import AlertDescription, ToldOf
from driftwheel.web.pages.rendering import moment

__all__ = ["LifeMoment", "life_of"]


@dataclass(frozen=True, slots=True)
class LifeMoment:
    """One moment in the life of an alert: when, what, a colour, and more words under it."""

    time: datetime
    what: str | Markup
    tone: str = ""
    more: str | Markup = ""
    text: str = ""


def life_of(it: AlertDescription) -> list[LifeMoment]:
    """Return its life, the newest first."""
    one = it.episode
    began = Markup("the window began {}").format(moment(one.began))
    life = [LifeMoment(one.pending, "In breach", "warn", began)]
    if one.fired is not None:
        life.append(LifeMoment(one.fired, "Fired", "bad"))
    life += [_told(each) for each in it.told]
    for each in it.acts:
        if each.action in _ACTS:
            what, more = _ACTS[each.action](printable(each.by), each.details)
            life.append(LifeMoment(each.time, what, "", more))
    if one.recovering is not None and one.ended is None:
        life.append(LifeMoment(one.recovering, "Recovering", "ok", "back to usual; it ends when that lasts"))
    if one.ended is not None:
        tone = "ok" if one.state == "resolved" else ""
        life.append(LifeMoment(one.ended, one.state.capitalize(), tone, printable(one.reason or "")))
    return sorted(life, key=lambda each: each.time)[::-1]


def _told(each: ToldOf) -> LifeMoment:
    message = each.message
    text = as_text(message_from_json(message.body))
    title = printable(str(message.body.get("title", "")))
    channel = printable(each.channel or "a channel that was removed")
    if message.state == "sent" and message.sent is not None:
        return LifeMoment(message.sent, f"Told {channel}", "", title, text)
    if message.state == "dead":
        said = f"given up: {printable(message.error or '')}"
        return LifeMoment(message.created, f"Could not tell {channel}", "bad", said, text)
    tried = several(message.attempts, "time")
    said = f"tried {tried}: {printable(message.error or '')}" if message.attempts else title
    return LifeMoment(message.created, f"Telling {channel} …", "warn", said, text)


def _quoted(text: object) -> str:
    return f"“{printable(str(text))}”" if text else ""


def _acknowledged(by: str, said: Mapping[str, Any]) -> tuple[str | Markup, str]:
    return f"Acknowledged by {by}", _quoted(said.get("note"))


def _snoozed(by: str, said: Mapping[str, Any]) -> tuple[str | Markup, str]:
    until = moment(datetime.fromisoformat(str(said.get("until"))))
    return Markup("Snoozed by {} until {}").format(by, until), ""


def _woken(by: str, _: Mapping[str, Any]) -> tuple[str | Markup, str]:
    return f"Snooze ended by {by}", ""


def _closed(by: str, said: Mapping[str, Any]) -> tuple[str | Markup, str]:
    return f"Closed by {by}", _quoted(said.get("reason"))


_ACTS: Mapping[str, Callable[[str, Mapping[str, Any]], tuple[str | Markup, str]]] = {
    "acknowledge alert": _acknowledged,
    "snooze alert": _snoozed,
    "unsnooze alert": _woken,
    "close alert": _closed,
}
