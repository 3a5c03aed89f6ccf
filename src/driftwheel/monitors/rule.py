"""Rules: conditions on signals, joined by and/or."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Both", "Comparison", "Condition", "Either", "Rule", "signals_of"]

Comparison = Literal["above", "below", "unusual"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One signal, above or below a threshold, or unusual by its calibrated test.

    Attributes
    ----------
    signal
        Name of the signal.
    comparison
        ``above`` and ``below`` leave the threshold itself out.
    threshold
        In the signal's unit; None with ``unusual``.
    until
        A firing alert lasts until the value is back at this, on the good side of `threshold`; None: at the
        threshold.
    """

    signal: str
    comparison: Comparison
    threshold: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Both:
    """All of two or more rules."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Any of two or more rules."""

    rules: tuple[Rule, ...]


Rule = Condition | Both | Either


def signals_of(rule: Rule) -> tuple[str, ...]:
    """Return the names of the signals that a rule looks at, each once, in the order of the text.

    Examples
    --------
    >>> signals_of(Both((Condition("drift", "unusual"), Condition("records", "above", 100.0))))
    ('drift', 'records')
    """
    if isinstance(rule, Condition):
        return (rule.signal,)
    return tuple(dict.fromkeys(name for one in rule.rules for name in signals_of(one)))
