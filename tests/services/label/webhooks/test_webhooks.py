"""Webhooks: what happens is told in the transaction of it, at least once, to receivers good and bad."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from tests import fork_server
from tests.notify.receivers import Webhook, webhook
from tests.services.labelling import Labelling, labelling

from driftwheel.errors import UsageError
from driftwheel.notify.webhook_signature import verify
from driftwheel.services.crash_points import VARIABLE
from driftwheel.services.label.quality.ban_annotator import ban_annotator
from driftwheel.services.label.review.review_task import Decision, review_task
from driftwheel.services.label.webhooks.register_webhook import (
    WebhookChange,
    change_webhook,
    register_webhook,
    remove_webhook,
    send_again,
)
from driftwheel.services.label.webhooks.send_webhooks import (
    OFF_AFTER,
    SentWebhooks,
    send_webhooks,
    try_webhook,
)
from driftwheel.services.label.work.undo_answer import undo_answer
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.label_events import list_events
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.webhooks.webhook_deliveries import WebhookDelivery, delete_deliveries, list_deliveries
from driftwheel.store.webhooks.webhooks import WEBHOOK_EVENTS, webhook_by_key
from driftwheel.store.webhooks.webhooks import Webhook as Kept


def register(work: Labelling, hook: Webhook, events: Sequence[str] = WEBHOOK_EVENTS) -> Kept:
    url = f"http://127.0.0.1:{hook.port}/hook"
    return register_webhook(
        work.engine, work.project.key, url, events=events, by="lead", now=work.now, allow_private=True
    )


def send(work: Labelling, **more: Any) -> SentWebhooks:
    return send_webhooks(work.engine, clock=lambda: work.now, allow_private=True, **more)


def kept(work: Labelling, key: int) -> Kept:
    with reading(work.engine) as connection:
        found = webhook_by_key(connection, key)
    assert found is not None
    return found


def deliveries(work: Labelling, key: int) -> list[WebhookDelivery]:
    with reading(work.engine) as connection:
        return list_deliveries(connection, key)[::-1]


def told(hook: Webhook) -> list[str]:
    return [one.json["type"] for one in hook.calls]


def test_from_an_answer_to_the_receiver(label_database: Engine) -> None:
    work = labelling(label_database, 2, rules={"review_share": 0.0})
    with webhook() as hook:
        made = register(work, hook)
        work.label("ann", "cat")
        work.label("ann", "dog")
        assert (send(work), send(work)) == (SentWebhooks(sent=3), SentWebhooks())
    first, _, closed = hook.calls
    assert told(hook) == ["task.completed", "task.completed", "pool.closed"]
    data = first.json["data"]
    assert (data["record"], data["consensus"], data["state"], data["reviewed"]) == (
        "i0",
        {"class": "cat"},
        "done",
        False,
    )
    assert (closed.json["data"]["because"], closed.json["data"]["done"]) == ("finished", 2)
    for call in hook.calls:
        assert verify(made.secret, call.headers, call.body, now=work.now)
        assert not verify(made.secret, call.headers, call.body + b" ", now=work.now)
        assert not verify(made.secret, call.headers, call.body, now=work.now + timedelta(minutes=6))
    assert len({one.headers["webhook-id"] for one in hook.calls}) == 3
    assert kept(work, made.key).last_sent == work.now


def test_what_no_longer_holds_is_told_too(label_database: Engine) -> None:
    work = labelling(label_database, 1, rules={"review_share": 1.0})
    project = work.project.key
    with webhook() as hook:
        made = register(work, hook)
        task = work.label("ann", "cat")
        assert task is not None
        undo_answer(label_database, work.who("ann"), work.answers()[0].id, now=work.now)
        work.label("ann", "cat")
        ban_annotator(label_database, project, work.who("ann"), "x", exclude=True, by="lead", now=work.now)
        work.label("bob", "cat")
        for action in ("reject", "edit"):
            payload = {"class": "dog"} if action == "edit" else None
            decision = Decision(action, payload)  # type: ignore[arg-type]
            review_task(label_database, project, task.task, decision, by="lead", now=work.now)
            if action == "reject":
                work.label("cid", "cat")
        send(work)
    done = ["task.completed", "task.review_wanted", "pool.closed"]
    again = ["task.reopened", "pool.opened"]
    assert told(hook) == [*done, *again, *done, *again, *done, *again, *done, "task.completed"]
    last = hook.calls[-1].json["data"]
    assert (last["consensus"], last["reviewed"], last["confidence"]) == ({"class": "dog"}, True, 1.0)
    change_webhook(
        label_database, project, made.key, WebhookChange(events=["pool.closed"]), by="lead", now=work.now
    )
    assert kept(work, made.key).events == ("pool.closed",)


def test_a_failing_receiver_is_left_in_peace_and_gets_all_later(label_database: Engine) -> None:
    work = labelling(label_database, 3, rules={"review_share": 0.0})
    with webhook() as hook:
        made = register(work, hook, ["task.completed"])
        for _ in range(3):
            work.label("ann")
        hook.status = 503
        assert send(work) == SentWebhooks(failed=1)
        assert send(work) == SentWebhooks()  # it rests
        work.later(seconds=31)
        assert send(work) == SentWebhooks(failed=1)
        work.later(seconds=31)
        assert send(work) == SentWebhooks()  # twice as long
        assert kept(work, made.key).failures == 2
        assert kept(work, made.key).last_error == "The receiver answered 503 Service Unavailable."
        hook.status = 200
        work.later(seconds=120)
        assert send(work) == SentWebhooks(sent=3)
    after = kept(work, made.key)
    assert (after.failures, after.failing_since, after.last_error) == (0, None, None)
    assert [one.attempts for one in deliveries(work, made.key)] == [3, 1, 1]
    assert len({one.headers["webhook-id"] for one in hook.calls}) == 3


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_what_is_refused_alone_does_not_hold_up_the_rest(label_database: Engine) -> None:
    work = labelling(label_database, 5, rules={"review_share": 0.0})
    with webhook() as hook:
        made = register(work, hook, ["task.completed"])
        for _ in range(5):
            work.label("ann")
        hook.status = 404
        assert send(work) == SentWebhooks(failed=3)  # then it rests
        assert [one.attempts for one in deliveries(work, made.key)] == [1, 1, 1, 0, 0]
        hook.status = 410
        work.later(seconds=61)
        assert send(work) == SentWebhooks(failed=1)
    off = kept(work, made.key)
    assert (off.enabled, off.off_because) == (False, "The receiver answered that it is gone (410).")
    work.later(days=10)
    assert send(work) == SentWebhooks()


def test_a_receiver_that_is_never_reached_is_switched_off_and_on_again(label_database: Engine) -> None:
    work = labelling(label_database, 2, rules={"review_share": 0.0})
    project = work.project.key
    with webhook() as hook:
        made = register(work, hook, ["task.completed"])
        work.label("ann")
        hook.status = 500
        send(work)
        work.later(seconds=OFF_AFTER.total_seconds())
        send(work)
    off = kept(work, made.key)
    assert not off.enabled
    with reading(label_database) as connection:
        event = list_events(connection, project, limit=1)[0]
        noted = list_audit(connection, target=f"project {work.project.name}", limit=1)[0]
    assert (event.kind, noted.action) == ("webhook_off", "switch-off-webhook")
    assert "Nothing has reached it for 3 days" in event.reason
    work.label("ann")  # nobody is told
    with webhook() as hook:
        change = WebhookChange(url=f"http://127.0.0.1:{hook.port}/", enabled=True)
        change_webhook(label_database, project, made.key, change, by="lead", now=work.now, allow_private=True)
        assert send(work) == SentWebhooks(sent=1)
        (one,) = deliveries(work, made.key)
        send_again(label_database, project, made.key, one.key, by="lead", now=work.now)
        assert send(work) == SentWebhooks(sent=1)
    assert {call.headers["webhook-id"] for call in hook.calls} == {one.id}
    with reading(label_database) as connection:
        assert len(list_deliveries(connection, made.key, state="sent")) == 1


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_a_trial_is_sent_at_once(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    project = work.project.key

    def attempt(key: int, allow_private: bool) -> Any:
        return try_webhook(
            label_database, project, key, by="lead", clock=lambda: work.now, allow_private=allow_private
        )

    with webhook() as hook:
        made = register(work, hook)
        assert attempt(made.key, True).taken
        refused = attempt(made.key, False)
    assert (refused.taken, told(hook)) == (False, ["ping"])
    assert "not an address of the public internet" in refused.said
    assert [(one.event, one.state) for one in deliveries(work, made.key)] == [
        ("ping", "sent"),
        ("ping", "dead"),
    ]
    assert verify(made.secret, hook.calls[0].headers, hook.calls[0].body, now=work.now)


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_what_cannot_be_registered(label_database: Engine) -> None:
    work = labelling(label_database, 1)
    project = work.project.key

    def add(url: str = "https://example.com/", **more: Any) -> Kept:
        return register_webhook(label_database, project, url, by="lead", now=work.now, **more)

    with pytest.raises(UsageError, match=r"no event 'task.complete'. Did you mean 'task.completed'\?"):
        add(events=["task.complete"])
    with pytest.raises(UsageError, match="one event at least"):
        add(events=[])
    with pytest.raises(UsageError, match="not an address of the public internet"):
        add("http://127.0.0.1/")
    for _ in range(20):
        last = add()
    with pytest.raises(UsageError, match="has 20 webhooks already"):
        add()
    remove_webhook(label_database, project, last.key, by="lead", now=work.now)
    with pytest.raises(LookupError, match="has no webhook with the key"):
        remove_webhook(label_database, project, last.key, by="lead", now=work.now)


def test_old_deliveries_are_forgotten(label_database: Engine) -> None:
    work = labelling(label_database, 1, rules={"review_share": 0.0})
    with webhook() as hook:
        made = register(work, hook)
        work.label("ann")
        send(work)
    with writing(label_database) as connection:
        delete_deliveries(connection, work.now, 10_000)
    assert len(deliveries(work, made.key)) == 2
    with writing(label_database) as connection:
        delete_deliveries(connection, work.now + timedelta(seconds=1), 10_000)
    assert deliveries(work, made.key) == []


@pytest.mark.parametrize("label_database", ["sqlite"], indirect=True)
def test_killed_between_the_change_and_the_receiver(label_database: Engine) -> None:
    work = labelling(label_database, 4, rules={"review_share": 0.0})
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    url = label_database.url.render_as_string(hide_password=False)
    with webhook() as hook:
        made = register(work, hook)
        for point in ("webhook-claimed", "webhook-posted", "webhook-posted:2"):
            work.label("ann")
            done = fork_server.run(
                "tests.services.send_webhooks_once",
                url,
                work.now.isoformat(),
                environment=environment | {VARIABLE: point},
            )
            assert done.returncode == -signal.SIGKILL, (point, done.stderr)
            work.later(seconds=61)
        work.label("ann")
        send(work)
    ids = {one.id for one in deliveries(work, made.key)}
    assert {call.headers["webhook-id"] for call in hook.calls} == ids
    assert len(ids) == 5  # four images, and the pool that closed
    assert len(hook.calls) == 5 + 3  # those that were sent when it was killed came again
    assert {one.state for one in deliveries(work, made.key)} == {"sent"}
