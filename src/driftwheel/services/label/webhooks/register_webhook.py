"""Register a webhook with a labelling project, change it, remove it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.notify.post_webhook import check_webhook_url
from driftwheel.notify.webhook_signature import new_secret
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.projects import Project, project_by_key
from driftwheel.store.operate.audit import note
from driftwheel.store.webhooks.webhook_deliveries import (
    WebhookDelivery,
    delivery_by_key,
    set_delivery,
    wake_deliveries,
)
from driftwheel.store.webhooks.webhooks import (
    WEBHOOK_EVENTS,
    Webhook,
    WebhookEvent,
    create_webhook,
    delete_webhook,
    list_webhooks,
    update_webhook,
    webhook_by_key,
)

__all__ = [
    "WebhookChange",
    "change_webhook",
    "register_webhook",
    "remove_webhook",
    "send_again",
    "webhook_of_project",
]

_LONGEST_NOTE = 256
_MOST = 20


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What is to change of a webhook; None: it stays.

    Attributes
    ----------
    enabled
        On: what waits is sent, and failures of before are forgotten.
    new_secret
        Sign with a new secret from now on.
    """

    url: str | None = None
    events: Sequence[str] | None = None
    note: str | None = None
    enabled: bool | None = None
    new_secret: bool = False


def register_webhook(
    engine: Engine,
    project: int,
    url: str,
    *,
    by: str,
    now: datetime,
    events: Sequence[str] = WEBHOOK_EVENTS,
    note_text: str = "",
    allow_private: bool = False,
) -> Webhook:
    """Register a webhook and return it, with its secret; noted in the audit, without its address.

    Parameters
    ----------
    events
        Names of those it is told of, see `driftwheel.store.webhooks.webhooks.WEBHOOK_EVENTS`.
    note_text
        Whom it reaches.
    allow_private
        Take an address in a private network or on this machine.

    Raises
    ------
    LookupError
        When there is no such project.
    UsageError
        When one of these cannot be used, or the project has 20 webhooks already.
    """
    bare = check_webhook_url(url, allow_private=allow_private)
    chosen = _events(events)
    _check_note(note_text)
    with writing(engine) as connection:
        found = _project(connection, project)
        if len(list_webhooks(connection, project)) >= _MOST:
            raise UsageError(f"The project '{found.name}' has {_MOST} webhooks already; remove one first.")
        made = create_webhook(
            connection,
            project,
            url=bare,
            secret=new_secret(secrets.token_bytes(32)),
            events=chosen,
            note=note_text,
            created=now,
            by=by,
        )
        details = {"webhook": made.key, "events": list(chosen)}
        note(connection, now, by, "add-webhook", f"project {found.name}", details)
    return made


def change_webhook(
    engine: Engine,
    project: int,
    key: int,
    change: WebhookChange,
    *,
    by: str,
    now: datetime,
    allow_private: bool = False,
) -> Webhook:
    """Change a webhook, and return it; noted in the audit.

    Raises
    ------
    LookupError
        When the project has no such webhook.
    UsageError
        When a change cannot be used.
    """
    values: dict[str, Any] = {}
    if change.url is not None:
        values["url"] = check_webhook_url(change.url, allow_private=allow_private)
    if change.events is not None:
        values["events"] = list(_events(change.events))
    if change.note is not None:
        _check_note(change.note)
        values["note"] = change.note
    if change.enabled is not None:
        values["enabled"] = change.enabled
        values["off_because"] = None if change.enabled else f"{by} switched it off."
        if change.enabled:
            values |= {"rests_until": None, "failures": 0, "failing_since": None}
    if change.new_secret:
        values["secret"] = new_secret(secrets.token_bytes(32))
    with writing(engine) as connection:
        found, webhook = webhook_of_project(connection, project, key)
        if values:
            update_webhook(connection, key, values)
        if change.enabled:
            wake_deliveries(connection, key, now)
        details = {"webhook": key, "changed": sorted(values)}
        note(connection, now, by, "change-webhook", f"project {found.name}", details)
        return webhook_by_key(connection, key) or webhook


def remove_webhook(engine: Engine, project: int, key: int, *, by: str, now: datetime) -> None:
    """Remove a webhook with all that was or is to be sent to it; noted in the audit.

    Raises
    ------
    LookupError
        When the project has no such webhook.
    """
    with writing(engine) as connection:
        found, _ = webhook_of_project(connection, project, key)
        delete_webhook(connection, key)
        note(connection, now, by, "remove-webhook", f"project {found.name}", {"webhook": key})


def send_again(
    engine: Engine, project: int, webhook: int, delivery: int, *, by: str, now: datetime
) -> WebhookDelivery:
    """Send something once more that was sent or given up, under its id, and return it; noted in the audit.

    Raises
    ------
    LookupError
        When there is no such webhook or delivery.
    UsageError
        When it waits to be sent anyway.
    """
    with writing(engine) as connection:
        found, _ = webhook_of_project(connection, project, webhook)
        one = delivery_by_key(connection, delivery)
        if one is None or one.webhook != webhook:
            raise LookupError(f"The webhook {webhook} has no delivery {delivery}.")
        if one.state == "waiting":
            raise UsageError(f"The delivery {delivery} waits to be sent anyway.")
        set_delivery(connection, delivery, "waiting", due=now, sent=one.sent, status=one.status)
        details = {"webhook": webhook, "delivery": delivery}
        note(connection, now, by, "send-again", f"project {found.name}", details)
        return delivery_by_key(connection, delivery) or one


def webhook_of_project(connection: Connection, project: int, key: int) -> tuple[Project, Webhook]:
    """Return a project and one of its webhooks.

    Raises
    ------
    LookupError
        When there is no such project, or no such webhook in it.
    """
    found = _project(connection, project)
    webhook = webhook_by_key(connection, key)
    if webhook is None or webhook.project != project:
        raise LookupError(f"The project '{found.name}' has no webhook with the key {key}.")
    return found, webhook


def _project(connection: Connection, key: int) -> Project:
    found = project_by_key(connection, key)
    if found is None:
        raise LookupError(f"There is no project with the key {key}.")
    return found


def _events(names: Sequence[str]) -> tuple[WebhookEvent, ...]:
    for name in names:
        if name not in WEBHOOK_EVENTS:
            raise UsageError(
                f"There is no event '{name:.50}'.{did_you_mean(name, WEBHOOK_EVENTS)} There are "
                f"{', '.join(WEBHOOK_EVENTS)}."
            )
    if not names:
        raise UsageError(f"A webhook is told of one event at least: {', '.join(WEBHOOK_EVENTS)}.")
    return tuple(one for one in WEBHOOK_EVENTS if one in names)


def _check_note(text: str) -> None:
    if len(text) > _LONGEST_NOTE or not (text.isprintable() or not text):
        raise UsageError(f"The note of a webhook has at most {_LONGEST_NOTE} characters, on one line.")
