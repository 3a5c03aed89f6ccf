"""The e-process: valid without drift however p-values are made, and quick on what no single window finds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwheel.drift.e_process import (
    BETS,
    DISCOUNT,
    EProcess,
    advance,
    began,
    capital,
    e_process_from_json,
    e_process_to_json,
    threshold_for,
)
from driftwheel.drift.rules import alpha_for
from driftwheel.errors import UsageError

DAY, BEGIN = timedelta(days=1), datetime(2026, 1, 1, tzinfo=UTC)
YEAR = 365
THRESHOLD = threshold_for(0.25, YEAR)

p_values = st.lists(st.one_of(st.none(), st.floats(0.0, 1.0)), max_size=40)


def over(values: Sequence[float | None], state: EProcess | None = None, first: int = 0) -> Iterator[EProcess]:
    state = state or EProcess()
    for number, value in enumerate(values, first):
        state = advance(state, value, start=BEGIN + number * DAY, threshold=THRESHOLD)
        yield state


def last(values: Sequence[float | None], state: EProcess | None = None, first: int = 0) -> EProcess:
    return list(over(values, state, first))[-1]


def alarms(p: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Tell for each of (runs, windows) whether an alarm begins: `advance` for many runs at once."""
    bets = np.array(BETS)
    runs = len(p)
    capitals, found = np.zeros((runs, len(bets))), np.zeros(runs, bool)
    surprise, learnt = np.ones(runs), np.zeros(runs)
    waiting = np.full((runs, 15), np.nan)  # the newest last
    began_here = np.zeros(p.shape, bool)
    for window in range(p.shape[1]):
        x = -np.log(np.maximum(p[:, window], 1e-6))
        theta = np.maximum(DISCOUNT, (20 * DISCOUNT + learnt * surprise) / (20 + learnt))
        capitals = bets * np.exp((1 - bets) * (x / theta)[:, None]) * (capitals + 1)
        mean = capitals.mean(axis=1)
        over_it = mean >= threshold
        began_here[:, window] = over_it & ~found
        kept = np.minimum(1.0, threshold / mean)
        capitals *= kept[:, None]
        clear = found & ~over_it & (mean <= np.sqrt(threshold))
        learns = ~found & ~over_it
        waiting[learns] = np.column_stack([waiting[learns, 1:], x[learns]])
        waiting[over_it] = np.nan
        oldest, learns = waiting[:, 0], learns & ~np.isnan(waiting[:, 0])
        learnt = np.where(learns, np.minimum(learnt, 119.0) + 1, learnt)
        surprise = np.where(learns, surprise + (oldest - surprise) / learnt.clip(1.0), surprise)
        found = (found | over_it) & ~clear
        capitals[clear] = 0.0
    return began_here


@pytest.fixture(scope="module")
def uniform() -> NDArray[np.float64]:
    return np.random.default_rng(0).random((5000, 2 * YEAR))


def test_many_at_once_are_what_advance_says_of_each() -> None:
    rng = np.random.default_rng(1)
    p = np.hstack([rng.random((8, 40)), rng.random((8, 20)) ** 5, rng.random((8, 40))])
    expected = alarms(p, THRESHOLD)
    assert expected.any()
    for row, its in zip(p, expected, strict=True):
        states = [EProcess(), *over(row)]
        began_here = [not before.found and after.found for before, after in pairwise(states)]
        assert began_here == its.tolist()


def test_false_alarms_stay_below_the_dial_over_ten_thousand_model_years(uniform: NDArray[np.float64]) -> None:
    years = uniform.size / YEAR
    assert years == 10_000
    for dial in (0.25, 4.0):
        rate = alarms(uniform, threshold_for(dial, YEAR)).sum() / years
        assert 0 < rate <= dial


@pytest.mark.parametrize("kind", ["permuted", "conservative"])
def test_p_values_that_are_discrete_or_conservative_alarm_no_more(
    uniform: NDArray[np.float64], kind: str
) -> None:
    some = uniform[:2000]
    worse = np.ceil(some * 501) / 501 if kind == "permuted" else np.sqrt(some)
    assert alarms(worse, threshold_for(4.0, YEAR)).sum() <= alarms(some, threshold_for(4.0, YEAR)).sum()


def test_p_values_too_small_by_a_power_are_learnt_and_stay_below_the_dial(
    uniform: NDArray[np.float64],
) -> None:
    # P(p ≤ u) = u^(1/1.5): without learning, of what is assumed to be 1.25, far more than the dial
    rate = alarms(uniform[:1000] ** 1.5, THRESHOLD)[:, 60:].sum() / (uniform[:1000, 60:].size / YEAR)
    assert rate <= 0.25


def test_windows_that_resemble_each_other_stay_below_the_whole_dial() -> None:
    rng = np.random.default_rng(2)
    z = rng.standard_normal((500, 2 * YEAR))
    for day in range(1, z.shape[1]):
        z[:, day] = 0.6 * z[:, day - 1] + 0.8 * z[:, day]
    p = 0.5 * np.vectorize(math.erfc)(z / math.sqrt(2))
    assert alarms(p, THRESHOLD).sum() / (p.size / YEAR) <= 1.0


def test_weak_drift_that_no_single_window_finds_is_found() -> None:
    # p-values a fifth of what they were: one window is below α once in 27 days, that is in every fourth week
    rng = np.random.default_rng(3)
    usual, weak = rng.random((400, 60)), rng.random((400, 21)) ** 5
    alpha = alpha_for(1.0, 2 * YEAR)
    assert (weak <= alpha).mean() < 0.3
    found = alarms(np.hstack([usual, weak]), THRESHOLD)[:, 60:]
    delays = np.where(found.any(axis=1), found.argmax(axis=1) + 1, 99)
    assert np.median(delays) <= 6
    assert (delays <= 14).mean() > 0.9


def test_a_drift_that_begins_late_is_found_as_fast_as_an_early_one() -> None:
    rng = np.random.default_rng(4)
    weak = rng.random((200, 30)) ** 5
    early, late = (
        alarms(np.hstack([rng.random((200, days)), weak]), THRESHOLD)[:, days:].argmax(axis=1).mean()
        for days in (30, 600)
    )
    assert abs(early - late) < 2


def test_the_day_on_which_it_began_is_told() -> None:
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(40):
        values = [*rng.random(50), *(rng.random(30) ** 6)]
        first = next((one for one in over(values) if one.found and one.windows > 50), None)
        if first is not None and first.since is not None:
            errors.append((first.since - (BEGIN + 50 * DAY)).days)
    assert len(errors) > 35
    assert abs(float(np.median(errors))) <= 1


def test_known_answer() -> None:
    state = last([0.5, 0.01])
    expected = 0.0
    for bet in BETS:
        one = bet * 0.5 ** ((bet - 1) / DISCOUNT)
        expected += (one + 1) * bet * 0.01 ** ((bet - 1) / DISCOUNT) / len(BETS)
    assert capital(state) == pytest.approx(expected)
    assert (state.windows, state.learnt) == (2, 0.0)
    assert state.waiting == pytest.approx((math.log(2), math.log(100)))
    assert began(state) == BEGIN + DAY


def test_found_stays_until_the_evidence_is_half_gone_and_then_all_begins_anew() -> None:
    states = list(over([0.001] * 6 + [0.9] * 12))
    first = next(number for number, one in enumerate(states) if one.found)
    over_again = next(number for number, one in enumerate(states[first:], first) if not one.found)
    assert first <= 4
    assert all(one.found and one.since == BEGIN for one in states[first:over_again])
    assert over_again > 6
    assert all(capital(one) <= THRESHOLD * (1 + 1e-9) for one in states)
    gone = states[over_again]
    assert (capital(gone), gone.windows, gone.since, began(gone)) == (0.0, 0, None, None)
    assert gone.learnt == states[first].learnt  # of windows with drift nothing is learnt


def test_large_drift_is_over_as_soon_as_a_small_one() -> None:
    long, short = ([1e-6] * n + [0.5] * 30 for n in (60, 3))
    lasts = [sum(one.found for one in list(over(values))[len(values) - 30 :]) for values in (long, short)]
    assert lasts[0] <= lasts[1] + 1


def test_a_window_that_says_nothing_is_passed_over() -> None:
    before = last([0.02, 0.03])
    after = last([None], before, first=2)
    assert after == replace(before, newest=BEGIN + 2 * DAY)


def test_nothing_is_learnt_from_windows_that_lead_to_a_drift() -> None:
    rng = np.random.default_rng(6)
    usual = last(rng.random(50).tolist())
    found = next(one for one in over([0.01] * 14, usual, first=50) if one.found)
    assert found.learnt - usual.learnt <= 7
    assert found.surprise < 1.3
    assert found.waiting == ()


def test_late_windows_change_nothing() -> None:
    before = last([0.02, 0.03, 0.4])
    for day in (0, 1, 2):
        assert advance(before, 1e-6, start=BEGIN + day * DAY, threshold=THRESHOLD) is before


def test_the_order_matters_only_to_when() -> None:
    # capital of the same windows: drift at the end leaves more of it than drift at the beginning
    assert capital(last([0.5] * 5 + [0.05] * 5)) > capital(last([0.05] * 5 + [0.5] * 5))


@given(p_values)
def test_a_state_survives_its_round_trip_through_json(values: list[float | None]) -> None:
    for state in over(values):
        assert e_process_from_json(json.loads(json.dumps(e_process_to_json(state)))) == state


@given(p_values, st.integers(0, 40))
def test_going_on_from_a_kept_state_is_going_on(values: list[float | None], at: int) -> None:
    cut = min(at, len(values))
    straight = [EProcess(), *over(values)][-1]
    kept = e_process_from_json(e_process_to_json([EProcess(), *over(values[:cut])][-1]))
    assert [kept, *over(values[cut:], kept, first=cut)][-1] == straight


@given(p_values.filter(bool), st.floats(1e-6, 1.0))
def test_stronger_evidence_never_leaves_less_capital(values: list[float | None], other: float) -> None:
    before = [EProcess(), *over(values[:-1])][-1]
    if before.found:
        return
    first, second = sorted([values[-1] if values[-1] is not None else 1.0, other])
    start = BEGIN + len(values) * DAY
    strong, weak = (advance(before, p, start=start, threshold=THRESHOLD) for p in (first, second))
    assert capital(strong) >= capital(weak) * (1 - 1e-12)


def test_a_state_of_other_bets_keeps_only_what_was_learnt() -> None:
    plain = e_process_to_json(last([0.5] * 20)) | {"bets": [0.5], "capitals": [7.0], "runs": [1.0]}
    read = e_process_from_json(plain)
    assert (capital(read), read.learnt) == (0.0, 6.0)
    assert read.surprise == pytest.approx(math.log(2))


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match=r"p-value of a window is 1\.5; give a number from 0 to 1"):
        advance(EProcess(), 1.5, start=BEGIN, threshold=THRESHOLD)
    with pytest.raises(UsageError, match="p-value of a window is nan"):
        advance(EProcess(), math.nan, start=BEGIN, threshold=THRESHOLD)
    with pytest.raises(UsageError, match="threshold of an e-process is 1; give a number above 1"):
        advance(EProcess(), 0.5, start=BEGIN, threshold=1.0)
    with pytest.raises(UsageError, match="every window would be a false alarm"):
        threshold_for(400.0, YEAR)
