"""Channels: added, changed, tried and removed; their addresses stay in the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from tests.notify.receivers import webhook
from tests.services.alerting import NOW, SECOND, model

from driftwheel.errors import UsageError
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.change_channel import change_channel, remove_channel
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.channels.describe_channels import describe_channels
from driftwheel.services.channels.try_channel import try_channel
from driftwheel.store.alerts.channels import find_channel
from driftwheel.store.alerts.notifications import list_notifications
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.audit import list_audit

SECRET = "s3cr3t-t0ken"
URL = f"jsons://robot:{SECRET}@hooks.example.com/x"


def add(engine: Engine, url: str = URL, **options: Any) -> None:
    add_channel(engine, "ops", url, ChannelOptions(**options), by="anna", now=NOW)


def test_a_channel_is_kept_as_it_was_given_and_the_audit_knows_no_secret(database: Engine) -> None:
    model(database)
    quiet = {"zone": "Europe/Berlin", "spans": [{"days": ["sat"], "start": "00:00", "end": "24:00"}]}
    add(
        database,
        models=["cats"],
        severities=["critical", "warning"],
        segments=["camera=2"],
        quiet_hours=quiet,
    )
    with reading(database) as connection:
        kept = find_channel(connection, "ops")
        audit = list_audit(connection)
    assert (kept.url, kept.models, kept.severities) == (URL, ("cats",), ("warning", "critical"))
    assert kept.quiet_hours is not None
    assert kept.quiet_hours["critical_passes"] is True
    assert [(one.by, one.action, one.target) for one in audit] == [("anna", "add-channel", "channel ops")]
    change_channel(database, "ops", {"url": URL + "2", "repeat": 60}, by="ben", now=NOW)
    with reading(database) as connection:
        audit = list_audit(connection)
        assert find_channel(connection, "ops").url == URL + "2"
    assert audit[0].details == {"repeat": 60, "url": "changed"}
    assert SECRET not in repr(audit)
    assert SECRET not in repr(kept)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"models": ["cat"]}, "There is no model 'cat'. Did you mean 'cats'? List them"),
        ({"models": []}, "A channel for no model at all is of no use"),
        (
            {"severities": ["urgent"]},
            "There is no severity 'urgent'. Expected one of info, warning, critical",
        ),
        ({"segments": ["camera"]}, "'camera' is no segment; write tag=value"),
        ({"repeat": -1}, "repeat cannot be -1 s"),
        ({"quiet_hours": {"zone": "Europe/Berln", "spans": []}}, "Europe/Berlin"),
    ],
)
def test_what_cannot_be_is_said(database: Engine, options: dict[str, Any], said: str) -> None:
    model(database)
    with pytest.raises(UsageError) as refused:
        add(database, **options)
    assert said in str(refused.value)
    add(database)
    with pytest.raises(UsageError, match=r"refused|no|cannot|Europe"):
        change_channel(database, "ops", options, by="test", now=NOW)


def test_names_and_addresses(database: Engine) -> None:
    with pytest.raises(UsageError, match="A channel cannot be called ''"):
        add_channel(database, "", URL, by="test", now=NOW)
    with pytest.raises(UsageError, match="public internet"):
        add(database, "json://127.0.0.1:8000/")
    add(database)
    with pytest.raises(UsageError, match="There is already a channel 'ops'"):
        add(database)
    with pytest.raises(UsageError, match=r"no channel 'opps'\. Did you mean 'ops'"):
        change_channel(database, "opps", {}, by="test", now=NOW)
    with pytest.raises(UsageError, match=r"no 'severty'\. Did you mean 'severities'"):
        change_channel(database, "ops", {"severty": []}, by="test", now=NOW)
    with pytest.raises(UsageError, match="public internet"):
        change_channel(database, "ops", {"url": "json://10.0.0.1/"}, by="test", now=NOW)


def test_what_is_left_out_of_a_change_stays(database: Engine) -> None:
    add(database, severities=["critical"], repeat=60)
    change_channel(database, "ops", {"severities": None}, by="test", now=NOW)
    with reading(database) as connection:
        kept = find_channel(connection, "ops")
    assert (kept.severities, kept.repeat, kept.url, kept.enabled) == (None, 60, URL, True)


def test_a_test_says_whether_it_arrives(database: Engine) -> None:
    with webhook() as hook:
        add_channel(database, "ops", hook.url, by="test", now=NOW, allow_private=True)
        how: dict[str, Any] = {"by": "anna", "allow_private": True, "public_url": "https://dw.example.com"}
        assert try_channel(database, "ops", now=NOW, dedup="one", **how).sent
        (call,) = hook.calls
        assert call.json["title"] == "Test of the channel 'ops': alerts arrive here"
        assert "This is a test: nothing is wrong." in call.json["message"]
        hook.status = 403
        failed = try_channel(database, "ops", now=NOW + SECOND, dedup="two", **how)
        assert (failed.sent, "403" in failed.said) == (False, True)
        how["allow_private"] = False
        refused = try_channel(database, "ops", now=NOW + SECOND, dedup="three", **how)
        assert "DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS" in refused.said
    with reading(database) as connection:
        kept = find_channel(connection, "ops")
        states = [(one.kind, one.state) for one in list_notifications(connection)]
    assert states == [("test", "dead"), ("test", "dead"), ("test", "sent")]
    assert (kept.last_sent, kept.failing_since) == (NOW, NOW + SECOND)
    (shown,) = describe_channels(database)
    assert (shown.service, shown.sent, shown.dead, shown.waiting) == ("JSON", 1, 2, 0)


def test_removed_with_its_messages(database: Engine) -> None:
    add(database)
    remove_channel(database, "ops", by="test", now=NOW)
    assert describe_channels(database) == []
    with pytest.raises(UsageError, match="There is no channel 'ops'"):
        remove_channel(database, "ops", by="test", now=NOW)
