"""Add a monitor or change one: try it on history before it is saved, see what it was, switch or delete it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.monitors.monitor import SEVERITIES, Monitor, definition_of, monitor_from
from driftwheel.monitors.rule import signals_of
from driftwheel.monitors.signal import SIGNALS, Signal
from driftwheel.services.change_monitor import add_monitor, change_monitor, remove_monitor, switch_monitor
from driftwheel.services.evaluate_monitors import SILENCE
from driftwheel.services.replay_monitor import replay_monitor
from driftwheel.store.database import reading
from driftwheel.store.models import Model
from driftwheel.store.monitors import MonitorRevision, StoredMonitor, list_revisions, monitor_by_key
from driftwheel.store.verdict_answers import segment_answers
from driftwheel.store.verdicts import newest_start
from driftwheel.store.windows import window_of
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.monitor_form import (
    WHOLE,
    MonitorForm,
    form_of,
    form_of_definition,
    given_form,
    new_form,
    read_form,
)
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.replay_view import ReplayView, replay_view
from driftwheel.web.pages.rule_chart import RESULT_WORDS
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**31)]
_Given = Annotated[MonitorForm, Depends(given_form)]

_SPANS = {"hour": (48, 168, 336), "day": (30, 90, 365), "week": (12, 26, 104)}
_AT_ONCE, _FEWEST = 500, 7
_KEYS = {
    "when": "rule",
    "severity": "severity",
    "segments": "segments",
    "breaches": "windows in breach",
    "of_windows": "windows looked at",
    "keep_firing_for": "windows until it is resolved",
    "least_n": "least sample",
    "note": "note",
}


@dataclass(frozen=True, slots=True)
class _Revision:
    """What a monitor was: the revision, and what changed in words."""

    row: MonitorRevision
    changes: tuple[str, ...]
    current: bool


@router.get("/models/{name}/monitors/new", dependencies=[permit("edit-models")])
def _show_new(request: Request, state: State, name: str) -> Response:
    """Show an empty form."""
    model = _model(state, name)
    return _page(request, state, model, None, new_form(model.segment_tags), replay=None)


@router.post("/models/{name}/monitors/new", dependencies=[permit("edit-models")])
def _add(request: Request, state: State, caller: Caller, name: str, form: _Given) -> Response:
    """Add a monitor."""
    model = _model(state, name)
    try:
        monitor = read_form(form, model.segment_tags)
        add_monitor(state.engine, name, monitor, origin="page", by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, model, None, form, replay=None, wrong=str(error))
    return RedirectResponse(f"/models/{quote(name, safe='')}/monitors?told=added", 303)


@router.post("/models/{name}/monitors/try", dependencies=[permit("edit-models")])
def _try(  # noqa: PLR0917
    request: Request,
    state: State,
    name: str,
    form: _Given,
    key: Annotated[int, Form(ge=0, lt=2**31)] = 0,
    span: Annotated[int, Form(ge=0, lt=10_000)] = 0,
) -> Response:
    """Show what a form would have done in the past; nothing is saved."""
    model = _model(state, name)
    stored = _stored(state, model, key) if key else None
    part = request.headers.get("x-part") == "replay"
    try:
        monitor = read_form(form, model.segment_tags, name=stored.name if stored else form.name or "new")
        replay = _replay(state, model, monitor, span, stored)
    except UsageError as error:
        if part:
            return render(request, "replay.html.j2", status=422, replay=None, wrong=str(error), **_around())
        return _page(request, state, model, stored, form, replay=None, wrong=str(error))
    if part:
        return render(request, "replay.html.j2", replay=replay, wrong="", **_around(model, monitor))
    return _page(request, state, model, stored, form, replay=replay, monitor=monitor, span=span)


@router.get("/models/{name}/monitors/{key}", dependencies=[permit("read")])
def _show_monitor(
    request: Request,
    state: State,
    name: str,
    key: _Key,
    revision: Annotated[int, Query(ge=0, lt=2**31)] = 0,
) -> Response:
    """Show a monitor, or what it was, with what it would have done in the past."""
    model = _model(state, name)
    stored = _stored(state, model, key)
    definition: Mapping[str, Any] = stored.definition
    if revision:
        with reading(state.engine) as connection:
            rows = list_revisions(connection, stored.key)
        found = next((row for row in rows if row.revision == revision), None)
        if found is None:
            raise HTTPException(404, f"The monitor '{stored.name}' has no revision {revision}.")
        definition = found.definition
    try:
        monitor = monitor_from(stored.name, definition)
    except DriftwheelError as error:
        form = form_of_definition(stored.name, definition, model.segment_tags)
        return _page(request, state, model, stored, form, replay=None, wrong=str(error))
    form = form_of(monitor, model.segment_tags)
    replay = _replay(state, model, monitor, 0, stored)
    old = revision if revision and revision != stored.revision else 0
    return _page(request, state, model, stored, form, replay=replay, monitor=monitor, old=old)


@router.post("/models/{name}/monitors/{key}", dependencies=[permit("edit-models")])
def _change(  # noqa: PLR0917
    request: Request, state: State, caller: Caller, name: str, key: _Key, form: _Given
) -> Response:
    """Change a monitor."""
    model = _model(state, name)
    stored = _stored(state, model, key)
    try:
        monitor = read_form(form, model.segment_tags, name=stored.name)
        after = change_monitor(state.engine, name, monitor, origin="page", by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, model, stored, form, replay=None, wrong=str(error))
    told = "same" if after.revision == stored.revision else "changed"
    return RedirectResponse(f"/models/{quote(name, safe='')}/monitors?told={told}", 303)


@router.post("/models/{name}/monitors/{key}/switch", dependencies=[permit("edit-models")])
def _switch(  # noqa: PLR0917
    state: State,
    caller: Caller,
    name: str,
    key: _Key,
    on: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Switch a monitor on or off."""
    stored = _stored(state, _model(state, name), key)
    switch_monitor(
        state.engine,
        name,
        stored.name,
        enabled=on == "yes",
        reason=reason.strip(),
        by=caller.name,
        now=state.clock(),
    )
    told = "on" if on == "yes" else "off"
    return RedirectResponse(f"/models/{quote(name, safe='')}/monitors?told={told}", 303)


@router.post("/models/{name}/monitors/{key}/delete", dependencies=[permit("edit-models")])
def _delete(state: State, caller: Caller, name: str, key: _Key) -> Response:
    """Delete a monitor."""
    stored = _stored(state, _model(state, name), key)
    remove_monitor(state.engine, name, stored.name, by=caller.name, now=state.clock())
    return RedirectResponse(f"/models/{quote(name, safe='')}/monitors?told=deleted", 303)


def _model(state: Services, name: str) -> Model:
    with reading(state.engine) as connection:
        return known_model(connection, name)


def _stored(state: Services, model: Model, key: int) -> StoredMonitor:
    with reading(state.engine) as connection:
        found = monitor_by_key(connection, key)
    if found is None or found.model != model.key:
        raise HTTPException(404, f"The model '{model.name}' has no monitor {key}; it may have been deleted.")
    return found


def _replay(
    state: Services, model: Model, monitor: Monitor, span: int, stored: StoredMonitor | None
) -> ReplayView:
    """Try a monitor on the last windows, and what is saved beside it where that is another."""
    with reading(state.engine) as connection:
        since = _since(connection, model, span)
    saved = None
    if stored is not None and dict(stored.definition) != definition_of(monitor):
        try:
            before = monitor_from(stored.name, stored.definition)
            saved = replay_monitor(state.engine, model.name, before, since=since)
        except DriftwheelError:  # this release cannot read it
            saved = None
    return replay_view(
        replay_monitor(state.engine, model.name, monitor, since=since), model.window, saved=saved
    )


def _since(connection: Connection, model: Model, span: int) -> datetime | None:
    newest = newest_start(connection, model.key)
    if newest is None:
        return None
    start, end = window_of(newest, model.window)
    spans = _SPANS[model.window]
    windows = span
    if span not in spans:  # of many segments fewer windows, so that the page comes at once
        segments = 1 + len(segment_answers(connection, model.key, newest, limit=_AT_ONCE))
        windows = min(spans[0], max(_FEWEST, _AT_ONCE // segments))
    return start - (windows - 1) * (end - start)


def _around(model: Model | None = None, monitor: Monitor | None = None) -> dict[str, Any]:
    """Return what a replay is shown with."""
    ticked = monitor is not None and SILENCE in signals_of(monitor.rule)
    return {"results": RESULT_WORDS, "per": "window" if model is None else model.window, "ticked": ticked}


def _revisions(rows: Sequence[MonitorRevision], current: int) -> list[_Revision]:
    """Return what a monitor was, the newest first, with what changed."""
    before = [*rows[1:], None]
    return [
        _Revision(
            row,
            ("made so at first",) if last is None else _changes(last.definition, row.definition),
            row.revision == current,
        )
        for row, last in zip(rows, before, strict=True)
    ]


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{words}: {_said(before.get(key))} → {_said(after.get(key))}"
        for key, words in _KEYS.items()
        if before.get(key) != after.get(key)
    ) or ("as before",)


def _said(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, list):
        return ", ".join(str(one) or "whole model" for one in value)
    return str(value) or "none"


def _signals(signals: Sequence[Signal]) -> list[tuple[str, list[Signal]]]:
    plain = [one for one in signals if one.kind != "effect"]
    return [
        ("Of a window", plain),
        ("Of one property of its images", [one for one in signals if one.kind == "effect"]),
    ]


def _page(
    request: Request,
    state: Services,
    model: Model,
    stored: StoredMonitor | None,
    form: MonitorForm,
    *,
    replay: ReplayView | None,
    monitor: Monitor | None = None,
    wrong: str = "",
    span: int = 0,
    old: int = 0,
) -> Response:
    rows: list[MonitorRevision] = []
    if stored is not None:
        with reading(state.engine) as connection:
            rows = list_revisions(connection, stored.key)
    spans = _SPANS[model.window]
    return render(
        request,
        "edit_monitor.html.j2",
        status=422 if wrong else 200,
        model=model,
        stored=stored,
        form=form,
        here=f"/models/{quote(model.name, safe='')}/monitors",
        severities=[(one, one) for one in reversed(SEVERITIES)],
        whole=WHOLE,
        replay=replay,
        spans=[(str(n), f"last {n} {model.window}s") for n in spans],
        span=str(span if span in spans else spans[0]),
        revisions=[] if stored is None else _revisions(rows, stored.revision),
        old=old,
        signals=_signals(SIGNALS),
        wrong=wrong,
        **_around(model, monitor),
    )
