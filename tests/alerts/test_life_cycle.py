"""The life of an episode, step by step, and what must hold whatever comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.alerts.making import at, instance, monitor, window, windows

from driftwheel.alerts.act import acknowledge, close, snooze
from driftwheel.alerts.episode import Episode, is_open
from driftwheel.alerts.flapping import FLAPPING_QUIET
from driftwheel.alerts.life_cycle import DID_NOT_LAST, Step, advance, windows_needed
from driftwheel.monitors.monitor import Monitor


def lived(
    letters: str, watched: Monitor | None = None, *, watch_from: datetime | None = None
) -> tuple[list[Episode], list[str]]:
    """Evaluate the windows one after the other; return all episodes and what happened at each window."""
    watching = instance(watched)
    episodes: list[Episode] = []
    happened = []
    for end in range(1, len(letters) + 1):
        opened = episodes[-1] if episodes and is_open(episodes[-1]) else None
        history = [one for one in reversed(episodes) if not is_open(one)]
        step = advance(
            opened,
            windows(letters[:end]),
            watching,
            at(end),
            evaluated=at(end),
            watch_from=watch_from,
            history=history,
        )
        happened.append(" ".join(step.happened))
        if step.episode is not None:
            if opened is None:
                episodes.append(replace(step.episode, key=len(episodes) + 1))
            else:
                episodes[-1] = step.episode
    return episodes, happened


def test_a_breach_fires_and_is_resolved_when_it_is_clear() -> None:
    (only,), happened = lived("OOBBO")
    assert happened == ["", "", "pending fired", "", "recovering resolved"]
    assert (only.state, only.began, only.last_breach, only.ended) == ("resolved", at(2), at(4), at(5))


def test_it_waits_for_so_many_windows() -> None:
    (only,), happened = lived("OBBBO", monitor(breaches=3, of_windows=3))
    assert happened == ["", "pending", "", "fired", "recovering resolved"]
    assert (only.pending, only.fired, only.began) == (at(2), at(4), at(1))


def test_k_of_n_windows() -> None:
    (only,), happened = lived("BOBO", monitor(breaches=2, of_windows=3, keep_firing_for=2))
    assert happened == ["pending", "", "fired", "recovering"]
    assert only.began == at(0)


def test_a_breach_that_did_not_last_is_closed_and_told_to_nobody() -> None:
    (only,), happened = lived("BOO", monitor(breaches=2, of_windows=2))
    assert happened == ["pending", "", "closed"]
    assert (only.state, only.fired, only.reason) == ("closed", None, DID_NOT_LAST)


def test_it_fires_only_in_a_window_in_breach() -> None:
    episodes, happened = lived("BOB-o", monitor(breaches=2, of_windows=3))
    assert happened == ["pending", "", "fired", "", ""]
    assert episodes[0].state == "firing"


def test_it_lasts_until_it_is_beyond_the_clear_threshold_for_long_enough() -> None:
    _, happened = lived("BoooOoOO", monitor(keep_firing_for=2))
    assert happened == ["pending fired", "", "", "", "recovering", "", "", "resolved"]


def test_a_breach_while_recovering_is_the_same_episode() -> None:
    (only,), happened = lived("BOBOO", monitor(keep_firing_for=2))
    assert happened == ["pending fired", "recovering", "breached_again", "recovering", "resolved"]
    assert only.began == at(0)


def test_a_resolved_episode_never_reopens() -> None:
    episodes, _ = lived("BOB")
    assert [one.state for one in episodes] == ["resolved", "firing"]
    assert episodes[1].began == at(2)


@pytest.mark.parametrize("letters", ["B-", "B?", "B!", "B-?!-?!"])
def test_what_is_unknown_is_never_ok(letters: str) -> None:
    (only,), happened = lived(letters)
    assert only.state == "firing"
    assert set(happened[1:]) == {""}


@pytest.mark.parametrize("letters", ["-", "?", "!", "-?!"])
def test_what_is_unknown_starts_nothing(letters: str) -> None:
    assert lived(letters) == ([], [""] * len(letters))


def test_windows_without_an_answer_are_passed_over() -> None:
    assert lived("B--B", monitor(breaches=2, of_windows=2))[1] == ["pending", "", "", "fired"]
    assert lived("BO--O", monitor(keep_firing_for=2))[1][-1] == "resolved"


def test_windows_from_before_the_monitor_never_page() -> None:
    assert lived("BBB", watch_from=at(3)) == ([], ["", "", ""])
    assert lived("BBBB", monitor(breaches=2, of_windows=2), watch_from=at(3))[1] == ["", "", "", "pending"]


def test_the_windows_of_one_episode_do_not_count_for_the_next() -> None:
    watched = monitor(breaches=2, of_windows=3)
    assert lived("BBOB", watched)[1] == ["pending", "fired", "recovering resolved", "pending"]


def test_late_data_changes_nothing() -> None:
    watched = instance()
    late = windows("BOO")
    assert advance(None, late, watched, at(4), evaluated=at(1)) == Step(None)
    assert advance(None, windows("BOB"), watched, at(4), evaluated=at(1)) == Step(None)
    opened = advance(None, windows("OB"), watched, at(2), evaluated=at(2)).episode
    assert opened is not None
    cleared = windows("OO")[1:]  # as a caller would have it who knows of no newer window
    assert advance(opened, cleared, watched, at(3), evaluated=at(1)) == Step(opened)


def test_an_episode_that_a_person_closed_stays_closed_when_its_window_is_evaluated_again() -> None:
    watched = instance()
    opened = advance(None, windows("OB"), watched, at(2), evaluated=at(2)).episode
    assert opened is not None
    closed = close(opened, reason="a known thing", now=at(2.5))
    assert advance(None, windows("OB"), watched, at(3), evaluated=at(2), history=[closed]) == Step(None)
    again = advance(None, windows("OBB"), watched, at(3), evaluated=at(3), history=[closed])
    assert again.happened == ("pending", "fired")
    assert again.episode is not None
    assert again.episode.began == at(2)


def test_a_truth_that_came_late_ends_the_alert_it_should_never_have_been() -> None:
    watched = instance()
    opened = advance(None, windows("OOB"), watched, at(3), evaluated=at(3)).episode
    step = advance(opened, windows("OOO"), watched, at(4), evaluated=at(3))
    assert step.happened == ("recovering", "resolved")


def test_what_people_did_stays_through_the_life_of_an_episode() -> None:
    watched = instance(monitor(keep_firing_for=2))
    opened = advance(None, windows("B"), watched, at(1), evaluated=at(1)).episode
    assert opened is not None
    known = snooze(acknowledge(opened, by="ana", note="on it", now=at(1)), until=at(9), now=at(1))
    recovering = advance(known, windows("BO"), watched, at(2), evaluated=at(2)).episode
    again = advance(recovering, windows("BOB"), watched, at(3), evaluated=at(3)).episode
    assert again is not None
    assert (again.acknowledged_by, again.acknowledged_note, again.snoozed_until) == ("ana", "on it", at(9))


def test_an_alert_that_comes_and_goes_is_held_open() -> None:
    episodes, happened = lived("BOBOBOBOBOOOOOO")
    assert [one.flapping for one in episodes] == [False, False, True]
    assert happened[4] == "pending fired flapping"
    assert happened[5:9] == ["recovering", "breached_again", "recovering", "breached_again"]
    assert happened[-1] == "resolved"
    assert happened.index("resolved") - happened[:-1].index("recovering", 9) == FLAPPING_QUIET - 1


def test_late_data_takes_no_effect_through_a_window_without_an_answer() -> None:
    watched = instance()
    opened = advance(None, windows("B"), watched, at(1), evaluated=at(1)).episode
    assert advance(opened, windows("O-"), watched, at(2), evaluated=at(2)).happened == ()


def test_windows_from_before_the_first_breach_do_not_end_it() -> None:
    watched = instance(monitor(keep_firing_for=2))
    opened = advance(None, windows("OOB"), watched, at(3), evaluated=at(3)).episode
    step = advance(opened, windows("OOO"), watched, at(4), evaluated=at(3))
    assert step.happened == ("recovering",)


def test_silence_moves_an_episode_by_ticks() -> None:
    watched = instance(monitor("silence above 2 h"))
    opened = advance(None, [window("B", 3)], watched, at(3), evaluated=at(3))
    assert opened.happened == ("pending", "fired")
    same = advance(opened.episode, [window("B", 4)], watched, at(4), evaluated=at(4))
    assert same.happened == ()
    assert same.episode is not None
    assert same.episode.began == at(2)
    assert advance(same.episode, [window("O", 5)], watched, at(5), evaluated=at(5)).happened[-1] == "resolved"


@given(st.text("BoO-?!", max_size=30), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
def test_evaluated_again_with_the_same_results_nothing_happens(
    letters: str, breaches: int, of_windows: int, keep: int
) -> None:
    watched = monitor(breaches=min(breaches, of_windows), of_windows=of_windows, keep_firing_for=keep)
    episodes, _ = lived(letters, watched)
    opened = episodes[-1] if episodes and is_open(episodes[-1]) else None
    history = [one for one in reversed(episodes) if not is_open(one)]
    end = at(len(letters))
    again = advance(opened, windows(letters), instance(watched), at(99), evaluated=end, history=history)
    assert again == Step(opened)


@given(st.text("BoO-?!", max_size=40), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_so_many_windows_are_enough(letters: str, breaches: int, of_windows: int, keep: int) -> None:
    """What is further back makes no difference, but for windows without an answer."""
    watched = monitor(breaches=min(breaches, of_windows), of_windows=of_windows, keep_firing_for=keep)
    known = letters.translate(str.maketrans("", "", "-?!"))
    episodes, _ = lived(known, watched)
    if not episodes or not is_open(episodes[-1]):
        return
    history = [one for one in reversed(episodes) if not is_open(one)]
    newest = at(len(known) + 1)
    every = [window("O", len(known) + 1), *windows(known)]
    some = every[: windows_needed(watched)]
    there = instance(watched)
    one = advance(episodes[-1], every, there, newest, evaluated=newest, history=history)
    assert advance(episodes[-1], some, there, newest, evaluated=newest, history=history) == one
