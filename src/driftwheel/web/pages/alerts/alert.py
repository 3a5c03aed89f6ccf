"""One alert: the message as sent, its life, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from driftwheel.alerts.episode import is_open, is_snoozed
from driftwheel.alerts.message import Entry
from driftwheel.errors import UsageError
from driftwheel.monitors.evaluate import finding_from_json
from driftwheel.monitors.signal import signal_named
from driftwheel.notify.facts import Fact, facts
from driftwheel.report.printable import printable
from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
from driftwheel.services.alert.change_monitor import switch_monitor
from driftwheel.services.alert.close_alerts import close_alerts
from driftwheel.services.alert.describe_alert import AlertDescription
from driftwheel.services.alert.list_alerts import is_attended
from driftwheel.services.alert.snooze_alert import snooze_alert, unsnooze_alert
from driftwheel.web.api.known_alert import alert_at
from driftwheel.web.pages.alerts.alert_acts import SNOOZES
from driftwheel.web.pages.alerts.alert_life import life_of
from driftwheel.web.pages.alerts.alert_words import SEVERITY_TONES, alert_words, segment_words
from driftwheel.web.pages.images.image_filter import read_time
from driftwheel.web.pages.monitors.finding_value import finding_value
from driftwheel.web.pages.monitors.rule_chart import RESULT_WORDS, Point, rule_chart
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.pages.training.repair_alert import repair_view
from driftwheel.web.pages.wheel.open_turns import alert_turn
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**63)]

_TOLD = {
    "acknowledged": "Acknowledged: it is not repeated any more. You are told when it ends.",
    "snoozed": "Snoozed. If it still fires then, one message says so; if it ends before, none does.",
    "unsnoozed": "The snooze is over: it is told of again.",
    "closed": "Closed. The next window in breach begins another alert.",
    "disabled": "The monitor is switched off and its alerts are closed.",
}


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

    def act() -> None:
        acknowledge_alert(state.engine, key, by=caller.name, note=note.strip(), now=state.clock())

    return _act(request, state, key, act, "acknowledged", page="/alerts" if back == "list" else None)


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

    def act() -> None:
        snooze_alert(state.engine, key, until=_end(span, until.strip(), now), by=caller.name, now=now)

    return _act(request, state, key, act, "snoozed")


def _end(span: str, until: str, now: datetime) -> datetime:
    """Return when a snooze ends."""
    if span in SNOOZES:
        return now + SNOOZES[span][0]
    if not until:
        raise UsageError("A snooze has an end; choose how long, or give a time.")
    return read_time(until)


@router.post("/alerts/{key}/unsnooze", dependencies=[permit("edit-models")])
def _unsnooze(request: Request, state: State, caller: Caller, key: _Key) -> Response:
    """End the silence now."""

    def act() -> None:
        unsnooze_alert(state.engine, key, by=caller.name, now=state.clock())

    return _act(request, state, key, act, "unsnoozed")


@router.post("/alerts/{key}/close", dependencies=[permit("edit-models")])
def _close(
    request: Request, state: State, caller: Caller, key: _Key, reason: Annotated[str, Form()] = ""
) -> Response:
    """End it for a reason."""

    def act() -> None:
        close_alerts(state.engine, [key], reason=reason.strip(), by=caller.name, now=state.clock())

    return _act(request, state, key, act, "closed")


@router.post("/alerts/{key}/disable", dependencies=[permit("edit-models")])
def _disable(
    request: Request, state: State, caller: Caller, key: _Key, reason: Annotated[str, Form()] = ""
) -> Response:
    """Switch its monitor off, which closes its alerts."""

    def act() -> None:
        described = alert_at(state.engine, key)
        if described.monitor is None:
            raise UsageError("Its monitor was deleted already.")
        switch_monitor(
            state.engine,
            described.model.name,
            described.monitor.name,
            enabled=False,
            reason=reason.strip(),
            by=caller.name,
            now=state.clock(),
        )

    return _act(request, state, key, act, "disabled")


def _act(
    request: Request,
    state: Services,
    key: int,
    act: Callable[[], None],
    told: str,
    *,
    page: str | None = None,
) -> Response:
    """Do what was asked for and lead to a page, by default the alert's; or say there why it cannot be."""
    try:
        act()
    except UsageError as error:
        return _page(request, state, key, wrong=str(error))
    return RedirectResponse(f"{page or f'/alerts/{key}'}?told={told}", 303)


def _page(request: Request, state: Services, key: int, *, done: str = "", wrong: str = "") -> Response:
    now = state.clock()
    it = alert_at(state.engine, key)
    one = it.episode
    name = quote(it.model.name, safe="")
    monitor = None if it.monitor is None else f"/models/{name}/monitors/{it.monitor.key}"
    return render(
        request,
        "alerts/alert.html.j2",
        status=422 if wrong else 200,
        it=it,
        one=one,
        words=alert_words(one, now),
        severity_tone="quiet" if is_attended(one, now) else SEVERITY_TONES[one.severity],
        tone=_tone(it, now),
        segment=segment_words(one),
        facts=[] if it.entry is None else _facts(it.entry),
        lead="" if it.entry is None else printable(it.entry.wrong),
        life=life_of(it),
        charts=_charts(it),
        shots=shots_of(it.model.name, it.examples),
        evidence=_images(it),
        label_these=_label_these(it),
        repair=repair_view(state, it),
        turn=alert_turn(state.engine, one.key, now),
        model_page=f"/models/{name}",
        monitor_page=monitor,
        is_open=is_open(one),
        snoozed=is_snoozed(one, now),
        fired=one.fired is not None,
        snoozes=[(value, words) for value, (_, words) in SNOOZES.items()],
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


def _label_these(it: AlertDescription) -> str:
    """Return where images of all its windows in breach are put into a pool."""
    one = it.episode
    tag = f"{one.tag}={one.value}" if one.tag else ""
    span = {"since": f"{one.began:%Y-%m-%dT%H:%MZ}", "until": f"{one.last_breach:%Y-%m-%dT%H:%MZ}"}
    return address("/labels/images", {"model": it.model.name, **span, "tag": tag, "alert": one.key})


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
