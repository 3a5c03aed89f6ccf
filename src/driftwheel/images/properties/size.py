"""Size: how many pixels and bytes an image has. Width and height are those of the upright image."""

from __future__ import annotations

from driftwheel.images.views import Views

__all__ = ["aspect_ratio", "bytes_per_pixel", "file_bytes", "height", "width"]

NAN = float("nan")


def width(views: Views) -> float:
    """Return the width of the upright image in pixels."""
    return float(views.header.width)


def height(views: Views) -> float:
    """Return the height of the upright image in pixels."""
    return float(views.header.height)


def aspect_ratio(views: Views) -> float:
    """Return width / height of the upright image."""
    return views.header.width / views.header.height


def file_bytes(views: Views) -> float:
    """Return the size of the encoded file in bytes; NaN for an array, which has no file."""
    return NAN if views.header.format == "array" else float(views.header.file_bytes)


def bytes_per_pixel(views: Views) -> float:
    """Return the bytes of the encoded file per pixel; NaN for an array, which has no file."""
    header = views.header
    return NAN if header.format == "array" else header.file_bytes / (header.width * header.height)
