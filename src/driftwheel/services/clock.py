"""The clock of this machine; services and the store are told the time, and never ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "utc_now"]

Clock = Callable[[], datetime]
"""Tells the time, timezone-aware, in UTC."""


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)
