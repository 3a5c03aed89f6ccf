"""What the file says of itself, as categories."""

from __future__ import annotations

from driftwheel.images.views import Views

__all__ = ["CHANNELS", "FORMATS", "ORIENTATIONS", "channels", "file_format", "orientation"]

ORIENTATIONS = (
    "upright",
    "mirrored",
    "upside down",
    "upside down, mirrored",
    "on its left side, mirrored",
    "on its left side",
    "on its right side, mirrored",
    "on its right side",
)
CHANNELS = ("grey", "grey + alpha", "colour", "colour + alpha or CMYK")
FORMATS = ("jpeg", "png", "webp", "bmp", "tiff", "gif", "array")


def orientation(views: Views) -> float:
    """Return the EXIF orientation 1…8 less one: 0 is upright as stored; see ORIENTATIONS."""
    return float(views.header.orientation - 1)


def channels(views: Views) -> float:
    """Return the number of channels stored, 1…4, less one; see CHANNELS."""
    return float(views.header.channels - 1)


def file_format(views: Views) -> float:
    """Return the index of the file's format in FORMATS; NaN for one that is not listed."""
    return float(FORMATS.index(views.header.format)) if views.header.format in FORMATS else float("nan")
