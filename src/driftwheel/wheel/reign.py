"""A reign: how accurate a champion was measured to be on the days since it was promoted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decay", "Reign", "ReignPoint", "decay_of", "is_enough"]

_LEAST_POINTS: Final = 4
_LEAST_LABELS: Final = 50
_LEAST_DAYS: Final = 2.0
_SUDDEN: Final = 2.0


@dataclass(frozen=True, slots=True)
class ReignPoint:
    """Measured accuracy of some predictions of a champion.

    Attributes
    ----------
    days
        After its promotion, in the middle of them.
    accuracy, low, high
        0…1, with the interval of 90 %.
    labels
        That it rests on, above 0.
    """

    days: float
    accuracy: float
    low: float
    high: float
    labels: int


@dataclass(frozen=True, slots=True)
class Reign:
    """The time of a champion, from its promotion until another one's.

    Attributes
    ----------
    version
        Its name.
    begun, ended
        UTC; not ended: None.
    points
        Those with labels, by time.
    """

    version: str
    begun: datetime
    ended: datetime | None
    points: tuple[ReignPoint, ...] = ()

    @property
    def labels(self) -> int:
        """Of all points."""
        return sum(one.labels for one in self.points)

    @property
    def days(self) -> float:
        """From the promotion to the last point."""
        return max((one.days for one in self.points), default=0.0)


@dataclass(frozen=True, slots=True)
class Decay:
    """What a reign tells of the decay of accuracy.

    Attributes
    ----------
    start
        Accuracy at the promotion, by the line.
    slope
        Accuracy lost a day, by the line; below 0: it rose.
    variance
        Of `slope`, where labels are all that makes it uncertain.
    misfit, freedom
        Squared distance of the points from the line in units of what labels explain, and its degrees of
        freedom.
    sudden
        Days after which accuracy fell at once and then stayed; None: it did not.
    before, after
        Mean accuracy before and after that moment; None: there is none.
    """

    start: float
    slope: float
    variance: float
    misfit: float
    freedom: int
    sudden: float | None = None
    before: float | None = None
    after: float | None = None


def is_enough(reign: Reign) -> bool:
    """Return whether a reign says anything of a decay: four points over two days, fifty labels."""
    times = [one.days for one in reign.points]
    spread = max(times) - min(times) if times else 0.0
    return len(times) >= _LEAST_POINTS and reign.labels >= _LEAST_LABELS and spread >= _LEAST_DAYS


def decay_of(points: Sequence[ReignPoint]) -> Decay:
    """Return the straight line through some points, and whether a sudden fall tells more than the line.

    Points count by their labels, and a share of right answers p on n labels varies by p(1 − p)/n. A fall is
    sudden where one step down leaves the points at least 2 + 2 ln m units closer than the line does, m being
    their number: the price of the best place of the step among all.

    Parameters
    ----------
    points
        At least three, at two moments or more.
    """
    days, right, weight = (
        np.array([getattr(one, name) for one in points], dtype=np.float64)
        for name in ("days", "accuracy", "labels")
    )
    share = (float(weight @ right) + 1) / (float(weight.sum()) + 2)
    unit = share * (1 - share)
    middle, mean = np.average(days, weights=weight), np.average(right, weights=weight)
    spread = float(weight @ (days - middle) ** 2)
    slope = float(weight @ ((days - middle) * (right - mean))) / spread
    misfit = float(weight @ (right - mean - slope * (days - middle)) ** 2) / unit
    start = float(mean - slope * middle)
    cut, left = _best_step(right, weight, unit)
    freedom = len(points) - 2
    decay = Decay(start, -slope, unit / spread, misfit, freedom)
    over = max(1.0, left / max(1, freedom - 1))
    before, after = (float(np.average(right[part], weights=weight[part])) for part in _parts(cut))
    if after < before and (misfit - left) / over > _SUDDEN + 2 * math.log(len(points)):
        moment = float(days[cut - 1] + days[cut]) / 2
        return Decay(start, -slope, unit / spread, misfit, freedom, moment, before, after)
    return decay


def _parts(cut: int) -> tuple[slice, slice]:
    return slice(None, cut), slice(cut, None)


def _best_step(right: NDArray[np.float64], weight: NDArray[np.float64], unit: float) -> tuple[int, float]:
    """Return before which point one step fits best, and how far the points are from it, in units."""

    def distance(cut: int) -> float:
        found = 0.0
        for part in _parts(cut):
            mean = np.average(right[part], weights=weight[part])
            found += float(weight[part] @ (right[part] - mean) ** 2)
        return found / unit

    cuts = range(1, len(right))
    distances = [distance(cut) for cut in cuts]
    best = int(np.argmin(distances))
    return cuts[best], distances[best]
