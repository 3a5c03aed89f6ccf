"""Settings: channels. Add, try, change, switch and remove them; their addresses are never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.alerts.quiet_hours import DAYS
from driftwheel.alerts.routing import TOPICS
from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.report.printable import printable
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.change_channel import change_channel, options_of, remove_channel
from driftwheel.services.channels.describe_channels import DescribedChannel, describe_channels
from driftwheel.services.channels.try_channel import try_channel
from driftwheel.store.alerts.notifications import Notification, list_notifications
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import list_models
from driftwheel.web.api.known_channel import channel_at
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.settings.channel_form import (
    TOPIC_WORDS,
    ChannelForm,
    changes_of,
    form_of_options,
    given_channel,
    options_from,
    quiet_words,
    span_words,
)
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=1, lt=2**31)]
_Given = Annotated[ChannelForm, Depends(given_channel)]

_MESSAGES = 20
_TOLD = {
    "added": "The channel is added. Try it: a message that says it is a test is sent at once.",
    "changed": "The channel is changed.",
    "on": "The channel is on, and is told of alerts that are open.",
    "off": "The channel is off; what waited for it is given up.",
    "removed": "The channel is removed.",
}
_DAY_WORDS = tuple((day, day.capitalize()) for day in DAYS)


@dataclass(frozen=True, slots=True)
class _Row:
    """A channel of the list, in words."""

    it: DescribedChannel
    state: str
    tone: str
    gets: str
    quiet: str


@router.get("/settings/channels", dependencies=[permit("edit-models")])
def _show_channels(request: Request, state: State) -> Response:
    """List the channels."""
    return _page(request, state, done=_TOLD.get(request.query_params.get("told", ""), ""))


@router.post("/settings/channels", dependencies=[permit("edit-models")])
def _add(request: Request, state: State, caller: Caller, form: _Given) -> Response:
    """Add a channel."""
    try:
        add_channel(
            state.engine,
            form.name,
            form.url,
            options_from(form),
            by=caller.name,
            now=state.clock(),
            allow_private=state.settings.allow_private_channels,
        )
    except UsageError as error:
        return _page(request, state, wrong=str(error), form=form)
    return RedirectResponse("/settings/channels?told=added", 303)


@router.get("/settings/channels/{key}", dependencies=[permit("edit-models")])
def _show_channel(request: Request, state: State, key: _Key) -> Response:
    """Show one channel: what goes to it, and the last messages to it."""
    return _channel_page(request, state, channel_at(state.engine, key))


@router.post("/settings/channels/{key}", dependencies=[permit("edit-models")])
def _change(request: Request, state: State, caller: Caller, key: _Key, form: _Given) -> Response:
    """Change a channel; an empty address leaves it as it is."""
    it = channel_at(state.engine, key)
    try:
        changes = changes_of(options_from(form)) | ({"url": form.url} if form.url else {})
        change_channel(
            state.engine,
            it.channel.name,
            changes,
            by=caller.name,
            now=state.clock(),
            allow_private=state.settings.allow_private_channels,
        )
    except UsageError as error:
        return _channel_page(request, state, it, wrong=str(error), form=form)
    return RedirectResponse("/settings/channels?told=changed", 303)


@router.post("/settings/channels/{key}/test", dependencies=[permit("edit-models")])
def _test(request: Request, state: State, caller: Caller, key: _Key) -> Response:
    """Send a message that says it is a test, at once, and say what became of it."""
    name = channel_at(state.engine, key).channel.name
    try:
        delivery = try_channel(
            state.engine,
            name,
            by=caller.name,
            now=state.clock(),
            dedup=uuid4().hex,
            public_url=state.settings.link_base,
            allow_private=state.settings.allow_private_channels,
        )
    except UsageError as error:
        return _page(request, state, wrong=str(error))
    if delivery.sent:
        return _page(
            request, state, done=f"The test was sent to {printable(name)}: look whether it has arrived."
        )
    return _page(
        request, state, wrong=f"The test could not be sent to {printable(name)}: {printable(delivery.said)}"
    )


@router.post("/settings/channels/{key}/switch", dependencies=[permit("edit-models")])
def _switch(state: State, caller: Caller, key: _Key, on: Annotated[str, Form()] = "") -> Response:
    """Switch a channel on or off."""
    name = channel_at(state.engine, key).channel.name
    change_channel(
        state.engine,
        name,
        {"enabled": on == "yes"},
        by=caller.name,
        now=state.clock(),
        allow_private=state.settings.allow_private_channels,
    )
    return RedirectResponse(f"/settings/channels?told={'on' if on == 'yes' else 'off'}", 303)


@router.post("/settings/channels/{key}/remove", dependencies=[permit("edit-models")])
def _remove(state: State, caller: Caller, key: _Key) -> Response:
    """Remove a channel with its messages."""
    name = channel_at(state.engine, key).channel.name
    remove_channel(state.engine, name, by=caller.name, now=state.clock())
    return RedirectResponse("/settings/channels?told=removed", 303)


def _row(it: DescribedChannel) -> _Row:
    channel = it.channel
    state, tone = "works", "ok"
    if not channel.enabled:
        state, tone = "off", "quiet"
    elif channel.failing_since is not None:
        state, tone = "failing", "bad"
    elif channel.last_sent is None:
        state, tone = "not tried yet", "quiet"
    parts = [
        ", ".join(channel.severities) if channel.severities else "every severity",
        ", ".join(channel.models) if channel.models else "all models",
    ]
    if channel.segments:
        parts.append(", ".join(one or "whole model" for one in channel.segments))
    if channel.topics:
        parts.append(", ".join(TOPIC_WORDS[one] for one in TOPICS if one in channel.topics))
    return _Row(it, state, tone, printable(" · ".join(parts)), printable(quiet_words(channel.quiet_hours)))


def _page(
    request: Request, state: Services, *, done: str = "", wrong: str = "", form: ChannelForm | None = None
) -> Response:
    with reading(state.engine) as connection:
        models = [one.name for one in list_models(connection)]
    return render(
        request,
        "settings/settings_channels.html.j2",
        status=422 if wrong else 200,
        rows=[_row(one) for one in describe_channels(state.engine)],
        form=(form or ChannelForm()).without_url(),
        opened=form is not None,
        models=models,
        severities=SEVERITIES,
        days=_DAY_WORDS,
        topics=list(TOPIC_WORDS.items()),
        done=done,
        wrong=wrong,
    )


def _channel_page(
    request: Request,
    state: Services,
    it: DescribedChannel,
    *,
    wrong: str = "",
    form: ChannelForm | None = None,
) -> Response:
    with reading(state.engine) as connection:
        models = [one.name for one in list_models(connection)]
        messages = list_notifications(connection, channel=it.channel.key, limit=_MESSAGES)
    return render(
        request,
        "settings/edit_channel.html.j2",
        status=422 if wrong else 200,
        row=_row(it),
        it=it,
        form=(form or form_of_options(it.channel.name, options_of(it.channel))).without_url(),
        models=sorted({*models, *(it.channel.models or ())}),
        severities=SEVERITIES,
        days=_DAY_WORDS,
        topics=list(TOPIC_WORDS.items()),
        messages=[(one, *_message(one)) for one in messages],
        waits=span_words,
        wrong=wrong,
    )


def _message(one: Notification) -> tuple[str, str, str]:
    """Return the title of a message, its state and the colour of that."""
    title = printable(str(one.body.get("title", "")))
    match one.state:
        case "sent":
            return title, "sent", "ok"
        case "dead":
            return title, "given up", "bad"
        case _:
            return title, f"tried {one.attempts} ×" if one.attempts else "waits", "warn"
