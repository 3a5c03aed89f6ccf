"""Grouping: what one channel is told of one model, and when; times in seconds from the first alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from tests.alerts.making import START, episode

from driftwheel.alerts.act import acknowledge, close, inhibit, snooze
from driftwheel.alerts.episode import Episode
from driftwheel.alerts.grouping import Due, Timing, dedup_key, due_message
from driftwheel.alerts.quiet_hours import DAYS, QuietHours, QuietSpan
from driftwheel.alerts.told import NOTHING_TOLD, Told

TIMING = Timing()
REPEAT = 4 * 3600


def s(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def fired(key: int = 1, after: float = 0, **rest: object) -> Episode:
    return episode(key, fired=s(after), **rest)


def resolved(one: Episode, after: float) -> Episode:
    return replace(one, state="resolved", ended=s(after))


def told(*episodes: Episode, after: float, before: Told = NOTHING_TOLD) -> Told:
    due = due_message(before, episodes, TIMING, s(after))
    assert due.kind is not None
    return due.told


def look(before: Told, *episodes: Episode, after: float, quiet: QuietHours | None = None) -> Due:
    return due_message(before, episodes, TIMING, s(after), quiet)


def test_the_first_message_waits_for_what_comes_together() -> None:
    one, two = fired(1, 0), fired(2, 20)
    waiting = look(NOTHING_TOLD, one, two, after=29)
    assert (waiting.kind, waiting.next_due) == (None, s(30))
    due = look(NOTHING_TOLD, one, two, after=30)
    assert (due.kind, due.firing, due.still, due.ended) == ("firing", (1, 2), (), ())
    assert due.next_due == s(30 + REPEAT)


def test_what_comes_later_waits_for_the_interval() -> None:
    one, two = fired(1), fired(2, 60)
    before = told(one, after=30)
    assert look(before, one, two, after=90).next_due == s(330)
    due = look(before, one, two, after=330)
    assert (due.kind, due.firing, due.still) == ("firing", (2,), (1,))


def test_what_goes_on_is_repeated() -> None:
    one = fired()
    before = told(one, after=30)
    assert look(before, one, after=REPEAT).kind is None
    due = look(before, one, after=30 + REPEAT)
    assert (due.kind, due.firing, due.still) == ("still_firing", (), (1,))
    assert due.next_due == s(30 + 2 * REPEAT)


def test_an_end_is_told_once() -> None:
    one = fired()
    before = told(one, after=30)
    over = resolved(one, 1000)
    assert look(before, over, after=1000).next_due == s(1030)
    due = look(before, over, after=1030)
    assert (due.kind, due.ended, due.next_due) == ("resolved", (1,), None)
    assert look(due.told, over, after=9999).kind is None


def test_closed_is_told_as_closed() -> None:
    one = fired()
    over = close(one, reason="monitor disabled", now=s(600))
    assert look(told(one, after=30), over, after=700).kind == "closed"


def test_an_end_beside_what_still_fires_says_both() -> None:
    one, two = fired(1), fired(2)
    before = told(one, two, after=30)
    due = look(before, resolved(one, 400), two, after=430)
    assert (due.kind, due.still, due.ended) == ("resolved", (2,), (1,))


def test_what_ended_before_it_was_told_is_never_told() -> None:
    over = resolved(fired(), 10)
    due = look(NOTHING_TOLD, over, after=60)
    assert (due.kind, due.next_due) == (None, None)


def test_what_is_pending_is_not_told() -> None:
    due = look(NOTHING_TOLD, episode(state="pending", fired=None), after=60)
    assert (due.kind, due.next_due) == (None, None)


def test_after_the_end_a_new_alert_is_a_new_group() -> None:
    one = fired()
    after_end = look(told(one, after=30), resolved(one, 400), after=430).told
    assert look(after_end, fired(2, 440), after=470).kind == "firing"


def test_acknowledged_is_not_repeated_and_its_end_is_told() -> None:
    one = fired()
    before = told(one, after=30)
    known = acknowledge(one, by="ana", note="", now=s(60))
    due = look(before, known, after=10 * REPEAT)
    assert (due.kind, due.next_due) == (None, None)
    assert look(before, resolved(known, 100), after=400).kind == "resolved"


def test_a_snooze_that_ends_says_once_that_it_still_fires() -> None:
    one = fired()
    before = told(one, after=30)
    asleep = snooze(one, until=s(2 * REPEAT), now=s(60))
    assert look(before, asleep, after=REPEAT + 60).next_due == s(2 * REPEAT)
    due = look(before, asleep, after=2 * REPEAT)
    assert (due.kind, due.still, due.next_due) == ("still_firing", (1,), s(3 * REPEAT))
    assert look(due.told, asleep, after=2 * REPEAT + 600).kind is None


def test_what_was_acknowledged_and_snoozed_still_says_once_that_it_fires() -> None:
    one = fired()
    before = told(one, after=30)
    both = acknowledge(snooze(one, until=s(900), now=s(60)), by="ana", note="", now=s(70))
    due = look(before, both, after=900)
    assert (due.kind, due.next_due) == ("still_firing", None)


def test_what_ended_in_a_snooze_is_not_told() -> None:
    one = fired()
    before = told(one, after=30)
    over = resolved(snooze(one, until=s(5000), now=s(60)), 4000)
    due = look(before, over, after=6000)
    assert (due.kind, due.next_due, due.told.firing) == (None, None, {})


def test_what_ended_after_its_snooze_is_told() -> None:
    one = fired()
    before = told(one, after=30)
    over = resolved(snooze(one, until=s(500), now=s(60)), 501)
    assert look(before, over, after=531).kind == "resolved"


def test_inhibited_is_not_told_until_it_is_no_longer() -> None:
    hidden = inhibit(fired(), 9)
    due = look(NOTHING_TOLD, hidden, after=900)
    assert (due.kind, due.next_due) == (None, None)
    assert look(NOTHING_TOLD, inhibit(hidden, None), after=900).firing == (1,)


def test_told_and_then_inhibited_its_end_is_told() -> None:
    one = fired()
    before = told(one, after=30)
    assert look(before, inhibit(one, 9), after=2 * REPEAT).kind is None
    assert look(before, resolved(inhibit(one, 9), 400), after=430).kind == "resolved"


NIGHT = QuietHours("UTC", (QuietSpan(DAYS, time(0), time(6)),))  # the first alert comes at midnight
MORNING = 6 * 3600


def test_in_quiet_hours_it_waits_for_the_morning() -> None:
    one = fired()
    night = look(NOTHING_TOLD, one, after=60, quiet=NIGHT)
    assert (night.kind, night.next_due) == (None, s(MORNING))
    assert look(NOTHING_TOLD, one, after=MORNING, quiet=NIGHT).kind == "firing"
    assert look(NOTHING_TOLD, resolved(one, 3600), after=MORNING, quiet=NIGHT).kind is None


def test_what_is_critical_passes_and_takes_nothing_along() -> None:
    mild, grave = fired(1), fired(2, severity="critical")
    due = look(NOTHING_TOLD, mild, grave, after=30, quiet=NIGHT)
    assert (due.kind, due.firing, due.next_due) == ("firing", (2,), s(30 + REPEAT))
    morning = look(due.told, mild, grave, after=MORNING, quiet=NIGHT)
    assert (morning.firing, morning.still) == ((1,), (2,))


def test_critical_waits_too_where_it_must_not_pass() -> None:
    silent = replace(NIGHT, critical_passes=False)
    due = look(NOTHING_TOLD, fired(severity="critical"), after=60, quiet=silent)
    assert (due.kind, due.next_due) == (None, s(MORNING))


def test_what_is_gone_is_forgotten() -> None:
    before = told(fired(1), fired(2), after=30)
    assert dict(look(before, fired(1), after=60).told.firing) == {1: s(30)}


def test_every_message_has_its_own_key() -> None:
    first = told(fired(), after=30)
    second = told(fired(), after=30 + REPEAT, before=first)
    keys = {
        dedup_key(channel, model, one) for channel in (1, 2) for model in (1, 2) for one in (first, second)
    }
    assert len(keys) == 8
    assert dedup_key(1, 1, first) == dedup_key(1, 1, told(fired(), after=30))


@pytest.mark.parametrize("after", [0, 10, 30, 31, 400, REPEAT, 3 * REPEAT])
def test_nothing_more_is_due_once_a_message_is_made(after: float) -> None:
    episodes = [fired(1), fired(2, 5), snooze(fired(3), until=s(200), now=s(1))]
    due = due_message(NOTHING_TOLD, episodes, TIMING, s(after))
    again = due_message(due.told, episodes, TIMING, s(after))
    assert again.kind is None
    assert again.next_due == due.next_due
