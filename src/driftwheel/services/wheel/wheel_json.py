"""The wheel of a model as plain values: its policy, what its triggers see, the suggested rhythm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from driftwheel.services.wheel.describe_wheel import WheelState
from driftwheel.wheel.reign import Decay, Reign
from driftwheel.wheel.rhythm import Rhythm

__all__ = ["wheel_to_json"]

_FIGURES = ("kind", "told", "loss", "days", "low", "high", "slope", "slope_low", "slope_high", "labels")


def wheel_to_json(state: WheelState) -> dict[str, Any]:
    """Return the wheel of a model as plain values; moments in ISO 8601, what is not finite None."""
    decision = state.decision
    plain: dict[str, Any] = _plain(
        {
            "policy": asdict(state.policy),
            "changed": state.changed,
            "by": state.by,
            "begins": decision.begins,
            "told": decision.told,
            "because": None if decision.because is None else decision.because.name,
            "held_back": decision.held_back,
            "not_before": decision.not_before,
            "triggers": [
                {name: getattr(one, name) for name in ("name", "enabled", "met", "told", "found", "alert")}
                for one in decision.triggers
            ],
            "budget": asdict(decision.budget),
            "turn": None if state.turn is None else state.turn.number,
            "last_turn": None if state.last is None else state.last.number,
            "rhythm": _rhythm(state.rhythm),
        }
    )
    return plain


def _rhythm(rhythm: Rhythm) -> dict[str, Any]:
    reigns = [_reign(one, decay) for one, decay in zip(rhythm.reigns, rhythm.decays, strict=True)]
    figures = {name: getattr(rhythm, name) for name in _FIGURES}
    return {**figures, "suggested": rhythm.suggested, "reigns": reigns}


def _reign(reign: Reign, decay: Decay | None) -> dict[str, Any]:
    line = None
    if decay is not None:
        line = {name: getattr(decay, name) for name in ("start", "slope", "sudden")}
    return {
        "version": reign.version,
        "begun": reign.begun,
        "ended": reign.ended,
        "points": [asdict(one) for one in reign.points],
        "decay": line,
    }


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value
