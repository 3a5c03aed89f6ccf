"""Pictures of two shapes, which a network of any size can learn to tell apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from driftwheel.learning.labelled_images import ImagesInMemory
from driftwheel.learning.trainers.trainer import Epoch


def stripes(n: int, *, seed: int, side: int = 40) -> ImagesInMemory:
    """Return images with stripes across or down, in any colour, with noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    pixels = []
    for label in labels:
        wave = 60 * np.sign(np.sin((np.arange(side) + rng.integers(8)) * np.pi / 4))
        plane = np.broadcast_to(wave if label else wave[:, None], (side, side))
        picture = 120 + plane[..., None] * rng.uniform(0.4, 1, 3) + rng.normal(0, 12, (side, side, 3))
        pixels.append(np.clip(picture, 0, 255).astype(np.uint8))
    return ImagesInMemory(("across", "down"), labels, pixels)


class Watched:
    """A watch that notes what it is told; its time stands still, and it keeps every checkpoint."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.epochs: list[Epoch] = []
        self.lines: list[str] = []
        self.kept: bytes | None = None
        self.stop_after = stop_after

    def seconds(self) -> float:
        return 0.0

    def epoch(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def checkpoint(self, made: Callable[[], bytes]) -> None:
        self.kept = made()
        if self.stop_after is not None and len(self.epochs) >= self.stop_after:
            raise KeyboardInterrupt
