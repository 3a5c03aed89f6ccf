"""Monitors of a model: what watches it, what each said last; the dial; and the way to them from anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.monitors.evaluate import finding_from_json
from driftwheel.monitors.segments_words import segments_words
from driftwheel.profiles.window import as_window, windows_per_year
from driftwheel.report.numbers import several
from driftwheel.report.printable import printable
from driftwheel.services.alert.describe_monitors import DescribedMonitor, describe_monitors
from driftwheel.services.models.register_model import ModelChange, change_model
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model, list_models
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.pages.alerts.alert_words import SEVERITY_TONES
from driftwheel.web.pages.monitors.finding_value import finding_value
from driftwheel.web.pages.monitors.rule_chart import RESULT_WORDS
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_DIALS = (
    (0.1, "one in ten years"),
    (0.5, "one in two years"),
    (1.0, "one a year"),
    (4.0, "four a year"),
    (12.0, "one a month"),
    (52.0, "one a week"),
)
_TOLD = {
    "added": "The monitor is added. It watches from now on; windows that are over do not page.",
    "changed": "The monitor is changed.",
    "same": "Nothing was changed.",
    "on": "The monitor is on. It watches from now on; windows that are over do not page.",
    "off": "The monitor is off, and its alerts are closed.",
    "deleted": "The monitor is deleted, and its alerts are closed.",
    "dial": "The dial is set. It counts for windows that are judged from now on.",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """One monitor of the list; `found` is what was found last, of `segment`."""

    it: DescribedMonitor
    page: str
    tone: str
    segments: str
    state: str
    state_tone: str
    alert: int | None
    found: str
    n: int
    segment: str


@router.get("/monitors", dependencies=[permit("read")])
def _show_models(request: Request, state: State) -> Response:
    """Lead to the monitors of the only model, or list the models with theirs."""
    with reading(state.engine) as connection:
        models = list_models(connection)
        if len(models) == 1:
            return RedirectResponse(f"/models/{quote(models[0].name, safe='')}/monitors", 303)
        rows = [
            (
                model,
                list_monitors(connection, model.key),
                [one for one in open_episodes(connection, model.key) if one.fired is not None],
            )
            for model in models
        ]
    return render(request, "monitors/monitors_of_all.html.j2", rows=rows, dial=_dial_words)


@router.get("/models/{name}/monitors", dependencies=[permit("read")])
def _show_monitors(request: Request, state: State, name: str) -> Response:
    """List the monitors of a model."""
    return _page(request, state, name, done=_TOLD.get(request.query_params.get("told", ""), ""))


@router.post("/models/{name}/monitors/dial", dependencies=[permit("edit-models")])
def _set_dial(
    request: Request, state: State, caller: Caller, name: str, rate: Annotated[str, Form()] = ""
) -> Response:
    """Set how many false alarms a year the model may have."""
    model_at(state.engine, name)
    try:
        change = ModelChange(false_alarms_per_year=_rate(rate))
        change_model(state.engine, name, change, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, name, wrong=str(error))
    return RedirectResponse(f"/models/{quote(name, safe='')}/monitors?told=dial", 303)


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"'{text[:20]}' is no number of false alarms a year; give one such as 1.") from None


def _dial_words(rate: float) -> str:
    return next((words for one, words in _DIALS if one == rate), f"{rate:g} a year")


def _page(request: Request, state: Services, name: str, *, done: str = "", wrong: str = "") -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        described = describe_monitors(connection, model)
    rows = [_row(model, one) for one in described]
    windows = windows_per_year(as_window(model.window))
    choices = [(f"{rate:g}", f"{rate:g}: {words}") for rate, words in _DIALS if rate < windows]
    now = f"{model.false_alarms_per_year:g}"
    if now not in dict(choices):
        choices.append((now, f"{now}: {_dial_words(model.false_alarms_per_year)}"))
    return render(
        request,
        "monitors/monitors.html.j2",
        status=422 if wrong else 200,
        model=model,
        here=f"/models/{quote(name, safe='')}",
        rows=[row for row in rows if row.it.stored.enabled],
        off=[row for row in rows if not row.it.stored.enabled],
        firing=sum(1 for row in rows if row.alert is not None),
        choices=choices,
        dial=now,
        dial_words=_dial_words(model.false_alarms_per_year),
        windows=several(round(windows), model.window),
        done=done,
        wrong=wrong,
    )


def _row(model: Model, it: DescribedMonitor) -> _Row:
    last = it.shown
    word, tone = _state(it)
    finding = None
    if last is not None and last.findings:
        finding = finding_from_json(last.findings[0])
    alert = it.firing or it.open
    return _Row(
        it,
        f"/models/{quote(model.name, safe='')}/monitors/{it.stored.key}",
        SEVERITY_TONES["warning" if it.monitor is None else it.monitor.severity],
        "" if it.monitor is None else segments_words(it.monitor.segments, model.segment_tags),
        word,
        tone,
        it.firing[0].key if it.firing else alert[0].key if alert else None,
        "–" if finding is None else finding_value(finding),
        0 if finding is None else finding.n,
        "" if last is None or not last.tag else printable(f"{last.tag} = {last.value}"),
    )


def _state(it: DescribedMonitor) -> tuple[str, str]:
    """Return the state of a monitor: a word and its colour."""
    if it.monitor is None:
        return "cannot be read", "bad"
    if it.stored.enabled and it.open:
        return _alarm(it)
    last = it.shown
    if last is None or not it.stored.enabled:
        return ("waiting" if it.stored.enabled else "off"), "quiet"
    return RESULT_WORDS[last.result], {"ok": "ok", "breach": "warn", "error": "bad"}.get(last.result, "quiet")


def _alarm(it: DescribedMonitor) -> tuple[str, str]:
    """Return the same of one with open alerts."""
    if not it.firing:
        return "pending", "warn"
    if all(one.inhibited_by is not None for one in it.firing):
        return "explained by another", "warn"
    return f"firing, {several(len(it.firing), 'alert')}", "bad"
