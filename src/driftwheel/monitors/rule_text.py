"""Rules as people write them: ``accuracy below 90 % until 93 % and records above 100``.

::

    rule      = both {"or" both}
    both      = one {"and" one}
    one       = "(" rule ")" | condition
    condition = signal "is" "unusual"                  its calibrated test, at the model's dial
              | "drift" "is" "found"                   the same, of the verdict
              | "evidence" "is" "found"                the same, of what has added up over the windows
              | signal ("above" | "below") amount ["until" amount]
    amount    = number [unit]

Units: ``%`` of a share; ``ms``, ``s``, ``min``, ``h``, ``d`` of a time (without one: seconds); ``σ`` of the
effect of a property and ``%`` over what is usual may be left out. "and" binds closer than "or".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.monitors.rule import Both, Comparison, Condition, Either, Rule
from driftwheel.monitors.signal import SIGNAL_NAMES, Signal, signal_named

__all__ = ["format_rule", "parse_rule"]

_LONGEST = 2000
_DEEPEST = 20
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-−+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?)|(?P<word>[^\W\d][\w.]*|%|[()]))"
)
_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "min": Decimal(60), "h": Decimal(3600)}
_SECONDS |= {"d": Decimal(86400)}
_PERCENT = {"%": Decimal("0.01")}
_WORDS = ("above", "below", "is", "until", "and", "or", "unusual", "found")


def parse_rule(text: str) -> Rule:
    """Return the rule that a text says; raise `UsageError` that points at the place where it does not.

    Examples
    --------
    >>> parse_rule("latency_p95 above 200 ms")
    Condition(signal='latency_p95', comparison='above', threshold=0.2, until=None)
    >>> parse_rule("drift is gone")
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: Rule, character 10, 'gone': after 'drift is' comes 'found'.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"The rule has {len(text):,} characters; at most {_LONGEST:,} are read.")
    reader = _Reader(_tokens(text))
    rule = _either(reader, 0)
    if reader.here.text:
        reader.refuse("the rule could end here, or go on with 'and' or 'or'")
    return rule


def format_rule(rule: Rule) -> str:
    """Return a rule as text, which `parse_rule` reads as the same rule.

    Examples
    --------
    >>> format_rule(Condition("unreadable_share", "above", 0.05, until=0.01))
    'unreadable_share above 5 % until 1 %'
    >>> format_rule(Either((Condition("drift", "unusual"), Condition("silence", "above", 7200.0))))
    'drift is found or silence above 2 h'
    """
    if isinstance(rule, Condition):
        return _format_condition(rule)
    word, bare = (" and ", (Condition,)) if isinstance(rule, Both) else (" or ", (Condition, Both))
    parts = (format_rule(one) if isinstance(one, bare) else f"({format_rule(one)})" for one in rule.rules)
    return word.join(parts)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str  # empty at the end
    place: int  # counted from 1
    is_number: bool = False


class _Reader:
    """The tokens, and how far they have been read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def here(self) -> _Token:
        return self._tokens[self._at]

    def take(self) -> _Token:
        token = self.here
        self._at += bool(token.text)
        return token

    def took(self, word: str) -> bool:
        """Whether the next word is this one; it is then read."""
        found = self.here.text == word
        self._at += found
        return found

    def refuse(self, expected: str, *, token: _Token | None = None) -> NoReturn:
        _refuse(token or self.here, expected)


def _refuse(token: _Token, expected: str) -> NoReturn:
    given = f"'{token.text}'" if token.text else "its end"
    raise UsageError(f"Rule, character {token.place}, {given}: {expected.removesuffix('.')}.")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            _refuse(_Token(text[start], start + 1), "no signal, word, number or bracket begins like this")
        kind = "number" if match["number"] else "word"
        found.append(_Token(match[kind], match.start(kind) + 1, kind == "number"))
        place = match.end()
    return [*found, _Token("", len(text) + 1)]


def _either(reader: _Reader, depth: int) -> Rule:
    rules = [_both(reader, depth)]
    while reader.took("or"):
        rules.append(_both(reader, depth))
    return rules[0] if len(rules) == 1 else Either(tuple(rules))


def _both(reader: _Reader, depth: int) -> Rule:
    rules = [_one(reader, depth)]
    while reader.took("and"):
        rules.append(_one(reader, depth))
    return rules[0] if len(rules) == 1 else Both(tuple(rules))


def _one(reader: _Reader, depth: int) -> Rule:
    if not reader.took("("):
        return _condition(reader)
    if depth == _DEEPEST:
        reader.refuse(f"brackets may be {_DEEPEST} deep")
    rule = _either(reader, depth + 1)
    if not reader.took(")"):
        reader.refuse("a bracket is open; ')' comes here, or 'and' or 'or'")
    return rule


def _condition(reader: _Reader) -> Condition:
    name = reader.here
    if not name.text or name.is_number or name.text in (*_WORDS, "%", ")"):
        reader.refuse("the name of a signal comes here, for example 'drift' or 'records', or '('")
    if name.text not in SIGNAL_NAMES:
        reader.refuse(f"there is no such signal.{did_you_mean(name.text, SIGNAL_NAMES)}")
    signal = signal_named(reader.take().text)
    if reader.took("is"):
        return _verdict(reader, signal)
    comparison: Comparison
    if reader.took("above"):
        comparison = "above"
    elif reader.took("below"):
        comparison = "below"
    else:
        hint = did_you_mean(reader.here.text, ("above", "below"))
        reader.refuse(f"after a signal comes 'above', 'below' or 'is'.{hint}")
    threshold = _amount(reader, signal)
    until = _amount(reader, signal) if reader.took("until") else None
    try:
        return Condition(signal.name, comparison, threshold, until)
    except UsageError as error:
        _refuse(name, str(error))


def _verdict(reader: _Reader, signal: Signal) -> Condition:
    word = "found" if signal.is_found else "unusual"
    if not reader.took("unusual") and not (word == "found" and reader.took("found")):
        reader.refuse(f"after '{signal.name} is' comes '{word}'")
    return Condition(signal.name, "unusual")


def _amount(reader: _Reader, signal: Signal) -> float:
    if not reader.here.is_number:
        reader.refuse("a number comes here")
    number = Decimal(reader.take().text.replace("−", "-"))
    units = _units(signal)
    if reader.here.text in units:
        return float(number * units[reader.take().text])
    if reader.here.text and reader.here.text not in {"until", "and", "or", ")"}:
        known = ", ".join(f"'{unit}'" for unit in units)
        reader.refuse(
            f"after a number of '{signal.name}' comes "
            + (f"one of {known}, " if units else "")
            + ("'until', 'and', 'or' or the end")
        )
    return float(number)


def _units(signal: Signal) -> dict[str, Decimal]:
    if signal.kind == "seconds":
        return _SECONDS
    if signal.unit == "share":
        return _PERCENT
    return {signal.unit: Decimal(1)} if signal.unit in {"σ", "%"} else {}


def _format_condition(condition: Condition) -> str:
    signal = signal_named(condition.signal)
    if condition.threshold is None:
        return f"{signal.name} is {'found' if signal.is_found else 'unusual'}"
    text = f"{signal.name} {condition.comparison} {_format_amount(condition.threshold, signal)}"
    return text if condition.until is None else f"{text} until {_format_amount(condition.until, signal)}"


def _format_amount(value: float, signal: Signal) -> str:
    """Write a number so that it is read as the very same one, with the unit that makes it short."""
    exact = Decimal(repr(float(value)))
    units = _units(signal)
    if signal.kind == "seconds" and value != 0:
        whole = [unit for unit, size in _SECONDS.items() if abs(exact) >= size and exact % size == 0]
        unit = whole[-1] if whole else "ms"
        units = {unit: _SECONDS[unit]}
    for unit, size in units.items():
        number = _plain(exact / size)
        if len(number) <= 12 and float(Decimal(number) * size) == value:
            return f"{number} {unit}"
    return _plain(exact) if len(_plain(exact)) <= 18 else repr(float(value))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
