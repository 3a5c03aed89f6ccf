"""What a gate run found, as it is kept: every check with its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from driftwheel.performance.balanced_difference import BalancedDifference
from driftwheel.performance.gate import GateCheck

__all__ = ["GateNumbers"]

_MAY_BE_UNKNOWN = ("champion", "challenger", "difference", "low", "high", "p_value", "alpha")


@dataclass(frozen=True, slots=True)
class GateNumbers:
    """What was compared, and what came of it.

    Attributes
    ----------
    checks
        All that was asked.
    alpha
        The error that this look might spend.
    balanced
        Both versions' balanced accuracy on all images, for information; None without images.
    sources
        Where labels came from → images: ``record``, ``dataset``.
    left_out
        Why → labelled images that were not compared.
    unreadable
        Images that were lost or could not be decoded.
    notes
        Sentences.
    """

    checks: tuple[GateCheck, ...]
    alpha: float
    balanced: BalancedDifference | None
    sources: Mapping[str, int]
    left_out: Mapping[str, int]
    unreadable: int
    notes: tuple[str, ...]

    @property
    def more(self) -> int:
        """Labels that are missing in the group that lacks most."""
        return max((one.more for one in self.checks), default=0)

    def to_json(self) -> dict[str, Any]:
        """Return the form that is kept; what is not a number is null."""
        return {
            "checks": [_plain(asdict(one)) for one in self.checks],
            "alpha": self.alpha,
            "balanced": None if self.balanced is None else asdict(self.balanced),
            "sources": dict(self.sources),
            "left_out": dict(self.left_out),
            "unreadable": self.unreadable,
            "notes": list(self.notes),
        }

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> GateNumbers:
        """Return what `to_json` wrote."""
        names = {one.name for one in fields(GateCheck)}
        checks = []
        for one in plain.get("checks", ()):
            values = {name: value for name, value in one.items() if name in names}
            values |= {name: math.nan for name in _MAY_BE_UNKNOWN if values.get(name) is None}
            checks.append(GateCheck(**values))
        balanced = plain.get("balanced")
        return GateNumbers(
            tuple(checks),
            float(plain.get("alpha", math.nan)),
            None if balanced is None else BalancedDifference(**balanced),
            dict(plain.get("sources", {})),
            dict(plain.get("left_out", {})),
            int(plain.get("unreadable", 0)),
            tuple(plain.get("notes", ())),
        )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
