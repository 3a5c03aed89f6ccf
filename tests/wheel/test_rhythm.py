"""The suggested rhythm: known lines, its interval on simulated champions, and how it says it cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from driftwheel.wheel.reign import Reign, ReignPoint, decay_of, is_enough
from driftwheel.wheel.rhythm import Rhythm, suggest_rhythm

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)


def reign(accuracy: Callable[[float], float], *, days: int = 20, labels: int = 100) -> Reign:
    """A champion whose measured accuracy is exactly this."""
    points = tuple(
        ReignPoint(day, accuracy(day), accuracy(day) - 0.05, accuracy(day) + 0.05, labels)
        for day in range(days)
    )
    return Reign("v2", BEGUN, None, points)


def drawn(  # noqa: PLR0917
    rng: np.random.Generator, speed: float, differ: float, days: int, labels: int, day_sd: float
) -> Reign:
    """A champion that loses `speed` a day on average, seen through labels."""
    width = np.sqrt(np.log(1 + differ**2))
    own = speed * np.exp(rng.normal(-(width**2) / 2, width))
    times = np.arange(days) + 0.5
    truth = np.clip(0.95 - own * times + rng.normal(0, day_sd, days), 0, 1)
    shares = rng.binomial(labels, truth) / labels
    points = tuple(
        ReignPoint(float(day), float(one), float(one) - 0.1, float(one) + 0.1, labels)
        for day, one in zip(times, shares, strict=True)
    )
    return Reign("v", BEGUN, None, points)


def test_the_line_through_points_is_that_of_weighted_least_squares() -> None:
    rng = np.random.default_rng(3)
    points = [
        ReignPoint(float(day), float(rng.uniform(0.7, 1)), 0, 1, int(rng.integers(10, 200)))
        for day in range(12)
    ]
    found = decay_of(points)
    x, y, w = (
        np.array([getattr(one, name) for one in points], float) for name in ("days", "accuracy", "labels")
    )
    slope, start = np.polyfit(x, y, 1, w=np.sqrt(w))
    assert (found.start, -found.slope) == pytest.approx((start, slope))
    assert found.freedom == 10


def test_a_steady_decay_gives_a_rhythm_with_its_interval() -> None:
    found = suggest_rhythm(
        [reign(lambda day: 0.95 - 0.004 * day), reign(lambda day: 0.93 - 0.004 * day)], 0.05
    )
    assert found.kind == "every"
    assert found.days == pytest.approx(12.5)
    assert found.suggested == 12
    assert found.low is not None
    assert found.high is not None
    assert 5 < found.low < 12.5 < found.high < 40
    assert found.told.startswith(
        "Retrain every 12 days: after a promotion accuracy falls by 5 points in 12 days"
    )
    assert "4,000 labels of 2 promotions, seen for up to 19 days" in found.told


def test_a_rhythm_is_not_drawn_out_far_beyond_the_days_that_were_seen() -> None:
    found = suggest_rhythm([reign(lambda day: 0.97 - 0.0005 * day, labels=20_000)], 0.05)
    assert found.days == pytest.approx(100)
    assert found.suggested == 57
    assert "No champion was seen for longer than 19 days." in found.told


def test_no_decay_is_not_made_into_a_rhythm() -> None:
    flat = suggest_rhythm([reign(lambda _: 0.9)] * 3, 0.05)
    assert (flat.kind, flat.suggested, flat.days) == ("not_before", None, None)
    assert flat.low is not None
    assert 10 < flat.low <= 57
    rising = suggest_rhythm([reign(lambda day: 0.8 + 0.005 * day, labels=2000)], 0.05)
    assert (rising.kind, rising.low) == ("not_before", 57)


def test_a_fall_at_once_is_told_as_such_and_left_out_beside_others() -> None:
    fell = reign(lambda day: 0.96 if day < 8 else 0.78)
    alone = suggest_rhythm([fell], 0.05)
    assert alone.kind == "cannot_tell"
    assert "accuracy fell at once, about 7.5 days later, from 96.0 to 78.0\u00a0%" in alone.told
    assert suggest_rhythm([fell, fell, reign(lambda day: 0.95 - 0.004 * day)], 0.05).kind == "cannot_tell"
    both = suggest_rhythm([fell, reign(lambda day: 0.95 - 0.004 * day)], 0.05)
    assert both.days == pytest.approx(12.5)
    assert both.told.endswith(" 1 promotion after which it fell at once left out.")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (suggest_rhythm([], 0.05), "Cannot tell: no champion has been promoted yet."),
        (
            suggest_rhythm([Reign("v1", BEGUN, None), reign(lambda _: 0.9, days=3)], 0.05),
            "Cannot tell: of 2 promotions none has 50 labels on four days or more since (300 labels in all).",
        ),
    ],
)
def test_too_little_is_said_with_what_would_help(found: Rhythm, said: str) -> None:
    assert found.kind == "cannot_tell"
    assert found.told.startswith(said)
    assert not is_enough(reign(lambda _: 0.9, days=10, labels=4))


@pytest.mark.parametrize(
    ("promotions", "differ", "day_sd", "least"),
    [(1, 0.3, 0.0, 0.84), (4, 0.3, 0.0, 0.84), (4, 0.0, 0.03, 0.84), (12, 0.5, 0.02, 0.78)],
)
def test_the_interval_holds_the_days_of_the_mean_champion(
    promotions: int, differ: float, day_sd: float, least: float
) -> None:
    rng = np.random.default_rng([5, promotions])
    held = 0
    runs = 60
    for _ in range(runs):
        reigns = [drawn(rng, 0.002, differ, 24, 50, day_sd) for _ in range(promotions)]
        found = suggest_rhythm(reigns, 0.05)
        held += (found.low or 0) <= 25 <= (found.high or np.inf)
    assert held / runs >= least


def test_a_rhythm_is_seldom_told_where_nothing_decays_and_a_fall_at_once_seldom_where_it_is_steady() -> None:
    rng = np.random.default_rng(11)
    still = [suggest_rhythm([drawn(rng, 0.0, 0.3, 24, 50, 0.0)], 0.05) for _ in range(80)]
    assert sum(one.kind == "every" for one in still) <= 10
    steady = [decay_of(drawn(rng, 0.004, 0.3, 24, 50, 0.0).points) for _ in range(80)]
    assert sum(one.sudden is not None for one in steady) <= 8
