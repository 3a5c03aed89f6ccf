"""Evaluation: what a monitor says of one window of one segment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.rule import Both, Comparison, Condition, Rule
from driftwheel.monitors.signal import signal_named

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
    """Return what a monitor says of a window with these observations (signal → observation).

    "and" and "or" take three values: an "or" with one breach is a breach whatever else is unknown, an "and"
    with one part that is ok is ok; else what is unknown makes the whole unknown, an error before too few
    before no data. An ok beside something unknown is not `cleared`: it ends no alert.

    Examples
    --------
    >>> from driftwheel.monitors.rule_text import parse_rule
    >>> monitor = Monitor("unreadable", parse_rule("unreadable_share above 5 % until 1 %"))
    >>> seen = {"unreadable_share": Observation("unreadable_share", 0.03, 200)}
    >>> found = evaluate(monitor, seen)
    >>> found.result, found.cleared
    ('ok', False)
    """
    findings = tuple(
        _finding(condition, observations, monitor.least_n) for condition in _conditions(monitor.rule)
    )
    result = _joined(monitor.rule, iter([one.result for one in findings]))
    back = _joined(monitor.rule, iter([_beyond(one) for one in findings]))
    known = all(one.result in ("ok", "breach") for one in findings)
    return Evaluation(result, result == "ok" and back == "ok" and known, findings)


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values, as `evaluations.findings` keeps a list of them."""
    return asdict(finding)


def finding_from_json(plain: Mapping[str, Any]) -> Finding:
    """Return the finding that `finding_to_json` wrote; keys of later releases are passed over."""
    return Finding(**{name: plain[name] for name in _FIELDS if name in plain})


_FIELDS = tuple(one.name for one in fields(Finding))
_UNKNOWN: tuple[Result, ...] = ("error", "insufficient", "no_data")


def _conditions(rule: Rule) -> Iterator[Condition]:
    if isinstance(rule, Condition):
        yield rule
    else:
        for one in rule.rules:
            yield from _conditions(one)


def _joined(rule: Rule, results: Iterator[Result]) -> Result:
    """Join the results of a rule's conditions, which come in the order of the text."""
    if isinstance(rule, Condition):
        return next(results)
    parts = [_joined(one, results) for one in rule.rules]
    order: tuple[Result, ...]  # the first of these that is among the parts is the whole's
    order = ("ok", *_UNKNOWN, "breach") if isinstance(rule, Both) else ("breach", *_UNKNOWN, "ok")
    return next(one for one in order if one in parts)


def _finding(condition: Condition, observations: Mapping[str, Observation], least_n: int) -> Finding:
    seen = observations.get(condition.signal) or Observation(condition.signal, None, 0)
    result, why = _result(condition, seen, least_n)
    return Finding(
        condition.signal,
        _finite(seen.value),
        seen.n,
        condition.comparison,
        condition.threshold,
        condition.until,
        _finite(seen.usual),
        _finite(seen.low),
        _finite(seen.high),
        _finite(seen.p_value),
        result,
        seen.note or why,
    )


def _result(condition: Condition, seen: Observation, least_n: int) -> tuple[Result, str]:
    """Return what one condition says, and why where it cannot say."""
    if seen.failed or (seen.value is not None and math.isnan(seen.value)):
        return "error", "the value could not be computed"
    if seen.value is None and seen.judged is None and seen.n == 0:
        return "no_data", "there is no data"
    if signal_named(condition.signal).sampled and seen.n < least_n:
        return "insufficient", f"the sample is {seen.n:,}, of at least {least_n:,}"
    if condition.comparison == "unusual":
        in_breach, why = seen.judged, "what is usual is not known yet"
    elif seen.value is None or condition.threshold is None:
        in_breach, why = None, "there is no value"
    else:
        in_breach, why = _is_over(seen.value, condition.comparison, condition.threshold), ""
    if in_breach is None:
        return "insufficient", why
    return "breach" if in_breach else "ok", ""


def _beyond(finding: Finding) -> Result:
    """Return the condition's result with its clear threshold in place of its threshold."""
    if finding.until is None or finding.value is None or finding.result != "ok":
        return finding.result
    return "breach" if _is_over(finding.value, finding.comparison, finding.until) else "ok"


def _is_over(value: float, comparison: Comparison, threshold: float) -> bool:
    return value > threshold if comparison == "above" else value < threshold


def _finite(number: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return number if number is None or math.isfinite(number) else None
