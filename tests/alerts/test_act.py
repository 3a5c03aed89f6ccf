"""What people do to an episode, and what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.alerts.making import at, episode

from driftwheel.alerts.act import acknowledge, close, inhibit, snooze, unsnooze
from driftwheel.alerts.episode import Episode, is_snoozed
from driftwheel.errors import UsageError

ENDED = episode(state="resolved", ended=at(3))
PENDING = episode(state="pending", fired=None)

ACTS: dict[str, Callable[[Episode], Episode]] = {
    "acknowledged": lambda one: acknowledge(one, by="ana", note="", now=at(4)),
    "snoozed": lambda one: snooze(one, until=at(9), now=at(4)),
    "woken": lambda one: unsnooze(one, now=at(4)),
    "closed": lambda one: close(one, reason="known", now=at(4)),
    "inhibited": lambda one: inhibit(one, 7),
}


def test_acknowledged_again_the_last_one_counts() -> None:
    first = acknowledge(episode(), by="ana", note="on it", now=at(2))
    again = acknowledge(first, by="bo", note="took over", now=at(3))
    assert (again.acknowledged, again.acknowledged_by, again.acknowledged_note) == (at(3), "bo", "took over")


def test_a_snooze_ends_at_its_time_or_when_it_is_ended() -> None:
    asleep = snooze(episode(), until=at(9), now=at(2))
    assert is_snoozed(asleep, at(8.9))
    assert not is_snoozed(asleep, at(9))
    assert not is_snoozed(unsnooze(asleep, now=at(4)), at(4))


def test_closing_keeps_the_reason() -> None:
    closed = close(episode(inhibited_by=3), reason="monitor disabled", now=at(2))
    assert (closed.state, closed.ended, closed.reason, closed.inhibited_by) == (
        "closed",
        at(2),
        "monitor disabled",
        None,
    )


def test_inhibited_and_no_longer() -> None:
    assert inhibit(inhibit(episode(), 7), None) == episode()


@pytest.mark.parametrize("what", ACTS)
def test_nothing_can_be_done_to_what_has_ended(what: str) -> None:
    with pytest.raises(UsageError, match=f"resolved at 2026-11-02 03:00 UTC and cannot be {what} any more"):
        ACTS[what](ENDED)


@pytest.mark.parametrize("what", ["acknowledged", "snoozed", "woken"])
def test_what_has_not_fired_is_not_yet_an_alert(what: str) -> None:
    with pytest.raises(UsageError, match=f"has not fired yet, so it cannot be {what}"):
        ACTS[what](PENDING)


def test_mistakes_are_named() -> None:
    with pytest.raises(UsageError, match="A snooze ends later than now"):
        snooze(episode(), until=at(4), now=at(4))
    with pytest.raises(UsageError, match="for a year at most; switch the monitor off"):
        snooze(episode(), until=datetime.max.replace(tzinfo=UTC), now=at(4))
    with pytest.raises(UsageError, match="The reason has 2,001 characters; at most 2,000 are kept"):
        close(episode(), reason="x" * 2001, now=at(4))
    with pytest.raises(UsageError, match="'drift' is not snoozed"):
        unsnooze(episode(), now=at(4))
    with pytest.raises(UsageError, match="is closed for a reason; say which"):
        close(episode(), reason=" ", now=at(4))
    with pytest.raises(UsageError, match="note has 2,001 characters"):
        acknowledge(episode(), by="ana", note="x" * 2001, now=at(4))
    with pytest.raises(UsageError, match="cannot explain itself"):
        inhibit(episode(3), 3)
