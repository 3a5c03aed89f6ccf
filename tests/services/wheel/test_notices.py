"""People are told, by real webhooks, that a turn waits for them or has ended, each thing once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.notify.receivers import Webhook, webhook
from tests.web.pages.turning_site import NAME, Turning, add_turns, end, go_to, turning
from tests.web.serving import serving

from driftwheel.alerts.message import message_from_json, message_to_json
from driftwheel.notify.markdown import as_markdown
from driftwheel.notify.plain_text import as_text, brief_text
from driftwheel.services.channels.add_channel import add_channel
from driftwheel.services.channels.change_channel import change_channel
from driftwheel.services.channels.channel_checks import ChannelOptions
from driftwheel.services.channels.make_notices import channels_to_tell, make_notices
from driftwheel.services.channels.send_notifications import send_waiting
from driftwheel.services.wheel.note_notices import note_notices
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.services.wheel.stop_turn import stop_turn
from driftwheel.store.alerts.channels import find_channel
from driftwheel.store.alerts.notices import delete_notices, wanted_notices
from driftwheel.store.alerts.notifications import list_notifications
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import add_to_pool, set_pool_state
from driftwheel.store.wheel.turn_steps import add_step
from driftwheel.store.wheel.turns import open_turn, set_turn

URL = "https://driftwheel.example.com"
RULES = {
    "all": ChannelOptions(),
    "critical": ChannelOptions(severities=["critical"]),
    "dogs": ChannelOptions(models=["dogs"]),
    "crowd": ChannelOptions(topics=["labels"], severities=["critical"]),
    "leads": ChannelOptions(topics=["decisions", "turns"]),
    "off": ChannelOptions(enabled=False),
}


@pytest.fixture(scope="module")
def hook() -> Iterator[Webhook]:
    with webhook() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def its(tmp_path_factory: pytest.TempPathFactory, hook: Webhook) -> Iterator[Turning]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        made = turning(running)
        running.model("dogs")
        now = running.clock() - timedelta(days=30)
        for name, options in RULES.items():
            url = f"json://127.0.0.1:{hook.port}/{name}"
            add_channel(made.engine, name, url, options, by="test", now=now, allow_private=True)
        add_channel(made.engine, "pager", "pagerduty://key@api", by="test", now=now)
        yield made


def told(its: Turning, hook: Webhook, later: timedelta = timedelta()) -> dict[str, list[dict[str, Any]]]:
    """What is told now: channel → messages."""
    now = its.running.clock() + later
    before = len(hook.calls)
    for _ in range(2):  # what is known already is told no second time
        note_notices(its.engine, now=now)
        make_notices(its.engine, now=now, public_url=URL)
    assert send_waiting(its.engine, clock=lambda: now, allow_private=True).failed == 0
    found: dict[str, list[dict[str, Any]]] = {}
    for call in hook.calls[before:]:
        found.setdefault(call.path.strip("/"), []).append(call.json)
    return found


def test_labels_are_wanted_and_turns_have_ended(its: Turning, hook: Webhook) -> None:
    assert told(its, hook) == {}
    add_turns(its)
    found = told(its, hook)
    assert sorted(found) == ["all", "crowd", "leads"]
    (message,) = found["crowd"]
    assert message["title"] == f"{NAME}: turn 3: labels are wanted"
    assert message["type"] == "info"
    plain = message["driftwheel"]
    assert (plain["kind"], plain["entries"]) == ("wanted", [])
    (notice,) = plain["notices"]
    assert notice["told"] == "46 of 80 images are labelled; the deadline is in 6 days."
    assert [one["url"] for one in notice["links"]] == [
        f"{URL}/annotate/{its.project}",
        f"{URL}/labels/{its.project}/pools/{its.pool}",
        f"{URL}/models/{NAME}/wheel/turns/3",
    ]
    assert f"Label: {URL}/annotate/{its.project}" in message["message"]
    assert "80 labels by 3 annotators, 21 min of people, 5.6 min of machines" in message["message"]
    (ended,) = found["leads"]
    assert ended["title"] == f"{NAME}: turn 2: promoted"  # turn 1 ended 20 days ago: that is no news
    assert ended["driftwheel"]["kind"] == "news"
    assert "v2 was promoted and is not worse than v1." in ended["message"]
    (both,) = found["all"]
    assert both["title"] == f"{NAME}: turn 3: labels are wanted and 1 more"


def test_a_message_reads_the_same_on_every_channel(its: Turning) -> None:
    with reading(its.engine) as connection:
        key = find_channel(connection, "all").key
        (row,) = list_notifications(connection, channel=key)
    assert row.kind == "wanted"
    message = message_from_json(row.body)
    assert message_to_json(message) == {name: row.body[name] for name in message_to_json(message)}
    assert as_text(message).startswith("turn 3: labels are wanted\n  Wanted:")
    assert f"[Label](<{URL}/annotate/{its.project}>)" in as_markdown(message)
    brief = brief_text(message, 160)
    assert len(brief) <= 160
    assert brief.endswith(f"{URL}/annotate/{its.project}")


def test_who_is_wanted_still_is_reminded_once_and_not_told_twice(its: Turning, hook: Webhook) -> None:
    day = timedelta(days=1)
    assert told(its, hook, day / 2) == {}
    set_wheel_policy(its.engine, NAME, {"remind_days": 0}, by="ella", now=its.running.clock())
    assert told(its, hook, 1.1 * day) == {}
    set_wheel_policy(its.engine, NAME, {"remind_days": 1}, by="ella", now=its.running.clock())
    with writing(its.engine) as connection:
        set_pool_state(connection, its.pool, "open")
        add_to_pool(connection, its.pool, tasks=80, done=46)
    found = told(its, hook, 1.1 * day)
    assert sorted(found) == ["all", "crowd"]
    (message,) = found["crowd"]
    assert message["title"] == f"{NAME}: turn 3: labels are still wanted"
    (notice,) = message["driftwheel"]["notices"]
    facts = dict(notice["facts"])
    assert facts["Labelled by now"] == "46 of 80 images"
    assert facts["Waits since"].endswith(" UTC")
    assert told(its, hook, 3 * day) == {}
    url = f"json://127.0.0.1:{hook.port}/quiet"  # had it been quiet until now, it would hear of both
    add_channel(its.engine, "quiet", url, by="test", now=its.running.clock(), allow_private=True)
    (late,) = told(its, hook, 3 * day)["quiet"]
    assert late["title"] == f"{NAME}: turn 3: labels are still wanted"
    change_channel(its.engine, "quiet", {"enabled": False}, by="test", now=its.running.clock())


def test_a_challenger_waits_for_an_answer_but_not_at_night(its: Turning, hook: Webhook) -> None:
    now = its.running.clock()
    night = {"zone": "UTC", "spans": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}]}
    night["spans"][0] |= {"start": "00:00", "end": "24:00"}
    change_channel(its.engine, "all", {"quiet_hours": night}, by="test", now=now, allow_private=True)
    with reading(its.engine) as connection:
        turn = open_turn(connection, 1)
    assert turn is not None
    with writing(its.engine) as connection:
        add_step(connection, turn.key, 3, "promote", now)
        set_turn(connection, turn.key, step="promote", waits="answer", waits_for="v2 is better by 9 points.")
    found = told(its, hook)
    assert sorted(found) == ["leads"]
    assert found["leads"][0]["title"] == f"{NAME}: turn 3: may the challenger be promoted?"
    with reading(its.engine) as connection:
        assert [one.subject for one in wanted_notices(connection)] == [f"turn {turn.key} 3 answer"]
    stop_turn(its.engine, NAME, 3, by="ella", now=now, reason="Enough.")
    change_channel(its.engine, "all", {"quiet_hours": None}, by="test", now=now, allow_private=True)
    found = told(its, hook)
    assert [one["title"] for one in found["all"]] == [f"{NAME}: turn 3: stopped"]  # nobody is wanted any more
    with reading(its.engine) as connection:
        assert wanted_notices(connection) == []
        assert channels_to_tell(connection, now) == []
        pager = find_channel(connection, "pager")
        assert (pager.noticed > 0, list_notifications(connection, channel=pager.key)) == (True, [])


def test_a_channel_that_is_new_hears_of_what_is_open_and_not_of_what_is_over(
    its: Turning, hook: Webhook
) -> None:
    now = its.running.clock()
    url = f"json://127.0.0.1:{hook.port}/late"
    add_channel(its.engine, "late", url, by="test", now=now, allow_private=True)
    assert told(its, hook) == {}
    fourth = its.begin(0)
    go_to(its, fourth, "label", "labels", "0 of 80 images are labelled.")
    assert told(its, hook)["late"][0]["title"] == f"{NAME}: turn 4: labels are wanted"
    end(its, fourth, "out_of_budget", "No labels are left.", now)
    assert told(its, hook)["late"][0]["title"] == f"{NAME}: turn 4: out of budget"
    with writing(its.engine) as connection:
        assert delete_notices(connection, now + timedelta(days=1), 100) == 5
    assert told(its, hook, timedelta(days=8)) == {}  # what was deleted is not told anew
