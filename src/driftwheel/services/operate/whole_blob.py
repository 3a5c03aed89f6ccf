"""Read a blob only where it still is what it was."""

from __future__ import annotations

import hashlib

from driftwheel.store.files.blobs import Blobs

__all__ = ["read_whole"]


def read_whole(blobs: Blobs, digest: bytes) -> bytes | None:
    """Return a blob; None when it is not there, or its bytes have another SHA-256 than its name says."""
    try:
        data = blobs.get(digest)
    except FileNotFoundError:
        return None
    return data if hashlib.sha256(data).digest() == digest else None
