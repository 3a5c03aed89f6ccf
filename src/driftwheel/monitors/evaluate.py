"""Evaluation: what a monitor says of one window of one segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.rule import Comparison

__all__ = ["Evaluation", "Finding", "Result", "evaluate", "finding_from_json", "finding_to_json"]

Result = Literal["ok", "breach", "no_data", "insufficient", "error"]
"""The last three are never "ok": they neither start nor end an alert."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for one condition of a rule.

    Attributes
    ----------
    signal, value, n
        As in the observation.
    comparison, threshold, until
        As in the condition.
    expected, low, high
        What is usual, and its range.
    p_value
        Of the calibrated test.
    result
        Of this condition alone.
    note
        As in the observation.
    """

    signal: str
    value: float | None
    n: int
    comparison: Comparison
    threshold: float | None
    until: float | None
    expected: float | None
    low: float | None
    high: float | None
    p_value: float | None
    result: Result
    note: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a monitor says of one window.

    Attributes
    ----------
    result
        Of the whole rule.
    cleared
        It is ok, beyond the clear threshold, and every signal that it rests on was measured.
    findings
        One for each condition, in the order of the text.
    """

    result: Result
    cleared: bool
    findings: tuple[Finding, ...]


def evaluate(monitor: Monitor, observations: Mapping[str, Observation]) -> Evaluation:
    """Return what a monitor says of a window with these observations (signal → observation)."""
    raise NotImplementedError


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values, as `evaluations.findings` keeps a list of them."""
    raise NotImplementedError


def finding_from_json(plain: Mapping[str, Any]) -> Finding:
    """Return the finding that `finding_to_json` wrote; keys of later releases are passed over."""
    raise NotImplementedError
