"""The audit: stops seldom while the promise holds, however long, and soon when it does not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.agreement.audit import (
    AuditState,
    advance_audit,
    audit_from_json,
    audit_share,
    audit_to_json,
    drawn_for_audit,
    stop_reason,
)
from driftwheel.errors import UsageError


def stops(rate: float, n: int, runs: int, bound: float = 0.02) -> list[int | None]:
    """After how many audits each run stopped: `advance_audit` for many runs at once."""
    rng = np.random.default_rng(int(1e6 * rate))
    rates = np.minimum(np.array([1.3, 1.6, 2.0, 3.0, 5.0, 10.0]) * bound, (1 + bound) / 2)
    worth = np.zeros((runs, 6))
    found: list[int | None] = [None] * runs
    for step in range(1, n + 1):
        wrong = (rng.random(runs) < rate)[:, None]
        worth += 1 / (2.1098 * (step + 1) * np.log(step + 1) ** 2)
        worth *= np.where(wrong, rates / bound, (1 - rates) / (1 - bound))
        for run in np.flatnonzero(worth.mean(axis=1) >= 20):
            if found[run] is None:
                found[run] = step
    return found


def test_the_runs_of_this_test_are_those_of_the_audit() -> None:
    wrong = np.random.default_rng(60_000).random((500, 3))[:, 0] < 0.06
    expected = stops(0.06, 500, 3)[0]
    assert expected is not None
    assert not advance_audit(AuditState(), wrong[: expected - 1]).stopped
    assert advance_audit(AuditState(), wrong[:expected]).stopped


def test_what_is_laid_sums_to_one() -> None:
    m = np.arange(2, 2_000_000, dtype=float)
    tail = 1 / np.log(2_000_000)  # the integral of the rest
    assert 0.9999 < ((1 / (m * np.log(m) ** 2)).sum() + tail) / 2.1098 <= 1.0


def test_labels_that_go_bad_after_thousands_of_good_ones_are_noticed() -> None:
    state = advance_audit(AuditState(), np.arange(5000) % 100 == 0)
    assert not state.stopped
    assert advance_audit(state, np.arange(400) % 10 == 0).stopped


def test_while_the_promise_just_holds_it_stops_once_in_twenty_however_long() -> None:
    found = stops(0.02, 2000, 800)
    assert sum(one is not None for one in found) <= 54  # 40 expected at most; 99 % of such runs


def test_three_times_the_promise_is_stopped_after_some_hundred_audits() -> None:
    found = stops(0.06, 1500, 200)
    assert None not in found
    assert np.mean([one for one in found if one]) < 300


@given(st.lists(st.booleans(), max_size=80), st.integers(0, 80))
def test_it_may_be_stored_in_between_and_stays_stopped(wrong: list[bool], cut: int) -> None:
    whole = advance_audit(AuditState(), wrong)
    first = advance_audit(AuditState(), wrong[:cut])
    read = audit_from_json(json.loads(json.dumps(audit_to_json(first))))
    assert read == first
    assert advance_audit(read, wrong[cut:]) == whole
    if first.stopped:
        assert whole.stopped
    assert (stop_reason(whole) is not None) == whole.stopped


def test_the_audited_share_goes_from_five_percent_to_two() -> None:
    states = [advance_audit(AuditState(), [False] * n) for n in (0, 200, 448, 449, 5000)]
    shares = [audit_share(state) for state in states]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (0.05, 0.02)
    assert audit_share(advance_audit(states[-1], [True] * 8)) == 0.05  # in doubt again


def test_each_label_is_audited_with_the_same_chance() -> None:
    drawn = drawn_for_audit(20_000, 0.05, np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(0.05, abs=0.006)


def test_out_of_range() -> None:
    with pytest.raises(UsageError, match="bound of 0 with"):
        AuditState(bound=0.0)
    with pytest.raises(UsageError, match="share of 0; expected"):
        drawn_for_audit(3, 0.0, np.random.default_rng(0))
    other: dict[str, Any] = audit_to_json(AuditState()) | {"times": [2.0]}
    with pytest.raises(UsageError, match="begin it anew"):
        audit_from_json(other)
