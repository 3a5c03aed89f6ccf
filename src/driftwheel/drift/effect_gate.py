"""The effect gate: what a change must pass to be large enough to alarm."""

from __future__ import annotations

from dataclasses import dataclass

from driftwheel.drift.replay import Replays

__all__ = ["EffectGate"]


@dataclass(frozen=True, slots=True, eq=False)
class EffectGate:
    """What a change must pass to be large enough.

    Attributes
    ----------
    replays
        Replayed windows of the current size, and replayed references.
    chance
        Probability with which a replayed window may pass the threshold drawn from them.
    alpha
        Corrected p-value below which a change is beyond chance.
    """

    replays: Replays
    chance: float
    alpha: float
