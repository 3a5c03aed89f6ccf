"""What a condition found, as short as a table takes it."""

from __future__ import annotations

from driftwheel.alerts.finding_words import amount
from driftwheel.monitors.evaluate import Finding
from driftwheel.monitors.signal import signal_named
from driftwheel.report.numbers import p_statement

__all__ = ["finding_value"]


def finding_value(finding: Finding) -> str:
    """Return the value of a finding with its unit; of a verdict the answer and its p-value.

    Examples
    --------
    >>> known = dict(expected=None, low=None, high=None, p_value=0.43, result="ok")
    >>> finding_value(Finding("drift", 0.0, 500, "unusual", None, None, **known))
    'no drift, p = 0.43'
    """
    signal = signal_named(finding.signal)
    if signal.kind != "verdict" or finding.value is None:
        return amount(finding.value, signal)
    said = "drift" if finding.value else "no drift"
    return said if finding.p_value is None else f"{said}, {p_statement(finding.p_value)}"
