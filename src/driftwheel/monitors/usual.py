"""What is usual: calibrated tests of one window against the windows before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from driftwheel.monitors.signal import Side

__all__ = ["LEAST_PAST", "Unusual", "usual_count", "usual_mix", "usual_number", "usual_share"]

LEAST_PAST = 5
"""With fewer past windows there is no calibrated test."""


@dataclass(frozen=True, slots=True)
class Unusual:
    """What past windows say of one: the last fields of an `Observation`, by the same names.

    All None where there are fewer than `LEAST_PAST` past windows.
    """

    usual: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    judged: bool | None = None
    note: str = ""


def usual_share(
    past: Sequence[tuple[int, int]], now: tuple[int, int], alpha: float, side: Side = "above"
) -> Unusual:
    """Judge a share, k of n, against the shares of past windows (k, n), the oldest first."""
    raise NotImplementedError


def usual_number(
    past: Sequence[tuple[float, int]], now: tuple[float, int], alpha: float, side: Side = "either"
) -> Unusual:
    """Judge a mean of n values against the means of past windows (mean, n), the oldest first."""
    raise NotImplementedError


def usual_count(
    past: Sequence[tuple[datetime, int]], now: tuple[datetime, int], alpha: float, side: Side = "either"
) -> Unusual:
    """Judge how many records a window has against past windows (start, records), the oldest first.

    Windows of the same hour of the day, and of the same weekday, are taken where there are enough of them.
    """
    raise NotImplementedError


def usual_mix(
    past: Sequence[Mapping[str, int]], now: Mapping[str, int], alpha: float
) -> tuple[float | None, Unusual]:
    """Judge counts by class against those of past windows; also return the total variation, 0…1."""
    raise NotImplementedError
