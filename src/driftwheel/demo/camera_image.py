"""The file that a camera stores: as it should be, or with the fault that the camera has."""

from __future__ import annotations

from driftwheel.demo.shot import Shot
from driftwheel.images.decode import decode
from driftwheel.images.encode import encode
from driftwheel.images.faults import apply_fault

__all__ = ["camera_image"]


def camera_image(shot: Shot, fault: str, seed: int) -> bytes:
    """Return the file of a shot: byte for byte, or given `fault` by the camera `seed`, stored as it was."""
    data = shot.source.read_bytes()
    if shot.severity is None:
        return data
    decoded = decode(data)
    return encode(apply_fault(decoded.pixels, fault, shot.severity, seed), decoded.header)
