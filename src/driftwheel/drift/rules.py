"""The rules every verdict obeys, from raw records and from profiles alike.

One dial (false alarms a year), significance *and* effect, and refusal to guess.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from driftwheel.drift.statistics.tail import LEAST_P_VALUE
from driftwheel.errors import UsageError

__all__ = [
    "EFFECT_FLOOR_FRECHET",
    "EFFECT_FLOOR_KOLMOGOROV_SMIRNOV",
    "EFFECT_FLOOR_SIGMAS",
    "EFFECT_FLOOR_TOTAL_VARIATION",
    "LEAST_SAMPLE",
    "LEAST_SPREAD",
    "alpha_for",
    "check_dial",
    "holm",
    "images_needed",
]

LEAST_SAMPLE = 20
"""Fewer images than this, on either side, and the verdict is ``insufficient``."""

EFFECT_FLOOR_FRECHET = 0.01
"""A squared Fréchet distance below this share of the reference's own variance never alarms (about 0.1 σ)."""

EFFECT_FLOOR_KOLMOGOROV_SMIRNOV = 0.05
"""A model's scores that moved by less (largest Kolmogorov-Smirnov statistic, in [0, 1]) never alarm."""

EFFECT_FLOOR_SIGMAS = 0.1
"""A numeric property that moved by less (Wasserstein distance in reference σ) never alarms."""

EFFECT_FLOOR_TOTAL_VARIATION = 0.05
"""A category whose shares moved by less (total variation distance in [0, 1]) never alarms."""

LEAST_SPREAD = 0.005
"""Share of a property's range (of its logarithm, where bins are) that a reference's σ is never below."""


def check_dial(
    false_alarms_per_year: float,
    windows_per_year: float,
    *,
    names: tuple[str, str] = ("false_alarms_per_year", "windows_per_year"),
) -> None:
    """Raise `UsageError` unless false alarms a year are in [windows · `LEAST_P_VALUE`, windows), both finite.

    With fewer, no p-value that is told is small enough for an alarm. `names` is what the message calls the
    two: the command line has options where Python has arguments.

    Examples
    --------
    >>> check_dial(1.0, 365.0)
    >>> check_dial(400.0, 365.0)
    Traceback (most recent call last):
    driftwheel.errors.UsageError: false_alarms_per_year is 400, but with windows_per_year 365 every window...
    """
    rate, windows = _dial(false_alarms_per_year, windows_per_year, names)
    least = LEAST_P_VALUE * windows
    if rate < least:
        rate_name, windows_name = names
        raise UsageError(
            f"{rate_name} is {rate:g}; with {windows_name} {windows:g} no window would ever be an alarm. "
            f"Give at least {least:g}, for example 1."
        )


def alpha_for(false_alarms_per_year: float, windows_per_year: float) -> float:
    """Return the p-value below which one window may alarm, so that a year of windows gives the stated rate.

    False alarms of independent windows are a Poisson stream: α = 1 − exp(−rate / windows), in (0, 0.632).

    Raises
    ------
    UsageError
        Unless 0 < false alarms a year < windows a year, both of them finite.

    Examples
    --------
    >>> round(alpha_for(1.0, 365.0), 6)
    0.002736
    """
    rate, windows = _dial(false_alarms_per_year, windows_per_year)
    return -math.expm1(-rate / windows)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return Holm's step-down adjusted p-values.

    Rejecting those ≤ α keeps the chance of any false rejection at α, however the tests depend on each other.

    Parameters
    ----------
    p_values
        (m,) p-values in [0, 1]; NaN marks a test that could not be made: it stays NaN
        and does not count in m.

    References
    ----------
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).

    Examples
    --------
    >>> [round(float(p), 6) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    factors = np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factors), 1.0)
    return adjusted


def images_needed(n_reference: int, n_current: int, least: int = LEAST_SAMPLE) -> int:
    """Return how many more images the smaller side needs before a verdict is possible; 0 when enough.

    Examples
    --------
    >>> images_needed(1000, 8)
    12
    """
    return max(0, least - n_reference, least - n_current)


def _dial(
    false_alarms_per_year: float,
    windows_per_year: float,
    names: tuple[str, str] = ("false_alarms_per_year", "windows_per_year"),
) -> tuple[float, float]:
    """Return the two as numbers; raise `UsageError` unless 0 < false alarms < windows, both finite."""
    rate_name, windows_name = names
    rate = _positive(false_alarms_per_year, rate_name, 1)
    windows = _positive(windows_per_year, windows_name, 365)
    if rate >= windows:
        raise UsageError(
            f"{rate_name} is {rate:g}, but with {windows_name} {windows:g} every window would be a "
            f"false alarm. Give a number above 0 and below {windows:g}, for example 1; if you check more "
            f"often, say so with {windows_name}."
        )
    return rate, windows


def _positive(given: Any, name: str, usual: int) -> float:
    """Return a number of the dial; raise `UsageError`, naming a `usual` one, unless finite and above 0."""
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise UsageError(f"{name} is {given!r}; give a number above 0, for example {usual}.") from None
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{name} is {value:g}; give a number above 0, for example {usual}.")
    return value
