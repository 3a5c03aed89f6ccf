"""Monitors of a model: what is watched, and when it becomes an alert."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import AwareDatetime

from driftwheel.alerts.episode import Episode
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Monitor, definition_of, monitor_from
from driftwheel.services.alert.change_monitor import (
    add_monitor,
    change_monitor,
    remove_monitor,
    switch_monitor,
)
from driftwheel.services.alert.describe_monitors import DescribedMonitor, describe_monitors
from driftwheel.services.alert.replay_monitor import SegmentReplay, replay_monitor
from driftwheel.store.alerts.evaluations import list_evaluations
from driftwheel.store.alerts.monitors import list_monitors, list_revisions
from driftwheel.store.engine.database import reading
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.api.known_monitor import monitor_at
from driftwheel.web.api.monitor_bodies import (
    EvaluationAnswer,
    MonitorAnswer,
    MonitorBody,
    MonitorChangeBody,
    MonitorDefinition,
    ReplayAnswer,
    ReplayBody,
    ReplayedEpisodeAnswer,
    ReplayedSegmentAnswer,
    RevisionAnswer,
    SegmentResultAnswer,
)
from driftwheel.web.api.window_lists import NEWEST
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "delete_monitor",
    "edit_monitor",
    "make_monitor",
    "read_evaluations",
    "read_monitor",
    "read_monitors",
    "read_revisions",
    "replay_rule",
    "router",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}/monitors", tags=["monitors"])

Key = Annotated[int, Path(ge=1, lt=2**31)]
_MOST = 10_000


@router.get("", dependencies=[permit("read")], responses=problems(404))
def read_monitors(name: str, state: State) -> list[MonitorAnswer]:
    """Read the monitors of a model: those with alerts first, then the gravest, those off last."""
    with reading(state.engine) as connection:
        described = describe_monitors(connection, known_model(connection, name))
    return [_answer(one) for one in described]


@router.post("", status_code=201, dependencies=[permit("edit-models")], responses=problems(404, 409))
def make_monitor(name: str, body: MonitorBody, state: State, caller: Caller) -> MonitorAnswer:
    """Add a monitor; windows that are over by now never page."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        if any(one.name == body.name for one in list_monitors(connection, model.key)):
            raise HTTPException(409, f"There is already a monitor '{body.name}'; change that one.")
    monitor = _monitor(body.name, body)
    made = add_monitor(state.engine, name, monitor, origin="api", by=caller.name, now=state.clock())
    return _described(state, name, made.key)


@router.post("/replay", dependencies=[permit("read")], responses=problems(404))
def replay_rule(name: str, body: ReplayBody, state: State) -> ReplayAnswer:
    """Try a monitor on past windows: how often would it have fired? Nothing is saved."""
    model_at(state.engine, name)
    monitor = _monitor(body.name, body)
    found = replay_monitor(state.engine, name, monitor, since=body.since, until=body.until)
    segments = [_replayed(one) for one in found.segments]
    return ReplayAnswer(windows=found.windows, since=found.since, fired=found.fired, segments=segments)


@router.get("/{key}", dependencies=[permit("read")], responses=problems(404))
def read_monitor(name: str, key: Key, state: State) -> MonitorAnswer:
    """Read one monitor."""
    return _described(state, name, key)


@router.patch("/{key}", dependencies=[permit("edit-models")], responses=problems(404))
def edit_monitor(name: str, key: Key, body: MonitorChangeBody, state: State, caller: Caller) -> MonitorAnswer:
    """Change a monitor, or switch it.

    Another definition is a new revision, and is held against the newest window at once.
    """
    before = monitor_at(state.engine, model_at(state.engine, name), key)
    given = body.model_dump(exclude_unset=True, exclude={"enabled", "reason"})
    if given:
        empty = [one for one, value in given.items() if value is None and one != "segments"]
        if empty:
            raise HTTPException(422, f"'{empty[0]}' is null; leave out what is to stay.")
        definition = {
            one: value for one, value in (dict(before.definition) | given).items() if value is not None
        }
        monitor = monitor_from(before.name, definition)
        change_monitor(state.engine, name, monitor, origin="api", by=caller.name, now=state.clock())
    if body.enabled is not None:
        switch_monitor(
            state.engine,
            name,
            before.name,
            enabled=body.enabled,
            reason=body.reason,
            by=caller.name,
            now=state.clock(),
        )
    return _described(state, name, key)


@router.delete(
    "/{key}",
    status_code=204,
    response_class=Response,
    dependencies=[permit("edit-models")],
    responses=problems(404),
)
def delete_monitor(name: str, key: Key, state: State, caller: Caller) -> None:
    """Remove a monitor with what it said; its alerts are closed and stay."""
    stored = monitor_at(state.engine, model_at(state.engine, name), key)
    remove_monitor(state.engine, name, stored.name, by=caller.name, now=state.clock())


@router.get("/{key}/revisions", dependencies=[permit("read")], responses=problems(404))
def read_revisions(name: str, key: Key, state: State) -> list[RevisionAnswer]:
    """Read what a monitor was, the newest first."""
    monitor_at(state.engine, model_at(state.engine, name), key)
    with reading(state.engine) as connection:
        rows = list_revisions(connection, key)
    return [RevisionAnswer.model_validate(one, from_attributes=True) for one in rows]


@router.get("/{key}/evaluations", dependencies=[permit("read")], responses=problems(404))
def read_evaluations(  # noqa: PLR0917 - the parameters of the query
    name: str,
    key: Key,
    state: State,
    since: Annotated[AwareDatetime | None, Query(description="Of windows that end after this time.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Of windows that start before it.")] = None,
    tag: Annotated[str | None, Query(max_length=128, description="Of segments by this tag.")] = None,
    value: Annotated[str | None, Query(max_length=256, description="Of this segment.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST, description=NEWEST)] = 1000,
) -> list[EvaluationAnswer]:
    """Read what a monitor said of windows, by time."""
    monitor_at(state.engine, model_at(state.engine, name), key)
    with reading(state.engine) as connection:
        rows = list_evaluations(connection, key, since=since, until=until, tag=tag, value=value, newest=limit)
    return [EvaluationAnswer.model_validate(one, from_attributes=True) for one in rows]


def _monitor(name: str, body: MonitorDefinition) -> Monitor:
    given = body.model_dump(include=set(MonitorDefinition.model_fields))
    return monitor_from(name, {key: value for key, value in given.items() if value is not None})


def _described(state: Services, name: str, key: int) -> MonitorAnswer:
    with reading(state.engine) as connection:
        described = describe_monitors(connection, known_model(connection, name))
    for one in described:
        if one.stored.key == key:
            return _answer(one)
    raise HTTPException(404, f"The model '{name}' has no monitor with the key {key}.")


def _answer(one: DescribedMonitor) -> MonitorAnswer:
    stored = one.stored
    definition = dict(stored.definition) if one.monitor is None else definition_of(one.monitor)
    plain = {name: getattr(stored, name) for name in MonitorAnswer.model_fields if hasattr(stored, name)}
    defaults = {"when": "", "severity": "warning", "note": ""}
    numbers = {"breaches": 1, "of_windows": 1, "keep_firing_for": 1, "least_n": 20}
    return MonitorAnswer.model_validate(
        {"segments": None}
        | defaults
        | numbers
        | {key: value for key, value in definition.items() if key in MonitorAnswer.model_fields}
        | plain
        | {
            "wrong": one.wrong,
            "last": [SegmentResultAnswer.model_validate(each, from_attributes=True) for each in one.last],
            "alerts": [each.key for each in one.firing],
        }
    )


def _replayed(one: SegmentReplay) -> ReplayedSegmentAnswer:
    results: dict[Result, int] = {}
    for window in one.windows:
        results[window.result] = results.get(window.result, 0) + 1
    return ReplayedSegmentAnswer(
        tag=one.tag,
        value=one.value,
        results=results,
        breaches=[window.start for window in one.windows if window.result == "breach"],
        alerts=[_episode(each) for each in one.episodes],
    )


def _episode(one: Episode) -> ReplayedEpisodeAnswer:
    return ReplayedEpisodeAnswer(
        began=one.began, fired=one.fired, last_breach=one.last_breach, ended=one.ended
    )
