"""How an autoencoder is trained: the settings, as one frozen value that is kept with the network."""

from __future__ import annotations

import math
from dataclasses import dataclass

from driftwheel.errors import UsageError

__all__ = ["AutoencoderTraining", "epochs_for"]

_RANGES = {
    "epochs": (1, 10_000),
    "patience": (1, 10_000),
    "batch": (8, 4096),
    "learning_rate": (1e-6, 1.0),
    "noise": (0.0, 2.0),
    "shift": (0.0, 0.5),
    "brightness": (0.0, 0.9),
}


@dataclass(frozen=True, slots=True)
class AutoencoderTraining:
    """Settings of one training.

    Attributes
    ----------
    epochs
        Times every image is seen, at most.
    patience
        Training stops when this many epochs in a row have not lowered the loss on images set aside for that.
    batch
        Images a step.
    learning_rate
        The highest; it rises over the first tenth of the steps and falls to nothing at the end.
    noise
        Standard deviation of the Gaussian noise that the network must take away from what it is shown,
        where a pixel is in [0, 1]; the noisy picture is clipped to [0, 1]. 0: it is shown the picture itself.
    flip
        Half of the pictures are mirrored left to right.
    shift
        Pictures are moved by up to this share of the side, edges repeated.
    brightness
        Pixels are multiplied by a factor of up to 1 ± this, and clipped to [0, 1].

    Raises
    ------
    UsageError
        For a value outside its range.
    """

    epochs: int = 40
    patience: int = 4
    batch: int = 64
    learning_rate: float = 4e-3
    noise: float = 0.0
    flip: bool = False
    shift: float = 0.0
    brightness: float = 0.0

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            whole = isinstance(least, int)
            right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            if not right or not math.isfinite(value) or not least <= value <= most:
                kind = "whole number" if whole else "number"
                raise UsageError(f"{name} is {value!r}; give a {kind} from {least:g} to {most:g}.")

    @property
    def augments(self) -> bool:
        """Whether pictures are changed before they are both shown and asked for."""
        return self.flip or self.shift > 0 or self.brightness > 0


def epochs_for(images: int) -> int:
    """Return how often to learn from so many images: about 150,000 in all, but each 10 to 40 times.

    Examples
    --------
    >>> epochs_for(700), epochs_for(6000), epochs_for(14000)
    (40, 25, 10)
    """
    return min(40, max(10, 150_000 // max(1, images)))
