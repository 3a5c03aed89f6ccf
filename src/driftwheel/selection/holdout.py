"""Holdout: the images that are kept for measuring, for ever, told by a keyed hash of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["LEAST_KEY_BYTES", "Holdout"]

LEAST_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Holdout:
    """Which images are never learnt from.

    Every image has a *position* in [0, 1), as good as drawn at random, that follows from its digest and the
    key alone. Those below `share` are the holdout. No selection, no order of events and no other image moves
    one in or out; whoever has the key can check it years later. A larger share holds all images of a smaller
    one, so that raising it takes images out of training (those that a model has learnt from already are no
    measure of that model), and lowering it only lets some go.

    Attributes
    ----------
    key
        At least 16 random bytes, drawn once for a project and kept. Whoever does not know it cannot make
        images that fall into the holdout, or outside.
    share
        Of all images, in (0, 1).

    Raises
    ------
    UsageError
        For a shorter key or another share.

    Notes
    -----
    The position is BLAKE2b, keyed, of the image's digest: its first 53 bits. Positions that stay are known in
    sampling as permanent random numbers (Ohlsson, "Coordination of samples using permanent random numbers",
    2095): samples drawn of them at different times overlap as much as can be, so that labels are used again.
    What must stay together, such as the frames of one burst or the photos of one person, gets one position by
    giving the name of the group in place of the digest.

    Examples
    --------
    >>> holdout = Holdout(b"drawn at random once", 0.2)
    >>> images = [f"image {number}" for number in range(1000)]
    >>> sum(holdout.holds(image) for image in images)
    209
    """

    key: bytes = field(repr=False)
    share: float = 0.1

    def __post_init__(self) -> None:
        if len(self.key) < LEAST_KEY_BYTES:
            raise UsageError(
                f"The key of a holdout has {len(self.key)} bytes; expected at least {LEAST_KEY_BYTES}, drawn "
                f"by secrets.token_bytes."
            )
        if not 0 < self.share < 1:
            raise UsageError(f"The share of the holdout is {self.share:g}; expected above 0 and below 1.")

    def position(self, unit: str) -> float:
        """Return the place in [0, 1) of an image's digest, or of the name of its group."""
        key = self.key if len(self.key) <= 64 else hashlib.blake2b(self.key).digest()
        hashed = hashlib.blake2b(unit.encode(), digest_size=8, key=key, person=b"holdout").digest()
        return (int.from_bytes(hashed, "big") >> 11) / 2**53

    def positions(self, units: Iterable[str]) -> NDArray[np.float64]:
        """Return the (n,) places of n images."""
        return np.array([self.position(unit) for unit in units], dtype=np.float64)

    def holds(self, unit: str) -> bool:
        """Return whether the image is kept for measuring."""
        return self.position(unit) < self.share
