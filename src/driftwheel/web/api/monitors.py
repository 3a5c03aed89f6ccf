"""Monitors of a model: what is watched, and when it becomes an alert."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.alerts.episode import Episode
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Monitor, Severity, definition_of, monitor_from
from driftwheel.services.change_monitor import add_monitor, change_monitor, remove_monitor, switch_monitor
from driftwheel.services.describe_monitors import DescribedMonitor, describe_monitors
from driftwheel.services.replay_monitor import SegmentReplay, replay_monitor
from driftwheel.store.database import reading
from driftwheel.store.evaluations import list_evaluations
from driftwheel.store.monitors import Origin, StoredMonitor, list_monitors, list_revisions, monitor_by_key
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model, model_must_exist
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "EvaluationAnswer",
    "FindingAnswer",
    "MonitorAnswer",
    "MonitorBody",
    "MonitorChangeBody",
    "ReplayAnswer",
    "ReplayBody",
    "ReplayedEpisodeAnswer",
    "ReplayedSegmentAnswer",
    "RevisionAnswer",
    "SegmentResultAnswer",
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
_FORBID = ConfigDict(extra="forbid")
_When = Annotated[
    str,
    Field(
        max_length=2000,
        description="What is not to be.",
        examples=["drift is found", "accuracy below 90 % until 93 % and records above 100"],
    ),
]
_Name = Annotated[str, Field(min_length=1, max_length=128, examples=["dark images"])]
_Tag = Annotated[str, Field(max_length=128)]
_Windows = Annotated[int, Field(ge=1, le=100)]
_LeastN = Annotated[int, Field(ge=1, le=1_000_000)]
_Note = Annotated[str, Field(max_length=2000)]
_SEGMENTS = "Tags whose values are watched one by one, empty for the whole model; null: all of both."
_MOST = 10_000


class _Definition(BaseModel):
    """What is watched, and when it becomes an alert."""

    when: _When
    severity: Severity = "warning"
    segments: list[_Tag] | None = Field(None, max_length=65, description=_SEGMENTS)
    breaches: _Windows = Field(1, description="An alert fires when so many windows are in breach …")
    of_windows: _Windows | None = Field(None, description="… of so many; null: as many as `breaches`.")
    keep_firing_for: _Windows = Field(1, description="It is resolved after so many clear windows in a row.")
    least_n: _LeastN = Field(20, description="With a smaller sample a window is `insufficient`.")
    note: _Note = Field("", description="What whoever is told should know.")


class MonitorBody(_Definition):
    """A monitor to be added."""

    model_config = _FORBID

    name: _Name


class MonitorChangeBody(BaseModel):
    """What is to change of a monitor; what is left out stays."""

    model_config = _FORBID

    when: _When | None = None
    severity: Severity | None = None
    segments: list[_Tag] | None = Field(None, max_length=65, description=_SEGMENTS)
    breaches: _Windows | None = None
    of_windows: _Windows | None = None
    keep_firing_for: _Windows | None = None
    least_n: _LeastN | None = None
    note: _Note | None = None
    enabled: bool | None = Field(None, description="Off, its alerts are closed.")
    reason: str = Field("", max_length=500, description="Why it is switched off.")


class SegmentResultAnswer(BaseModel):
    """What a monitor said of the newest window of one segment."""

    tag: str = Field(description="Empty for the whole model.")
    value: str
    start: datetime
    end: datetime
    result: Result


class MonitorAnswer(BaseModel):
    """A monitor and how it stands."""

    key: int
    name: str
    when: str
    severity: str
    segments: list[str] | None
    breaches: int
    of_windows: int
    keep_firing_for: int
    least_n: int
    note: str
    enabled: bool
    revision: int = Field(description="Counts up with every change of the definition.")
    origin: Origin
    watch_from: datetime | None = Field(description="Windows that end up to then never page.")
    changed: datetime
    by: str
    wrong: str = Field(description="Why this release cannot read it; empty where it can.")
    last: list[SegmentResultAnswer]
    alerts: list[int] = Field(description="Keys of its open alerts that fired.")


class RevisionAnswer(BaseModel):
    """What a monitor was."""

    revision: int
    definition: dict[str, Any]
    time: datetime
    by: str


class FindingAnswer(BaseModel):
    """What was found for one condition of a rule."""

    signal: str
    value: float | None
    n: int
    comparison: str
    threshold: float | None
    until: float | None
    expected: float | None
    low: float | None
    high: float | None
    p_value: float | None
    result: Result
    note: str


class EvaluationAnswer(SegmentResultAnswer):
    """What a monitor said of one window of one segment."""

    revision: int = Field(description="Of the monitor.")
    cleared: bool = Field(description="It is ok, beyond the clear threshold.")
    findings: list[FindingAnswer]
    time: datetime


class ReplayBody(_Definition):
    """A monitor to try on past windows; nothing is saved."""

    model_config = _FORBID

    name: _Name = "replay"
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ReplayedEpisodeAnswer(BaseModel):
    """An alert that would have fired."""

    began: datetime
    fired: datetime | None
    last_breach: datetime
    ended: datetime | None


class ReplayedSegmentAnswer(BaseModel):
    """What would have been in one segment."""

    tag: str
    value: str
    results: dict[Result, int] = Field(description="How many windows have each result.")
    breaches: list[datetime] = Field(description="Starts of the windows in breach.")
    alerts: list[ReplayedEpisodeAnswer]


class ReplayAnswer(BaseModel):
    """How often a monitor would have fired."""

    windows: int = Field(description="Spans of time that were gone through.")
    fired: int
    segments: list[ReplayedSegmentAnswer]


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
    model_must_exist(state.engine, name)
    monitor = _monitor(body.name, body)
    found = replay_monitor(state.engine, name, monitor, since=body.since, until=body.until)
    segments = [_replayed(one) for one in found.segments]
    return ReplayAnswer(windows=found.windows, fired=found.fired, segments=segments)


@router.get("/{key}", dependencies=[permit("read")], responses=problems(404))
def read_monitor(name: str, key: Key, state: State) -> MonitorAnswer:
    """Read one monitor."""
    return _described(state, name, key)


@router.patch("/{key}", dependencies=[permit("edit-models")], responses=problems(404))
def edit_monitor(name: str, key: Key, body: MonitorChangeBody, state: State, caller: Caller) -> MonitorAnswer:
    """Change a monitor, or switch it.

    Another definition is a new revision, and is held against the newest window at once.
    """
    before = _stored(state, name, key)
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
    stored = _stored(state, name, key)
    remove_monitor(state.engine, name, stored.name, by=caller.name, now=state.clock())


@router.get("/{key}/revisions", dependencies=[permit("read")], responses=problems(404))
def read_revisions(name: str, key: Key, state: State) -> list[RevisionAnswer]:
    """Read what a monitor was, the newest first."""
    _stored(state, name, key)
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
    limit: Annotated[int, Query(ge=1, le=_MOST, description="The newest so many.")] = 1000,
) -> list[EvaluationAnswer]:
    """Read what a monitor said of windows, by time."""
    _stored(state, name, key)
    with reading(state.engine) as connection:
        rows = list_evaluations(connection, key, since=since, until=until, tag=tag, value=value)
    return [EvaluationAnswer.model_validate(one, from_attributes=True) for one in rows[-limit:]]


def _monitor(name: str, body: _Definition) -> Monitor:
    given = body.model_dump(include=set(_Definition.model_fields))
    return monitor_from(name, {key: value for key, value in given.items() if value is not None})


def _stored(state: Services, name: str, key: int) -> StoredMonitor:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        stored = monitor_by_key(connection, key)
    if stored is None or stored.model != model.key:
        raise HTTPException(404, f"The model '{name}' has no monitor with the key {key}.")
    return stored


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
