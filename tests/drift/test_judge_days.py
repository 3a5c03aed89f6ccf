"""Days that differ from each other without drift: whole days of the reference are the measure of a day."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.drift.judge import judge
from driftwheel.drift.verdict import Verdict
from driftwheel.images.properties import PROPERTIES
from driftwheel.records import Records

MONDAY = datetime(2026, 3, 2)
NUMBERS = tuple(one for one in PROPERTIES if one.kind == "number")[:8]
REFERENCE_DAYS, A_DAY = 28, 40


def plant(days: int, a_day: int, rng: np.random.Generator) -> Records:
    """Return records of days of which each is a fifth to half a σ off, each resembling the one before."""
    wander = np.empty((days, len(NUMBERS)))
    wander[0] = rng.standard_normal(len(NUMBERS))
    for day in range(1, days):
        wander[day] = 0.5 * wander[day - 1] + np.sqrt(0.75) * rng.standard_normal(len(NUMBERS))
    off = np.repeat(0.25 * wander, a_day, axis=0)
    values: NDArray[np.float64] = off + rng.standard_normal(off.shape)
    middle = np.array([(one.low + one.high) / 2 for one in NUMBERS])
    spread = np.array([(one.high - one.low) / 50 for one in NUMBERS])
    times = [
        MONDAY + timedelta(days=day, hours=6, minutes=900 * i / a_day)
        for day in range(days)
        for i in range(a_day)
    ]
    return Records(
        images=tuple(f"{i:06}" for i in range(days * a_day)),
        properties=(middle + spread * values).astype(np.float32),
        property_names=tuple(one.name for one in NUMBERS),
        times=np.array(times, dtype="datetime64[us]"),
        tags={"camera": tuple("abc"[i % 3] for i in range(days * a_day))},
    )


def verdicts(days: int, *, shift: float = 0.0, timed: bool = True) -> list[Verdict]:
    rng = np.random.default_rng(0)
    whole = plant(REFERENCE_DAYS + days, 150, rng)
    day = np.repeat(np.arange(REFERENCE_DAYS + days), 150)
    reference = whole.take(np.sort(rng.permutation(REFERENCE_DAYS * 150)[: REFERENCE_DAYS * A_DAY]))
    found = []
    for number in range(REFERENCE_DAYS, REFERENCE_DAYS + days):
        window = whole.take(np.flatnonzero(day == number))
        values = window.properties.copy()
        values[:, 0] += np.float32(shift * (NUMBERS[0].high - NUMBERS[0].low) / 50)
        window = Records(
            window.images,
            values,
            window.property_names,
            times=window.times if timed else None,
            tags=window.tags,
        )
        found.append(judge(reference, window, rng=rng, windows_per_year=730))
    return found


def test_days_that_differ_as_those_of_the_reference_do_are_no_drift_and_without_times_would_be() -> None:
    found = verdicts(8)
    assert sum(one.verdict == "drift" for one in found) <= 1  # one day lies 3.4 standard deviations off
    assert sum(one.p_value < 0.001 for one in found) >= 5  # though image by image they all do differ
    rare = [one.replay_p_value or 0.0 for one in found]
    assert np.median(rare) > 0.1
    assert sum(one.verdict == "drift" for one in verdicts(4, timed=False)) >= 1


def test_a_change_far_beyond_them_is_drift() -> None:
    for one in verdicts(2, shift=2.5):
        assert one.verdict == "drift"
        assert one.properties[0].name == NUMBERS[0].name
        assert one.replay_p_value is not None
        assert one.replay_p_value <= one.alpha
        assert one.properties[0].effect > one.properties[0].threshold


@pytest.mark.parametrize("shift", [0.0, 0.6, 2.5])
def test_a_property_drifts_just_where_all_effects_together_are_rare(shift: float) -> None:
    for one in verdicts(2, shift=shift):
        assert one.replay_p_value is not None
        large = any(each.effect > each.threshold for each in one.properties)
        assert large == (one.replay_p_value < one.alpha)
