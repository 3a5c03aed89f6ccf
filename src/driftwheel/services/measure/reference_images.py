"""How many images a reference was measured on."""

from __future__ import annotations

from functools import lru_cache

from driftwheel.errors import ProfileFormatError
from driftwheel.services.measure.measured_reference import unpack_reference
from driftwheel.store.files.blobs import Blobs

__all__ = ["reference_images"]


@lru_cache(maxsize=128)
def reference_images(blobs: Blobs, artifact: bytes) -> int | None:
    """Return how many images a reference was measured on; None where its artifact is lost.

    It is kept in this process: an artifact never changes.
    """
    try:
        return unpack_reference(blobs.get(artifact)).n
    except (FileNotFoundError, ProfileFormatError):
        return None
