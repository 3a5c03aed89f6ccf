"""The challenge: when it comes cannot be foretold, and a guess does not pass it."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.agreement.challenge import Challenge, Reply, challenge_due, draw_challenge, judge_challenges
from driftwheel.errors import UsageError


def waits(every: int, *, suspicion: bool) -> list[int]:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        n = 1
        while not challenge_due(n, rng, every=every, suspicion=suspicion):
            n += 1
        found.append(n)
    return found


def test_it_comes_about_every_hundred_answers_and_at_the_latest_after_three_hundred() -> None:
    found = waits(100, suspicion=False)
    assert np.mean(found) == pytest.approx(100 * (1 - np.exp(-3)), rel=0.06)
    assert max(found) == 300
    assert min(found) < 5


def test_suspicion_brings_it_five_times_as_soon() -> None:
    assert np.mean(waits(100, suspicion=True)) == pytest.approx(20, rel=0.1)


def test_a_script_that_guesses_passes_once_in_ten_thousand() -> None:
    rng = np.random.default_rng(1)
    asked = draw_challenge(rng)
    assert asked.guessed == 1e-4
    drawn = [draw_challenge(rng).digits for _ in range(3000)]
    assert len(set(drawn)) > 2500
    assert {len(one) for one in drawn} == {4}


@pytest.mark.parametrize(
    ("text", "seconds", "passed"),
    [
        ("4073", 9.0, True),
        (" 40 73\n", 9.0, True),
        ("4074", 9.0, False),
        ("4073", 61.0, False),
        (None, 60.0, False),
    ],
)
def test_what_counts_as_passed(text: str | None, seconds: float, passed: bool) -> None:
    assert Reply(Challenge("4073"), text, seconds).passed is passed


def test_three_failures_in_a_row_are_a_ban_and_one_pass_forgives() -> None:
    asked = Challenge("4073")
    failed, passed = Reply(asked, None, 60.0), Reply(asked, "4073", 5.0)
    events = [judge_challenges([passed] + [failed] * n, "bot") for n in range(5)]
    assert [one.action if one else None for one in events] == [None, "challenge", "pause", "ban", "ban"]
    assert judge_challenges([failed, failed, passed]) is None
    assert judge_challenges([]) is None


def test_out_of_range() -> None:
    with pytest.raises(UsageError, match="every 0 answers"):
        challenge_due(1, np.random.default_rng(0), every=0)
    with pytest.raises(UsageError, match="2 digits; expected 3 to 8"):
        draw_challenge(np.random.default_rng(0), digits=2)
