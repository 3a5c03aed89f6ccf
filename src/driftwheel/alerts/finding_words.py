"""What was found in a window, in plain words: what went wrong, what was expected, how large the change is."""

from __future__ import annotations

from driftwheel.monitors.evaluate import Finding
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.signal import Signal, signal_named
from driftwheel.report.numbers import NBSP, quantity, quantity_pair, several, sigmas

__all__ = ["amount", "change_of", "duration", "expected_of", "observed", "wrong_of"]

_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"))


def duration(seconds: float) -> str:
    """Return a time in the unit that fits it, with three digits.

    Examples
    --------
    >>> [duration(each).replace(NBSP, " ") for each in (0.2, 90.0, 7200.0, 200000.0)]
    ['200 ms', '90 s', '2 h', '2.31 d']
    """
    for size, unit in _UNITS:
        if abs(seconds) >= 2 * size or (unit != "ms" and abs(seconds) == size):
            return quantity(seconds / size, unit)
    return quantity(seconds * 1000, "ms")


def amount(value: float | None, signal: Signal) -> str:
    """Return a signal's value with its unit, a dash where there is none.

    Examples
    --------
    >>> amount(0.12, signal_named("unreadable_share")).replace(NBSP, " ")
    '12 %'
    """
    if value is None:
        return quantity(None)
    if signal.kind == "seconds":
        return duration(value)
    if signal.unit == "σ":
        return sigmas(value)
    if signal.kind == "count":
        return several(round(value), "record")
    return quantity(value, signal.unit)


def wrong_of(finding: Finding) -> str:
    """Return what was found for one condition, in a sentence without its full stop.

    Examples
    --------
    >>> known = dict(expected=0.01, low=0.0, high=0.02, p_value=0.0001, result="breach")
    >>> found = Finding("unreadable_share", 0.12, 500, "unusual", None, None, **known)
    >>> wrong_of(found).replace(NBSP, " ")
    'unreadable images: 12 % (n = 500)'
    """
    signal = signal_named(finding.signal)
    if signal.kind == "verdict":
        what = "the images have drifted from the reference"
    elif signal.kind == "evidence":
        since = f" {finding.note}" if finding.note else ""
        sums = f"evidence {amount(finding.value, signal)}, found at {amount(finding.high, signal)}"
        return f"a change too weak for any one window to show has added up{since} ({sums})"
    elif signal.name == "silence":
        return f"no record has come for {amount(finding.value, signal)}"
    elif signal.name == "records":
        came = "no record" if not finding.value else amount(finding.value, signal)
        return f"{came} came in the window"
    elif signal.kind == "effect":
        what = f"{signal.title} is {amount(finding.value, signal)} away from the reference"
    else:
        what = f"{signal.title}: {amount(finding.value, signal)}"
    return f"{what} (n{NBSP}={NBSP}{finding.n:,})" if finding.n else what


def expected_of(finding: Finding) -> str:
    """Return what was expected instead, in words that follow "expected:".

    Examples
    --------
    >>> known = dict(expected=0.01, low=None, high=0.02, p_value=0.0001, result="breach")
    >>> found = Finding("unreadable_share", 0.12, 500, "unusual", None, None, **known)
    >>> expected_of(found).replace(NBSP, " ")
    'unreadable images: usually 1 %, at most 2 %'
    """
    signal = signal_named(finding.signal)
    if signal.is_found:
        return "images like those of the reference"
    return f"{signal.title}: {', '.join(_bounds(finding, signal))}"


def change_of(finding: Finding) -> str:
    """Return how far the value moved from what is usual; empty where that is not known.

    Examples
    --------
    >>> known = dict(expected=0.9, low=0.85, high=0.95, p_value=0.0001, result="breach")
    >>> change_of(Finding("confidence", 0.7, 500, "unusual", None, None, **known))
    'confidence fell from 0.900 to 0.700'
    """
    signal = signal_named(finding.signal)
    if finding.value is None or finding.expected is None or signal.is_found or signal.kind == "effect":
        return ""
    if finding.value == finding.expected:
        return ""
    verb = "rose" if finding.value > finding.expected else "fell"
    if signal.kind == "seconds":
        before, after = duration(finding.expected), duration(finding.value)
    elif signal.kind == "count":
        before, after = f"{round(finding.expected):,}", f"{round(finding.value):,}"
    else:
        before, after = quantity_pair(finding.expected, finding.value, signal.unit)
    return f"{signal.title} {verb} from {before} to {after}"


def observed(seen: Observation | None) -> str:
    """Return one observation in a sentence, empty where it has no value.

    Examples
    --------
    >>> observed(Observation("accuracy", 0.71, 40, usual=0.93)).replace(NBSP, " ")
    'accuracy is 71 % on 40 records, usually 93 %'
    """
    if seen is None or seen.value is None:
        return ""
    signal = signal_named(seen.signal)
    usual = "" if seen.usual is None else f", usually {amount(seen.usual, signal)}"
    if signal.estimated and seen.low is not None and seen.high is not None:
        low, high = quantity_pair(seen.low, seen.high, signal.unit)
        usual = f" (90{NBSP}% interval: {low} to {high}){usual}"
    verb = "are" if signal.title.endswith("wrong") else "is"
    return f"{signal.title} {verb} {amount(seen.value, signal)} on {several(seen.n, 'record')}{usual}"


def _bounds(finding: Finding, signal: Signal) -> list[str]:
    if finding.threshold is not None:
        side = "at most" if finding.comparison == "above" else "at least"
        bounds = [f"{side} {amount(finding.threshold, signal)}"]
        if finding.expected is not None:
            bounds.append(f"usually {amount(finding.expected, signal)}")
        return bounds
    bounds = [] if finding.expected is None else [f"usually {amount(finding.expected, signal)}"]
    if signal.estimated:
        return bounds or ["as on the reference"]
    if finding.low is not None and finding.high is not None:
        bounds.append(f"between {amount(finding.low, signal)} and {amount(finding.high, signal)}")
    elif finding.high is not None:
        bounds.append(f"at most {amount(finding.high, signal)}")
    elif finding.low is not None:
        bounds.append(f"at least {amount(finding.low, signal)}")
    return bounds or ["as in the windows before"]
