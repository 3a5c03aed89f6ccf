"""Send to webhooks what waits for them: in order, at least once, with patience."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Engine

from driftwheel._version import __version__
from driftwheel.notify.post_webhook import SECONDS, Letter, Posted, post_letters
from driftwheel.notify.webhook_signature import signed_headers
from driftwheel.services.channels.send_notifications import retry_after
from driftwheel.services.crash_points import reach
from driftwheel.services.label.projects.pool_rules import RULES
from driftwheel.services.label.webhooks.register_webhook import webhook_of_project
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_events import add_event
from driftwheel.store.operate.audit import note
from driftwheel.store.webhooks.webhook_deliveries import (
    WebhookDelivery,
    add_delivery,
    claim_deliveries,
    is_any_due,
    set_delivery,
)
from driftwheel.store.webhooks.webhooks import Webhook, update_webhook, webhook_by_key

__all__ = ["OFF_AFTER", "SentWebhooks", "letter_of", "send_webhooks", "try_webhook"]

OFF_AFTER: Final = timedelta(days=3)
"""A webhook that nothing reached for so long is switched off; what failed alone for so long is given up."""

_MOST_ATTEMPTS = 10
_AT_ONCE = 8  # webhooks; a slow one does not keep the others waiting
_EACH = 50  # to one webhook until others have their turn
_BATCH = timedelta(seconds=30)  # for those of one webhook
_LEASE = _BATCH + timedelta(seconds=2 * SECONDS)
_PATIENT = 3  # refusals in a row, until the rest waits too
_GONE = 410
_TOO_MANY = {408, 425, 429}  # of those that say that the request was wrong: these mean later


@dataclass(frozen=True, slots=True)
class SentWebhooks:
    """What became of what was due: sent, to be tried again, given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0

    def __add__(self, other: SentWebhooks) -> SentWebhooks:
        return SentWebhooks(self.sent + other.sent, self.failed + other.failed, self.dead + other.dead)


def send_webhooks(
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    allow_private: bool = False,
    seconds: float = SECONDS,
    stops: Callable[[], bool] = lambda: False,
) -> SentWebhooks:
    """Send all that waits and is due, to several webhooks at once, and return what became of it.

    To each webhook it is sent in the order of what happened; what has failed comes again later, so after
    others. Each is sent at least once: what was under way when the process ended comes again, with its id.

    A receiver that does not answer, or answers 5xx, is left in peace for a while, longer each time; one that
    was not reached for `OFF_AFTER`, or says that it is gone (410), is switched off, with a note. What it
    refuses alone is given up after as long.

    Parameters
    ----------
    clock
        Tells the time, in UTC.
    allow_private
        Let webhooks reach private networks and this machine.
    seconds
        For each request.
    stops
        Tells between two batches whether to leave the rest for later.
    """
    total = SentWebhooks()
    while not stops():
        now = clock()
        with reading(engine) as connection:  # most often there is none; writers are not kept waiting for that
            if not is_any_due(connection, now):
                return total
        with writing(engine) as connection:
            claimed = claim_deliveries(connection, now, now + _LEASE, most=_AT_ONCE, each=_EACH)
        if not claimed:  # another worker has them
            return total
        with ThreadPoolExecutor(len(claimed), thread_name_prefix="webhooks") as pool:
            parts = [
                pool.submit(_send_to, engine, one, waiting, clock, allow_private, seconds)
                for one, waiting in claimed
            ]
        for part in parts:
            total += part.result()
    return total


def try_webhook(
    engine: Engine,
    project: int,
    key: int,
    *,
    by: str,
    clock: Callable[[], datetime],
    allow_private: bool = False,
    seconds: float = SECONDS,
) -> Posted:
    """Send a webhook a ``ping`` at once, whatever waits and whether it is on, and return what became of it.

    It is tried once. Noted among its deliveries and in the audit.

    Raises
    ------
    LookupError
        When the project has no such webhook.
    """
    now = clock()
    with reading(engine) as connection:
        found, webhook = webhook_of_project(connection, project, key)
    data = {"project": project, "name": found.name}
    one = WebhookDelivery(0, str(uuid4()), key, "ping", data, "dead", 1, now, now, None, None, None)
    told: list[Posted] = []
    letters = iter([letter_of(webhook, one, now)])
    post_letters(webhook.url, letters, go_on=_keep_in(told), allow_private=allow_private, seconds=seconds)
    (posted,) = told
    after = clock()
    one = replace(one, status=posted.status, error=posted.said or None)
    with writing(engine) as connection:
        if webhook_by_key(connection, key) is not None:
            add_delivery(connection, replace(one, state="sent", sent=after) if posted.taken else one)
        details = {"webhook": key, "sent": posted.taken}
        note(connection, after, by, "test-webhook", f"project {found.name}", details)
    return posted


def letter_of(webhook: Webhook, one: WebhookDelivery, now: datetime) -> Letter:
    """Return the request that is sent: the body is the same at every attempt, its signature is of `now`."""
    told = {"type": one.event, "timestamp": one.created.isoformat(), "data": one.data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"driftwheel/{__version__}",
        **signed_headers(webhook.secret, one.id, now, body),
    }
    return Letter(body, headers)


def _keep_in(told: list[Posted]) -> Callable[[Posted], bool]:
    def keep(posted: Posted) -> bool:
        told.append(posted)
        return True

    return keep


@dataclass(slots=True)
class _Course:
    """How it goes with one webhook, while it is sent to."""

    webhook: Webhook
    failures: int
    failing_since: datetime | None
    last_sent: datetime | None
    last_error: str | None
    rests_until: datetime | None = None
    off_because: str | None = None


def _send_to(  # noqa: PLR0917
    engine: Engine,
    webhook: Webhook,
    waiting: list[WebhookDelivery],
    clock: Callable[[], datetime],
    allow_private: bool,
    seconds: float,
) -> SentWebhooks:
    course = _Course(webhook, webhook.failures, webhook.failing_since, webhook.last_sent, webhook.last_error)
    begun = clock()
    told: list[tuple[WebhookDelivery, Posted, datetime]] = []
    under_way: list[WebhookDelivery] = []

    def letters() -> Iterator[Letter]:
        for one in waiting:
            reach("webhook-claimed")
            under_way.append(one)
            yield letter_of(webhook, one, clock())

    def go_on(posted: Posted) -> bool:
        now = clock()
        told.append((under_way[-1], posted, now))
        reach("webhook-posted")
        return _follow(course, posted, now) and now - begun < _BATCH

    post_letters(webhook.url, letters(), go_on=go_on, allow_private=allow_private, seconds=seconds)
    with writing(engine) as connection:
        total = SentWebhooks()
        for one, posted, now in told:
            total += _note(connection, one, posted, now)
        _note_course(connection, course, clock())
    return total


def _follow(course: _Course, posted: Posted, now: datetime) -> bool:
    """Take in what became of one, and return whether the next is sent."""
    if posted.taken:
        course.failures, course.failing_since, course.last_error = 0, None, None
        course.last_sent = now
        return True
    course.failures += 1
    course.failing_since = course.failing_since or now
    course.last_error = posted.said
    if posted.status == _GONE:
        course.off_because = "The receiver answered that it is gone (410)."
    elif now - course.failing_since >= OFF_AFTER:
        days = OFF_AFTER.days
        course.off_because = f"Nothing has reached it for {days} days: {posted.said}"
    refused = posted.status is not None and 400 <= posted.status < 500 and posted.status not in _TOO_MANY
    if refused and course.failures < _PATIENT and course.off_because is None:
        return True
    course.rests_until = now + retry_after(max(1, course.failures - (_PATIENT - 1 if refused else 0)))
    return False


def _note(connection: Connection, one: WebhookDelivery, posted: Posted, now: datetime) -> SentWebhooks:
    if posted.taken:
        set_delivery(connection, one.key, "sent", due=one.due, sent=now, status=posted.status)
        return SentWebhooks(sent=1)
    dead = posted.status is not None and one.attempts + 1 >= _MOST_ATTEMPTS and now - one.created >= OFF_AFTER
    due = one.due if posted.status is None else now + retry_after(one.attempts + 1)
    state: Any = "dead" if dead else "waiting"
    set_delivery(connection, one.key, state, due=due, status=posted.status, error=posted.said)
    return SentWebhooks(failed=int(not dead), dead=int(dead))


def _note_course(connection: Connection, course: _Course, now: datetime) -> None:
    key = course.webhook.key
    current = webhook_by_key(connection, key)
    if current is None:
        return
    values: dict[str, Any] = {
        "rests_until": course.rests_until,
        "failures": course.failures,
        "failing_since": course.failing_since,
        "last_sent": course.last_sent,
        "last_error": course.last_error,
    }
    if course.off_because is not None and current.enabled:
        values |= {"enabled": False, "off_because": course.off_because}
        numbers = {"webhook": key, "failures": course.failures}
        reason = f"The webhook {key} was switched off. {course.off_because}"
        add_event(connection, current.project, "webhook_off", reason, time=now, by=RULES, numbers=numbers)
        project = webhook_of_project(connection, current.project, key)[0]
        details = {"webhook": key, "reason": course.off_because}
        note(connection, now, RULES, "switch-off-webhook", f"project {project.name}", details)
    update_webhook(connection, key, values)
