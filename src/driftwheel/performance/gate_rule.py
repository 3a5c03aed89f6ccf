"""What a challenger must show before it may replace the champion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["GateRule", "alpha_of_look"]

_RANGES: Mapping[str, tuple[float, float]] = {
    "confidence": (0.8, 0.999),
    "margin": (0.001, 0.5),
    "segment_margin": (0.001, 0.5),
    "gain": (0.005, 0.5),
    "power": (0.5, 0.99),
    "least_labels": (10, 100_000),
    "least_segment": (10, 100_000),
    "latency_ratio": (0.1, 1000),
    "latency_seconds": (0.0001, 600),
    "size_ratio": (0.1, 1000),
    "size_bytes": (1, 1e12),
}
_LARGEST = 2**63  # with hundreds of digits, a number can be neither compared with others nor written


@dataclass(frozen=True, slots=True)
class GateRule:
    """What is asked of a challenger; those of a model unless others are set.

    Attributes
    ----------
    confidence
        Chance that a challenger that is not better, or is worse by a margin, is kept out; over all the looks
        that are taken at it.
    margin
        Accuracy that it may lose on the old data at most, 0…1.
    segment_margin
        Accuracy that it may lose on any segment at most, 0…1.
    gain
        Accuracy worth having: when so much would have been seen and was not, no more labels are asked for.
    power
        Chance that the labels asked for show what is so.
    least_labels
        Images in the slice, and of old data, below which nothing is decided.
    least_segment
        Images of a segment below which it is judged together with others that are as small.
    latency_ratio, latency_seconds
        How long it may take for an image at most: against the champion, and in seconds (None: any).
    size_ratio, size_bytes
        How large its file may be at most, likewise.
    """

    confidence: float = 0.95
    margin: float = 0.02
    segment_margin: float = 0.05
    gain: float = 0.05
    power: float = 0.8
    least_labels: int = 30
    least_segment: int = 20
    latency_ratio: float = 1.5
    latency_seconds: float | None = None
    size_ratio: float = 2.0
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise UsageError(f"The gate's {name} is {value:g}; give {least:g} to {most:,g}.")

    @staticmethod
    def from_json(plain: Mapping[str, Any] | None) -> GateRule:
        """Return the rule that `to_json` wrote, or that somebody gives: what is left out is the default.

        Raises
        ------
        UsageError
            For a name that there is not, or a value that cannot be used.

        Examples
        --------
        >>> GateRule.from_json({"margin": 0.01}).segment_margin
        0.05
        """
        known = {one.name: one.default for one in fields(GateRule)}
        for name, value in (plain or {}).items():
            if name not in known:
                raise UsageError(
                    f"The gate asks nothing called '{name}'.{did_you_mean(name, known)} There are "
                    f"{', '.join(known)}."
                )
            if isinstance(value, int) and abs(value) >= _LARGEST:
                raise UsageError(f"The gate's {name} has too many digits; give a number.")
            whole = isinstance(known[name], int) or name == "size_bytes"
            fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            if not fits and not (value is None and known[name] is None):
                raise UsageError(
                    f"The gate's {name} is {value!r:.50}; give a {'whole ' if whole else ''}number."
                )
        return GateRule(**(plain or {}))

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept: what is not the default."""
        default = asdict(GateRule())
        return {name: value for name, value in asdict(self).items() if value != default[name]}


def alpha_of_look(confidence: float, look: int) -> float:
    """Return the error that the `look`-th look at the same challenger may spend, `look` from 1 on.

    Who looks again whenever labels come finds by chance, in the end, what is not there. So the looks share
    1 − `confidence` among them, the first takes 61 % of it, and their sum over any number of looks stays
    below it (Σ 1/k² = π²/6).

    Examples
    --------
    >>> [round(alpha_of_look(0.95, look), 4) for look in (1, 2, 3)]
    [0.0304, 0.0076, 0.0034]
    """
    if look < 1:
        raise UsageError(f"Looks are counted from 1 on; got {look}.")
    return (1 - confidence) * 6 / (math.pi * look) ** 2
