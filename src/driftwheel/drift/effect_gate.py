"""The effect gate: what a change must pass to be large enough to alarm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EffectGate"]


@dataclass(frozen=True, slots=True, eq=False)
class EffectGate:
    """What a change must pass to be large enough.

    Attributes
    ----------
    windows, references
        (r, n) weights of replayed windows of the current size, and of replayed references.
    chance
        Probability with which a replayed window may pass the threshold drawn from them.
    alpha
        Corrected p-value below which a change is beyond chance.
    """

    windows: NDArray[np.float32]
    references: NDArray[np.float32]
    chance: float
    alpha: float
