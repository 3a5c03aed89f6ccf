"""Channels, by which people are told of alerts. Their addresses hold secrets and are never answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from driftwheel.alerts.routing import Topic
from driftwheel.monitors.monitor import Severity
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.change_channel import change_channel, remove_channel
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.channels.describe_channels import DescribedChannel, describe_channels
from driftwheel.services.channels.try_channel import try_channel
from driftwheel.store.alerts.channels import list_channels
from driftwheel.store.alerts.notifications import NotificationState, list_notifications
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_models
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_channel import channel_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = [
    "ChannelAnswer",
    "ChannelChangeBody",
    "MessageAnswer",
    "NewChannelBody",
    "QuietHoursBody",
    "QuietSpanBody",
    "TrialAnswer",
    "change",
    "make_channel",
    "read_channels",
    "read_messages",
    "remove",
    "router",
    "try_out",
]

router = APIRouter(
    route_class=GuardedRoute,
    prefix="/api/v1/channels",
    tags=["channels"],
    dependencies=[permit("edit-models")],
)

Key = Annotated[int, Path(ge=1, lt=2**31)]
_Name = Annotated[str, Field(max_length=128)]
_Segment = Annotated[str, Field(max_length=512, examples=["camera=2"])]
_Seconds = Annotated[int, Field(ge=0, le=7 * 24 * 3600)]
_URL = "Apprise's address, such as `mailto://…`, `slack://…` or `jsons://…`; never answered."
_TOPICS = (
    "What it is told of; null: all, but alerts alone where severities or segments are chosen. `labels`: "
    "people are wanted to label or review; `decisions`: a challenger waits for an answer; `turns`: a turn of "
    "the wheel has ended."
)
_SEGMENTS = "Each `tag=value`, `tag=*` for every value, or empty for the whole model; null: all."


class QuietSpanBody(BaseModel):
    """From `start` on these days until `end`, on the next day where `end` is not later."""

    model_config = ConfigDict(extra="forbid")

    days: list[str] = Field(max_length=7, examples=[["mon", "tue"]])
    start: str = Field(max_length=5, examples=["22:00"])
    end: str = Field(max_length=5, examples=["07:00"])


class QuietHoursBody(BaseModel):
    """When a channel is told nothing, or only of what is critical."""

    model_config = ConfigDict(extra="forbid")

    zone: str = Field(max_length=64, examples=["Europe/Berlin"])
    spans: list[QuietSpanBody] = Field(max_length=100)
    critical_passes: bool = True


class _Options(BaseModel):
    """What goes to a channel, and when."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    models: list[_Name] | None = Field(None, max_length=1000, description="Names; null: all.")
    severities: list[Severity] | None = Field(None, max_length=3, description="null: all.")
    segments: list[_Segment] | None = Field(None, max_length=1000, description=_SEGMENTS)
    topics: list[Topic] | None = Field(None, max_length=4, description=_TOPICS)
    quiet_hours: QuietHoursBody | None = None
    group_wait: _Seconds = Field(30, description="Seconds before the first message of a model's alerts.")
    group_interval: _Seconds = Field(300, description="Seconds between messages when something changed.")
    repeat: _Seconds = Field(14_400, description="Seconds between messages when nothing changed.")


class NewChannelBody(_Options):
    """A channel to be added."""

    name: str = Field(max_length=128, description="Whom it reaches.", examples=["line 2"])
    url: str = Field(max_length=4096, description=_URL, examples=["mailto://user:password@example.com"])


class ChannelChangeBody(_Options):
    """What is to change of a channel; what is left out stays."""

    url: str = Field("", max_length=4096, description=_URL)


class ChannelAnswer(_Options):
    """A channel."""

    key: int
    name: str
    kind: str = Field(description="Such as `Slack` or `E-mail`.", examples=["E-mail"])
    where: str = Field(description="A host, or the recipients of mail; empty where that is secret.")
    created: datetime
    by: str
    last_sent: datetime | None
    failing_since: datetime | None = Field(description="null: the last message arrived.")
    last_error: str | None
    waiting: int = Field(description="Messages that are still to be sent.")
    dead: int = Field(description="Messages that were given up.")


class TrialAnswer(BaseModel):
    """What became of a message to try a channel."""

    sent: bool
    said: str = Field(description="Why not; empty where it was sent.")


class MessageAnswer(BaseModel):
    """A message to a channel."""

    key: int
    kind: str = Field(
        description="`firing`, `still_firing`, `resolved`, `closed`, `test`, `wanted` or `news`."
    )
    model: str | None
    title: str
    state: NotificationState
    attempts: int
    created: datetime
    due: datetime = Field(description="When it is tried next, while it is waiting.")
    sent: datetime | None
    error: str | None


@router.get("")
def read_channels(state: State) -> list[ChannelAnswer]:
    """Read all channels, by name, without their addresses."""
    return [_answer(one) for one in describe_channels(state.engine)]


@router.post("", status_code=201, responses=problems(409))
def make_channel(body: NewChannelBody, state: State, caller: Caller) -> ChannelAnswer:
    """Add a channel. It is told of alerts that are open."""
    with reading(state.engine) as connection:
        if any(one.name == body.name for one in list_channels(connection)):
            raise HTTPException(409, f"There is already a channel '{body.name}'.")
    options = ChannelOptions(**body.model_dump(exclude={"name", "url"}))
    channel = add_channel(
        state.engine,
        body.name,
        body.url,
        options,
        by=caller.name,
        now=state.clock(),
        allow_private=state.settings.allow_private_channels,
    )
    return _answer(channel_at(state.engine, channel.key))


@router.patch("/{key}", responses=problems(404))
def change(key: Key, body: ChannelChangeBody, state: State, caller: Caller) -> ChannelAnswer:
    """Change a channel. Switched off, what waits for it is given up."""
    name = channel_at(state.engine, key).channel.name
    change_channel(
        state.engine,
        name,
        body.model_dump(exclude_unset=True),
        by=caller.name,
        now=state.clock(),
        allow_private=state.settings.allow_private_channels,
    )
    return _answer(channel_at(state.engine, key))


@router.delete("/{key}", status_code=204, response_class=Response, responses=problems(404))
def remove(key: Key, state: State, caller: Caller) -> None:
    """Remove a channel with its messages."""
    name = channel_at(state.engine, key).channel.name
    remove_channel(state.engine, name, by=caller.name, now=state.clock())


@router.post("/{key}/test", responses=problems(404))
def try_out(key: Key, state: State, caller: Caller) -> TrialAnswer:
    """Send a message that says it is a test, at once, and say what became of it."""
    name = channel_at(state.engine, key).channel.name
    delivery = try_channel(
        state.engine,
        name,
        by=caller.name,
        now=state.clock(),
        dedup=uuid4().hex,
        public_url=state.settings.link_base,
        allow_private=state.settings.allow_private_channels,
    )
    return TrialAnswer(sent=delivery.sent, said=delivery.said)


@router.get("/{key}/messages", responses=problems(404))
def read_messages(
    key: Key,
    state: State,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="Key of the last one read.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[MessageAnswer]:
    """Read the messages to a channel, the newest first."""
    channel_at(state.engine, key)
    with reading(state.engine) as connection:
        names = {one.key: one.name for one in list_models(connection)}
        rows = list_notifications(connection, channel=key, before_key=before, limit=limit)
    fields = ("key", "kind", "state", "attempts", "created", "due", "sent", "error")
    return [
        MessageAnswer(
            **{name: getattr(row, name) for name in fields},
            model=None if row.model is None else names.get(row.model),
            title=str(row.body.get("title", "")),
        )
        for row in rows
    ]


def _answer(one: DescribedChannel) -> ChannelAnswer:
    channel = one.channel
    plain: dict[str, Any] = {
        name: getattr(channel, name)
        for name in ("key", "name", "created", "by", "last_sent", "failing_since", "last_error")
    }
    plain |= {name: getattr(channel, name) for name in _Options.model_fields}
    return ChannelAnswer.model_validate(
        plain | {"kind": one.service, "where": one.where, "waiting": one.waiting, "dead": one.dead}
    )
