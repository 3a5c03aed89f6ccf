"""Webhooks of labelling projects: who is told, over HTTP, of what happens. Addresses are never answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from driftwheel.notify.post_webhook import shown_url
from driftwheel.services.label.webhooks.register_webhook import (
    WebhookChange,
    change_webhook,
    register_webhook,
    remove_webhook,
    send_again,
    webhook_of_project,
)
from driftwheel.services.label.webhooks.send_webhooks import try_webhook
from driftwheel.store.engine.database import reading
from driftwheel.store.webhooks.webhook_deliveries import (
    DeliveryState,
    WebhookDelivery,
    count_deliveries,
    list_deliveries,
)
from driftwheel.store.webhooks.webhooks import WEBHOOK_EVENTS, Webhook, WebhookEvent, list_webhooks
from driftwheel.web.api.describe import problems
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = [
    "DeliveriesAnswer",
    "DeliveryAnswer",
    "NewWebhookAnswer",
    "NewWebhookBody",
    "PostedAnswer",
    "WebhookAnswer",
    "WebhookChangeBody",
    "edit_webhook",
    "make_webhook",
    "read_deliveries",
    "read_webhooks",
    "repeat_delivery",
    "router",
    "take_away_webhook",
    "try_out_webhook",
]

router = APIRouter(
    route_class=GuardedRoute,
    prefix="/api/v1/projects/{project}/webhooks",
    tags=["labelling"],
    dependencies=[permit("edit-models", all_models=True)],
)

_Key = Annotated[int, Path(ge=1, lt=2**31)]
_DeliveryKey = Annotated[int, Path(ge=1, lt=2**63)]
_Url = Annotated[str, Field(max_length=2048, examples=["https://example.com/labels"])]
_Event = Annotated[str, Field(max_length=32, examples=["task.completed"])]
_Events = Annotated[list[_Event], Field(max_length=20)]
_NAMES = f"Of {', '.join(WEBHOOK_EVENTS)}."
_FORBID = ConfigDict(extra="forbid")


class NewWebhookBody(BaseModel):
    """A webhook to be registered."""

    model_config = _FORBID

    url: _Url = Field(description="Where requests are sent; never answered.")
    events: _Events = Field(default=list(WEBHOOK_EVENTS), description=_NAMES)
    note: str = Field("", max_length=256, description="Whom it reaches.")


class WebhookChangeBody(BaseModel):
    """What is to change of a webhook; what is left out stays."""

    model_config = _FORBID

    url: _Url | None = None
    events: _Events | None = Field(None, description=_NAMES)
    note: str | None = Field(None, max_length=256)
    enabled: bool | None = Field(
        None, description="On: what waits is sent, failures of before are forgotten."
    )
    new_secret: bool = Field(False, description="Sign with a new secret, which is answered once.")


class WebhookAnswer(BaseModel):
    """A webhook, without its secret and its whole address."""

    key: int
    where: str = Field(description="Scheme and host.", examples=["https://example.com/…"])
    events: list[WebhookEvent]
    note: str
    enabled: bool
    off_because: str | None
    failing_since: datetime | None = Field(description="null: the last request was taken.")
    last_error: str | None
    last_sent: datetime | None
    waiting: int = Field(description="To be sent.")
    dead: int = Field(description="Given up.")
    created: datetime
    by: str


class NewWebhookAnswer(WebhookAnswer):
    """A webhook with its secret, when that is new."""

    secret: str | None = Field(
        description="By which requests are signed; shown this once. null: it is as before."
    )


class PostedAnswer(BaseModel):
    """What became of a trial."""

    sent: bool
    status: int | None = Field(description="Of the receiver's answer; null: there was none.")
    said: str = Field(description="Why it was not taken; empty where it was.")


class DeliveryAnswer(BaseModel):
    """What is sent to a webhook."""

    key: int
    id: str = Field(description="`webhook-id`: the same at every attempt.")
    event: WebhookEvent
    data: dict[str, Any]
    state: DeliveryState
    attempts: int
    due: datetime
    created: datetime
    sent: datetime | None
    status: int | None
    error: str | None


class DeliveriesAnswer(BaseModel):
    """A page of deliveries, the newest first."""

    deliveries: list[DeliveryAnswer]
    next: int | None = Field(description="`before` of the next page; null: this is the last.")


@router.get("", responses=problems(404))
def read_webhooks(project: ProjectKey, state: State, caller: Caller) -> list[WebhookAnswer]:
    """Read the webhooks of a project, the oldest first, and whether they work."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        return [_answer(connection, one) for one in list_webhooks(connection, project)]


@router.post("", status_code=201, responses=problems(404))
def make_webhook(project: ProjectKey, body: NewWebhookBody, state: State, caller: Caller) -> NewWebhookAnswer:
    """Register a webhook: it is told of what happens from now on."""
    project_at(state, caller, project)
    made = register_webhook(
        state.engine,
        project,
        body.url,
        events=body.events,
        note_text=body.note,
        by=caller.name,
        now=state.clock(),
        allow_private=state.settings.allow_private_channels,
    )
    with reading(state.engine) as connection:
        return NewWebhookAnswer(**_answer(connection, made).model_dump(), secret=made.secret)


@router.patch("/{key}", responses=problems(404))
def edit_webhook(
    project: ProjectKey, key: _Key, body: WebhookChangeBody, state: State, caller: Caller
) -> NewWebhookAnswer:
    """Change a webhook, switch it on or off, or give it a new secret."""
    project_at(state, caller, project)
    with found_or_404():
        after = change_webhook(
            state.engine,
            project,
            key,
            WebhookChange(body.url, body.events, body.note, body.enabled, body.new_secret),
            by=caller.name,
            now=state.clock(),
            allow_private=state.settings.allow_private_channels,
        )
    with reading(state.engine) as connection:
        plain = _answer(connection, after).model_dump()
    return NewWebhookAnswer(**plain, secret=after.secret if body.new_secret else None)


@router.delete("/{key}", status_code=204, response_class=Response, responses=problems(404))
def take_away_webhook(project: ProjectKey, key: _Key, state: State, caller: Caller) -> None:
    """Remove a webhook, and all that was or is to be sent to it."""
    project_at(state, caller, project)
    with found_or_404():
        remove_webhook(state.engine, project, key, by=caller.name, now=state.clock())


@router.post("/{key}/test", responses=problems(404))
def try_out_webhook(project: ProjectKey, key: _Key, state: State, caller: Caller) -> PostedAnswer:
    """Send a `ping` to a webhook at once, and say what became of it; it is tried once."""
    project_at(state, caller, project)
    with found_or_404():
        posted = try_webhook(
            state.engine,
            project,
            key,
            by=caller.name,
            clock=state.clock,
            allow_private=state.settings.allow_private_channels,
        )
    return PostedAnswer(sent=posted.taken, status=posted.status, said=posted.said)


@router.get("/{key}/deliveries", responses=problems(404))
def read_deliveries(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    key: _Key,
    state: State,
    caller: Caller,
    delivery_state: Annotated[DeliveryState | None, Query(alias="state")] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DeliveriesAnswer:
    """Read what was or is to be sent to a webhook, and what became of it, the newest first."""
    project_at(state, caller, project)
    with reading(state.engine) as connection, found_or_404():
        webhook_of_project(connection, project, key)
        found = list_deliveries(connection, key, state=delivery_state, before_key=before, limit=limit + 1)
    shown = [_delivery(one) for one in found[:limit]]
    return DeliveriesAnswer(deliveries=shown, next=shown[-1].key if len(found) > limit else None)


@router.post("/{key}/deliveries/{delivery}/again", responses=problems(404))
def repeat_delivery(
    project: ProjectKey, key: _Key, delivery: _DeliveryKey, state: State, caller: Caller
) -> DeliveryAnswer:
    """Send something once more that was sent or given up, under its id."""
    project_at(state, caller, project)
    with found_or_404():
        return _delivery(send_again(state.engine, project, key, delivery, by=caller.name, now=state.clock()))


def _answer(connection: Connection, one: Webhook) -> WebhookAnswer:
    counts = count_deliveries(connection, one.key)
    plain = {name: getattr(one, name) for name in WebhookAnswer.model_fields if hasattr(one, name)}
    more = {"where": shown_url(one.url), "waiting": counts.get("waiting", 0), "dead": counts.get("dead", 0)}
    return WebhookAnswer.model_validate(plain | more)


def _delivery(one: WebhookDelivery) -> DeliveryAnswer:
    return DeliveryAnswer.model_validate({name: getattr(one, name) for name in DeliveryAnswer.model_fields})
