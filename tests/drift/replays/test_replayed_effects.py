"""How rare an effect is beside replayed windows: calibrated together, careful beyond what was seen."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwheel.drift.replays.replayed_effects import ReplayedEffect, replay_p_value, replay_thresholds
from driftwheel.drift.statistics.tail import LEAST_P_VALUE

SPANS = 28


def usual(rng: np.random.Generator, columns: int = 20, replays: int = 400) -> NDArray[np.float64]:
    """Return (columns, replays + 1) distances of which columns share a part, the last the window itself."""
    together = rng.standard_normal(replays + 1)
    return np.abs(0.6 * together + 0.8 * rng.standard_normal((columns, replays + 1)))


def effects(drawn: NDArray[np.float64], floor: float = 0.01) -> list[ReplayedEffect]:
    return [ReplayedEffect(float(row[-1]), row[:-1], floor) for row in drawn]


def test_p_values_of_windows_like_the_replayed_ones_are_those_of_chance() -> None:
    rng = np.random.default_rng(0)
    found = np.array([replay_p_value(effects(usual(rng)), SPANS) for _ in range(1000)])
    for level in (0.02, 0.05, 0.2, 0.5):
        assert (found <= level).mean() <= level + 3 * np.sqrt(level / 1000)
    many = np.array([replay_p_value(effects(usual(rng)), 10_000) for _ in range(1000)])
    assert 0.13 < (many <= 0.2).mean() < 0.24  # with many spans they are not too large either


def test_known_answer() -> None:
    replayed = np.arange(1.0, 101.0)  # its 90th percentile is 90.1
    assert replay_p_value([ReplayedEffect(1.2 * 49.5, replayed, 1.0)], 100) == pytest.approx(52 / 101)
    far = replay_p_value([ReplayedEffect(1.2 * 270.3, replayed, 1.0)], 100)
    assert far == pytest.approx(max(1e-6, 0.1 * 3.0 ** -(100 / 6)))
    assert replay_p_value([ReplayedEffect(1.5 * 270.3, replayed, 1.0)], 16) == pytest.approx(0.1 * 3.0**-4)
    assert replay_p_value([ReplayedEffect(1e9, replayed, 1.0)], SPANS) == LEAST_P_VALUE


def test_the_strongest_of_many_counts_for_less_than_alone() -> None:
    drawn = usual(np.random.default_rng(1), columns=30)
    drawn[:, -1] = 0.5
    drawn[0, -1] = 3.2
    assert replay_p_value(effects(drawn[:1]), SPANS) < 0.05 < replay_p_value(effects(drawn), SPANS)


def test_what_lies_below_its_floor_is_never_rare() -> None:
    assert replay_p_value([ReplayedEffect(0.09, np.full(400, 1e-6), 0.1)], SPANS) == 1.0
    assert replay_p_value([], SPANS) == 1.0
    assert replay_p_value([ReplayedEffect(5.0, np.zeros(400), 0.1)], SPANS) < 1e-5


@pytest.mark.parametrize("chance", [0.3, 0.01, 0.0005])
def test_a_threshold_is_passed_where_the_p_value_is_below_the_chance(chance: float) -> None:
    rng = np.random.default_rng(2)
    passed = 0
    for factor in np.linspace(0.3, 8, 60):
        drawn = usual(rng)
        drawn[:, -1] *= factor
        known = effects(drawn)
        limits = replay_thresholds(known, chance, SPANS)
        passes = any(one.effect > limit for one, limit in zip(known, limits, strict=True))
        assert passes == (replay_p_value(known, SPANS) < chance) or chance == 0.3
        passed += passes
    assert 0 < passed < 60
    assert replay_thresholds([], chance, SPANS) == []
    assert replay_thresholds([ReplayedEffect(0.0, np.zeros(9), 0.1)], chance, SPANS) == [
        pytest.approx(0.1, rel=2)
    ]


def test_more_spans_say_more_of_what_is_rare() -> None:
    replayed = np.abs(np.random.default_rng(3).standard_normal(400))
    few, many = (replay_p_value([ReplayedEffect(4.0, replayed, 0.01)], spans) for spans in (28, 300))
    assert many < few / 10
