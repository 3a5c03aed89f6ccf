"""How rare effects this large are among windows replayed from the reference, over everything looked at.

The p-value of permutations asks whether anything differs beyond chance, image by image. This one asks how
often a window of the reference itself, cameras and hours and all, lies as far from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.statistics.tail import LEAST_P_VALUE

__all__ = ["ReplayedEffect", "replay_p_value", "replay_thresholds"]

_TAIL = 0.1  # the share of replayed windows beyond which a power law stands for them
_LEAST_POWER, _SPANS_A_POWER = 4.0, 6.0
_FLOOR = (
    1 / 3
)  # of the floor of an effect: what lies below is not told apart, as in `replay.effect_threshold`


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedEffect:
    """An effect, those of replayed windows, and the floor below which it counts for nothing.

    Attributes
    ----------
    replayed
        (r,) effects; those of several `ReplayedEffect` are of the same windows, in the same order.
    """

    effect: float
    replayed: NDArray[np.float64]
    floor: float


def replay_p_value(effects: Sequence[ReplayedEffect], spans: int) -> float:
    """Return the chance that a replayed window shows an effect as rare as the rarest of these; 1 for none.

    Each effect is measured in the 90th percentile of its replays, and the largest of all is held against the
    largest of each replayed window: the p-value holds over all effects together, however they depend on each
    other. An effect below its floor is never rare. Never below `LEAST_P_VALUE`.

    Parameters
    ----------
    spans
        How many different windows the replays were drawn from.

    Notes
    -----
    A handful of days, of which each resembles the one before, says little about the rarest day of a year. So
    effects count for less by 1 + 2 / √spans, as much as the replays may happen to be too narrow (38 % with 28
    spans); and beyond nine replays of ten the chance falls only with a power of the effect: the 4th, or one
    for every six spans where that is more.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> usual = np.exp(rng.normal(-3.0, 0.4, size=(2, 400)))
    >>> first, second = (ReplayedEffect(0.05, one, 0.01) for one in usual)
    >>> round(replay_p_value([first, second], spans=28), 1)
    1.0
    >>> large = ReplayedEffect(0.5, usual[0], 0.01)
    >>> replay_p_value([large, second], spans=28) < 0.01
    True
    """
    large = [one for one in effects if one.effect >= one.floor]
    if not large:
        return 1.0
    observed = max(one.effect / _scale(one) for one in large) / _margin(spans)
    null = _largest(effects)
    anchor = float(np.quantile(null, 1.0 - _TAIL))
    if observed <= anchor:
        return float((1 + np.count_nonzero(null >= observed)) / (1 + len(null)))
    return max(LEAST_P_VALUE, _TAIL * float((anchor / observed) ** _power(spans)))


def replay_thresholds(effects: Sequence[ReplayedEffect], chance: float, spans: int) -> list[float]:
    """Return what each effect must pass so that `replay_p_value` of all together is below `chance`.

    Never below its floor.
    """
    if not effects:
        return []
    null = _largest(effects)
    if chance >= _TAIL:
        limit = float(np.quantile(null, 1.0 - chance))
    else:
        limit = float(np.quantile(null, 1.0 - _TAIL)) * (_TAIL / chance) ** (1.0 / _power(spans))
    return [max(one.floor, limit * _margin(spans) * _scale(one)) for one in effects]


def _largest(effects: Sequence[ReplayedEffect]) -> NDArray[np.float64]:
    return np.asarray(np.max([one.replayed / _scale(one) for one in effects], axis=0))


def _scale(one: ReplayedEffect) -> float:
    return max(float(np.quantile(one.replayed, 1.0 - _TAIL)), _FLOOR * one.floor)


def _margin(spans: int) -> float:
    return 1.0 + 2.0 / float(np.sqrt(spans))


def _power(spans: int) -> float:
    return max(_LEAST_POWER, spans / _SPANS_A_POWER)
