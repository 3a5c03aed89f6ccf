"""Skipping in a row: more than the pool explains."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.agreement.skipping import most_skips, skipping
from driftwheel.errors import UsageError


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.6, 0.7])
def test_honest_people_have_such_a_run_once_in_ten_thousand_tasks_at_most(share: float) -> None:
    most = most_skips(share)
    assert share ** (most + 1) < 1e-4
    assert most == 5 or share**most >= 1e-4


def test_the_longest_run_is_bounded() -> None:
    assert [most_skips(share) for share in (0.0, 0.99, 1.0)] == [5, 50, 50]


def test_only_the_newest_run_counts() -> None:
    assert skipping([True] * 30 + [False] + [True] * 5) is None
    warned, paused = skipping([True] * 6, "ann"), skipping([False, *[True] * 11], "ann")
    assert warned is not None
    assert paused is not None
    assert (warned.action, paused.action) == ("warn", "pause")
    assert warned.reason == "6 tasks in a row were skipped; in this pool up to 5 are no surprise."


def test_false_alarms_by_simulation() -> None:
    rng = np.random.default_rng(0)
    shown = rng.random(20_000) < 0.3
    alarms = sum(
        skipping(list(shown[max(0, i - 60) : i]), pool_share=0.3) is not None for i in range(1, 20_000, 7)
    )
    assert alarms <= 5


def test_shares_outside_are_refused() -> None:
    with pytest.raises(UsageError, match=r"share of 1.5 skipped"):
        most_skips(1.5)
