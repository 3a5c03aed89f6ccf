"""Rules: conditions on signals, joined by and/or."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from driftwheel.errors import UsageError
from driftwheel.monitors.signal import signal_named

__all__ = ["Both", "Comparison", "Condition", "Either", "Rule", "signals_of"]

_LARGEST = 1e12

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

    def __post_init__(self) -> None:
        signal = signal_named(self.signal)
        if self.comparison == "unusual":
            if self.threshold is not None or self.until is not None:
                raise UsageError(f"'{self.signal} is unusual' takes no threshold; its test sets one.")
            return
        if signal.is_found:
            raise UsageError(f"'{self.signal}' is a verdict; write '{self.signal} is found'.")
        if self.threshold is None:
            raise UsageError(f"'{self.signal} {self.comparison}' needs a threshold.")
        for number in (self.threshold, self.until):
            if number is not None:
                _check_number(self.signal, number, is_share=signal.kind == "share")
        if self.until is not None:
            wrong = self.until > self.threshold if self.comparison == "above" else self.until < self.threshold
            if wrong:
                side = "at most" if self.comparison == "above" else "at least"
                raise UsageError(
                    f"'{self.signal} {self.comparison} {self.threshold:g} until {self.until:g}' would never "
                    f"clear; 'until' is {side} the threshold."
                )


@dataclass(frozen=True, slots=True)
class Both:
    """All of two or more rules."""

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        _check_several(self.rules, "and")


@dataclass(frozen=True, slots=True)
class Either:
    """Any of two or more rules."""

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        _check_several(self.rules, "or")


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


def _check_number(signal: str, number: float, *, is_share: bool) -> None:
    if not abs(number) <= _LARGEST:  # nor NaN
        raise UsageError(f"The threshold of '{signal}' is {number:g}; give a number up to {_LARGEST:g}.")
    if is_share and not 0 <= number <= 1:
        raise UsageError(
            f"'{signal}' is a share, between 0 and 1, and {number:g} is not; for {number:g} in a hundred "
            f"write '{number:g} %'."
        )


def _check_several(rules: tuple[Rule, ...], word: str) -> None:
    if len(rules) < 2:
        raise UsageError(f"'{word}' joins two or more rules; {len(rules)} was given.")
