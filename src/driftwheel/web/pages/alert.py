"""One alert: the message as sent, its life, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from driftwheel.alerts.episode import is_open, is_snoozed
from driftwheel.alerts.message import Entry, message_from_json
from driftwheel.errors import UsageError
from driftwheel.monitors.evaluate import finding_from_json
from driftwheel.monitors.signal import signal_named
from driftwheel.notify.facts import Fact, facts
from driftwheel.notify.plain_text import as_text
from driftwheel.report.numbers import several
from driftwheel.report.printable import printable
from driftwheel.services.acknowledge_alert import acknowledge_alert
from driftwheel.services.change_monitor import switch_monitor
from driftwheel.services.close_alerts import close_alerts
from driftwheel.services.describe_alert import AlertDescription, ToldOf, describe_alert
from driftwheel.services.list_alerts import is_attended
from driftwheel.services.snooze_alert import snooze_alert, unsnooze_alert
from driftwheel.store.database import reading
from driftwheel.web.pages.alert_words import SEVERITY_TONES, alert_words, segment_words
from driftwheel.web.pages.finding_value import finding_value
from driftwheel.web.pages.image_filter import read_time
from driftwheel.web.pages.rendering import address, moment, render
from driftwheel.web.pages.rule_chart import RESULT_WORDS, Point, rule_chart
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**63)]

_SNOOZES = {
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("1 day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("1 week", timedelta(days=7)),
}
_TOLD = {
    "acknowledged": "Acknowledged: it is not repeated any more. You are told when it ends.",
    "snoozed": "Snoozed. If it still fires then, one message says so; if it ends before, none does.",
    "unsnoozed": "The snooze is over: it is told of again.",
    "closed": "Closed. The next window in breach begins another alert.",
    "disabled": "The monitor is switched off and its alerts are closed.",
}


@dataclass(frozen=True, slots=True)
class _Moment:
    """One moment in the life of an alert: when, what, a colour, and more words under it."""

    time: datetime
    what: str | Markup
    tone: str = ""
    more: str | Markup = ""
    text: str = ""


@router.get("/alerts/{key}", dependencies=[permit("read")])
def _show_alert(request: Request, state: State, key: _Key) -> Response:
    """Show one alert."""
    return _page(request, state, key, done=_TOLD.get(request.query_params.get("told", ""), ""))


@router.post("/alerts/{key}/acknowledge", dependencies=[permit("edit-models")])
def _acknowledge(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    key: _Key,
    note: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
) -> Response:
    """Note that somebody is on it."""
    try:
        acknowledge_alert(state.engine, key, by=caller.name, note=note.strip(), now=state.clock())
    except UsageError as error:
        return _page(request, state, key, wrong=str(error))
    return RedirectResponse(
        "/alerts?told=acknowledged" if back == "list" else f"/alerts/{key}?told=acknowledged", 303
    )


@router.post("/alerts/{key}/snooze", dependencies=[permit("edit-models")])
def _snooze(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    key: _Key,
    span: Annotated[str, Form(alias="for")] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Silence it until a time."""
    now = state.clock()
    try:
        snooze_alert(state.engine, key, until=_end(span, until.strip(), now), by=caller.name, now=now)
    except UsageError as error:
        return _page(request, state, key, wrong=str(error))
    return RedirectResponse(f"/alerts/{key}?told=snoozed", 303)


def _end(span: str, until: str, now: datetime) -> datetime:
    """Return when a snooze ends."""
    if span in _SNOOZES:
        return now + _SNOOZES[span][1]
    if not until:
        raise UsageError("A snooze has an end; choose how long, or give a time.")
    return read_time(until)


@router.post("/alerts/{key}/unsnooze", dependencies=[permit("edit-models")])
def _unsnooze(request: Request, state: State, caller: Caller, key: _Key) -> Response:
    """End the silence now."""
    try:
        unsnooze_alert(state.engine, key, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, key, wrong=str(error))
    return RedirectResponse(f"/alerts/{key}?told=unsnoozed", 303)


@router.post("/alerts/{key}/close", dependencies=[permit("edit-models")])
def _close(
    request: Request, state: State, caller: Caller, key: _Key, reason: Annotated[str, Form()] = ""
) -> Response:
    """End it for a reason."""
    try:
        close_alerts(state.engine, [key], reason=reason.strip(), by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, key, wrong=str(error))
    return RedirectResponse(f"/alerts/{key}?told=closed", 303)


@router.post("/alerts/{key}/disable", dependencies=[permit("edit-models")])
def _disable(
    request: Request, state: State, caller: Caller, key: _Key, reason: Annotated[str, Form()] = ""
) -> Response:
    """Switch its monitor off, which closes its alerts."""
    described = _described(state, key)
    if described.monitor is None:
        return _page(request, state, key, wrong="Its monitor was deleted already.")
    try:
        switch_monitor(
            state.engine,
            described.model.name,
            described.monitor.name,
            enabled=False,
            reason=reason.strip(),
            by=caller.name,
            now=state.clock(),
        )
    except UsageError as error:
        return _page(request, state, key, wrong=str(error))
    return RedirectResponse(f"/alerts/{key}?told=disabled", 303)


def _described(state: Services, key: int) -> AlertDescription:
    with reading(state.engine) as connection:
        try:
            return describe_alert(connection, key)
        except LookupError as error:
            raise HTTPException(404, str(error)) from None


def _page(request: Request, state: Services, key: int, *, done: str = "", wrong: str = "") -> Response:
    now = state.clock()
    it = _described(state, key)
    one = it.episode
    name = quote(it.model.name, safe="")
    monitor = None if it.monitor is None else f"/models/{name}/monitors/{it.monitor.key}"
    return render(
        request,
        "alert.html.j2",
        status=422 if wrong else 200,
        it=it,
        one=one,
        words=alert_words(one, now),
        severity_tone="quiet" if is_attended(one, now) else SEVERITY_TONES[one.severity],
        tone=_tone(it, now),
        segment=segment_words(one),
        facts=[] if it.entry is None else _facts(it.entry),
        lead="" if it.entry is None else printable(it.entry.wrong),
        life=_life(it),
        charts=_charts(it),
        shots=shots_of(it.model.name, it.examples),
        evidence=_images(it),
        model_page=f"/models/{name}",
        monitor_page=monitor,
        is_open=is_open(one),
        snoozed=is_snoozed(one, now),
        fired=one.fired is not None,
        snoozes=[(value, words) for value, (words, _) in _SNOOZES.items()],
        results=RESULT_WORDS,
        amount_of=lambda plain: finding_value(finding_from_json(plain)),
        done=done,
        wrong=wrong,
    )


def _tone(it: AlertDescription, now: datetime) -> str:
    one = it.episode
    if not is_open(one):
        return "note"
    return "warn" if is_attended(one, now) or one.severity != "critical" else "bad"


def _facts(entry: Entry) -> list[Fact]:
    """Return what the message says but what stands elsewhere on the page: its state, images and acts."""
    plain = replace(entry, links=(), examples=(), ended=None, state="firing", reason="", flapping=False)
    return [one for one in facts(plain) if one.label not in {"State", "What went wrong"}]


def _images(it: AlertDescription) -> str:
    """Return the images of the last window in breach, the most unusual first."""
    if it.entry is None:
        return address("/images", {"model": it.model.name})
    since, until = (f"{each:%Y-%m-%dT%H:%MZ}" for each in (it.entry.start, it.entry.end))
    tag = f"{it.episode.tag}={it.episode.value}" if it.episode.tag else ""
    return address("/images", {"model": it.model.name, "since": since, "until": until, "tag": tag})


def _charts(it: AlertDescription) -> list[tuple[str, Markup, Markup]]:
    """Return a chart of each condition of the rule: its name, wide and narrow."""
    now_ones = [one for one in it.evaluations if one.findings]
    charts = []
    for number in range(min((len(one.findings) for one in now_ones), default=0)):
        points = []
        for one in now_ones:
            finding = finding_from_json(one.findings[number])
            firing = it.episode.began < one.end <= it.episode.last_breach and one.result == "breach"
            points.append(Point(one.start, one.end, finding, firing, it.alphas.get(one.start)))
        if len({point.finding.signal for point in points}) != 1:
            continue  # the rule was another one before
        per, name = it.model.window, it.episode.value
        wide, narrow = (rule_chart(points, per, width=width, name=name) for width in (560, 340))
        charts.append((signal_named(points[0].finding.signal).title, wide, narrow))
    return charts


def _life(it: AlertDescription) -> list[_Moment]:
    """Return its life, the newest first."""
    one = it.episode
    began = Markup("the window began {}").format(moment(one.began))
    life = [_Moment(one.pending, "In breach", "warn", began)]
    if one.fired is not None:
        life.append(_Moment(one.fired, "Fired", "bad"))
    life += [_told(each) for each in it.told]
    for each in it.acts:
        if each.action in _ACTS:
            what, more = _ACTS[each.action](printable(each.by), each.details)
            life.append(_Moment(each.time, what, "", more))
    if one.recovering is not None and one.ended is None:
        life.append(_Moment(one.recovering, "Recovering", "ok", "back to usual; it ends when that lasts"))
    if one.ended is not None:
        tone = "ok" if one.state == "resolved" else ""
        life.append(_Moment(one.ended, one.state.capitalize(), tone, printable(one.reason or "")))
    return sorted(life, key=lambda each: each.time)[::-1]


def _told(each: ToldOf) -> _Moment:
    message = each.message
    text = as_text(message_from_json(message.body))
    title = printable(str(message.body.get("title", "")))
    channel = printable(each.channel or "a channel that was removed")
    if message.state == "sent" and message.sent is not None:
        return _Moment(message.sent, f"Told {channel}", "", title, text)
    if message.state == "dead":
        said = f"given up: {printable(message.error or '')}"
        return _Moment(message.created, f"Could not tell {channel}", "bad", said, text)
    tried = several(message.attempts, "time")
    said = f"tried {tried}: {printable(message.error or '')}" if message.attempts else title
    return _Moment(message.created, f"Telling {channel} …", "warn", said, text)


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
