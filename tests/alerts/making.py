"""Episodes, windows and instances for tests; times count in hours from one moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from driftwheel.alerts.episode import Episode
from driftwheel.alerts.instance import Instance
from driftwheel.alerts.life_cycle import WindowResult
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule_text import parse_rule

__all__ = ["HOUR", "START", "at", "episode", "instance", "monitor", "window", "windows"]

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)

_LETTERS: dict[str, tuple[Result, bool]] = {
    "B": ("breach", False),
    "o": ("ok", False),
    "O": ("ok", True),
    "-": ("no_data", False),
    "?": ("insufficient", False),
    "!": ("error", False),
}


def at(hours: float) -> datetime:
    return START + hours * HOUR


def monitor(rule: str = "drift is found", name: str = "drift", **rest: Any) -> Monitor:
    return Monitor(name, parse_rule(rule), **rest)


def instance(watched: Monitor | None = None, *, key: int = 1, tag: str = "", value: str = "") -> Instance:
    return Instance(1, key, 1, watched or monitor(), tag, value)


def window(letter: str, end: int) -> WindowResult:
    """The window of an hour that ends then: B breach, o ok, O ok and cleared, - no data, ? few, ! error."""
    result, cleared = _LETTERS[letter]
    return WindowResult(at(end - 1), at(end), result, cleared)


def windows(letters: str) -> list[WindowResult]:
    """Windows of an hour each, the first ends at hour 1; newest first."""
    return [window(letter, end) for end, letter in enumerate(letters, 1)][::-1]


def episode(key: int = 1, **rest: Any) -> Episode:
    """An episode that fired at hour 1, unless told otherwise."""
    plain: dict[str, Any] = {
        "instance": b"i" * 32,
        "model": 1,
        "monitor": 1,
        "name": "drift",
        "revision": 1,
        "tag": "",
        "value": "",
        "severity": "warning",
        "state": "firing",
        "began": at(0),
        "last_breach": at(1),
        "evaluated_until": at(1),
        "pending": at(1),
        "fired": at(1),
    }
    return Episode(key, **(plain | rest))
