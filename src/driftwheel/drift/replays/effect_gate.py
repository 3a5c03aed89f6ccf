"""The effect gate: what a change must pass to be large enough to alarm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.replays.replay import LEAST_BLOCKS, Replays, effect_threshold, without_noise
from driftwheel.drift.replays.replayed_effects import ReplayedEffect, replay_p_value, replay_thresholds

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
    spans
        From how many spans of time of the reference the windows are replayed; None where they are drawn in
        blocks or image by image.
    plain, excess
        Of spans, which hold other numbers of images than the current window does: windows of its size drawn
        image by image, and how much more noise the spans have.
    """

    replays: Replays
    chance: float
    alpha: float
    spans: int | None = None
    plain: Replays | None = None
    excess: float = 1.0

    def replayed(self, distances: Callable[[Replays], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the distances of the replayed windows, as windows of the current size would have them."""
        found = distances(self.replays)
        return found if self.plain is None else without_noise(found, distances(self.plain), self.excess)

    def thresholds(self, effects: Sequence[ReplayedEffect]) -> list[float]:
        """Return what each of these effects must pass: of spans together, else each by itself."""
        if self.spans is not None:
            return replay_thresholds(effects, self.chance, self.spans)
        return [effect_threshold(one.replayed, self.chance, one.floor) for one in effects]

    def p_value(self, effects: Sequence[ReplayedEffect]) -> float:
        """Return the chance of effects as rare as these, together, among the replayed windows.

        Where nothing is known of what one window differs by from the next, as careful as with the fewest
        spans.
        """
        return replay_p_value(effects, LEAST_BLOCKS if self.spans is None else self.spans)
