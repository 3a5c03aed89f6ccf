"""Add a monitor or change one: try it on history before it is saved, see what it was, switch or delete it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.monitors.monitor import SEVERITIES, Monitor, definition_of, monitor_from
from driftwheel.monitors.signal import SIGNALS, Signal
from driftwheel.services.alert.change_monitor import (
    add_monitor,
    change_monitor,
    remove_monitor,
    switch_monitor,
)
from driftwheel.services.alert.evaluate_monitors import is_ticked
from driftwheel.services.alert.readable_monitors import readable_monitors
from driftwheel.services.alert.replay_monitor import replay_monitors
from driftwheel.store.alerts.monitors import MonitorRevision, StoredMonitor, list_revisions
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.windows.verdict_answers import segment_answers
from driftwheel.store.windows.verdicts import newest_start
from driftwheel.store.windows.windows import window_of
from driftwheel.web.api.known_model import model_at
from driftwheel.web.api.known_monitor import monitor_at
from driftwheel.web.pages.monitors.monitor_form import (
    WHOLE,
    MonitorForm,
    form_of,
    form_of_definition,
    given_form,
    new_form,
    read_form,
)
from driftwheel.web.pages.monitors.monitor_revisions import revision_rows
from driftwheel.web.pages.monitors.replay_view import ReplayView, replay_view
from driftwheel.web.pages.monitors.rule_chart import RESULT_WORDS
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**31)]
_Given = Annotated[MonitorForm, Depends(given_form)]

_SPANS = {"hour": (48, 168, 336), "day": (30, 90, 365), "week": (12, 26, 104)}
_AT_ONCE, _FEWEST = 500, 7


@router.get("/models/{name}/monitors/new", dependencies=[permit("edit-models")])
def _show_new(request: Request, state: State, name: str) -> Response:
    """Show an empty form."""
    model = model_at(state.engine, name)
    return _page(request, state, model, None, new_form(model.segment_tags), replay=None)


@router.post("/models/{name}/monitors/new", dependencies=[permit("edit-models")])
def _add(request: Request, state: State, caller: Caller, name: str, form: _Given) -> Response:
    """Add a monitor."""
    model = model_at(state.engine, name)
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
    model = model_at(state.engine, name)
    stored = monitor_at(state.engine, model, key) if key else None
    part = request.headers.get("x-part") == "replay"
    try:
        monitor = read_form(form, model.segment_tags, name=stored.name if stored else form.name or "new")
        replay = _replay(state, model, monitor, span, stored)
    except UsageError as error:
        if part:
            return render(
                request, "monitors/replay.html.j2", status=422, replay=None, wrong=str(error), **_around()
            )
        return _page(request, state, model, stored, form, replay=None, wrong=str(error))
    if part:
        return render(request, "monitors/replay.html.j2", replay=replay, wrong="", **_around(model, monitor))
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
    model = model_at(state.engine, name)
    stored = monitor_at(state.engine, model, key)
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
    model = model_at(state.engine, name)
    stored = monitor_at(state.engine, model, key)
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
    stored = monitor_at(state.engine, model_at(state.engine, name), key)
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
    stored = monitor_at(state.engine, model_at(state.engine, name), key)
    remove_monitor(state.engine, name, stored.name, by=caller.name, now=state.clock())
    return RedirectResponse(f"/models/{quote(name, safe='')}/monitors?told=deleted", 303)


def _replay(
    state: Services, model: Model, monitor: Monitor, span: int, stored: StoredMonitor | None
) -> ReplayView:
    """Try a monitor on the last windows, and what is saved beside it where that is another."""
    with reading(state.engine) as connection:
        since = _since(connection, model, span)
    tried = [monitor]
    if stored is not None and dict(stored.definition) != definition_of(monitor):
        tried += [saved for _, saved in readable_monitors([stored])]
    replay, *saved_too = replay_monitors(state.engine, model.name, tried, since=since)
    return replay_view(replay, model.window, saved=saved_too[0] if saved_too else None)


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
    ticked = monitor is not None and is_ticked(monitor)
    return {"results": RESULT_WORDS, "per": "window" if model is None else model.window, "ticked": ticked}


def _signals() -> list[tuple[str, list[Signal]]]:
    return [
        ("Of a window", [one for one in SIGNALS if one.kind != "effect"]),
        ("Of one property of its images", [one for one in SIGNALS if one.kind == "effect"]),
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
        "monitors/edit_monitor.html.j2",
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
        revisions=[] if stored is None else revision_rows(rows, stored.revision),
        old=old,
        signals=_signals(),
        wrong=wrong,
        **_around(model, monitor),
    )
