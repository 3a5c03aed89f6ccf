"""Observations: the value of a signal in one window, with its sample size and what is usual."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = [
    "CANNOT_TELL",
    "Observation",
    "observation_from_json",
    "observation_to_json",
    "observations_from_json",
    "observations_to_json",
]

CANNOT_TELL = "Cannot tell: "
"""How the note of an estimate without a value begins; the reason follows."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The value of one signal in one window of one segment.

    Attributes
    ----------
    signal
        Name of the signal.
    value
        In the signal's unit; None where it could not be had. Of `drift`: 1 with drift, 0 without.
    n
        How many records or images the value was measured on; 0 and no value: no data.
    usual
        What the value usually is, from the reference or from past windows.
    low, high
        The range that it usually stays in; of an estimate, the interval that holds it with 90 %.
    p_value
        Chance of a value this unusual without any change.
    judged
        What the calibrated test says at the model's dial: True is unusual. None: there is no calibrated test,
        because there is no reference, or too few past windows.
    note
        What a person should know of it: why it is missing, what it was compared with.
    failed
        It should have been computed and could not be; `note` says why.
    """

    signal: str
    value: float | None
    n: int
    usual: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    judged: bool | None = None
    note: str = ""
    failed: bool = False


_NUMBERS = ("value", "usual", "low", "high", "p_value")
_FIELDS = tuple(one.name for one in fields(Observation))


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """Return an observation as plain values; a number that is not finite becomes None.

    Examples
    --------
    >>> observation_to_json(Observation("records", 12.0, 12))["value"]
    12.0
    """
    plain = asdict(observation)
    for name in _NUMBERS:
        number = plain[name]
        plain[name] = None if number is None or not math.isfinite(number) else float(number)
    return plain


def observation_from_json(plain: Mapping[str, Any]) -> Observation:
    """Return the observation that `observation_to_json` wrote; keys of later releases are passed over."""
    return Observation(**{name: plain[name] for name in _FIELDS if name in plain})


def observations_to_json(observations: Mapping[str, Observation]) -> dict[str, dict[str, Any]]:
    """Return signal → observation as plain values, as `verdicts.observations` keeps them."""
    return {name: observation_to_json(one) for name, one in observations.items()}


def observations_from_json(plain: Mapping[str, Mapping[str, Any]]) -> dict[str, Observation]:
    """Return the observations that `observations_to_json` wrote."""
    return {name: observation_from_json(one) for name, one in plain.items()}
