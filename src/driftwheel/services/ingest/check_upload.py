"""Check an uploaded image by its header: nothing is decoded that could be a trap."""

from __future__ import annotations

from driftwheel.errors import UnreadableImageError
from driftwheel.images.header import Header, read_header

__all__ = ["check_upload"]

_PICTURES_IN_TEXT = (b"<svg", b"<!doctype html", b"<html", b"<?xml", b"<script", b"%pdf-")


def check_upload(data: bytes, *, max_bytes: int, max_pixels: int) -> Header:
    """Return the header of an image whose format its first bytes tell, whatever it is called.

    Some 10 µs for a JPEG of any size. Whether the pixels can be decoded is found out when they are measured.

    Raises
    ------
    UnreadableImageError
        With a reason fit for counting: ``too many bytes``, ``too many pixels``,
        ``unsupported: SVG, HTML or PDF``, and those of `driftwheel.images.header.read_header`.

    Examples
    --------
    >>> check_upload(b"GIF89a" + bytes([40, 0, 30, 0, 0, 0, 0]), max_bytes=1000, max_pixels=1200).height
    30
    """
    if len(data) > max_bytes:
        raise UnreadableImageError("too many bytes")
    try:
        header = read_header(data)
    except UnreadableImageError as error:
        if error.reason == "not an image" and _is_text(data):
            raise UnreadableImageError("unsupported: SVG, HTML or PDF") from None
        raise
    if header.width * header.height > max_pixels:
        raise UnreadableImageError("too many pixels")
    return header


def _is_text(data: bytes) -> bool:
    start = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith(_PICTURES_IN_TEXT)
