"""Alerts: what is wrong now and was before, and what people do about it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from driftwheel.alerts.episode import State as EpisodeState
from driftwheel.monitors.monitor import Severity
from driftwheel.services.access.authorise import Identity
from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
from driftwheel.services.alert.close_alerts import close_alerts
from driftwheel.services.alert.list_alerts import Alert, AlertQuery, AlertState, list_alerts
from driftwheel.services.alert.snooze_alert import snooze_alert, unsnooze_alert
from driftwheel.store.alerts.episodes import episode_by_key
from driftwheel.store.alerts.notifications import NotificationState
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import model_by_key
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_alert import alert_at
from driftwheel.web.api.known_model import known_model
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "AcknowledgeBody",
    "AlertAnswer",
    "AlertPageAnswer",
    "CloseBody",
    "SnoozeBody",
    "ToldAnswer",
    "WholeAlertAnswer",
    "acknowledge_one",
    "close_one",
    "must_see",
    "read_alert",
    "read_alerts",
    "router",
    "snooze_one",
    "unsnooze_one",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/alerts", tags=["alerts"])

Key = Annotated[int, Path(ge=1, lt=2**63)]
_FORBID = ConfigDict(extra="forbid")


class AlertAnswer(BaseModel):
    """An alert: one firing of a monitor on a segment."""

    key: int
    model: str
    monitor: int | None = Field(description="The key of its monitor; null: it was deleted.")
    name: str = Field(description="The monitor's.")
    severity: Severity
    state: EpisodeState
    tag: str = Field(description="Empty for the whole model.")
    value: str
    began: datetime = Field(description="Start of the first window in breach.")
    last_breach: datetime = Field(description="End of the last window in breach.")
    fired: datetime | None
    ended: datetime | None
    reason: str | None = Field(description="Why it was closed.")
    acknowledged: datetime | None
    acknowledged_by: str | None
    acknowledged_note: str | None
    snoozed_until: datetime | None
    inhibited_by: int | None = Field(description="The key of the alert that explains it.")
    flapping: bool = Field(description="It comes and goes, so it is kept open for longer.")
    wrong: str = Field(description="What went wrong.")
    expected: str
    n: int = Field(description="How many records or images it was measured on.")
    effect: str
    cause: str = Field(description="The likely cause.")
    harm: str
    segments: list[str] = Field(description="What carries it, each `tag=value`.")
    examples: list[str] = Field(description="Ids of records that show it best.")
    note: str = Field(description="The monitor's.")


class AlertPageAnswer(BaseModel):
    """One page of alerts."""

    open: list[AlertAnswer] = Field(
        description="Those that wait for somebody first, then the gravest; all on the first page."
    )
    ended: list[AlertAnswer] = Field(description="The newest first.")
    next: int | None = Field(description="`before` of the next page; null: this is the last.")


class ToldAnswer(BaseModel):
    """A message that told of an alert."""

    channel: str
    kind: str
    title: str
    state: NotificationState
    created: datetime
    sent: datetime | None
    error: str | None


class WholeAlertAnswer(AlertAnswer):
    """An alert with the messages that told of it."""

    told: list[ToldAnswer]
    explains: list[int] = Field(description="Keys of the open alerts that it explains.")
    earlier: list[int] = Field(description="Keys of earlier alerts of the same monitor and segment.")


class AcknowledgeBody(BaseModel):
    """Somebody is on it."""

    model_config = _FORBID

    note: str = Field("", max_length=2000)


class SnoozeBody(BaseModel):
    """Silence until a time."""

    model_config = _FORBID

    until: AwareDatetime


class CloseBody(BaseModel):
    """Why it ends."""

    model_config = _FORBID

    reason: str = Field(min_length=1, max_length=2000)


@router.get("", dependencies=[permit("read", all_models=True)], responses=problems(404))
def read_alerts(  # noqa: PLR0917 - the parameters of the query
    state: State,
    caller: Caller,
    model: Annotated[str | None, Query(max_length=128, description="Of this model only.")] = None,
    severity: Severity | None = None,
    status: Annotated[AlertState | None, Query(alias="state", description="In this state only.")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most that ended.")] = 50,
) -> AlertPageAnswer:
    """Read alerts: those that are open, and a page of those that ended.

    A token for some models reads those.
    """
    with reading(state.engine) as connection:
        if model is not None and not _may_see(caller, model):
            raise HTTPException(403, f"The token is not for the model '{model}'.")
        if model is not None:
            known_model(connection, model)
        found = list_alerts(
            connection, AlertQuery(model, severity, status), state.clock(), before=before, limit=limit
        )
    return AlertPageAnswer(
        open=[_answer(one) for one in found.open if _may_see(caller, one.model)],
        ended=[_answer(one) for one in found.ended if _may_see(caller, one.model)],
        next=found.next,
    )


@router.get("/{key}", dependencies=[permit("read", all_models=True)], responses=problems(404))
def read_alert(key: Key, state: State, caller: Caller) -> WholeAlertAnswer:
    """Read one alert with the messages that told of it."""
    found = alert_at(state.engine, key)
    if not _may_see(caller, found.model.name):
        raise HTTPException(404, _no_alert(key))
    plain = _answer(Alert(found.episode, found.model.name, found.entry)).model_dump()
    told = [
        ToldAnswer(
            channel=one.channel,
            kind=one.message.kind,
            title=str(one.message.body.get("title", "")),
            state=one.message.state,
            created=one.message.created,
            sent=one.message.sent,
            error=one.message.error,
        )
        for one in found.told
    ]
    return WholeAlertAnswer(
        **plain,
        told=told,
        explains=[one.key for one in found.explains],
        earlier=[one.key for one in found.earlier],
    )


@router.post(
    "/{key}/acknowledge", dependencies=[permit("edit-models", all_models=True)], responses=problems(404)
)
def acknowledge_one(key: Key, body: AcknowledgeBody, state: State, caller: Caller) -> WholeAlertAnswer:
    """Note that somebody is on it: it is not repeated any more."""
    must_see(state, caller, key)
    acknowledge_alert(state.engine, key, by=caller.name, note=body.note, now=state.clock())
    return read_alert(key, state, caller)


@router.post("/{key}/snooze", dependencies=[permit("edit-models", all_models=True)], responses=problems(404))
def snooze_one(key: Key, body: SnoozeBody, state: State, caller: Caller) -> WholeAlertAnswer:
    """Silence an alert until a time; if it still fires then, one message says so."""
    must_see(state, caller, key)
    snooze_alert(state.engine, key, until=body.until, by=caller.name, now=state.clock())
    return read_alert(key, state, caller)


@router.post(
    "/{key}/unsnooze", dependencies=[permit("edit-models", all_models=True)], responses=problems(404)
)
def unsnooze_one(key: Key, state: State, caller: Caller) -> WholeAlertAnswer:
    """End the silence of an alert now."""
    must_see(state, caller, key)
    unsnooze_alert(state.engine, key, by=caller.name, now=state.clock())
    return read_alert(key, state, caller)


@router.post("/{key}/close", dependencies=[permit("edit-models", all_models=True)], responses=problems(404))
def close_one(key: Key, body: CloseBody, state: State, caller: Caller) -> WholeAlertAnswer:
    """End an alert for a reason; the next window in breach begins another."""
    must_see(state, caller, key)
    close_alerts(state.engine, [key], reason=body.reason, by=caller.name, now=state.clock())
    return read_alert(key, state, caller)


def _may_see(caller: Identity, model: str) -> bool:
    return caller.models is None or model in caller.models


def must_see(state: Services, caller: Identity, key: int) -> None:
    """Raise 404 where there is no such alert, or it is of a model that the caller may not see."""
    with reading(state.engine) as connection:
        episode = episode_by_key(connection, key)
        model = None if episode is None else model_by_key(connection, episode.model)
    if model is None or not _may_see(caller, model.name):
        raise HTTPException(404, _no_alert(key))


def _no_alert(key: int) -> str:
    return f"There is no alert {key}; its model may have been deleted."


def _answer(alert: Alert) -> AlertAnswer:
    one = alert.episode
    plain = {name: getattr(one, name) for name in _OF_EPISODE}
    said = {} if alert.entry is None else {name: getattr(alert.entry, name) for name in _OF_ENTRY}
    return AlertAnswer.model_validate(_NOTHING_SAID | plain | said | {"model": alert.model})


_NOTHING_SAID = {
    **dict.fromkeys(("wrong", "expected", "effect", "cause", "harm", "note"), ""),
    "n": 0,
    "segments": (),
    "examples": (),
}
_OF_ENTRY = tuple(_NOTHING_SAID)
_OF_EPISODE = tuple(
    name for name in AlertAnswer.model_fields if name not in _NOTHING_SAID and name != "model"
)
