"""Buffers that are used again for every image of a thread.

A fresh buffer of a few megabytes costs more time in page faults than the work done in it, so whoever
measures many images hands one `Scratch` to the `Views` of each in turn. The arrays made in it are only
good until the next image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scratch"]


class Scratch:
    """Named byte buffers that grow to the largest size asked for; one thread's, one image at a time."""

    def __init__(self) -> None:
        self._buffers: dict[str, NDArray[np.uint8]] = {}

    def take(self, name: str, shape: tuple[int, ...], size: int) -> NDArray[np.uint8]:
        """Return an uninitialised uint8 array of a shape with `size` elements, in the buffer of that name.

        Examples
        --------
        >>> scratch = Scratch()
        >>> scratch.take("grey", (2, 3), 6).shape
        (2, 3)
        """
        buffer = self._buffers.get(name)
        if buffer is None or buffer.size < size:
            buffer = self._buffers[name] = np.empty(size, dtype=np.uint8)
        return buffer[:size].reshape(shape)
