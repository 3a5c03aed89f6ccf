"""References at hand: read from the blobs and prepared once, for the many windows held against them."""

from __future__ import annotations

import threading

from driftwheel.store.blobs import Blobs

__all__ = ["KnownReferences"]


class KnownReferences:
    """The references of all models, read anew when one changes; threads share it. One for each worker."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
