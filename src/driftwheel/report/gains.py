"""Accuracies with one decimal, what is gained in points, and how long something took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["gain_words", "points", "span_words"]


def points(value: float | None) -> str:
    """Return a share with one decimal; empty for None.

    Examples
    --------
    >>> points(0.9137).replace("\u202f", " ")
    '91.4 %'
    """
    return "" if value is None else f"{100 * value:.1f}\u202f%"


def gain_words(gain: Mapping[str, Any] | None) -> str:
    """Return a gain in points with its interval; empty for None.

    Examples
    --------
    >>> gain_words({"difference": 0.123, "low": 0.05, "high": 0.2})
    '+12.3 points (+5.0 to +20.0)'
    """
    if gain is None:
        return ""
    middle, low, high = (f"{100 * float(gain[name]):+.1f}" for name in ("difference", "low", "high"))
    return f"{middle} points ({low} to {high})".replace("-", "−")


def span_words(seconds: float) -> str:
    """Return how long something took.

    Examples
    --------
    >>> span_words(4.2), span_words(95), span_words(7300)
    ('4 s', '1 min 35 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
