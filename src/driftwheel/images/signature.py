"""Signatures: the format of an image, told from the first bytes of its file."""

from __future__ import annotations

__all__ = ["FORMATS", "SIGNATURE_BYTES", "format_of", "other_format_of"]

FORMATS = ("jpeg", "png", "webp", "bmp", "tiff", "gif")
"""The file formats that can be decoded."""

SIGNATURE_BYTES = 32
"""So many first bytes are enough to tell."""

_STARTS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)
_BITMAP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))
_BOXES = {
    b"heic": "HEIF", b"heix": "HEIF", b"heim": "HEIF", b"heis": "HEIF", b"hevc": "HEIF", b"mif1": "HEIF",
    b"msf1": "HEIF", b"avif": "AVIF", b"avis": "AVIF", b"crx ": "CR3",
}  # fmt: skip
_OTHERS = (
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "PSD"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"SIMPLE  =", "FITS"),
    (b"II\xbc\x01", "JPEG XR"),
    (b"FUJIFILMCCD-RAW", "RAF"),
)


def format_of(data: bytes) -> str | None:
    """Return the format that the first bytes of a file tell, one of `FORMATS`, or None.

    Examples
    --------
    >>> format_of(b"GIF89a"), format_of(b"%PDF-1.7")
    ('gif', None)
    """
    for start, name in _STARTS:
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "bmp" if data[:2] == b"BM" and data[14:18] in _BITMAP_HEADERS else None


def other_format_of(data: bytes) -> str | None:
    """Return the name of an image format that cannot be decoded here, such as ``HEIF``, or None.

    Examples
    --------
    >>> other_format_of(b"8BPS"), other_format_of(b"GIF89a")
    ('PSD', None)
    """
    if data[4:8] == b"ftyp" and data[8:12] in _BOXES:
        return _BOXES[data[8:12]]
    return next((name for start, name in _OTHERS if data.startswith(start)), None)
